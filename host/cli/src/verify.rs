//! `caphost verify`: the report is the answer, and goes to standard output; what does not hold is said on standard error, too.

mod json;

pub(crate) use self::json::seal as seal_as_json;

use crate::args::VerifyArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::manifest_file::{self, ManifestFile};
use crate::report::{Message, json_line};
use crate::{columns, component, keys, output, settings};
use caphost::manifest::Draft;
use caphost::policy::Policy;
use caphost::policy::codes::Code;
use caphost::policy::visible::escape;
use caphost::seal::{self, Authenticity, Expectations, Problem, SealFault, Verification};
use std::path::Path;

/// Problems and warnings that are shown at most: a seal is foreign, and can have any number of grants.
const MAX_SHOWN: usize = 20;

/// Verifies a component's seal.
pub(crate) fn verify(arguments: &VerifyArguments) -> Result<Exit, Failure> {
    let keys = keys::trusted(&arguments.key)?;
    let policy = arguments.policy.as_deref().map(|path| policy(path, &arguments.component)).transpose()?;
    let component = component::read(&arguments.component)?;
    let directory = component::real_directory(&arguments.component)?;
    let validity = component.validate();
    let expected = Expectations { keys, policy, directory };
    let found = seal::verify(&component, &expected, manifest_file::now());
    if arguments.json {
        output::print(&json_line(&json::of(&found, &expected, validity.as_ref().err())))?;
        return Ok(if found.holds() && validity.is_ok() { Exit::Success } else { Exit::No });
    }
    output::print(&as_text(&found, &expected, arguments.policy.as_deref()))?;
    let mut messages: Vec<_> = found.problems.iter().take(MAX_SHOWN).map(problem).collect();
    if let Some(rest) = found.problems.len().checked_sub(MAX_SHOWN).filter(|rest| *rest > 0) {
        messages.push(Message::note(format!("{rest} more problems; `--json` lists all")));
    }
    if let Err(error) = &validity {
        messages.extend(component::bad(&escape(component.name()).to_string(), error).messages);
    }
    if messages.is_empty() { Ok(Exit::Success) } else { Err(Failure { exit: Exit::No, messages }) }
}

/// What the manifest at `path` allows `component`, narrowed as for a run of it; its paths from the root of the file tree.
fn policy(path: &Path, component: &Path) -> Result<Policy, Failure> {
    let file = ManifestFile::open(path, Vec::new())?;
    let directory = file.place().path.parent().and_then(Path::to_str).unwrap_or_default().to_owned();
    let declaration = file.as_written(Some(&settings::package(component)))?.relative_to(&directory);
    Ok(declaration.policy(manifest_file::now(), seal::policy_limits()))
}

fn problem(problem: &Problem) -> Message {
    let message = Message::new(problem.to_string()).code(problem.code());
    match problem.hint() {
        Some(hint) => message.hint(hint),
        None => message,
    }
}

fn as_text(found: &Verification<'_>, expected: &Expectations, policy: Option<&Path>) -> String {
    let mut text = format!("{}\n{}", escape(found.component.name()), columns::align(&checks(found, expected, policy)));
    // Of what does not hold, nothing is to be believed.
    if let Some(seal) = found.seal.filter(|_| found.is_intact) {
        text += "sealed manifest\n";
        for line in Draft::from(seal.manifest().declaration()).to_toml().lines().filter(|line| !line.is_empty()) {
            text += &format!("  {line}\n");
        }
        for warning in found.warnings.iter().take(MAX_SHOWN) {
            text += &format!("warning: {warning}\n");
        }
        if let Some(rest) = found.warnings.len().checked_sub(MAX_SHOWN).filter(|rest| *rest > 0) {
            text += &format!("… {rest} more warnings\n");
        }
    }
    text + &verdict(found, expected)
}

/// What was looked at, one a row.
fn checks(found: &Verification<'_>, expected: &Expectations, policy: Option<&Path>) -> Vec<[String; 3]> {
    let mut rows = Vec::new();
    let mut row = |fails: bool, what: &str, detail: String| {
        rows.push([if fails { "fails" } else { "holds" }.to_owned(), what.to_owned(), detail]);
    };
    let fails = |codes: &[Code]| found.problems.iter().any(|problem| codes.contains(&problem.code()));
    row(!found.is_intact, "seal", if found.is_intact { "nothing changed since" } else { "" }.to_owned());
    if let Some(seal) = found.seal {
        let changed = fails(&[Code::ComponentChanged, Code::ImportsChanged]);
        row(changed, "component", format!("sha256:{}", seal.component_digest()));
        row(fails(&[Code::ManifestChanged]), "manifest", format!("sha256:{}", seal.manifest_digest()));
        for signer in seal.signers() {
            let is_broken = |problem: &Problem| matches!(problem, Problem::Fault(SealFault::BrokenSignature { key }) if *key == signer);
            row(found.problems.iter().any(is_broken), "signature", signer.to_string());
        }
    }
    for trusted in &expected.keys {
        let is_missing = |problem: &Problem| matches!(problem, Problem::NotSignedBy(missing) if missing == trusted);
        row(found.problems.iter().any(is_missing), "key", escape(&trusted.name).to_string());
    }
    if let Some(seal) = found.seal.filter(|_| found.is_intact) {
        row(fails(&[Code::ImportBeyondSeal]), "imports", accounted(found));
        if let Some(policy) = policy {
            row(fails(&[Code::BeyondPolicy]), "policy", escape(&policy.to_string_lossy()).to_string());
        }
        if let Some(source) = seal.source_digest() {
            rows.push(["says".to_owned(), "made from".to_owned(), format!("sha256:{source}")]);
        }
    }
    rows
}

fn accounted(found: &Verification<'_>) -> String {
    let all = found.component.inspection().imports.len();
    let open = found.problems.iter().filter(|problem| matches!(problem, Problem::Import(_))).count();
    match (all, open) {
        (0, _) => "none".to_owned(),
        (_, 0) => format!("{all}: each that reaches outside is granted something, or denied"),
        _ => format!("{all}: {open} of them neither granted anything nor denied"),
    }
}

/// The last lines: what was shown, and what was not.
fn verdict(found: &Verification<'_>, expected: &Expectations) -> String {
    let origin = match found.authenticity {
        _ if !found.is_intact => "",
        Authenticity::Verified => "signed by every key that was given\n",
        Authenticity::Unverified if expected.keys.is_empty() => {
            "signed, which shows nothing of who sealed it before `--key` names a key that you trust\n"
        }
        Authenticity::Unverified => "",
        Authenticity::None => {
            "not signed: it shows that nothing changed since it was sealed, and nothing of who sealed it\n"
        }
    };
    match found.problems.len() {
        0 => format!("{origin}verified\n"),
        1 => format!("{origin}not verified: 1 problem\n"),
        count => format!("{origin}not verified: {count} problems\n"),
    }
}
