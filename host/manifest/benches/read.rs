//! Reading a manifest, and compiling the policy that it declares: 100 000 grants in less than a second.
#![expect(missing_docs, reason = "what the macros of criterion make has none")]

use caphost_manifest::{Form, Manifest, Source, Timestamp};
use caphost_policy::{Limits, Policy};
use criterion::{Criterion, criterion_group, criterion_main};

const GRANTS: usize = 100_000;

fn compile(text: &str) -> Policy {
    let manifest = Manifest::read(Source { name: "caphost.toml", text, form: Form::Toml });
    let declaration =
        manifest.and_then(|manifest| manifest.declaration(&[], None)).unwrap_or_else(|errors| panic!("{errors}"));
    declaration.policy(Timestamp::EPOCH, Limits::default())
}

fn short() -> String {
    let rules: String = (0..GRANTS).map(|number| format!("  \"fs.read:/srv/data/{number:06}/files\",\n")).collect();
    format!("version = 1\nallow = [\n{rules}]\n")
}

fn long() -> String {
    let entry = |number| {
        format!(
            "[[grant]]\nid = \"grant-{number:06}\"\ncap = \"fs.read\"\nscopes = [\"/srv/data/{number:06}/files\"]\nas = \"/d/{number}\"\n"
        )
    };
    format!("version = 1\n{}", (0..GRANTS).map(entry).collect::<String>())
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("manifest");
    group.sample_size(10);
    for (name, text) in [("allow", short()), ("grant", long())] {
        group.bench_function(format!("{name}-{GRANTS}"), |bencher| bencher.iter(|| compile(&text)));
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
