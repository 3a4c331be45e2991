use super::*;
use crate::surface;
use wit_parser::abi::{FlatTypes, WasmType};
use wit_parser::{Resolve, Type, TypeDefKind, TypeId};

/// A type that stands at this place among the core parameters, with its name.
type Leaf = (u32, String, u32);

struct Contract {
    resolve: Resolve,
}

impl Contract {
    fn read() -> Self {
        let mut resolve = Resolve::default();
        resolve.push_path("../../wit").unwrap();
        Self { resolve }
    }

    /// The parameters of a function, records by their fields: place, name, how many core parameters. `None` if they do not fit into
    /// core parameters.
    fn leaves(&self, shape: &Shape) -> Option<Vec<Leaf>> {
        let name = shape.interface.strip_prefix("caphost:host/").unwrap();
        let interfaces = self.resolve.interfaces.iter();
        let (_, interface) = interfaces
            .filter(|(_, one)| {
                one.package.is_some_and(|package| self.resolve.packages[package].name.namespace == "caphost")
            })
            .find(|(_, one)| one.name.as_deref() == Some(name))
            .unwrap();
        let function = &interface.functions[shape.function];
        let (mut leaves, mut at) = (Vec::new(), 0);
        for parameter in &function.params {
            self.add(&parameter.ty, &parameter.name, &mut at, &mut leaves);
        }
        (at <= Resolve::MAX_FLAT_PARAMS as u32).then_some(leaves)
    }

    fn add(&self, ty: &Type, name: &str, at: &mut u32, leaves: &mut Vec<Leaf>) {
        if let Some(id) = self.real(ty)
            && let TypeDefKind::Record(record) = &self.resolve.types[id].kind
            && self.resolve.types[id].name.as_deref() != Some("socket-address")
        {
            for field in &record.fields {
                self.add(&field.ty, &field.name, at, leaves);
            }
            return;
        }
        let mut storage = [WasmType::I32; 64];
        let mut flat = FlatTypes::new(&mut storage);
        assert!(self.resolve.push_flat(ty, &mut flat));
        let count = flat.to_vec().len() as u32;
        leaves.push((*at, name.to_owned(), count));
        *at += count;
    }

    /// What a type is another name for.
    fn real(&self, ty: &Type) -> Option<TypeId> {
        let Type::Id(mut id) = *ty else { return None };
        while let TypeDefKind::Type(Type::Id(next)) = self.resolve.types[id].kind {
            id = next;
        }
        Some(id)
    }
}

/// What the first parameter of each kind is called in the contract, and what the next one is.
fn names(kind: Kind) -> (&'static [&'static str], Option<&'static str>) {
    match kind {
        Kind::Path => (&["path", "from", "to"], None),
        Kind::Entry => (&["path"], None),
        Kind::Entries => (&["from"], Some("to")),
        Kind::OpenedPath => (&["path"], Some("how")),
        Kind::Name | Kind::Database | Kind::Host => (&["name"], None),
        Kind::HostAndPort => (&["host"], Some("port")),
        Kind::Url => (&["url"], None),
        Kind::Address => (&["address"], None),
    }
}

#[test]
fn the_places_are_those_of_the_contract() {
    let contract = Contract::read();
    for shape in SHAPES {
        let leaves = contract.leaves(shape).expect(shape.function);
        for told in shape.told {
            let place = leaves.iter().position(|(at, ..)| *at == told.at).expect(shape.function);
            let (first, second) = names(told.kind);
            let (_, name, count) = &leaves[place];
            assert!(first.contains(&name.as_str()), "{} {name}", shape.function);
            assert_eq!(*count, if told.kind == Kind::Address { 10 } else { 2 }, "{}", shape.function);
            if let Some(second) = second {
                assert_eq!(leaves[place + 1].1, second, "{}", shape.function);
                let count = if told.kind == Kind::Entries { 2 } else { 1 };
                assert_eq!(leaves[place + 1].2, count, "{}", shape.function);
            }
        }
    }
}

#[test]
fn a_function_takes_what_it_is_told_and_nothing_beside() {
    for shape in SHAPES {
        let row = surface::rows_of(shape.interface).find(|row| row.function == shape.function).expect(shape.function);
        let mut taken: Vec<Capability> = shape.told.iter().flat_map(|told| told.capabilities).copied().collect();
        taken.sort_unstable();
        taken.dedup();
        // A lookup is covered by any grant that it is of use for.
        let expected = if shape.function == "resolve" { &[NetResolve][..] } else { row.capabilities() };
        assert_eq!(taken, expected, "{}", shape.function);
    }
}

#[test]
fn the_flags_of_opening_are_those_of_the_contract() {
    let contract = Contract::read();
    let types = contract.resolve.types.iter().map(|(_, ty)| ty);
    let flags = types.filter(|ty| ty.name.as_deref() == Some("open-flags")).find_map(|ty| match &ty.kind {
        TypeDefKind::Flags(flags) if flags.flags.iter().any(|flag| flag.name == "append") => Some(flags),
        _ => None,
    });
    let bits = |writes: bool| {
        let is_wanted = |name: &str| if writes { !matches!(name, "read" | "no-follow") } else { name == "read" };
        let flags = flags.unwrap().flags.iter().enumerate();
        flags.filter(|(_, flag)| is_wanted(&flag.name)).fold(0, |bits, (place, _)| bits | 1 << place)
    };
    assert_eq!((bits(false), bits(true)), (OPEN_TO_READ, OPEN_TO_WRITE));
}
