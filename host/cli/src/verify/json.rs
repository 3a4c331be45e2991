//! A verification as one JSON object. Texts of `name`, `imports` and `rule` are raw; messages and hints are escaped already.

use crate::report::Subject;
use caphost::inspect::BadComponent;
use caphost::seal::{Authenticity, Expectations, Problem, PublicKey, Seal, Verification, Warning};
use serde_json::{Value, json};

pub(super) fn of(found: &Verification<'_>, expected: &Expectations, invalid: Option<&BadComponent>) -> Value {
    let subject = Subject::of(found.component);
    let imports = found.component.inspection().imports.iter().map(|import| import.name.as_str());
    let problems = found.problems.iter().map(problem).chain(invalid.map(bad));
    json!({
        "name": subject.name,
        "sha256": subject.sha256,
        "verified": found.holds() && invalid.is_none(),
        "intact": found.is_intact,
        "authenticity": authenticity(found.authenticity),
        "seal": found.seal.map(seal),
        "keys": expected.keys.iter().map(|trusted| key(found, &trusted.name, trusted.key)).collect::<Vec<_>>(),
        "imports": imports.collect::<Vec<_>>(),
        "problems": problems.collect::<Vec<_>>(),
        "warnings": found.warnings.iter().map(Warning::to_string).collect::<Vec<_>>(),
    })
}

fn authenticity(authenticity: Authenticity) -> &'static str {
    match authenticity {
        Authenticity::None => "none",
        Authenticity::Unverified => "unverified",
        Authenticity::Verified => "verified",
    }
}

/// A seal, whether it holds or not.
pub(crate) fn seal(seal: &Seal) -> Value {
    // It was read as JSON: it is some.
    let manifest: Value = serde_json::from_str(seal.manifest().as_str()).unwrap_or_default();
    json!({
        "component_sha256": seal.component_digest().to_string(),
        "manifest_sha256": seal.manifest_digest().to_string(),
        "source_sha256": seal.source_digest().map(|digest| digest.to_string()),
        "signers": seal.signers().map(|key| key.to_string()).collect::<Vec<_>>(),
        "manifest": manifest,
    })
}

fn key(found: &Verification<'_>, name: &str, key: PublicKey) -> Value {
    let has_signed = found.is_intact && found.seal.is_some_and(|seal| seal.is_signed_by(key));
    json!({ "name": name, "key": key.to_string(), "signed": has_signed })
}

fn problem(problem: &Problem) -> Value {
    json!({ "code": problem.code().number(), "message": problem.to_string(), "hint": problem.hint() })
}

fn bad(error: &BadComponent) -> Value {
    json!({ "code": error.code().number(), "message": error.to_string(), "hint": error.hint() })
}
