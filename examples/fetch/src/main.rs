//! Asks for a URL and prints what comes back: `fetch [--header 'NAME: VALUE'] [--post TEXT] URL`.
//!
//! The body is printed as it comes in. A status that is no success, and a redirect is none, ends the program with 1.

mod args;

use std::io::{self, Write};
use std::process::ExitCode;

use caphost_sdk::http::{Request, Response};
use caphost_sdk::{Error, env};

use args::{Args, Command};

/// Ended with a success of the server.
const FETCHED: u8 = 0;
/// The request was refused or broke off, or the server said no.
const FAILED: u8 = 1;
/// The command line made no sense.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let code = match args::parse(env::args().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", args::HELP);
            FETCHED
        }
        Ok(Command::Fetch(args)) => fetch(args),
        Err(problem) => {
            eprintln!("fetch: {problem}\nhint: `fetch --help` lists what it takes");
            USAGE
        }
    };
    ExitCode::from(code)
}

fn fetch(args: Args) -> u8 {
    let url = args.url.clone();
    match request(args).send().map_err(io::Error::from).and_then(print) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fetch: cannot fetch `{}`: {}", url.escape_debug(), Error::from(error));
            FAILED
        }
    }
}

fn request(args: Args) -> Request {
    let request = match args.post {
        Some(body) => Request::post(args.url).body(body),
        None => Request::get(args.url),
    };
    args.headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

fn print(mut response: Response) -> io::Result<u8> {
    let mut stdout = io::stdout().lock();
    if response.is_success() {
        io::copy(&mut response, &mut stdout)?;
        stdout.flush()?;
        return Ok(FETCHED);
    }
    eprintln!("fetch: the server answered {}", response.status());
    if let Some(place) = response.header("location") {
        eprintln!("hint: it says that this is at `{}`", place.escape_debug());
    }
    Ok(FAILED)
}
