//! What is wired to what: a component is instantiated on paper. Invariant: what is not followed ends it as [`NotUnderstood`], and
//! so do components that take too many steps.

mod canonical;
mod frame;

use self::frame::{CoreInstance, Environment, Exports, Frame, Instance, Item, Named};
use super::component::{Definitions, Section};
use super::module::{Module, NotUnderstood, Place};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentInstantiationArg, ComponentOuterAliasKind,
    ComponentTypeRef, Instance as CoreInstantiation, InstantiationArg,
};

/// Steps in all: items that are defined, and imports that are bound. A component can be instantiated many times over.
const MAX_STEPS: usize = 2_000_000;
/// How deep instantiations may nest, and what they give.
const MAX_DEPTH: usize = 100;
/// What one import of a module may be bound to, over all of its instances.
const MAX_BINDINGS: usize = 16;

type Understood<T = ()> = Result<T, NotUnderstood>;

/// What is wired to what.
#[derive(Default)]
pub(super) struct Links<'a> {
    /// The functions that the outermost component uses of its imports.
    pub(super) imported: Vec<ImportedFunction<'a>>,
    /// The functions of components that are core functions, too.
    pub(super) lowered: Vec<Lowered>,
    /// Of each module, what each of its imports is.
    pub(super) bindings: Vec<Vec<Vec<CoreItem>>>,
    /// Which modules are instantiated.
    pub(super) is_instantiated: Vec<bool>,
    /// What is called from outside of the core modules.
    pub(super) roots: Vec<CoreFunction>,
    /// Functions of `imported` that are handed on to where nobody looks.
    pub(super) escaped: HashSet<usize>,
    numbers: HashMap<(usize, &'a str), usize>,
}

/// A function of an import of the outermost component.
pub(super) struct ImportedFunction<'a> {
    /// The name of the import.
    pub(super) import: &'a str,
    /// The function; of an import that is one, nothing.
    pub(super) function: &'a str,
}

/// A function of a component, as core modules call it.
pub(super) struct Lowered {
    /// What it calls; `None` for a function of the component itself.
    pub(super) function: Option<usize>,
    /// Where its strings are, if they are UTF-8.
    pub(super) memory: Option<CoreItem>,
}

/// Something that core modules export and import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum CoreItem {
    Function(CoreFunction),
    /// Something of a module.
    Table(usize, u32),
    Memory(usize, u32),
    Other,
}

/// A core function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum CoreFunction {
    /// Of this module.
    Inner(usize, u32),
    /// Of this number.
    Lowered(usize),
    /// Of the component model itself, without an effect of its own.
    Builtin,
}

/// Instantiates the outermost component.
pub(super) fn link<'a>(definitions: &Definitions<'a>) -> Understood<Links<'a>> {
    let count = definitions.modules.len();
    let unbound = |module: &Module<'a>| module.imports.iter().map(|_| Vec::new()).collect();
    let links = Links {
        bindings: definitions.modules.iter().map(unbound).collect(),
        is_instantiated: vec![false; count],
        ..Links::default()
    };
    let mut linker = Linker { definitions, links, imports: Vec::new(), steps: 0 };
    let exports = linker.instantiate(0, None, None, 0)?;
    linker.escape(exports.into_values().collect())?;
    Ok(linker.links)
}

struct Linker<'d, 'a> {
    definitions: &'d Definitions<'a>,
    links: Links<'a>,
    /// The imports of the outermost component, by name.
    imports: Vec<&'a str>,
    steps: usize,
}

impl<'a> Linker<'_, 'a> {
    /// The exports of a component: of the outermost without arguments.
    fn instantiate(
        &mut self,
        component: usize,
        arguments: Option<Named<'a>>,
        around: Option<Rc<Environment>>,
        depth: usize,
    ) -> Understood<Named<'a>> {
        if depth > MAX_DEPTH {
            return Err(NotUnderstood);
        }
        let sections = self.definitions.components.get(component).ok_or(NotUnderstood)?;
        let mut frame = Frame::new(arguments, around, depth);
        for section in sections {
            self.section(&mut frame, section)?;
        }
        Ok(frame.exports)
    }

    fn section(&mut self, frame: &mut Frame<'a>, section: &Section<'a>) -> Understood {
        self.step(1)?;
        match section {
            Section::Module(module) => frame.modules.push(*module),
            Section::Component(component) => {
                self.step(frame.modules.len() + frame.components.len())?;
                let environment = frame.environment()?;
                frame.components.push((*component, environment));
            }
            Section::Start(function) => {
                let function = frame.function(*function)?;
                self.escape(vec![Item::Function(function)])?;
            }
            Section::CoreInstances(section) => {
                for instance in section.clone() {
                    let instance = self.core_instance(frame, &instance?)?;
                    frame.core_instances.push(instance);
                }
            }
            Section::Instances(section) => {
                for instance in section.clone() {
                    let instance = self.instance(frame, &instance?)?;
                    frame.instances.push(instance);
                }
            }
            Section::Aliases(section) => {
                section.clone().into_iter().try_for_each(|alias| self.alias(frame, &alias?))?;
            }
            Section::Types(section) => {
                section.clone().into_iter().try_for_each(|ty| self.ty(frame, &ty?))?;
            }
            Section::Canonicals(section) => {
                section.clone().into_iter().try_for_each(|function| self.canonical(frame, &function?))?;
            }
            Section::Imports(section) => {
                for import in section.clone() {
                    let import = import?;
                    self.import(frame, import.name.name, import.ty)?;
                }
            }
            Section::Exports(section) => {
                for export in section.clone() {
                    let export = export?;
                    self.step(1)?;
                    if let Some(item) = frame.item(export.kind, export.index)? {
                        // What is exported has a number of its own from then on.
                        frame.add(item.clone());
                        frame.exports.insert(export.name.name, item);
                    }
                }
            }
        }
        Ok(())
    }

    fn import(&mut self, frame: &mut Frame<'a>, name: &'a str, ty: ComponentTypeRef) -> Understood {
        self.step(1)?;
        if matches!(ty, ComponentTypeRef::Type(_) | ComponentTypeRef::Value(_)) {
            return Ok(());
        }
        if let Some(arguments) = &frame.arguments {
            let item = arguments.get(name).cloned().ok_or(NotUnderstood)?;
            frame.add(item);
            return Ok(());
        }
        self.imports.push(name);
        let import = self.imports.len() - 1;
        match ty {
            ComponentTypeRef::Func(_) => {
                let function = self.imported(import, "")?;
                frame.functions.push(Some(function));
                Ok(())
            }
            ComponentTypeRef::Instance(_) => {
                frame.instances.push(Instance::Imported(import));
                Ok(())
            }
            // Nobody provides a module or a component.
            _ => Err(NotUnderstood),
        }
    }

    fn imported(&mut self, import: usize, function: &'a str) -> Understood<usize> {
        let Links { imported, numbers, .. } = &mut self.links;
        let name = self.imports.get(import).copied().ok_or(NotUnderstood)?;
        Ok(*numbers.entry((import, function)).or_insert_with(|| {
            imported.push(ImportedFunction { import: name, function });
            imported.len() - 1
        }))
    }

    fn instance(&mut self, frame: &Frame<'a>, instance: &ComponentInstance<'a>) -> Understood<Instance<'a>> {
        self.step(1)?;
        let exports = match instance {
            ComponentInstance::Instantiate { component_index, args } => {
                let (component, around) = frame.component(*component_index)?;
                let arguments = self.arguments(frame, args)?;
                self.instantiate(component, Some(arguments), Some(around), frame.depth + 1)?
            }
            ComponentInstance::FromExports(exports) => {
                self.step(exports.len())?;
                let mut items = Named::new();
                for export in exports {
                    if let Some(item) = frame.item(export.kind, export.index)? {
                        items.insert(export.name.name, item);
                    }
                }
                items
            }
        };
        Ok(Instance::Exports(Rc::new(Exports::new(exports)?)))
    }

    fn arguments(&mut self, frame: &Frame<'a>, given: &[ComponentInstantiationArg<'a>]) -> Understood<Named<'a>> {
        self.step(given.len())?;
        let mut arguments = Named::new();
        for argument in given {
            if let Some(item) = frame.item(argument.kind, argument.index)? {
                arguments.insert(argument.name, item);
            }
        }
        Ok(arguments)
    }

    fn alias(&mut self, frame: &mut Frame<'a>, alias: &ComponentAlias<'a>) -> Understood {
        self.step(1)?;
        match *alias {
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Type | ComponentExternalKind::Value, ..
            } => {}
            ComponentAlias::InstanceExport { kind, instance_index, name } => match frame.instance(instance_index)? {
                Instance::Imported(import) if kind == ComponentExternalKind::Func => {
                    let function = self.imported(import, name)?;
                    frame.functions.push(Some(function));
                }
                Instance::Imported(_) => return Err(NotUnderstood),
                Instance::Exports(exports) => {
                    let item = exports.items.get(name).cloned().ok_or(NotUnderstood)?;
                    frame.add(item);
                }
            },
            ComponentAlias::CoreInstanceExport { kind, instance_index, name } => {
                let item = self.core_export(frame, instance_index, name)?;
                frame.add_core(kind, item)?;
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::CoreModule, count, index } => {
                let module = frame.outer(count, |around| around.modules.get(index as usize).copied())?;
                frame.modules.push(module);
            }
            ComponentAlias::Outer { kind: ComponentOuterAliasKind::Component, count, index } => {
                let component = frame.outer(count, |around| around.components.get(index as usize).cloned())?;
                frame.components.push(component);
            }
            ComponentAlias::Outer { .. } => {}
        }
        Ok(())
    }

    fn core_instance(&mut self, frame: &Frame<'a>, instance: &CoreInstantiation<'a>) -> Understood<CoreInstance<'a>> {
        self.step(1)?;
        match instance {
            CoreInstantiation::Instantiate { module_index, args } => {
                let module = *frame.modules.get(*module_index as usize).ok_or(NotUnderstood)?;
                self.bind(frame, module, args)?;
                Ok(CoreInstance::Of(module))
            }
            CoreInstantiation::FromExports(exports) => {
                self.step(exports.len())?;
                let mut items = HashMap::new();
                for export in exports {
                    items.insert(export.name, frame.core_item(export.kind, export.index)?);
                }
                Ok(CoreInstance::Exports(items))
            }
        }
    }

    /// Binds the imports of `module`.
    fn bind(&mut self, frame: &Frame<'a>, module: usize, given: &[InstantiationArg<'a>]) -> Understood {
        let given: HashMap<&str, u32> = given.iter().map(|argument| (argument.name, argument.index)).collect();
        let imports = &self.definitions.modules.get(module).ok_or(NotUnderstood)?.imports;
        self.step(imports.len())?;
        for (number, import) in imports.iter().enumerate() {
            let instance = *given.get(import.module).ok_or(NotUnderstood)?;
            let item = self.core_export(frame, instance, import.name)?;
            let bound = self.links.bindings.get_mut(module).and_then(|bound| bound.get_mut(number));
            let bound = bound.ok_or(NotUnderstood)?;
            if !bound.contains(&item) {
                bound.push(item);
            }
            if bound.len() > MAX_BINDINGS {
                return Err(NotUnderstood);
            }
        }
        *self.links.is_instantiated.get_mut(module).ok_or(NotUnderstood)? = true;
        Ok(())
    }

    fn core_export(&self, frame: &Frame<'a>, instance: u32, name: &str) -> Understood<CoreItem> {
        match frame.core_instances.get(instance as usize).ok_or(NotUnderstood)? {
            CoreInstance::Exports(items) => items.get(name).copied().ok_or(NotUnderstood),
            CoreInstance::Of(module) => {
                let exports = self.definitions.modules.get(*module).map(|module| &module.exports);
                Ok(match exports.and_then(|exports| exports.get(name)).ok_or(NotUnderstood)? {
                    Place::Function(index) => CoreItem::Function(CoreFunction::Inner(*module, *index)),
                    Place::Table(index) => CoreItem::Table(*module, *index),
                    Place::Memory(index) => CoreItem::Memory(*module, *index),
                    Place::Other => CoreItem::Other,
                })
            }
        }
    }

    /// Notes that these can be called by others, in any way.
    fn escape(&mut self, mut items: Vec<Item<'a>>) -> Understood {
        while let Some(item) = items.pop() {
            self.step(1)?;
            match item {
                Item::Function(Some(function)) => {
                    self.links.escaped.insert(function);
                }
                Item::Instance(Instance::Exports(exports)) => items.extend(exports.items.values().cloned()),
                // Of an import that is handed on as a whole every function is, known here or not.
                Item::Instance(Instance::Imported(_)) | Item::Component(_) => return Err(NotUnderstood),
                Item::Function(None) | Item::Module(_) => {}
            }
        }
        Ok(())
    }

    fn step(&mut self, count: usize) -> Understood {
        self.steps = self.steps.saturating_add(count);
        if self.steps > MAX_STEPS { Err(NotUnderstood) } else { Ok(()) }
    }
}
