//! What sealing adds to the producers metadata, which every tool shows: that the file is sealed, with which manifest, and the
//! digest of the file that was sealed. The seal's own digest covers it.

use super::Digest;
use super::place::Found;
use std::borrow::Cow;
use wasm_metadata::Producers;

const FIELD: &str = "processed-by";
const HOST: &str = "caphost";
const SEAL: &str = "caphost-seal";

/// What metadata say of a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    text: String,
}

impl Claim {
    /// Of a manifest, and a file before anything was added to it.
    pub(super) fn of(manifest: Digest, source: Digest) -> Self {
        Self { text: format!("1 manifest=sha256:{manifest} source=sha256:{source}") }
    }

    /// The digest of the file that was sealed, if this is the claim of a seal with this manifest.
    pub(super) fn source(&self, manifest: Digest) -> Option<Digest> {
        let source = self.text.rsplit_once(":").and_then(|(_, digits)| Digest::parse(digits))?;
        (*self == Self::of(manifest, source)).then_some(source)
    }
}

/// What a section of metadata with this payload says of a seal; `None` if it cannot be read.
pub(super) fn claim_in(payload: &[u8]) -> Option<Option<Claim>> {
    let producers = Producers::from_bytes(payload, 0).ok()?;
    let text = producers.get(FIELD).and_then(|field| field.get(SEAL).cloned());
    Some(text.map(|text| Claim { text }))
}

/// `bytes` with `claim` in their metadata: what is before that section, it, and what is behind.
pub(super) fn with_claim<'a>(bytes: &'a [u8], found: &Found<'a>, claim: &Claim) -> [Cow<'a, [u8]>; 3] {
    let place = found.producers.as_ref();
    let known = place.and_then(|place| Producers::from_bytes(place.payload, 0).ok());
    let mut producers = known.unwrap_or_default();
    producers.add(FIELD, HOST, env!("CARGO_PKG_VERSION"));
    producers.add(FIELD, SEAL, &claim.text);
    // Without the kind of the section, which is 0: a custom one.
    let section = [&[0][..], &producers.raw_custom_section()].concat();
    let range = place.map_or(bytes.len()..bytes.len(), |place| place.section.clone());
    let before = bytes.get(..range.start).unwrap_or_default();
    let behind = bytes.get(range.end..).unwrap_or_default();
    [before.into(), section.into(), behind.into()]
}

#[cfg(test)]
mod tests {
    use super::super::place::{find, header};
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    #[test]
    fn a_claim_is_added_beside_what_is_there_and_replaces_an_older_one() {
        let (one, other) = (Digest::of(b"1"), Digest::of(b"2"));
        let add = |bytes: &[u8], claim: &Claim| with_claim(bytes, &find(bytes).unwrap(), claim).concat();
        let first = add(EMPTY, &Claim::of(one, other));
        assert_eq!(find(&first).unwrap().claim.unwrap().source(one), Some(other));
        assert_eq!(find(&first).unwrap().claim.unwrap().source(other), None, "it is about another manifest");
        let second = add(&first, &Claim::of(other, one));
        assert_eq!(find(&second).unwrap().claim.unwrap().source(other), Some(one));
        assert_eq!(first.len(), second.len());

        let mut producers = Producers::empty();
        producers.add("language", "Rust", "");
        let with_rust = [EMPTY, &[0], &producers.raw_custom_section(), &header("last", 0)].concat();
        let third = add(&with_rust, &Claim::of(one, other));
        let found = find(&third).unwrap();
        let producers = Producers::from_bytes(found.producers.unwrap().payload, 0).unwrap();
        assert!(producers.get("language").unwrap().get("Rust").is_some());
        assert!(third.ends_with(&header("last", 0)), "what is behind stays there");
    }

    #[test]
    fn metadata_that_cannot_be_read_are_left_alone() {
        let broken = [EMPTY, &header("producers", 2), &[9, 9]].concat();
        let found = find(&broken).unwrap();
        assert!(found.producers.is_none() && found.claim.is_none());
        let claim = Claim::of(Digest::of(b""), Digest::of(b""));
        assert!(with_claim(&broken, &found, &claim).concat().starts_with(&broken));
    }
}
