use super::check::unenforced_by;
use super::*;
use caphost_policy::{Policy, Profile, parse_items, parse_list};
use sha2::{Digest, Sha256};
use std::fmt::Write;

const RUN: &str = r#"
  (core module $m (func (export "run") (result i32) i32.const 0))
  (core instance $i (instantiate $m))
  (func $run (result (result)) (canon lift (core func $i "run")))
  (instance $interface (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $interface))"#;

fn component(pieces: &[&str]) -> Vec<u8> {
    wat::parse_str(format!("(component {})", pieces.concat())).unwrap()
}

fn importing(interface: &str, function: &str) -> Vec<u8> {
    component(&[&format!(r#"(import "{interface}" (instance (export "{function}" (func))))"#), RUN])
}

fn read(bytes: Vec<u8>) -> Component {
    Component::read("app.wasm", bytes).unwrap()
}

fn policy(rules: &str) -> Policy {
    parse_list(rules).unwrap().into_iter().fold(Policy::builder(), caphost_policy::PolicyBuilder::allow).build()
}

#[test]
fn imports_exports_and_capabilities_are_read() {
    let bytes = component(&[
        r#"(type $error (enum "access"))
        (import "wasi:random/random@0.2.3" (instance (export "get-random-bytes" (func (param "len" u64)))))
        (import "wasi:io/poll@0.2.3" (instance $poll (export "pollable" (type (sub resource)))
            (export "poll" (func))))
        (alias export $poll "pollable" (type $pollable))
        (import "a-type" (type (eq $pollable)))
        (import "wasi:cli/environment@0.2.3" (instance (export "get-arguments" (func))))"#,
        RUN,
    ]);
    let component = read(bytes);
    let inspection = component.inspection();
    let imports: Vec<_> =
        inspection.imports.iter().map(|import| (import.interface.as_str(), import.functions.join(","))).collect();
    assert_eq!(
        imports,
        [
            ("wasi:random/random", "get-random-bytes".to_owned()),
            ("wasi:io/poll", "poll".to_owned()),
            ("wasi:cli/environment", "get-arguments".to_owned()),
        ]
    );
    assert_eq!(inspection.imports.first().unwrap().version.as_deref(), Some("0.2.3"));
    assert_eq!(inspection.capabilities(), [Capability::Random]);
    assert_eq!(inspection.exports, ["wasi:cli/run@0.2.0"]);
    assert!(inspection.is_command);
    assert_eq!(inspection.size, component.bytes().len() as u64);
    assert_eq!(component.require_runnable(), Ok(()));
    assert_eq!(component.validate(), Ok(()));
}

#[test]
fn the_digest_is_that_of_the_bytes() {
    let component = read(component(&[]));
    assert_eq!(*component.digest(), <[u8; 32]>::from(Sha256::digest(component.bytes())));
}

#[test]
fn each_bad_component_has_its_own_error() {
    let of = |name: &str| read(importing(name, "get-arguments")).require_runnable().unwrap_err().code().number();
    assert_eq!(of("wasi:cli/environment@0.2.0-rc-2023-12-05"), "CAP0404");
    assert_eq!(of("wasi:cli/environment@0.3.0-rc-2025-09-16"), "CAP0408");
    assert_eq!(of("wasi:cli/environment@0.3.0"), "CAP0408");
    assert_eq!(of("wasi:cli/environment@0.9.0"), "CAP0406");
    assert_eq!(of("wasi:cli/nothing@0.2.0"), "CAP0406");
    assert_eq!(of("acme:thing/api@1.0.0"), "CAP0406");
    assert_eq!(of("caphost:host/env@0.2.0"), "CAP0406");
    assert_eq!(of("caphost:host/env"), "CAP0406");
    assert_eq!(of("caphost:host/nothing@0.1.0"), "CAP0406");
    assert_eq!(read(importing("caphost:host/env@0.1.9", "get")).require_runnable(), Ok(()));
    assert_eq!(read(importing("wasi:cli/environment@0.2.9", "get-arguments")).require_runnable(), Ok(()));
    let unknown = read(importing("wasi:cli/environment@0.2.0", "get-secrets")).require_runnable().unwrap_err();
    assert_eq!(unknown.to_string(), "nobody provides the import `get-secrets` of `wasi:cli/environment@0.2.0`");
    assert_eq!(read(component(&[])).require_runnable().unwrap_err().code().number(), "CAP0405");
    let core = wat::parse_str("(module)").unwrap();
    assert_eq!(Component::read("m", core).unwrap_err(), BadComponent::CoreModule);
}

#[test]
fn a_component_of_the_next_wasi_is_no_mere_library() {
    let later = RUN.replace("wasi:cli/run@0.2.0", "wasi:cli/run@0.3.0");
    assert_eq!(read(component(&[&later])).require_command().unwrap_err().code().number(), "CAP0408");
}

#[test]
fn what_only_a_server_has_is_no_import_that_anybody_provides() {
    let handler = read(importing("wasi:http/incoming-handler@0.2.0", "handle"));
    assert_eq!(handler.require_runnable().unwrap_err().code().number(), "CAP0406");
    assert_eq!(read(importing("wasi:http/outgoing-handler@0.2.0", "handle")).require_runnable(), Ok(()), "control");
}

#[test]
fn an_import_is_covered_by_a_grant_of_any_capability_that_it_can_use() {
    let random = read(importing("wasi:random/random@0.2.0", "get-random-u64"));
    let uncovered =
        Finding::Uncovered { import: "wasi:random/random@0.2.0".to_owned(), capabilities: vec![Capability::Random] };
    assert_eq!(check(&random, &policy("time")), [uncovered]);
    assert_eq!(check(&random, &policy("random")), []);
    assert_eq!(check(&read(importing("wasi:cli/environment@0.2.0", "get-arguments")), &Policy::empty()), []);
}

#[test]
fn every_front_door_is_covered_alike() {
    for (interface, function, rule) in [
        ("caphost:host/fs@0.1.0", "read-file", "fs.read"),
        ("caphost:host/fs@0.1.0", "[method]file.metadata", "fs.read"),
        ("caphost:host/env@0.1.0", "set", "env.write"),
        ("caphost:host/time@0.1.0", "now", "time"),
        ("caphost:host/random@0.1.0", "bytes", "random"),
        ("caphost:host/net@0.1.0", "bind-udp", "net.udp"),
        ("caphost:host/http@0.1.0", "fetch", "net.connect"),
        ("caphost:host/websocket@0.1.0", "listen", "websocket.listen"),
        ("wasi:http/outgoing-handler@0.2.0", "handle", "net.connect:https://example.com"),
        ("wasi:sockets/ip-name-lookup@0.2.0", "resolve-addresses", "net.connect:example.com:443"),
        ("wasi:sockets/tcp@0.2.0", "[method]tcp-socket.start-connect", "net.connect"),
    ] {
        let component = read(importing(interface, function));
        assert_eq!(check(&component, &Policy::empty()).len(), 1, "{interface} {function}");
        assert_eq!(check(&component, &policy(rule)), [], "{interface} {function}");
    }
    for (interface, function) in [
        ("caphost:host/capabilities@0.1.0", "require"),
        ("caphost:host/random@0.1.0", "[constructor]seeded"),
        ("caphost:host/time@0.1.0", "sleep"),
        ("wasi:http/types@0.2.0", "[constructor]fields"),
        ("wasi:sockets/tcp-create-socket@0.2.0", "create-tcp-socket"),
    ] {
        assert_eq!(check(&read(importing(interface, function)), &Policy::empty()), [], "{interface} {function}");
    }
    let types = read(component(&[r#"(import "caphost:host/types@0.1.0" (instance))"#, RUN]));
    assert_eq!((types.require_runnable(), check(&types, &Policy::empty())), (Ok(()), Vec::new()));
}

#[test]
fn what_works_without_a_grant_is_no_finding_and_counts_among_what_could_be_used() {
    for (interface, function, capability, otherwise) in [
        ("wasi:clocks/monotonic-clock@0.2.0", "now", Capability::TimeWall, "deterministic time"),
        ("wasi:random/insecure-seed@0.2.0", "insecure-seed", Capability::Random, "a fixed sequence"),
        ("wasi:cli/environment@0.2.0", "get-environment", Capability::EnvRead, "an empty list"),
    ] {
        let component = read(importing(interface, function));
        let import = component.inspection().imports.first().unwrap();
        assert_eq!(component.inspection().capabilities(), [capability]);
        assert_eq!(coverage(import, &Policy::empty()), Coverage::Optional(otherwise));
        assert_eq!(coverage(import, &policy(capability.name())), Coverage::Covered);
        assert_eq!(check(&component, &Policy::empty()), []);
    }
    let wall = read(importing("wasi:clocks/wall-clock@0.2.0", "now"));
    assert_eq!(check(&wall, &Policy::empty()).len(), 1, "the control: the wall clock is never made up");
}

#[test]
fn an_item_of_which_nothing_is_enforced_is_one_finding() {
    let is_enforced = |capability| capability != Capability::DbRead && capability != Capability::DbWrite;
    let of = |list: &str| unenforced_by(parse_items(list).unwrap().first().unwrap(), is_enforced);
    let text = of("db:main").unwrap().to_string();
    assert_eq!(text, "`db:main` cannot be granted: nothing in this build can use `db.read`, `db.write`");
    assert!(of("db.read:main").is_some());
    assert_eq!((of("fs"), of("core")), (None, None));
}

#[test]
fn every_capability_and_every_profile_is_enforced() {
    let capabilities = Capability::ALL.iter().map(|capability| capability.name());
    for name in capabilities.chain(Profile::ALL.iter().map(|profile| profile.name)) {
        assert_eq!(unenforced(parse_items(name).unwrap().first().unwrap()), None, "{name}");
    }
}

#[test]
fn what_the_component_says_is_made_visible() {
    let error = BadComponent::UnknownImport { import: "a\u{1b}[2J\u{202e}b".to_owned() };
    assert_eq!(error.to_string(), "nobody provides the import `a\\u{1b}[2J\\u{202e}b`");
}

/// wasmparser alone overflows its stack on this, and with it every engine that is built on it.
#[test]
fn deeply_nested_types_are_refused_and_do_not_overflow_the_stack() {
    for head in [0x41, 0x42] {
        let at_the_bound = nested_types(head, 100);
        assert!(Component::read("deep", at_the_bound).is_ok());
        for depth in [101, 100_000] {
            let error = Component::read("deep", nested_types(head, depth)).unwrap_err();
            assert!(error.to_string().contains("types nest deeper than 100"), "{error}");
        }
    }
}

/// A component with a type `head` in a type `head`, `depth` deep.
fn nested_types(head: u8, depth: usize) -> Vec<u8> {
    let mut section = vec![1];
    section.extend([head, 1, 1].repeat(depth - 1));
    section.extend([head, 0]);
    with_section(7, &section)
}

/// A component of one section.
fn with_section(id: u8, contents: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(id);
    let mut length = contents.len();
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(contents);
    bytes
}

#[test]
fn deeply_nested_components_are_refused() {
    let nested = |depth| (0..depth).fold(component(&[]), |inner, _| with_section(4, &inner));
    assert!(Component::read("deep", nested(100)).is_ok());
    assert!(Component::read("deep", nested(101)).unwrap_err().to_string().contains("nest deeper than 100"));
}

#[test]
fn many_imports_of_one_long_type_do_not_multiply() {
    let mut text = String::from("(type $long (instance ");
    for n in 0..1_000 {
        write!(text, r#"(export "f{n}" (func))"#).unwrap();
    }
    text.push_str("))");
    let with = |imports: usize| {
        let imports: String = (0..imports).map(|n| format!(r#"(import "a:b/i{n}" (instance (type $long)))"#)).collect();
        component(&[&text, &imports])
    };
    assert!(Component::read("many", with(100)).is_ok());
    assert!(Component::read("many", with(101)).unwrap_err().to_string().contains("more than 100000 functions"));
}

#[test]
fn no_bytes_make_it_panic() {
    let whole = component(&[
        r#"(import "wasi:random/random@0.2.3" (instance (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
        (component (core module (func (export "f") nop)) (type (component (import "x" (func)))))"#,
        RUN,
    ]);
    for length in 0..whole.len() {
        let cut = whole.get(..length).unwrap().to_vec();
        // A cut at the end of a section leaves a shorter component; any other is an error.
        if let Ok(component) = Component::read("cut", cut) {
            assert!(component.inspection().exports.len() <= 1);
        }
    }
    for place in 8..whole.len() {
        for flip in [0x01, 0x20, 0x55, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= flip;
            if let Ok(component) = Component::read("changed", changed) {
                let _ = component.validate();
                let _ = component.require_runnable();
            }
        }
    }
}
