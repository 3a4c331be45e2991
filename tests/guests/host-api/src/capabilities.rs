//! `caphost:host/capabilities`.

use words::{Operation, Outcome, done};

use crate::bindings::caphost::host::capabilities;
use crate::handles::Handles;
use crate::operation::Filled;

/// `capabilities.has CAPABILITY`, `capabilities.require CAPABILITY`, `capabilities.list`, `capabilities.drop CAPABILITY`.
pub(crate) fn run(operation: &Operation<'_>, _: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "capabilities.has" => |o: &Operation<'_>| Ok(capabilities::has(&o.text(0)?).to_string()),
        "capabilities.require" => |o: &Operation<'_>| done(capabilities::require(&o.text(0)?)?),
        "capabilities.list" => |_: &Operation<'_>| Ok(format!("{:?}", capabilities::list())),
        "capabilities.drop" => |o: &Operation<'_>| done(capabilities::drop(&o.text(0)?)?),
        _ => return None,
    };
    Some(call(operation))
}
