//! What the gate costs a guest: a decision, and the record of it in an audit log.

use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;

use caphost_caps::ambient::{self, HostAuthority};
use caphost_caps::fs::{At, Follow};
use caphost_caps::{Asked, Request, Session, Target};
use caphost_policy::{Capability, Policy, parse_list};
use criterion::Criterion;

fn main() -> anyhow::Result<()> {
    let mut criterion = Criterion::default().configure_from_args();
    let folder = tempfile::tempdir()?;
    let file = ambient::create_audit_file(&folder.path().join("audit.jsonl"), HostAuthority::claim())?;
    let sinks: [(&str, Option<Box<dyn Write + Send>>); 3] =
        [("none", None), ("nowhere", Some(Box::new(io::sink()))), ("a file", Some(Box::new(file)))];
    for (name, sink) in sinks {
        bench(&mut criterion, folder.path(), name, sink)?;
    }
    criterion.final_summary();
    Ok(())
}

fn bench(
    criterion: &mut Criterion,
    folder: &Path,
    log: &str,
    sink: Option<Box<dyn Write + Send>>,
) -> anyhow::Result<()> {
    let rules = parse_list("fs.read:.,env.read:APP_*").map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let policy = rules.into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule)).build();
    let mut builder = Session::builder(policy).working_directory(folder.to_owned());
    if let Some(sink) = sink {
        builder = builder.audit(sink);
    }
    let session = builder.build(HostAuthority::claim())?;
    let name = "APP_MODE";
    let request = Request {
        capability: Capability::EnvRead,
        call: "bench",
        asked: Asked::name(name),
        target: Target::Name(name),
    };
    criterion.bench_function(&format!("check a name, log: {log}"), |bencher| {
        bencher.iter(|| session.gate().check(black_box(&request)).is_ok());
    });
    for (directory, _) in session.files().preopens().iter().take(1) {
        let at = At { call: "bench", directory, path: "audit.jsonl" };
        criterion.bench_function(&format!("metadata of a file, log: {log}"), |bencher| {
            bencher.iter(|| session.files().metadata_at(black_box(&at), Follow::No).is_ok());
        });
    }
    Ok(())
}
