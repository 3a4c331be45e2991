//! `caphost:host/time`.

use words::{Failure, Operation, Outcome, done};

use crate::bindings::caphost::host::time;
use crate::handles::Handles;

/// The years 2020 to 2100, in seconds since 1970.
const PLAUSIBLE: std::ops::Range<i64> = 1_577_836_800..4_102_444_800;

/// `time.now`, `time.monotonic [show]` (two readings, which must not go back), `time.resolution [show]`,
/// `time.sleep NANOSECONDS`, `time.slept NANOSECONDS` (whether the clock has moved by as much at least).
pub(crate) fn run(operation: &Operation<'_>, _: &mut Handles) -> Option<Outcome> {
    Some(match operation.name {
        "time.now" => now(),
        "time.monotonic" => monotonic(operation.ends_in("show")),
        "time.resolution" => Ok(if operation.ends_in("show") { time::resolution().to_string() } else { String::new() }),
        "time.sleep" => operation.number(0).and_then(|nanoseconds| done(time::sleep(nanoseconds)?)),
        "time.slept" => operation.number(0).and_then(slept),
        _ => return None,
    })
}

fn now() -> Outcome {
    let now = time::now()?;
    let is_whole = PLAUSIBLE.contains(&now.seconds) && now.nanoseconds < 1_000_000_000;
    Ok(if is_whole { "this century".to_owned() } else { format!("{now:?}") })
}

fn monotonic(show: bool) -> Outcome {
    let (first, second) = (time::monotonic()?, time::monotonic()?);
    Ok(match (show, second >= first) {
        (true, _) => format!("{first} {second}"),
        (false, true) => "never back".to_owned(),
        (false, false) => format!("back from {first} to {second}"),
    })
}

fn slept(nanoseconds: u64) -> Result<String, Failure> {
    let before = time::monotonic()?;
    time::sleep(nanoseconds)?;
    let moved = time::monotonic()? - before;
    Ok(if moved >= nanoseconds { "as long".to_owned() } else { format!("{moved} only") })
}
