//! Decisions case by case: each refusal beside the same request, granted.

use caphost_policy::{
    Capability, Decision, Grant, HostName, Limits, PathScope, Policy, Protocol, Quota, Request, RuleId, Scope, Target,
    parse_list,
};
use std::time::Duration;

fn policy(allow: &str, deny: &str) -> Policy {
    let rules = |list| parse_list(list).unwrap_or_else(|error| panic!("{}", error.render("list")));
    let builder = rules(allow).into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    rules(deny).into_iter().fold(builder, |builder, rule| builder.deny(rule)).build()
}

fn decide(policy: &Policy, capability: Capability, target: Target<'_>) -> Decision {
    policy.decide(&Request { capability, target })
}

fn reads(policy: &Policy, path: &str) -> bool {
    decide(policy, Capability::FsRead, Target::Path(path)).is_allowed()
}

/// The text of the rule that decided.
fn decider(policy: &Policy, path: &str) -> Option<String> {
    match decide(policy, Capability::FsRead, Target::Path(path)) {
        Decision::Allowed { grant } => policy.grant(grant).map(|grant| grant.rule.to_string()),
        Decision::Denied { by } => by.and_then(|id| policy.deny(id)).map(ToString::to_string),
    }
}

fn dials(policy: &Policy, address: &str, name: Option<&str>) -> bool {
    let name = name.map(|name| HostName::parse(name).unwrap_or_else(|error| panic!("{error}")));
    let address = address.parse().unwrap_or_else(|error| panic!("{error}: {address}"));
    let target = Target::Address { address, port: 443, name: name.as_ref(), protocol: Protocol::Raw };
    decide(policy, Capability::NetConnect, target).is_allowed()
}

fn names(policy: &Policy, capability: Capability, name: &str, port: Option<u16>) -> bool {
    let name = HostName::parse(name).unwrap_or_else(|error| panic!("{error}"));
    decide(policy, capability, Target::Host { name: &name, port, protocol: Protocol::Raw }).is_allowed()
}

#[test]
fn nothing_is_granted_by_default() {
    for capability in Capability::ALL {
        for target in
            [Target::None, Target::Path("/"), Target::Name("HOME"), Target::Table { database: "d", table: None }]
        {
            assert_eq!(decide(&Policy::empty(), *capability, target), Decision::Denied { by: None });
        }
    }
}

#[test]
fn a_path_grant_covers_the_path_and_everything_below() {
    let policy = policy("fs.read:/data", "");
    assert!(reads(&policy, "/data"));
    assert!(reads(&policy, "/data/a/b"));
    assert!(reads(&policy, "/data/"));
    for outside in ["/", "/dat", "/data2", "/etc/data", "data", "", "/data/../etc", "/data/./a"] {
        assert!(!reads(&policy, outside), "{outside:?}");
    }
    assert!(!decide(&policy, Capability::FsWrite, Target::Path("/data")).is_allowed());
}

#[test]
fn a_grant_without_scope_covers_everything() {
    let policy = policy("fs.read,env.read,net,db.read,random", "");
    assert!(reads(&policy, "/") && reads(&policy, "/etc/passwd"));
    assert!(decide(&policy, Capability::EnvRead, Target::Name("HOME")).is_allowed());
    assert!(decide(&policy, Capability::Random, Target::None).is_allowed());
    assert!(dials(&policy, "127.0.0.1", None) && dials(&policy, "0.0.0.0", None));
    assert!(!decide(&policy, Capability::TimeWall, Target::None).is_allowed());
}

#[test]
fn a_target_that_does_not_fit_is_refused() {
    let policy = policy("fs,env,net,db,time,random", "");
    assert!(!decide(&policy, Capability::FsRead, Target::None).is_allowed());
    assert!(!decide(&policy, Capability::FsRead, Target::Name("/data")).is_allowed());
    assert!(!decide(&policy, Capability::EnvRead, Target::Path("/data")).is_allowed());
    assert!(!decide(&policy, Capability::Random, Target::Path("/data")).is_allowed());
}

#[test]
fn deny_beats_allow_whatever_is_deeper() {
    let policy = policy("fs.read:/a,fs.read:/a/b/c", "fs.read:/a/b");
    assert!(reads(&policy, "/a/x"));
    assert!(!reads(&policy, "/a/b") && !reads(&policy, "/a/b/c") && !reads(&policy, "/a/b/c/d"));
}

#[test]
fn the_deepest_grant_and_the_shallowest_deny_are_reported() {
    let allowed = policy("fs.read:/,fs.read:/a/b,fs.read:/a", "");
    assert_eq!(decider(&allowed, "/a/b/c").as_deref(), Some("fs.read:/a/b"));
    assert_eq!(decider(&allowed, "/a/c").as_deref(), Some("fs.read:/a"));
    assert_eq!(decider(&allowed, "/b").as_deref(), Some("fs.read:/"));
    let denied = policy("fs.read", "fs.read:/a/b/c,fs.read:/a/b");
    assert_eq!(decider(&denied, "/a/b/c/d").as_deref(), Some("fs.read:/a/b"));
}

#[test]
fn a_bounded_grant_does_not_hide_an_unbounded_one() {
    let deep = Grant {
        quota: Some(Quota { operations: Some(1), bytes: None, ..Quota::default() }),
        ..Grant::from("fs.read:/a/b".parse::<caphost_policy::Rule>().unwrap())
    };
    let short = Grant { expires_after: Some(Duration::from_secs(1)), quota: None, ..deep.clone() };
    let alone = Policy::builder().allow(short.clone()).allow(deep.clone()).build();
    assert_eq!(decider(&alone, "/a/b/c").as_deref(), Some("fs.read:/a/b"));
    let plain: caphost_policy::Rule = "fs.read:/a".parse().unwrap();
    let both = Policy::builder().allow(deep).allow(short).allow(plain).build();
    assert_eq!(decider(&both, "/a/b/c").as_deref(), Some("fs.read:/a"));
}

#[test]
fn a_cursor_walks_as_decide_does() {
    let policy = policy("fs.read:/a", "fs.read:/a/b/secret");
    let root = policy.path_cursor(Capability::FsRead, "/");
    assert!(root.has_rules_below() && root.has_denies_below() && !root.decision().is_allowed());
    let a = policy.path_step(root, "a");
    assert!(a.decision().is_allowed() && a.has_denies_below());
    let open = policy.path_step(a, "c");
    assert!(open.decision().is_allowed() && !open.has_denies_below() && !open.has_rules_below());
    let secret = policy.path_step(policy.path_step(a, "b"), "secret");
    assert!(!secret.decision().is_allowed() && !secret.has_denies_below());
    assert!(!policy.path_step(secret, "below").decision().is_allowed());
    assert_eq!(policy.path_cursor(Capability::FsRead, "/a/b/secret"), secret);
}

#[test]
fn a_step_that_is_no_name_leads_nowhere() {
    let policy = policy("fs.read:/a", "fs.read:/a/b/c");
    let a = policy.path_cursor(Capability::FsRead, "/a");
    assert!(policy.path_step(a, "b").decision().is_allowed());
    for component in ["", ".", "..", "b/c", "/"] {
        let nowhere = policy.path_step(a, component);
        assert!(!nowhere.decision().is_allowed(), "{component:?}");
        assert!(!policy.path_step(nowhere, "x").decision().is_allowed());
    }
}

#[test]
fn a_relative_grant_covers_nothing_and_a_relative_deny_everything_until_anchored() {
    let grant = policy("fs.read:./data", "");
    assert!(!reads(&grant, "/work/data"));
    let deny = policy("fs.read:/work", "fs.read:./data");
    assert!(!reads(&deny, "/work/x"));
    let anchor =
        |path: &PathScope| PathScope::new(&caphost_policy::paths::normalise("/work", path.host()), path.guest());
    assert!(reads(&grant.map_paths(anchor).unwrap(), "/work/data"));
    let deny = deny.map_paths(anchor).unwrap();
    assert!(reads(&deny, "/work/x") && !reads(&deny, "/work/data"));
    assert_eq!(grant.map_paths(|_| Err("no")).unwrap_err(), "no");
}

#[test]
fn a_rule_whose_scope_does_not_fit_grants_nothing_and_denies_all() {
    let name = "env.read:A".parse::<caphost_policy::Rule>().unwrap().scope;
    let rule = caphost_policy::Rule { capability: Capability::FsRead, scope: name };
    let granted = Policy::builder().allow(rule.clone()).build();
    assert!(!reads(&granted, "/") && !granted.has_any_grant(Capability::FsRead));
    let all = caphost_policy::Rule { capability: Capability::FsRead, scope: Scope::Any };
    let denied = Policy::builder().allow(all).deny(rule).build();
    assert!(!reads(&denied, "/") && !denied.has_any_grant(Capability::FsRead));
}

#[test]
fn names_match_whole_or_by_prefix() {
    let policy = policy("env.read:APP_*,env.read:HOME", "env.read:APP_SECRET*");
    let may_read = |name| decide(&policy, Capability::EnvRead, Target::Name(name)).is_allowed();
    assert!(may_read("APP_") && may_read("APP_X") && may_read("HOME"));
    for refused in ["APP", "HOMER", "home", "", "APP_SECRET", "APP_SECRETS"] {
        assert!(!may_read(refused), "{refused:?}");
    }
}

#[test]
fn prefixes_are_cut_at_characters() {
    let policy = policy("env.read:É*", "");
    assert!(decide(&policy, Capability::EnvRead, Target::Name("ÉA")).is_allowed());
    assert!(!decide(&policy, Capability::EnvRead, Target::Name("AÉ")).is_allowed());
}

#[test]
fn hosts_match_by_name_suffix_and_port() {
    let policy =
        policy("net.connect:*.example.com:443,net.connect:other.example:8000-8002", "net.connect:bad.example.com");
    let dials = |name, port| names(&policy, Capability::NetConnect, name, Some(port));
    assert!(dials("api.example.com", 443) && dials("a.b.EXAMPLE.com.", 443) && dials("other.example", 8001));
    assert!(!dials("example.com", 443), "the suffix itself is not included");
    assert!(!dials("api.example.com", 80) && !dials("notexample.com", 443) && !dials("other.example", 8003));
    assert!(!dials("bad.example.com", 443) && dials("a.bad.example.com", 443));
}

#[test]
fn a_lookup_has_no_port() {
    let granted = policy("net:api.example:443", "net:api.example:22");
    assert!(names(&granted, Capability::NetResolve, "api.example", None));
    assert!(!names(&granted, Capability::NetConnect, "api.example", Some(22)));
    assert!(!names(&policy("net", "net:api.example"), Capability::NetResolve, "api.example", None));
}

#[test]
fn overlapping_port_ranges_all_hold() {
    let policy = policy("net.connect:h.example:1-100,net.connect:h.example:50-200", "net.connect:h.example:60-70");
    let dials = |port| names(&policy, Capability::NetConnect, "h.example", Some(port));
    for (port, expected) in [
        (0, false),
        (1, true),
        (59, true),
        (60, false),
        (70, false),
        (71, true),
        (200, true),
        (201, false),
        (u16::MAX, false),
    ] {
        assert_eq!(dials(port), expected, "{port}");
    }
}

#[test]
fn a_name_that_points_inward_is_refused() {
    let by_name = policy("net.connect:api.example", "");
    assert!(dials(&by_name, "1.1.1.1", Some("api.example")));
    assert!(!dials(&by_name, "1.1.1.1", None) && !dials(&by_name, "1.1.1.1", Some("other.example")));
    for inward in [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "0.0.0.0",
        "fd00:ec2::254",
    ] {
        assert!(!dials(&by_name, inward, Some("api.example")), "{inward}");
    }
    assert!(dials(&policy("net.connect:api.example,net.connect:loopback", ""), "127.0.0.1", Some("api.example")));
}

#[test]
fn the_documented_fence_holds() {
    let fenced = policy("net", "net:private,net:loopback,net:link-local");
    assert!(dials(&fenced, "1.1.1.1", None) && dials(&fenced, "1.1.1.1", Some("a.example")));
    for inward in [
        "127.0.0.1",
        "::1",
        "0.0.0.0",
        "::",
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:a00:1::",
        "2001:0:1:2:3:4:f5ff:fffe",
    ] {
        assert!(!dials(&fenced, inward, None), "{inward}");
        assert!(dials(&policy("net", ""), inward, None), "{inward}");
    }
}

#[test]
fn addresses_and_blocks_match() {
    let policy =
        policy("net.connect:10.0.0.0/8,net.connect:[fd00::/8]:443,net.connect:1.2.3.4", "net.connect:10.1.0.0/16");
    assert!(dials(&policy, "10.0.0.1", None) && dials(&policy, "::ffff:10.0.0.1", None));
    assert!(dials(&policy, "fd00::1", None) && dials(&policy, "1.2.3.4", None));
    assert!(!dials(&policy, "10.1.2.3", None) && !dials(&policy, "1.2.3.5", None) && !dials(&policy, "11.0.0.1", None));
    assert!(!dials(&policy, "2002:a00:1::", None), "a 6to4 address is not the IPv4 address in it");
}

#[test]
fn a_block_deny_covers_addresses_that_embed_it() {
    let policy = policy("net", "net:10.0.0.0/8");
    assert!(dials(&policy, "2002:b00:1::", None));
    assert!(!dials(&policy, "2002:a00:1::", None) && !dials(&policy, "64:ff9b::10.0.0.1", None));
}

#[test]
fn tables_match_and_denies_fold_case() {
    let policy = policy("db.read:shop,db.read:hr.staff", "db.read:shop.secrets");
    let reads = |database, table| decide(&policy, Capability::DbRead, Target::Table { database, table }).is_allowed();
    assert!(reads("shop", Some("orders")) && reads("hr", Some("staff")));
    assert!(!reads("hr", Some("salaries")) && !reads("hr", None) && !reads("other", None));
    assert!(!reads("shop", Some("secrets")) && !reads("shop", Some("SECRETS")));
    assert!(!reads("shop", None), "the whole database holds a denied table");
    assert!(!reads("SHOP", Some("orders")));
}

#[test]
fn attenuation_takes_both() {
    let wide = policy("fs.read:/a,fs.read:/b,env.read", "fs.read:/a/x");
    let narrow = policy("fs.read:/a,env.read:APP_*,random", "fs.read:/a/y");
    let both = wide.attenuate(&narrow);
    assert!(reads(&both, "/a/z"));
    assert!(!reads(&both, "/b") && !reads(&both, "/a/x") && !reads(&both, "/a/y"));
    let env = |name| decide(&both, Capability::EnvRead, Target::Name(name)).is_allowed();
    assert!(env("APP_X") && !env("HOME"));
    assert!(!decide(&both, Capability::Random, Target::None).is_allowed());
    assert!(both.has_any_grant(Capability::FsRead) && !both.has_any_grant(Capability::Random));
    assert!(!reads(&both.attenuate(&Policy::empty()), "/a/z"));
}

#[test]
fn an_attenuated_permit_is_under_the_terms_of_every_policy() {
    let rule: caphost_policy::Rule = "fs.read:/a".parse().unwrap();
    let short = Grant { expires_after: Some(Duration::from_secs(1)), ..Grant::from(rule) };
    let wide = Policy::builder().allow(short).limits(Limits { fuel: Some(5), ..Limits::default() }).build();
    let both = wide.attenuate(&policy("fs.read:/a/b", ""));
    let request = Request { capability: Capability::FsRead, target: Target::Path("/a/b/c") };
    let terms: Vec<usize> = both.governing(&request).into_iter().map(RuleId::index).collect();
    assert_eq!(terms, [0, 1]);
    assert_eq!(both.limits().fuel, Some(5));
    assert!(both.governing(&Request { target: Target::Path("/a/c"), ..request }).is_empty());
    assert_eq!(decider(&both, "/a/b/c").as_deref(), Some("fs.read:/a/b"));
}

#[test]
fn rule_ids_of_an_attenuated_policy_index_its_rules() {
    let both = policy("fs.read:/a", "").attenuate(&policy("fs.read:/a", "fs.read:/a/x"));
    assert_eq!((both.grants().len(), both.denies().len()), (2, 1));
    assert_eq!(decider(&both, "/a/x").as_deref(), Some("fs.read:/a/x"));
}

#[test]
fn a_whole_deny_leaves_no_grant() {
    assert!(policy("fs.read:/a", "fs.read:/b").has_any_grant(Capability::FsRead));
    assert!(!policy("fs.read:/a", "fs.read").has_any_grant(Capability::FsRead));
    assert!(!policy("fs.read:/a", "").has_any_grant(Capability::FsWrite));
}

#[test]
fn in_a_directory_that_folds_case_a_rule_holds_for_every_spelling() {
    let policy = policy("fs.read:/d,fs.read:/g/Data", "fs.read:/d/Key,fs.read:/d/x/Sub");
    let step = |path: &str, component: &str| {
        let parent = policy.path_cursor(Capability::FsRead, path);
        let exact = policy.path_step(parent, component).decision().is_allowed();
        (exact, policy.path_step_folded(parent, component).decision().is_allowed())
    };
    assert_eq!(step("/d", "Key"), (false, false));
    assert_eq!(step("/d", "kEY"), (true, false));
    assert_eq!(step("/d", "\u{212a}ey"), (true, false));
    assert_eq!(step("/d", "other"), (true, true));
    assert_eq!(step("/g", "data"), (false, true));
    assert_eq!(step("/g", "dat"), (false, false));
    let x = policy.path_step_folded(policy.path_cursor(Capability::FsRead, "/d"), "X");
    assert!(x.decision().is_allowed() && x.has_denies_below());
    assert!(!policy.path_step_folded(x, "sUB").decision().is_allowed());
}

#[test]
fn a_grant_on_one_spelling_does_not_hide_a_deny_on_another() {
    let policy =
        policy("fs.read:/d,fs.read:/d/key,fs.read:/d/Ü,fs.read:/d/sub", "fs.read:/d/KEY,fs.read:/d/é,fs.read:/d/SUB/x");
    let d = policy.path_cursor(Capability::FsRead, "/d");
    for component in ["key", "Key", "KEY", "é", "É", "e\u{301}", "Ü", "sub"] {
        let folded = policy.path_step_folded(d, component);
        assert!(!folded.decision().is_allowed(), "{component:?}");
        assert!(!policy.path_step_folded(folded, "below").decision().is_allowed());
    }
    assert!(policy.path_step(d, "key").decision().is_allowed());
    assert!(!policy.path_step_folded(d, "..").decision().is_allowed());
}

#[test]
fn a_grant_on_a_name_that_is_not_ascii_covers_no_other_name() {
    let policy = policy("fs.read:/d/é,fs.read:/d/a,fs.read:/d/A/b", "");
    let d = policy.path_cursor(Capability::FsRead, "/d");
    let folded = |component| policy.path_step_folded(d, component).decision().is_allowed();
    assert!(folded("é") && folded("É") && !folded("ü") && folded("a") && folded("A"));
}
