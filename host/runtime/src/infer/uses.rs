//! From calls to capabilities: what each function that is reached takes, and on what.

use super::arguments::Tracer;
use super::graph::Graph;
use super::shapes::{Kind, Shape, Told, shape_of};
use super::{Constant, Extent, Use, Why};
use crate::surface::{self, Needs, Row};
use caphost_policy::{Capability, Rule, Scope, ScopeKind};
use std::collections::{BTreeMap, HashMap};

/// Scopes of one capability; more say that it is no constant in truth.
const MAX_SCOPES: usize = 64;

/// A function of an import that is reached.
#[derive(Clone, Copy)]
pub(super) struct Reached<'c> {
    /// Its interface, without a version.
    pub(super) interface: &'c str,
    /// Its name.
    pub(super) function: &'c str,
}

impl Reached<'_> {
    /// As comments and reports have it: `caphost:host/fs read-file`.
    fn name(self) -> String {
        if self.function.is_empty() {
            self.interface.to_owned()
        } else {
            format!("{} {}", self.interface, self.function)
        }
    }

    fn row(self) -> Option<&'static Row> {
        surface::rows_of(self.interface).find(|row| row.function == self.function)
    }
}

/// What the functions that are reached take. Without a graph nothing is known of their arguments.
pub(super) fn uses(reached: &[Reached<'_>], graph: Option<(&Graph<'_, '_>, usize)>) -> Vec<Use> {
    let mut tracer = graph.map(|(graph, size)| Calls { graph, tracer: Tracer::new(graph, size) });
    let is_metadata_read = reached.iter().any(|one| one.interface == "caphost:host/fs" && one.function == METADATA);
    let mut sum = Sum::default();
    let (first, last): (Vec<_>, Vec<_>) =
        reached.iter().filter_map(|one| Some((*one, one.row()?))).partition(|(_, row)| !follows(row));
    for (one, row) in first {
        match row.needs {
            Needs::Nothing(_) => {}
            Needs::Optional { capabilities, .. } => {
                capabilities.iter().for_each(|capability| sum.optional(*capability, one));
            }
            Needs::Capabilities(capabilities) => {
                let shape = shape_of(one.interface, one.function);
                let told = shape.zip(tracer.as_mut()).map(|(shape, calls)| (shape, calls, is_metadata_read));
                sum.needed(one, capabilities, told);
            }
        }
    }
    last.into_iter().for_each(|(one, row)| sum.following(one, row));
    sum.into_uses()
}

/// Takes reading of whatever is open.
const METADATA: &str = "[method]file.metadata";

/// Whether a function acts on what another one was asked for, and on nothing else.
fn follows(row: &Row) -> bool {
    let acts_on = |prefixes: &[&str]| prefixes.iter().any(|prefix| row.function.starts_with(prefix));
    match row.interface {
        "caphost:host/db" => acts_on(&["[method]"]),
        "caphost:host/fs" => row.function == METADATA,
        "caphost:host/net" => acts_on(&["[method]tcp-"]),
        "caphost:host/websocket" => acts_on(&["[method]listener."]),
        // A lookup; an option of a socket.
        "wasi:sockets/ip-name-lookup" => true,
        "wasi:sockets/tcp" => row.capabilities().len() > 1,
        _ => false,
    }
}

struct Calls<'g, 'd, 'a> {
    graph: &'g Graph<'d, 'a>,
    tracer: Tracer<'g, 'd, 'a>,
}

impl Calls<'_, '_, '_> {
    /// What a function takes by what it is told, of all of its calls; `None` if some call does not say.
    fn take(&mut self, one: Reached<'_>, told: &Told) -> Option<Vec<(Capability, Scope)>> {
        let links = self.graph.links;
        let is_wanted = |imported: &super::link::ImportedFunction<'_>| {
            super::interface(imported.import) == one.interface && imported.function == one.function
        };
        let mut taken = Vec::new();
        for (number, lowered) in links.lowered.iter().enumerate() {
            let imported = lowered.function.and_then(|function| links.imported.get(function));
            if !imported.is_some_and(is_wanted) || !self.graph.is_reached(self.graph.lowered(number)) {
                continue;
            }
            let memory = lowered.memory.and_then(|memory| self.graph.memory(memory));
            let calls = self.tracer.calls(self.graph.lowered(number), &told.parameters());
            if calls.is_empty() {
                return None;
            }
            for known in calls {
                taken.extend(told.read(&known, memory)?);
            }
        }
        Some(taken)
    }

    /// Whether others can call it, in any way.
    fn is_escaped(&self, one: Reached<'_>) -> bool {
        let links = self.graph.links;
        links
            .escaped
            .iter()
            .filter_map(|function| links.imported.get(*function))
            .any(|imported| super::interface(imported.import) == one.interface && imported.function == one.function)
    }
}

/// The capabilities so far.
#[derive(Default)]
struct Sum {
    needed: BTreeMap<Capability, Part>,
    optional: BTreeMap<Capability, Vec<String>>,
}

#[derive(Default)]
struct Part {
    /// Why no scope can be given, if it cannot.
    everything: Option<Why>,
    scopes: HashMap<Scope, Vec<String>>,
    functions: Vec<String>,
}

impl Sum {
    fn optional(&mut self, capability: Capability, one: Reached<'_>) {
        self.optional.entry(capability).or_default().push(one.name());
    }

    fn needed(
        &mut self,
        one: Reached<'_>,
        capabilities: &[Capability],
        told: Option<(&'static Shape, &mut Calls<'_, '_, '_>, bool)>,
    ) {
        let Some((shape, calls, is_metadata_read)) = told else {
            return capabilities.iter().for_each(|capability| self.everything(*capability, one, Why::NotTold));
        };
        let is_escaped = calls.is_escaped(one);
        for told in shape.told {
            let taken = if is_escaped { None } else { calls.take(one, told) };
            let Some(mut taken) = taken else {
                told.capabilities.iter().for_each(|capability| self.everything(*capability, one, Why::NotConstant));
                continue;
            };
            if told.kind == Kind::OpenedPath && is_metadata_read {
                let scopes: Vec<Scope> = taken.iter().map(|(_, scope)| scope.clone()).collect();
                taken.extend(scopes.into_iter().map(|scope| (Capability::FsRead, scope)));
            }
            for (capability, scope) in taken {
                self.scope(capability, scope, one);
            }
        }
    }

    /// Of a function that acts on what others were asked for: nothing, where these are there.
    fn following(&mut self, one: Reached<'_>, row: &Row) {
        let Needs::Capabilities(capabilities) = row.needs else { return };
        let is_lookup = capabilities.contains(&Capability::NetResolve);
        let is_followed = |capability: &Capability| {
            self.needed.get(capability).is_some_and(|part| !is_lookup || part.everything.is_some())
        };
        if !capabilities.iter().any(is_followed) {
            let taken = if is_lookup { &[Capability::NetResolve][..] } else { capabilities };
            taken.iter().for_each(|capability| self.everything(*capability, one, Why::NotTold));
        }
    }

    fn everything(&mut self, capability: Capability, one: Reached<'_>, why: Why) {
        let part = self.part(capability, one);
        let why = if capability.scope_kind() == ScopeKind::None { Why::NoScopes } else { why };
        part.everything = part.everything.max(Some(why));
    }

    fn scope(&mut self, capability: Capability, scope: Scope, one: Reached<'_>) {
        let part = self.part(capability, one);
        let functions = part.scopes.entry(scope).or_default();
        if functions.last() != Some(&one.name()) {
            functions.push(one.name());
        }
        if part.scopes.len() > MAX_SCOPES {
            part.everything = part.everything.max(Some(Why::TooMany));
        }
    }

    fn part(&mut self, capability: Capability, one: Reached<'_>) -> &mut Part {
        let part = self.needed.entry(capability).or_default();
        if part.functions.last() != Some(&one.name()) {
            part.functions.push(one.name());
        }
        part
    }

    fn into_uses(self) -> Vec<Use> {
        let Self { needed, optional } = self;
        let is_whole: Vec<Capability> =
            needed.iter().filter(|(_, part)| part.everything.is_some()).map(|(capability, _)| *capability).collect();
        let optional = optional.into_iter().filter(|(capability, _)| !is_whole.contains(capability));
        let optional = optional.map(|(capability, functions)| Use {
            capability,
            extent: Extent::Everything(Why::NotTold),
            is_needed: false,
            functions,
        });
        let mut uses: Vec<Use> = needed.into_iter().map(|(capability, part)| part.into_use(capability)).collect();
        uses.extend(optional);
        uses.sort_by_key(|one| (!one.is_needed, one.capability));
        uses
    }
}

impl Part {
    fn into_use(self, capability: Capability) -> Use {
        let Self { everything, scopes, functions } = self;
        let extent = match everything {
            Some(why) => Extent::Everything(why),
            None if scopes.is_empty() => Extent::Everything(Why::NotConstant),
            None => Extent::Scopes(least(capability, scopes)),
        };
        Use { capability, extent, is_needed: true, functions }
    }
}

/// The scopes that no other covers, in the order of their text.
fn least(capability: Capability, scopes: HashMap<Scope, Vec<String>>) -> Vec<Constant> {
    let rule = |scope: &Scope| Rule { capability, scope: scope.clone() };
    let mut all: Vec<Constant> = scopes.into_iter().map(|(scope, functions)| Constant { scope, functions }).collect();
    all.sort_by_cached_key(|one| rule(&one.scope).to_string());
    let mut kept: Vec<Constant> = Vec::new();
    for one in all {
        let covering = kept.iter_mut().find(|other| rule(&other.scope).covers(&rule(&one.scope)));
        if let Some(other) = covering {
            other.functions.extend(one.functions);
            continue;
        }
        let covered = kept.extract_if(.., |other| rule(&one.scope).covers(&rule(&other.scope)));
        let of_covered: Vec<String> = covered.flat_map(|other| other.functions).collect();
        kept.push(Constant { scope: one.scope, functions: [one.functions, of_covered].concat() });
    }
    for one in &mut kept {
        one.functions.sort_unstable();
        one.functions.dedup();
    }
    kept
}
