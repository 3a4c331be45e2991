//! What a decision costs with 1, 1 000 and 100 000 grants, and with as many exceptions of deny rules: it should be the same. And what it
//! takes to compile and to compare so many.

use std::hint::black_box;

use caphost_policy::{Capability, Deny, HostName, Policy, Protocol, Request, Rule, Target, parse_list};
use criterion::Criterion;

const SIZES: [usize; 3] = [1, 1_000, 100_000];

/// As many grants of each shape. The last one is asked for, so that a scan would have to see all.
fn policy(size: usize) -> Policy {
    let mut builder = Policy::builder();
    for index in 0..size {
        let (high, low) = (index / 256, index % 256);
        let list = format!(
            "fs.read:/srv/data/{index},env.read:APP_{index},env.read:P{index}*,db.read:shop.t{index},\
             net.connect:h{index}.example.com:443,net.connect:10.{}.{}.{low},net.connect:port.example.com:{}",
            high / 256,
            high % 256,
            index % 65_536,
        );
        let rules = parse_list(&list).unwrap_or_else(|error| panic!("{}", error.render("grants")));
        builder = rules.into_iter().fold(builder, |builder, rule| builder.allow(rule));
    }
    builder.build()
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    decide(&mut criterion);
    excepted(&mut criterion);
    compile(&mut criterion);
    criterion.final_summary();
}

fn decide(criterion: &mut Criterion) {
    for size in SIZES {
        let last = size - 1;
        let policy = policy(size);
        let path = format!("/srv/data/{last}/a/b");
        let (variable, table) = (format!("APP_{last}"), format!("t{last}"));
        let prefixed = format!("P{last}X");
        let host = name(&format!("h{last}.example.com"));
        let any_port = name("port.example.com");
        let address = std::net::Ipv4Addr::from_bits((10 << 24) | u32::try_from(last).unwrap_or_default()).into();
        let protocol = Protocol::Raw;
        let requests = [
            ("path", Capability::FsRead, Target::Path(&path)),
            ("name", Capability::EnvRead, Target::Name(&variable)),
            ("prefix", Capability::EnvRead, Target::Name(&prefixed)),
            ("table", Capability::DbRead, Target::Table { database: "shop", table: Some(&table) }),
            ("host", Capability::NetConnect, Target::Host { name: &host, port: Some(443), protocol }),
            (
                "port",
                Capability::NetConnect,
                Target::Host { name: &any_port, port: u16::try_from(last % 65_536).ok(), protocol },
            ),
            ("address", Capability::NetConnect, Target::Address { address, port: 443, name: None, protocol }),
        ];
        for (shape, capability, target) in requests {
            let request = Request { capability, target };
            assert!(policy.decide(&request).is_allowed(), "{shape} {size}");
            criterion.bench_function(&format!("{shape}/{size}"), |bencher| {
                bencher.iter(|| policy.decide(black_box(&request)));
            });
        }
        walk(criterion, "attenuated", size, &policy.attenuate(&policy));
        walk(criterion, "step", size, &policy);
    }
}

/// One step of a walk onto the last grant, and one below it.
fn walk(criterion: &mut Criterion, shape: &str, size: usize, policy: &Policy) {
    let parent = policy.path_cursor(Capability::FsRead, "/srv/data");
    let last = (size - 1).to_string();
    criterion.bench_function(&format!("{shape}/{size}"), |bencher| {
        bencher.iter(|| policy.path_step(policy.path_step(parent, black_box(&last)), black_box("file")));
    });
}

fn rules(text: &str) -> Vec<Rule> {
    parse_list(text).unwrap_or_else(|error| panic!("{}", error.render("rules")))
}

/// One deny rule of each shape, with as many exceptions.
fn excepted(criterion: &mut Criterion) {
    for size in SIZES {
        let last = size - 1;
        let mut builder = Policy::builder();
        let shapes: [(&str, &dyn Fn(usize) -> String); 3] = [
            ("fs.read:/srv", &|index| format!("fs.read:/srv/data/{index}")),
            ("env.read:APP*", &|index| format!("env.read:APP_{index}")),
            ("net.connect:*.example.com", &|index| format!("net.connect:h{index}.example.com:443")),
        ];
        for (denied, excepted) in shapes {
            let rule = rules(denied).remove(0);
            let except = (0..size).map(|index| rules(&excepted(index)).remove(0).scope).collect();
            builder = builder.allow(Rule { scope: caphost_policy::Scope::Any, ..rule.clone() });
            builder = builder.deny(Deny { rule, except });
        }
        let policy = builder.build();
        let (path, variable) = (format!("/srv/data/{last}/a/b"), format!("APP_{last}"));
        let host = name(&format!("h{last}.example.com"));
        let host = Target::Host { name: &host, port: Some(443), protocol: Protocol::Raw };
        for (shape, capability, target) in [
            ("path", Capability::FsRead, Target::Path(&path)),
            ("name", Capability::EnvRead, Target::Name(&variable)),
            ("host", Capability::NetConnect, host),
        ] {
            let request = Request { capability, target };
            assert!(policy.decide(&request).is_allowed(), "{shape} {size}");
            criterion.bench_function(&format!("excepted/{shape}/{size}"), |bencher| {
                bencher.iter(|| policy.decide(black_box(&request)));
            });
        }
    }
}

/// A hundred deny rules of each shape, on what nothing is granted of.
fn fences() -> Vec<Rule> {
    let fence = |index| {
        format!("fs.read:/etc/{index},env.read:SECRET_{index},net.connect:10.0.{index}.0/24,db.read:hr.t{index}")
    };
    (0..100).flat_map(|index| rules(&fence(index))).collect()
}

/// From rules to a policy, and one policy against another.
fn compile(criterion: &mut Criterion) {
    const COUNT: usize = 100_000;
    type Text = fn(usize) -> String;
    let shapes: [(&str, Text); 5] = [
        ("path", |index| format!("fs.read:/srv/data/{}/{index}", index % 100)),
        ("name", |index| format!("env.read:APP_{index}")),
        ("host", |index| format!("net.connect:h{index}.example.com:443")),
        ("port", |index| format!("net.connect:h.example.com:{}-{}", index % 32_768, 32_768 + index / 4)),
        ("table", |index| format!("db.read:shop.t{index}")),
    ];
    let mut group = criterion.benchmark_group("of 100000");
    group.sample_size(10);
    for (shape, text) in shapes {
        let rules: Vec<Rule> = (0..COUNT).flat_map(|index| rules(&text(index))).collect();
        let build = |denies: &[Deny]| {
            let builder = rules.iter().cloned().fold(Policy::builder(), |builder, rule| builder.allow(rule));
            denies.iter().cloned().fold(builder, |builder, deny| builder.deny(deny)).build()
        };
        group.bench_function(format!("compile/{shape}"), |bencher| bencher.iter(|| build(&[])));
        // Each with an exception, and all at one place.
        let whole = Rule { scope: caphost_policy::Scope::Any, ..rules[0].clone() };
        let denies = |rule: &Rule| Deny { rule: whole.clone(), except: vec![rule.scope.clone()] };
        let denies: Vec<Deny> = rules.iter().map(denies).collect();
        group.bench_function(format!("compile excepted/{shape}"), |bencher| bencher.iter(|| build(&denies)));
        let policy = build(&[]);
        group.bench_function(format!("excess/{shape}"), |bencher| bencher.iter(|| policy.excess(&policy)));
        let ceiling =
            fences().into_iter().fold(Policy::builder().allow(whole), |builder, rule| builder.deny(rule)).build();
        assert!(policy.excess(&ceiling).is_empty(), "{shape}");
        group.bench_function(format!("excess of a fence/{shape}"), |bencher| bencher.iter(|| policy.excess(&ceiling)));
    }
    group.finish();
}

fn name(text: &str) -> HostName {
    HostName::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
