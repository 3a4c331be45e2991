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

/// The lines of the certificates, and no others.
fn certificates(pem: &[u8]) -> Vec<u8> {
    let mut certificates = Vec::new();
    let mut is_inside = false;
    for line in pem.split_inclusive(|byte| *byte == b'\n') {
        is_inside |= line.starts_with(BEGIN);
        if is_inside {
            certificates.extend_from_slice(line);
        }
        is_inside &= !line.starts_with(END);
    }
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
        assert_eq!(kept(one.replace('\n', "\r\n")), one.replace('\n', "\r\n"));
        assert_eq!(kept(key.to_owned()), "");
        assert_eq!(kept(String::new()), "");
    }
}
