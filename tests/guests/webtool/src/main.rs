//! An ordinary program on caphost-sdk: every argument is one operation of HTTP or WebSocket, and prints a line,
//! `OPERATION -> ok …` or `OPERATION -> err …`. The part before the arrow is written before the call is made.
//!
//! `webtool 'get http://127.0.0.1/hello' 'ws ws://127.0.0.1/echo hello'`. The same as a component and as a process.

use std::io::{self, Read, Write};
use std::time::Duration;

use caphost_sdk::http::{Request, Response};
use caphost_sdk::websocket::{ConnectOptions, Listener, Message};
use caphost_sdk::{Error, Result, net};

/// Bytes that are written at once.
const PIECE: usize = 64 * 1024;

fn main() {
    for text in std::env::args().skip(1) {
        print!("{text} ->");
        io::stdout().flush().expect("stdout takes what is said");
        let words: Vec<&str> = text.split(' ').collect();
        match perform(&words) {
            Some(Ok(answer)) if answer.is_empty() => println!(" ok"),
            Some(Ok(answer)) => println!(" ok {answer}"),
            Some(Err(error)) => println!(" err {error}"),
            None => println!(" no such operation"),
        }
    }
}

/// `get URL [MILLISECONDS]`, `header URL NAME VALUE`, `post URL TEXT`, `upload URL BYTES`, `unfinished URL LENGTH TEXT`,
/// `part URL BYTES` (and the rest is given up), `ws URL [TEXT…]`, `ws-within URL MILLISECONDS`, `ws-serve ADDRESS PATH COUNT`,
/// `lookup NAME`, `repeat COUNT OPERATION`, `line`.
fn perform(words: &[&str]) -> Option<Result<String>> {
    Some(match *words {
        ["get", url] => Request::get(url).send().and_then(shown),
        ["get", url, milliseconds] => Request::get(url).timeout(time(milliseconds)).send().and_then(shown),
        ["header", url, name, value] => Request::get(url).header(name, value).send().and_then(shown),
        ["post", url, text] => Request::post(url).body(text).send().and_then(shown),
        ["upload", url, bytes] => upload(url, number(bytes)),
        ["unfinished", url, length, text] => unfinished(url, number(length), text),
        ["part", url, bytes] => part(url, number(bytes)),
        ["ws", url, ref messages @ ..] => talk(url, messages),
        ["ws-within", url, milliseconds] => {
            ConnectOptions::new().timeout(time(milliseconds)).connect(url).map(|_| String::new())
        }
        ["ws-serve", address, path, count] => serve(address, path, number(count)),
        ["lookup", name] => net::resolve(name).map(|addresses| format!("{addresses:?}")),
        ["repeat", count, ref rest @ ..] => repeat(number(count), rest)?,
        ["line"] => line(),
        _ => return None,
    })
}

fn repeat(count: u64, words: &[&str]) -> Option<Result<String>> {
    (1..count).try_for_each(|_| perform(words).map(drop))?;
    perform(words)
}

/// The status and the body: short ones as they are, others by their length.
fn shown(mut response: Response) -> Result<String> {
    let mut body = Vec::new();
    response.read_to_end(&mut body).map_err(Error::from)?;
    let body = if body.len() <= 200 { body.escape_ascii().to_string() } else { format!("({} bytes)", body.len()) };
    Ok(format!("{} {body}", response.status()))
}

/// Writes a body of so many bytes, in pieces, and of no length that was said.
fn upload(url: &str, bytes: u64) -> Result<String> {
    let mut body = Request::post(url).start(None)?;
    let piece = vec![b'u'; PIECE];
    let mut left = bytes;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        body.write_all(piece.get(..wanted).unwrap_or_default()).map_err(Error::from)?;
        left -= wanted as u64;
    }
    shown(body.finish()?)
}

/// Begins a body and gives it up.
fn unfinished(url: &str, length: u64, text: &str) -> Result<String> {
    let mut body = Request::post(url).start(Some(length))?;
    body.write_all(text.as_bytes()).map_err(Error::from)?;
    Ok(String::new())
}

fn part(url: &str, bytes: u64) -> Result<String> {
    let mut body = Vec::new();
    let response = Request::get(url).send()?;
    response.take(bytes).read_to_end(&mut body).map_err(Error::from)?;
    Ok(format!("{} bytes", body.len()))
}

/// Sends each message and shows each answer; then says goodbye.
fn talk(url: &str, messages: &[&str]) -> Result<String> {
    let connection = ConnectOptions::new().connect(url)?;
    let mut answers = Vec::new();
    for message in messages {
        connection.send(*message)?;
        answers.push(connection.receive()?.as_ref().map_or("closed".to_owned(), said));
    }
    connection.close(1000, "bye")?;
    while connection.receive()?.is_some() {}
    let closed = connection.closed().map_or("open".to_owned(), |frame| frame.code.to_string());
    Ok(format!("{} {closed}", answers.join(", ")))
}

/// Lets in so many connections, one after the other, and sends each what it sends.
fn serve(address: &str, path: &str, count: u64) -> Result<String> {
    let listener = Listener::options().path(path).bind(address)?;
    let mut messages = 0_u64;
    for _ in 0..count {
        let (connection, _) = listener.accept()?;
        while let Some(message) = connection.receive()? {
            messages += 1;
            connection.send(message)?;
        }
    }
    Ok(format!("{messages} messages"))
}

fn said(message: &Message) -> String {
    message.as_text().map_or_else(|| format!("{message:?}"), str::to_owned)
}

/// Waits for a line of standard input: a test can look at the host meanwhile.
fn line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(Error::from)?;
    Ok(line.trim_end().to_owned())
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_default()
}

fn time(milliseconds: &str) -> Duration {
    Duration::from_millis(number(milliseconds))
}
