//! Components, as bytes or as WebAssembly text: an input that begins with `(` is one.

use std::borrow::Cow;

use caphost::infer::{Caution, Difference, Reach};
use caphost::inspect::{Component, check as check_policy};
use caphost::policy::Policy;

use super::manifest::read_again;
use crate::checks::{assert_fit, bounded};

/// The components of the corpus, as bytes.
pub(super) fn made() -> Vec<Vec<u8>> {
    let folder = crate::target("component").map(crate::corpus_folder);
    let files = folder.and_then(|folder| std::fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let texts = files.filter_map(|file| std::fs::read(file.path()).ok());
    let mut made: Vec<_> = texts
        .filter(|text| text.starts_with(b"("))
        .filter_map(|text| wat::parse_bytes(&text).ok().map(Cow::into_owned))
        .collect();
    made.sort();
    made
}

/// Reading takes memory by the length; what is inferred can be read again, and is no more than itself.
pub(super) fn check(data: &[u8]) -> bool {
    let bytes = match data.first() {
        Some(b'(') => match wat::parse_bytes(data) {
            Ok(bytes) => bytes.into_owned(),
            Err(_) => return false,
        },
        _ => data.to_vec(),
    };
    let length = bytes.len();
    let component = match bounded(length, 64, || Component::read("app\u{1b}.wasm", bytes)) {
        Ok(component) => component,
        Err(error) => {
            assert_fit(&format!("{error}\n{}", error.hint()), 32 * length + 4096);
            return false;
        }
    };
    assert!(component.bytes().len() == length && component.inspection().size == length as u64);
    for finding in check_policy(&component, &Policy::empty()) {
        assert_fit(&format!("{finding}\n{}", finding.hint()), 32 * length + 4096);
    }
    check_reach(&component)
}

fn check_reach(component: &Component) -> bool {
    let length = component.bytes().len();
    let reach = match bounded(length, 2048, || Reach::of(component)) {
        Ok(reach) => reach,
        Err(error) => {
            assert_fit(&error.to_string(), 32 * length + 4096);
            return false;
        }
    };
    let possible = component.inspection().capabilities();
    for used in &reach.uses {
        assert!(possible.contains(&used.capability), "{} is of no import", used.capability);
    }
    for caution in [Caution::AsReached, Caution::ScopedOnly] {
        let declaration = read_again(&reach.draft(caution), None);
        let granted = declaration.grants.iter().map(|grant| grant.value.grant.rule.capability);
        assert!(granted.into_iter().all(|capability| possible.contains(&capability)));
    }
    let difference = Difference::between(&reach, &reach);
    assert!(!difference.is_more() && difference.less.is_empty());
    true
}
