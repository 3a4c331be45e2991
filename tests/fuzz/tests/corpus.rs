//! Every target: the corpus, then a fixed number of inputs that are made of it, the same each time.

use std::fs;
use std::path::Path;

use caphost_fuzz::{TARGETS, Target, fuzz, inputs};

const SEED: u64 = 6;

fn run(target: &Target) {
    let corpus = inputs(target).unwrap_or_else(|error| panic!("{error:#}"));
    let outcome = fuzz(target, &corpus, SEED, |count, _| count < target.tries);
    let (count, read) = outcome.unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(count, target.tries);
    // Of inputs that are all refused nothing is learnt.
    assert!(read > count / 50, "{read} of {count} inputs were read");
}

/// A test for each, so that they run side by side and a failure has the name of its target.
macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(caphost_fuzz::target(stringify!($name)).unwrap());
        })*

        #[test]
        fn every_target_is_run() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets!(rules host http_rule manifest canonical seal key component audit_log address rows);

#[test]
fn every_target_has_a_driver_for_libfuzzer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for Target { name, .. } in TARGETS {
        let driver = fs::read_to_string(folder.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(driver.contains(&format!("caphost_fuzz::run(\"{name}\", data)")), "{name}");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
}
