//! The files of a log, put in order by what their headers say.

use super::fault::{Fault, Problem};
use super::line::{Content, Header, Line};
use super::lines::{LineEnd, Lines};
use std::io::BufRead;

/// A file, with what its header says.
#[derive(Clone, Debug)]
pub struct Part {
    /// The file, as whoever reads it calls it.
    pub name: String,
    /// Its header.
    pub header: Header,
}

impl Part {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// When it has none.
    pub fn read(name: &str, reader: impl BufRead) -> Result<Self, Problem> {
        let problem = |line, fault| Problem { file: name.to_owned(), line, fault };
        let mut lines = Lines::new(reader);
        let line = lines.next_line().map_err(|error| Problem::unreadable(name, 0, &error))?;
        let line = line.ok_or_else(|| problem(0, Fault::Empty))?;
        match line.end {
            LineEnd::Newline => {}
            LineEnd::File => return Err(problem(1, Fault::CutOff)),
            LineEnd::TooLong => return Err(problem(1, Fault::TooLong)),
        }
        match Line::read(line.text).map_err(|fault| problem(1, fault))?.content {
            Content::Header(header) => Ok(Self { name: name.to_owned(), header }),
            _ => Err(problem(1, Fault::NoHeader)),
        }
    }
}

/// The files of one log, the oldest first. Older ones than its header says are kept may be missing; then the log begins in its middle.
///
/// # Errors
/// A file of another log, two of the same part, a part that is missing.
pub fn in_order(mut parts: Vec<Part>) -> Result<Vec<Part>, Problem> {
    let Some(first) = parts.first().cloned() else { return Ok(parts) };
    let problem = |part: &Part, fault| Problem { file: part.name.clone(), line: 0, fault };
    if let Some(other) = parts.iter().find(|part| !part.header.is_same_log(&first.header)) {
        return Err(problem(other, Fault::OtherLog));
    }
    parts.sort_by_key(|part| part.header.part);
    for pair in parts.windows(2) {
        let [older, newer] = pair else { continue };
        match newer.header.part.checked_sub(older.header.part + 1) {
            None => return Err(problem(newer, Fault::SamePart(newer.header.part))),
            Some(0) => {}
            Some(_) => {
                return Err(problem(newer, Fault::MissingParts(older.header.part + 1, newer.header.part - 1)));
            }
        }
    }
    if let (Some(oldest), Some(newest)) = (parts.first(), parts.last()) {
        let kept = newest.header.part.saturating_sub(newest.header.keep.unwrap_or(0).into()).max(1);
        if oldest.header.part > kept {
            return Err(problem(oldest, Fault::MissingParts(kept, oldest.header.part - 1)));
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part: u64, started_unix_ms: u64) -> Part {
        let header = Header { part, keep: Some(2), started_unix_ms, ..Header::default() };
        Part { name: format!("{part}"), header }
    }

    fn ordered(parts: &[(u64, u64)]) -> Result<Vec<u64>, Fault> {
        let parts = parts.iter().map(|(number, started)| part(*number, *started)).collect();
        in_order(parts)
            .map(|parts| parts.iter().map(|part| part.header.part).collect())
            .map_err(|problem| problem.fault)
    }

    #[test]
    fn files_are_put_in_order_and_gaps_are_seen() {
        assert_eq!(ordered(&[(3, 0), (1, 0), (2, 0)]), Ok(vec![1, 2, 3]));
        assert_eq!(ordered(&[(7, 0), (6, 0), (5, 0)]), Ok(vec![5, 6, 7]), "the others were removed");
        assert_eq!(ordered(&[(1, 0)]), Ok(vec![1]));
        assert_eq!(ordered(&[(7, 0), (6, 0)]), Err(Fault::MissingParts(5, 5)));
        assert_eq!(ordered(&[(2, 0)]), Err(Fault::MissingParts(1, 1)));
        assert_eq!(ordered(&[(3, 0), (1, 0)]), Err(Fault::MissingParts(2, 2)));
        assert_eq!(ordered(&[(2, 0), (1, 9)]), Err(Fault::OtherLog));
        assert_eq!(ordered(&[(2, 0), (2, 0)]), Err(Fault::SamePart(2)));
    }
}
