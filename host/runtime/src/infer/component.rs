//! The components and modules of a file, as they are written: what stands in each, in order.

use super::module::{Module, NotUnderstood};
use crate::inspect::BadComponent;
use crate::inspect::walk::{Inner, Place, Sections, walk};
use std::ops::Range;
use wasmparser::{
    ComponentAlias, ComponentCanonicalSectionReader, ComponentExportSectionReader, ComponentImportSectionReader,
    ComponentInstanceSectionReader, ComponentTypeSectionReader, InstanceSectionReader, Payload, SectionLimited,
};

/// Sections that are remembered of all components together: a section of two bytes takes fifty to remember.
const MAX_SECTIONS: usize = 200_000;

/// What a file holds.
#[derive(Default)]
pub(super) struct Definitions<'a> {
    /// The components; the first is the outermost.
    pub(super) components: Vec<Vec<Section<'a>>>,
    /// The core modules.
    pub(super) modules: Vec<Module<'a>>,
    /// Whether something of it was not understood.
    pub(super) is_unclear: bool,
}

/// A section of a component, or what is defined inside of it.
pub(super) enum Section<'a> {
    /// The core module of this number.
    Module(usize),
    /// The component of this number.
    Component(usize),
    CoreInstances(InstanceSectionReader<'a>),
    Instances(ComponentInstanceSectionReader<'a>),
    Aliases(SectionLimited<'a, ComponentAlias<'a>>),
    Types(ComponentTypeSectionReader<'a>),
    Canonicals(ComponentCanonicalSectionReader<'a>),
    Imports(ComponentImportSectionReader<'a>),
    Exports(ComponentExportSectionReader<'a>),
    /// The function that is called at the start.
    Start(u32),
}

/// Reads what `bytes` hold.
pub(super) fn read(bytes: &[u8]) -> Result<Definitions<'_>, BadComponent> {
    let definitions = Definitions { components: vec![Vec::new()], ..Definitions::default() };
    let mut reading = Reading { bytes, around: vec![Around::Component(0)], sections: 0, definitions };
    walk(bytes, &mut reading)?;
    Ok(reading.definitions)
}

struct Reading<'a> {
    bytes: &'a [u8],
    /// What is around the current place, the innermost last.
    around: Vec<Around>,
    sections: usize,
    definitions: Definitions<'a>,
}

#[derive(Clone, Copy)]
enum Around {
    Component(usize),
    Module(usize),
}

impl<'a> Sections<'a> for Reading<'a> {
    fn section(&mut self, _: Place, payload: Payload<'a>) -> Result<(), BadComponent> {
        match self.around.last() {
            Some(Around::Module(module)) => {
                let module = self.definitions.modules.get_mut(*module);
                let outcome = module.map_or(Ok(()), |module| module.section(payload));
                self.note(outcome);
            }
            Some(Around::Component(component)) => {
                if let Some(section) = of_component(payload) {
                    self.add(*component, section);
                }
            }
            None => {}
        }
        Ok(())
    }

    fn enter(&mut self, _: Place, kind: Inner) -> Result<(), BadComponent> {
        let Definitions { components, modules, .. } = &mut self.definitions;
        let (inner, section) = match kind {
            Inner::Module => {
                modules.push(Module::default());
                (Around::Module(modules.len() - 1), Section::Module(modules.len() - 1))
            }
            Inner::Component => {
                components.push(Vec::new());
                (Around::Component(components.len() - 1), Section::Component(components.len() - 1))
            }
        };
        if let Some(Around::Component(outer)) = self.around.last() {
            self.add(*outer, section);
        }
        self.around.push(inner);
        Ok(())
    }

    fn code(&mut self, _: Place, contents: Range<usize>) -> Result<(), BadComponent> {
        if let Some(Around::Module(module)) = self.around.last() {
            let module = self.definitions.modules.get_mut(*module);
            let outcome = module.map_or(Ok(()), |module| module.code(self.bytes, contents));
            self.note(outcome);
        }
        Ok(())
    }

    fn leave(&mut self) -> Result<(), BadComponent> {
        self.around.pop();
        Ok(())
    }
}

impl<'a> Reading<'a> {
    fn add(&mut self, component: usize, section: Section<'a>) {
        self.sections += 1;
        if self.sections > MAX_SECTIONS {
            self.definitions.is_unclear = true;
        } else if let Some(sections) = self.definitions.components.get_mut(component) {
            sections.push(section);
        }
    }

    fn note(&mut self, outcome: Result<(), NotUnderstood>) {
        self.definitions.is_unclear |= outcome.is_err();
    }
}

fn of_component(payload: Payload<'_>) -> Option<Section<'_>> {
    match payload {
        Payload::InstanceSection(section) => Some(Section::CoreInstances(section)),
        Payload::ComponentInstanceSection(section) => Some(Section::Instances(section)),
        Payload::ComponentAliasSection(section) => Some(Section::Aliases(section)),
        Payload::ComponentTypeSection(section) => Some(Section::Types(section)),
        Payload::ComponentCanonicalSection(section) => Some(Section::Canonicals(section)),
        Payload::ComponentImportSection(section) => Some(Section::Imports(section)),
        Payload::ComponentExportSection(section) => Some(Section::Exports(section)),
        Payload::ComponentStartSection { start, .. } => Some(Section::Start(start.func_index)),
        _ => None,
    }
}
