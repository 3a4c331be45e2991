//! Where a component's seal stands. Invariant: a seal is the last section of its file, the only one of its name, on the outermost
//! level, under a header of the shortest form; anything else is a fault.

use super::error::SealFault;
use super::producers::{self, Claim};
use crate::inspect::BadComponent;
use crate::inspect::walk::{Inner, Place, Sections, walk};
use std::ops::Range;
use wasmparser::{CustomSectionReader, KnownCustom, Payload};

/// The name of the section.
pub(super) const NAME: &str = "caphost:seal";

/// What a file has of a seal.
#[derive(Debug)]
pub(super) struct Found<'a> {
    bytes: &'a [u8],
    pub(super) seal: Option<SealSection<'a>>,
    /// What the producers metadata say of a seal.
    pub(super) claim: Option<Claim>,
    /// The first producers metadata on the outermost level that can be read.
    pub(super) producers: Option<Metadata<'a>>,
}

/// Where a seal is.
#[derive(Clone, Copy, Debug)]
pub(super) struct SealSection<'a> {
    /// Where its section begins: what is sealed is before it.
    pub(super) start: usize,
    pub(super) payload: &'a [u8],
}

/// Where producers metadata are.
#[derive(Clone, Debug)]
pub(super) struct Metadata<'a> {
    pub(super) section: Range<usize>,
    pub(super) payload: &'a [u8],
}

/// Finds the seal of `bytes`, which are a component whose structure is sound, as far as nothing is behind the seal.
pub(super) fn find(bytes: &[u8]) -> Result<Found<'_>, SealFault> {
    let mut found = Found { bytes, seal: None, claim: None, producers: None };
    match walk(bytes, &mut found) {
        Ok(()) => Ok(found),
        Err(BadComponent::Seal(fault)) => Err(*fault),
        Err(_) => Err(found.unreadable()),
    }
}

/// What is wrong behind the seal of bytes that are not sound as a whole, if it is that.
pub(crate) fn behind(bytes: &[u8]) -> Option<SealFault> {
    let is_behind = |fault: &SealFault| matches!(fault, SealFault::Trailing { .. } | SealFault::Behind { .. });
    find(bytes).err().filter(is_behind)
}

impl<'a> Sections<'a> for Found<'a> {
    fn section(&mut self, place: Place, payload: Payload<'a>) -> Result<(), BadComponent> {
        match payload {
            Payload::CustomSection(section) if section.name() == NAME => self.seal(place, &section),
            payload => {
                self.nothing_behind(place, || described(&payload))?;
                if let (Payload::CustomSection(section), 0) = (&payload, place.depth) {
                    self.metadata(place, section);
                }
                Ok(())
            }
        }
    }

    fn enter(&mut self, place: Place, kind: Inner) -> Result<(), BadComponent> {
        self.nothing_behind(place, || match kind {
            Inner::Module => "a core module".to_owned(),
            Inner::Component => "a component".to_owned(),
        })
    }
}

impl<'a> Found<'a> {
    fn nothing_behind(&self, place: Place, what: impl FnOnce() -> String) -> Result<(), BadComponent> {
        match self.seal {
            Some(_) => Err(SealFault::Behind { what: what(), offset: place.start as u64 }.into()),
            None => Ok(()),
        }
    }

    fn seal(&mut self, place: Place, section: &CustomSectionReader<'a>) -> Result<(), BadComponent> {
        let offset = place.start as u64;
        if place.depth > 0 {
            return Err(SealFault::Nested { offset }.into());
        }
        if let Some(first) = &self.seal {
            return Err(SealFault::Second { first: first.start as u64, second: offset }.into());
        }
        let payload = section.data();
        let header = header(NAME, payload.len());
        let found = self.bytes.get(place.start..section.data_offset());
        if found != Some(header.as_slice()) {
            return Err(SealFault::damaged("the header of its section is not of the shortest form").into());
        }
        self.seal = Some(SealSection { start: place.start, payload });
        Ok(())
    }

    /// Metadata that cannot be read are left as they are.
    fn metadata(&mut self, place: Place, section: &CustomSectionReader<'a>) {
        let KnownCustom::Producers(_) = section.as_known() else { return };
        let Some(claim) = producers::claim_in(section.data()) else { return };
        self.claim = self.claim.take().or(claim);
        let place = place.start..section.range().end;
        self.producers.get_or_insert(Metadata { section: place, payload: section.data() });
    }

    fn unreadable(&self) -> SealFault {
        let Some(seal) = &self.seal else { return SealFault::damaged("the component around it is malformed") };
        let offset = seal.start + header(NAME, seal.payload.len()).len() + seal.payload.len();
        SealFault::Trailing { count: self.bytes.len().saturating_sub(offset) as u64, offset: offset as u64 }
    }
}

fn described(payload: &Payload<'_>) -> String {
    match payload {
        Payload::CustomSection(section) => format!("the custom section `{}`", section.name()),
        Payload::ComponentImportSection(_) => "a section of imports".to_owned(),
        Payload::ComponentExportSection(_) => "a section of exports".to_owned(),
        _ => "a section".to_owned(),
    }
}

/// The bytes of a custom section before its payload of `length` bytes: its kind, its size, its name.
pub(super) fn header(name: &str, length: usize) -> Vec<u8> {
    let mut header = vec![0];
    let mut named = Vec::new();
    leb(name.len(), &mut named);
    named.extend_from_slice(name.as_bytes());
    leb(named.len() + length, &mut header);
    header.extend_from_slice(&named);
    header
}

fn leb(mut number: usize, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn section(name: &str, payload: &[u8]) -> Vec<u8> {
        [&header(name, payload.len()), payload].concat()
    }

    fn fault(pieces: &[&[u8]]) -> SealFault {
        find(&pieces.concat()).unwrap_err()
    }

    #[test]
    fn a_header_is_that_of_its_section() {
        assert_eq!(section("ab", b"xyz"), b"\0\x06\x02abxyz");
        assert_eq!(header("a", 200)[..3], [0, 0xca, 0x01]);
    }

    #[test]
    fn the_last_section_is_found_and_none_is_none() {
        let seal = section(NAME, b"text");
        let bytes = [EMPTY, &section("name", b""), &seal].concat();
        let place = find(&bytes).unwrap().seal.unwrap();
        assert_eq!((place.start, place.payload), (bytes.len() - seal.len(), &b"text"[..]));
        assert!(find(EMPTY).unwrap().seal.is_none());
        assert!(find(&[EMPTY, &section("caphost:seam", b"text")].concat()).unwrap().seal.is_none());
    }

    #[test]
    fn what_follows_a_seal_is_told_apart() {
        let seal = section(NAME, b"text");
        let second = fault(&[EMPTY, &seal, &seal]);
        assert_eq!(second, SealFault::Second { first: 8, second: 8 + seal.len() as u64 });
        let what = |fault: SealFault| match fault {
            SealFault::Behind { what, .. } => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(fault(&[EMPTY, &seal, &section("x", b"")])), "the custom section `x`");
        assert_eq!(what(fault(&[EMPTY, &seal, &[0, 1, 0]])), "the custom section ``");
        // A function type, and an import of a function of it.
        let import = [10, 6, 1, 0, 1, b'x', 1, 0];
        assert_eq!(what(fault(&[EMPTY, &[7, 5, 1, 0x40, 0, 1, 0], &seal, &import])), "a section of imports");
        assert_eq!(what(fault(&[EMPTY, &seal, &[4, 8], EMPTY])), "a component");
        for (trailing, count) in [(&b"\0"[..], 1), (b"garbage", 7), (b"\0\0", 2), (EMPTY, 8)] {
            assert_eq!(
                fault(&[EMPTY, &seal, trailing]),
                SealFault::Trailing { count, offset: 8 + seal.len() as u64 },
                "{trailing:?}"
            );
        }
    }

    #[test]
    fn a_seal_inside_is_none_of_the_whole() {
        let inner = [EMPTY, &section(NAME, b"text")].concat();
        let mut around = EMPTY.to_vec();
        around.extend([4, inner.len() as u8]);
        around.extend(&inner);
        assert_eq!(find(&around).unwrap_err(), SealFault::Nested { offset: 18 });
        around.extend(section(NAME, b"text"));
        assert_eq!(find(&around).unwrap_err(), SealFault::Nested { offset: 18 }, "also beside one of its own");
        let module = [&b"\0asm\x01\0\0\0"[..], &section(NAME, b"")].concat();
        let around = [EMPTY, &[1, module.len() as u8], &module].concat();
        assert_eq!(find(&around).unwrap_err(), SealFault::Nested { offset: 18 });
    }

    #[test]
    fn a_longer_form_of_a_header_is_damage() {
        let long_size: &[u8] = &[&b"\0\x91\x80\0\x0c"[..], NAME.as_bytes(), b"text"].concat();
        let long_name: &[u8] = &[&b"\0\x12\x8c\0"[..], NAME.as_bytes(), b"text"].concat();
        for long in [long_size, long_name] {
            assert!(matches!(fault(&[EMPTY, long]), SealFault::Damaged { .. }), "{long:?}");
        }
    }
}
