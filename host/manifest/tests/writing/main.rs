//! Properties of what is written: the canonical form, and drafts.

mod canonical;
mod document;
mod draft;
mod spelling;

use caphost_manifest::{Declaration, Form, Manifest, Source};

fn read(text: &str) -> Declaration {
    let manifest = Manifest::read(Source { name: "test", text, form: Form::Toml });
    let declaration = manifest.and_then(|manifest| manifest.declaration(&[], None));
    declaration.unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}
