//! Hostile components: bounded, and without a panic.

use super::*;
use std::fmt::Write;

#[test]
fn no_bytes_make_it_panic() {
    let main = format!("(table 2 funcref) (elem (i32.const 0) $0) (global i32 (i32.const 1024)) (type $t (func (param i32 i32)))
        (func $w (param i32 i32) (local i32) (loop (local.set 2 (local.get 0)) (br_if 0 (local.get 1)))
            (call $0 (local.get 0) (local.get 1)))
        {RUN} (call $w (global.get 0) (i32.const 10)) (call_indirect (type $t) (i32.const 0) (i32.const 0) (i32.const 0)))");
    let whole = wat::parse_str(component(&[READ, WRITE, NOW], DATA, &main)).unwrap();
    for place in 8..whole.len() {
        for flip in [0x01, 0x02, 0x40, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[place] ^= flip;
            let Ok(component) = Component::read("changed", changed) else { continue };
            let _ = Reach::of(&component);
            // What is not valid is looked at, too.
            if let Ok(definitions) = component::read(component.bytes()) {
                let _ = followed(&component, &definitions);
            }
        }
    }
}

#[test]
fn code_that_is_not_valid_is_an_error() {
    let mut bytes =
        wat::parse_str(component(&[READ], DATA, &format!("{RUN} (call $0 (i32.const 1) (i32.const 2)))"))).unwrap();
    let call = bytes.windows(6).position(|code| code == [0x41, 1, 0x41, 2, 0x10, 0]).unwrap();
    bytes[call] = 0x42;
    assert!(Reach::of(&Component::read("bad", bytes).unwrap()).is_err());
}

/// Each component instantiates the one before it twice.
#[test]
fn components_that_multiply_are_not_followed_for_ever() {
    let mut text = String::from(
        r#"(component (import "caphost:host/time@0.1.0" (instance $t (export "now" (func)))) (component $c0)"#,
    );
    for number in 1..40 {
        let before = number - 1;
        write!(
            text,
            "(component $c{number} (alias outer 1 $c{before} (component $d)) (instance (instantiate $d)) (instance (instantiate $d)))"
        )
        .unwrap();
    }
    let reach = reach(&format!("{text} (instance (instantiate $c39)))"));
    assert_eq!((uses_of(&reach), reach.is_followed), (vec!["time.wall*NoScopes".to_owned()], false));
}

/// A function that is called with many constants, and a chain of functions that is longer than what is followed.
#[test]
fn what_is_too_much_has_no_scope() {
    let mut data = String::new();
    let mut calls = String::new();
    for number in 0..100 {
        write!(data, r#"(data (i32.const {}) "f{number:03}")"#, 2000 + number * 8).unwrap();
        write!(calls, "(call $0 (i32.const {}) (i32.const 4))", 2000 + number * 8).unwrap();
    }
    let many = reach(&component(&[READ], &data, &format!("{RUN} {calls})")));
    assert_eq!(uses_of(&many), ["fs.read*TooMany"]);
    let chain = |length: usize| {
        let mut text = "(func $w0 (param i32 i32) (call $0 (local.get 0) (local.get 1)))".to_owned();
        for number in 1..length {
            let before = number - 1;
            write!(text, "(func $w{number} (param i32 i32) (call $w{before} (local.get 0) (local.get 1)))").unwrap();
        }
        uses_in(&[READ], &format!("{text} {RUN} (call $w{} (i32.const 1024) (i32.const 10)))", length - 1))
    };
    assert_eq!(chain(10), ["fs.read:./data/a.txt"]);
    assert_eq!(chain(20), ["fs.read*NotConstant"]);
}

#[test]
fn what_is_asynchronous_counts_as_reached() {
    let text = component(&[NOW, READ], DATA, &format!("{RUN})"));
    let with = format!("{} (core func (canon context.get i32 0)))", text.trim_end().strip_suffix(')').unwrap());
    let reach = reach(&with);
    assert_eq!((uses_of(&reach).len(), reach.is_followed), (2, false));
}
