//! Manifests as meanings, and the many ways to spell one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

/// What a manifest means, as numbers into the tables below.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Meaning {
    /// A rule, and its terms.
    pub(crate) grants: BTreeSet<(usize, usize)>,
    /// A rule, and whether it has the exception that the table has for it.
    pub(crate) denies: BTreeSet<(usize, bool)>,
    pub(crate) limits: BTreeMap<usize, usize>,
}

/// A capability, the spellings of one scope of it (none: everything), and one scope within.
type RuleRow = (&'static str, &'static [&'static str], Option<&'static str>);

pub(crate) const RULES: [RuleRow; 18] = [
    ("fs.read", &["./data", "data", "data/", "./data/.", "data//", "././data"], Some("./data/x")),
    ("fs.read", &["./data/sub", "data/./sub", "data//sub/"], Some("./data/sub/y")),
    ("fs.read", &["a/../data", "./a/../data/"], None),
    ("fs.read", &["/srv/in", "/srv//in/", "/srv/./in"], Some("/srv/in/a,b")),
    ("fs.write", &["./data", "data/"], Some("data/x")),
    ("fs.write", &[".", "./", "././"], Some("./q")),
    (
        "net.connect",
        &["https://api.example.com", "https://API.example.COM.:443", "https://api.example.com:443-443"],
        None,
    ),
    ("net.connect", &["https://api.example.com:8443"], None),
    ("net.connect", &["api.example.com", "API.example.com.", "api.example.com:0-65535"], Some("api.example.com:443")),
    ("net.udp", &["10.0.0.53:53", "[::ffff:10.0.0.53]:53", "[::ffff:a00:35]:53-53"], None),
    ("net.connect", &["fd00::/8", "[fd00::/8]:0-65535", "fd00:0::/8"], None),
    ("net.resolve", &[], Some("a.example")),
    ("env.read", &["APP_*"], Some("APP_KEY")),
    ("env.read", &[], Some("A")),
    ("db.read", &["main.notes"], None),
    ("db.read", &["main"], Some("main.notes")),
    ("time.wall", &[], None),
    ("random", &[], None),
];

/// The terms of a grant: spellings of each, and whether they are for HTTP.
const TERMS: [(&[&str], bool); 13] = [
    (&[""], false),
    (&["ttl = \"10m\"", "ttl = \"600s\"", "ttl = \"9m60000ms\""], false),
    (&["ttl = \"601s\""], false),
    (&["ttl = \"600001ms\""], false),
    (&["expires = 2027-01-01T00:00:00Z", "expires = 2027-01-01 02:00:00.5+02:00"], false),
    (&["expires = 2027-01-01T00:00:01Z"], false),
    (&["quota = { ops = 7 }", "quota.ops = 0x7"], false),
    (&["quota = { bytes = \"1MiB\", rate = \"10/s\" }", "quota = { rate = \"10/1000ms\", bytes = 1_048_576 }"], false),
    (&["quota = { bytes = \"1MB\", rate = \"10/s\" }"], false),
    (&["methods = [\"GET\", \"PUT\"]", "methods = [\"PUT\", \"GET\"]"], true),
    (&["methods = [\"GET\"]", "methods = [\"GET\"]\nheaders = { x-key = \"{env:KEY}\" }"], true),
    (&["paths = [\"/v1\", \"/v2/\"]", "paths = ['/v2/', '/v1']"], true),
    (&["headers = { x-key = \"{env:KEY}\" }", "headers = { y = \"z\" }"], true),
];

/// The table, and spellings of different values of one limit.
const LIMITS: [(&str, &[&[&str]]); 6] = [
    ("limits", &[&["memory = \"64MiB\"", "memory = 67108864", "memory = \"65536 kib\""], &["memory = \"64MB\""]]),
    ("limits", &[&["timeout = \"90s\"", "timeout = \"1m30s\""], &["timeout = \"91s\""]]),
    ("limits", &[&["fuel = 1000", "fuel = 1_000"], &["fuel = 1001"]]),
    ("limits", &[&["max-handles = 64"], &["max-handles = 65"]]),
    ("limits.db", &[&["rows = 5"], &["rows = 6"]]),
    ("limits.db", &[&["statement-time = \"1s\"", "statement-time = \"1000ms\""], &["statement-time = \"1ms\""]]),
];

pub(crate) fn meaning() -> impl Strategy<Value = Meaning> {
    let grants = prop::collection::btree_set((0..RULES.len(), 0..TERMS.len()), 0..6);
    let denies = prop::collection::btree_set((0..RULES.len(), any::<bool>()), 0..4);
    let limits = prop::collection::btree_map(0..LIMITS.len(), 0..2_usize, 0..4);
    (grants, denies, limits).prop_map(|(grants, denies, limits)| Meaning { grants, denies, limits }.sound())
}

/// One small change of a meaning.
pub(crate) fn change() -> impl Strategy<Value = (usize, usize, usize)> {
    (0..4_usize, 0..RULES.len(), 0..TERMS.len())
}

impl Meaning {
    /// Without terms for HTTP on what is not HTTP, and without exceptions where there are none.
    fn sound(self) -> Self {
        let is_http = |rule: usize| RULES[rule].1.first().is_some_and(|scope| scope.starts_with("https://"));
        let grants = self.grants.into_iter().filter(|(rule, terms)| !TERMS[*terms].1 || is_http(*rule)).collect();
        let has_one = |rule: usize, is_wanted: bool| is_wanted && RULES[rule].2.is_some();
        let denies = self.denies.into_iter().map(|(rule, wanted)| (rule, has_one(rule, wanted))).collect();
        Self { grants, denies, ..self }
    }

    pub(crate) fn changed(&self, (what, rule, terms): (usize, usize, usize)) -> Self {
        let mut other = self.clone();
        let toggle = |is_there: bool| !is_there;
        match what {
            0 => {
                if toggle(other.grants.remove(&(rule, terms))) {
                    other.grants.insert((rule, terms));
                }
            }
            1 => {
                if toggle(other.denies.remove(&(rule, terms % 2 == 0))) {
                    other.denies.insert((rule, terms % 2 == 0));
                }
            }
            2 => {
                let limit = rule % LIMITS.len();
                match other.limits.remove(&limit) {
                    Some(value) if terms % 2 == 0 => other.limits.insert(limit, 1 - value),
                    Some(_) => None,
                    None => other.limits.insert(limit, terms % 2),
                };
            }
            _ => {
                let first = other.grants.pop_first();
                other.grants.extend(first.map(|(rule, _)| (rule, terms)));
            }
        }
        other.sound()
    }
}

/// The manifest, spelled as the numbers say; they are used again from the start when they end.
pub(crate) fn spelled(meaning: &Meaning, choices: &[usize]) -> String {
    let mut speller = Speller { choices, at: 0 };
    let mut tables = Vec::new();
    let mut items = Vec::new();
    for &(rule, terms) in &meaning.grants {
        for _ in 0..=speller.pick(2) {
            let terms_text = speller.one(TERMS[terms].0);
            match (terms_text, speller.pick(3)) {
                ("", 1..) => items.push(format!("\"{}\"", speller.rule(rule))),
                _ => tables.push(format!("[[grant]]\n{}{terms_text}\n", speller.entry(rule, tables.len()))),
            }
        }
    }
    let mut denies = Vec::new();
    for &(rule, has_exception) in &meaning.denies {
        for _ in 0..=speller.pick(2) {
            denies.push(match RULES[rule].2.filter(|_| has_exception) {
                None => format!("\"{}\"", speller.rule(rule)),
                Some(except) => {
                    let entry = speller.entry(rule, usize::MAX).trim_end().replace('\n', ", ");
                    format!("{{ {entry}, except = ['{except}'] }}")
                }
            });
        }
    }
    speller.shuffle(&mut items);
    speller.shuffle(&mut denies);
    speller.shuffle(&mut tables);
    let limits: Vec<_> =
        meaning.limits.iter().map(|(limit, value)| (LIMITS[*limit].0, speller.one(LIMITS[*limit].1[*value]))).collect();
    let of = |name: &str| {
        let lines: Vec<_> = limits.iter().filter(|(table, _)| *table == name).map(|(_, line)| *line).collect();
        if lines.is_empty() { String::new() } else { format!("[{name}]\n{}\n", lines.join("\n")) }
    };
    let lists = format!("allow = [{}]\ndeny = [{}]\n", items.join(", "), denies.join(",\n  "));
    format!("version = 1\n{lists}{}{}{}", tables.concat(), of("limits"), of("limits.db"))
}

struct Speller<'a> {
    choices: &'a [usize],
    at: usize,
}

impl Speller<'_> {
    fn pick(&mut self, count: usize) -> usize {
        self.at += 1;
        self.choices.get(self.at % self.choices.len().max(1)).map_or(0, |choice| choice.wrapping_add(self.at) % count)
    }

    fn one<'t>(&mut self, spellings: &[&'t str]) -> &'t str {
        spellings[self.pick(spellings.len())]
    }

    fn shuffle(&mut self, items: &mut [String]) {
        for index in 1..items.len() {
            let other = self.pick(index + 1);
            items.swap(index, other);
        }
    }

    /// As an item of a list.
    fn rule(&mut self, rule: usize) -> String {
        let (capability, scopes, _) = RULES[rule];
        let name = match (capability, self.pick(3)) {
            ("time.wall", 0) => "time".to_owned(),
            (capability, 1) if capability.contains('.') && !scopes.is_empty() => capability.replacen('.', ":", 1),
            (capability, _) => capability.to_owned(),
        };
        let pad = " ".repeat(self.pick(2));
        match (scopes, capability) {
            ([], "env.read") if self.pick(2) == 0 => "env.read:*".to_owned(),
            ([], _) => format!("{pad}{name}{pad}"),
            (scopes, _) => format!("{pad}{name}:{}{pad}", self.one(scopes)),
        }
    }

    /// As the keys of a table.
    fn entry(&mut self, rule: usize, number: usize) -> String {
        let (capability, scopes, _) = RULES[rule];
        let id = if number < usize::MAX && self.pick(2) == 0 { format!("id = \"g{number}\"\n") } else { String::new() };
        let cap =
            if self.pick(2) == 0 { format!("cap = \"{capability}\"\n") } else { format!("cap = [\"{capability}\"]\n") };
        let scopes = if scopes.is_empty() { String::new() } else { format!("scopes = [\"{}\"]\n", self.one(scopes)) };
        format!("{id}{cap}{scopes}")
    }
}
