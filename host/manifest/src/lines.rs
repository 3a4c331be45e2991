//! Lines and columns of a text. Invariant: finding a place takes no time that grows with the line, for one line may hold every rule.

/// Where lines begin, and how many characters stand before each block.
pub(crate) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    characters: Vec<usize>,
}

const BLOCK: usize = 1 << 10;

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(ends.map(|(at, _)| at + 1)).collect();
        let mut total = 0;
        let mut characters = vec![0];
        for block in text.as_bytes().chunks(BLOCK) {
            total += count(block);
            characters.push(total);
        }
        Self { text, starts, characters }
    }

    /// The line and the column in characters, both from 1.
    pub(crate) fn place(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = match self.text.as_bytes().get(start..offset) {
            Some(near) if near.len() <= BLOCK => count(near),
            _ => self.before(offset).saturating_sub(self.before(start)),
        } + 1;
        // A mark for the order of bytes is nothing that anybody sees.
        let column = if line == 1 && column > 1 && self.text.starts_with('\u{feff}') { column - 1 } else { column };
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
    }

    /// How many characters begin before `offset`.
    fn before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        self.characters.get(block).copied().unwrap_or_default() + count(rest)
    }
}

/// Characters that begin in `bytes`.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_in_characters() {
        let lines = Lines::of("aö\r\nü = 1\n");
        assert_eq!([0, 3, 5, 7, 12, 99].map(|at| lines.place(at)), [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1), (3, 1)]);
        assert_eq!(Lines::of("").place(0), (1, 1));
        assert_eq!(Lines::of("\u{feff}a = 1").place(3), (1, 1));
    }

    #[test]
    fn a_long_line_is_counted_as_a_short_one() {
        let text = format!("é\n{}x", "é".repeat(100_000));
        let lines = Lines::of(&text);
        assert_eq!(lines.place(text.len() - 1), (2, 100_001));
        assert_eq!(lines.place(3 + 2 * 700), (2, 701));
    }
}
