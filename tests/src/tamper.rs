//! Changes sealed components, as an attacker or a broken disk would.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// A copy of a file of the case, changed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tampered {
    /// The file.
    pub from: String,
    /// The copy.
    pub to: String,
    /// What is changed.
    pub how: How,
}

/// What is changed.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A bit in the middle of the component.
    FlipComponent,
    /// A bit of the manifest's rules.
    FlipManifest,
    /// A bit of the last signature.
    FlipSignature,
    /// A bit of the seal's name.
    FlipName,
    /// The seal is there twice.
    SecondSeal,
    /// The whole file lies in another component.
    Nested,
    /// An import is added before the seal.
    ImportBefore,
    /// An import is added behind the seal.
    ImportBehind,
    /// A byte is added.
    Trailing,
    /// The last byte is taken away.
    Truncated,
    /// The seal says that it is of version 2.
    Newer,
    /// The seal is taken away.
    Removed,
    /// The size of the seal's section is written in a longer form.
    LongHeader,
    /// A space is put into the seal.
    OtherForm,
}

const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";
/// `(import "wasi:sockets/tcp@0.2.6" (instance …))`: a section of one empty instance type, and one of its import. The type's index is
/// that of the first type of the component, whatever that is, which does for what is never run.
const IMPORT: &[u8] = b"\x0a\x1b\x01\0\x16wasi:sockets/tcp@0.2.6\x05\0";

impl Tampered {
    /// Makes the copy below `work`.
    ///
    /// # Errors
    /// When the file is no sealed component, or cannot be read or written.
    pub fn make(&self, work: &Path) -> anyhow::Result<()> {
        let bytes = fs::read(work.join(&self.from)).with_context(|| format!("failed to read `{}`", self.from))?;
        fs::write(work.join(&self.to), tamper(&bytes, self.how)?)?;
        Ok(())
    }
}

fn tamper(bytes: &[u8], how: How) -> anyhow::Result<Vec<u8>> {
    let start = seal(bytes)?;
    let (component, seal) = bytes.split_at(start);
    let payload = seal.iter().position(|byte| *byte == b'{').context("the seal holds no JSON")?;
    let at = |text: &str| {
        let place = seal.windows(text.len()).rposition(|window| window == text.as_bytes());
        place.with_context(|| format!("the seal holds no `{text}`")).map(|place| start + place + text.len())
    };
    let flipped = |place: usize| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 1;
        bytes
    };
    let resealed = |payload: &[u8]| [component, &section(payload)].concat();
    let text = std::str::from_utf8(&seal[payload..])?;
    Ok(match how {
        How::FlipComponent => flipped(start / 2),
        How::FlipManifest => flipped(at("\"rule\":\"")?),
        How::FlipSignature => flipped(at("\"signature\":\"")?),
        How::FlipName => flipped(at("caphost:sea")?),
        How::SecondSeal => [bytes, seal].concat(),
        How::Nested => [PREAMBLE, &[4], &leb(bytes.len()), bytes].concat(),
        How::ImportBefore => [component, IMPORT, seal].concat(),
        How::ImportBehind => [bytes, IMPORT].concat(),
        How::Trailing => [bytes, b"\0"].concat(),
        How::Truncated => bytes[..bytes.len() - 1].to_vec(),
        How::Newer => resealed(text.replace("\"version\":1}", "\"version\":2}").as_bytes()),
        How::Removed => component.to_vec(),
        How::LongHeader => {
            let size = leb(seal.len() - 1 - leb_length(&seal[1..]));
            let (last, first) = size.split_last().context("no size")?;
            let long = [&[0][..], first, &[last | 0x80, 0]].concat();
            [component, &long, &seal[1 + size.len()..]].concat()
        }
        How::OtherForm => resealed(text.replacen("\":", "\": ", 1).as_bytes()),
    })
}

/// Where the last section begins, which is to be a seal.
fn seal(bytes: &[u8]) -> anyhow::Result<usize> {
    let (mut start, mut next) = (PREAMBLE.len(), PREAMBLE.len());
    while next < bytes.len() {
        start = next;
        let size = &bytes[start + 1..];
        let length = leb_length(size);
        let size = size[..length].iter().rev().fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
        next = start + 1 + length + size;
    }
    ensure!(bytes[start..].windows(12).take(9).any(|name| name == b"caphost:seal"), "the component is not sealed");
    Ok(start)
}

fn section(payload: &[u8]) -> Vec<u8> {
    let name = b"caphost:seal";
    let size = leb(1 + name.len() + payload.len());
    [&[0][..], &size, &[name.len() as u8], name, payload].concat()
}

fn leb_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| **byte & 0x80 != 0).count() + 1
}

fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_found_and_changed() {
        let payload = br#"{"rule":"x","signature":"0","version":1}"#;
        let sealed = [PREAMBLE, &[0, 2, 1, b'a'], &section(payload)].concat();
        assert_eq!(seal(&sealed).unwrap(), 12);
        assert!(seal(&[PREAMBLE, &[0, 2, 1, b'a']].concat()).is_err());
        assert_eq!(tamper(&sealed, How::Removed).unwrap(), sealed[..12]);
        let long = tamper(&sealed, How::LongHeader).unwrap();
        assert_eq!((long.len(), &long[12..15]), (sealed.len() + 1, &[0, 0x80 | (payload.len() + 13) as u8, 0][..]));
        assert!(String::from_utf8_lossy(&tamper(&sealed, How::Newer).unwrap()).ends_with("\"version\":2}"));
    }
}
