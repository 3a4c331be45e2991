//! Every function that is linked for a guest has a row in the table of capabilities, and every row a function.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

use caphost::surface::{self, Needs, SURFACE};
use std::collections::{BTreeMap, BTreeSet};
use wit_parser::{Resolve, WorldItem};

/// The functions of each interface that `caphost:host/command` imports: what `bindgen!` makes and the linker links.
fn interfaces() -> BTreeMap<String, Vec<String>> {
    let mut resolve = Resolve::default();
    // Not stable yet, and linked all the same.
    resolve.features.insert("network-error-code".to_owned());
    let (package, _) = resolve.push_path("../../wit").expect("the contract");
    let world = resolve.packages[package].worlds["command"];
    let mut interfaces = BTreeMap::new();
    for item in resolve.worlds[world].imports.values() {
        let WorldItem::Interface { id, .. } = item else { panic!("the world imports interfaces only") };
        let interface = &resolve.interfaces[*id];
        let package = &resolve.packages[interface.package.expect("a package")].name;
        let name = format!("{}:{}/{}", package.namespace, package.name, interface.name.as_deref().expect("a name"));
        interfaces.insert(name, interface.functions.keys().cloned().collect());
    }
    interfaces
}

fn linked() -> BTreeSet<(String, String)> {
    let of_one = |(name, functions): (String, Vec<String>)| functions.into_iter().map(move |one| (name.clone(), one));
    interfaces().into_iter().flat_map(of_one).collect()
}

#[test]
fn the_table_and_the_linked_functions_are_the_same() {
    let rows = SURFACE.iter().filter(|row| !row.function.starts_with("[resource-drop]"));
    let rows: BTreeSet<_> = rows.map(|row| (row.interface.to_owned(), row.function.to_owned())).collect();
    let linked = linked();
    let missing: Vec<_> = linked.difference(&rows).collect();
    let dead: Vec<_> = rows.difference(&linked).collect();
    for package in ["wasi:", "caphost:host/"] {
        assert!(linked.iter().filter(|(name, _)| name.starts_with(package)).count() > 40, "{package} was read");
    }
    assert!(missing.is_empty(), "linked without a row: {missing:?}");
    assert!(dead.is_empty(), "rows of nothing: {dead:?}");
}

/// A component that imports one is not told that nobody provides it.
#[test]
fn every_linked_interface_is_known() {
    let interfaces = interfaces();
    for (interface, functions) in &interfaces {
        assert!(surface::is_provided(interface), "{interface}");
        let is_types_only = surface::TYPES_ONLY.contains(&interface.as_str());
        assert!(!is_types_only || functions.is_empty(), "{interface} has functions");
    }
    assert!(surface::TYPES_ONLY.iter().all(|types| interfaces.contains_key(*types)));
}

#[test]
fn a_row_without_a_capability_says_why() {
    for row in SURFACE {
        match row.needs {
            Needs::Capabilities(capabilities) => assert!(!capabilities.is_empty(), "{}", row.function),
            Needs::Optional { capabilities, otherwise } => {
                assert!(!capabilities.is_empty(), "{}", row.function);
                assert!(otherwise.len() > 8, "{}: {otherwise}", row.function);
            }
            Needs::Nothing(why) => assert!(why.len() > 8, "{}: {why}", row.function),
        }
    }
}

/// `check` says once for an interface what its functions give without a grant.
#[test]
fn the_optional_functions_of_an_interface_give_the_same_without_a_grant() {
    let mut known = BTreeMap::new();
    for row in SURFACE {
        if let Needs::Optional { otherwise, .. } = row.needs {
            assert_eq!(*known.entry(row.interface).or_insert(otherwise), otherwise, "{}", row.function);
        }
    }
    assert!(known.contains_key("wasi:clocks/monotonic-clock"));
}
