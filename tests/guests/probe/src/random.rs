//! `wasi:random`.

use wasip2::random::{insecure, insecure_seed, random};
use words::{Operation, Outcome};

use crate::handles::Handles;

/// `get-random-bytes LENGTH [show]`, `get-random-u64 [show]`, `get-insecure-random-bytes LENGTH [show]`,
/// `get-insecure-random-u64 [show]`, `insecure-seed [show]`.
pub(crate) fn run(operation: &Operation<'_>, _: &mut Handles) -> Option<Outcome> {
    let show = operation.has(0, "show");
    let length = || operation.number(0);
    Some(match operation.name {
        "get-random-bytes" => length().map(|length| bytes(show, &random::get_random_bytes(length))),
        "get-random-u64" => Ok(number(show, random::get_random_u64())),
        "get-insecure-random-bytes" => length().map(|length| bytes(show, &insecure::get_insecure_random_bytes(length))),
        "get-insecure-random-u64" => Ok(number(show, insecure::get_insecure_random_u64())),
        "insecure-seed" => {
            let (low, high) = insecure_seed::insecure_seed();
            Ok(number(show, low) + " " + &number(show, high)).map(|text| text.trim().to_owned())
        }
        _ => return None,
    })
}

fn bytes(show: bool, bytes: &[u8]) -> String {
    if show {
        return bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    }
    format!("{} bytes", bytes.len())
}

fn number(show: bool, value: u64) -> String {
    if show { format!("{value:016x}") } else { String::new() }
}
