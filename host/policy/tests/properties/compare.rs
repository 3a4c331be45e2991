//! Properties of what is told by the texts of rules alone.

use caphost_policy::{Deny, Exceeds, Grant, Policy, Quota, Rule};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use std::time::Duration;

use crate::given::{allowed, allows, denies, grant, policy, question, rule};
use crate::model::{grants, would_refuse};

/// A policy, and one that was made of its rules: mostly wider.
fn related() -> impl Strategy<Value = (Vec<Grant>, Vec<Deny>, Vec<Grant>, Vec<Deny>)> {
    (vec(grant(), 1..6), denies()).prop_flat_map(|(allow, deny)| {
        let fewer_denies = subsequence(deny.clone(), 0..=deny.len());
        let fewer_grants = subsequence(allow.clone(), 0..=allow.len());
        let change = (vec(any::<Index>(), 0..3), vec(any::<Index>(), 0..3), allowed());
        (Just(allow), Just(deny), fewer_grants, fewer_denies, change).prop_map(
            |(allow, deny, mut wider, mut fewer, (dropped, stricter, others))| {
                wider.extend(others);
                wider.extend(allow.iter().cloned());
                for index in dropped {
                    let index = index.index(wider.len());
                    // A wider rule of the same capability, in place of one of them.
                    let rule = Rule { capability: wider[index].rule.capability, scope: caphost_policy::Scope::Any };
                    wider[index] = Grant::from(rule);
                }
                for index in stricter.into_iter().filter(|_| !deny.is_empty()) {
                    // As another of them, but one that leaves out less.
                    let mut deny = deny[index.index(deny.len())].clone();
                    deny.except.pop();
                    fewer.push(deny);
                }
                (allow, deny, wider, fewer)
            },
        )
    })
}

fn terms() -> impl Strategy<Value = Grant> {
    (grant(), prop::option::of(0..3_u64), prop::option::of(0..3_u64)).prop_map(|(grant, seconds, operations)| {
        let quota = operations.map(|operations| Quota { operations: Some(operations), ..Quota::default() });
        Grant { expires_after: seconds.map(Duration::from_secs), quota, ..grant }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_covers_a_rule_covers_all_of_it(outer in grant(), inner in rule(), question in question()) {
        let inner = Grant::from(inner);
        if outer.http.is_none() && outer.rule.covers(&inner.rule) {
            prop_assert!(!grants(&inner, &question) || grants(&outer, &question), "{} and {}", outer.rule, inner.rule);
        }
        prop_assert!(inner.rule.covers(&inner.rule));
    }

    #[test]
    fn where_nothing_exceeds_the_ceiling_allows_as_much(
        (allow, deny, wider, fewer) in related(), questions in vec(question(), 8),
    ) {
        let (policy, ceiling) = (policy(&allow, &deny), policy(&wider, &fewer));
        if policy.excess(&ceiling).is_empty() {
            for question in &questions {
                prop_assert!(!allows(&policy, question) || allows(&ceiling, question), "{question:?}");
            }
        }
    }

    #[test]
    fn the_same_of_policies_that_have_nothing_to_do_with_each_other(
        parts in vec((allowed(), denies()), 2..5), at in any::<Index>(), questions in vec(question(), 8),
    ) {
        let policies: Vec<Policy> = parts.iter().map(|(allow, deny)| policy(allow, deny)).collect();
        let (own, ceiling) = policies.split_at(1 + at.index(policies.len() - 1));
        let together = |all: &[Policy]| all.iter().skip(1).fold(all[0].clone(), |all, policy| all.attenuate(policy));
        let (own, ceiling) = (together(own), together(ceiling));
        let excess = own.excess(&ceiling);
        if excess.is_empty() {
            for question in &questions {
                prop_assert!(!allows(&own, question) || allows(&ceiling, question), "{question:?}");
            }
        }
        for excess in excess {
            prop_assert!(own.grant(excess.grant).is_some());
            let is_known = match excess.why {
                Exceeds::NotGranted | Exceeds::Unknown => true,
                Exceeds::Terms(grant) => ceiling.grant(grant).is_some(),
                Exceeds::Denied(deny) => ceiling.deny(deny).is_some(),
            };
            prop_assert!(is_known);
        }
        prop_assert_eq!(own.attenuate(&ceiling).excess(&ceiling), vec![]);
    }

    #[test]
    fn nothing_exceeds_itself_and_less_does_not(grants in vec(terms(), 0..6), deny in denies(), more in denies()) {
        let whole = policy(&grants, &deny);
        prop_assert_eq!(whole.excess(&whole), vec![]);
        let fewer: Vec<Grant> = grants.iter().skip(1).cloned().collect();
        let stricter: Vec<Deny> = deny.iter().chain(&more).cloned().collect();
        prop_assert_eq!(policy(&fewer, &stricter).excess(&whole), vec![]);
        prop_assert_eq!(policy(&[], &[]).excess(&whole), vec![]);
    }

    #[test]
    fn a_grant_on_looser_terms_exceeds(grant in terms(), question in question()) {
        let loose = Grant { expires_after: None, quota: None, ..grant.clone() };
        let excess = policy(std::slice::from_ref(&loose), &[]).excess(&policy(std::slice::from_ref(&grant), &[]));
        let is_bounded = grant.expires_after.is_some() || grant.quota.is_some_and(|quota| quota != Quota::default());
        prop_assert_eq!(!excess.is_empty(), is_bounded && grant.is_well_formed());
        let denied = Deny::from(grant.rule.clone());
        if grants(&loose, &question) {
            // A deny rule on the same scope covers at least as much, but for lookups of a name at some ports.
            let excess = policy(&[loose], &[]).excess(&policy(&[grant], std::slice::from_ref(&denied)));
            prop_assert!(!would_refuse(&denied, &question) || !excess.is_empty());
        }
    }
}
