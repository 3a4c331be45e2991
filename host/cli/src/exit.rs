//! The exit codes of `caphost`, in one table.

/// How `caphost` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what was asked.
    Success,
    /// The guest ended by itself, with this code.
    Guest(u8),
    /// The answer of `check`, `explain`, `verify` and the like is no.
    No,
    /// The command line makes no sense.
    Usage,
    /// A refusal before or instead of the run.
    Refused,
    /// A limit other than time.
    Limit,
    /// The limit of time.
    Timeout,
    /// The file is no component that can be run.
    BadComponent,
    /// Something of the host failed.
    Host,
    /// The program is there, and cannot be started.
    NotStarted,
    /// There is no such program.
    NoProgram,
    /// The guest crashed.
    Trap,
}

/// For each way to end, its code and what it means.
const TABLE: [(Exit, u8, &str); 11] = [
    (Exit::Success, 0, "success"),
    (Exit::No, 1, "the answer is no: something is not covered, not usable, refused or not verified"),
    (Exit::Usage, 2, "usage: an unknown option; a rule, manifest, limit or address that cannot be read"),
    (Exit::Refused, 120, "refused: `--strict`, `--require-landlock`, an unusable grant, a refusal that ends the guest"),
    (Exit::Limit, 121, "a limit was reached: memory, fuel, handles, instances or output"),
    (Exit::Timeout, 122, "the time limit was reached"),
    (Exit::BadComponent, 123, "the file is missing, unreadable or no component that can be run"),
    (Exit::Host, 124, "something of the host failed: the audit file, the engine"),
    (Exit::NotStarted, 126, "of `exec`: the program is there and cannot be started"),
    (Exit::NoProgram, 127, "of `exec`: there is no such program"),
    (Exit::Trap, 134, "the guest crashed"),
];

impl Exit {
    /// The code that the process ends with.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Guest(code) => code,
            _ => TABLE.iter().find(|(exit, ..)| *exit == self).map_or(u8::MAX, |(_, code, _)| *code),
        }
    }
}

/// The codes as the help shows them.
pub(crate) fn help() -> String {
    let lines: Vec<_> = meanings().map(|(code, meaning)| format!("  {code:>3}  {meaning}")).collect();
    format!("Exit codes, beside the guest's own:\n{}", lines.join("\n"))
}

/// The codes with their meaning, for help and documents.
pub(crate) fn meanings() -> impl Iterator<Item = (u8, &'static str)> {
    TABLE.iter().map(|(_, code, meaning)| (*code, *meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_rise() {
        assert!(TABLE.is_sorted_by(|(_, one, _), (_, other, _)| one < other));
    }

    #[test]
    fn a_guest_s_code_passes_through() {
        assert_eq!([Exit::Guest(0).code(), Exit::Guest(122).code(), Exit::Timeout.code()], [0, 122, 122]);
    }
}
