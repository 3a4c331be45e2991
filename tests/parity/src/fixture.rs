//! The files and variables that every run starts with.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Files, by path.
const FILES: [(&str, &str); 8] = [
    ("data/a.txt", "alpha\n"),
    ("data/b.txt", "beta and more\n"),
    ("data/empty.txt", ""),
    ("data/sub/c.txt", "gamma\n"),
    ("data/secret/key.txt", "key\n"),
    ("out/log.txt", "old log\n"),
    ("one.txt", "one\n"),
    ("other.txt", "other\n"),
];

/// Variables; others of the machine play no part.
const VARIABLES: [(&str, &str); 3] = [("APP_MODE", "test"), ("APP_SECRET", "hidden"), ("OTHER", "thing")];

/// The variables, as an operator gives them.
pub(crate) fn variables() -> Vec<(String, String)> {
    VARIABLES.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Makes the files below `root`.
pub(crate) fn make(root: &Path) -> anyhow::Result<()> {
    for directory in ["data/sub", "data/secret", "data/empty", "out"] {
        fs::create_dir_all(root.join(directory))?;
    }
    for (name, text) in FILES {
        fs::write(root.join(name), text)?;
    }
    symlink("a.txt", root.join("data/link"))?;
    symlink("../other.txt", root.join("data/leaving"))?;
    Ok(())
}
