//! Refusals as they happen. Invariant: what a guest can make this print and remember is bounded.
//!
//! The first refusal of a kind is shown in full at once; others like it are counted, and so is everything past
//! [`MAX_SHOWN`] kinds. The counts are shown when the guest has ended.

use super::{Message, Refused, Reporter, Subject, human, remedy};
use crate::origins::{Origins, is_of_file};
use crate::units::grouped;
use caphost::caps::{Observer, Refusal, Remedy};
use caphost::policy::Capability;
use caphost::policy::codes::Code;
use serde::Serialize;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Kinds of refusals that are shown.
const MAX_SHOWN: usize = 50;

/// Prints the refusals of one guest. A clone counts with the original.
#[derive(Clone)]
pub(crate) struct Refusals {
    reporter: Reporter,
    subject: Subject,
    origins: Origins,
    tally: Arc<Mutex<Tally>>,
}

impl Refusals {
    /// Refusals of the component `subject`, under a policy whose rules have `origins`.
    pub(crate) fn new(reporter: Reporter, subject: Subject, origins: Origins) -> Self {
        Self { reporter, subject, origins, tally: Arc::default() }
    }

    /// Where they are printed.
    pub(crate) fn reporter(&self) -> Reporter {
        self.reporter
    }

    /// What a run tells of each refusal.
    pub(crate) fn observer(&self) -> Observer {
        let refusals = self.clone();
        Box::new(move |refusal| refusals.note(refusal))
    }

    /// Prints how often each refusal was repeated.
    pub(crate) fn finish(&self) {
        let tally = std::mem::take(&mut *self.tally());
        for message in tally.summary() {
            self.reporter.tell_count(&message);
        }
    }

    fn note(&self, refusal: &Refusal) {
        let is_first = self.tally().count(refusal);
        if is_first {
            self.reporter.tell(&message(refusal, &self.subject, &self.origins));
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(refusal: &Refusal, subject: &Subject, origins: &Origins) -> Message {
    let origin = refusal.deny.and_then(|deny| origins.of_deny(deny)).filter(|origin| is_of_file(origin));
    let allow = match &refusal.remedy {
        Remedy::Allow(grant) => Some(grant.clone()),
        Remedy::NoGrantCan(_) => None,
    };
    let refused = Refused {
        capability: refusal.capability.map(Capability::name),
        call: refusal.call,
        asked: refusal.asked.clone(),
        resolved: refusal.resolved.clone(),
        detail: refusal.detail().map(|(heading, detail)| (heading, detail.to_owned())),
        reason: match origin {
            Some(origin) => format!("{} of {origin}", refusal.reason),
            None => refusal.reason.clone(),
        },
        allow,
    };
    let hint = remedy::text(&refusal.remedy, origins.manifest.as_ref());
    let message = Message::new(headline(refusal)).code(refusal.code).about(subject).hint(hint);
    Message { refusal: Some(refused), ..message }
}

/// The refusal in one line, as [`Refusal`] displays itself, with a very long resource cut.
fn headline(refusal: &Refusal) -> String {
    let what = refusal.capability.map_or(refusal.call, Capability::name);
    let resource = refusal.resource();
    let resource = if resource.is_empty() { String::new() } else { format!(": `{}`", human::shown(resource)) };
    format!("`{what}` denied{resource}")
}

/// What counts as the same refusal. The resource is kept as a hash: it may be long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    code: Code,
    capability: Option<Capability>,
    call: &'static str,
    asked: u64,
}

#[derive(Debug, Default)]
struct Tally {
    hasher: RandomState,
    shown: Vec<Shown>,
    /// Refusals of further kinds.
    others: u64,
}

#[derive(Debug)]
struct Shown {
    kind: Kind,
    headline: String,
    repeats: u64,
}

impl Tally {
    /// Counts `refusal`; says whether it is to be shown.
    fn count(&mut self, refusal: &Refusal) -> bool {
        let asked = self.hasher.hash_one(&refusal.asked);
        let kind = Kind { code: refusal.code, capability: refusal.capability, call: refusal.call, asked };
        if let Some(known) = self.shown.iter_mut().find(|shown| shown.kind == kind) {
            known.repeats += 1;
            return false;
        }
        if self.shown.len() == MAX_SHOWN {
            self.others += 1;
            return false;
        }
        self.shown.push(Shown { kind, headline: headline(refusal), repeats: 0 });
        true
    }

    fn summary(&self) -> Vec<Count> {
        let repeated = self.shown.iter().filter(|shown| shown.repeats > 0);
        let repeated = repeated.map(|shown| Count {
            level: "error",
            code: Some(shown.kind.code),
            of: shown.headline.clone(),
            more: shown.repeats,
        });
        let others = Count {
            level: "error",
            code: None,
            of: "refusals of other kinds or resources".to_owned(),
            more: self.others,
        };
        repeated.chain((self.others > 0).then_some(others)).collect()
    }
}

/// How many more there were of something that was, or was not, shown.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Count {
    level: &'static str,
    #[serde(serialize_with = "super::number", skip_serializing_if = "Option::is_none")]
    code: Option<Code>,
    #[serde(rename = "message")]
    of: String,
    more: u64,
}

impl Count {
    /// `… 2 314 more of `fs.read` denied: `x``
    pub(super) fn line(&self) -> String {
        match self.code {
            Some(_) => format!("… {} more of {}", grouped(self.more), self.of),
            None => format!("… {} more {}", grouped(self.more), self.of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(asked: &str) -> Refusal {
        Refusal {
            code: Code::NoGrantCovers,
            capability: Some(Capability::FsRead),
            call: "wasi:filesystem open-at",
            asked: asked.to_owned(),
            resolved: Some("outside every granted directory (granted: `./data`)".to_owned()),
            reason: "no grant covers it".to_owned(),
            deny: None,
            remedy: Remedy::Allow("fs.read:../secrets/key.pem::/secrets/key.pem".to_owned()),
        }
    }

    fn subject() -> Subject {
        Subject { name: "app.wasm".to_owned(), sha256: "9f3c0123".to_owned() }
    }

    #[test]
    fn a_refusal_looks_as_it_is_documented() {
        let text = human::render(&message(&refusal("../secrets/key.pem"), &subject(), &Origins::default()));
        assert_eq!(
            text,
            "error[CAP0102]: `fs.read` denied: `../secrets/key.pem`\n  \
               component  app.wasm (sha256:9f3c…)   call  wasi:filesystem open-at\n  \
               resolved   outside every granted directory (granted: `./data`)\n  \
               reason     no grant covers it\n  \
               hint: --allow fs.read:../secrets/key.pem::/secrets/key.pem\n"
        );
    }

    #[test]
    fn a_refusal_is_one_json_object() {
        let line = super::super::json::line(&message(&refusal("a\u{202e}b"), &subject(), &Origins::default()));
        assert_eq!(line.matches('\n').count(), 1);
        assert!(!line.contains('\u{202e}'));
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["code"], "CAP0102");
        assert_eq!(value["asked"], "a\u{202e}b");
        assert_eq!(value["component"], "app.wasm");
        assert_eq!(value["allow"], "fs.read:../secrets/key.pem::/secrets/key.pem");
        assert_eq!(value["hint"], "--allow fs.read:../secrets/key.pem::/secrets/key.pem");
    }

    #[test]
    fn what_is_resolved_to_itself_is_not_said_twice() {
        let same = Refusal { resolved: Some("HOME".to_owned()), ..refusal("HOME") };
        assert!(!human::render(&message(&same, &subject(), &Origins::default())).contains("resolved"));
    }

    #[test]
    fn repeats_are_counted_and_not_shown() {
        let mut tally = Tally::default();
        assert!(tally.count(&refusal("x")));
        assert_eq!(tally.summary(), []);
        assert!((0..2_314).all(|_| !tally.count(&refusal("x"))));
        let lines: Vec<_> = tally.summary().iter().map(Count::line).collect();
        assert_eq!(lines, ["… 2 314 more of `fs.read` denied: `x`"]);
    }

    #[test]
    fn past_fifty_kinds_there_are_only_counts() {
        let mut tally = Tally::default();
        let shown = (0..1_050).filter(|n| tally.count(&refusal(&n.to_string()))).count();
        assert_eq!(shown, MAX_SHOWN);
        assert_eq!(tally.shown.len(), MAX_SHOWN);
        let lines: Vec<_> = tally.summary().iter().map(Count::line).collect();
        assert_eq!(lines, ["… 1 000 more refusals of other kinds or resources"]);
    }
}
