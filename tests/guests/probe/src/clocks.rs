//! `wasi:clocks`.

use wasip2::clocks::{monotonic_clock, wall_clock};
use words::{Operation, Outcome};

use crate::handles::{Handle, Handles};

/// The years 2020 to 2100, in seconds since 1970.
const PLAUSIBLE: std::ops::Range<u64> = 1_577_836_800..4_102_444_800;

/// `monotonic-clock.now [show]` (two readings, which must not go back), `monotonic-clock.resolution [show]`,
/// `subscribe-instant NEW NANOSECONDS` (from now), `subscribe-duration NEW NANOSECONDS`, `wall-clock.now`, `wall-clock.resolution`.
pub(crate) fn run(operation: &Operation<'_>, handles: &mut Handles) -> Option<Outcome> {
    let show = operation.has(0, "show");
    Some(match operation.name {
        "monotonic-clock.now" => Ok(monotonic(show)),
        "monotonic-clock.resolution" => Ok(shown(show, monotonic_clock::resolution())),
        "subscribe-instant" => subscribe(operation, handles, |wait| {
            monotonic_clock::subscribe_instant(monotonic_clock::now().saturating_add(wait))
        }),
        "subscribe-duration" => subscribe(operation, handles, monotonic_clock::subscribe_duration),
        "wall-clock.now" => {
            let seconds = wall_clock::now().seconds;
            Ok(if PLAUSIBLE.contains(&seconds) { "this century".to_owned() } else { seconds.to_string() })
        }
        "wall-clock.resolution" => {
            let resolution = wall_clock::resolution();
            let fine = resolution.seconds == 0 && resolution.nanoseconds > 0;
            Ok(if fine { "below a second".to_owned() } else { format!("{} s", resolution.seconds) })
        }
        _ => return None,
    })
}

fn monotonic(show: bool) -> String {
    let (first, second) = (monotonic_clock::now(), monotonic_clock::now());
    match (show, second >= first) {
        (true, _) => format!("{first} {second}"),
        (false, true) => "never back".to_owned(),
        (false, false) => format!("back from {first} to {second}"),
    }
}

fn subscribe(
    operation: &Operation<'_>,
    handles: &mut Handles,
    make: impl Fn(u64) -> wasip2::io::poll::Pollable,
) -> Outcome {
    let pollable = make(operation.number(1)?);
    handles.keep(operation.word(0)?, Handle::Pollable(pollable))
}

fn shown(show: bool, value: u64) -> String {
    if show { value.to_string() } else { String::new() }
}
