//! What no text of the project says.

use super::tree::Tree;
use super::{Rule, Violation, source};

/// The rules about texts.
pub(super) const RULES: &[Rule] = &[
    Rule { invariant: "what is left to do stands in an issue, not in the tree", check: no_notes_to_self },
    Rule { invariant: "no text names the machine that it was written on", check: no_machine_paths },
    Rule { invariant: "every dependency comes from the public crates registry", check: one_registry },
];

fn no_notes_to_self(tree: &Tree) -> Vec<Violation> {
    // Put together, so that this file does not break its own rule.
    lines_with(tree, |_| true, source::has_word, &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")])
}

fn no_machine_paths(tree: &Tree) -> Vec<Violation> {
    const PLACES: &[&str] = &[
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/main"),
        concat!("/wo", "rk/shared"),
    ];
    lines_with(tree, |_| true, names_place, PLACES)
}

/// Whether an absolute path in `line` starts with `place`; `/proc/self` + `place` does not.
fn names_place(line: &str, place: &str) -> bool {
    let goes_on = |before: &str| before.ends_with(|letter: char| letter.is_alphanumeric() || "/._-}".contains(letter));
    line.match_indices(place).any(|(start, _)| !line.get(..start).is_some_and(goes_on))
}

fn one_registry(tree: &Tree) -> Vec<Violation> {
    const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    const OTHERS: &[&str] = &["replace-with", "[registries", "registry = "];
    let mut violations = lines_with(tree, |path| path.ends_with(".toml"), source::has_word, OTHERS);
    for lock in tree.files().iter().filter(|file| file.path.ends_with("Cargo.lock")) {
        let foreign = lock.text_lines().filter(|(_, line)| line.starts_with("source = ") && *line != REGISTRY);
        violations.extend(foreign.map(|(place, line)| Violation::at(place, line)));
    }
    violations
}

/// Lines of the files that `is_meant` names in which `has` finds one of `words`.
fn lines_with(tree: &Tree, is_meant: fn(&str) -> bool, has: fn(&str, &str) -> bool, words: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files().iter().filter(|file| is_meant(&file.path)) {
        for (place, line) in file.text_lines() {
            let hits = words.iter().filter(|word| has(line, word));
            violations.extend(hits.map(|word| Violation::at(&place, format!("`{word}`"))));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_machine_paths_are_found() {
        let text = concat!("// TO", "DO later\nsee /ro", "ot/notes, not /proc/self/ro", "ot/");
        let tree = Tree::of(&[("docs/a.md", text)]);
        assert_eq!(no_notes_to_self(&tree).len(), 1);
        assert_eq!(no_machine_paths(&tree).len(), 1);
    }

    #[test]
    fn another_registry_is_found() {
        let tree = Tree::of(&[
            ("Cargo.lock", "source = \"registry+https://example.com/index\""),
            (".cargo/config.toml", "replace-with = \"mirror\""),
        ]);
        assert_eq!(one_registry(&tree).len(), 2);
    }
}
