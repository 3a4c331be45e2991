//! Reading the certificates that `--tls-root` names. Invariant: nothing else of the file is kept, such as a private key: a native
//! program is given what is.
#![expect(
    clippy::disallowed_methods,
    reason = "the files that the operator names are read with the operator's own authority"
)]

use crate::failure::Failure;
use anyhow::{Context, bail};
use caphost::caps::tls;
use caphost::policy::visible::escape;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest file that is read: a platform's whole list of authorities has a quarter of it.
const MAX_BYTES: u64 = 1 << 20;

/// What a certificate stands between (RFC 7468).
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// What anything else begins with, such as a key behind a certificate that has no end.
const BEGIN_OTHER: &[u8] = b"-----BEGIN ";

/// Reads the PEM file at `path`.
///
/// # Errors
/// When it cannot be read; a usage error when a server's certificate could not lead to any certificate in it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = escape(&path.to_string_lossy()).to_string();
    let bytes = read_file(path).with_context(|| format!("failed to read `{shown}`"))?;
    let certificates = certificates(&bytes);
    match tls::count_roots(&certificates) {
        Ok(_) => Ok(certificates),
        Err(error) => Err(Failure::usage(format!("--tls-root: `{shown}`: {error}"))),
    }
}

/// The lines of the certificates, and no others. Lines end as whoever reads certificates has it: by `\n`, `\r` or both. A last
/// certificate without an end is kept, so that it is found to be none.
fn certificates(pem: &[u8]) -> Vec<u8> {
    let mut certificates = Vec::new();
    let mut one = Vec::new();
    for line in pem.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
        if line.starts_with(BEGIN_OTHER) {
            one.clear();
        }
        if !one.is_empty() || line.starts_with(BEGIN) {
            one.extend_from_slice(line);
        }
        if line.starts_with(END) {
            certificates.append(&mut one);
        }
    }
    certificates.append(&mut one);
    certificates
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than is allowed tells a file that is too large.
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("it is larger than {} MiB", MAX_BYTES >> 20);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_file_the_certificates_are_kept_and_nothing_else() {
        let one = "-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n";
        let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let kept = |text: String| String::from_utf8(certificates(text.as_bytes())).unwrap();
        assert_eq!(kept(format!("# a comment\n{one}{key}{one}")), format!("{one}{one}"));
        assert_eq!(kept(format!("{one}{key}").replace('\n', "\r\n")), one.replace('\n', "\r\n").trim_end_matches('\n'));
        assert_eq!(kept(format!("{one}{key}{one}").replace('\n', "\r")), format!("{one}{one}").replace('\n', "\r"));
        let without_end = "-----BEGIN CERTIFICATE-----\nb25l\n";
        assert_eq!(kept(format!("{one}{without_end}{key}{one}")), format!("{one}{one}"));
        assert_eq!(kept(format!("{one}{without_end}")), format!("{one}{without_end}"));
        assert_eq!(kept(key.to_owned()), "");
        assert_eq!(kept(String::new()), "");
    }
}
