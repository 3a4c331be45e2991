//! Opening a database, which takes a grant of anything in it. Invariant: what is then done with it is asked for by itself.

use super::permit::Count;
use super::standing::Missing;
use super::{Gate, Permit};
use crate::audit::Extent;
use crate::refusal::Denied;
use crate::request::{Asked, Request, Target};
use caphost_policy::{self as policy, Capability, Decision, Deny, Grant, Rule, RuleId, Scope, codes::Code};
use std::cell::Cell;

impl Gate {
    /// A permit to open a database, or to begin a transaction in it: some grant of reading or writing it, or a table of it, stands.
    /// It takes nothing from a quota.
    ///
    /// # Errors
    /// [`Denied`] when none does, whether there is such a database or not.
    pub(crate) fn check_database(&self, call: &'static str, asked: &str, name: &str) -> Result<Permit, Denied> {
        let standing = |capability| (capability, self.standing_within(capability, name));
        let (read, write) = (standing(Capability::DbRead), standing(Capability::DbWrite));
        let was_never = |missing: &Missing| matches!(missing.code, Code::NotGranted | Code::NoGrantCovers);
        let (capability, standing) = match (&read.1, &write.1) {
            (Err(_), Ok(_)) => write,
            // Something that was granted and has ended tells more than something that never was.
            (Err(read), Err(missing)) if was_never(read) && !was_never(missing) => write,
            _ => read,
        };
        self.answer(standing, &of_database(capability, call, asked, name))
    }

    /// As [`Gate::check_database`], of reading or of writing.
    ///
    /// # Errors
    /// [`Denied`] when no grant of it stands.
    pub(crate) fn check_within(
        &self,
        capability: Capability,
        call: &'static str,
        name: &str,
    ) -> Result<Permit, Denied> {
        self.answer(self.standing_within(capability, name), &of_database(capability, call, name, name))
    }

    /// Whether [`Gate::check_within`] would give one. Records nothing.
    pub(crate) fn stands_within(&self, capability: Capability, name: &str) -> bool {
        self.standing_within(capability, name).is_ok()
    }

    fn answer(&self, standing: Result<RuleId, Missing>, request: &Request<'_>) -> Result<Permit, Denied> {
        match standing {
            Ok(grant) => self.admit(request, grant, Extent::Part, |_| Count::Nothing),
            Err(Missing { code, deny }) => Err(self.refuse(request, code, deny)),
        }
    }

    /// Whether anything in a database is granted by the rules alone, ended or not.
    pub(crate) fn grants_within(&self, capability: Capability, name: &str) -> bool {
        self.policy().each_has_grant(|_, grant| is_within(&grant.rule, capability, name))
            && self.denied_whole(capability, name).is_none()
    }

    /// A grant of something in a database that stands.
    fn standing_within(&self, capability: Capability, name: &str) -> Result<RuleId, Missing> {
        if let Some(deny) = self.denied_whole(capability, name) {
            return Err(Missing { code: Code::DeniedByRule, deny: Some(deny) });
        }
        let is_one = |grant: &Grant| is_within(&grant.rule, capability, name);
        // Of policies that were put together, the last one's: the narrowest.
        let found = Cell::new(None);
        let stands = |id: RuleId, grant: &Grant| {
            let stands = is_one(grant) && self.ended(id.index()).is_none();
            stands.then(|| found.set(Some(id))).is_some()
        };
        if let (true, Some(grant)) = (self.policy().each_has_grant(stands), found.get()) {
            return Ok(grant);
        }
        let mut grants = self.policy().grants().iter().enumerate().filter(|(_, grant)| is_one(grant));
        let ended = grants.find_map(|(index, _)| self.ended(index));
        Err(Missing { code: ended.unwrap_or_else(|| self.code_of(capability, None)), deny: None })
    }

    /// The deny rule that leaves nothing of a database.
    fn denied_whole(&self, capability: Capability, name: &str) -> Option<RuleId> {
        let target = policy::Target::Table { database: name, table: None };
        let Decision::Denied { by: Some(by) } = self.policy().decide(&policy::Request { capability, target }) else {
            return None;
        };
        let is_reported = |deny: &Deny| leaves_nothing(deny, capability, name);
        let reported = self.policy().deny(by).is_some_and(is_reported).then_some(by);
        // Behind one on a table there may be one with exceptions, all of them in other databases.
        reported.or_else(|| self.policy().deny_where(|deny| !deny.except.is_empty() && is_reported(deny)))
    }
}

fn of_database<'a>(capability: Capability, call: &'static str, asked: &'a str, name: &'a str) -> Request<'a> {
    Request { capability, call, asked: Asked::name(asked), target: Target::Table { database: name, table: None } }
}

/// Whether a deny rule leaves nothing of a database, also by an exception.
fn leaves_nothing(deny: &Deny, capability: Capability, name: &str) -> bool {
    let is_of_database = match &deny.rule.scope {
        Scope::Table(table) => table.table().is_none() && table.database().eq_ignore_ascii_case(name),
        _ => true,
    };
    let is_left = |scope: &Scope| matches!(scope, Scope::Table(table) if table.database() == name);
    deny.rule.capability == capability && is_of_database && !deny.exceptions().any(is_left)
}

fn is_within(rule: &Rule, capability: Capability, name: &str) -> bool {
    let is_of_database = match &rule.scope {
        Scope::Any => true,
        Scope::Table(table) => table.database() == name,
        _ => false,
    };
    rule.capability == capability && is_of_database
}
