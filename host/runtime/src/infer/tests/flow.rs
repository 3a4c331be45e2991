//! What is followed from function to function, and from place to place in one.

use super::*;

fn called_as(code: &str) -> Vec<String> {
    uses_in(&[READ], code)
}

const A: &str = "(i32.const 1024) (i32.const 10)";
const NOT: &[&str] = &["fs.read*NotConstant"];
const YES: &[&str] = &["fs.read:./data/a.txt"];

#[test]
fn parameters_are_followed_through_functions() {
    let wrapper = "(func $w (param i32 i32) (call $0 (local.get 0) (local.get 1)))";
    assert_eq!(called_as(&format!("{wrapper} {RUN} (call $w {A}))")), YES);
    let swapped = "(func $w (param i32 i32) (call $0 (local.get 1) (local.get 0)))";
    assert_eq!(called_as(&format!("{swapped} {RUN} (call $w (i32.const 10) (i32.const 1024)))")), YES);
    let half = "(func $w (param i32) (call $0 (local.get 0) (i32.const 10)))";
    assert_eq!(called_as(&format!("{half} {RUN} (call $w (i32.const 1024)))")), YES);
    let twice = format!("{wrapper} (func $v (param i32 i32) (return_call $w (local.get 0) (local.get 1)))");
    assert_eq!(called_as(&format!("{twice} {RUN} (call $v {A}))")), YES);
    let unused = format!("{wrapper} (func (call $w (i32.const 0) (i32.const 0))) {RUN} (call $w {A}))");
    assert_eq!(called_as(&unused), YES, "a call that nothing reaches");
    let other = format!("{wrapper} {RUN} (call $w {A}) (call $w (i32.const 0) (i32.const 1)))");
    assert_eq!(called_as(&other), NOT);
}

#[test]
fn a_wrapper_that_others_call_is_called_with_anything() {
    let wrapper = "(func $w (param i32 i32) (call $0 (local.get 0) (local.get 1)))";
    assert_eq!(called_as(&format!("{wrapper} (elem declare func $w) {RUN} (drop (ref.func $w)) (call $w {A}))")), NOT);
    assert_eq!(
        called_as(&format!("{wrapper} (table 1 funcref) (elem (i32.const 0) $w) {RUN} (call $w {A}))")),
        YES,
        "nothing calls there"
    );
    let table = format!(
        "{wrapper} (table 1 funcref) (elem (i32.const 0) $w) (type $t (func (param i32 i32)))
        {RUN} (call $w {A}) (call_indirect (type $t) {A} (i32.load (i32.const 0))))"
    );
    assert_eq!(called_as(&table), NOT);
}

#[test]
fn a_parameter_that_is_assigned_is_another_value_from_then_on() {
    let wrapper = |code: &str| format!("(func $w (param i32 i32) {code}) {RUN} (call $w {A}))");
    let call = "(call $0 (local.get 0) (local.get 1))";
    let set = "(local.set 0 (i32.load (i32.const 0)))";
    assert_eq!(called_as(&wrapper(&format!("{call} {set}"))), YES);
    assert_eq!(called_as(&wrapper(&format!("{set} {call}"))), NOT);
    assert_eq!(called_as(&wrapper(&format!("(loop {call} {set} (br 0))"))), NOT);
    assert_eq!(called_as(&wrapper(&format!("(if (local.get 1) (then {set})) {call}"))), NOT);
    assert_eq!(
        called_as(&wrapper(&format!("(if (local.get 1) (then {set}) (else {call}))"))),
        NOT,
        "less than could be known"
    );
    assert_eq!(called_as(&wrapper(&format!("(block (br_if 0 (local.get 1)) {set}) {call}"))), NOT);
    assert_eq!(called_as(&wrapper(&format!("(block (br_if 0 (local.get 1)) (nop)) {call}"))), YES);
    assert_eq!(called_as(&wrapper(&format!("(loop {call} (br_if 0 (local.get 1)))"))), YES);
}

#[test]
fn constants_go_through_locals() {
    let run = |code: &str| called_as(&format!("{RUN} (local $p i32) {code})"));
    let call = "(call $0 (local.get $p) (i32.const 10))";
    assert_eq!(run(&format!("(local.set $p (i32.const 1024)) {call}")), YES);
    assert_eq!(run(&format!("(call $0 (local.tee $p (i32.const 1024)) (i32.const 10)) {call}")), YES);
    assert_eq!(run(&format!("(local.set $p (i32.add (i32.const 1000) (i32.const 24))) {call}")), YES);
    assert_eq!(run(&format!("(if (i32.load (i32.const 0)) (then (local.set $p (i32.const 1024)))) {call}")), NOT);
    assert_eq!(
        run(&format!("(local.set $p (i32.const 1024)) (loop {call} (local.set $p (i32.const 1040)) (br 0))")),
        NOT
    );
    assert_eq!(run(&format!("(local.set $p (i32.const 1024)) (block {call})")), YES);
    let try_table = "(block (try_table (catch_all 0) (local.set $p (i32.const 1024))))";
    assert_eq!(run(&format!("{try_table} {call}")), NOT);
}

#[test]
fn what_blocks_and_choices_give_is_unknown() {
    let run = |pointer: &str| called_as(&format!("{RUN} (call $0 {pointer} (i32.const 10)))"));
    assert_eq!(run("(select (i32.const 1024) (i32.const 1040) (i32.load (i32.const 0)))"), NOT);
    assert_eq!(run("(block (result i32) (i32.const 1024))"), NOT);
    assert_eq!(run("(if (result i32) (i32.load (i32.const 0)) (then (i32.const 1024)) (else (i32.const 1040)))"), NOT);
    assert_eq!(called_as(&format!("{RUN} (i32.const 1024) (block) (i32.const 10) (call $0))")), YES);
    let taken = "(i32.const 1024) (i32.const 10) (block (param i32 i32) (call $0))";
    assert_eq!(called_as(&format!("{RUN} {taken})")), YES);
    let looped = "(i32.const 1024) (loop (param i32) (i32.const 10) (call $0) (br 0 (i32.const 1040)))";
    assert_eq!(called_as(&format!("{RUN} {looped})")), NOT);
    let dead = format!("{RUN} (block (br 0) (i32.const 7) (drop)) (call $0 {A}))");
    assert_eq!(called_as(&dead), YES);
    let polymorphic =
        format!("{RUN} (i32.const 1024) (i32.const 10) (block (unreachable) (drop) (drop) (drop)) (call $0))");
    assert_eq!(called_as(&polymorphic), YES);
}

#[test]
fn globals_that_never_change_are_constants() {
    let run = |globals: &str| called_as(&format!("{globals} {RUN} (call $0 (global.get 0) (i32.const 10)))"));
    assert_eq!(run("(global i32 (i32.const 1024))"), YES);
    assert_eq!(run("(global (mut i32) (i32.const 1024))"), NOT);
}

#[test]
fn functions_that_call_one_another_end() {
    let ring = "(func $a (param i32 i32) (call $b (local.get 0) (local.get 1)) (call $0 (local.get 0) (local.get 1)))
        (func $b (param i32 i32) (call $a (local.get 0) (local.get 1)))";
    assert_eq!(called_as(&format!("{ring} {RUN} (call $a {A}))")), YES);
    let turning = ring.replace("(call $a (local.get 0) (local.get 1))", "(call $a (local.get 1) (local.get 0))");
    assert_eq!(called_as(&format!("{turning} {RUN} (call $a {A}))")), NOT);
}
