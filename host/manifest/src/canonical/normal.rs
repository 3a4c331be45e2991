//! One spelling of each rule.

use caphost_policy::{PathScope, Rule, Scope, paths};

/// An allow rule. The path that the guest sees is written where it is another than it would be without.
pub(super) fn granted(rule: &Rule) -> Rule {
    let scope = match &rule.scope {
        Scope::Path(path) => {
            let place = |path: &str| paths::normalise("/", path);
            let guest = path.guest().map(place).filter(|guest| *guest != place(path.host()));
            Scope::Path(path_scope(path, guest.as_deref()))
        }
        other => any_name(other),
    };
    Rule { capability: rule.capability, scope }
}

/// A deny rule: it holds on the host, whatever the guest calls a path.
pub(super) fn denied(rule: &Rule) -> Rule {
    let scope = match &rule.scope {
        Scope::Path(path) => Scope::Path(path_scope(path, None)),
        other => any_name(other),
    };
    Rule { capability: rule.capability, scope }
}

/// An exception of a deny rule. Every name is not everything here: everything is no exception at all.
pub(super) fn excepted(rule: &Rule) -> Rule {
    match &rule.scope {
        Scope::Path(path) => Rule { capability: rule.capability, scope: Scope::Path(path_scope(path, None)) },
        _ => rule.clone(),
    }
}

fn path_scope(path: &PathScope, guest: Option<&str>) -> PathScope {
    PathScope::new(&plain_path(path.host()), guest).unwrap_or_else(|_| path.clone())
}

/// The prefix of nothing is every name.
fn any_name(scope: &Scope) -> Scope {
    match scope {
        Scope::Name(name) if name.prefix() == Some("") => Scope::Any,
        other => other.clone(),
    }
}

/// A path without `.`, doubled and trailing slashes; a relative one begins with `./` or `../`, or is `.`.
///
/// `..` stays: where it leads is for the file system to say.
fn plain_path(path: &str) -> String {
    let mut names = path.split('/').filter(|name| !matches!(*name, "" | ".")).peekable();
    let start = match names.peek() {
        _ if path.starts_with('/') => "/",
        None => return ".".to_owned(),
        Some(&"..") => "",
        Some(_) => "./",
    };
    format!("{start}{}", names.collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (path, plain) in [
            ("data", "./data"),
            ("./data", "./data"),
            ("data/", "./data"),
            ("data/.", "./data"),
            (".//data//./x/", "./data/x"),
            (".", "."),
            ("./", "."),
            ("././.", "."),
            ("..", ".."),
            ("./../x", "../x"),
            ("a/../b", "./a/../b"),
            ("/", "/"),
            ("//", "/"),
            ("/a//b/.", "/a/b"),
            ("/a/../b", "/a/../b"),
            ("/..", "/.."),
            (" ", "./ "),
            ("~", "./~"),
        ] {
            assert_eq!(plain_path(path), plain, "{path:?}");
            assert_eq!(plain_path(plain), plain, "{path:?}");
        }
    }

    #[test]
    fn the_name_for_the_guest_is_written_where_it_says_something() {
        let text = |host: &str, guest| {
            let rule = Rule::for_path(caphost_policy::Capability::FsRead, host, guest);
            (granted(&rule).to_string(), denied(&rule).to_string())
        };
        let pair = |granted: &str, denied: &str| (granted.to_owned(), denied.to_owned());
        assert_eq!(text("data/", Some("in/")), pair("fs.read:./data::/in", "fs.read:./data"));
        assert_eq!(text("data", Some("/data/.")), pair("fs.read:./data", "fs.read:./data"));
        assert_eq!(text("../x", Some("/x")), pair("fs.read:../x", "fs.read:../x"));
        assert_eq!(text("/srv", Some("/")), pair("fs.read:/srv::/", "fs.read:/srv"));
    }

    #[test]
    fn every_name_is_the_whole_capability() {
        let rule: Rule = "env.read:*".parse().unwrap();
        assert_eq!(granted(&rule).to_string(), "env.read");
        assert_eq!(denied(&rule).to_string(), "env.read");
        assert_eq!(excepted(&rule), rule);
    }
}
