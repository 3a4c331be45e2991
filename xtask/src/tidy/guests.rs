//! Test guests are there to be run.

use super::tree::Tree;
use super::{Rule, Violation};

/// The rule about test guests.
pub(super) const RULES: &[Rule] =
    &[Rule { invariant: "every guest program under `tests/guests` is run by a test", check: guests_are_run }];

fn guests_are_run(tree: &Tree) -> Vec<Violation> {
    let guests = tree.files().iter().filter_map(|file| guest_of(&file.path));
    guests.filter(|guest| !is_run(tree, guest)).map(|guest| Violation::at(guest, "no test names it")).collect()
}

/// `probe`, for `tests/guests/probe/src/main.rs`; what has no `main.rs` is a library of the guests.
fn guest_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("tests/guests/")?.strip_suffix("/src/main.rs")?;
    (!name.contains('/')).then_some(name)
}

/// A spec case names a guest as `{probe}` or `guest = ['probe', …]`, Rust as `"probe"`.
fn is_run(tree: &Tree, guest: &str) -> bool {
    let (in_case, in_rust) = (format!("{{{guest}}}"), format!("\"{guest}\""));
    let starts_case = format!("guest = ['{guest}'");
    let tests =
        tree.files().iter().filter(|file| file.path.starts_with("tests/") && guest_folder(&file.path).is_none());
    tests.into_iter().any(|file| {
        file.text.contains(&in_case)
            || file.text.contains(&starts_case)
            || (file.path.ends_with(".rs") && file.text.contains(&in_rust))
    })
}

fn guest_folder(path: &str) -> Option<&str> {
    path.strip_prefix("tests/guests/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_that_no_test_runs_is_found() {
        let tree = Tree::of(&[
            ("tests/guests/probe/src/main.rs", ""),
            ("tests/guests/idle/src/main.rs", "\"idle\""),
            ("tests/guests/shared/src/lib.rs", ""),
            ("tests/specs/fs/open/case.toml", "args = [\"run\", \"{probe}\"]"),
        ]);
        assert_eq!(guests_are_run(&tree), [Violation::at("idle", "no test names it")]);
    }
}
