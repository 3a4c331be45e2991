//! `cargo test -p caphost-tests --test specs`: one test for each folder of `specs/`; `-- --bless` writes their `expected.txt`.

use std::process::ExitCode;
use std::sync::Arc;

use caphost_tests::programs::Programs;
use caphost_tests::spec::{Mode, Spec, every_guest_is_used};
use libtest_mimic::{Arguments, Trial};

fn main() -> anyhow::Result<ExitCode> {
    let (flags, arguments): (Vec<_>, Vec<_>) = std::env::args().partition(|argument| argument == "--bless");
    let is_asked = !flags.is_empty() || std::env::var_os("CAPHOST_BLESS").is_some_and(|value| value == "1");
    let mode = if is_asked { Mode::Bless } else { Mode::Compare };
    let arguments = Arguments::from_iter(arguments);

    let programs = Arc::new(Programs::find()?);
    let specs = Arc::new(Spec::all()?);
    let mut trials = vec![Trial::test("every_guest_is_used", {
        let specs = Arc::clone(&specs);
        move || every_guest_is_used(&specs).map_err(failed)
    })];
    for index in 0..specs.len() {
        let (programs, specs) = (Arc::clone(&programs), Arc::clone(&specs));
        let name = specs[index].name.clone();
        trials.push(Trial::test(name, move || specs[index].check(mode, &programs).map_err(failed)));
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

fn failed(error: anyhow::Error) -> libtest_mimic::Failed {
    format!("{error:#}").into()
}
