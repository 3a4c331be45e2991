//! Manifests, TOML and the older JSON.

use std::fs;
use std::path::Path;

use caphost::manifest::{
    AuditChoice, Canonical, Declaration, Declared, Draft, DraftPackage, Form, MAX_ERRORS, Manifest, ManifestErrors,
    Source, Timestamp,
};
use caphost::policy::{Capability, Limits, Scope};

use crate::checks::{assert_fit, bounded};

/// What a line of a message may have beside what is quoted of the file, which is cut.
const MAX_MESSAGE: usize = 8 << 10;

/// The bad manifests that the reader's own tests tell the errors of.
pub(super) fn made() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../host/manifest/tests/bad");
    let files = fs::read_dir(folder).into_iter().flatten().flatten().map(|file| file.path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|form| form != "txt")).collect();
    files.sort();
    files.iter().filter_map(|file| fs::read(file).ok()).collect()
}

pub(super) fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let toml = read(text, Form::Toml);
    let is_toml = toml::from_str::<toml::Table>(text).is_ok();
    assert!(is_toml || toml.is_err(), "what is no TOML is no manifest");
    let json = read(text, Form::Json);
    // RFC 8259 lets a reader ignore a byte order mark, and ours does, as it does in TOML.
    let is_json = serde_json::from_str::<serde_json::Value>(text.strip_prefix('\u{feff}').unwrap_or(text)).is_ok();
    assert!(is_json || json.is_err(), "what is no JSON is no manifest");
    [toml, json].iter().flatten().inspect(|manifest| check_manifest(manifest)).count() > 0
}

/// Reads a text, which takes bounded memory, and gives a bounded error.
pub(super) fn read(text: &str, form: Form) -> Result<Manifest, ManifestErrors> {
    let manifest = bounded(text.len(), 1024, || Manifest::read(Source { name: "caphost\u{1b}.toml", text, form }));
    if let Err(errors) = &manifest {
        let lines = text.split('\n').count();
        let found = errors.errors();
        assert!((1..=MAX_ERRORS).contains(&found.len()) && (errors.more() == 0 || found.len() == MAX_ERRORS));
        assert!(found.iter().all(|error| error.line as usize <= lines), "{found:?}");
        assert!(found.is_sorted_by_key(|error| error.line) || found.iter().any(|error| error.line == 0), "{found:?}");
        assert_fit(&errors.to_string(), MAX_MESSAGE * MAX_ERRORS);
    }
    manifest
}

fn check_manifest(manifest: &Manifest) {
    let every: Vec<String> = manifest.profiles().map(str::to_owned).collect();
    let packages: Vec<&str> = manifest.packages().take(3).collect();
    let declared = |profiles: &[String], package| match manifest.declaration(profiles, package) {
        Ok(declaration) => declaration,
        Err(errors) => panic!("{errors}"),
    };
    check_declaration(&declared(&[], None), None);
    check_declaration(&declared(&every, None), None);
    for package in packages {
        check_declaration(&declared(&[], Some(package)), Some(package));
    }
    assert!(
        manifest
            .declaration(&["no such\u{1b}".to_owned()], None)
            .is_err_and(|errors| !errors.to_string().contains('\u{1b}'))
    );
}

/// What is declared is written, and read back to the same, in both forms.
pub(super) fn check_declaration(declaration: &Declaration, package: Option<&str>) {
    let draft = draft(declaration, package);
    let again = read_again(&draft, package);
    assert_eq!(besides(&again), besides(declaration));
    if let Ok(canonical) = Canonical::of(declaration) {
        assert_eq!(
            Canonical::of(&again).as_ref().map(Canonical::as_str),
            Ok(canonical.as_str()),
            "{}",
            draft.to_toml()
        );
        super::canonical::check_canonical(&canonical);
    }
    check_policy(declaration);
}

/// What is declared, to be written.
pub(super) fn draft(declaration: &Declaration, package: Option<&str>) -> Draft {
    let mut draft = Draft::from(declaration);
    if let (Some(name), Some(narrowed)) = (package, &declaration.narrowed) {
        draft.packages.push(DraftPackage::new(name, narrowed));
    }
    draft
}

/// Writes a draft, and reads what was written.
pub(super) fn read_again(draft: &Draft, package: Option<&str>) -> Declaration {
    let text = draft.to_toml();
    assert!(!text.contains(|letter: char| letter.is_control() && !matches!(letter, '\n' | '\t')), "{text:?}");
    let again = Manifest::read(Source { name: "draft", text: &text, form: Form::Toml });
    match again.and_then(|manifest| manifest.declaration(&[], package)) {
        Ok(declaration) => declaration,
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// What no canonical form has, without the places that it was written at.
fn besides(declaration: &Declaration) -> impl PartialEq + std::fmt::Debug {
    fn value<T: Clone>(declared: &Declared<T>) -> T {
        declared.value.clone()
    }
    let mut databases: Vec<_> = declaration.databases.iter().map(value).collect();
    databases.sort_by(|one, other| one.0.cmp(&other.0));
    let mut environment: Vec<_> = declaration.environment.iter().map(value).collect();
    environment.sort();
    let choices = (
        declaration.on_deny.as_ref().map(value),
        declaration.audit.as_ref().map(value).filter(|audit| *audit != AuditChoice::default()),
    );
    let component = declaration.component.as_ref().map(value);
    (component, declaration.arguments.clone(), environment, databases, choices)
}

/// A policy grants no more than was declared, and a directory changes paths alone.
fn check_policy(declaration: &Declaration) {
    let policy = declaration.policy(Timestamp::EPOCH, Limits::default());
    let later = declaration.policy(Timestamp::from_unix(i64::MAX), Limits::default());
    assert_eq!(policy.denies().len(), later.denies().len());
    for capability in Capability::ALL {
        let is_declared = declaration.grants.iter().any(|grant| grant.value.grant.rule.capability == *capability);
        let is_variable = *capability == Capability::EnvRead && !declaration.environment.is_empty();
        assert!(is_declared || is_variable || !policy.has_any_grant(*capability));
    }
    let there = declaration.clone().relative_to("/srv/app").policy(Timestamp::EPOCH, Limits::default());
    assert_eq!(there.grants().len(), policy.grants().len());
    for grant in there.grants() {
        assert!(!matches!(&grant.rule.scope, Scope::Path(path) if !path.host().starts_with('/')), "{}", grant.rule);
    }
}
