//! The canonical form: what means the same has the same bytes, what means another thing has others.

use caphost_manifest::Canonical;
use proptest::collection::vec;
use proptest::prelude::*;

use super::read;
use super::spelling::{change, meaning, spelled};

fn canonical(manifest: &str) -> Canonical {
    Canonical::of(&read(manifest)).unwrap_or_else(|error| panic!("{error}\n{manifest}"))
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn however_it_is_spelled_the_bytes_are_the_same(
        meaning in meaning(), one in vec(any::<usize>(), 1..40), other in vec(any::<usize>(), 1..40),
    ) {
        let (one, other) = (spelled(&meaning, &one), spelled(&meaning, &other));
        let (left, right) = (canonical(&one), canonical(&other));
        prop_assert_eq!(left.as_str(), right.as_str(), "{}\n{}", one, other);
    }

    #[test]
    fn what_means_another_thing_has_other_bytes(
        meaning in meaning(), change in change(), one in vec(any::<usize>(), 1..40), other in vec(any::<usize>(), 1..40),
    ) {
        let changed = meaning.changed(change);
        prop_assume!(changed != meaning);
        let (one, other) = (spelled(&meaning, &one), spelled(&changed, &other));
        let (left, right) = (canonical(&one), canonical(&other));
        prop_assert_ne!(left.as_str(), right.as_str(), "{}\n{}", one, other);
    }

    #[test]
    fn what_is_written_is_read(meaning in meaning(), choices in vec(any::<usize>(), 1..40)) {
        let written = canonical(&spelled(&meaning, &choices));
        let read = Canonical::read(written.as_str().as_bytes());
        prop_assert_eq!(read.as_ref().map(Canonical::as_str), Ok(written.as_str()));
        prop_assert_eq!(read.map(|read| read.declaration().clone()), Ok(written.declaration().clone()));
        let again = Canonical::of(written.declaration());
        prop_assert_eq!(again.as_ref().map(Canonical::as_str), Ok(written.as_str()));
    }

    #[test]
    fn nothing_else_is_read(
        meaning in meaning(), at in any::<prop::sample::Index>(), kind in 0..4_u8, byte in any::<u8>(),
    ) {
        let mut bytes = canonical(&spelled(&meaning, &[0])).as_str().as_bytes().to_vec();
        let index = at.index(bytes.len());
        match kind {
            0 => bytes[index] ^= 1 << (byte % 8),
            1 => bytes.insert(index, byte),
            2 => drop(bytes.remove(index)),
            _ => bytes.truncate(index),
        }
        if let Ok(read) = Canonical::read(&bytes) {
            prop_assert_eq!(read.as_str().as_bytes(), &bytes[..]);
            let written = Canonical::of(read.declaration());
            prop_assert_eq!(written.as_ref().map(Canonical::as_str), Ok(read.as_str()));
        }
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200), text in "\\{\"caphost\":1,[\\[\\]{}\":,a-z0-9.-]{0,60}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            if let Ok(read) = Canonical::read(bytes) {
                prop_assert_eq!(read.as_str().as_bytes(), bytes);
            }
        }
    }
}
