mod bounds;
mod flow;
mod nested;

use super::*;
use caphost_manifest::{Form, Manifest, Source};
use caphost_policy::Rule;

/// An imported function: its interface, its name, and its core parameters; of the component's type only strings and numbers matter.
pub(super) struct Called(&'static str, &'static str, &'static str);

pub(super) const READ: Called = Called("caphost:host/fs", "read-file", r#"(param "path" string)"#);
pub(super) const WRITE: Called =
    Called("caphost:host/fs", "write-file", r#"(param "path" string) (param "contents" (list u8))"#);
pub(super) const OPEN: Called = Called("caphost:host/fs", "open", r#"(param "path" string) (param "how" u32)"#);
pub(super) const GET: Called = Called("caphost:host/env", "get", r#"(param "name" string)"#);
pub(super) const CONNECT: Called =
    Called("caphost:host/net", "connect", r#"(param "host" string) (param "port" u16) (param "timeout" (option u64))"#);
pub(super) const NOW: Called = Called("caphost:host/time", "now", "");
pub(super) const OPEN_AT: Called =
    Called("wasi:filesystem/types", "[method]descriptor.open-at", r#"(param "path" string)"#);
pub(super) const ENVIRONMENT: Called = Called("wasi:cli/environment", "get-environment", "");

/// Data of each test: `data/a.txt` at 1024, `b.txt` at 1040, `example.com` at 1056, `NAME` at 1072.
const DATA: &str = r#"(data (i32.const 1024) "data/a.txt") (data (i32.const 1040) "b.txt")
    (data (i32.const 1056) "example.com") (data (i32.const 1072) "NAME")"#;

/// A component that imports these functions, as `$0`, `$1` … of its main module.
pub(super) fn component(called: &[Called], data: &str, main: &str) -> String {
    let (mut imports, mut lowered, mut core, mut given) = (String::new(), String::new(), String::new(), String::new());
    for (number, Called(interface, function, parameters)) in called.iter().enumerate() {
        let generation = if interface.starts_with("wasi") { 2 } else { 1 };
        let (resource, own) = match function.strip_prefix("[method]").and_then(|method| method.split_once('.')) {
            Some((resource, _)) => {
                (format!(r#"(export "{resource}" (type $r (sub resource)))"#), r#"(param "self" (borrow $r))"#)
            }
            None => (String::new(), ""),
        };
        imports += &format!(
            r#"(import "{interface}@0.{generation}.{number}" (instance $i{number} {resource}
                (export "{function}" (func {own} {parameters}))))"#
        );
        let ty = core_type(&format!("{own} {parameters}"));
        lowered +=
            &format!(r#"(core func $f{number} (canon lower (func $i{number} "{function}") (memory $m "memory")))"#);
        core += &format!(r#"(import "host" "f{number}" (func ${number} {ty}))"#);
        given += &format!(r#"(export "f{number}" (func $f{number}))"#);
    }
    format!(
        r#"(component {imports}
        (core module $memory (memory (export "memory") 1) {data})
        (core instance $m (instantiate $memory))
        {lowered}
        (core module $main {core} (import "m" "memory" (memory 1)) {main})
        (core instance $main (instantiate $main (with "m" (instance $m)) (with "host" (instance {given}))))
        (func (export "run") (canon lift (core func $main "run"))))"#
    )
}

/// The core parameters of these.
fn core_type(parameters: &str) -> String {
    const FLAT: [(&str, &str); 6] = [
        ("borrow", "i32"),
        ("string", "i32 i32"),
        ("(list", "i32 i32"),
        (" u32", "i32"),
        (" u16", "i32"),
        ("(option", "i32 i64"),
    ];
    let flat = |parameter: &str| FLAT.iter().find(|(wit, _)| parameter.contains(wit)).map(|(_, core)| *core);
    format!("(param {})", parameters.split("(param").filter_map(flat).collect::<Vec<_>>().join(" "))
}

pub(super) fn reach(text: &str) -> Reach {
    let bytes = wat::parse_str(text).unwrap();
    Reach::of(&Component::read("app.wasm", bytes).unwrap()).unwrap()
}

/// What is reached: a rule a line; behind `*` why it has no scope, in front `?` what it can do without.
pub(super) fn uses_of(reach: &Reach) -> Vec<String> {
    let text = |one: &Use| match &one.extent {
        Extent::Everything(why) => {
            vec![format!("{}{}*{why:?}", if one.is_needed { "" } else { "?" }, one.capability)]
        }
        Extent::Scopes(constants) => constants
            .iter()
            .map(|constant| Rule { capability: one.capability, scope: constant.scope.clone() }.to_string())
            .collect(),
    };
    reach.uses.iter().flat_map(text).collect()
}

/// What is reached by a main module of these functions.
pub(super) fn uses_in(called: &[Called], main: &str) -> Vec<String> {
    uses_of(&reach(&component(called, DATA, main)))
}

const RUN: &str = r#"(func (export "run")"#;

#[test]
fn a_constant_gives_a_scope() {
    let main = format!("{RUN} (call $0 (i32.const 1024) (i32.const 10)))");
    assert_eq!(uses_in(&[READ], &main), ["fs.read:./data/a.txt"]);
    let part = format!("{RUN} (call $0 (i32.const 1024) (i32.const 4)))");
    assert_eq!(uses_in(&[READ], &part), ["fs.read:./data"]);
    let unknown = format!("{RUN} (call $0 (i32.load (i32.const 0)) (i32.const 10)))");
    assert_eq!(uses_in(&[READ], &unknown), ["fs.read*NotConstant"]);
}

#[test]
fn every_call_counts() {
    let two = format!("{RUN} (call $0 (i32.const 1024) (i32.const 10)) (call $0 (i32.const 1040) (i32.const 5)))");
    assert_eq!(uses_in(&[READ], &two), ["fs.read:./b.txt", "fs.read:./data/a.txt"]);
    let covered = format!("{RUN} (call $0 (i32.const 1024) (i32.const 10)) (call $0 (i32.const 1024) (i32.const 4)))");
    assert_eq!(uses_in(&[READ], &covered), ["fs.read:./data"]);
    let one = format!("{RUN} (call $0 (i32.const 1024) (i32.const 10)) (call $0 (i32.const 0) (i32.const 5)))");
    assert_eq!(uses_in(&[READ], &one), ["fs.read*NotConstant"]);
}

#[test]
fn what_nothing_calls_is_not_reached() {
    let main = format!("(func (call $0 (i32.const 1024) (i32.const 10))) {RUN} (call $1))");
    assert_eq!(uses_in(&[READ, NOW], &main), ["time.wall*NoScopes"]);
    assert_eq!(uses_in(&[READ, NOW], &format!("{RUN})")), [""; 0]);
    let by_start = format!("(func $s (call $1)) (start $s) {RUN})");
    assert_eq!(uses_in(&[READ, NOW], &by_start), ["time.wall*NoScopes"]);
}

#[test]
fn what_is_made_a_value_may_be_called_with_anything() {
    let elements = format!(
        "(table 1 funcref) (elem (i32.const 0) $0) (type $t (func (param i32 i32))) {RUN}
        (call_indirect (type $t) (i32.const 1024) (i32.const 10) (i32.load (i32.const 0))))"
    );
    assert_eq!(uses_in(&[READ], &elements), ["fs.read*NotConstant"]);
    let reference = format!("(elem declare func $0) {RUN} (drop (ref.func $0)))");
    assert_eq!(uses_in(&[READ], &reference), ["fs.read*NotConstant"]);
    let passive = format!("(elem func $0) {RUN})");
    assert_eq!(uses_in(&[READ], &passive), ["fs.read*NotConstant"]);
    let exported = format!(r#"{RUN}) (export "again" (func $0))"#);
    assert_eq!(uses_in(&[READ], &exported), [""; 0], "nobody takes the export");
}

#[test]
fn a_table_that_is_called_at_known_places_is_followed() {
    let table = |code: &str| {
        format!(
            "(table $t 2 funcref) (elem (i32.const 1) $0) (type $f (func (param i32 i32))) {RUN}
            (call_indirect $t (type $f) (i32.const 1024) (i32.const 10) (i32.const 1)) {code})"
        )
    };
    assert_eq!(uses_in(&[READ], &table("")), ["fs.read:./data/a.txt"]);
    assert_eq!(uses_in(&[READ], &table("(table.set $t (i32.const 0) (ref.null func))")), ["fs.read*NotConstant"]);
    let unused = "(table 2 funcref) (elem (i32.const 1) $0) (func (export \"run\"))";
    assert_eq!(uses_in(&[READ], unused), [""; 0]);
}

#[test]
fn each_kind_of_argument_gives_its_scope() {
    let port =
        |port: &str| format!("{RUN} (call $0 (i32.const 1056) (i32.const 11) {port} (i32.const 0) (i64.const 0)))");
    assert_eq!(uses_in(&[CONNECT], &port("(i32.const 443)")), ["net.connect:example.com:443"]);
    assert_eq!(uses_in(&[CONNECT], &port("(i32.load (i32.const 0))")), ["net.connect:example.com"]);
    let name = format!("{RUN} (call $0 (i32.const 1072) (i32.const 4)))");
    assert_eq!(uses_in(&[GET], &name), ["env.read:NAME"]);
    let open = |flags: u32| format!("{RUN} (call $0 (i32.const 1040) (i32.const 5) (i32.const {flags})))");
    assert_eq!(uses_in(&[OPEN], &open(1)), ["fs.read:./b.txt"]);
    assert_eq!(uses_in(&[OPEN], &open(8 | 2)), ["fs.write:./b.txt"]);
    assert_eq!(uses_in(&[OPEN], &open(3 | 64)), ["fs.read:./b.txt", "fs.write:./b.txt"]);
}

#[test]
fn what_makes_and_moves_names_takes_their_directory() {
    let rename = || Called("caphost:host/fs", "rename", r#"(param "from" string) (param "to" string)"#);
    let main = |to: &str| format!("{RUN} (call $0 (i32.const 1024) (i32.const 10) {to} (i32.const 10)))");
    assert_eq!(uses_in(&[rename()], &main("(i32.const 1024)")), ["fs.read:./data", "fs.write:./data"]);
    assert_eq!(
        uses_in(&[rename()], &main("(i32.load (i32.const 0))")),
        ["fs.read*NotConstant", "fs.write*NotConstant"]
    );
    let make = Called("caphost:host/fs", "create-directory", r#"(param "path" string)"#);
    let main = format!("{RUN} (call $0 (i32.const 1040) (i32.const 5)))");
    assert_eq!(uses_in(&[make], &main), ["fs.write:."]);
}

#[test]
fn what_is_written_over_is_no_constant() {
    let write =
        |code: &str| uses_in(&[READ], &format!("{RUN} (local i32) {code} (call $0 (i32.const 1040) (i32.const 5)))"));
    assert_eq!(write("(i32.store8 (i32.const 1060) (i32.const 0))"), ["fs.read:./b.txt"], "the control: behind it");
    assert_eq!(write("(i32.store8 (local.get 0) (i32.const 0))"), ["fs.read:./b.txt"], "a pointer");
    for code in [
        "(i32.store8 (i32.const 1041) (i32.const 0))",
        "(i32.store8 offset=1041 (local.get 0) (i32.const 0))",
        "(i32.store8 offset=1 (i32.const 1040) (i32.const 0))",
        "(memory.fill (i32.const 1030) (i32.const 0) (local.get 0))",
        "(memory.copy (i32.const 1030) (i32.const 0) (local.get 0))",
    ] {
        assert_eq!(write(code), ["fs.read*NotConstant"], "{code}");
    }
}

#[test]
fn what_acts_on_a_handle_takes_what_it_was_opened_for() {
    let db = |function| Called("caphost:host/db", function, "");
    let open = Called("caphost:host/db", "open", r#"(param "name" string)"#);
    let main = format!("{RUN} (call $0 (i32.const 1072) (i32.const 4)) (call $1 (i32.const 0)))");
    assert_eq!(uses_in(&[open, db("[method]connection.query")], &main), ["db.read:NAME", "db.write:NAME"]);
    let alone = format!("{RUN} (call $0 (i32.const 0)))");
    assert_eq!(uses_in(&[db("[method]connection.query")], &alone), ["db.read*NotTold", "db.write*NotTold"]);
    let metadata = Called("caphost:host/fs", "[method]file.metadata", "");
    let main = format!("{RUN} (call $0 (i32.const 1040) (i32.const 5) (i32.const 2)) (call $1 (i32.const 0)))");
    assert_eq!(uses_in(&[OPEN, metadata], &main), ["fs.read:./b.txt", "fs.write:./b.txt"]);
}

#[test]
fn what_wasi_is_told_is_not_followed() {
    let main = format!(
        "{RUN} (call $0 (i32.const 0) (i32.const 1024) (i32.const 10)) (call $1) (call $2 (i32.const 1072) (i32.const 4)))"
    );
    let uses = uses_in(&[OPEN_AT, ENVIRONMENT, GET], &main);
    assert_eq!(uses, ["fs.read*NotTold", "fs.write*NotTold", "env.read:NAME", "?env.read*NotTold"]);
}

#[test]
fn the_draft_is_read_back_and_says_why() {
    let main = format!(
        "{RUN} (call $0 (i32.const 1024) (i32.const 10)) (call $1) (call $2) (call $3 (i32.const 0) (i32.const 1)))"
    );
    let reach = reach(&component(&[READ, ENVIRONMENT, NOW, GET], DATA, &main));
    let rules = |caution| {
        let text = reach.draft(caution).to_toml();
        let manifest = Manifest::read(Source { name: "caphost.toml", text: &text, form: Form::Toml }).unwrap();
        let declaration = manifest.declaration(&[], None).unwrap();
        declaration.grants.iter().map(|grant| grant.value.grant.rule.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(rules(Caution::AsReached), ["fs.read:./data/a.txt", "env.read", "time.wall"]);
    assert_eq!(rules(Caution::ScopedOnly), ["fs.read:./data/a.txt", "time.wall"]);
    let text = reach.draft(Caution::AsReached).to_toml();
    assert!(text.contains("caphost:host/fs read-file"), "{text}");
    assert!(text.contains("no scope, because it is not always a constant: caphost:host/env get"), "{text}");
}

#[test]
fn what_an_update_adds_is_more() {
    let with = |called: &[Called], code: &str| reach(&component(called, DATA, &format!("{RUN} {code})")));
    let a = "(call $0 (i32.const 1024) (i32.const 10))";
    let old = with(&[READ], a);
    let same = Difference::between(&old, &with(&[READ], a));
    assert_eq!((same.is_more(), same.less.is_empty()), (false, true));
    let wider = Difference::between(&old, &with(&[READ], "(call $0 (i32.const 1024) (i32.const 4))"));
    assert!(matches!(wider.more.as_slice(), [Change::Scope { rule, .. }] if rule.to_string() == "fs.read:./data"));
    let new = with(&[READ, NOW], &format!("{a} (call $1)"));
    let more = Difference::between(&old, &new);
    assert!(matches!(more.more.as_slice(), [Change::Capability { rule, .. }] if rule.to_string() == "time.wall"));
    let less = Difference::between(&new, &old);
    assert_eq!((less.is_more(), less.less.len()), (false, 1));
    let metadata = Called("caphost:host/fs", "metadata", r#"(param "path" string)"#);
    let function =
        Difference::between(&old, &with(&[READ, metadata], &format!("{a} (call $1 (i32.const 1024) (i32.const 10))")));
    assert!(matches!(function.more.as_slice(), [Change::Function(one)] if one.name == "metadata"));
    let foreign = Called("acme:thing/api", "go", "");
    let unknown = Difference::between(&old, &with(&[READ, foreign], &format!("{a} (call $1)")));
    assert!(matches!(unknown.more.as_slice(), [Change::Unknown(one)] if one.interface == "acme:thing/api"));
}
