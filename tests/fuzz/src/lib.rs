//! Fuzz targets: whatever reads foreign bytes, and what must hold whatever these are.
//!
//! A [`Target`] is a function of bytes that panics when a property does not hold. There are three ways to run one:
//! - `cargo test -p caphost-fuzz`, on any toolchain and in CI: the corpus in `corpus/TARGET`, then a fixed number of inputs that
//!   [`Mutator`] makes of it from a fixed seed.
//! - `cargo xtask fuzz [TARGET]`: the same for as long as one likes, from a new seed. An input that fails is written into the corpus.
//! - `cargo +nightly fuzz run TARGET`, in `fuzz/` at the root: libFuzzer, which sees what code an input reaches, with address
//!   sanitizing. To start from the corpus, name it behind the target: `../tests/fuzz/corpus/TARGET`.
//!
//! bolero was looked at (0.13.7), for it has one macro for the first and the last. But on a stable toolchain its engine runs the corpus and
//! then random bytes: it mutates nothing, knows no words, and takes another seed each time, so that a grammar is hardly entered; and for
//! libFuzzer it needs a program of its own beside the nightly toolchain, as cargo-fuzz does. Our mutator is some hundred lines, and
//! bolero about twenty crates.

mod checks;
mod mutate;
mod run;
mod targets;

pub use mutate::Mutator;
pub use run::{Failure, check, corpus_folder, fuzz, inputs};

/// Something that reads foreign bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Says whether these bytes were read or refused. Panics when a property does not hold of them.
    pub check: fn(&[u8]) -> bool,
    /// Inputs beside the corpus: those that are made, such as sealed components.
    pub made: fn() -> Vec<Vec<u8>>,
    /// What its inputs are made of.
    pub words: &'static [&'static str],
    /// How many mutated inputs a test runs.
    pub tries: u64,
}

/// Every target.
pub const TARGETS: &[Target] = targets::ALL;

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Runs one input of a target, for `fuzz/`: a property that does not hold, and a name that is none, panics.
pub fn run(name: &str, input: &[u8]) {
    match target(name) {
        Some(target) => drop((target.check)(input)),
        None => panic!("there is no target `{name}`"),
    }
}
