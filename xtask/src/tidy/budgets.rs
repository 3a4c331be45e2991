//! How long a file may get.

use super::tree::Tree;
use super::{Rule, Violation};

/// The rule about length.
pub(super) const RULES: &[Rule] =
    &[Rule { invariant: "a file has 400 lines at most, or a written reason", check: files_are_short }];

/// Longer than this, a file has a seam.
const LONGEST: usize = 400;

/// Files that may be longer, each with its reason.
const EXEMPT: &[(&str, &str)] = &[];

fn files_are_short(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files().iter().filter(|file| file.path.ends_with(".rs")) {
        let lines = file.text.lines().count();
        let is_exempt = EXEMPT.iter().any(|(path, _)| *path == file.path);
        if lines > LONGEST && !is_exempt {
            violations.push(Violation::at(&file.path, format!("{lines} lines")));
        }
        if lines <= LONGEST && is_exempt {
            violations.push(Violation::at(&file.path, "is short, and needs no exemption"));
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_after_the_last_is_one_too_many() {
        let (most, more) = ("\n".repeat(LONGEST), "\n".repeat(LONGEST + 1));
        let tree = Tree::of(&[("a.rs", &most), ("b.rs", &more), ("c.md", &more)]);
        assert_eq!(files_are_short(&tree), [Violation::at("b.rs", "401 lines")]);
    }
}
