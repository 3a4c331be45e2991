//! The token grammar: lists of rules.

use caphost::policy::{Decision, Policy, Rule, RuleError, Scope, Target, parse_items, parse_list, parse_scoped};

use crate::checks::{assert_fit, bounded};

/// What is read prints, and reads back to the same; what is wrong is shown where it is.
pub(super) fn check(data: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(data) else { return false };
    let list = bounded(text.len(), 1024, || parse_list(text));
    match &list {
        Ok(rules) => check_rules(text, rules),
        Err(error) => check_error(text, error),
    }
    if let Some((name, scope)) = text.split_once(':') {
        match parse_scoped(name, Some(scope)) {
            Ok(rules) => check_printed(&rules),
            Err(error) => check_error(text, &error),
        }
    }
    list.is_ok()
}

fn check_rules(text: &str, rules: &[Rule]) {
    check_printed(rules);
    let items = parse_items(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(items.iter().flat_map(|item| item.rules.clone()).collect::<Vec<_>>(), rules);
    for item in &items {
        assert_eq!(parse_list(&item.text).as_ref(), Ok(&item.rules), "{}", item.text);
    }
    let nothing = Policy::builder().build();
    let allowed = rules.iter().cloned().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    let denied =
        rules.iter().cloned().fold(Policy::builder(), |builder, rule| builder.allow(rule.clone()).deny(rule)).build();
    let allowed = allowed.build();
    for rule in rules {
        let Some(request) = asked(rule) else { continue };
        let request = caphost::policy::Request { capability: rule.capability, target: request };
        assert!(allowed.decide(&request).is_allowed(), "`{rule}` covers what it names");
        assert!(
            matches!(denied.decide(&request), Decision::Denied { by: Some(_) }),
            "a deny rule `{rule}` refuses what it names"
        );
        assert_eq!(nothing.decide(&request), Decision::Denied { by: None });
    }
    assert_eq!(allowed.excess(&allowed), []);
}

/// A request for what a rule names, where it names one thing that a request can be for.
fn asked(rule: &Rule) -> Option<Target<'_>> {
    match &rule.scope {
        Scope::Name(name) => Some(Target::Name(name.prefix().unwrap_or(name.as_str()))),
        Scope::Table(table) => Some(Target::Table { database: table.database(), table: table.table() }),
        Scope::Path(path) => {
            let is_plain = |part: &str| !matches!(part, "" | "." | "..");
            let host = path.host();
            let is_normal = host.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_plain));
            is_normal.then_some(Target::Path(host))
        }
        Scope::Any | Scope::Net(_) => None,
    }
}

fn check_printed(rules: &[Rule]) {
    for rule in rules {
        let printed = rule.to_string();
        assert_eq!(printed.parse::<Rule>().as_ref(), Ok(rule), "{printed}");
        assert!(rule.is_well_formed() && rule.covers(rule), "{printed}");
    }
    let printed: Vec<_> = rules.iter().map(ToString::to_string).collect();
    assert_eq!(parse_list(&printed.join(",")).as_deref(), Ok(rules), "{printed:?}");
}

/// The place of an error is in its text, and its message is fit to be shown.
pub(super) fn check_error(text: &str, error: &RuleError) {
    let item = text.get(error.span()).unwrap_or_else(|| panic!("{:?} is no place in {text:?}", error.span()));
    assert_eq!(item, error.item());
    let shown = error.render("--allow");
    assert!(shown.contains('^'), "{shown}");
    // It quotes the item twice at most, each character as ten.
    assert_fit(&shown, 24 * text.len() + 4096);
}
