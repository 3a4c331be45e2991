//! The lines of a file. Invariant: a line is held once, up to its bound.

use std::io::{self, BufRead};

/// The longest line that is read, in bytes: a header lists every rule of a policy, whose manifest has half of it at most.
pub const MAX_LINE_BYTES: usize = 32 << 20;

/// Reads lines.
pub struct Lines<R> {
    reader: R,
    text: Vec<u8>,
    number: u64,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawLine<'a> {
    /// Counted from one.
    pub number: u64,
    /// Without its end.
    pub text: &'a [u8],
    /// Where it stops.
    pub end: LineEnd,
}

/// Where a line stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// At its newline.
    Newline,
    /// At the end of the file.
    File,
    /// It is longer than [`MAX_LINE_BYTES`]. The rest of it is no line.
    TooLong,
}

impl<R: BufRead> Lines<R> {
    /// Reads `reader` from where it stands.
    pub fn new(reader: R) -> Self {
        Self { reader, text: Vec::new(), number: 0 }
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// Those of reading.
    pub fn next_line(&mut self) -> io::Result<Option<RawLine<'_>>> {
        self.text.clear();
        let end = loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                break LineEnd::File;
            }
            let newline = buffer.iter().position(|byte| *byte == b'\n');
            let length = newline.unwrap_or(buffer.len());
            if self.text.len() + length > MAX_LINE_BYTES {
                break LineEnd::TooLong;
            }
            self.text.extend_from_slice(buffer.get(..length).unwrap_or_default());
            self.reader.consume(length + usize::from(newline.is_some()));
            if newline.is_some() {
                break LineEnd::Newline;
            }
        };
        if end == LineEnd::File && self.text.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(RawLine { number: self.number, text: &self.text, end }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_its_newline_at_the_end_of_the_file_or_at_the_bound() {
        let mut lines = Lines::new(io::BufReader::with_capacity(2, &b"one\n\ntwo"[..]));
        let line = |number, text, end| Some(RawLine { number, text, end });
        assert_eq!(lines.next_line().unwrap(), line(1, b"one", LineEnd::Newline));
        assert_eq!(lines.next_line().unwrap(), line(2, b"", LineEnd::Newline));
        assert_eq!(lines.next_line().unwrap(), line(3, b"two", LineEnd::File));
        assert_eq!(lines.next_line().unwrap(), None);
        let end = |length: usize| {
            let text = [vec![b'x'; length], b"\n".to_vec()].concat();
            Lines::new(text.as_slice()).next_line().unwrap().map(|line| line.end)
        };
        assert_eq!(end(MAX_LINE_BYTES), Some(LineEnd::Newline));
        assert_eq!(end(MAX_LINE_BYTES + 1), Some(LineEnd::TooLong));
    }
}
