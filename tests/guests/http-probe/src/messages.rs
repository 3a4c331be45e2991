//! Requests and responses, and the options of a request.

use wasip2::http::types::{Method, OutgoingRequest, OutgoingResponse, RequestOptions, Scheme};
use words::{Operation, Outcome, describe_case, done};

use crate::handles::{Handle, Handles};
use crate::operation::describe_option;

/// `types.outgoing-request NEW FIELDS`, `outgoing-request.FUNCTION`, `types.request-options NEW`, `request-options.FUNCTION`,
/// `types.outgoing-response NEW FIELDS`, `outgoing-response.FUNCTION`, `incoming-response.FUNCTION`.
///
/// A function that makes something takes the new name first: `outgoing-request.body NEW REQUEST`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let call = match operation.name.split_once('.')? {
        ("types", "outgoing-request") => |o: &Operation<'_>, h: &mut Handles| {
            let request = OutgoingRequest::new(h.take_fields(o.word(1)?)?);
            h.keep(o.word(0)?, Handle::Request(request))
        },
        ("types", "outgoing-response") => |o: &Operation<'_>, h: &mut Handles| {
            let response = OutgoingResponse::new(h.take_fields(o.word(1)?)?);
            h.keep(o.word(0)?, Handle::OwnResponse(response))
        },
        ("types", "request-options") => {
            |o: &Operation<'_>, h: &mut Handles| h.keep(o.word(0)?, Handle::Options(RequestOptions::new()))
        }
        ("outgoing-request", "body" | "headers") => child_of_request,
        ("outgoing-request", _) => request,
        ("request-options", _) => options,
        ("outgoing-response", _) => own_response,
        ("incoming-response", _) => response,
        _ => return None,
    };
    Some(call(operation, handles))
}

fn child_of_request(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let request = handles.request(operation.word(1)?)?;
    let child = match operation.name {
        "outgoing-request.body" => Handle::OutgoingBody(request.body()?),
        _ => Handle::Fields(request.headers()),
    };
    handles.keep(operation.word(0)?, child)
}

fn request(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let request = handles.request(operation.word(0)?)?;
    match operation.name {
        "outgoing-request.method" => Ok(describe_case(&request.method())),
        "outgoing-request.set-method" => done(request.set_method(&method(operation.word(1)?))?),
        "outgoing-request.path-with-query" => Ok(describe_option(request.path_with_query())),
        "outgoing-request.set-path-with-query" => done(request.set_path_with_query(operation.option(1)?)?),
        "outgoing-request.scheme" => {
            Ok(request.scheme().map_or_else(|| "none".to_owned(), |scheme| describe_case(&scheme)))
        }
        "outgoing-request.set-scheme" => done(request.set_scheme(operation.option(1)?.map(scheme).as_ref())?),
        "outgoing-request.authority" => Ok(describe_option(request.authority())),
        "outgoing-request.set-authority" => done(request.set_authority(operation.option(1)?)?),
        _ => Err(operation.unknown()),
    }
}

fn options(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let options = handles.options(operation.word(0)?)?;
    let duration = || operation.option(1)?.map(|_| operation.number(1)).transpose();
    match operation.name {
        "request-options.connect-timeout" => Ok(format!("{:?}", options.connect_timeout())),
        "request-options.set-connect-timeout" => done(options.set_connect_timeout(duration()?)?),
        "request-options.first-byte-timeout" => Ok(format!("{:?}", options.first_byte_timeout())),
        "request-options.set-first-byte-timeout" => done(options.set_first_byte_timeout(duration()?)?),
        "request-options.between-bytes-timeout" => Ok(format!("{:?}", options.between_bytes_timeout())),
        "request-options.set-between-bytes-timeout" => done(options.set_between_bytes_timeout(duration()?)?),
        _ => Err(operation.unknown()),
    }
}

fn own_response(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let response = |index| handles.own_response(operation.word(index)?);
    let child = match operation.name {
        "outgoing-response.status-code" => return Ok(response(0)?.status_code().to_string()),
        "outgoing-response.set-status-code" => return done(response(0)?.set_status_code(operation.number(1)?)?),
        "outgoing-response.headers" => Handle::Fields(response(1)?.headers()),
        "outgoing-response.body" => Handle::OutgoingBody(response(1)?.body()?),
        _ => return Err(operation.unknown()),
    };
    handles.keep(operation.word(0)?, child)
}

fn response(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let response = |index| handles.response(operation.word(index)?);
    let child = match operation.name {
        "incoming-response.status" => return Ok(response(0)?.status().to_string()),
        "incoming-response.headers" => Handle::Fields(response(1)?.headers()),
        "incoming-response.consume" => Handle::IncomingBody(response(1)?.consume()?),
        _ => return Err(operation.unknown()),
    };
    handles.keep(operation.word(0)?, child)
}

/// The standard ones in lower case are cases of their own, anything else is `other`.
fn method(word: &str) -> Method {
    match word {
        "get" => Method::Get,
        "head" => Method::Head,
        "post" => Method::Post,
        "put" => Method::Put,
        "delete" => Method::Delete,
        "connect" => Method::Connect,
        "options" => Method::Options,
        "trace" => Method::Trace,
        "patch" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn scheme(word: &str) -> Scheme {
    match word {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    }
}
