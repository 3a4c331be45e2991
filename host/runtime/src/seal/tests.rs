//! Sealing, reading, signing, and what a change does to all of it.

use super::verify::Account;
use super::*;
use crate::inspect::{BadComponent, Component, Import};
use caphost_caps::ambient::HostAuthority;
use caphost_manifest::{Form, Manifest, Source};
use caphost_policy::{Capability, Request, Target, codes::Code};

/// A small component that imports two things and runs.
const APP: &str = r#"(component
    (import "wasi:cli/environment@0.2.0" (instance (export "get-environment" (func (result (list (tuple string string)))))))
    (import "wasi:random/random@0.2.0" (instance (export "get-random-u64" (func (result u64)))))
    (core module $m (func (export "run") (result i32) i32.const 0))
    (core instance $i (instantiate $m))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $interface (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $interface))
    (@producers (language "test" "1")))"#;

const MANIFEST: &str = "version = 1\nallow = [\"env.read:APP_*\", \"fs.read:./data\"]\ndeny = [\"random\"]\n";

fn component(bytes: Vec<u8>) -> Component {
    Component::read("app.wasm", bytes).unwrap()
}

fn app() -> Component {
    component(wat::parse_str(APP).unwrap())
}

fn manifest(text: &str) -> Canonical {
    let manifest = Manifest::read(Source { name: "caphost.toml", text, form: Form::Toml }).unwrap();
    Canonical::of(&manifest.declaration(&[], None).unwrap()).unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_pem(key_file::private_text(&[seed; 32]).as_bytes()).unwrap()
}

fn sealed(keys: &[SigningKey]) -> Vec<u8> {
    seal(&app(), &manifest(MANIFEST), keys).unwrap().to_bytes()
}

fn verdict(bytes: &[u8]) -> Result<bool, Vec<Code>> {
    match Component::read("app.wasm", bytes.to_vec()) {
        Err(error) => Err(vec![error.code()]),
        Ok(component) => {
            let found = verify(&component, &Expectations::default(), Timestamp::EPOCH);
            let is_held = component.seal().is_ok_and(|seal| seal.is_some());
            assert_eq!(found.is_intact, is_held, "a run and a verification agree");
            if found.holds() { Ok(true) } else { Err(found.problems.iter().map(Problem::code).collect()) }
        }
    }
}

#[test]
fn what_is_sealed_holds_and_says_what_it_was_made_of() {
    let bytes = sealed(&[key(1), key(2)]);
    let component = component(bytes);
    component.validate().unwrap();
    let seal = component.seal().unwrap().unwrap();
    assert_eq!(seal.manifest(), &manifest(MANIFEST));
    assert_eq!(seal.source_digest(), Some(Digest(*app().digest())));
    assert!(seal.is_signed_by(key(1).public()) && seal.is_signed_by(key(2).public()));
    assert!(!seal.is_signed_by(key(3).public()));
    let before = component.bytes().get(..seal.start).unwrap();
    assert_eq!(seal.component_digest(), Digest::of(before));
    let names = |field: &str| component.inspection().producers.iter().any(|producer| producer.name == field);
    assert!(names("test") && names("caphost") && names("caphost-seal"));
    assert_eq!(component.inspection().imports, app().inspection().imports);
    assert_eq!(verdict(component.bytes()), Ok(true));
}

#[test]
fn no_bit_of_a_sealed_file_can_change() {
    for bytes in [sealed(&[]), sealed(&[key(1)])] {
        assert_eq!(verdict(&bytes), Ok(true), "control");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(verdict(&changed).is_err(), "bit {bit} of {}", bytes.len() * 8);
        }
    }
}

#[test]
fn no_part_of_a_sealed_file_verifies() {
    let bytes = sealed(&[key(1)]);
    for length in 0..bytes.len() {
        assert!(verdict(&bytes[..length]).is_err(), "{length} of {}", bytes.len());
    }
}

#[test]
fn a_signature_that_is_added_changes_nothing_else() {
    let once = component(sealed(&[key(1)]));
    let twice = add_signatures(&once, &[key(2), key(1)]).unwrap().to_bytes();
    assert_eq!(twice, sealed(&[key(2), key(1), key(2)]), "their order does not matter, and each is there once");
    let (once, twice) = (once.seal().unwrap().unwrap().clone(), component(twice));
    let twice = twice.seal().unwrap().unwrap();
    assert_eq!(twice.component_digest(), once.component_digest());
    assert_eq!(twice.manifest_digest(), once.manifest_digest());
    assert_eq!(twice.signers().count(), 2);
}

#[test]
fn a_signature_is_about_this_manifest_and_this_component() {
    let other = manifest("version = 1\nallow = [\"env.read\"]\ndeny = [\"random\"]\n");
    let theirs = component(seal(&app(), &other, &[key(1)]).unwrap().to_bytes());
    let ours = component(sealed(&[]));
    let mut text = ours.seal().unwrap().unwrap().text.clone();
    text.signatures = theirs.seal().unwrap().unwrap().text.signatures.clone();
    assert_eq!(verdict(&with_text(&ours, &text)), Err(vec![Code::BrokenSignature]));
}

/// `component` with another seal.
fn with_text(component: &Component, text: &Text) -> Vec<u8> {
    let seal = component.seal().unwrap().unwrap();
    let payload = text.write(seal.manifest.as_str());
    let header = place::header(place::NAME, payload.len());
    [&component.bytes()[..seal.start], &header, payload.as_bytes()].concat()
}

#[test]
fn a_list_of_imports_that_is_not_the_component_s_is_found_by_name() {
    let ours = component(sealed(&[]));
    let mut text = ours.seal().unwrap().unwrap().text.clone();
    let import = text.imports.remove(0);
    let component = component(with_text(&ours, &text));
    let faults = component.seal().unwrap_err();
    assert_eq!(faults.0, [SealFault::ImportsChanged { import, change: Change::Added }]);
    text.imports =
        vec!["a:b/c".to_owned(), "wasi:cli/environment@0.2.0".to_owned(), "wasi:random/random@0.2.0".to_owned()];
    assert_eq!(verdict(&with_text(&ours, &text)), Err(vec![Code::ImportsChanged]));
}

#[test]
fn each_tampering_has_its_own_code() {
    let bytes = sealed(&[key(1)]);
    let ours = component(bytes.clone());
    let start = ours.seal().unwrap().unwrap().start;
    let (before, seal) = bytes.split_at(start);
    let code = |bytes: &[u8]| verdict(bytes).unwrap_err();
    let nested = [&b"\0asm\x0d\0\x01\0\x04"[..], &leb(bytes.len()), &bytes].concat();
    assert_eq!(code(&nested), [Code::NestedSeal]);
    assert_eq!(code(&[&bytes, seal].concat()), [Code::SecondSeal]);
    assert_eq!(code(&[&bytes[..], b"\0\x01\0"].concat()), [Code::BehindSeal]);
    assert_eq!(code(&[&bytes[..], b"\0"].concat()), [Code::TrailingBytes]);
    assert_eq!(code(&[&bytes[..], b"behind"].concat()), [Code::TrailingBytes]);
    assert_eq!(code(before), [Code::SealRemoved]);
    assert_eq!(code(&bytes[..bytes.len() - 1]), [Code::Malformed]);
    assert_eq!(code(app().bytes()), [Code::NotSealed]);
    // An import of a function of the first type, before the seal and behind it.
    let import = [&[10, 21, 1, 0, 16][..], b"wasi:other/thing", &[5, 0]].concat();
    assert_eq!(code(&[before, &import, seal].concat()), [Code::ImportsChanged, Code::ComponentChanged]);
    assert_eq!(code(&[&bytes, &import[..]].concat()), [Code::BehindSeal]);
    let replaced = |from: &str, to: &str| {
        let text = String::from_utf8(seal[seal.len() - ours_payload(&ours)..].to_vec()).unwrap().replace(from, to);
        [before, &place::header(place::NAME, text.len()), text.as_bytes()].concat()
    };
    assert_eq!(code(&replaced("./data", "./date")), [Code::ManifestChanged]);
    assert_eq!(code(&replaced("\"version\":1}", "\"version\":2}")), [Code::NewerSeal]);
    assert_eq!(code(&replaced("\":", "\": ")), [Code::DamagedSeal]);
}

fn ours_payload(component: &Component) -> usize {
    let seal = component.seal().unwrap().unwrap();
    seal.text.write(seal.manifest.as_str()).len()
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

#[test]
fn what_has_a_seal_is_not_sealed_again_and_what_has_none_not_signed() {
    let ours = component(sealed(&[]));
    assert_eq!(seal(&ours, &manifest(MANIFEST), &[]).unwrap_err(), SealingError::Sealed);
    assert_eq!(add_signatures(&app(), &[key(1)]).unwrap_err(), SealingError::NotSealed);
    let removed = component(ours.bytes()[..ours.seal().unwrap().unwrap().start].to_vec());
    let fault = SealingError::Faults(SealFaults(vec![SealFault::Removed]));
    assert_eq!(seal(&removed, &manifest(MANIFEST), &[]).unwrap_err(), fault);
}

#[test]
fn a_run_is_held_to_the_seal() {
    use crate::{Host, Outcome, Run, RunError};
    let run = |bytes: Vec<u8>| Host::default().run(Run::new(component(bytes), Policy::empty()), HostAuthority::claim());
    assert_eq!(run(sealed(&[])).unwrap(), Outcome::Exited(0));
    let mut changed = sealed(&[]);
    changed[40] ^= 1;
    assert!(matches!(run(changed), Err(RunError::Seal(_))));
}

#[test]
fn paths_of_a_seal_are_the_component_s() {
    let ours = component(sealed(&[]));
    let policy = ours.seal().unwrap().unwrap().policy("/srv/app", Timestamp::EPOCH);
    let may_read =
        |path| policy.decide(&Request { capability: Capability::FsRead, target: Target::Path(path) }).is_allowed();
    assert!(may_read("/srv/app/data/a"));
    assert!(!may_read("/srv/other/data/a"));
    assert_eq!(policy.limits(), &limits::unlimited());
}

#[test]
fn an_import_that_the_manifest_says_nothing_of_is_found() {
    let of =
        |text: &str| uncovered(&app(), &manifest(text)).iter().map(|import| import.name.clone()).collect::<Vec<_>>();
    assert_eq!(of(MANIFEST), [""; 0]);
    assert_eq!(of("version = 1\nallow = [\"env.read:APP_*\"]\n"), ["wasi:random/random@0.2.0"]);
    assert_eq!(of("version = 1\ndeny = [\"random\"]\n"), [""; 0]);
}

#[test]
fn a_part_that_is_denied_is_no_account_of_the_whole() {
    let import = Import {
        name: "wasi:filesystem/types@0.2.0".to_owned(),
        interface: "wasi:filesystem/types".to_owned(),
        version: None,
        functions: Vec::new(),
        capabilities: vec![Capability::FsRead, Capability::FsWrite],
        required: vec![Capability::FsRead, Capability::FsWrite],
        otherwise: None,
    };
    let of = |rules: &str| {
        let policy =
            manifest(&format!("version = 1\n{rules}\n")).declaration().policy(Timestamp::EPOCH, policy_limits());
        verify::account(&import, &policy)
    };
    assert_eq!(of("allow = [\"fs.read:./data\"]"), Account::Covered);
    assert_eq!(of("deny = [\"fs\"]"), Account::Denied);
    let except = "deny = [\"fs.write\", { cap = \"fs.read\", scopes = [\"/data\"], except = [\"/data/a\"] }]";
    for part in ["deny = [\"fs.read\"]", "deny = [\"fs:/data\"]", except, ""] {
        assert_eq!(of(part), Account::Nothing, "{part}");
    }
}

#[test]
fn keys_and_policies_are_held_against_a_seal() {
    let component = component(sealed(&[key(1)]));
    let trusted = |seed: u8| TrustedKey { name: seed.to_string(), key: key(seed).public() };
    let found = |keys: &[TrustedKey], policy: Option<&str>| {
        let policy = policy.map(|text| manifest(text).declaration().policy(Timestamp::EPOCH, policy_limits()));
        let expected = Expectations { keys: keys.to_vec(), policy, directory: String::new() };
        let found = verify(&component, &expected, Timestamp::EPOCH);
        (found.authenticity, found.problems.iter().map(Problem::code).collect::<Vec<_>>())
    };
    assert_eq!(found(&[], None), (Authenticity::Unverified, vec![]));
    assert_eq!(found(&[trusted(1)], None), (Authenticity::Verified, vec![]));
    assert_eq!(found(&[trusted(1), trusted(2)], None), (Authenticity::Unverified, vec![Code::NotSignedBy]));
    assert_eq!(found(&[], Some("version = 1\nallow = [\"env\", \"fs\"]\n")).1, []);
    assert_eq!(found(&[], Some("version = 1\nallow = [\"env\"]\n")).1, [Code::BeyondPolicy]);
    let limited = "version = 1\nallow = [\"env\", \"fs\"]\n[limits]\nfuel = 5\n";
    assert_eq!(found(&[], Some(limited)).1, [Code::BeyondPolicy]);
}

#[test]
fn bytes_behind_a_seal_are_told_from_a_broken_component() {
    let error = Component::read("x", [&sealed(&[])[..], b"x"].concat()).unwrap_err();
    assert!(matches!(error, BadComponent::Seal(_)), "{error:?}");
    let error = Component::read("x", [app().bytes(), b"x"].concat()).unwrap_err();
    assert!(matches!(error, BadComponent::Malformed { .. }), "{error:?}");
}
