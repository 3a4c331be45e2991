//! Where to look for the rules that could contain another: by a key of their scopes, so that nobody compares every rule with every other.

use std::net::IpAddr;

use super::net::{block, class_of};
use super::path::Lexical;
use crate::scope::mask;
use crate::{AddressClass, HostPattern, Scope};

/// What a scope can be found by.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Key {
    /// Scopes that may contain those of any other key.
    Wide,
    Path {
        is_absolute: bool,
        up: usize,
        names: String,
    },
    Name(String),
    Prefix(String),
    /// In lower case, as deny rules compare them.
    Database(String),
    Table(String, String),
    Host(String),
    Suffix(String),
    Block(IpAddr, u8),
    Class(AddressClass),
}

impl Key {
    /// The key of a scope.
    pub(crate) fn of(scope: &Scope) -> Self {
        match scope {
            Scope::Any => Self::Wide,
            Scope::Path(path) => {
                let path = Lexical::of(path);
                match path.names.is_empty() {
                    // `..` contains names that have another number of `..` before them.
                    true => Self::Wide,
                    false => path_key(&path, path.names.len()),
                }
            }
            Scope::Name(name) => match name.prefix() {
                Some(prefix) => Self::Prefix(prefix.to_owned()),
                None => Self::Name(name.as_str().to_owned()),
            },
            Scope::Table(table) => match table.table() {
                Some(name) => Self::Table(table.database().to_ascii_lowercase(), name.to_ascii_lowercase()),
                None => Self::Database(table.database().to_ascii_lowercase()),
            },
            Scope::Net(net) => match (net.host(), block(net.host())) {
                (_, Some((address, prefix))) => Self::Block(address, prefix),
                (HostPattern::Name(name), _) => Self::Host(name.as_str().to_owned()),
                (HostPattern::Suffix(name), _) => Self::Suffix(name.as_str().to_owned()),
                (HostPattern::Class(class), _) => Self::Class(*class),
                _ => Self::Wide,
            },
        }
    }

    /// The keys of all scopes that could contain this one: about as many as it has components, labels, characters or bits.
    pub(crate) fn containing(scope: &Scope) -> Vec<Self> {
        let mut keys = vec![Self::Wide];
        match scope {
            Scope::Any => {}
            Scope::Path(path) => {
                let path = Lexical::of(path);
                keys.extend((1..=path.names.len()).map(|length| path_key(&path, length)));
            }
            Scope::Name(name) => {
                let stem = name.prefix().unwrap_or(name.as_str());
                let cuts = stem.char_indices().map(|(at, _)| at).chain([stem.len()]);
                keys.extend(cuts.filter_map(|at| stem.get(..at)).map(|prefix| Self::Prefix(prefix.to_owned())));
                keys.push(Self::of(scope));
            }
            Scope::Table(table) => {
                keys.push(Self::Database(table.database().to_ascii_lowercase()));
                keys.push(Self::of(scope));
            }
            Scope::Net(net) => keys.extend(containing_host(scope, net.host())),
        }
        keys
    }
}

fn containing_host(scope: &Scope, host: &HostPattern) -> Vec<Key> {
    let mut keys: Vec<_> = class_of(host).map(Key::Class).into_iter().collect();
    match host {
        HostPattern::Name(name) | HostPattern::Suffix(name) => {
            let dots = name.as_str().match_indices('.');
            keys.extend(dots.filter_map(|(at, _)| name.as_str().get(at + 1..)).map(|end| Key::Suffix(end.to_owned())));
            keys.push(Key::Class(AddressClass::Public));
            keys.push(Key::of(scope));
        }
        HostPattern::Class(_) => {}
        HostPattern::Address(_) | HostPattern::Block { .. } => {
            let (address, prefix) = block(host).unwrap_or((IpAddr::from([0; 4]), 0));
            keys.extend((0..=prefix).filter_map(|prefix| Some(Key::Block(mask(address, prefix)?, prefix))));
        }
    }
    keys
}

fn path_key(path: &Lexical<'_>, length: usize) -> Key {
    let names = path.names.get(..length).unwrap_or_default().join("/");
    Key::Path { is_absolute: path.is_absolute, up: path.up, names }
}
