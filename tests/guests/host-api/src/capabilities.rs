//! `caphost:host/capabilities`.

use crate::bindings::caphost::host::capabilities;
use crate::handles::Handles;
use crate::operation::{Operation, Outcome, done};

/// `capabilities.has CAPABILITY`, `capabilities.require CAPABILITY`, `capabilities.list`, `capabilities.drop CAPABILITY`.
pub(crate) fn run(operation: &Operation, _: &mut Handles) -> Option<Outcome> {
    let call = match operation.name.as_str() {
        "capabilities.has" => |o: &Operation| Ok(capabilities::has(&o.text(0)?).to_string()),
        "capabilities.require" => |o: &Operation| done(capabilities::require(&o.text(0)?)?),
        "capabilities.list" => |_: &Operation| Ok(format!("{:?}", capabilities::list())),
        "capabilities.drop" => |o: &Operation| done(capabilities::drop(&o.text(0)?)?),
        _ => return None,
    };
    Some(call(operation))
}
