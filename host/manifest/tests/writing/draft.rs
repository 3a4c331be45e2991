//! Drafts: what is read is what was meant, whatever foreign text is in it.

use std::time::Duration;

use caphost_manifest::{
    DatabasePlace, Declaration, DeclaredGrant, DeclaredLimits, Draft, DraftDeny, DraftGrant, Timestamp,
};
use caphost_policy::{
    Capability, Deny, Grant, HttpTerms, InjectedHeader, NameScope, NetScope, PathScope, Quota, Rate, Rule, Scope,
    ScopeKind, TableScope,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::read;

/// What a generator knows to be right.
fn right<T, E: std::fmt::Debug>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{error:?}"))
}

/// Any text, and texts that mean something somewhere.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[^\0]{1,12}", "[\\PC\\pC--\0]{1,6}", r#"[a:,\\ "'#\]\[\n\r\t]{1,9}"#, "read:x", "\"\"\"", "a::b"]
        .prop_filter("no NUL", |text| !text.contains('\0') && !text.is_empty())
}

fn scope(kind: ScopeKind) -> BoxedStrategy<Scope> {
    let hosts = [
        "a.example",
        "*.a.example:1-2",
        "https://a.example",
        "http://b.example:81",
        "10.0.0.0/8",
        "[::1]:80",
        "public",
    ];
    let net = prop::sample::select(hosts.to_vec()).prop_map(|host| Scope::Net(right(NetScope::parse(host))));
    let scoped = match kind {
        ScopeKind::Path => (text(), option::of(text()))
            .prop_map(|(host, guest)| Scope::Path(right(PathScope::new(&host, guest.as_deref()))))
            .boxed(),
        ScopeKind::Net => net.boxed(),
        ScopeKind::Name => {
            let name = |name: String| right(NameScope::parse(&name.replace(['=', '*'], "x")));
            (text(), any::<bool>())
                .prop_map(move |(text, is_prefix)| {
                    let scope = name(text);
                    let prefix = || right(NameScope::parse(&format!("{scope}*")));
                    Scope::Name(if is_prefix { prefix() } else { scope.clone() })
                })
                .boxed()
        }
        ScopeKind::Table => {
            "[a-zA-Z_-]{1,5}(\\.[a-z0-9]{1,3})?".prop_map(|text| Scope::Table(right(TableScope::parse(&text)))).boxed()
        }
        ScopeKind::None => Just(Scope::Any).boxed(),
    };
    prop_oneof![4 => scoped, 1 => Just(Scope::Any)].boxed()
}

fn rule() -> impl Strategy<Value = Rule> {
    let rule = prop::sample::select(Capability::ALL)
        .prop_flat_map(|capability| scope(capability.scope_kind()).prop_map(move |scope| Rule { capability, scope }));
    rule.prop_filter("a scheme belongs to its capability", Rule::is_well_formed)
}

fn quota() -> impl Strategy<Value = Quota> {
    let rate =
        (1..9_u32, 1..100_000_u64).prop_map(|(operations, ms)| Rate { operations, per: Duration::from_millis(ms) });
    let number = || option::of(1..1_u64 << 40);
    (number(), number(), number(), option::of(1..9_u32), option::of(rate)).prop_map(
        |(operations, bytes, connections, concurrent, rate)| Quota {
            operations,
            bytes,
            connections,
            concurrent,
            rate,
            ..Quota::default()
        },
    )
}

fn http() -> impl Strategy<Value = HttpTerms> {
    let methods = prop::sample::subsequence(vec!["GET", "HEAD", "X-Y"], 0..3);
    let paths = prop::sample::subsequence(vec!["/", "/v1", "/a\"b'"], 0..3);
    let headers = prop::sample::subsequence(vec![("a", "b {{x}} {env:K}"), ("b!#", "\"q\" {file:./a b}")], 0..2);
    (methods, paths, headers).prop_map(|(methods, paths, headers)| HttpTerms {
        methods: methods.into_iter().map(str::to_owned).collect(),
        paths: paths.into_iter().map(str::to_owned).collect(),
        headers: headers.into_iter().map(|(name, value)| right(InjectedHeader::parse(name, value))).collect(),
    })
}

fn grant() -> impl Strategy<Value = DeclaredGrant> {
    let ttl = option::weighted(0.3, (1..10_000_000_u64).prop_map(Duration::from_millis));
    let expires = option::weighted(0.2, (0..4_000_000_000_i64).prop_map(Timestamp::from_unix));
    (rule(), ttl, expires, option::weighted(0.2, quota()), option::weighted(0.5, http())).prop_map(
        |(rule, ttl, expires, quota, http)| {
            let grant =
                Grant { rule, expires_after: ttl, quota: quota.filter(|quota| *quota != Quota::default()), http };
            let http = grant.http.clone().filter(|_| grant.is_well_formed());
            DeclaredGrant { expires: expires.filter(|_| ttl.is_none()), grant: Grant { http, ..grant } }
        },
    )
}

fn draft_grant() -> impl Strategy<Value = DraftGrant> {
    let id = option::weighted(0.2, prop_oneof!["[a-c]", text()]);
    (grant(), id, option::of(text())).prop_map(|(grant, id, comment)| DraftGrant {
        grant,
        id,
        comment,
        is_suggestion: false,
    })
}

/// Deny rules, some of them with an exception that lies within.
fn deny() -> impl Strategy<Value = Deny> {
    let without_guest = |rule: Rule| match &rule.scope {
        Scope::Path(path) => Rule { scope: Scope::Path(right(PathScope::new(path.host(), None))), ..rule },
        _ => rule,
    };
    let with_except = prop::sample::select(
        &[
            ("fs.read:./a", "./a/b,c"),
            ("env.write", "A*"),
            ("net.connect:a.example", "a.example:443"),
            ("db.write:m", "m.t"),
        ][..],
    );
    let with_except = with_except.prop_map(|(rule, except)| {
        let rule: Rule = right(rule.parse());
        let except = right(caphost_policy::parse_scoped(rule.capability.name(), Some(except)));
        Deny { rule, except: except.into_iter().map(|rule| rule.scope).collect() }
    });
    prop_oneof![rule().prop_map(move |rule| Deny::from(without_guest(rule))), with_except]
}

fn draft_deny() -> impl Strategy<Value = DraftDeny> {
    let id = option::weighted(0.2, "[a-c]");
    (deny(), id, option::of(text())).prop_map(|(deny, id, comment)| DraftDeny {
        deny,
        id,
        comment,
        is_suggestion: false,
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let variables = btree_map(text().prop_map(|name| name.replace(['=', '*'], "x")), "[^\0]{0,9}", 0..3);
    let places = prop_oneof![
        text().prop_map(DatabasePlace::Url),
        text().prop_map(DatabasePlace::Environment),
        text().prop_map(DatabasePlace::File)
    ];
    let databases = btree_map("[a-z0-9_-]{1,5}", places, 0..3);
    let texts = || vec("[^\0]{0,9}", 0..3);
    let lists = (vec(draft_grant(), 0..6), vec(draft_deny(), 0..4));
    (texts(), texts(), texts(), option::of(text()), lists, variables, databases).prop_map(
        |(head, tail, arguments, component, (grants, denies), environment, databases)| Draft {
            head,
            tail,
            arguments,
            component,
            grants,
            denies,
            environment: environment.into_iter().collect(),
            databases: databases.into_iter().collect(),
            limits: DeclaredLimits::default(),
            ..Draft::default()
        },
    )
}

/// Values in an order of their own, for a draft may put terms behind the rest.
fn sorted<T: std::fmt::Debug>(values: impl Iterator<Item = T>) -> Vec<String> {
    let mut texts: Vec<_> = values.map(|value| format!("{value:?}")).collect();
    texts.sort();
    texts
}

fn is_read_back(draft: &Draft, read: &Declaration) -> Result<(), TestCaseError> {
    let meant = sorted(draft.grants.iter().map(|grant| &grant.grant));
    prop_assert_eq!(sorted(read.grants.iter().map(|grant| &grant.value)), meant);
    let meant = sorted(draft.denies.iter().map(|deny| &deny.deny));
    prop_assert_eq!(sorted(read.denies.iter().map(|deny| &deny.value)), meant);
    prop_assert_eq!(&read.arguments, &draft.arguments);
    prop_assert_eq!(read.component.as_ref().map(|component| &component.value), draft.component.as_ref());
    let variables: Vec<_> = read.environment.iter().map(|variable| variable.value.clone()).collect();
    prop_assert_eq!(sorted(variables.iter()), sorted(draft.environment.iter()));
    // A place is not shown by `Debug`.
    let place = |(name, place): &(String, DatabasePlace)| match place {
        DatabasePlace::Url(text) => (name.clone(), 0, text.clone()),
        DatabasePlace::Environment(text) => (name.clone(), 1, text.clone()),
        DatabasePlace::File(text) => (name.clone(), 2, text.clone()),
    };
    let databases = read.databases.iter().map(|database| place(&database.value));
    prop_assert_eq!(sorted(databases), sorted(draft.databases.iter().map(place)));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_is_what_was_meant(draft in draft()) {
        let text = draft.to_toml();
        is_read_back(&draft, &read(&text))?;
        let again = Draft::from(&read(&text));
        is_read_back(&again, &read(&again.to_toml()))?;
    }

    #[test]
    fn suggestions_are_nothing_until_their_mark_is_removed(mut draft in draft()) {
        draft.head.clear();
        draft.tail.clear();
        draft.grants.iter_mut().for_each(|grant| grant.is_suggestion = true);
        draft.denies.iter_mut().for_each(|deny| deny.is_suggestion = true);
        let text = draft.to_toml();
        let nothing = read(&text);
        prop_assert!(nothing.grants.is_empty() && nothing.denies.is_empty());
        let unmarked: Vec<_> = text.lines().map(|line| line.replacen("# ", "", usize::from(line.trim_start().starts_with("# ")))).collect();
        is_read_back(&draft, &read(&unmarked.join("\n")))?;
    }
}
