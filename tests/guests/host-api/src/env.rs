//! `caphost:host/env`.

use words::{Operation, Outcome, done};

use crate::bindings::caphost::host::env;
use crate::handles::Handles;
use crate::operation::Filled;

/// `env.get NAME`, `env.list`, `env.set NAME VALUE`, `env.remove NAME`; and `wasi-environment`, which is what std sees.
pub(crate) fn run(operation: &Operation<'_>, _: &mut Handles) -> Option<Outcome> {
    let call = match operation.name {
        "env.get" => |o: &Operation<'_>| Ok(format!("{:?}", env::get(&o.text(0)?)?)),
        "env.list" => |_: &Operation<'_>| Ok(sorted(env::list()?)),
        "env.set" => |o: &Operation<'_>| done(env::set(&o.text(0)?, &o.text(1)?)?),
        "env.remove" => |o: &Operation<'_>| done(env::remove(&o.text(0)?)?),
        "wasi-environment" => |_: &Operation<'_>| Ok(sorted(std::env::vars().collect())),
        _ => return None,
    };
    Some(call(operation))
}

fn sorted(mut variables: Vec<(String, String)>) -> String {
    variables.sort();
    format!("{variables:?}")
}
