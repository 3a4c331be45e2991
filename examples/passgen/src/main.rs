//! Makes passwords and passphrases.
//!
//! Secrets come from the host's random bytes or not at all, and what is not needed any more is given up before they are printed.

mod alphabet;
mod args;
mod bytes;

use std::io::{self, Write};
use std::process::ExitCode;

use caphost_sdk::{Result, capabilities, env};

use args::{Args, Command};
use bytes::Bytes;

/// Passwords were made and printed.
const MADE: u8 = 0;
/// There are no random bytes, or nobody to print for.
const FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => print(args::HELP),
        Ok(Command::Make(args)) => run(&args),
        Err(problem) => {
            eprintln!("passgen: {problem}\nhint: `passgen --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn run(args: &Args) -> u8 {
    match passwords(args) {
        Ok(passwords) => print(&passwords),
        Err(error) => {
            eprintln!(
                "passgen: no random bytes: {error}\nhint: `--seed N` takes no grant, and makes what anybody can predict"
            );
            FAILED
        }
    }
}

/// Without `random` this fails: what a seed gives is made only where it is asked for.
fn passwords(args: &Args) -> Result<String> {
    if let Some(seed) = args.seed {
        eprintln!("passgen: warning: made from a seed: whoever knows the seed knows them");
        return draw(args, &mut Bytes::seeded(seed));
    }
    capabilities::require("random")?;
    let passwords = draw(args, &mut Bytes::random())?;
    capabilities::give_up("random")?;
    Ok(passwords)
}

fn draw(args: &Args, bytes: &mut Bytes) -> Result<String> {
    (0..args.count).map(|_| Ok(args.alphabet.draw(args.length, bytes)? + "\n")).collect()
}

/// A reader that went away (`passgen --count 100 | head`) is no failure of ours.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => MADE,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => MADE,
        Err(error) => {
            eprintln!("passgen: cannot write to standard output: {error}");
            FAILED
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alphabet::Alphabet;
    use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};
    use caphost_sdk::{ErrorKind, random};
    use std::sync::Arc;

    fn under<T>(allow: &str, test: impl FnOnce() -> T) -> T {
        let grants = parse_list(allow).unwrap();
        let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
        with_session(Arc::new(Session::builder(policy).build(HostAuthority::claim()).unwrap()), test)
    }

    fn args(seed: Option<u64>) -> Args {
        Args { length: 20, count: 40, alphabet: Alphabet::default(), seed }
    }

    #[test]
    fn random_is_given_up_when_the_passwords_are_made() {
        under("random", || {
            let made = passwords(&args(None)).unwrap();
            assert_eq!(made.lines().filter(|line| line.len() == 20).count(), 40);
            assert_eq!(random::number().unwrap_err().kind(), ErrorKind::Revoked);
            assert_eq!(passwords(&args(None)).unwrap_err().kind(), ErrorKind::Revoked);
        });
        assert_ne!(under("random", || passwords(&args(None))), under("random", || passwords(&args(None))));
    }

    #[test]
    fn without_random_nothing_is_made_up() {
        let error = under("", || passwords(&args(None))).unwrap_err();
        assert_eq!(error.capability(), Some("random"));
    }

    #[test]
    fn a_seed_takes_no_grant_and_gives_the_same() {
        let made = || under("", || passwords(&args(Some(7)))).unwrap();
        assert_eq!(made(), made());
        assert_ne!(made(), under("", || passwords(&args(Some(8)))).unwrap());
    }
}
