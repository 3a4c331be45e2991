//! `wasi:cli/environment`.

use wasip2::cli::environment;
use words::{Operation, Outcome};

use crate::handles::Handles;

/// `get-environment`, `get-arguments` (how many, and the first), `initial-cwd`.
pub(crate) fn run(operation: &Operation<'_>, _: &mut Handles) -> Option<Outcome> {
    Some(Ok(match operation.name {
        "get-environment" => {
            let mut variables = environment::get_environment();
            variables.sort();
            format!("{variables:?}")
        }
        "get-arguments" => {
            let arguments = environment::get_arguments();
            format!("{} arguments, the first is {:?}", arguments.len(), arguments.first())
        }
        "initial-cwd" => format!("{:?}", environment::initial_cwd()),
        _ => return None,
    }))
}
