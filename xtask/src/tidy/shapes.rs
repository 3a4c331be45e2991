//! Things that exist once.

use super::tree::Tree;
use super::{Rule, Violation, source};

/// The rules about things that exist once.
pub(super) const RULES: &[Rule] = &[
    Rule { invariant: "`bindgen!` stands in one module of the runtime", check: one_bindgen },
    Rule { invariant: "only the gate makes a `Permit`", check: only_the_gate_permits },
];

fn one_bindgen(tree: &Tree) -> Vec<Violation> {
    let mut places = Vec::new();
    for file in tree.code_below("host/") {
        if file.code_lines().any(|(_, line)| source::has_word(line, "bindgen!")) {
            places.push(file.path.as_str());
        }
    }
    let is_right = |place: &&str| place.starts_with("host/runtime/src/");
    let first = places.iter().position(is_right);
    let others = places.iter().enumerate().filter(|(index, _)| Some(*index) != first);
    others.map(|(_, place)| Violation::at(*place, "`bindgen!`")).collect()
}

fn only_the_gate_permits(tree: &Tree) -> Vec<Violation> {
    const GATE: [&str; 3] = ["host/caps/src/gate.rs", "host/caps/src/gate/", "host/caps/src/permit.rs"];
    let elsewhere = tree.code_below("host/").filter(|file| !GATE.iter().any(|gate| file.path.starts_with(gate)));
    let mut violations = Vec::new();
    for file in elsewhere {
        let made = file.code_lines().filter(|(_, line)| makes_a_permit(line) || source::has_word(line, "impl Permit"));
        violations.extend(made.map(|(place, line)| Violation::at(place, format!("`{}`", line.trim()))));
    }
    violations
}

/// `Permit {` as an expression; a function that returns one, and a trait that one has, are no makers.
fn makes_a_permit(line: &str) -> bool {
    const NO_MAKERS: [&str; 3] = ["-> Permit {", "-> &Permit {", "for Permit {"];
    source::has_word(line, "Permit {") && !NO_MAKERS.iter().any(|form| line.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_bindgen_is_found() {
        let text = "wasmtime::component::bindgen!({});";
        let tree = Tree::of(&[("host/runtime/src/bindings.rs", text), ("host/runtime/src/other.rs", text)]);
        assert_eq!(one_bindgen(&tree), [Violation::at("host/runtime/src/other.rs", "`bindgen!`")]);
        assert_eq!(one_bindgen(&Tree::of(&[("host/cli/src/main.rs", text)])).len(), 1);
    }

    #[test]
    fn a_permit_made_elsewhere_is_found() {
        let text = "let permit = Permit { grant };\nfn permit() -> &Permit {\nimpl Permit {";
        let tree = Tree::of(&[("host/caps/src/gate.rs", text), ("host/caps/src/fs/open.rs", text)]);
        let places: Vec<_> = only_the_gate_permits(&tree).into_iter().map(|violation| violation.place).collect();
        assert_eq!(places, ["host/caps/src/fs/open.rs:1", "host/caps/src/fs/open.rs:3"]);
    }
}
