//! Grants with HTTP terms at one place: by path prefix, then by method. A request costs one look for each length that a prefix has.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::map::Map;
use super::slot::{GrantRef, deepest};
use crate::http::{covered_part, is_boundary, is_prefix};
use crate::{HttpTerm, HttpTerms, Ports, RuleId};

/// The grants with terms of one host, by their ports, the widest range first. Ranges are not cut into pieces: each would have a table of
/// its own, with all grants in it.
#[derive(Clone, Default, Debug)]
pub(crate) struct HttpTables(BTreeMap<(Reverse<u16>, Ports), HttpTable>);

/// The grants with terms of one host and range of ports.
#[derive(Clone, Default, Debug)]
struct HttpTable {
    /// Grants without paths.
    anywhere: Methods,
    prefixes: Map<Box<str>, Methods>,
    /// The lengths of the prefixes, in bytes.
    lengths: BTreeSet<usize>,
    /// The best grant of all, whatever its terms.
    first: Option<RuleId>,
}

#[derive(Clone, Default, Debug)]
struct Methods {
    any: Option<GrantRef>,
    named: Map<Box<str>, GrantRef>,
    first: Option<RuleId>,
}

/// What grants with terms say of one request.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct HttpMatch {
    /// The grant that covers it.
    pub(crate) grant: Option<GrantRef>,
    /// A grant that covers its host alone, and the term that does not fit.
    pub(crate) obstacle: Option<(RuleId, HttpTerm)>,
}

impl HttpTables {
    /// Grants come sorted, so that of two with the same ports and terms the first is the one to keep.
    pub(crate) fn add(&mut self, ports: Ports, terms: &HttpTerms, grant: GrantRef) {
        let width = Reverse(ports.last() - ports.first());
        self.0.entry((width, ports)).or_default().add(terms, grant);
    }

    /// What they say of one request, whatever its port where none is known.
    pub(crate) fn find(&self, port: Option<u16>, method: &str, path: &str) -> HttpMatch {
        let covers = |ports: Ports| port.is_none_or(|port| (ports.first()..=ports.last()).contains(&port));
        let tables = self.0.iter().filter(|((_, ports), _)| covers(*ports));
        tables.fold(HttpMatch::default(), |found, (_, table)| found.then(table.find(method, path)))
    }
}

impl HttpTable {
    fn add(&mut self, terms: &HttpTerms, grant: GrantRef) {
        self.first.get_or_insert(grant.id);
        if terms.paths.is_empty() {
            return self.anywhere.add(&terms.methods, grant);
        }
        for path in terms.paths.iter().filter(|path| is_prefix(path)) {
            self.lengths.insert(path.len());
            self.prefixes.entry(path.as_str().into()).or_default().add(&terms.methods, grant);
        }
    }

    fn find(&self, method: &str, path: &str) -> HttpMatch {
        // What no prefix may cover is looked up as nothing, which is none.
        let path = covered_part(path).unwrap_or_default();
        let lengths = self.lengths.range(..=path.len()).filter(|length| is_boundary(path, **length));
        let prefixes = lengths.filter_map(|length| path.get(..*length));
        let mut found = HttpMatch { grant: None, obstacle: self.first.map(|first| (first, HttpTerm::Path)) };
        for methods in std::iter::once(&self.anywhere).chain(prefixes.filter_map(|path| self.prefixes.get(path))) {
            found = found.then(methods.find(method));
        }
        found
    }
}

impl Methods {
    fn add(&mut self, methods: &[String], grant: GrantRef) {
        self.first.get_or_insert(grant.id);
        if methods.is_empty() {
            self.any.get_or_insert(grant);
        }
        for method in methods {
            self.named.entry(method.as_str().into()).or_insert(grant);
        }
    }

    fn find(&self, method: &str) -> HttpMatch {
        let grant = deepest(self.any, self.named.get(method).copied());
        HttpMatch { grant, obstacle: self.first.map(|first| (first, HttpTerm::Method)) }
    }
}

impl HttpMatch {
    /// Both together, where `deeper` is the more specific place.
    pub(crate) fn then(self, deeper: Self) -> Self {
        Self { grant: deepest(self.grant, deeper.grant), obstacle: deeper.obstacle.or(self.obstacle) }
    }
}
