//! What passwords are made of.

use caphost_sdk::Result;

use crate::bytes::Bytes;

/// What passwords are made of.
#[derive(Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// These letters, each as likely as the other; two at least, none twice.
    Letters(Vec<char>),
    /// Words that can be spoken, of 16 bits each.
    Words,
}

/// The alphabets that have a name; the first is the default.
const NAMED: [(&str, &str); 5] = [
    ("alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
    ("letters", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
    ("digits", "0123456789"),
    ("hex", "0123456789abcdef"),
    ("symbols", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&()*+,-./:;<=>?@[]^_{}~"),
];

/// The letters of a word, one of each in turn. The same in each word, so that no list of words is needed: these are proquints
/// (Wilkerson, 2009).
const WORD: [&str; 5] = [CONSONANTS, VOWELS, CONSONANTS, VOWELS, CONSONANTS];
const CONSONANTS: &str = "bdfghjklmnprstvz";
const VOWELS: &str = "aiou";

impl Alphabet {
    /// Reads the value of `--alphabet`.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        if text == "words" {
            return Ok(Self::Words);
        }
        if let Some(letters) = text.strip_prefix('=') {
            return Self::of(letters);
        }
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let (_, letters) = named.ok_or_else(|| format!("there is no alphabet `{text}`"))?;
        Ok(Self::Letters(letters.chars().collect()))
    }

    fn of(letters: &str) -> std::result::Result<Self, String> {
        let letters: Vec<_> = letters.chars().collect();
        if !(2..=Bytes::MOST).contains(&letters.len()) {
            return Err(format!("an alphabet has 2 to {} letters", Bytes::MOST));
        }
        let mut again = letters.iter().enumerate().filter(|(index, letter)| letters[..*index].contains(letter));
        match again.next() {
            Some((_, letter)) => Err(format!("`{letter}` stands in the alphabet twice")),
            None => Ok(Self::Letters(letters)),
        }
    }

    /// The length unless `--length` says otherwise: 20 letters of `alnum` are 119 bits, 6 words are 96.
    pub fn usual_length(&self) -> usize {
        match self {
            Self::Letters(_) => 20,
            Self::Words => 6,
        }
    }

    /// A password of `length` letters or words.
    ///
    /// # Errors
    /// Those of `bytes`.
    pub fn draw(&self, length: usize, bytes: &mut Bytes) -> Result<String> {
        match self {
            Self::Letters(letters) => (0..length).map(|_| Ok(letters[bytes.below(letters.len())?])).collect(),
            Self::Words => Ok((0..length).map(|_| word(bytes)).collect::<Result<Vec<_>>>()?.join("-")),
        }
    }
}

fn word(bytes: &mut Bytes) -> Result<String> {
    WORD.iter().map(|letters| Ok(char::from(letters.as_bytes()[bytes.below(letters.len())?]))).collect()
}

impl Default for Alphabet {
    fn default() -> Self {
        Self::Letters(NAMED[0].1.chars().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_stands_twice_would_be_likelier() {
        assert_eq!(Alphabet::parse("=abca"), Err("`a` stands in the alphabet twice".into()));
        assert_eq!(Alphabet::parse("=äö"), Ok(Alphabet::Letters(vec!['ä', 'ö'])));
        for (_, letters) in NAMED {
            assert!(Alphabet::of(letters).is_ok());
        }
    }

    #[test]
    fn an_alphabet_has_two_letters_at_least_and_as_many_as_a_byte_at_most() {
        let letters = |count| (0..count).filter_map(|index| char::from_u32(0x4e00 + index)).collect::<String>();
        assert!(Alphabet::of(&letters(256)).is_ok());
        for count in [0, 1, 257] {
            assert_eq!(Alphabet::of(&letters(count)), Err("an alphabet has 2 to 256 letters".into()));
        }
        assert_eq!(Alphabet::parse("klingon"), Err("there is no alphabet `klingon`".into()));
    }

    #[test]
    fn passwords_are_as_long_as_asked_and_of_the_alphabet() {
        let draw = |name: &str, length| Alphabet::parse(name).unwrap().draw(length, &mut Bytes::seeded(1)).unwrap();
        assert!(draw("hex", 64).chars().all(|letter| letter.is_ascii_hexdigit()));
        assert_eq!(draw("symbols", 33).len(), 33);
        assert_eq!(draw("words", 3).split('-').map(str::len).collect::<Vec<_>>(), [5, 5, 5]);
    }
}
