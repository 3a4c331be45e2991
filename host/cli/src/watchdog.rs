//! The last resort of `--timeout`.
//!
//! A guest that computes or waits is stopped by the runtime. What that cannot stop is a host call that the kernel does not
//! return from: a terminal that was halted, a pipe that another process filled first, an audit log on a stuck disk.

use crate::exit::Exit;
use crate::report::{Message, Reporter};
use caphost::policy::codes::Code;
use std::io;
use std::thread::{Builder, sleep};
use std::time::Duration;

/// How long the runtime has to end the guest by itself.
const GRACE: Duration = Duration::from_secs(1);

/// Ends the process when it is still there [`GRACE`] after `limit`.
pub(crate) fn start(limit: Duration, reporter: Reporter) -> io::Result<()> {
    let bark = move || {
        sleep(limit.saturating_add(GRACE));
        let message = format!("{}: a host call did not return in {limit:?}", Code::TimeLimit.title());
        reporter.tell(&Message::new(message).code(Code::TimeLimit).hint("`--timeout` raises the limit"));
        end()
    };
    Builder::new().name("caphost-watchdog".into()).spawn(bark).map(drop)
}

#[expect(
    clippy::disallowed_methods,
    clippy::exit,
    reason = "the thread that would return to `main` is the one that is stuck"
)]
fn end() -> ! {
    std::process::exit(Exit::Timeout.code().into())
}
