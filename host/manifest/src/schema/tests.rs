use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::{Map, Value, json};
use toml::de::DeTable;

use super::{json_of, schema};
use crate::keys::{ROOT, Shape, Table};
use crate::{Form, Manifest, Source};

/// Manifests that are right, and together have every key.
const GOOD: [&str; 4] = [
    include_str!("tests/every-key.toml"),
    "version = 1\n",
    "version = 1\nallow = []\ndeny = []\n[profiles.a]\nextends = []\n",
    "version = 1\nallow = [\" fs:read:./d \", \"net\", 'fs.read:a\\,b']\n[limits]\nmemory = 1\ntimeout = \"0h1m\"\n[env]\nA = \"\"\n",
];

/// Manifests that a schema can tell to be wrong.
const BAD: [&str; 25] = [
    "",
    "version = 2",
    "version = \"1\"",
    "version = 1\nallow = \"fs\"",
    "version = 1\nallow = [\"FS\"]",
    "version = 1\nallow = [\"\"]",
    "version = 1\nallow = [1]",
    "version = 1\nallow = [{ cap = \"fs\" }]",
    "version = 1\ndeny = [{}]",
    "version = 1\ncomponent = \"\"",
    "version = 1\non-deny = \"ask\"",
    "version = 1\n[[grant]]",
    "version = 1\n[[grant]]\ncap = \"fs.raed\"",
    "version = 1\n[[grant]]\ncap = \"fs\"\nid = \"A\"",
    "version = 1\n[[grant]]\ncap = \"fs\"\nttl = 30",
    "version = 1\n[[grant]]\ncap = \"fs\"\nttl = \"0s\"",
    "version = 1\n[[grant]]\ncap = \"fs\"\nquota = { ops = 0 }",
    "version = 1\n[[grant]]\ncap = \"fs\"\nquota = { rate = \"10\" }",
    "version = 1\n[[grant]]\ncap = \"net\"\nmethods = [\"get\"]",
    "version = 1\n[[grant]]\ncap = \"net\"\nmethods = []",
    "version = 1\n[limits]\nmax-handles = 4294967296",
    "version = 1\n[limits]\nmemory = \"1 apple\"",
    "version = 1\n[env]\n\"A=B\" = \"x\"",
    "version = 1\n[db.main]",
    "version = 1\n[db.main]\nurl = \"a\"\nurl-env = \"b\"",
];

fn value(text: &str) -> Value {
    let table = DeTable::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Value::Object(
        table.get_ref().iter().map(|(key, value)| (key.get_ref().to_string(), json_of(value.get_ref()))).collect(),
    )
}

fn reads(text: &str) -> bool {
    Manifest::read(Source { name: "test", text, form: Form::Toml }).is_ok()
}

#[test]
fn what_is_right_to_the_reader_is_right_to_the_schema() {
    for text in GOOD {
        let read = Manifest::read(Source { name: "good", text, form: Form::Toml });
        assert!(read.is_ok(), "{}\n{text}", read.unwrap_err());
        assert_eq!(check(&schema(), &value(text)), Ok(()), "{text}");
    }
}

#[test]
fn what_is_wrong_to_the_schema_is_wrong_to_the_reader() {
    for text in BAD {
        assert!(check(&schema(), &value(text)).is_err(), "{text}");
        assert!(!reads(text), "{text}");
    }
}

/// A key that stands in no good manifest could be one that the reader does not know.
#[test]
fn every_key_is_in_the_good_manifests_and_no_other_is() {
    let mut written: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut tables: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    visit(&ROOT, &value(GOOD[0]), &mut |table, _, object| {
        written.entry(table.schema_name).or_default().extend(object.keys().cloned());
        tables.insert(table.schema_name, table.keys.iter().map(|key| key.name.to_owned()).collect());
    });
    assert_eq!(written, tables);
    let definitions = schema()["$defs"].as_object().unwrap().len();
    assert_eq!(tables.len() + 1, definitions, "without the file itself, with rules and names of capabilities");
}

#[test]
fn an_unknown_key_is_wrong_in_every_table() {
    let mut places = Vec::new();
    visit(&ROOT, &value(GOOD[0]), &mut |_, place, _| places.push(place.to_owned()));
    assert!(places.len() >= 12, "{places:?}");
    for place in places {
        let mut manifest = value(GOOD[0]);
        let object = manifest.pointer_mut(&place).and_then(Value::as_object_mut).unwrap_or_else(|| panic!("{place}"));
        object.insert("nonsense".to_owned(), json!(1));
        assert!(check(&schema(), &manifest).is_err(), "{place}");
    }
}

#[test]
fn every_example_is_right() {
    let schema = schema();
    let mut count = 0;
    examples(&schema, &mut |schema_of_key, example| {
        count += 1;
        assert_eq!(check_in(&schema, schema_of_key, example), Ok(()), "{example}");
    });
    assert!(count > 40, "{count}");
}

/// Each object of the schema that has examples, with each of them.
fn examples<'s>(schema: &'s Value, visit: &mut impl FnMut(&'s Value, &'s Value)) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Array(given)) = object.get("examples") {
                given.iter().for_each(|example| visit(schema, example));
            }
            object.iter().filter(|(name, _)| *name != "examples").for_each(|(_, inner)| examples(inner, visit));
        }
        Value::Array(items) => items.iter().for_each(|item| examples(item, visit)),
        _ => {}
    }
}

/// Every table of a manifest with its JSON pointer.
fn visit(table: &'static Table, manifest: &Value, seen: &mut impl FnMut(&'static Table, &str, &Map<String, Value>)) {
    fn walk(
        table: &'static Table,
        place: &str,
        value: &Value,
        seen: &mut impl FnMut(&'static Table, &str, &Map<String, Value>),
    ) {
        let Value::Object(object) = value else { return };
        seen(table, place, object);
        for (name, value) in object {
            let place = format!("{place}/{name}");
            match (table.key(name).map(|key| key.shape), value) {
                (Some(Shape::Table(inner)), value) => walk(inner, &place, value, seen),
                (Some(Shape::Tables(inner) | Shape::RulesOrTables(inner)), Value::Array(items)) => {
                    let items = items.iter().enumerate();
                    items.for_each(|(index, item)| walk(inner, &format!("{place}/{index}"), item, seen));
                }
                (Some(Shape::Named(inner)), Value::Object(named)) => {
                    named.iter().for_each(|(name, item)| walk(inner, &format!("{place}/{name}"), item, seen));
                }
                _ => {}
            }
        }
    }
    walk(table, "", manifest, seen);
}

/// What of JSON Schema the schema uses, and nothing else: another word is a failure of the test, not something that is skipped.
fn check(schema: &Value, value: &Value) -> Result<(), String> {
    check_in(schema, schema, value)
}

fn check_in(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let rules = schema.as_object().unwrap_or_else(|| panic!("{schema}"));
    for (word, rule) in rules {
        let holds = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "examples" | "format" => true,
            "$ref" => {
                let pointer = rule.as_str().and_then(|text| text.strip_prefix('#')).unwrap_or_default();
                let target = root.pointer(pointer).unwrap_or_else(|| panic!("{rule}"));
                check_in(root, target, value)?;
                true
            }
            "type" => match rule.as_str() {
                Some("object") => value.is_object(),
                Some("array") => value.is_array(),
                Some("string") => value.is_string(),
                Some("integer") => value.is_i64() || value.is_u64(),
                _ => panic!("{rule}"),
            },
            "const" => value == rule,
            "enum" => list(rule).contains(value),
            "anyOf" => list(rule).iter().any(|inner| check_in(root, inner, value).is_ok()),
            "oneOf" => list(rule).iter().filter(|inner| check_in(root, inner, value).is_ok()).count() == 1,
            "required" => list(rule).iter().all(|name| value.get(name.as_str().unwrap_or_default()).is_some()),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= rule.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "items" => match value {
                Value::Array(items) => items.iter().try_for_each(|item| check_in(root, rule, item)).map(|()| true)?,
                _ => true,
            },
            "propertyNames" => match value {
                Value::Object(object) => object.keys().all(|name| check_in(root, rule, &json!(name)).is_ok()),
                _ => true,
            },
            "properties" => match value {
                Value::Object(object) => {
                    for (name, inner) in object {
                        rule.get(name).map_or(Ok(()), |rule| check_in(root, rule, inner))?;
                    }
                    true
                }
                _ => true,
            },
            "additionalProperties" => match value {
                Value::Object(object) => {
                    let is_other = |name: &&String| rules.get("properties").and_then(|known| known.get(name)).is_none();
                    let mut others = object.keys().filter(is_other).filter_map(|name| object.get(name));
                    match rule {
                        Value::Bool(false) => others.next().is_none(),
                        rule => others.all(|inner| check_in(root, rule, inner).is_ok()),
                    }
                }
                _ => true,
            },
            _ => panic!("the schema has a word that this test does not know: {word}"),
        };
        if !holds {
            return Err(format!("{word} {rule}: {value}"));
        }
    }
    Ok(())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_else(|| panic!("{value}"))
}
