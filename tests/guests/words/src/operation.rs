//! One operation: a name and its arguments.

use std::str::FromStr;

use crate::failure::Failure;

/// An operation as written on the command line.
pub struct Operation<'a> {
    /// The WIT name of the function, behind that of its resource or interface where the guest asks for it.
    pub name: &'a str,
    words: Vec<String>,
}

/// How a guest reads one word.
pub type Decode = fn(&str) -> Result<String, Failure>;

impl<'a> Operation<'a> {
    /// Splits at spaces, then decodes every word but the name.
    pub fn parse(text: &'a str, decode: Decode) -> Result<Self, Failure> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Failure::Usage("empty operation".into()))?;
        Ok(Self { name, words: words.map(decode).collect::<Result<_, _>>()? })
    }

    /// The argument at `index`, counted from the one after the name.
    pub fn word(&self, index: usize) -> Result<&str, Failure> {
        let missing = || Failure::Usage(format!("`{}` needs {} arguments", self.name, index + 1));
        self.optional(index).ok_or_else(missing)
    }

    /// The argument at `index`, if there is one.
    pub fn optional(&self, index: usize) -> Option<&str> {
        self.words.get(index).map(String::as_str)
    }

    /// The argument at `index`; none when it is `-`.
    pub fn option(&self, index: usize) -> Result<Option<&str>, Failure> {
        Ok(Some(self.word(index)?).filter(|word| *word != "-"))
    }

    /// The argument at `index` as a number.
    pub fn number<N: FromStr>(&self, index: usize) -> Result<N, Failure> {
        let word = self.word(index)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not a number")))
    }

    /// The arguments from `index` on.
    pub fn rest(&self, index: usize) -> &[String] {
        self.words.get(index..).unwrap_or_default()
    }

    /// True if `word` is among the arguments from `index` on.
    pub fn has(&self, index: usize, word: &str) -> bool {
        self.rest(index).iter().any(|each| each == word)
    }

    /// True if `word` is the last argument.
    pub fn ends_in(&self, word: &str) -> bool {
        self.words.last().is_some_and(|last| last == word)
    }

    /// That there is no such operation.
    pub fn unknown(&self) -> Failure {
        Failure::Usage(format!("no operation `{}`", self.name))
    }
}

/// A word in which `%41` stands for the byte 0x41; `''` is the empty text.
pub fn decode(word: &str) -> Result<String, Failure> {
    if word == "''" {
        return Ok(String::new());
    }
    let bad = || Failure::Usage(format!("`%` needs two hexadecimal digits: `{word}`"));
    let mut bytes = Vec::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2).ok_or_else(bad)?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| bad())?);
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| Failure::Usage(format!("`{word}` is not UTF-8")))
}
