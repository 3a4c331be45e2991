//! `wasi:sockets/ip-name-lookup`.

use wasip2::sockets::ip_name_lookup::resolve_addresses;
use words::{Operation, Outcome};

use crate::handles::{Handle, Handles};
use crate::operation::show_ip;

/// `ip-name-lookup.resolve-addresses NEW NAME` (`%` in a name stands for a space), `resolve-address-stream.resolve-next-address S`,
/// `resolve-address-stream.subscribe S NEW`, `resolve NAME` (waits, and prints all in order).
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "ip-name-lookup.resolve-addresses" => start(operation, handles),
        "resolve-address-stream.resolve-next-address" => next(operation, handles),
        "resolve-address-stream.subscribe" => subscribe(operation, handles),
        "resolve" => resolve(operation, handles),
        _ => return None,
    })
}

fn start(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    handles.network();
    let name = operation.word(1)?.replace('%', " ");
    let stream = resolve_addresses(handles.known_network()?, &name)?;
    handles.keep(operation.word(0)?, Handle::Addresses(stream))
}

fn next(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let address = handles.addresses(operation.word(0)?)?.resolve_next_address()?;
    Ok(address.map_or_else(|| "no more".to_owned(), show_ip))
}

fn subscribe(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let pollable = handles.addresses(operation.word(0)?)?.subscribe();
    handles.keep(operation.word(1)?, Handle::Pollable(pollable))
}

fn resolve(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    handles.network();
    let stream = resolve_addresses(handles.known_network()?, &operation.word(0)?.replace('%', " "))?;
    stream.subscribe().block();
    let mut addresses = Vec::new();
    while let Some(address) = stream.resolve_next_address()? {
        addresses.push(show_ip(address));
    }
    addresses.sort();
    Ok(addresses.join(" "))
}
