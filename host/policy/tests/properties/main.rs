//! Properties of the policy, and the compiled matchers against a model that asks one rule after the other.

mod compare;
mod given;
mod model;
mod rules;

use caphost_policy::{
    Capability, Decision, Deny, HttpRule, HttpTerm, HttpTerms, PathScope, Policy, Rule, Scope, parse_list,
};
use given::{allowed, allows, denies, deny, http_text, path, policy, question, rule};
use model::{Question, grants, leaves_out, refuses, would_refuse};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matchers_agree_with_the_model(allow in allowed(), deny in denies(), question in question()) {
        let granted = allow.iter().any(|grant| grants(grant, &question));
        let denied = deny.iter().any(|deny| refuses(deny, &question));
        prop_assert_eq!(allows(&policy(&allow, &deny), &question), granted && !denied);
    }

    #[test]
    fn deny_never_loses(allow in allowed(), deny in denies(), question in question()) {
        if deny.iter().any(|deny| refuses(deny, &question)) {
            prop_assert!(!allows(&policy(&allow, &deny), &question));
        }
    }

    #[test]
    fn adding_a_deny_or_removing_an_allow_never_permits(
        allow in allowed(), deny in denies(), more in deny(), index in any::<prop::sample::Index>(), question in question(),
    ) {
        let before = allows(&policy(&allow, &deny), &question);
        let mut fewer = allow.clone();
        if !fewer.is_empty() {
            fewer.remove(index.index(fewer.len()));
        }
        let mut stricter = deny.clone();
        stricter.push(more);
        prop_assert!(before || !allows(&policy(&fewer, &deny), &question));
        prop_assert!(before || !allows(&policy(&allow, &stricter), &question));
    }

    #[test]
    fn narrowing_never_widens_and_is_the_conjunction(
        parts in vec((allowed(), vec(deny(), 0..2)), 1..7), question in question(),
    ) {
        let policies: Vec<Policy> = parts.iter().map(|(allow, deny)| policy(allow, deny)).collect();
        let every = policies.iter().all(|policy| allows(policy, &question));
        let narrowed = policies.iter().skip(1).fold(policies[0].clone(), |all, policy| all.attenuate(policy));
        prop_assert_eq!(allows(&narrowed, &question), every);
        let nested = policies.iter().rev().skip(1).fold(policies[policies.len() - 1].clone(), |all, policy| policy.attenuate(&all));
        prop_assert_eq!(allows(&nested, &question), every);
        let refusing = policies.iter().position(|policy| !allows(policy, &question));
        prop_assert_eq!(narrowed.refusing_layer(&question.request()), refusing);
        prop_assert_eq!(nested.refusing_layer(&question.request()), refusing);
        let governing = narrowed.governing(&question.request());
        prop_assert_eq!(governing.len(), if every { policies.len() } else { 0 });
        for id in governing {
            prop_assert!(narrowed.grant(id).is_some_and(|grant| grants(grant, &question)));
        }
    }

    #[test]
    fn order_does_not_matter(allow in allowed(), deny in denies(), question in question()) {
        let decided = |policy: &Policy| match policy.decide(&question.request()) {
            Decision::Allowed { grant } => policy.grant(grant).cloned().ok_or_else(String::new),
            Decision::Denied { by } => Err(by.and_then(|id| policy.deny(id)).map(ToString::to_string).unwrap_or_default()),
        };
        let (mut grants, mut rules) = (allow.clone(), deny.clone());
        grants.reverse();
        rules.reverse();
        let (forth, back) = (policy(&allow, &deny), policy(&grants, &rules));
        prop_assert_eq!(decided(&forth), decided(&back));
        let obstacle = |policy: &Policy| policy.http_obstacle(&question.request()).map(|(id, term)| (policy.grant(id).cloned(), term));
        prop_assert_eq!(obstacle(&forth), obstacle(&back));
    }

    #[test]
    fn terms_govern_and_what_they_refuse_is_named(allow in allowed(), deny in denies(), question in question()) {
        let policy = policy(&allow, &deny);
        let request = question.request();
        let has_terms = allow.iter().any(|grant| grant.http.is_some() && grants(grant, &question));
        if let Decision::Allowed { grant } = policy.decide(&request) {
            prop_assert_eq!(policy.grant(grant).is_some_and(|grant| grant.http.is_some()), has_terms);
        }
        let without = |change: fn(&mut HttpTerms)| {
            let widened = allow.iter().cloned().map(|mut grant| { grant.http.as_mut().map(change); grant });
            widened.collect::<Vec<_>>().iter().any(|grant| grant.http.is_some() && grants(grant, &question))
        };
        let covers_host = without(|terms| *terms = HttpTerms::default());
        let obstacle = policy.http_obstacle(&request);
        prop_assert_eq!(obstacle.is_some(), policy.decide(&request) == Decision::Denied { by: None } && covers_host);
        match obstacle.map(|(_, term)| term) {
            Some(HttpTerm::Method) => prop_assert!(without(|terms| terms.methods.clear())),
            Some(HttpTerm::Path) | None => {}
        }
    }

    #[test]
    fn a_walk_ends_where_a_jump_does(parts in vec((allowed(), denies()), 1..3), path in path()) {
        let policies: Vec<Policy> = parts.iter().map(|(allow, deny)| policy(allow, deny)).collect();
        let policy = policies.iter().skip(1).fold(policies[0].clone(), |all, policy| all.attenuate(policy));
        let root = policy.path_cursor(Capability::FsRead, "/");
        let components = path.split('/').filter(|component| !component.is_empty());
        let walked = components.fold(root, |cursor, component| policy.path_step(cursor, component));
        prop_assert_eq!(walked, policy.path_cursor(Capability::FsRead, &path));
        prop_assert_eq!(walked.decision(), policy.decide(&Question::Path(path.clone()).request()));
        let below = format!("{}/", path.trim_end_matches('/'));
        let is_below = |scope: &Scope| match scope {
            Scope::Path(scope) => scope.host() != path && scope.host().starts_with(&below),
            _ => false,
        };
        let exceptions = || policy.denies().iter().filter(|deny| deny.rule.capability == Capability::FsRead).flat_map(Deny::exceptions);
        let mut denies = policy.denies().iter().map(|deny| &deny.rule.scope);
        let mut grants = policy.grants().iter().map(|grant| &grant.rule.scope);
        prop_assert_eq!(walked.has_denies_below(), denies.clone().any(is_below));
        prop_assert_eq!(walked.has_exceptions_below(), exceptions().any(is_below));
        prop_assert_eq!(walked.has_rules_below(), grants.any(is_below) || denies.any(is_below) || exceptions().any(is_below));
    }

    #[test]
    fn by_another_spelling_no_exception_holds(allow in allowed(), deny in denies(), path in path()) {
        let without: Vec<Deny> = deny.iter().map(|deny| Deny::from(deny.rule.clone())).collect();
        let walked = |policy: &Policy, path: &str| {
            let root = policy.path_cursor(Capability::FsRead, "/");
            let components = path.split('/').filter(|component| !component.is_empty());
            components.fold(root, |cursor, component| policy.path_step_folded(cursor, component)).decision()
        };
        let (with, without) = (policy(&allow, &deny), policy(&allow, &without));
        // The root has one spelling.
        let is_root = |scope: &Scope| matches!(scope, Scope::Path(path) if path.host() == "/");
        if path != "/" && !deny.iter().flat_map(|deny| &deny.except).any(is_root) {
            prop_assert_eq!(walked(&with, &path.to_uppercase()).is_allowed(), walked(&without, &path).is_allowed());
        }
        let ignored = with.path_cursor_without_exceptions(Capability::FsRead, &path);
        prop_assert_eq!(ignored.decision().is_allowed(), allows(&without, &Question::Path(path.clone())));
        prop_assert_eq!(with.refusing_layer_path(ignored).is_none(), ignored.decision().is_allowed());
    }

    #[test]
    fn an_exception_grants_nothing_and_is_told(allow in allowed(), deny in denies(), question in question()) {
        let policy = policy(&allow, &deny);
        let request = question.request();
        let excepting = policy.excepting(&request);
        for (id, index) in &excepting {
            let except = policy.deny(*id).and_then(|deny| deny.except.get(*index));
            prop_assert!(except.is_some_and(|scope| leaves_out(&deny[id.index()], scope, &question)));
        }
        let told = deny.iter().filter(|deny| would_refuse(deny, &question) && !refuses(deny, &question)).count();
        prop_assert_eq!(excepting.len(), told);
        let nothing = given::policy(&[], &deny);
        prop_assert!(!allows(&nothing, &question));
    }

    #[test]
    fn rules_round_trip(rule in rule()) {
        prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule.clone()));
        prop_assert_eq!(parse_list(&rule.to_string()), Ok(vec![rule]));
    }

    #[test]
    fn grants_with_terms_round_trip(text in http_text()) {
        let grant = HttpRule::parse(&text);
        let written = grant.as_ref().ok().and_then(HttpRule::of).map(|rule| rule.to_string());
        prop_assert_eq!(written.as_deref().map(HttpRule::parse), Some(grant));
    }

    #[test]
    fn paths_of_any_text_round_trip(host in "[^\0]{1,20}|[a:,\\\\ ]{1,9}", guest in prop::option::of("[^\0]{1,20}|[a:,\\\\ ]{1,9}")) {
        let rule = Rule::for_path(Capability::FsRead, &host, guest.as_deref());
        let scope = PathScope::new(&host, guest.as_deref()).map(Scope::Path);
        prop_assert_eq!(scope.as_ref(), Ok(&rule.scope));
        let pair = format!("{rule},{rule}");
        prop_assert_eq!(parse_list(&pair), Ok(vec![rule.clone(), rule]));
    }

    #[test]
    fn names_of_any_text_round_trip(name in "[^\0=*]{1,20}\\*?|[A,\\\\ ]{1,6}") {
        let rule = caphost_policy::NameScope::parse(&name).map(|scope| Rule { capability: Capability::EnvRead, scope: Scope::Name(scope) });
        if let Ok(rule) = rule {
            prop_assert_eq!(parse_list(&rule.to_string()), Ok(vec![rule]));
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|(fs|net|env|db|time|random|fs.read|net.connect|https|GET|[:,.*{}\\[\\]\\\\/ \n-]|[a0é]){0,12}") {
        for rule in parse_list(&text).iter().flatten() {
            prop_assert_eq!(&rule.to_string().parse::<Rule>(), &Ok(rule.clone()));
        }
        for error in [parse_list(&text).err(), HttpRule::parse(&text).err(), HttpRule::parse(&format!("https://a/ {text}")).err()] {
            let Some(error) = error else { continue };
            prop_assert!(error.span().is_empty() || !error.item().is_empty());
            prop_assert!(error.render("text").contains('^'));
        }
    }
}
