//! One operation: a name and its arguments, with the conversions from text and to it.

use wasip2::http::types::{ErrorCode, HeaderError};

/// What an operation answered: the text after `ok`, or why there is none.
pub(crate) type Outcome = Result<String, Failure>;

/// Why an operation has no value.
pub(crate) enum Failure {
    /// The interface's own error, by its WIT name.
    Wasi(String),
    /// The call was not made: a handle that it needs was never opened.
    Skipped(String),
    /// The operation is written wrongly.
    Usage(String),
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::Wasi(describe_case(&code))
    }
}

impl From<HeaderError> for Failure {
    fn from(error: HeaderError) -> Self {
        Self::Wasi(wit_name(&format!("{error:?}")))
    }
}

impl From<()> for Failure {
    /// The error that says no more than that there is one.
    fn from((): ()) -> Self {
        Self::Wasi("error".to_owned())
    }
}

/// An operation as written on the command line.
pub(crate) struct Operation<'a> {
    /// The function, by its interface or resource and its name.
    pub(crate) name: &'a str,
    words: Vec<String>,
}

/// The most letters of one `~N`.
const MAX_FILLING: usize = 1 << 24;

impl<'a> Operation<'a> {
    /// Splits at spaces, then decodes every word.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Failure> {
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or_else(|| Failure::Usage("empty operation".into()))?;
        Ok(Self { name, words: words.map(decode).collect::<Result<_, _>>()? })
    }

    /// The argument at `index`, counted from the one after the name.
    pub(crate) fn word(&self, index: usize) -> Result<&str, Failure> {
        let missing = || Failure::Usage(format!("`{}` needs {} arguments", self.name, index + 1));
        self.words.get(index).map(String::as_str).ok_or_else(missing)
    }

    /// The argument at `index`; none when it is `-`.
    pub(crate) fn option(&self, index: usize) -> Result<Option<&str>, Failure> {
        Ok(Some(self.word(index)?).filter(|word| *word != "-"))
    }

    /// The argument at `index` as a number.
    pub(crate) fn number<N: std::str::FromStr>(&self, index: usize) -> Result<N, Failure> {
        let word = self.word(index)?;
        word.parse().map_err(|_| Failure::Usage(format!("`{word}` is not a number")))
    }

    /// That there is no such operation.
    pub(crate) fn unknown(&self) -> Failure {
        Failure::Usage(format!("no operation `{}`", self.name))
    }

    /// The arguments from `index` on.
    pub(crate) fn rest(&self, index: usize) -> &[String] {
        self.words.get(index..).unwrap_or_default()
    }
}

fn decode(word: &str) -> Result<String, Failure> {
    if word == "''" {
        return Ok(String::new());
    }
    if let Some((before, Ok(length))) = word.rsplit_once('~').map(|(before, length)| (before, length.parse())) {
        let letters = |length| format!("{before}{}", "x".repeat(length));
        return Some(length)
            .filter(|length| *length <= MAX_FILLING)
            .map(letters)
            .ok_or_else(|| Failure::Usage("too long".into()));
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

/// The answer of a function that has no value.
pub(crate) fn done((): ()) -> Outcome {
    Ok(String::new())
}

/// Short bytes as text, long ones by their number.
pub(crate) fn describe(bytes: &[u8]) -> String {
    match bytes.len() {
        0..=80 => format!("{:?}", String::from_utf8_lossy(bytes)),
        length => format!("{length} bytes"),
    }
}

/// A text, or that there is none.
pub(crate) fn describe_option(text: Option<String>) -> String {
    text.map_or_else(|| "none".to_owned(), |text| describe(text.as_bytes()))
}

/// The WIT name of a variant's case, and its payload as Rust shows it.
pub(crate) fn describe_case(variant: &impl std::fmt::Debug) -> String {
    let shown = format!("{variant:?}");
    let end = shown.find(['(', ' ']).unwrap_or(shown.len());
    let (name, payload) = shown.split_at(end);
    format!("{}{payload}", wit_name(name))
}

/// `HTTP-request-denied` of `ErrorCode::HttpRequestDenied`.
fn wit_name(variant: &str) -> String {
    let name = variant.rsplit("::").next().unwrap_or(variant);
    let mut words: Vec<String> = Vec::new();
    for letter in name.chars() {
        match words.last_mut() {
            Some(word) if !letter.is_ascii_uppercase() => word.push(letter),
            _ => words.push(letter.to_ascii_lowercase().to_string()),
        }
    }
    let abbreviated = |word: String| match word.as_str() {
        "http" | "https" | "tls" | "dns" | "ip" | "uri" => word.to_ascii_uppercase(),
        _ => word,
    };
    words.into_iter().map(abbreviated).collect::<Vec<_>>().join("-")
}
