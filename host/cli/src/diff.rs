//! `caphost diff`.

mod seals;

use self::seals::{SealChange, seals};
use crate::args::DiffArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::infer::reach;
use crate::report::{Subject, json_line};
use crate::{columns, component, output};
use caphost::infer::{Change, Difference};
use caphost::inspect::Component;
use caphost::policy::Capability;
use caphost::policy::visible::escape;
use serde_json::{Value, json};

/// Says what an update could newly do.
pub(crate) fn diff(arguments: &DiffArguments) -> Result<Exit, Failure> {
    let (old, new) = (component::read(&arguments.old)?, component::read(&arguments.new)?);
    let difference = Difference::between(&reach(&old)?, &reach(&new)?);
    let seals = seals(&old, &new);
    output::print(&if arguments.json {
        json_line(&as_json(&old, &new, &difference, &seals))
    } else {
        as_text(&difference, &seals)
    })?;
    Ok(if difference.is_more() || seals.iter().any(|seal| seal.is_more) { Exit::No } else { Exit::Success })
}

fn as_text(difference: &Difference, seals: &[SealChange]) -> String {
    let rows = |changes: &[Change]| changes.iter().map(row).collect::<Vec<_>>();
    let seal_rows: Vec<_> = seals.iter().map(|seal| [seal.what.clone(), seal.why.clone()]).collect();
    let count = difference.more.len() + seals.iter().filter(|seal| seal.is_more).count();
    let verdict = match count {
        0 => "nothing more than before\n".to_owned(),
        1 => "1 thing more than before\n".to_owned(),
        count => format!("{count} things more than before\n"),
    };
    part("more", &rows(&difference.more))
        + &part("less", &rows(&difference.less))
        + &part("seal", &seal_rows)
        + &verdict
}

fn part<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    if rows.is_empty() { String::new() } else { format!("{title}\n{}", columns::align(rows)) }
}

fn row(change: &Change) -> [String; 3] {
    let row = |kind: &str, what: &str, by: String| [kind.to_owned(), escape(what).to_string(), escape(&by).to_string()];
    match change {
        Change::Capability { rule, functions } => row("capability", &rule.to_string(), functions.join(", ")),
        Change::Scope { rule, functions } => row("scope", &rule.to_string(), functions.join(", ")),
        Change::Function(function) => row("function", &function.full_name(), names(&function.capabilities).join(", ")),
        Change::Unknown(function) => row("unknown", &function.full_name(), "nobody provides it".to_owned()),
    }
}

fn as_json(old: &Component, new: &Component, difference: &Difference, seals: &[SealChange]) -> Value {
    let subject = |component: &Component| {
        let subject = Subject::of(component);
        json!({ "name": subject.name, "sha256": subject.sha256 })
    };
    let changes = |changes: &[Change]| changes.iter().map(change_as_json).collect::<Vec<_>>();
    let seals: Vec<_> =
        seals.iter().map(|seal| json!({ "what": seal.what, "why": seal.why, "is_more": seal.is_more })).collect();
    json!({
        "old": subject(old),
        "new": subject(new),
        "more": changes(&difference.more),
        "less": changes(&difference.less),
        "seal": seals,
    })
}

fn change_as_json(change: &Change) -> Value {
    match change {
        Change::Capability { rule, functions } => {
            json!({ "kind": "capability", "rule": rule.to_string(), "functions": functions })
        }
        Change::Scope { rule, functions } => {
            json!({ "kind": "scope", "rule": rule.to_string(), "functions": functions })
        }
        Change::Function(function) => {
            let capabilities = names(&function.capabilities);
            json!({ "kind": "function", "function": function.full_name(), "capabilities": capabilities })
        }
        Change::Unknown(function) => json!({ "kind": "unknown", "function": function.full_name() }),
    }
}

fn names(capabilities: &[Capability]) -> Vec<&'static str> {
    capabilities.iter().map(|capability| capability.name()).collect()
}
