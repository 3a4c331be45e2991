//! Whatever is in a manifest, it is read or refused.

use caphost_manifest::{Form, MAX_ERRORS, Manifest, Source};
use proptest::prelude::*;

/// Words that manifests are made of, and some that break them.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z-]{1,8}",
        prop::sample::select(
            [
                "version",
                "1",
                "allow",
                "deny",
                "[[grant]]",
                "[[deny]]",
                "[limits]",
                "[profiles.a]",
                "[packages.a]",
                "[env]",
                "[db.main]",
                "[audit]",
                "cap",
                "scopes",
                "except",
                "quota",
                "extends",
                "\"a\"",
                "\"fs.read\"",
                "\"./a\"",
                "=",
                "[",
                "]",
                "{",
                "}",
                ",",
                "\n",
                ".",
                "\"",
                "'",
                "#",
                "2027-01-01T00:00:00Z",
                "1.5",
                "true",
                "\u{feff}",
                "\u{202e}",
                "\0",
                "\r\n",
                ":",
                "\\u0000",
                "é",
                "null",
                "{\"allow\":",
                "\"fs\":",
                "\"packages\":",
            ]
            .map(str::to_owned)
            .to_vec()
        ),
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(words in prop::collection::vec(word(), 0..60), is_json in any::<bool>()) {
        let text = words.concat();
        let form = if is_json { Form::Json } else { Form::Toml };
        if let Err(errors) = Manifest::read(Source { name: "m", text: &text, form }) {
            let shown = errors.to_string();
            prop_assert!(!shown.contains(['\u{1b}', '\u{202e}', '\0', '\r', '\u{feff}']), "{:?}", shown);
            prop_assert!((1..=MAX_ERRORS).contains(&errors.errors().len()));
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            prop_assert!(errors.errors().iter().all(|error| error.line <= lines), "{:?}", errors);
        }
    }

    #[test]
    fn what_is_cut_short_or_changed_is_read_or_refused(at in 0_usize..1_000, put in word()) {
        let text = WHOLE;
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        for changed in [text[..at].to_owned(), format!("{}{put}{}", &text[..at], &text[at..])] {
            let _ = Manifest::read(Source { name: "m", text: &changed, form: Form::Toml });
        }
        let whole = Manifest::read(Source { name: "m", text: WHOLE, form: Form::Toml });
        prop_assert!(whole.is_ok());
    }
}

const WHOLE: &str = r#"version = 1
component = "app.wasm"
allow = ["fs.read:./data", "net.connect:https://api.example.com", "time"]
deny = ["fs:./data/keys", { cap = "fs", scopes = ["./out"], except = ["./out/public"] }]
on-deny = "error"

[[grant]]
id = "api"
cap = "net.connect"
scopes = ["https://api.example.com"]
expires = 2027-01-01T00:00:00Z
quota = { ops = 100, bytes = "10MiB", rate = "10/s" }
methods = ["GET"]
headers = { x-key = "{env:API_KEY}" }

[limits]
memory = "64MiB"

[env]
MODE = "fast"

[db.main]
url = "sqlite:app.db"

[profiles.base]

[profiles.dev]
extends = "base"
allow = ["random"]

[packages.app]
allow = ["time"]
"#;
