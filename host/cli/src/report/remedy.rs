//! What an operator can do about a refusal, in the words of the manifest in use, too.

use crate::manifest_file::Place;
use caphost::caps::Remedy;
use caphost::policy::visible::escape;
use caphost::policy::{Rule, Scope, paths};

/// The hint, fit to be shown.
pub(super) fn text(remedy: &Remedy, manifest: Option<&Place>) -> String {
    let (Remedy::Allow(grant), Some(manifest)) = (remedy, manifest.filter(|manifest| !manifest.is_json)) else {
        return remedy.to_string();
    };
    let Ok(rule) = grant.parse::<Rule>() else { return remedy.to_string() };
    let package = manifest.package.as_ref().map_or(String::new(), |name| format!(", [packages.{}]", escape(name)));
    let item = quoted(&in_manifest(&rule, manifest).to_string());
    let line = format!("in {}{package}: allow = [{item}]", escape(&manifest.name));
    if is_from_elsewhere(&rule, manifest) { line } else { format!("{remedy}, or {line}") }
}

/// The rule as the manifest has it: its paths are from where it lies.
fn in_manifest(rule: &Rule, manifest: &Place) -> Rule {
    let Scope::Path(path) = &rule.scope else { return rule.clone() };
    let normal = |path: &str| paths::normalise("/", path);
    let joined = |guest: &str| normal(&format!("{}/{guest}", manifest.directory));
    match path.guest() {
        Some(guest) if joined(guest) == normal(path.host()) => Rule::for_path(rule.capability, guest, None),
        _ => rule.clone(),
    }
}

/// Whether the rule has a path from the manifest's directory, which is not the working directory that options are from.
fn is_from_elsewhere(rule: &Rule, manifest: &Place) -> bool {
    let is_relative = |path: &str| !path.starts_with('/');
    let of_guest = matches!(&rule.scope, Scope::Path(path) if path.guest().is_none() && is_relative(path.host()));
    of_guest && !manifest.directory.is_empty()
}

/// A string of TOML. What is shown has its backslashes doubled already.
fn quoted(text: &str) -> String {
    format!("\"{}\"", escape(text).to_string().replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(grant: &str, directory: &str) -> String {
        let place = Place {
            name: "caphost.toml".to_owned(),
            is_json: false,
            given: "caphost.toml".into(),
            path: "/srv/app/caphost.toml".into(),
            package: None,
            directory: directory.to_owned(),
        };
        text(&Remedy::Allow(grant.to_owned()), Some(&place))
    }

    #[test]
    fn the_line_of_the_manifest_is_beside_the_option() {
        assert_eq!(
            hint("fs.read:./data", ""),
            "--allow fs.read:./data, or in caphost.toml: allow = [\"fs.read:./data\"]"
        );
        assert_eq!(hint("time.wall", "/srv/app"), "--allow time.wall, or in caphost.toml: allow = [\"time.wall\"]");
        let escaped = hint(r"env.read:A\,B", "");
        assert!(escaped.ends_with(r#"allow = ["env.read:A\\,B"]"#), "{escaped}");
    }

    #[test]
    fn a_path_is_from_where_the_manifest_lies() {
        assert_eq!(hint("fs.read:./more", "/srv/app"), "in caphost.toml: allow = [\"fs.read:./more\"]");
        assert_eq!(
            hint("fs.write:/srv/app/data::./data", "/srv/app"),
            "--allow fs.write:/srv/app/data::./data, or in caphost.toml: allow = [\"fs.write:./data\"]"
        );
        assert_eq!(
            hint("fs.write:app/data::./data", "app"),
            "--allow fs.write:app/data::./data, or in caphost.toml: allow = [\"fs.write:./data\"]"
        );
        assert_eq!(
            hint("fs.read:/etc/x", "/srv/app"),
            "--allow fs.read:/etc/x, or in caphost.toml: allow = [\"fs.read:/etc/x\"]"
        );
    }

    #[test]
    fn without_a_manifest_the_option_is_all() {
        assert_eq!(text(&Remedy::Allow("time.wall".to_owned()), None), "--allow time.wall");
    }
}
