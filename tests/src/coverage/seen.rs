//! What the blessed texts show of the operations of the guests that make single calls.

use std::collections::BTreeSet;

/// The guests whose operations are functions.
const GUESTS: [&str; 4] = [" {probe}", " {host-api}", " {http-probe}", " {sockets}"];

/// Operations, and in which way each was seen.
#[derive(Debug, Default)]
pub struct Seen {
    ways: BTreeSet<(String, String)>,
}

impl Seen {
    /// True if `operation` was seen in this `way`.
    pub fn has(&self, operation: &str, way: &str) -> bool {
        self.ways.contains(&(operation.to_owned(), way.to_owned()))
    }

    /// Takes in the runs of those guests in an `expected.txt`.
    pub fn read(&mut self, expected: &str) {
        for run in expected.split("\n\n") {
            let Some(command) = run.lines().find(|line| line.starts_with("$ caphost run ")) else { continue };
            if !GUESTS.iter().any(|guest| command.contains(guest)) {
                continue;
            }
            let mode = if command.contains(" --on-deny trap") { "trap" } else { "error" };
            let stdout = run.lines().skip_while(|line| *line != "--- stdout").skip(1);
            for line in stdout.take_while(|line| !line.starts_with("--- ")) {
                self.read_line(line, mode, command.contains(" --allow "));
            }
        }
    }

    fn read_line(&mut self, line: &str, mode: &str, has_grant: bool) {
        let (before, answer) = match line.split_once(" ->") {
            Some((before, answer)) => (before, answer.trim()),
            None => return,
        };
        let Some(operation) = before.split(' ').next() else { return };
        let way = match (answer.split(' ').next().unwrap_or_default(), has_grant) {
            ("ok", true) => "answered with a grant".to_owned(),
            ("ok", false) => format!("answered without a grant, {mode}"),
            // Nothing after the arrow: the call never came back.
            ("", _) => format!("refused, {mode}"),
            ("err", _) if is_refusal(answer) => format!("refused, {mode}"),
            ("err", _) if is_wrong_handle(answer) => format!("not opened for it, {mode}"),
            _ => return,
        };
        self.ways.insert((operation.to_owned(), way));
    }
}

/// The refusal of any front door.
fn is_refusal(answer: &str) -> bool {
    matches!(answer, "err access-denied" | "err not-permitted" | "err HTTP-request-denied")
        || answer.starts_with("err denied ")
        || answer.starts_with("err revoked ")
}

fn is_wrong_handle(answer: &str) -> bool {
    matches!(answer, "err bad-descriptor" | "err bad-handle")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_told_apart() {
        let mut seen = Seen::default();
        seen.read(
            "$ caphost run --on-deny error --allow fs {probe} x\nexit 0\n--- stdout\nread f -> ok\nwrite f -> err not-permitted\n\n\
             $ caphost run --on-deny trap {probe} x\nexit 1\n--- stdout\nstat f -> ok\nwrite f ->\n--- stderr\nsync -> ok\n\n\
             $ caphost run {stdapp} x\nexit 1\n--- stdout\nsync -> ok\n\n\
             $ caphost run --allow fs {host-api} x\nexit 0\n--- stdout\nfile.read f -> err bad-handle\nfs.copy a b -> err denied fs.read CAP0101 \"a\"\n",
        );
        assert!(seen.has("file.read", "not opened for it, error") && seen.has("fs.copy", "refused, error"));
        assert!(seen.has("read", "answered with a grant") && seen.has("write", "refused, error"));
        assert!(seen.has("stat", "answered without a grant, trap") && seen.has("write", "refused, trap"));
        assert!(!seen.has("read", "refused, error") && !seen.has("sync", "answered without a grant, trap"));
    }
}
