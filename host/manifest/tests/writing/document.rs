//! The examples of docs/manifest.md.

use caphost_manifest::{Canonical, Form, Manifest, Source};

use super::read;

const DOCUMENT: &str = include_str!("../../../../docs/manifest.md");

/// The blocks of code in this language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    DOCUMENT.split(&start).skip(1).filter_map(|rest| rest.split_once("```\n")).map(|(block, _)| block).collect()
}

#[test]
fn every_example_is_what_it_says() {
    let toml = blocks("toml");
    assert_eq!(toml.len(), 2);
    let example = read(toml[0]);
    assert_eq!((example.grants.len(), example.denies.len()), (4, 8));
    read(toml[1]);
    let json = blocks("json");
    assert_eq!(json.len(), 2);
    let older = Manifest::read(Source { name: "older", text: json[0], form: Form::Json }).unwrap();
    assert!(older.declaration(&[], None).unwrap().denies.is_empty());
    let canonical = Canonical::read(json[1].trim_end().as_bytes()).unwrap();
    assert_eq!(canonical.declaration().grants.len(), 2);
}

#[test]
fn the_error_reads_as_it_is_told() {
    let text = "version = 1\n\nallow = [\n  \"fs.raed:./data\",\n]\n";
    let told = Manifest::read(Source { name: "caphost.toml", text, form: Form::Toml }).unwrap_err().to_string();
    assert!(DOCUMENT.contains(&format!("```\n{told}\n```\n")), "{told}");
}
