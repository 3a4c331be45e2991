//! An ordinary program on the standard library: it knows nothing of WASI or of caphost.
//!
//! `stdapp args|cat|copy|env|hashmap|list|now|remove|rename|sleep|wall|write …`

use std::collections::HashMap;
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, io, thread};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stdapp: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> io::Result<()> {
    match *words {
        ["args", ref rest @ ..] => println!("{rest:?}"),
        ["cat"] => cat(&mut io::stdin())?,
        ["cat", path] => cat(&mut fs::File::open(path)?)?,
        ["copy", from, to] => println!("{} bytes", fs::copy(from, to)?),
        ["env"] => env::vars().for_each(|(name, value)| println!("{name}={value}")),
        ["env", name] => println!("{:?}", env::var(name)),
        ["hashmap"] => println!("{:?}", ('a'..='h').map(|letter| (letter, ())).collect::<HashMap<_, _>>().keys()),
        ["list", path] => list(path)?,
        ["now"] => now(),
        ["remove", path] => fs::remove_file(path)?,
        ["rename", from, to] => fs::rename(from, to)?,
        ["sleep", milliseconds] => sleep(milliseconds),
        ["wall"] => println!("since 1970: {}", SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).is_ok()),
        ["write", path, text] => fs::write(path, text)?,
        _ => return Err(io::Error::other("usage: stdapp COMMAND [ARGUMENT]...")),
    }
    Ok(())
}

fn cat(from: &mut dyn Read) -> io::Result<()> {
    io::copy(from, &mut io::stdout())?;
    io::stdout().flush()
}

fn list(path: &str) -> io::Result<()> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    names.iter().for_each(|name| println!("{name}"));
    Ok(())
}

fn now() {
    let start = Instant::now();
    for _ in 0..3 {
        println!("{:?}", start.elapsed());
    }
}

fn sleep(milliseconds: &str) {
    let start = Instant::now();
    thread::sleep(Duration::from_millis(milliseconds.parse().unwrap_or(0)));
    println!("{:?}", start.elapsed());
}
