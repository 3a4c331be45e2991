//! Manifests that are wrong, and what is said of each: `bad/NAME.toml` or `bad/NAME.json`, and `bad/NAME.txt`.
//!
//! `CAPHOST_BLESS=1 cargo test -p caphost-manifest --test bad` writes the texts anew: read what it wrote.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the cases are files, a variable says whether they are written, and a test fails by panic"
)]

use caphost_manifest::{Form, Manifest, Source};
use std::fs;
use std::path::{Path, PathBuf};

fn cases() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut cases: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension != "txt"));
    cases.sort();
    cases
}

#[test]
fn what_is_wrong_is_said_as_it_was() {
    let is_blessing = std::env::var_os("CAPHOST_BLESS").is_some();
    let cases = cases();
    assert!(cases.len() > 20, "{}", cases.len());
    for path in cases {
        let name = path.file_name().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let read = Manifest::read(Source { name, text: &text, form: Form::of(name) });
        let said = format!("{}\n", read.expect_err(name));
        let expected = path.with_extension("txt");
        if is_blessing {
            fs::write(&expected, &said).unwrap();
        }
        assert_eq!(said, fs::read_to_string(&expected).unwrap_or_default(), "{name}");
    }
}
