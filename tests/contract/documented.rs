//! Every item of `caphost:host` has documentation: a guest author of any language reads it in generated code.

use anyhow::Context;
use caphost_tests::programs::root;
use wit_parser::{Docs, Interface, Resolve, TypeDef, TypeDefKind, World};

#[test]
fn every_item_has_documentation() -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).context("failed to read wit/")?;
    let package = &resolve.packages[package];
    assert_eq!(package.name.to_string(), "caphost:host@0.1.0");
    let mut missing = Missing::default();
    missing.look("the package", &package.docs);
    for (name, world) in &package.worlds {
        missing.world(name, &resolve.worlds[*world]);
    }
    for (name, interface) in &package.interfaces {
        missing.interface(&resolve, name, &resolve.interfaces[*interface]);
    }
    assert!(missing.seen > 100, "only {} items were looked at", missing.seen);
    assert_eq!(missing.names, Vec::<String>::new(), "items without documentation");
    Ok(())
}

/// Items without documentation.
#[derive(Default)]
struct Missing {
    seen: usize,
    names: Vec<String>,
}

impl Missing {
    fn look(&mut self, name: &str, docs: &Docs) {
        self.seen += 1;
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            self.names.push(name.to_owned());
        }
    }

    fn world(&mut self, name: &str, world: &World) {
        self.look(name, &world.docs);
    }

    fn interface(&mut self, resolve: &Resolve, name: &str, interface: &Interface) {
        self.look(name, &interface.docs);
        for (function, item) in &interface.functions {
            self.look(&format!("{name}.{function}"), &item.docs);
        }
        for (type_name, id) in &interface.types {
            self.definition(&format!("{name}.{type_name}"), &resolve.types[*id]);
        }
    }

    fn definition(&mut self, name: &str, definition: &TypeDef) {
        match &definition.kind {
            // Taken from another interface, and documented there.
            TypeDefKind::Type(_) => return,
            TypeDefKind::Record(record) => self.all(name, record.fields.iter().map(|it| (&it.name, &it.docs))),
            TypeDefKind::Variant(variant) => self.all(name, variant.cases.iter().map(|it| (&it.name, &it.docs))),
            TypeDefKind::Enum(cases) => self.all(name, cases.cases.iter().map(|it| (&it.name, &it.docs))),
            TypeDefKind::Flags(flags) => self.all(name, flags.flags.iter().map(|it| (&it.name, &it.docs))),
            _ => {}
        }
        self.look(name, &definition.docs);
    }

    fn all<'a>(&mut self, name: &str, parts: impl Iterator<Item = (&'a String, &'a Docs)>) {
        for (part, docs) in parts {
            self.look(&format!("{name}.{part}"), docs);
        }
    }
}
