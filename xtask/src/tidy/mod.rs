//! The invariants that a compiler does not see, checked by reading the tree.
//!
//! Each rule is one small function beside the sentence of the invariant that it holds.

mod arrows;
mod budgets;
mod generated;
mod guests;
mod shapes;
mod source;
mod texts;
mod tree;
mod words;

use anyhow::{Result, bail};
use clap::Args;

use crate::layout::Layout;
use tree::Tree;

pub(crate) use generated::{check as check_generated, replace_block};

/// What `cargo xtask tidy` takes.
#[derive(Args)]
pub(crate) struct Options {
    /// Build `caphost` and rewrite what the documents take from it
    #[arg(long)]
    fix: bool,
}

/// An invariant and how it is checked.
pub(crate) struct Rule {
    /// What always holds, as one sentence.
    invariant: &'static str,
    /// The places where it does not.
    check: fn(&Tree) -> Vec<Violation>,
}

/// A place where an invariant does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// `path:line`, or `path` alone.
    place: String,
    /// What stands there.
    what: String,
}

impl Violation {
    fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

/// Every rule, in the order in which it is checked.
const RULES: &[&[Rule]] = &[arrows::RULES, words::RULES, shapes::RULES, texts::RULES, budgets::RULES, guests::RULES];

/// `cargo xtask tidy`.
pub(crate) fn run(layout: &Layout, options: &Options) -> Result<()> {
    if options.fix {
        generated::rewrite(layout)?;
    }
    check(layout)
}

/// Checks every rule that needs nothing built.
pub(crate) fn check(layout: &Layout) -> Result<()> {
    let tree = Tree::read(layout)?;
    let mut violations = 0;
    for rule in RULES.iter().copied().flatten() {
        violations += report(rule, &tree);
    }
    if violations > 0 {
        bail!("tidy: {violations} places break an invariant");
    }
    println!(
        "tidy: {} invariants hold in {} files",
        RULES.iter().map(|rules| rules.len()).sum::<usize>(),
        tree.files().len()
    );
    Ok(())
}

fn report(rule: &Rule, tree: &Tree) -> usize {
    let violations = (rule.check)(tree);
    if !violations.is_empty() {
        println!("tidy: {}", rule.invariant);
    }
    for violation in &violations {
        println!("  {}: {}", violation.place, violation.what);
    }
    violations.len()
}
