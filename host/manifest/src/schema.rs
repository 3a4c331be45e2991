//! A JSON Schema of the manifest, for editors that complete and check as one types.
//!
//! It is made from [`keys`](crate::keys), the list that the reader itself goes by, so a key is in both or in neither. `schemars` makes
//! schemas from Rust types that `serde` reads; a manifest is not read so, for each of its values keeps its place and all errors are told
//! at once. Types written for the schema alone would be a second list of the keys, and its types have no words for sizes, durations
//! or rules. What is left for it to do here is less than what it would bring along.
//!
//! The schema is as strict as one key by itself can be. What takes two keys (`as` with one scope, `paths` with `https://`), a scope's
//! form and who extends whom is told by the reader.

use caphost_policy::{Capability, Profile};
use serde_json::{Map, Value, json};
use toml::de::DeValue;

use crate::keys::{Key, Need, ROOT, Shape, Table, Word};

/// What the definitions of rules and names are called.
const RULE: &str = "rule";
const NAME: &str = "capability";

/// Units of time.
const UNIT: &str = "(ms|s|m|h)";
/// Numbers above this one are not the same to every reader of JSON.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// The schema of `caphost.toml`, of JSON Schema 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert(RULE.to_owned(), rule());
    definitions.insert(NAME.to_owned(), json!({ "enum": names().collect::<Vec<_>>() }));
    let root = table(&ROOT, &mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(ROOT.name));
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

/// The schema of a table; those of the tables in it go into `definitions`.
fn table(table: &Table, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        let value = described(key, shape(key.shape, definitions));
        properties.insert(key.name.to_owned(), value);
    }
    let named = |need: Need| table.keys.iter().filter(move |key| key.need == need).map(|key| key.name);
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("description".to_owned(), json!(table.summary));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("additionalProperties".to_owned(), json!(false));
    let required: Vec<_> = named(Need::Required).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    let one_of: Vec<_> = named(Need::OneOf).map(|name| json!({ "required": [name] })).collect();
    if !one_of.is_empty() {
        schema.insert("oneOf".to_owned(), json!(one_of));
    }
    Value::Object(schema)
}

fn described(key: &Key, schema: Value) -> Value {
    let Value::Object(mut schema) = schema else { return schema };
    let default = if key.default.is_empty() { String::new() } else { format!(" Without it: {}.", key.default) };
    schema.insert("description".to_owned(), json!(format!("{}{default}", key.summary)));
    if let Some(example) = example(key) {
        schema.insert("examples".to_owned(), json!([example]));
    }
    Value::Object(schema)
}

fn shape(shape: Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Text | Shape::Path => text(),
        Shape::Id => pattern("^[a-z0-9._-]{1,64}$"),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::Rules => json!({ "type": "array", "items": reference(RULE) }),
        Shape::RulesOrTables(inner) => {
            let inner = defined(inner, definitions);
            json!({ "type": "array", "items": { "anyOf": [reference(RULE), inner] } })
        }
        Shape::Capabilities => one_or_some(reference(NAME)),
        Shape::Scopes => json!({ "type": "array", "items": text() }),
        Shape::Names => json!({ "type": "array", "items": reference(NAME) }),
        Shape::Paths => json!({ "type": "array", "items": text() }),
        Shape::Profiles => one_or_some(text()),
        Shape::Methods => json!({ "type": "array", "items": pattern("^[!#$%&'*+.^_`|~0-9A-Z-]+$"), "minItems": 1 }),
        Shape::UrlPaths => json!({ "type": "array", "items": pattern("^/"), "minItems": 1 }),
        Shape::Headers => by_name("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", text()),
        Shape::Variables => by_name("^[^=*]+$", json!({ "type": "string" })),
        Shape::Count { max } if max <= MAX_EXACT => json!({ "type": "integer", "minimum": 1, "maximum": max }),
        Shape::Count { .. } => integer(),
        Shape::Size => json!({ "anyOf": [integer(), pattern("^ *0*[1-9][0-9]* *(([kKmMgGtT][iI]?)?[bB])? *$")] }),
        Shape::Duration => pattern(&format!("^ *{} *$", duration())),
        Shape::Rate => pattern(&format!("^ *0*[1-9][0-9]*/({UNIT}|{}) *$", duration())),
        Shape::Time => json!({ "type": "string", "format": "date-time" }),
        Shape::Choice(words) => choice(words),
        Shape::Table(inner) => defined(inner, definitions),
        Shape::Tables(inner) => json!({ "type": "array", "items": defined(inner, definitions) }),
        Shape::Named(inner) => by_name("^.+", defined(inner, definitions)),
    }
}

/// A reference to the definition of a table, which is made if it is not there yet.
fn defined(inner: &Table, definitions: &mut Map<String, Value>) -> Value {
    if !definitions.contains_key(inner.schema_name) {
        // A table that holds itself finds this, and is not entered again.
        definitions.insert(inner.schema_name.to_owned(), Value::Null);
        let schema = table(inner, definitions);
        definitions.insert(inner.schema_name.to_owned(), schema);
    }
    reference(inner.schema_name)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn integer() -> Value {
    json!({ "type": "integer", "minimum": 1 })
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn one_or_some(item: Value) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item }] })
}

fn by_name(names: &str, value: Value) -> Value {
    json!({ "type": "object", "propertyNames": { "pattern": names }, "additionalProperties": value })
}

/// At least one part of it is not zero.
fn duration() -> String {
    format!("([0-9]+{UNIT})*0*[1-9][0-9]*{UNIT}([0-9]+{UNIT})*")
}

fn choice(words: &[Word]) -> Value {
    let words: Vec<_> = words.iter().map(|word| json!({ "const": word.name, "description": word.summary })).collect();
    json!({ "oneOf": words })
}

/// A rule or profile in text form: its name, and whatever scope stands behind a colon. `fs:read`, as other systems write it, begins
/// with a name too.
fn rule() -> Value {
    let mut names: Vec<_> = names().chain(["websocket"]).map(|name| name.replace('.', "\\.")).collect();
    // Of two names one of which begins the other, the longer one is tried first.
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    json!({
        "type": "string",
        "pattern": format!("^ *({})( *$|:)", names.join("|")),
        "description": "A rule or profile in text form, as in `--allow`: `fs.read:./data`, `net`.",
    })
}

/// Every name that a rule may have: of capabilities and profiles.
fn names() -> impl Iterator<Item = &'static str> {
    let capabilities = Capability::ALL.iter().map(|capability| capability.name());
    let profiles = Profile::ALL.iter().map(|profile| profile.name);
    let is_new = |name: &&str| Capability::from_name(name).is_none();
    capabilities.chain(profiles.filter(is_new))
}

/// The key's example as JSON; a time is a text.
fn example(key: &Key) -> Option<Value> {
    DeValue::parse(key.example).ok().map(|value| json_of(value.get_ref()))
}

fn json_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => json!(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or_default()),
        DeValue::Float(number) => json!(number.as_str()),
        DeValue::Boolean(is_true) => json!(is_true),
        DeValue::Datetime(time) => json!(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(table) => {
            let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<_>)| {
                let key: &std::borrow::Cow<'_, str> = key.get_ref();
                (key.to_string(), json_of(value.get_ref()))
            };
            Value::Object(table.iter().map(entry).collect())
        }
    }
}

#[cfg(test)]
mod tests;
