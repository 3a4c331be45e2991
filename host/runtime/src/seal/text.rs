//! The payload of a seal. Invariant: for one meaning there is one text; reading refuses every other.

use super::digest::{Digest, Hex, hex};
use super::error::SealFault;
use super::key::PublicKey;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::fmt::Write;

/// The version that is written, and read.
const VERSION: u64 = 1;

/// The longest payload, in bytes: the longest manifest, and the rest.
pub(super) const MAX_BYTES: usize = caphost_manifest::Canonical::MAX_BYTES + (2 << 20);
/// The longest list of imports, in bytes: a component of real life has a thousandth of it.
pub(super) const MAX_IMPORTS: usize = 1 << 20;
/// Signatures of one seal.
pub(super) const MAX_SIGNATURES: usize = 64;

/// What a seal says, but for the meaning of its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) component: Digest,
    /// Names, sorted, each once.
    pub(super) imports: Vec<String>,
    pub(super) manifest_digest: Digest,
    /// Sorted by key, one of each.
    pub(super) signatures: Vec<Signature>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Signature {
    pub(super) key: PublicKey,
    pub(super) bytes: [u8; 64],
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Payload<'a> {
    component_sha256: &'a str,
    #[serde(borrow)]
    imports: &'a RawValue,
    #[serde(borrow)]
    manifest: &'a RawValue,
    manifest_sha256: &'a str,
    signatures: Vec<SignaturePayload<'a>>,
    #[serde(rename = "version")]
    _version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignaturePayload<'a> {
    key: &'a str,
    signature: &'a str,
}

impl Text {
    /// Reads a payload: what it says, and the text of its manifest.
    pub(super) fn read(payload: &[u8]) -> Result<(Self, &str), SealFault> {
        if payload.len() > MAX_BYTES {
            return Err(SealFault::damaged(format!("it is larger than {} MiB", MAX_BYTES >> 20)));
        }
        let whole = std::str::from_utf8(payload).map_err(|_| SealFault::damaged("it is no text"))?;
        match serde_json::from_str(whole) {
            Ok(Version { version: VERSION }) => {}
            Ok(Version { version }) if version > VERSION => return Err(SealFault::Newer { version }),
            Ok(Version { version }) => return Err(SealFault::damaged(format!("there is no version {version}"))),
            Err(_) => return Err(SealFault::damaged("it is no JSON object with a version")),
        }
        let payload: Payload<'_> = serde_json::from_str(whole)
            .map_err(|error| SealFault::damaged(format!("its JSON does not fit: {error}")))?;
        let text = Self::of(&payload)?;
        let manifest = payload.manifest.get();
        // What differs is hidden white space, another order, another escape, or a list that is not sorted.
        if text.write(manifest) != whole {
            Err(SealFault::damaged("it is not in canonical form"))
        } else {
            Ok((text, manifest))
        }
    }

    fn of(payload: &Payload<'_>) -> Result<Self, SealFault> {
        let digest = |text: &str| Digest::parse(text).ok_or_else(|| SealFault::damaged("a digest in it is none"));
        if payload.imports.get().len() > MAX_IMPORTS {
            return Err(SealFault::damaged("its list of imports is too long"));
        }
        let imports: Vec<String> = serde_json::from_str(payload.imports.get())
            .map_err(|_| SealFault::damaged("its imports are no list of names"))?;
        if payload.signatures.len() > MAX_SIGNATURES {
            return Err(SealFault::damaged(format!("it has more than {MAX_SIGNATURES} signatures")));
        }
        let signatures = payload.signatures.iter().map(Signature::of).collect::<Result<Vec<_>, _>>()?;
        let is_sorted =
            signatures.is_sorted_by(|one, next| one.key < next.key) && imports.is_sorted_by(|one, next| one < next);
        if !is_sorted {
            return Err(SealFault::damaged("its imports or signatures are not sorted, or not each there once"));
        }
        let manifest_digest = digest(payload.manifest_sha256)?;
        Ok(Self { component: digest(payload.component_sha256)?, imports, manifest_digest, signatures })
    }

    pub(super) fn signers(&self) -> impl Iterator<Item = PublicKey> {
        self.signatures.iter().map(|signature| signature.key)
    }

    /// The payload, with the text of the manifest.
    pub(super) fn write(&self, manifest: &str) -> String {
        // A name is written as JSON has it. Writing to a string cannot fail.
        let imports = serde_json::to_string(&self.imports).unwrap_or_default();
        let mut text = format!("{{\"component-sha256\":\"{}\",\"imports\":{imports},\"manifest\":", self.component);
        text.push_str(manifest);
        let _ = write!(text, ",\"manifest-sha256\":\"{}\",\"signatures\":[", self.manifest_digest);
        for (index, Signature { key, bytes }) in self.signatures.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(text, "{comma}{{\"key\":\"{}\",\"signature\":\"{}\"}}", key.digits(), Hex(bytes));
        }
        let _ = write!(text, "],\"version\":{VERSION}}}");
        text
    }
}

impl Signature {
    fn of(payload: &SignaturePayload<'_>) -> Result<Self, SealFault> {
        let key =
            PublicKey::parse(payload.key).ok_or_else(|| SealFault::damaged("a key in it is none, or a weak one"))?;
        let bytes = hex(payload.signature).ok_or_else(|| SealFault::damaged("a signature in it is none"))?;
        Ok(Self { key, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(first: u8) -> PublicKey {
        PublicKey::parse(&format!("{first:02x}{}", "a7".repeat(31))).unwrap()
    }

    fn example() -> Text {
        let signature = |first| Signature { key: key(first), bytes: [first; 64] };
        Text {
            component: Digest::of(b"c"),
            imports: vec!["a:b/c@1.0.0".to_owned(), "odd \"\\ \u{1} é".to_owned()],
            manifest_digest: Digest::of(b"m"),
            signatures: vec![signature(1), signature(2)],
        }
    }

    fn reason(text: &str) -> String {
        Text::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let manifest = r#"{"grants":[],"version":1}"#;
        for text in [example(), Text { imports: vec![], signatures: vec![], ..example() }] {
            let written = text.write(manifest);
            assert_eq!(Text::read(written.as_bytes()).unwrap(), (text, manifest));
            let keys: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert!(keys.as_object().unwrap().keys().is_sorted());
        }
    }

    #[test]
    fn a_newer_version_is_told_from_damage_whatever_else_it_has() {
        let newer = example().write("{}").replace("\"version\":1", "\"version\":2");
        assert_eq!(reason(&newer), "the seal is of version 2, and this caphost reads version 1");
        assert_eq!(
            reason(r#"{"version":7,"what":["is",{"this":null}]}"#),
            "the seal is of version 7, and this caphost reads version 1"
        );
        assert!(reason(r#"{"version":0}"#).contains("there is no version 0"));
        for none in ["", "null", "[]", "{}", r#"{"version":"1"}"#, r#"{"version":-1}"#, "\u{1}"] {
            assert!(reason(none).contains("it is no JSON object with a version"), "{none}");
        }
        assert!(Text::read(b"\xff").unwrap_err().to_string().contains("it is no text"));
    }

    #[test]
    fn every_other_form_of_the_same_is_damage() {
        let text = example().write("{}");
        let swapped = {
            let mut text = example();
            text.signatures.swap(0, 1);
            text.write("{}")
        };
        let twice = {
            let mut text = example();
            text.signatures[1] = text.signatures[0];
            text.write("{}")
        };
        let unsorted = {
            let mut text = example();
            text.imports.swap(0, 1);
            text.write("{}")
        };
        let digits = Digest::of(b"c").to_string();
        for other in [
            text.replace(",\"imports\"", ", \"imports\""),
            format!("{text}\n"),
            format!(" {text}"),
            text.replace(&digits, &digits.to_uppercase()),
            text.replace("a:b", "\\u0061:b"),
            text.replace("é", "\\u00e9"),
            text.replace("\"version\":1}", "\"version\":1,\"extra\":1}"),
            text.replace("\"version\":1}", "\"version\":1,\"version\":1}"),
            text.replace("\"version\":1}", "\"version\":1.0}"),
            text.replace("\"version\":1}", "\"version\":01}"),
            text.replace("\"manifest\":{}", "\"manifest\": {}"),
            swapped,
            twice,
            unsorted,
        ] {
            assert_ne!(other, text);
            assert!(reason(&other).starts_with("the seal is damaged"), "{other}");
        }
    }

    #[test]
    fn bounds_hold() {
        let many = |count: usize| {
            let signature = |index: usize| Signature { key: key(index as u8 + 1), bytes: [0; 64] };
            Text { signatures: (0..count).map(signature).collect(), ..example() }.write("{}")
        };
        assert!(Text::read(many(MAX_SIGNATURES).as_bytes()).is_ok());
        assert!(reason(&many(MAX_SIGNATURES + 1)).contains("more than 64 signatures"));
        let name = |length: usize| Text { imports: vec!["x".repeat(length)], ..example() }.write("{}");
        assert!(Text::read(name(MAX_IMPORTS - 4).as_bytes()).is_ok());
        assert!(reason(&name(MAX_IMPORTS - 3)).contains("imports is too long"));
        assert!(reason(&" ".repeat(MAX_BYTES + 1)).contains("larger than"));
    }
}
