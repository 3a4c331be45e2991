//! The canonical form of a manifest: one sequence of bytes for one meaning.

use caphost::manifest::{Canonical, Form};

use super::manifest::{check_declaration, read};
use crate::checks::{assert_fit, bounded};

/// Manifests whose canonical forms are inputs.
const MANIFESTS: [&str; 4] = [
    "version = 1\nallow = []\n",
    "version = 1\nallow = [\"fs.read:./data\", \"net.connect:*.a.example:443\", \"time\", \"env.read:APP_*\"]\n\
     deny = [\"net.connect:private\", { cap = \"fs\", scopes = [\"./out\"], except = [\"./out/public\"] }]\n",
    "version = 1\n[[grant]]\ncap = \"net.connect\"\nscopes = [\"https://api.example.com\"]\nmethods = [\"GET\"]\npaths = [\"/v1\"]\n\
     expires = 2027-01-01T00:00:00Z\nquota = { ops = 100, bytes = \"10MiB\", rate = \"10/s\" }\n[limits]\nmemory = \"64MiB\"\n",
    "version = 1\nallow = [\"fs.read:../é \\\"a\\\\\\\\\"]\n[[grant]]\ncap = \"fs.write\"\nscopes = [\"./a,b\"]\nas = \"/in\"\nttl = \"10m\"\n\
     [env]\nMODE = \"fast\"\n",
];

pub(super) fn made() -> Vec<Vec<u8>> {
    MANIFESTS.iter().map(|text| of(text).as_str().into()).collect()
}

/// The canonical form of a manifest that is right.
pub(super) fn of(text: &str) -> Canonical {
    let declaration = read(text, Form::Toml).and_then(|manifest| manifest.declaration(&[], None));
    let declaration = declaration.unwrap_or_else(|errors| panic!("{errors}"));
    Canonical::of(&declaration).unwrap_or_else(|error| panic!("{error}"))
}

/// Bytes are the canonical form of what they say, or none.
pub(super) fn check(data: &[u8]) -> bool {
    let canonical = bounded(data.len(), 1024, || Canonical::read(data));
    match &canonical {
        Ok(canonical) => {
            assert_eq!(canonical.as_str().as_bytes(), data);
            assert!(canonical.omitted().is_empty());
            check_canonical(canonical);
            let package = canonical.declaration().narrowed.is_some().then_some("app");
            check_declaration(canonical.declaration(), package);
        }
        Err(error) => assert_fit(&error.to_string(), 4096),
    }
    canonical.is_ok()
}

/// It is what it says, in RFC 8785's form as far as another reader of JSON can tell, and it reads back to itself.
pub(super) fn check_canonical(canonical: &Canonical) {
    let text = canonical.as_str();
    let again = Canonical::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(again.as_str(), text);
    assert_eq!(Canonical::of(canonical.declaration()).as_ref().map(Canonical::as_str), Ok(text));
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(value.to_string(), text, "keys are sorted, and nothing is written in a longer way");
}
