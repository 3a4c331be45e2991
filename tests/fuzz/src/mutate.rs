//! Inputs that are nearly right: those of a corpus, changed. The same seed gives the same inputs.

/// The longest input that is made.
const MAX_BYTES: usize = 32 << 10;

/// The longest input that is kept, and how many are.
const MAX_KEPT_BYTES: usize = 4 << 10;
const MAX_KEPT: usize = 256;

/// Bytes at which things change.
const EDGES: [u8; 12] = [0, 1, 0x09, 0x0a, 0x1b, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xc0, 0xff];

/// Characters that deceive, and numbers that do not fit: words of every target.
const WORDS: [&str; 16] = [
    "\u{202e}",
    "\u{feff}",
    "\u{200b}",
    "\u{1b}[2J",
    "\u{85}",
    "\u{10ffff}",
    "é",
    "ſ",
    "-1",
    "0x1",
    "65536",
    "4294967296",
    "9223372036854775808",
    "18446744073709551616",
    "1e999",
    "00",
];

/// Makes inputs of a corpus, and of those among them that turned out to be right: what is changed again and again and stays right gets to
/// where a single change does not.
#[derive(Debug)]
pub struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    words: &'a [&'a str],
    kept: Vec<Vec<u8>>,
    state: u64,
}

impl<'a> Mutator<'a> {
    /// From this seed on.
    #[must_use]
    pub fn new(corpus: &'a [Vec<u8>], words: &'a [&'a str], seed: u64) -> Self {
        Self { corpus, words, kept: Vec::new(), state: seed }
    }

    /// The next input: one of the corpus, with one change or several.
    pub fn input(&mut self) -> Vec<u8> {
        let mut input = self.entry();
        let changes = 1 + self.below(2) * self.below(8);
        for _ in 0..changes {
            self.change(&mut input);
            input.truncate(MAX_BYTES);
        }
        input
    }

    /// Keeps an input that was read, to make others of it.
    pub fn keep(&mut self, input: Vec<u8>) {
        let place = self.below(MAX_KEPT);
        match self.kept.get_mut(place) {
            _ if input.len() > MAX_KEPT_BYTES => {}
            Some(kept) => *kept = input,
            None => self.kept.push(input),
        }
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        let range = at..(at + self.short()).min(input.len());
        match self.below(12) {
            0 | 1 => self.over(input, at, |byte, random| byte ^ (1 << (random % 8))),
            2 => self.over(input, at, |_, random| random.to_le_bytes()[0]),
            3 => self.over(input, at, |_, random| EDGES[random as usize % EDGES.len()]),
            4 => self.over(input, at, |byte, random| byte.wrapping_add(random as u8 % 9).wrapping_sub(4)),
            5 => drop(input.drain(range)),
            6 => input.truncate(at),
            7 => {
                // Once mostly; at times so often that what is nested is nested deeply.
                let times = if self.below(8) == 0 { 1 << self.below(13) } else { 1 };
                let piece = input.get(range).unwrap_or_default().repeat(times);
                insert(input, at, &piece);
            }
            8 | 9 => {
                let word = self.word();
                insert(input, at, word.as_bytes());
            }
            10 => {
                let word = self.word();
                input.splice(range, word.bytes());
            }
            _ => {
                let other = self.entry();
                let from = self.below(other.len() + 1);
                let piece = other.get(from..).unwrap_or_default();
                let length = if self.below(2) == 0 { piece.len() } else { self.short() };
                let piece = piece.get(..length).unwrap_or(piece);
                if self.below(2) == 0 {
                    input.truncate(at);
                }
                insert(input, at, piece);
            }
        }
    }

    fn over(&mut self, input: &mut [u8], at: usize, change: impl Fn(u8, u64) -> u8) {
        let random = self.random();
        if let Some(byte) = input.get_mut(at) {
            *byte = change(*byte, random);
        }
    }

    fn entry(&mut self) -> Vec<u8> {
        let (corpus, kept) = (self.below(self.corpus.len()), self.below(self.kept.len()));
        let is_kept = self.below(2) == 0;
        self.kept.get(kept).filter(|_| is_kept).or_else(|| self.corpus.get(corpus)).cloned().unwrap_or_default()
    }

    fn word(&mut self) -> &'a str {
        let index = self.below(WORDS.len() + 3 * self.words.len());
        WORDS.get(index).or_else(|| self.words.get(index % self.words.len().max(1))).copied().unwrap_or_default()
    }

    /// A length: mostly of a few bytes.
    fn short(&mut self) -> usize {
        let most = 1 << self.below(9);
        1 + self.below(most)
    }

    /// A number below `end`, or zero.
    fn below(&mut self, end: usize) -> usize {
        (self.random() % (end.max(1) as u64)) as usize
    }

    /// `SplitMix64`: Steele, Lea and Flood, 2014.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let at = at.min(input.len());
    input.splice(at..at, piece.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_inputs_and_none_is_too_long() {
        let corpus = [b"allow = [\"fs\"]".to_vec(), vec![7; MAX_BYTES]];
        let inputs = |seed| {
            let mut mutator = Mutator::new(&corpus, &["word"], seed);
            (0..2_000).map(|_| mutator.input()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert!(inputs(3).iter().all(|input| input.len() <= MAX_BYTES));
        assert!(inputs(3).iter().filter(|input| corpus.contains(input)).count() < 200);
    }

    #[test]
    fn an_empty_corpus_gives_words() {
        let mut mutator = Mutator::new(&[], &[], 1);
        assert!((0..100).map(|_| mutator.input()).any(|input| !input.is_empty()));
    }
}
