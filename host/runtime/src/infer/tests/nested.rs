//! Components in components, and the tables that `wit-component` puts between a module and what it imports.

use super::*;

/// As `wasm-component-ld` writes it: the main module has the memory, so that what it imports goes through a table that is filled
/// when there is one.
fn shimmed(main: &str, filling: &str) -> String {
    format!(
        r#"(component
        (import "caphost:host/fs@0.1.0" (instance $fs (export "read-file" (func (param "path" string)))
            (export "write-file" (func (param "path" string) (param "contents" (list u8))))))
        (core module $main (import "fs" "read-file" (func $read (param i32 i32)))
            (import "fs" "write-file" (func $write (param i32 i32 i32 i32)))
            (memory (export "memory") 1) {DATA} {main})
        (core module $shim (type $r (func (param i32 i32))) (type $w (func (param i32 i32 i32 i32)))
            (table (export "$imports") 2 2 funcref)
            (func (export "0") (param i32 i32) local.get 0 local.get 1 i32.const 0 call_indirect (type $r))
            (func (export "1") (param i32 i32 i32 i32) local.get 0 local.get 1 local.get 2 local.get 3 i32.const 1 call_indirect (type $w)))
        (core module $fill (import "" "0" (func (param i32 i32))) (import "" "1" (func (param i32 i32 i32 i32)))
            (import "" "$imports" (table 2 2 funcref)) {filling})
        (core instance $s (instantiate $shim))
        (core instance $m (instantiate $main
            (with "fs" (instance (export "read-file" (func $s "0")) (export "write-file" (func $s "1"))))))
        (core func $read (canon lower (func $fs "read-file") (memory $m "memory")))
        (core func $write (canon lower (func $fs "write-file") (memory $m "memory")))
        (core instance (instantiate $fill
            (with "" (instance (export "$imports" (table $s "$imports")) (export "0" (func $read)) (export "1" (func $write))))))
        (func (export "run") (canon lift (core func $m "run"))))"#
    )
}

const FILL: &str = "(elem (i32.const 0) func 0 1)";

#[test]
fn calls_are_followed_through_the_shim() {
    let read = format!("{RUN} (call $read (i32.const 1024) (i32.const 10)))");
    assert_eq!(
        uses_of(&reach(&shimmed(&read, FILL))),
        ["fs.read:./data/a.txt"],
        "what is only in the table is not reached"
    );
    let both = format!(
        "{RUN} (call $read (i32.const 1024) (i32.const 10))
        (call $write (i32.const 1040) (i32.const 5) (i32.const 0) (i32.load (i32.const 0))))"
    );
    assert_eq!(uses_of(&reach(&shimmed(&both, FILL))), ["fs.read:./data/a.txt", "fs.write:./b.txt"]);
}

#[test]
fn a_shim_whose_table_is_not_known_is_not_followed() {
    let read = format!("{RUN} (call $read (i32.const 1024) (i32.const 10)))");
    let moved = "(global i32 (i32.const 0)) (func $f (table.fill (i32.const 0) (ref.func 0) (i32.const 2))) (elem declare func 0 1)
        (start $f) (elem (i32.const 0) func 0 1)";
    assert_eq!(uses_of(&reach(&shimmed(&read, moved))), ["fs.read*NotConstant", "fs.write*NotConstant"]);
}

/// A component inside of another, which is given `given`; what it imports is `i`.
fn inside(inner: &str, given: &str, rest: &str) -> String {
    format!(
        r#"(component
        (import "caphost:host/fs@0.1.0" (instance $fs (export "read-file" (func (param "path" string)))))
        (component $inner
            (import "i" (instance $i (export "read-file" (func (param "path" string)))))
            {inner})
        (instance $n (instantiate $inner (with "i" (instance {given}))))
        {rest})"#
    )
}

const CALLS: &str = r#"
    (core module $memory (memory (export "memory") 1) (data (i32.const 1024) "b.txt"))
    (core instance $m (instantiate $memory))
    (core func $read (canon lower (func $i "read-file") (memory $m "memory")))
    (core module $main (import "" "f" (func $f (param i32 i32))) (func (export "run") (call $f (i32.const 1024) (i32.const 5))))
    (core instance $c (instantiate $main (with "" (instance (export "f" (func $read))))))
    (func (export "run") (canon lift (core func $c "run")))"#;

#[test]
fn imports_are_followed_into_components() {
    assert_eq!(uses_of(&reach(&inside(CALLS, "$fs", ""))), ["fs.read:./b.txt"]);
    let unused = reach(&inside("", "$fs", ""));
    assert_eq!((uses_of(&unused), unused.is_followed), (vec![], true));
}

#[test]
fn an_import_that_another_component_satisfies_is_none() {
    let text = r#"(component
        (import "caphost:host/fs@0.1.0" (instance $fs (export "read-file" (func (param "path" string)))))
        (component $virtual
            (core module $m (memory (export "memory") 1) (func (export "f") (param i32 i32))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
            (core instance $i (instantiate $m))
            (func (export "read-file") (param "path" string)
                (canon lift (core func $i "f") (memory $i "memory") (realloc (func $i "realloc")))))
        (instance $v (instantiate $virtual))
        (component $inner (import "i" (instance $i (export "read-file" (func (param "path" string))))) CALLS)
        (instance (instantiate $inner (with "i" (instance GIVEN)))))"#;
    let given = |given: &str| uses_of(&reach(&text.replace("CALLS", CALLS).replace("GIVEN", given)));
    assert_eq!(given("$v"), [""; 0]);
    assert_eq!(given("$fs"), ["fs.read:./b.txt"], "the control");
}

#[test]
fn what_is_exported_again_can_be_called_by_others() {
    let function = inside("", "$fs", r#"(alias export $fs "read-file" (func $f)) (export "again" (func $f))"#);
    assert_eq!(uses_of(&reach(&function)), ["fs.read*NotConstant"]);
    let whole = reach(&inside("", "$fs", r#"(export "again" (instance $fs))"#));
    assert_eq!((uses_of(&whole), whole.is_followed), (vec!["fs.read*NotTold".to_owned()], false));
}

#[test]
fn strings_in_another_form_are_not_read() {
    let other = CALLS.replace(
        r#"(canon lower (func $i "read-file") (memory $m "memory"))"#,
        r#"(canon lower (func $i "read-file") (memory $m "memory") string-encoding=utf16)"#,
    );
    assert_eq!(uses_of(&reach(&inside(&other, "$fs", ""))), ["fs.read*NotConstant"]);
}

#[test]
fn a_module_that_is_instantiated_twice_is_both() {
    let text = r#"(component
        (import "caphost:host/fs@0.1.0" (instance $fs (export "read-file" (func (param "path" string)))))
        (import "caphost:host/env@0.1.0" (instance $env (export "get" (func (param "name" string)))))
        (core module $memory (memory (export "memory") 1) (data (i32.const 1024) "NAME"))
        (core instance $m (instantiate $memory))
        (core func $read (canon lower (func $fs "read-file") (memory $m "memory")))
        (core func $get (canon lower (func $env "get") (memory $m "memory")))
        (core module $main (import "" "f" (func $f (param i32 i32))) (func (export "run") (call $f (i32.const 1024) (i32.const 4))))
        (core instance $c (instantiate $main (with "" (instance (export "f" (func $read))))))
        (core instance $d (instantiate $main (with "" (instance (export "f" (func $get))))))
        (func (export "run") (canon lift (core func $d "run"))))"#;
    assert_eq!(uses_of(&reach(text)), ["fs.read:./NAME", "env.read:NAME"]);
}

#[test]
fn a_destructor_is_called_by_others() {
    let text = component(&[NOW], "", r#"(func (export "drop") (param i32) (call $0)) (func (export "run"))"#);
    let end = text.rfind("(func (export \"run\")").unwrap();
    let with = format!(r#"{} (type (resource (rep i32) (dtor (core func $main "drop")))))"#, text[..end].trim_end());
    assert_eq!(uses_of(&reach(&with)), ["time.wall*NoScopes"]);
    assert_eq!(uses_of(&reach(&text)), [""; 0], "the control");
}
