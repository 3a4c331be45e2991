//! The rules of decision, each as a sentence of its own, where no other property says it:
//!
//! | rule | property |
//! | --- | --- |
//! | nothing is granted by default | `nothing_is_granted_by_default` |
//! | deny beats allow, always | `deny_never_loses`, `order_does_not_matter`, `by_another_spelling_no_exception_holds` |
//! | an empty list grants nothing; what is unknown is an error that shows the place | `nothing_is_granted_by_default`, `an_unknown_name_is_an_error_that_shows_it` |
//! | a policy can be narrowed and never widened | `narrowing_never_widens_and_is_the_conjunction`, those of `compare` |
//! | adding a deny or removing an allow never permits | `adding_a_deny_or_removing_an_allow_never_permits` |
//! | a refusal carries the rule, or its absence | `a_decision_names_the_rule_that_it_is_from`, `terms_govern_and_what_they_refuse_is_named` |

use caphost_policy::{Capability, Decision, Grant, Problem, Profile, parse_list};
use proptest::prelude::*;

use crate::given::{allowed, allows, denies, policy, question, rule};
use crate::model::{grants, refuses};

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_granted_by_default(deny in denies(), question in question()) {
        for list in ["", "core"] {
            let allow: Vec<Grant> = parse_list(list).unwrap().into_iter().map(Grant::from).collect();
            prop_assert!(!allows(&policy(&allow, &deny), &question));
        }
    }

    #[test]
    fn an_unknown_name_is_an_error_that_shows_it(
        before in rule(), name in "[a-z]{1,8}(\\.[a-z]{1,8})?", scope in prop::option::of("[a-z./]{1,6}"),
    ) {
        let is_known = Capability::ALL.iter().any(|one| one.name() == name) || Profile::named(&name).is_some();
        let item = scope.map_or_else(|| name.clone(), |scope| format!("{name}:{scope}"));
        let text = format!("{before},{item}");
        match parse_list(&text) {
            Err(error) if *error.problem() == Problem::UnknownName => {
                prop_assert!(!is_known);
                prop_assert_eq!((error.item(), error.span().start), (name.as_str(), text.len() - item.len()));
            }
            // Known, or `fs:read` for `fs.read`.
            Err(_) => {}
            Ok(rules) => prop_assert!(is_known || rules.len() == 2),
        }
    }

    #[test]
    fn a_decision_names_the_rule_that_it_is_from(allow in allowed(), deny in denies(), question in question()) {
        let policy = policy(&allow, &deny);
        match policy.decide(&question.request()) {
            Decision::Allowed { grant } => prop_assert!(policy.grant(grant).is_some_and(|grant| grants(grant, &question))),
            Decision::Denied { by: Some(id) } => {
                prop_assert!(policy.deny(id).is_some_and(|deny| refuses(deny, &question)));
            }
            Decision::Denied { by: None } => {
                prop_assert!(!allow.iter().any(|grant| grants(grant, &question)));
                prop_assert!(!deny.iter().any(|deny| refuses(deny, &question)));
            }
        }
    }
}
