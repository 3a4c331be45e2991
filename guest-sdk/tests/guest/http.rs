//! HTTP: requests to a server in this process, whose answers are written out.

use crate::support::{folder, session};
use caphost_sdk::http::{self, Headers, Request};
use caphost_sdk::native::with_session;
use caphost_sdk::{Error, ErrorKind, capabilities};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What a request had: its first line, its headers in lower case, its body.
struct Seen {
    first: String,
    headers: Vec<String>,
    body: String,
}

/// A server that answers each request of each connection; its URL.
fn server(answer: fn(&Seen) -> String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || serve(stream, answer));
        }
    });
    url
}

fn serve(mut stream: TcpStream, answer: fn(&Seen) -> String) {
    let mut reader = BufReader::new(stream.try_clone().expect("a copy"));
    while let Some(seen) = next(&mut reader) {
        if stream.write_all(answer(&seen).as_bytes()).is_err() {
            return;
        }
    }
}

fn next(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = || {
        let mut line = String::new();
        let length = reader.read_line(&mut line).ok()?;
        (length > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut headers = Vec::new();
    loop {
        match line()?.to_ascii_lowercase() {
            end if end.is_empty() => break,
            header => headers.push(header),
        }
    }
    let length = headers.iter().find_map(|header| header.strip_prefix("content-length: "));
    let mut body = Vec::new();
    match length.and_then(|length| length.parse().ok()) {
        Some(length) => drop(reader.take(length).read_to_end(&mut body)),
        None if headers.iter().any(|header| header == "transfer-encoding: chunked") => chunks(reader, &mut body)?,
        None => {}
    }
    Some(Seen { first, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Option<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size).ok()?;
        let size = u64::from_str_radix(size.trim(), 16).ok()?;
        if size == 0 {
            // Trailers, up to an empty line.
            let mut line = String::new();
            while reader.read_line(&mut line).ok()? > 2 {
                line.clear();
            }
            return Some(());
        }
        reader.take(size).read_to_end(body).ok()?;
        reader.read_line(&mut String::new()).ok()?;
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Kind: test\r\n\r\n{body}", body.len())
}

/// What it was asked, as its body.
fn echo(seen: &Seen) -> String {
    ok(&format!("{}|{}", seen.first, seen.body))
}

fn under(grants: &str, test: impl FnOnce()) {
    let folder = folder();
    with_session(session(&folder, grants), test);
}

#[test]
fn a_request_says_what_it_was_given_and_a_response_what_came() {
    let url = server(echo);
    under("net.connect:127.0.0.1", || {
        assert_eq!(http::get(&url).and_then(http::Response::text).expect("text"), "GET / HTTP/1.1|");
        let response = http::post(format!("{url}/a?b"), "body").expect("a response");
        assert_eq!((response.status(), response.is_success()), (200, true));
        assert_eq!((response.header("X-KIND"), response.header("missing")), (Some("test"), None));
        assert_eq!(response.text().expect("text"), "POST /a?b HTTP/1.1|body");
        for (request, method) in [
            (Request::put(&url), "PUT"),
            (Request::patch(&url), "PATCH"),
            (Request::delete(&url), "DELETE"),
            (Request::new("OPTIONS", &url), "OPTIONS"),
        ] {
            let whole = request.fetch().expect("a response");
            assert_eq!(whole.body(), format!("{method} / HTTP/1.1|").as_bytes());
        }
    });
}

#[test]
fn headers_go_both_ways_in_their_order() {
    let url = server(|seen| {
        let mine: Vec<_> = seen.headers.iter().filter(|header| header.starts_with("x-")).map(String::as_str).collect();
        ok(&mine.join(","))
    });
    under("net.connect:127.0.0.1", || {
        let request = Request::get(&url).header("X-One", "1").header("x-two", "2").header("x-one", "3");
        assert_eq!(
            request.clone().fetch().and_then(http::WholeResponse::text),
            Ok("x-one: 1,x-one: 3,x-two: 2".to_owned())
        );
        let response = request.send().expect("a response");
        assert_eq!(response.headers().get_all("x-kind").collect::<Vec<_>>(), [b"test"]);
        assert_eq!(response.bytes().expect("bytes").len(), 26);
    });
}

#[test]
fn bodies_are_streamed_in_both_directions() {
    let url = server(|seen| {
        let length = seen.headers.iter().find(|header| header.starts_with("content-length")).cloned();
        ok(&format!("{length:?} {}", seen.body))
    });
    under("net.connect:127.0.0.1", || {
        let mut body = Request::put(&url).start(None).expect("begun");
        for piece in ["one ", "two ", "three"] {
            body.write_all(piece.as_bytes()).expect("written");
        }
        let mut response = body.finish_with(Headers::from([("x-sum", "3")])).expect("a response");
        let mut text = [0; 8];
        response.read_exact(&mut text).expect("read");
        assert_eq!(&text, b"None one");
        assert_eq!(response.trailers().expect_err("too soon").kind(), ErrorKind::WouldBlock);
        assert_eq!(response.text().expect("the rest"), " two three");

        let mut body = Request::put(&url).start(Some(4)).expect("begun");
        body.write_all(b"1234").expect("written");
        let text = body.finish().and_then(http::Response::text);
        assert_eq!(text, Ok("Some(\"content-length: 4\") 1234".to_owned()));

        let mut body = Request::put(&url).start(Some(4)).expect("begun");
        let error = Error::from(body.write_all(b"12345").expect_err("too long"));
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let body = Request::put(&url).start(Some(4)).expect("begun");
        assert_eq!(body.finish().expect_err("too short").kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_large_body_goes_out_in_pieces() {
    let url = server(|seen| ok(&seen.body.len().to_string()));
    under("net.connect:127.0.0.1", || {
        let length = (8 << 20) + 1;
        let request = Request::post(&url).body(vec![b'x'; length]);
        assert_eq!(request.clone().send().and_then(http::Response::text), Ok(length.to_string()));
        assert_eq!(request.fetch().and_then(http::WholeResponse::text), Ok(length.to_string()));
    });
}

#[test]
fn an_endless_body_does_not_fill_the_memory() {
    let url = server(|_| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 17 << 20, "x".repeat(17 << 20)));
    under("net.connect:127.0.0.1", || {
        assert_eq!(http::get(&url).and_then(http::Response::bytes).expect_err("too large").kind(), ErrorKind::TooLarge);
        assert_eq!(Request::get(&url).fetch().expect_err("too large").kind(), ErrorKind::TooLarge);
        let mut response = http::get(&url).expect("a response");
        let read = std::io::copy(&mut response, &mut std::io::sink()).expect("read in pieces");
        assert_eq!(read, 17 << 20);
    });
}

#[test]
fn what_is_no_request_is_never_sent() {
    let url = server(echo);
    under("net.connect", || {
        let wrong = [
            Request::get("hello"),
            Request::get("ftp://127.0.0.1/"),
            Request::get("http://user@127.0.0.1/"),
            Request::get("http://127.1/"),
            Request::new("G T", &url),
            Request::get(&url).header("bad name", "x"),
            Request::get(&url).header("x", "a\r\nb: c"),
            Request::get(&url).header("host", "other.test"),
            Request::get(&url).header("transfer-encoding", "chunked"),
            Request::get(&url).timeout(Duration::ZERO),
        ];
        for request in wrong {
            let shown = format!("{request:?}");
            assert_eq!(request.clone().send().expect_err(&shown).kind(), ErrorKind::InvalidInput, "{shown}");
            assert_eq!(
                request.clone().start(None).map(drop).expect_err(&shown).kind(),
                ErrorKind::InvalidInput,
                "{shown}"
            );
            assert_eq!(request.fetch().expect_err(&shown).kind(), ErrorKind::InvalidInput, "{shown}");
        }
        assert!(Request::get(&url).fetch().is_ok(), "the control");
    });
}

#[test]
fn a_refusal_names_the_url_and_a_redirect_is_not_followed() {
    let url = server(|_| "HTTP/1.1 302 Found\r\nLocation: http://127.9.9.9/\r\nContent-Length: 0\r\n\r\n".to_owned());
    under(&format!("net.connect:{url}"), || {
        let response = http::get(&url).expect("a response");
        assert_eq!((response.status(), response.header("location")), (302, Some("http://127.9.9.9/")));
        let error = http::get("http://127.9.9.9/").expect_err("a refusal");
        assert_eq!((error.kind(), error.capability()), (ErrorKind::Denied, Some("net.connect")));
        assert_eq!(error.resource(), Some("http://127.9.9.9/"));
        let raw = caphost_sdk::net::TcpStream::connect(url.trim_start_matches("http://")).expect_err("a refusal");
        assert!(raw.is_denied(), "an origin is for HTTP: {raw}");
    });
}

#[test]
fn a_silent_server_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    under("net.connect:127.0.0.1", || {
        let request = Request::get(&url).first_byte_timeout(Duration::from_millis(30));
        assert_eq!(request.fetch().expect_err("nothing").kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn a_grant_that_is_given_up_ends_a_response() {
    let url = server(|_| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", 64 << 20, "x".repeat(64 << 20)));
    under("net.connect:127.0.0.1", || {
        let mut response = http::get(&url).expect("a response");
        capabilities::give_up("net.connect").expect("given up");
        let error = Error::from(std::io::copy(&mut response, &mut std::io::sink()).expect_err("an end"));
        assert_eq!(error.kind(), ErrorKind::Revoked, "{error:?}");
        assert_eq!(http::get(&url).expect_err("a refusal").kind(), ErrorKind::Revoked);
    });
}
