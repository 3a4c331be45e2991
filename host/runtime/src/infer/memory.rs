//! What stands in memory before anything runs, where nothing that a program names is written over it.
//!
//! Nothing protects the constants of WebAssembly: a program that computes an address can write anywhere. What is read here is what a
//! compiler made a constant, and not what a program that sets out to deceive makes of it.

use super::module::Segment;

/// The longest constant that is taken for a path, name or URL.
const MAX_LENGTH: u32 = 4096;

/// One memory, and what is put into it.
#[derive(Default)]
pub(super) struct Memory<'a> {
    /// Sorted by address.
    segments: Vec<(u32, &'a [u8])>,
    /// What is there cannot be told.
    is_opaque: bool,
    /// The lowest address that an instruction names to write there.
    lowest_write: Option<u32>,
}

impl<'a> Memory<'a> {
    pub(super) fn add(&mut self, segment: &Segment<'a>) {
        match segment.start {
            Some(start) => self.segments.push((start, segment.bytes)),
            None => self.is_opaque = true,
        }
    }

    pub(super) fn add_write(&mut self, address: u32) {
        self.lowest_write = Some(self.lowest_write.map_or(address, |lowest| lowest.min(address)));
    }

    pub(super) fn make_opaque(&mut self) {
        self.is_opaque = true;
    }

    /// Everything has been added.
    pub(super) fn finish(&mut self) {
        self.segments.sort_unstable_by_key(|(start, _)| *start);
        let overlap = |pair: &[(u32, &[u8])]| match pair {
            [(start, bytes), (next, _)] => u64::from(*start) + bytes.len() as u64 > u64::from(*next),
            _ => false,
        };
        self.is_opaque |= self.segments.windows(2).any(overlap);
    }

    /// The text of `length` bytes at `address`, if it always stands there.
    pub(super) fn text(&self, address: u32, length: u32) -> Option<&'a str> {
        let is_written =
            self.lowest_write.is_some_and(|lowest| u64::from(address) + u64::from(length) > u64::from(lowest));
        if self.is_opaque || is_written || length > MAX_LENGTH {
            return None;
        }
        let behind = self.segments.partition_point(|(start, _)| *start <= address);
        let (start, bytes) = self.segments.get(behind.checked_sub(1)?)?;
        let from = (address - start) as usize;
        let bytes = bytes.get(from..from.checked_add(length as usize)?)?;
        std::str::from_utf8(bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(segments: &[(u32, &'static [u8])]) -> Memory<'static> {
        let mut memory = Memory::default();
        for (start, bytes) in segments {
            memory.add(&Segment { memory: 0, start: Some(*start), bytes });
        }
        memory.finish();
        memory
    }

    #[test]
    fn a_text_lies_in_one_segment() {
        let memory = memory(&[(20, b"world"), (10, b"hello")]);
        assert_eq!(memory.text(10, 5), Some("hello"));
        assert_eq!(memory.text(11, 3), Some("ell"));
        assert_eq!(memory.text(20, 5), Some("world"));
        for (address, length) in [(9, 2), (10, 6), (24, 2), (0, 1), (u32::MAX, 1), (10, u32::MAX)] {
            assert_eq!(memory.text(address, length), None, "{address} {length}");
        }
    }

    #[test]
    fn what_may_be_written_is_no_constant() {
        let mut memory = memory(&[(10, b"hello"), (20, b"world")]);
        memory.add_write(21);
        assert_eq!((memory.text(20, 1), memory.text(20, 2)), (Some("w"), None));
        assert_eq!(memory.text(10, 5), Some("hello"));
        memory.add_write(0);
        assert_eq!(memory.text(10, 5), None);
    }

    #[test]
    fn segments_that_overlap_or_lie_anywhere_tell_nothing() {
        assert_eq!(memory(&[(10, b"hello"), (14, b"x")]).text(10, 2), None);
        assert_eq!(memory(&[(10, b"hello"), (15, b"x")]).text(10, 2), Some("he"), "the control");
        let mut memory = memory(&[(10, b"hello")]);
        memory.add(&Segment { memory: 0, start: None, bytes: b"" });
        assert_eq!(memory.text(10, 5), None);
    }
}
