//! A core module: what its sections say. Its code is read by [`super::facts`].

use super::values::Value;
use std::collections::HashMap;
use std::ops::Range;
use wasmparser::{
    BinaryReader, BinaryReaderError, CodeSectionReader, ConstExpr, Data, DataKind, Element, ElementItems, ElementKind,
    ExternalKind, Global, Import, Imports, Operator, Payload, TableInit, TypeRef,
};

/// A module, as it is written.
#[derive(Default)]
pub(super) struct Module<'a> {
    /// What each import is called, and what it is.
    pub(super) imports: Vec<Imported<'a>>,
    /// What each export is.
    pub(super) exports: HashMap<&'a str, Place>,
    /// Functions that are made values, or that the module starts with.
    pub(super) taken: Vec<u32>,
    /// What is put into tables before anything runs.
    pub(super) elements: Vec<Slots>,
    /// What is put into memories before anything runs.
    pub(super) data: Vec<Segment<'a>>,
    /// Tables that hold what is not known.
    pub(super) filled_tables: Vec<u32>,
    /// Memories whose addresses are of 64 bits, or that others write at the same time.
    pub(super) odd_memories: Vec<u32>,
    /// How many of each kind there are, imports included.
    pub(super) counts: Counts,
    code: Option<BinaryReader<'a>>,
    types: Vec<(u32, u32)>,
    functions: Vec<u32>,
    globals: Vec<Value>,
}

/// How many there are.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) imported_functions: u32,
    pub(super) tables: u32,
    pub(super) memories: u32,
}

/// What an export or import is, by kind and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Function(u32),
    Table(u32),
    Memory(u32),
    /// A global or a tag, which nobody looks at.
    Other,
}

/// One import.
pub(super) struct Imported<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
    pub(super) place: Place,
}

/// Functions that are put into a table side by side.
pub(super) struct Slots {
    pub(super) table: u32,
    /// The place of the first.
    pub(super) start: u32,
    /// [`NOTHING`] for a place that holds none.
    pub(super) functions: Vec<u32>,
}

/// No function: so many no module can have.
pub(super) const NOTHING: u32 = u32::MAX;

/// Bytes that are put into a memory.
pub(super) struct Segment<'a> {
    pub(super) memory: u32,
    /// `None` where that is not known.
    pub(super) start: Option<u32>,
    pub(super) bytes: &'a [u8],
}

/// Why a module is not understood: it is malformed, or of a kind that is not looked at.
pub(super) struct NotUnderstood;

impl From<BinaryReaderError> for NotUnderstood {
    fn from(_: BinaryReaderError) -> Self {
        Self
    }
}

type Understood = Result<(), NotUnderstood>;

impl<'a> Module<'a> {
    /// Takes in a section.
    pub(super) fn section(&mut self, payload: Payload<'a>) -> Understood {
        match payload {
            Payload::TypeSection(section) => section.into_iter_err_on_gc_types().try_for_each(|ty| {
                let ty = ty?;
                self.types.push((count(ty.params())?, count(ty.results())?));
                Ok(())
            }),
            Payload::ImportSection(section) => section.into_iter().try_for_each(|imports| self.import(imports?)),
            Payload::FunctionSection(section) => section.into_iter().try_for_each(|ty| {
                self.functions.push(ty?);
                Ok(())
            }),
            Payload::TableSection(section) => section.into_iter().try_for_each(|table| self.table(&table?.init)),
            Payload::MemorySection(section) => section.into_iter().try_for_each(|memory| {
                let memory = memory?;
                self.memory(memory.memory64 || memory.shared)
            }),
            Payload::GlobalSection(section) => section.into_iter().try_for_each(|global| self.add_global(&global?)),
            Payload::ExportSection(section) => section.into_iter().try_for_each(|export| {
                let export = export?;
                self.exports.insert(export.name, place(export.kind, export.index)?);
                Ok(())
            }),
            Payload::StartSection { func, .. } => {
                self.taken.push(func);
                Ok(())
            }
            Payload::ElementSection(section) => section.into_iter().try_for_each(|element| self.element(element?)),
            Payload::DataSection(section) => section.into_iter().try_for_each(|data| {
                self.add_data(&data?);
                Ok(())
            }),
            _ => Ok(()),
        }
    }

    /// Takes in the code: `contents` of the whole file `bytes`.
    pub(super) fn code(&mut self, bytes: &'a [u8], contents: Range<usize>) -> Understood {
        let start = contents.start;
        self.code = Some(BinaryReader::new(bytes.get(contents).ok_or(NotUnderstood)?, start));
        Ok(())
    }

    /// The bodies of its own functions, in order.
    pub(super) fn bodies(&self) -> Result<Option<CodeSectionReader<'a>>, NotUnderstood> {
        Ok(self.code.clone().map(CodeSectionReader::new).transpose()?)
    }

    /// How many functions it has, those that it imports included.
    pub(super) fn function_count(&self) -> usize {
        self.functions.len()
    }

    /// How many values a function takes and gives.
    pub(super) fn arity_of_function(&self, function: u32) -> Option<(u32, u32)> {
        self.functions.get(function as usize).and_then(|ty| self.arity_of_type(*ty))
    }

    /// How many values functions of a type take and give.
    pub(super) fn arity_of_type(&self, ty: u32) -> Option<(u32, u32)> {
        self.types.get(ty as usize).copied()
    }

    /// What a global always holds.
    pub(super) fn global(&self, global: u32) -> Value {
        self.globals.get(global as usize).copied().unwrap_or(Value::Unknown)
    }

    fn import(&mut self, imports: Imports<'a>) -> Understood {
        // The other forms are of a proposal that no engine has on by default.
        let Imports::Single(_, Import { module, name, ty }) = imports else { return Err(NotUnderstood) };
        let place = match ty {
            TypeRef::Func(ty) => {
                self.functions.push(ty);
                self.counts.imported_functions += 1;
                Place::Function(number(self.functions.len() - 1)?)
            }
            TypeRef::Table(_) => {
                self.counts.tables += 1;
                Place::Table(self.counts.tables - 1)
            }
            TypeRef::Memory(memory) => {
                self.memory(memory.memory64 || memory.shared)?;
                Place::Memory(self.counts.memories - 1)
            }
            TypeRef::Global(_) => {
                self.globals.push(Value::Unknown);
                Place::Other
            }
            TypeRef::Tag(_) => Place::Other,
            TypeRef::FuncExact(_) => return Err(NotUnderstood),
        };
        self.imports.push(Imported { module, name, place });
        Ok(())
    }

    fn memory(&mut self, is_odd: bool) -> Understood {
        if is_odd {
            self.odd_memories.push(self.counts.memories);
        }
        self.counts.memories += 1;
        Ok(())
    }

    fn table(&mut self, init: &TableInit<'a>) -> Understood {
        if let TableInit::Expr(expression) = init {
            self.filled_tables.push(self.counts.tables);
            self.take(expression)?;
        }
        self.counts.tables += 1;
        Ok(())
    }

    fn add_global(&mut self, global: &Global<'a>) -> Understood {
        self.take(&global.init_expr)?;
        let value = if global.ty.mutable { None } else { self.constant(&global.init_expr)? };
        self.globals.push(value.map_or(Value::Unknown, Value::Constant));
        Ok(())
    }

    fn element(&mut self, element: Element<'a>) -> Understood {
        let functions: Vec<u32> = match element.items {
            ElementItems::Functions(functions) => functions.into_iter().collect::<Result<_, _>>()?,
            ElementItems::Expressions(_, items) => {
                items.into_iter().map(|item| function_of(&item?)).collect::<Result<_, NotUnderstood>>()?
            }
        };
        match element.kind {
            ElementKind::Active { table_index, offset_expr } => {
                let table = table_index.unwrap_or(0);
                match self.constant(&offset_expr)? {
                    Some(start) => self.elements.push(Slots { table, start: start.cast_unsigned(), functions }),
                    None => {
                        self.filled_tables.push(table);
                        self.taken.extend(functions);
                    }
                }
            }
            ElementKind::Passive => self.taken.extend(functions),
            // What is declared only is taken by an instruction, or not at all.
            ElementKind::Declared => {}
        }
        Ok(())
    }

    fn add_data(&mut self, data: &Data<'a>) {
        if let DataKind::Active { memory_index, offset_expr } = &data.kind {
            let start = self.constant(offset_expr).ok().flatten().map(i32::cast_unsigned);
            self.data.push(Segment { memory: *memory_index, start, bytes: data.data });
        }
    }

    /// What an expression comes to, if that is known.
    fn constant(&self, expression: &ConstExpr<'a>) -> Result<Option<i32>, NotUnderstood> {
        let mut value = None;
        for (step, operator) in expression.get_operators_reader().into_iter().enumerate() {
            value = match (step, operator?) {
                (0, Operator::I32Const { value }) => Some(value),
                (0, Operator::GlobalGet { global_index }) => match self.global(global_index) {
                    Value::Constant(value) => Some(value),
                    _ => None,
                },
                (1, Operator::End) => return Ok(value),
                _ => return Ok(None),
            };
        }
        Ok(None)
    }

    /// Notes the functions that an expression makes values.
    fn take(&mut self, expression: &ConstExpr<'a>) -> Understood {
        for operator in expression.get_operators_reader() {
            if let Operator::RefFunc { function_index } = operator? {
                self.taken.push(function_index);
            }
        }
        Ok(())
    }
}

/// The function that an item of a table is.
fn function_of(item: &ConstExpr<'_>) -> Result<u32, NotUnderstood> {
    match item.get_operators_reader().read()? {
        Operator::RefFunc { function_index } => Ok(function_index),
        Operator::RefNull { .. } => Ok(NOTHING),
        _ => Err(NotUnderstood),
    }
}

pub(super) fn place(kind: ExternalKind, index: u32) -> Result<Place, NotUnderstood> {
    Ok(match kind {
        ExternalKind::Func => Place::Function(index),
        ExternalKind::Table => Place::Table(index),
        ExternalKind::Memory => Place::Memory(index),
        ExternalKind::Global | ExternalKind::Tag => Place::Other,
        ExternalKind::FuncExact => return Err(NotUnderstood),
    })
}

fn count<T>(list: &[T]) -> Result<u32, NotUnderstood> {
    number(list.len())
}

fn number(length: usize) -> Result<u32, NotUnderstood> {
    u32::try_from(length).map_err(|_| NotUnderstood)
}
