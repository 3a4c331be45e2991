//! Relative paths joined to a directory, by their letters. `..` stays: behind a symbolic link it means what the kernel says.

use std::path::PathBuf;

use caphost_policy::{Deny, Grant, HttpTerms, InjectedHeader, PathScope, Piece, Rule, Scope, SecretSource};

use super::{AuditChoice, DatabasePlace, Declaration, DeclaredGrant, Narrowed};
use crate::Declared;

impl Declaration {
    /// The same, with every relative path joined to `directory`. The guest keeps the name that was written. An empty directory changes
    /// nothing.
    #[must_use]
    pub fn relative_to(self, directory: &str) -> Self {
        if directory.is_empty() {
            return self;
        }
        let join = |path: String| joined(directory, &path);
        Self {
            component: self.component.map(|path| path.map(join)),
            grants: grants(self.grants, directory),
            denies: denies(self.denies, directory),
            narrowed: self.narrowed.map(|narrowed| Narrowed {
                grants: grants(narrowed.grants, directory),
                denies: denies(narrowed.denies, directory),
            }),
            databases: self
                .databases
                .into_iter()
                .map(|place| place.map(|(name, place)| (name, place.relative_to(directory))))
                .collect(),
            audit: self.audit.map(|audit| audit.map(|choice| AuditChoice { file: choice.file.map(join), ..choice })),
            ..self
        }
    }
}

impl DatabasePlace {
    fn relative_to(self, directory: &str) -> Self {
        match self {
            Self::Url(url) => Self::Url(match url.strip_prefix("sqlite:") {
                // `:memory:` is no file, and what else begins with a colon is an error.
                Some(path) if !path.is_empty() && !path.starts_with(':') => {
                    format!("sqlite:{}", joined(directory, path))
                }
                _ => url,
            }),
            Self::File(path) => Self::File(joined(directory, &path)),
            Self::Environment(name) => Self::Environment(name),
        }
    }
}

fn grants(grants: Vec<Declared<DeclaredGrant>>, directory: &str) -> Vec<Declared<DeclaredGrant>> {
    let anchored = |DeclaredGrant { grant, expires }: DeclaredGrant| {
        let scope = match grant.rule.scope {
            Scope::Path(path) => Scope::Path(mount(path, directory)),
            other => other,
        };
        let rule = Rule { scope, ..grant.rule };
        let http = grant.http.map(|terms| http(terms, directory));
        DeclaredGrant { grant: Grant { rule, http, ..grant }, expires }
    };
    grants.into_iter().map(|grant| grant.map(anchored)).collect()
}

fn denies(denies: Vec<Declared<Deny>>, directory: &str) -> Vec<Declared<Deny>> {
    let place = |scope: Scope| match scope {
        Scope::Path(path) if is_relative(path.host()) => {
            Scope::Path(PathScope::new(&joined(directory, path.host()), None).unwrap_or(path))
        }
        other => other,
    };
    let anchored = |Deny { rule, except }: Deny| Deny {
        rule: Rule { scope: place(rule.scope), ..rule },
        except: except.into_iter().map(place).collect(),
    };
    denies.into_iter().map(|deny| deny.map(anchored)).collect()
}

/// A path that is granted: the guest sees it at the name that was written.
fn mount(path: PathScope, directory: &str) -> PathScope {
    if !is_relative(path.host()) {
        return path;
    }
    let guest = path.guest().unwrap_or(path.host());
    PathScope::new(&joined(directory, path.host()), Some(guest)).unwrap_or(path)
}

fn http(terms: HttpTerms, directory: &str) -> HttpTerms {
    let piece = |piece: Piece| match piece {
        Piece::Secret(SecretSource::File(path)) if path.is_relative() => {
            let path = path
                .to_str()
                .map_or_else(|| PathBuf::from(directory).join(&path), |path| joined(directory, path).into());
            Piece::Secret(SecretSource::File(path))
        }
        other => other,
    };
    let header = |header: InjectedHeader| InjectedHeader {
        template: header.template.into_iter().map(piece).collect(),
        ..header
    };
    HttpTerms { headers: terms.headers.into_iter().map(header).collect(), ..terms }
}

fn is_relative(path: &str) -> bool {
    !path.starts_with('/')
}

/// `path` below `directory`; an absolute one stays.
fn joined(directory: &str, path: &str) -> String {
    if !is_relative(path) {
        return path.to_owned();
    }
    let mut rest = path;
    while let Some(shorter) = rest.strip_prefix("./") {
        rest = shorter.trim_start_matches('/');
    }
    let directory = directory.strip_suffix('/').unwrap_or(directory);
    match rest {
        "" | "." if directory.is_empty() => "/".to_owned(),
        "" | "." => directory.to_owned(),
        rest => format!("{directory}/{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_their_letters() {
        for (path, whole) in [
            ("./data", "/srv/data"),
            ("data/", "/srv/data/"),
            (".", "/srv"),
            ("./", "/srv"),
            ("../x", "/srv/../x"),
            ("./../x", "/srv/../x"),
            (".//./a", "/srv/a"),
            ("a/../b", "/srv/a/../b"),
            (".hidden", "/srv/.hidden"),
            ("/etc", "/etc"),
        ] {
            assert_eq!(joined("/srv", path), whole, "{path}");
            assert_eq!(joined("/srv/", path), whole, "{path}");
        }
        assert_eq!((joined("/", "a"), joined("/", "."), joined("sub", "a")), ("/a".into(), "/".into(), "sub/a".into()));
    }

    #[test]
    fn databases_are_found_where_their_manifest_is() {
        let url = |text: &str| DatabasePlace::Url(text.to_owned());
        for (place, whole) in [
            (url("sqlite:app.db"), url("sqlite:/srv/app.db")),
            (url("sqlite:/app.db"), url("sqlite:/app.db")),
            (url("sqlite::memory:"), url("sqlite::memory:")),
            (url("sqlite:"), url("sqlite:")),
            (url("postgres://h/db"), url("postgres://h/db")),
            (DatabasePlace::File("a.url".into()), DatabasePlace::File("/srv/a.url".into())),
            (DatabasePlace::Environment("A".into()), DatabasePlace::Environment("A".into())),
        ] {
            assert!(place.relative_to("/srv") == whole);
        }
    }
}
