//! What a decision costs with 1, 1 000 and 100 000 grants: it should be the same.

use std::hint::black_box;

use caphost_policy::{Capability, HostName, Policy, Protocol, Request, Target, parse_list};
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

fn name(text: &str) -> HostName {
    HostName::parse(text).unwrap_or_else(|error| panic!("{error}"))
}
