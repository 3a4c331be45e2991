//! Which crate may know which.

use super::tree::{Dependency, Package, Tree};
use super::{Rule, Violation};

/// The rules about manifests.
pub(super) const RULES: &[Rule] = &[
    Rule {
        invariant: "dependencies of our crates on each other point down: cli → runtime → caps and manifest → policy",
        check: down,
    },
    Rule { invariant: "a crate of the workspace has a floor in `xtask/src/tidy/arrows.rs`", check: placed },
    Rule { invariant: "`caphost-policy` depends on nothing but thiserror", check: policy_is_values },
    Rule { invariant: "`caphost-caps` knows no engine, no WIT and no command line", check: caps_is_neutral },
    Rule { invariant: "a guest that is built for wasm compiles nothing of the host", check: guests_are_light },
];

/// Which of our crates each of them may name.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("caphost-policy", &[]),
    ("caphost-manifest", &["caphost-policy"]),
    ("caphost-caps", &["caphost-policy"]),
    ("caphost", &["caphost-caps", "caphost-manifest", "caphost-policy"]),
    ("caphost-cli", &["caphost", "caphost-caps", "caphost-manifest", "caphost-policy"]),
    ("caphost-sdk", &["caphost-caps", "caphost-policy"]),
    ("caphost-fuzz", &["caphost"]),
    ("caphost-peers", &[]),
    ("caphost-cluster", &[]),
    (
        "caphost-tests",
        &["caphost", "caphost-caps", "caphost-cluster", "caphost-peers", "caphost-policy", "caphost-sdk"],
    ),
    ("caphost-parity", &["caphost", "caphost-cluster", "caphost-peers", "caphost-sdk", "caphost-tests", "scenarios"]),
    ("scenarios", &["caphost-sdk"]),
    ("xtask", &[]),
];

/// What tests start, which knows none of our crates: the tests of each may name it.
const HARNESSES: &[&str] = &["caphost-cluster"];

fn may_name(package: &str) -> Option<&'static [&'static str]> {
    MAY_NAME.iter().find(|(name, _)| *name == package).map(|(_, names)| *names)
}

fn placed(tree: &Tree) -> Vec<Violation> {
    let unplaced = tree.packages().iter().filter(|package| may_name(&package.name).is_none());
    unplaced.map(|package| Violation::at(&package.name, "has no floor")).collect()
}

fn down(tree: &Tree) -> Vec<Violation> {
    named_by(
        tree,
        |_| true,
        |package, dependency| {
            let is_ours = may_name(&dependency.name).is_some();
            let is_for_tests = !is_shipped(dependency) && HARNESSES.contains(&dependency.name.as_str());
            is_ours && !is_for_tests && !may_name(&package.name).unwrap_or_default().contains(&dependency.name.as_str())
        },
    )
}

fn policy_is_values(tree: &Tree) -> Vec<Violation> {
    named_by(
        tree,
        |name| name == "caphost-policy",
        |_, dependency| is_shipped(dependency) && dependency.name != "thiserror",
    )
}

fn caps_is_neutral(tree: &Tree) -> Vec<Violation> {
    const FOREIGN: [&str; 4] = ["wasm", "wit-", "clap", "wiggle"];
    named_by(
        tree,
        |name| name == "caphost-caps",
        |_, dependency| FOREIGN.iter().any(|start| dependency.name.starts_with(start)),
    )
}

fn guests_are_light(tree: &Tree) -> Vec<Violation> {
    named_by(
        tree,
        |name| name == "caphost-sdk",
        |_, dependency| {
            let is_native_only = dependency.target.as_deref().is_some_and(|target| target.starts_with("cfg(not("));
            may_name(&dependency.name).is_some() && !is_native_only
        },
    )
}

fn is_shipped(dependency: &Dependency) -> bool {
    dependency.kind.as_deref() != Some("dev")
}

/// The dependencies of some packages for which `is_wrong` holds.
fn named_by(
    tree: &Tree,
    is_meant: fn(&str) -> bool,
    is_wrong: impl Fn(&Package, &Dependency) -> bool,
) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in tree.packages().iter().filter(|package| is_meant(&package.name)) {
        for dependency in package.dependencies.iter().filter(|dependency| is_wrong(package, dependency)) {
            violations.push(Violation::at(&package.name, format!("depends on `{}`", dependency.name)));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_up_is_found() {
        let tree =
            Tree::of_packages(&[("caphost-caps", &["caphost-policy", "caphost"]), ("caphost", &["caphost-caps"])]);
        assert_eq!(down(&tree), [Violation::at("caphost-caps", "depends on `caphost`")]);
    }

    #[test]
    fn only_tests_start_a_harness() {
        let tree = Tree::of_packages(&[("caphost-caps", &["caphost-cluster"])]);
        assert_eq!(down(&tree), [Violation::at("caphost-caps", "depends on `caphost-cluster`")]);
    }

    #[test]
    fn a_new_crate_needs_a_floor() {
        assert_eq!(placed(&Tree::of_packages(&[("caphost-new", &[]), ("xtask", &[])])).len(), 1);
    }

    #[test]
    fn policy_and_caps_stay_neutral() {
        let tree =
            Tree::of_packages(&[("caphost-policy", &["thiserror", "serde"]), ("caphost-caps", &["wasmtime", "bytes"])]);
        assert_eq!(policy_is_values(&tree), [Violation::at("caphost-policy", "depends on `serde`")]);
        assert_eq!(caps_is_neutral(&tree), [Violation::at("caphost-caps", "depends on `wasmtime`")]);
    }

    #[test]
    fn the_sdk_takes_the_host_natively_only() {
        let tree = Tree::of_packages(&[("caphost-sdk", &["caphost-caps", "caphost-policy", "wit-bindgen"])]);
        assert_eq!(guests_are_light(&tree).len(), 2);
    }
}
