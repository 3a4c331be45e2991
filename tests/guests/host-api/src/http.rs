//! `caphost:host/http`.

use words::{Failure, Operation, Outcome, describe, done};

use crate::bindings::caphost::host::http::{self, OutgoingBody, Request, Timeouts};
use crate::handles::{Handle, Handles};
use crate::operation::Filled;

/// `http.fetch METHOD URL PART…`, `http.send NEW METHOD URL PART…`, `http.start NEW METHOD URL PART…`,
/// `outgoing-body.write BODY TEXT`, `outgoing-body.finish BODY NEW NAME:VALUE…`, `incoming-body.read BODY LENGTH`,
/// `incoming-body.trailers BODY`.
///
/// A part is a header (`NAME:VALUE`), a time in nanoseconds (`connect=N`, `first-byte=N`, `between-bytes=N`), the body (`=TEXT`; of
/// `http.start` its length), or `headers`, which shows those of the response. `@HANDLE` in a URL is the port of that handle.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "http.fetch" => fetch(operation, handles),
        "http.send" => send(operation, handles),
        "http.start" => start(operation, handles),
        "outgoing-body.write" => write(operation, handles),
        "outgoing-body.finish" => finish(operation, handles),
        "incoming-body.read" => read(operation, handles),
        "incoming-body.trailers" => trailers(operation, handles),
        _ => return None,
    })
}

fn fetch(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let response = http::fetch(&request(operation, handles, 0)?, &body(operation)?)?;
    let head = head(response.status, &response.headers, operation);
    Ok(format!("{head} {}", describe(&response.body)))
}

fn send(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let response = http::send(&request(operation, handles, 1)?, &body(operation)?)?;
    keep_response(response, operation.word(0)?, operation, handles)
}

fn start(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let length = body(operation)?;
    let length = (!length.is_empty()).then(|| String::from_utf8_lossy(&length).parse());
    let length = length.transpose().map_err(|_| Failure::Usage("a length is a number".to_owned()))?;
    let body = http::start(&request(operation, handles, 1)?, length)?;
    handles.keep(operation.word(0)?, Handle::OutgoingBody(body))
}

fn write(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    done(handles.outgoing_body(operation.word(0)?)?.write(&operation.bytes(1)?)?)
}

fn finish(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let (name, fields) = (operation.word(0)?, fields(operation.rest(2)));
    handles.outgoing_body(name)?;
    let Handle::OutgoingBody(body) = handles.take(name)? else { return Ok(String::new()) };
    let finished = OutgoingBody::finish(&body, &fields);
    // So that a second call can be made.
    handles.keep(name, Handle::OutgoingBody(body))?;
    keep_response(finished?, operation.word(1)?, operation, handles)
}

fn read(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    Ok(describe(&handles.incoming_body(operation.word(0)?)?.read(operation.number(1)?)?))
}

fn trailers(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    let trailers = handles.incoming_body(operation.word(0)?)?.trailers()?;
    Ok(describe_fields(&trailers))
}

fn keep_response(response: http::Response, name: &str, operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let head = head(response.status, &response.headers, operation);
    handles.keep(name, Handle::IncomingBody(response.body))?;
    Ok(head)
}

/// The status, and the headers where they are asked for.
fn head(status: u16, headers: &[(String, Vec<u8>)], operation: &Operation<'_>) -> String {
    if operation.ends_in("headers") { format!("{status} {}", describe_fields(headers)) } else { status.to_string() }
}

/// Each field but the date, which is another one in each run.
fn describe_fields(fields: &[(String, Vec<u8>)]) -> String {
    let kept = fields.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("date"));
    let shown: Vec<_> = kept.map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))).collect();
    format!("{shown:?}")
}

/// The request whose method is the argument at `index`.
fn request(operation: &Operation<'_>, handles: &Handles, index: usize) -> Result<Request, Failure> {
    let parts = operation.rest(index + 2);
    Ok(Request {
        method: operation.text(index)?,
        url: handles.with_ports(&operation.text(index + 1)?)?,
        headers: fields(parts),
        timeouts: Timeouts {
            connect: time(parts, "connect=")?,
            first_byte: time(parts, "first-byte=")?,
            between_bytes: time(parts, "between-bytes=")?,
        },
    })
}

/// The body: what stands behind `=`.
fn body(operation: &Operation<'_>) -> Result<Vec<u8>, Failure> {
    let body = operation.rest(0).iter().position(|word| word.starts_with('='));
    let text = body.and_then(|index| operation.rest(index).first()).map_or("", |word| word.trim_start_matches('='));
    match text.strip_prefix('~').map(str::parse) {
        None => Ok(text.as_bytes().to_vec()),
        Some(Ok(length)) => Ok(vec![b'x'; length]),
        Some(Err(_)) => Err(Failure::Usage(format!("`{text}` is no length"))),
    }
}

/// The headers: every `NAME:VALUE`.
pub(crate) fn fields(parts: &[String]) -> Vec<(String, Vec<u8>)> {
    let split = parts.iter().filter(|part| !part.starts_with('=')).filter_map(|part| part.split_once(':'));
    split.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())).collect()
}

/// The number behind `NAME=`.
pub(crate) fn time(parts: &[String], name: &str) -> Result<Option<u64>, Failure> {
    let found = parts.iter().find_map(|part| part.strip_prefix(name));
    found.map(|number| number.parse().map_err(|_| Failure::Usage(format!("`{number}` is not a number")))).transpose()
}
