//! `peers` reads a line of settings (JSON) from standard input, starts the peers and prints a line that says where they are.
//! Then it answers each line of input with a JSON list of what has reached them since, and ends when its input does.
//!
//! `peers within [ADDRESS…]` does so in a network namespace of its own that has these addresses, and ends with 75 where there can be
//! none.
//!
//! `peers connect ADDRESS TEXT` and `peers send ADDRESS TEXT` are clients on TCP and UDP.

#![expect(clippy::print_stdout, reason = "a command line program talks to who started it")]

use std::os::unix::process::CommandExt;
use std::process::ExitCode;

use anyhow::{Context, bail};
use caphost_peers::log::Log;
use caphost_peers::settings::Ready;
use caphost_peers::{client, netns, start};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncBufReadExt, BufReader};

/// Ends so where no namespace can be made (`EX_TEMPFAIL`).
const NO_NAMESPACE: u8 = 75;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["within", addresses @ ..] = &*words {
        return within(addresses);
    }
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(&words))?;
    Ok(ExitCode::SUCCESS)
}

/// Becomes `peers inside WAY`, in a namespace.
fn within(addresses: &[&str]) -> anyhow::Result<ExitCode> {
    let Some(way) = netns::way() else { return Ok(ExitCode::from(NO_NAMESPACE)) };
    let program = std::env::current_exe()?;
    Err(netns::maker(way, addresses, &[program.as_os_str(), "inside".as_ref()]).exec().into())
}

async fn run(words: &[&str]) -> anyhow::Result<()> {
    match *words {
        [] => serve(Vec::new()).await,
        ["inside", way] => serve(netns::entry(netns::Way::named(way).context("no such way")?)).await,
        ["connect", address, text] => said(&client::tcp(address.parse()?, text).await?),
        ["send", address, text] => said(&client::udp(address.parse()?, text).await?),
        _ => bail!("usage: peers [within ADDRESS…] | peers connect|send ADDRESS TEXT"),
    }
}

fn said(answer: &str) -> anyhow::Result<()> {
    print!("{answer}");
    Ok(())
}

async fn serve(entry: Vec<String>) -> anyhow::Result<()> {
    many_descriptors();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let first = lines.next_line().await?.context("no settings")?;
    let settings = serde_json::from_str(&first).context("the settings are none")?;
    let log = Log::default();
    let ready = Ready { entry, ..start(&settings, &log).await? };
    println!("{}", serde_json::to_string(&ready)?);
    while lines.next_line().await?.is_some() {
        println!("{}", serde_json::to_string(&log.take_settled().await)?);
    }
    Ok(())
}

/// As many as the machine allows: a guest may come with thousands of connections.
fn many_descriptors() {
    let limit = getrlimit(Resource::Nofile);
    // Who may not raise it gets by with fewer.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
