//! Keys in files: PEM, as OpenSSL writes and reads them. What a file holds in place of a key is said by name.

use super::key::{PublicKey, SigningKey};
use caphost_policy::visible::escape;
use pem::{EncodeConfig, LineEnding, Pem};
use ring::signature::Ed25519KeyPair;

/// What stands before the 32 bytes of a private key (PKCS#8, version 1) and before those of a public key (SubjectPublicKeyInfo).
/// DER has one form, so nothing else does.
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

/// Why a file holds no key that can be used. Displayed it is one line, fit to be shown; it holds nothing of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No PEM at all.
    #[error("{0}")]
    NoPem(&'static str),
    /// PEM that cannot be read.
    #[error("its PEM is broken: it is cut off, or was changed")]
    BrokenPem,
    /// Several sections.
    #[error("it holds {0} sections of PEM, and one is expected")]
    Several(usize),
    /// Another kind of section.
    #[error("it holds {0}")]
    Other(String),
    /// A key of another algorithm.
    #[error("it holds a key of {0}, and one of Ed25519 is needed")]
    Algorithm(&'static str),
    /// A key that cannot be read.
    #[error("its key cannot be read")]
    BrokenKey,
    /// A key for which everybody can sign.
    #[error("its key is a weak one, for which everybody can sign")]
    Weak,
}

impl KeyError {
    /// What to do about it, in one line.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NoPem(DER) => {
                Some("`openssl pkey -inform DER -in KEY -out KEY.pem`, with `-pubin -pubout` for a public key")
            }
            Self::Other(what) if what == ENCRYPTED => Some("`openssl pkey -in KEY -out DECRYPTED` decrypts it"),
            Self::Other(what) if what == PRIVATE_FOR_PUBLIC => {
                Some("give the public one: `openssl pkey -in KEY -pubout`; keep the private one to yourself")
            }
            Self::Other(_) | Self::Algorithm(_) | Self::NoPem(_) => {
                Some("`caphost keygen KEY.pem` makes a pair; so does `openssl genpkey -algorithm ed25519`")
            }
            _ => None,
        }
    }
}

const DER: &str = "it is no text: PEM is expected";
const ENCRYPTED: &str = "a private key that is encrypted";
const PRIVATE_FOR_PUBLIC: &str = "a private key, and the public one is needed";

/// The private key of a file.
pub(super) fn private(bytes: &[u8]) -> Result<SigningKey, KeyError> {
    let section = only_section(bytes, PRIVATE)?;
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(section.contents());
    let key = key.map_err(|_| not_ed25519(section.contents()))?;
    SigningKey::of(key).ok_or(KeyError::Weak)
}

/// The public key of a file.
pub(super) fn public(bytes: &[u8]) -> Result<PublicKey, KeyError> {
    let section = only_section(bytes, PUBLIC)?;
    let key = section.contents().strip_prefix(&SPKI).and_then(|key| key.try_into().ok());
    let key = key.ok_or_else(|| not_ed25519(section.contents()))?;
    PublicKey::new(key).ok_or(KeyError::Weak)
}

/// A private key as the text of a file.
pub(super) fn private_text(seed: &[u8; 32]) -> String {
    text(PRIVATE, [&PKCS8[..], seed].concat())
}

/// A public key as the text of a file.
pub(super) fn public_text(key: &[u8; 32]) -> String {
    text(PUBLIC, [&SPKI[..], key].concat())
}

fn text(tag: &str, der: Vec<u8>) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

fn only_section(bytes: &[u8], tag: &str) -> Result<Pem, KeyError> {
    if bytes.is_empty() {
        return Err(KeyError::NoPem("it is empty"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| KeyError::NoPem(DER))?;
    if text.starts_with("ssh-") {
        return Err(KeyError::Other("a public key in the form of OpenSSH".to_owned()));
    }
    let mut sections = pem::parse_many(text).map_err(|_| KeyError::BrokenPem)?;
    match (sections.len(), sections.pop()) {
        (1, Some(section)) if section.tag() == tag => Ok(section),
        (1, Some(section)) => Err(KeyError::Other(named(section.tag(), tag))),
        // A beginning without an end is no section.
        (0, _) if text.contains("-----BEGIN ") => Err(KeyError::BrokenPem),
        (0, _) => Err(KeyError::NoPem("it holds no PEM")),
        (count, _) => Err(KeyError::Several(count)),
    }
}

fn named(tag: &str, wanted: &str) -> String {
    match tag {
        "ENCRYPTED PRIVATE KEY" => ENCRYPTED.to_owned(),
        "RSA PRIVATE KEY" | "RSA PUBLIC KEY" => "a key of RSA, and one of Ed25519 is needed".to_owned(),
        "EC PRIVATE KEY" | "EC PARAMETERS" => "a key of ECDSA, and one of Ed25519 is needed".to_owned(),
        "OPENSSH PRIVATE KEY" => "a private key in the form of OpenSSH, and PKCS#8 is needed".to_owned(),
        PUBLIC => "a public key, and the private one signs".to_owned(),
        PRIVATE if wanted == PUBLIC => PRIVATE_FOR_PUBLIC.to_owned(),
        "CERTIFICATE" => "a certificate".to_owned(),
        other => format!("`{}`", escape(other)),
    }
}

/// Names the algorithm of a key in PKCS#8 or SubjectPublicKeyInfo, which stands within its first bytes.
fn not_ed25519(der: &[u8]) -> KeyError {
    const ALGORITHMS: [(&[u8], &str); 5] = [
        (&[6, 3, 0x2b, 0x65, 0x71], "Ed448"),
        (&[6, 3, 0x2b, 0x65, 0x6e], "X25519"),
        (&[6, 3, 0x2b, 0x65, 0x6f], "X448"),
        (&[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], "RSA"),
        (&[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1], "ECDSA"),
    ];
    const HEAD: usize = 40;
    let head = der.get(..HEAD).unwrap_or(der);
    let has = |identifier: &[u8]| head.windows(identifier.len()).any(|window| window == identifier);
    let named = ALGORITHMS.iter().find(|(identifier, _)| has(identifier));
    named.map_or(KeyError::BrokenKey, |(_, name)| KeyError::Algorithm(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `openssl genpkey -algorithm ed25519`, and its public part by `openssl pkey -pubout`.
    const OPENSSL: [&str; 2] = [
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n",
    ];

    #[test]
    fn keys_of_openssl_are_read_and_ours_have_its_form() {
        let [secret, shared] = OPENSSL;
        let key = private(secret.as_bytes()).unwrap();
        assert_eq!(public(shared.as_bytes()).unwrap(), key.public());
        assert_eq!(
            key.public().to_string(),
            "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let seed = only_section(secret.as_bytes(), PRIVATE).unwrap().contents()[16..].try_into().unwrap();
        assert_eq!(private_text(&seed), secret);
        let crlf = shared.replace('\n', "\r\n");
        assert_eq!(
            public(format!("a note\n{crlf}").as_bytes()).unwrap(),
            key.public(),
            "with a note, and lines of others"
        );
    }

    #[test]
    fn what_is_no_such_key_is_named() {
        let [secret, shared] = OPENSSL;
        let of = |bytes: &[u8]| private(bytes).unwrap_err().to_string();
        assert_eq!(of(b""), "it is empty");
        assert_eq!(of(b"\x30\x2e\xff"), "it is no text: PEM is expected");
        assert_eq!(of(b"hello"), "it holds no PEM");
        assert_eq!(of(b"ssh-ed25519 AAAA"), "it holds a public key in the form of OpenSSH");
        assert_eq!(of(&secret.as_bytes()[..60]), "its PEM is broken: it is cut off, or was changed");
        assert_eq!(of(format!("{secret}{secret}").as_bytes()), "it holds 2 sections of PEM, and one is expected");
        assert_eq!(of(shared.as_bytes()), "it holds a public key, and the private one signs");
        let tagged = |tag: &str, der: &[u8]| pem::encode(&Pem::new(tag, der));
        assert_eq!(of(tagged("ENCRYPTED PRIVATE KEY", b"x").as_bytes()), "it holds a private key that is encrypted");
        assert_eq!(of(tagged("a\u{1b}[2J", b"x").as_bytes()), "it holds `a\\u{1b}[2J`");
        let rsa =
            [&[0x30, 0x82, 1, 1, 2, 1, 0, 0x30, 13][..], &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]].concat();
        assert_eq!(of(tagged(PRIVATE, &rsa).as_bytes()), "it holds a key of RSA, and one of Ed25519 is needed");
        assert_eq!(of(tagged(PRIVATE, b"").as_bytes()), "its key cannot be read");
        let error = public(secret.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "it holds a private key, and the public one is needed");
        assert!(error.hint().unwrap().contains("-pubout"));
        let weak = public_text(&[0; 32]);
        assert_eq!(public(weak.as_bytes()), Err(KeyError::Weak));
        assert_eq!(public(text(PUBLIC, [&SPKI[..], &[1; 33]].concat()).as_bytes()), Err(KeyError::BrokenKey));
    }
}
