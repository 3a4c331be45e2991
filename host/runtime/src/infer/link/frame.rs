//! What has been defined in a component so far, by kind and number.

use super::super::module::{NotUnderstood, Place, place};
use super::{CoreFunction, CoreItem, MAX_DEPTH, Understood};
use std::collections::HashMap;
use std::rc::Rc;
use wasmparser::{ComponentExternalKind, ExternalKind};

/// Items by name.
pub(super) type Named<'a> = HashMap<&'a str, Item<'a>>;

/// A component, and what its definition can see around it.
pub(super) type Component = (usize, Rc<Environment>);

/// Something that components export and import.
#[derive(Clone)]
pub(super) enum Item<'a> {
    /// Of the outermost component's imports; `None` for any other.
    Function(Option<usize>),
    Instance(Instance<'a>),
    Module(usize),
    Component(Component),
}

/// An instance of a component.
#[derive(Clone)]
pub(super) enum Instance<'a> {
    /// An import of the outermost component.
    Imported(usize),
    Exports(Rc<Exports<'a>>),
}

/// What an instance has, and how deep it goes on inside of that. The bound keeps the stack from overflowing when it is dropped.
pub(super) struct Exports<'a> {
    pub(super) items: Named<'a>,
    depth: usize,
}

impl<'a> Exports<'a> {
    pub(super) fn new(items: Named<'a>) -> Understood<Self> {
        let depth = bounded(items.values().map(Item::depth))?;
        Ok(Self { items, depth })
    }
}

impl Item<'_> {
    fn depth(&self) -> usize {
        match self {
            Self::Instance(Instance::Exports(exports)) => exports.depth,
            Self::Component((_, environment)) => environment.depth,
            Self::Function(_) | Self::Module(_) | Self::Instance(Instance::Imported(_)) => 0,
        }
    }
}

/// One more than the deepest.
fn bounded(depths: impl Iterator<Item = usize>) -> Understood<usize> {
    let depth = depths.max().unwrap_or(0) + 1;
    if depth > MAX_DEPTH { Err(NotUnderstood) } else { Ok(depth) }
}

/// An instance of a core module.
pub(super) enum CoreInstance<'a> {
    Of(usize),
    Exports(HashMap<&'a str, CoreItem>),
}

/// The definitions around a component that it can use.
pub(super) struct Environment {
    pub(super) modules: Vec<usize>,
    pub(super) components: Vec<Component>,
    around: Option<Rc<Environment>>,
    depth: usize,
}

/// One component while it is instantiated.
pub(super) struct Frame<'a> {
    pub(super) arguments: Option<Named<'a>>,
    pub(super) exports: Named<'a>,
    pub(super) functions: Vec<Option<usize>>,
    pub(super) instances: Vec<Instance<'a>>,
    pub(super) modules: Vec<usize>,
    pub(super) components: Vec<Component>,
    pub(super) core_functions: Vec<CoreFunction>,
    pub(super) core_instances: Vec<CoreInstance<'a>>,
    pub(super) depth: usize,
    tables: Vec<CoreItem>,
    memories: Vec<CoreItem>,
    around: Option<Rc<Environment>>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(arguments: Option<Named<'a>>, around: Option<Rc<Environment>>, depth: usize) -> Self {
        Self {
            arguments,
            exports: Named::new(),
            functions: Vec::new(),
            instances: Vec::new(),
            modules: Vec::new(),
            components: Vec::new(),
            core_functions: Vec::new(),
            core_instances: Vec::new(),
            depth,
            tables: Vec::new(),
            memories: Vec::new(),
            around,
        }
    }

    /// What a component that is defined here and now can see.
    pub(super) fn environment(&self) -> Understood<Rc<Environment>> {
        let depths = self.components.iter().map(|(_, environment)| environment.depth);
        let depth = bounded(depths.chain(self.around.iter().map(|around| around.depth)))?;
        let (modules, components) = (self.modules.clone(), self.components.clone());
        Ok(Rc::new(Environment { modules, components, around: self.around.clone(), depth }))
    }

    /// Something of what is `count` components further out.
    pub(super) fn outer<T>(&self, count: u32, find: impl Fn(&Environment) -> Option<T>) -> Understood<T> {
        if count == 0 {
            let here = self.environment()?;
            return find(&here).ok_or(NotUnderstood);
        }
        let mut around = self.around.as_ref();
        for _ in 1..count {
            around = around.ok_or(NotUnderstood)?.around.as_ref();
        }
        around.and_then(|around| find(around)).ok_or(NotUnderstood)
    }

    pub(super) fn function(&self, index: u32) -> Understood<Option<usize>> {
        self.functions.get(index as usize).copied().ok_or(NotUnderstood)
    }

    pub(super) fn instance(&self, index: u32) -> Understood<Instance<'a>> {
        self.instances.get(index as usize).cloned().ok_or(NotUnderstood)
    }

    pub(super) fn component(&self, index: u32) -> Understood<Component> {
        self.components.get(index as usize).cloned().ok_or(NotUnderstood)
    }

    pub(super) fn core_function(&self, index: u32) -> Understood<CoreFunction> {
        self.core_functions.get(index as usize).copied().ok_or(NotUnderstood)
    }

    pub(super) fn memory(&self, index: u32) -> Understood<CoreItem> {
        self.memories.get(index as usize).copied().ok_or(NotUnderstood)
    }

    /// The item of this kind and number; `None` for kinds that nobody looks at.
    pub(super) fn item(&self, kind: ComponentExternalKind, index: u32) -> Understood<Option<Item<'a>>> {
        let item = match kind {
            ComponentExternalKind::Func => Item::Function(self.function(index)?),
            ComponentExternalKind::Instance => Item::Instance(self.instance(index)?),
            ComponentExternalKind::Component => Item::Component(self.component(index)?),
            ComponentExternalKind::Module => {
                Item::Module(self.modules.get(index as usize).copied().ok_or(NotUnderstood)?)
            }
            ComponentExternalKind::Type | ComponentExternalKind::Value => return Ok(None),
        };
        Ok(Some(item))
    }

    pub(super) fn add(&mut self, item: Item<'a>) {
        match item {
            Item::Function(function) => self.functions.push(function),
            Item::Instance(instance) => self.instances.push(instance),
            Item::Module(module) => self.modules.push(module),
            Item::Component(component) => self.components.push(component),
        }
    }

    pub(super) fn core_item(&self, kind: ExternalKind, index: u32) -> Understood<CoreItem> {
        let of = |list: &[CoreItem], index: u32| list.get(index as usize).copied().ok_or(NotUnderstood);
        match place(kind, index)? {
            Place::Function(index) => Ok(CoreItem::Function(self.core_function(index)?)),
            Place::Table(index) => of(&self.tables, index),
            Place::Memory(index) => of(&self.memories, index),
            Place::Other => Ok(CoreItem::Other),
        }
    }

    pub(super) fn add_core(&mut self, kind: ExternalKind, item: CoreItem) -> Understood {
        match (place(kind, 0)?, item) {
            (Place::Function(_), CoreItem::Function(function)) => self.core_functions.push(function),
            (Place::Table(_), CoreItem::Table(..)) => self.tables.push(item),
            (Place::Memory(_), CoreItem::Memory(..)) => self.memories.push(item),
            (Place::Other, CoreItem::Other) => {}
            _ => return Err(NotUnderstood),
        }
        Ok(())
    }
}
