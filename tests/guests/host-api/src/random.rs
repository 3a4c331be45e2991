//! `caphost:host/random`.

use words::{Operation, Outcome};

use crate::bindings::caphost::host::random::{self, Seeded};
use crate::handles::{Handle, Handles};

/// `random.bytes LENGTH [show]`, `random.number [show]`, `random.seeded NEW SEED`, `seeded.number SEEDED`,
/// `seeded.bytes SEEDED LENGTH`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "random.bytes" => bytes(operation),
        "random.number" => number(operation),
        "random.seeded" => seeded(operation, handles),
        "seeded.number" => seeded_number(operation, handles),
        "seeded.bytes" => seeded_bytes(operation, handles),
        _ => return None,
    })
}

fn bytes(operation: &Operation<'_>) -> Outcome {
    let bytes = random::bytes(operation.number(0)?)?;
    Ok(if operation.ends_in("show") { hexadecimal(&bytes) } else { format!("{} bytes", bytes.len()) })
}

fn number(operation: &Operation<'_>) -> Outcome {
    let number = random::number()?;
    Ok(if operation.ends_in("show") { format!("{number:016x}") } else { String::new() })
}

fn seeded(operation: &Operation<'_>, handles: &mut Handles) -> Outcome {
    let seeded = Seeded::new(operation.number(1)?);
    handles.keep(operation.word(0)?, Handle::Seeded(seeded))
}

fn seeded_number(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    Ok(format!("{:016x}", handles.seeded(operation.word(0)?)?.number()))
}

fn seeded_bytes(operation: &Operation<'_>, handles: &Handles) -> Outcome {
    Ok(hexadecimal(&handles.seeded(operation.word(0)?)?.bytes(operation.number(1)?)?))
}

/// Short bytes in hexadecimal digits, long ones by their number.
fn hexadecimal(bytes: &[u8]) -> String {
    match bytes.len() {
        0..=80 => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        length => format!("{length} bytes"),
    }
}
