//! Seals. An input is a file; and it is a list of changes to a file that is sealed: nine bytes each, of which the first says what, the
//! next four where, and the last four how much.

use std::sync::LazyLock;

use caphost::inspect::Component;
use caphost::manifest::Timestamp;
use caphost::seal::{Expectations, SigningKey, TrustedKey, add_signatures, seal, verify};

use super::canonical;
use crate::checks::{assert_fit, bounded};

const APP: &str = r#"(component
    (import "wasi:cli/environment@0.2.0" (instance (export "get-environment" (func (result (list (tuple string string)))))))
    (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
    (core module $m (func (export "run") (result i32) i32.const 0))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $interface (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $interface))
    (@producers (language "test" "1")))"#;

const MANIFEST: &str = "version = 1\nallow = [\"env.read:APP_*\", \"fs.read:./data\", \"random\"]\n";

/// Of nobody: they were made for this, and stand in public.
const KEYS: [&str; 2] = [
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB\n-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC\n-----END PRIVATE KEY-----\n",
];

/// Every file that anybody sealed: with no signature, with each, and with both.
static SEALED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let bytes = wat::parse_str(APP).unwrap_or_else(|error| panic!("{error}"));
    let app = read(bytes).unwrap_or_else(|error| panic!("{error}"));
    let manifest = canonical::of(MANIFEST);
    [&[][..], &[0], &[1], &[0, 1]]
        .iter()
        .map(|chosen| {
            let keys: Vec<_> = chosen.iter().map(|index| key(*index)).collect();
            seal(&app, &manifest, &keys).unwrap_or_else(|error| panic!("{error}")).to_bytes()
        })
        .collect()
});

fn key(index: usize) -> SigningKey {
    let text = KEYS.get(index).copied().unwrap_or_default();
    SigningKey::from_pem(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn read(bytes: Vec<u8>) -> Result<Component, caphost::BadComponent> {
    bounded(bytes.len(), 64, || Component::read("app\u{1b}.wasm", bytes))
}

pub(super) fn made() -> Vec<Vec<u8>> {
    let mut made = SEALED.clone();
    made.extend([1, 2, 3, 4, 5, 6].map(|kind| vec![kind, 0x35, 0x12, 0, 0, 3, 0, 0, 0]));
    made
}

pub(super) fn check(data: &[u8]) -> bool {
    let is_read = check_file(data.to_vec());
    let (first, changes) = data.split_first().unwrap_or((&0, &[]));
    if let Some(original) = SEALED.get(usize::from(first / 64)).filter(|_| changes.len() >= 8 && changes.len() < 200) {
        let mut bytes = original.clone();
        data.chunks(9).for_each(|chunk| change(&mut bytes, chunk));
        check_file(bytes);
    }
    // The section's own text, behind a component that is right.
    let mut around = b"\0asm\x0d\0\x01\0".to_vec();
    around.extend(section("caphost:seal", data));
    check_file(around);
    is_read
}

/// A seal holds in no other bytes than those that were sealed, and is signed by whoever signed those.
fn check_file(bytes: Vec<u8>) -> bool {
    let place = SEALED.iter().position(|sealed| *sealed == bytes);
    let component = match read(bytes) {
        Ok(component) => component,
        Err(error) => {
            assert_fit(&format!("{error}\n{}", error.hint()), 32 << 10);
            return false;
        }
    };
    let is_held = component.seal().is_ok_and(|seal| seal.is_some());
    assert_eq!(is_held, place.is_some(), "a seal holds in what was sealed, and in nothing else");
    for (index, is_signed) in
        [place.is_some_and(|place| place & 1 > 0), place.is_some_and(|place| place & 2 > 0)].into_iter().enumerate()
    {
        let keys = vec![TrustedKey { name: "k\u{1b}".to_owned(), key: key(index).public() }];
        let expected = Expectations { keys, ..Expectations::default() };
        let found = verify(&component, &expected, Timestamp::EPOCH);
        assert_eq!((found.holds(), found.is_intact), (is_signed, is_held));
        for problem in &found.problems {
            assert_fit(&format!("{problem}\n{}", problem.hint().unwrap_or_default()), 32 << 10);
        }
    }
    assert_eq!(add_signatures(&component, &[key(0)]).is_ok(), is_held);
    let manifest = canonical::of("version = 1\nallow = []\n");
    if component.seal().is_ok_and(|seal| seal.is_none())
        && let Ok(sealed) = seal(&component, &manifest, &[])
    {
        let sealed = read(sealed.to_bytes()).unwrap_or_else(|error| panic!("{error}"));
        assert!(sealed.seal().is_ok_and(|seal| seal.is_some()), "what is sealed holds");
    }
    true
}

fn change(bytes: &mut Vec<u8>, change: &[u8]) {
    let [kind, a, b, c, d, e, f, g, h] = change else { return };
    let number = |bytes: [u8; 4]| u32::from_le_bytes(bytes) as usize;
    let at = number([*a, *b, *c, *d]) % (bytes.len() + 1);
    let amount = number([*e, *f, *g, *h]);
    let to = at + amount % (bytes.len() - at + 1);
    let piece = bytes.get(at..to).unwrap_or_default().to_vec();
    match kind % 8 {
        0 | 1 => bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1 << (amount % 8)),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..to)),
        4 => drop(bytes.splice(at..at, piece)),
        5 => bytes.extend(piece),
        6 => bytes.extend(section("caphost:seal", &piece)),
        _ => bytes.extend(section("any", &piece)),
    }
}

fn section(name: &str, payload: &[u8]) -> Vec<u8> {
    let named = [&[name.len() as u8][..], name.as_bytes(), payload].concat();
    let mut section = vec![0];
    let mut length = named.len();
    while length >= 0x80 {
        section.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    section.push(length as u8);
    section.extend(named);
    section
}
