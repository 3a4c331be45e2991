//! Constants as scopes. Invariant: a scope covers what the constant names, and no more than such a call takes; where no scope does,
//! there is none.

use super::values::Value;
use caphost_policy::{HostPattern, NameScope, NetScope, PathScope, Scope, TableScope};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A path as a guest names it. Below the root of its file tree stands what was granted by the same words: `data/x` is `./data/x`
/// of the host.
pub(super) fn path(text: &str) -> Option<Scope> {
    let components = components(text)?;
    if components.is_empty() { None } else { below(text, &components) }
}

/// The directory that both paths are in, at any depth: of one path given twice, its own. A name can be made, taken away and moved
/// in what is granted, and what is granted itself stays.
pub(super) fn directory(one: &str, other: &str) -> Option<Scope> {
    if one.starts_with('/') != other.starts_with('/') {
        return None;
    }
    let (parts, others) = (components(one)?, components(other)?);
    let (_, parents) = parts.split_last()?;
    let (_, other_parents) = others.split_last()?;
    let shared = parents.iter().zip(other_parents).take_while(|(part, other)| part == other).count();
    match parents.get(..shared)? {
        [] if one.starts_with('/') => None,
        [] => PathScope::new(".", None).ok().map(Scope::Path),
        shared => below(one, shared),
    }
}

/// The names in a path; `None` for one with `..`, which leads to where a symbolic link says.
fn components(path: &str) -> Option<Vec<&str>> {
    let components: Vec<&str> = path.split('/').filter(|component| !matches!(*component, "" | ".")).collect();
    (!components.contains(&"..")).then_some(components)
}

fn below(path: &str, components: &[&str]) -> Option<Scope> {
    let start = if path.starts_with('/') { "/" } else { "./" };
    PathScope::new(&format!("{start}{}", components.join("/")), None).ok().map(Scope::Path)
}

/// The name of a variable.
pub(super) fn name(text: &str) -> Option<Scope> {
    if text.contains('*') { None } else { NameScope::parse(text).ok().map(Scope::Name) }
}

/// The name of a database.
pub(super) fn database(text: &str) -> Option<Scope> {
    TableScope::parse(text).ok().filter(|scope| scope.table().is_none()).map(Scope::Table)
}

/// A host, and the port if one is asked for and known.
pub(super) fn host(text: &str, port: Option<Value>) -> Option<Scope> {
    // Its colons are none of a port.
    let bare = match text.parse() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ if text.contains([':', '/', '[']) => return None,
        _ => text.to_owned(),
    };
    let scope = match port.map(port_number) {
        Some(Some(port)) => format!("{bare}:{port}"),
        Some(None) | None => bare.trim_matches(['[', ']']).to_owned(),
    };
    net(&scope)
}

/// The origin of a URL.
pub(super) fn origin(url: &str) -> Option<Scope> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let scheme = scheme.to_ascii_lowercase();
    // A range of ports is none of a URL.
    let has_range = authority.rsplit_once(':').is_some_and(|(_, port)| port.contains('-'));
    if has_range || !matches!(scheme.as_str(), "http" | "https" | "ws" | "wss") {
        return None;
    }
    net(&format!("{scheme}://{authority}"))
}

/// `socket-address`: which kind of address, its pieces, and the port.
pub(super) fn address(known: &[Value]) -> Option<Scope> {
    let constant = |value: &Value| if let Value::Constant(number) = value { Some(*number) } else { None };
    let (kind, pieces, port) = match known {
        [kind, pieces @ .., port] => (constant(kind)?, pieces, *port),
        _ => return None,
    };
    let address = match kind {
        0 => {
            let bytes: Option<Vec<u8>> = pieces.iter().take(4).map(|piece| constant(piece)?.try_into().ok()).collect();
            IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(bytes?).ok()?))
        }
        1 => {
            let groups: Option<Vec<u16>> =
                pieces.iter().take(8).map(|piece| constant(piece)?.try_into().ok()).collect();
            IpAddr::V6(Ipv6Addr::from(<[u16; 8]>::try_from(groups?).ok()?))
        }
        _ => return None,
    };
    host(&address.to_string(), Some(port))
}

/// The port; `None` for any: one that is not known, or 0, which asks for one that is free.
fn port_number(port: Value) -> Option<u16> {
    match port {
        Value::Constant(port) => u16::try_from(port).ok().filter(|port| *port != 0),
        Value::Parameter(_) | Value::Unknown => None,
    }
}

/// A scope of one name or address: not of a class, a block or a suffix.
fn net(text: &str) -> Option<Scope> {
    let scope = NetScope::parse(text).ok()?;
    matches!(scope.host(), HostPattern::Name(_) | HostPattern::Address(_)).then_some(Scope::Net(scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_policy::{Capability, Rule};

    fn text(capability: Capability, scope: Option<Scope>) -> Option<String> {
        scope.map(|scope| Rule { capability, scope }.to_string())
    }

    #[test]
    fn paths_stand_where_they_are_granted() {
        let of = |path_text| text(Capability::FsRead, path(path_text));
        assert_eq!(of("data/a.csv").as_deref(), Some("fs.read:./data/a.csv"));
        assert_eq!(of("./data//a/.").as_deref(), Some("fs.read:./data/a"));
        assert_eq!(of("/etc/app.toml").as_deref(), Some("fs.read:/etc/app.toml"));
        assert_eq!(of("a,b::c").map(|text| text.parse::<Rule>().unwrap().scope), path("a,b::c"), "it is read back");
        for none in ["", ".", "/", "//", "..", "a/../b", "/../etc", "a\0b"] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn names_are_made_in_their_directory() {
        let of = |one, other| text(Capability::FsWrite, directory(one, other));
        assert_eq!(of("data/a", "data/a").as_deref(), Some("fs.write:./data"));
        assert_eq!(of("data/a", "data/deep/b").as_deref(), Some("fs.write:./data"));
        assert_eq!(of("/srv/a/x", "/srv/b/x").as_deref(), Some("fs.write:/srv"));
        assert_eq!(of("a", "data/b").as_deref(), Some("fs.write:."));
        for (one, other) in [("/a", "/a"), ("/a/b", "/c/d"), ("a", "/a"), ("", ""), ("a/../b", "a/c"), (".", "a")] {
            assert_eq!(of(one, other), None, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_name_is_never_a_prefix() {
        assert_eq!(text(Capability::EnvRead, name("APP_MODE")).as_deref(), Some("env.read:APP_MODE"));
        for none in ["", "APP_*", "*", "A=B"] {
            assert_eq!(name(none), None, "{none:?}");
        }
        assert_eq!(text(Capability::DbRead, database("main")).as_deref(), Some("db.read:main"));
        assert_eq!((database("main.notes"), database("")), (None, None));
    }

    #[test]
    fn a_host_is_never_a_class_or_a_block() {
        let of = |name, port| text(Capability::NetConnect, host(name, Some(port)));
        assert_eq!(of("example.com", Value::Constant(443)).as_deref(), Some("net.connect:example.com:443"));
        assert_eq!(of("example.com", Value::Unknown).as_deref(), Some("net.connect:example.com"));
        assert_eq!(of("::1", Value::Constant(80)).as_deref(), Some("net.connect:[::1]:80"));
        assert_eq!(of("::1", Value::Constant(0)).as_deref(), Some("net.connect:::1"));
        assert_eq!(of("10.0.0.1", Value::Constant(70_000)).as_deref(), Some("net.connect:10.0.0.1"));
        for none in
            ["", "public", "loopback", "*.example.com", "10.0.0.0/8", "example.com:80", "[::1]", "a b", "http://x"]
        {
            assert_eq!(of(none, Value::Constant(80)), None, "{none:?}");
        }
    }

    #[test]
    fn a_url_gives_its_origin() {
        let of = |url| text(Capability::NetConnect, origin(url));
        assert_eq!(of("https://api.example.com/v1?q").as_deref(), Some("net.connect:https://api.example.com"));
        assert_eq!(of("HTTP://a-b.example:8080").as_deref(), Some("net.connect:http://a-b.example:8080"));
        assert_eq!(of("http://[::1]:80/").as_deref(), Some("net.connect:http://[::1]"));
        for none in [
            "",
            "api.example.com",
            "ftp://a.example",
            "https://u@a.example/",
            "https://public/",
            "https://*.a.example/",
            "https://a.example:1-9/",
            "https://10.0.0.0%2f8/",
            "https://",
            "https:///x",
        ] {
            assert_eq!(of(none), None, "{none:?}");
        }
    }

    #[test]
    fn an_address_is_put_together() {
        let constants = |numbers: [i32; 10]| numbers.map(Value::Constant);
        let of = |numbers| text(Capability::NetListen, address(&constants(numbers)));
        assert_eq!(of([0, 127, 0, 0, 1, 0, 0, 0, 0, 8080]).as_deref(), Some("net.listen:127.0.0.1:8080"));
        assert_eq!(of([1, 0, 0, 0, 0, 0, 0, 0, 1, 80]).as_deref(), Some("net.listen:[::1]:80"));
        assert_eq!(of([0, 127, 0, 0, 1, 0, 0, 0, 0, 0]).as_deref(), Some("net.listen:127.0.0.1"));
        assert_eq!(of([0, 256, 0, 0, 1, 0, 0, 0, 0, 80]), None);
        assert_eq!(of([2, 0, 0, 0, 0, 0, 0, 0, 0, 80]), None);
        let mut unknown = constants([0, 127, 0, 0, 1, 0, 0, 0, 0, 80]);
        unknown[2] = Value::Unknown;
        assert_eq!(address(&unknown), None);
    }
}
