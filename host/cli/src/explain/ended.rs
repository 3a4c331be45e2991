//! Grants that have ended before anything begins.

use super::Judge;
use caphost::policy::{Grant, Request};

impl Judge {
    /// Why something is refused that a grant covers: that has ended.
    pub(super) fn ended(&self, request: &Request<'_>) -> Option<String> {
        let governing = self.anchored.governing(request).into_iter();
        let mut ended = governing.filter(|id| self.written.grant(*id).is_some_and(has_ended));
        let id = ended.next()?;
        let expires = self.origins.of_grant(id).and_then(|from| from.expires);
        let when = expires.map_or(String::new(), |time| format!(" {time}"));
        Some(format!("reason     grant {} ended{when}", self.grant(id)))
    }
}

fn has_ended(grant: &Grant) -> bool {
    grant.expires_after.is_some_and(|after| after.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origins::Origins;
    use caphost::policy::{Policy, Rule};
    use std::time::Duration;

    #[test]
    fn what_has_ended_is_refused() {
        let answer = |after: Option<Duration>| {
            let rule: Rule = "fs.read:./data".parse().unwrap();
            let policy = Policy::builder().allow(Grant { expires_after: after, ..rule.clone().into() }).build();
            let judge = Judge::new(policy, Origins::default(), "/work".to_owned());
            judge.answer(&rule).map(|answer| (answer.is_allowed, answer.text)).unwrap()
        };
        let (is_allowed, text) = answer(Some(Duration::ZERO));
        assert!(!is_allowed && text.contains("is refused") && text.contains("`fs.read:./data` ended"), "{text}");
        assert!(answer(Some(Duration::from_secs(1))).0 && answer(None).0);
    }
}
