//! Keys that sign seals: Ed25519.

use super::digest::{Hex, hex};
use super::key_file::{self, KeyError};
use caphost_caps::ambient::{self, HostAuthority};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use std::{fmt, io};

/// A public key. Displayed as `ed25519:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// A private key. It is never displayed.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

/// The text of a pair of keys that was made.
pub struct NewKey {
    /// For a file that nobody else may read.
    pub private: String,
    /// For everybody.
    pub public: String,
    /// The public key.
    pub key: PublicKey,
}

/// Points of small order, by their y coordinate without the sign bit of x: each is a key that "signs" what nobody has signed.
const WEAK: [[u8; 32]; 7] = [
    with_ends([0x01], 0),
    with_ends([0x00], 0),
    edge(0xec),
    edge(0xed),
    edge(0xee),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn with_ends([first]: [u8; 1], last: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes[31] = last;
    bytes
}

/// A number near the prime of the field: all bits set but those of `first` and the highest.
const fn edge(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = first;
    bytes[31] = 0x7f;
    bytes
}

impl PublicKey {
    /// The key of these bytes, unless everybody can sign for it.
    pub(super) fn new(bytes: [u8; 32]) -> Option<Self> {
        let mut y = bytes;
        y[31] &= 0x7f;
        (!WEAK.contains(&y)).then_some(Self(bytes))
    }

    /// The key in the one section of a PEM file: `PUBLIC KEY`, of Ed25519.
    ///
    /// # Errors
    /// [`KeyError`] when the file holds anything else.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, KeyError> {
        key_file::public(bytes)
    }

    /// The key of these hexadecimal digits.
    pub(super) fn parse(digits: &str) -> Option<Self> {
        hex(digits).and_then(Self::new)
    }

    /// Its hexadecimal digits.
    pub(super) fn digits(&self) -> Hex<'_> {
        Hex(&self.0)
    }

    /// Whether it has signed `message`.
    pub(super) fn has_signed(&self, message: &str, signature: &[u8; 64]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message.as_bytes(), signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ed25519:{}", self.digits())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl SigningKey {
    /// The key in the one section of a PEM file: `PRIVATE KEY`, of Ed25519, not encrypted.
    ///
    /// # Errors
    /// [`KeyError`] when the file holds anything else.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, KeyError> {
        key_file::private(bytes)
    }

    pub(super) fn of(pair: Ed25519KeyPair) -> Option<Self> {
        let public = PublicKey::new(pair.public_key().as_ref().try_into().ok()?)?;
        Some(Self { pair, public })
    }

    /// Makes a pair of keys.
    ///
    /// # Errors
    /// When the host has no random bytes.
    ///
    /// # Ambient Authority
    /// Takes 32 random bytes of the host.
    pub fn generate(authority: HostAuthority) -> io::Result<NewKey> {
        let seed = ambient::random_seed(authority)?;
        let made = Ed25519KeyPair::from_seed_unchecked(&seed).ok().and_then(Self::of);
        let key = made.ok_or_else(|| io::Error::other("the random bytes make no key"))?.public;
        Ok(NewKey { private: key_file::private_text(&seed), public: key_file::public_text(&key.0), key })
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    pub(super) fn sign(&self, message: &str) -> Option<[u8; 64]> {
        self.pair.sign(message.as_bytes()).as_ref().try_into().ok()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_for_which_everybody_can_sign_is_none() {
        // The identity, with a signature of all zeros and itself: valid for any message, were it a key.
        let mut signature = [0; 64];
        signature[0] = 1;
        let identity = with_ends([1], 0);
        assert!(PublicKey(identity).has_signed("anything", &signature), "control: the reason for the table");
        assert_eq!(PublicKey::new(identity), None);
        for mut weak in WEAK {
            assert_eq!(PublicKey::new(weak), None);
            weak[31] |= 0x80;
            assert_eq!(PublicKey::new(weak), None, "with the sign bit");
        }
    }

    #[test]
    fn what_is_made_signs_and_is_read_back() {
        let made = SigningKey::generate(HostAuthority::claim()).unwrap();
        let key = SigningKey::from_pem(made.private.as_bytes()).unwrap();
        assert_eq!(key.public(), made.key);
        assert_eq!(PublicKey::from_pem(made.public.as_bytes()).unwrap(), made.key);
        let signature = key.sign("a").unwrap();
        assert!(made.key.has_signed("a", &signature));
        assert!(!made.key.has_signed("b", &signature));
        assert!(!format!("{key:?}").contains("seed"));
        assert_ne!(SigningKey::generate(HostAuthority::claim()).unwrap().key, made.key);
    }
}
