//! A deny rule, and what it leaves out.

use std::fmt;

use crate::containment::{Side, contains};
use crate::{Rule, Scope};

/// A deny rule. It refuses what its scope covers and none of its exceptions does; an exception covers what a grant of the same scope
/// would cover.
///
/// An exception weakens its own rule only: every other deny rule goes on beating every grant. It grants nothing by itself.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Deny {
    /// What is refused.
    pub rule: Rule,
    /// What of it is not: scopes of the same capability, each inside the rule's own.
    pub except: Vec<Scope>,
}

impl Deny {
    /// The exceptions that hold. Any other is as if it were not there, so that the rule refuses more:
    /// - one of a scope that the capability does not take
    /// - one that is not inside the rule's scope, as far as [`Rule::covers`] can tell
    /// - [`Scope::Any`]
    /// - every one, where the rule's own scope does not fit its capability
    pub fn exceptions(&self) -> impl Iterator<Item = &Scope> {
        let Rule { capability, scope: whole } = &self.rule;
        let holds = |scope: &&Scope| **scope != Scope::Any && contains(*capability, whole, scope, Side::Allow);
        self.except.iter().filter(holds)
    }

    /// Says whether it refuses all of its capability.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        !self.rule.is_well_formed() || self.rule.scope == Scope::Any && self.exceptions().next().is_none()
    }
}

impl From<Rule> for Deny {
    fn from(rule: Rule) -> Self {
        Self { rule, except: Vec::new() }
    }
}

/// For people: `fs.read:./data except ./data/public, ./data/new`.
impl fmt::Display for Deny {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rule.fmt(formatter)?;
        for (index, scope) in self.except.iter().enumerate() {
            write!(formatter, "{}{scope}", if index == 0 { " except " } else { ", " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deny(rule: &str, except: &[&str]) -> Deny {
        let scope = |text: &&str| text.parse::<Rule>().unwrap().scope;
        Deny { rule: rule.parse().unwrap(), except: except.iter().map(scope).collect() }
    }

    #[test]
    fn an_exception_holds_inside_its_rule_only() {
        let held = |rule, except| deny(rule, &[except]).exceptions().count() == 1;
        assert!(held("fs.read:./data", "fs.read:data/public") && held("fs.read", "fs.read:/a"));
        assert!(held("net.connect:private", "net.connect:10.0.0.1:443") && held("env.read:A*", "env.read:AB"));
        for (rule, except) in [
            ("fs.read:./data", "fs.read:."),
            ("fs.read:./data", "fs.read:./data/../keys"),
            ("fs.read:./data", "fs.read:/data/public"),
            ("fs.read:./data", "fs.read"),
            ("fs.read", "fs.read"),
            ("fs.read", "env.read:A"),
            ("net.connect", "websocket.connect:wss://a.example"),
            ("net.connect:private", "net.connect:a.example"),
            ("net.connect:a.example:443", "net.connect:a.example"),
            ("db.read:main.a", "db.read:main"),
            ("random", "random"),
        ] {
            assert!(!held(rule, except), "{rule} except {except}");
        }
    }

    #[test]
    fn what_is_left_out_is_shown() {
        assert_eq!(deny("fs.read:./a\\,b", &[]).to_string(), "fs.read:./a\\,b");
        let except = ["fs.read:./d/x", "fs.read:./d/y"];
        assert_eq!(deny("fs.read:./d", &except).to_string(), "fs.read:./d except ./d/x, ./d/y");
    }
}
