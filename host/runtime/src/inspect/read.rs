//! What a component says of itself: names are collected from its sections.

use super::bad::BadComponent;
use super::interface::{self, Generation};
use super::types::{self, Functions};
use super::walk::{Place, Sections, walk};
use super::{Import, Inspection, Producer};
use crate::surface::{self, Needs};
use caphost_policy::Capability;
use std::collections::HashSet;
use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentTypeRef, KnownCustom, Payload,
    ProducersSectionReader, TypeBounds,
};

/// Types of a component; bounds what is remembered of each.
const MAX_TYPES: usize = 1_000_000;
/// Functions of all imports together: many imports can share one long type.
const MAX_FUNCTIONS: usize = 100_000;
/// Producers that are remembered.
const MAX_PRODUCERS: usize = 100;

/// Reads the structure of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Inspection, BadComponent> {
    let mut reading =
        Reading { bytes, types: Vec::new(), functions: 0, producers: HashSet::new(), found: Inspection::default() };
    reading.found.size = bytes.len() as u64;
    walk(bytes, &mut reading)?;
    Ok(reading.found)
}

struct Reading<'a> {
    bytes: &'a [u8],
    /// The outermost component's types.
    types: Vec<Functions<'a>>,
    functions: usize,
    producers: HashSet<Producer>,
    found: Inspection,
}

impl<'a> Sections<'a> for Reading<'a> {
    /// Of what lies inside, only the nesting of types and the producers are of interest.
    fn section(&mut self, place: Place, payload: Payload<'a>) -> Result<(), BadComponent> {
        let is_outermost = place.depth == 0;
        match payload {
            Payload::ComponentTypeSection(section) => {
                let types = types::functions_of_types(self.bytes, &section)?;
                if is_outermost { self.add_types(types) } else { Ok(()) }
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Producers(producers) = section.as_known() {
                    self.add_producers(producers);
                }
                Ok(())
            }
            Payload::ComponentAliasSection(section) if is_outermost => section
                .into_iter()
                .try_for_each(|alias| if makes_type(&alias?) { self.add_types(vec![None]) } else { Ok(()) }),
            Payload::ComponentImportSection(section) if is_outermost => section.into_iter().try_for_each(|import| {
                import.map_err(BadComponent::from).and_then(|import| self.import(import.name.name, import.ty))
            }),
            Payload::ComponentExportSection(section) if is_outermost => section.into_iter().try_for_each(|export| {
                let export = export?;
                self.export(export.name.name, export.kind)
            }),
            _ => Ok(()),
        }
    }
}

impl<'a> Reading<'a> {
    fn add_types(&mut self, types: Vec<Functions<'a>>) -> Result<(), BadComponent> {
        if self.types.len() + types.len() > MAX_TYPES {
            return Err(BadComponent::malformed(0, format!("it has more than {MAX_TYPES} types")));
        }
        self.types.extend(types);
        Ok(())
    }

    fn import(&mut self, name: &'a str, ty: ComponentTypeRef) -> Result<(), BadComponent> {
        if let ComponentTypeRef::Type(bounds) = ty {
            self.add_types(vec![None])?;
            // A type that equals another is only a name for it.
            if matches!(bounds, TypeBounds::Eq(_)) {
                return Ok(());
            }
        }
        let functions = match ty {
            ComponentTypeRef::Instance(index) => self.types.get(index as usize).cloned().flatten(),
            _ => Some(Vec::new()),
        };
        let (interface, version) = interface::split(name);
        // Of an instance type that cannot be looked up, everything might be used.
        let functions = functions.unwrap_or_else(|| surface::rows_of(interface).map(|row| row.function).collect());
        self.functions += functions.len();
        if self.functions > MAX_FUNCTIONS {
            return Err(BadComponent::malformed(0, format!("it imports more than {MAX_FUNCTIONS} functions")));
        }
        let needs = Needed::by(interface, &functions);
        self.found.imports.push(Import {
            name: name.to_owned(),
            interface: interface.to_owned(),
            version: version.map(str::to_owned),
            capabilities: needs.capabilities,
            required: needs.required,
            otherwise: needs.otherwise,
            functions: functions.into_iter().map(str::to_owned).collect(),
        });
        Ok(())
    }

    fn export(&mut self, name: &str, kind: ComponentExternalKind) -> Result<(), BadComponent> {
        if kind == ComponentExternalKind::Type {
            return self.add_types(vec![None]);
        }
        let is_run = interface::is_run(name) && interface::generation(name) == Generation::Second;
        self.found.is_command |= is_run && kind == ComponentExternalKind::Instance;
        self.found.exports.push(name.to_owned());
        Ok(())
    }

    /// A claim that cannot be read is no fault of the component.
    fn add_producers(&mut self, section: ProducersSectionReader<'a>) {
        for field in section.into_iter().map_while(Result::ok) {
            for value in field.values.into_iter().map_while(Result::ok) {
                let producer = Producer {
                    field: field.name.to_owned(),
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                };
                if self.producers.len() < MAX_PRODUCERS && self.producers.insert(producer.clone()) {
                    self.found.producers.push(producer);
                }
            }
        }
    }
}

fn makes_type(alias: &ComponentAlias<'_>) -> bool {
    match alias {
        ComponentAlias::InstanceExport { kind, .. } => *kind == ComponentExternalKind::Type,
        ComponentAlias::Outer { kind, .. } => *kind == ComponentOuterAliasKind::Type,
        ComponentAlias::CoreInstanceExport { .. } => false,
    }
}

/// What functions of one interface take together; capabilities in the order of the documentation.
#[derive(Default)]
struct Needed {
    capabilities: Vec<Capability>,
    required: Vec<Capability>,
    otherwise: Option<&'static str>,
}

impl Needed {
    fn by(interface: &str, functions: &[&str]) -> Self {
        let imported: HashSet<&str> = functions.iter().copied().collect();
        let mut needed = Self::default();
        for row in surface::rows_of(interface).filter(|row| imported.contains(row.function)) {
            needed.capabilities.extend_from_slice(row.capabilities());
            match row.needs {
                Needs::Capabilities(capabilities) => needed.required.extend_from_slice(capabilities),
                Needs::Optional { otherwise, .. } => needed.otherwise = Some(otherwise),
                Needs::Nothing(_) => {}
            }
        }
        for list in [&mut needed.capabilities, &mut needed.required] {
            list.sort_unstable();
            list.dedup();
        }
        needed
    }
}
