//! A refusal as two types: [`Denied`], all that a guest may learn, and [`Refusal`], what the operator sees.

use crate::escape::escape;
use caphost_policy::{Capability, RuleId, codes::Code};
use std::fmt::{self, Display};

/// What a guest may be told: that it was refused, by what kind of rule, for which capability. No path, no rule text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    code: Code,
    capability: Option<Capability>,
}

impl Denied {
    pub(crate) fn new(code: Code, capability: Option<Capability>) -> Self {
        Self { code, capability }
    }

    /// The stable code of the refusal.
    pub fn code(self) -> Code {
        self.code
    }

    /// The capability that was asked for; none where no capability could ever have allowed the call.
    pub fn capability(self) -> Option<Capability> {
        self.capability
    }
}

impl Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.capability {
            Some(capability) => write!(f, "`{}` denied ({})", capability.name(), self.code.number()),
            None => write!(f, "denied ({})", self.code.number()),
        }
    }
}

impl std::error::Error for Denied {}

/// A refusal as the operator sees it, on stderr and in the audit log. Never shown to a guest: it holds host paths.
///
/// The texts are raw; [`Display`] escapes those that come from the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// The capability that was asked for.
    pub capability: Option<Capability>,
    /// The interface and function that the guest called, such as `wasi:filesystem open-at`.
    pub call: &'static str,
    /// The resource in the guest's own words.
    pub asked: String,
    /// What it resolved to on the host.
    pub resolved: Option<String>,
    /// The rule that refused, or its absence.
    pub reason: String,
    /// The operator's deny rule that refused, if one did: its place in the policy as it was written.
    pub deny: Option<RuleId>,
    /// The `--allow` that would change it, or why none can.
    pub remedy: Remedy,
}

impl Refusal {
    /// What a message calls the resource: it in the guest's own words, or, where these are a digest of a statement, its table.
    pub fn resource(&self) -> &str {
        if self.is_of_statement() { self.resolved.as_deref().unwrap_or(&self.asked) } else { &self.asked }
    }

    /// What a message says of it besides, under a heading: what it resolved to, or the statement's digest.
    pub fn detail(&self) -> Option<(&'static str, &str)> {
        let (heading, detail) = if self.is_of_statement() {
            ("statement", Some(self.asked.as_str()))
        } else {
            ("resolved", self.resolved.as_deref())
        };
        Some((heading, detail.filter(|detail| *detail != self.resource())?))
    }

    fn is_of_statement(&self) -> bool {
        matches!(self.capability, Some(Capability::DbRead | Capability::DbWrite))
    }
}

/// What an operator can do about a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Grant this, in the text form of `--allow`.
    Allow(String),
    /// No grant changes it; this is why.
    NoGrantCan(String),
}

impl Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::Allow(grant) => write!(f, "--allow {}", shell_quote(&escape(grant).to_string())),
            Remedy::NoGrantCan(why) => f.write_str(why),
        }
    }
}

/// Quotes `text` for a POSIX shell when it holds anything but the characters of a plain word.
fn shell_quote(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:,=+@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

impl Display for Refusal {
    /// One line: the capability, and the resource.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.capability {
            Some(capability) => write!(f, "`{}` denied", capability.name())?,
            None => write!(f, "`{}` denied", self.call)?,
        }
        if !self.resource().is_empty() {
            write!(f, ": `{}`", escape(self.resource()))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_table_and_not_the_digest() {
        let refusal = |capability, asked: &str, resolved: &str| Refusal {
            code: Code::NotGranted,
            capability: Some(capability),
            call: "test",
            asked: asked.to_owned(),
            resolved: Some(resolved.to_owned()),
            reason: String::new(),
            deny: None,
            remedy: Remedy::NoGrantCan(String::new()),
        };
        let statement = refusal(Capability::DbRead, "main 9f86d081884c7d65", "main.notes");
        assert_eq!(statement.to_string(), "`db.read` denied: `main.notes`");
        assert_eq!(statement.detail(), Some(("statement", "main 9f86d081884c7d65")));
        let file = refusal(Capability::FsRead, "a", "/srv/a");
        assert_eq!((file.resource(), file.detail()), ("a", Some(("resolved", "/srv/a"))));
        assert_eq!(refusal(Capability::DbRead, "main", "main").detail(), None);
    }

    #[test]
    fn a_hint_can_be_pasted_into_a_shell() {
        let remedy = Remedy::Allow("fs.read:./it's here".into());
        assert_eq!(remedy.to_string(), r"--allow 'fs.read:./it'\''s here'");
        assert_eq!(Remedy::Allow("fs.read:./data".into()).to_string(), "--allow fs.read:./data");
    }
}
