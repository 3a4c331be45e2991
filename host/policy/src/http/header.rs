//! `authorization: Bearer {env:API_TOKEN}`: headers that the host adds, so that the guest uses a secret that it never sees.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// Headers that frame a message or belong to one connection: the host's own, whatever a grant says.
const HOST_OWNED: [&str; 13] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A header that the host adds to a request. It holds where the secret is, never the secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct InjectedHeader {
    /// The name, in lower case.
    pub name: String,
    /// The value, with places for secrets.
    pub template: Vec<Piece>,
}

/// A piece of an injected header's value.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// A secret, read when the session begins.
    Secret(SecretSource),
}

/// Where the host finds a secret.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SecretSource {
    /// A variable of the host's environment.
    Env(String),
    /// A file of the host.
    File(PathBuf),
}

/// A header that can not be injected: what is wrong, and at which bytes of the name or the value.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{problem}")]
pub struct HeaderError {
    /// What is wrong.
    pub problem: &'static str,
    /// Where, in the text that holds it.
    pub span: Range<usize>,
}

impl InjectedHeader {
    /// Reads a name, and a value in which `{env:NAME}` and `{file:PATH}` stand for secrets. `{{` and `}}` are braces.
    ///
    /// # Errors
    /// A name that is no header's or that the host sets itself; a value that no header can have; anything else in braces.
    pub fn parse(name: &str, value: &str) -> Result<Self, HeaderError> {
        let name = parse_name(name)?;
        Ok(Self { name, template: parse_template(value)? })
    }

    /// The value as [`InjectedHeader::parse`] reads it.
    #[must_use]
    pub fn value_text(&self) -> String {
        self.template.iter().map(Piece::to_string).collect()
    }

    /// Where its secrets are.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretSource> {
        self.template.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Secret(source) => Some(source),
        })
    }
}

/// Whether a text is a token of HTTP: a method or a header's name.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn parse_name(text: &str) -> Result<String, HeaderError> {
    let name = text.to_ascii_lowercase();
    let problem = match () {
        () if !is_token(text) => "this is no name of a header",
        () if HOST_OWNED.contains(&name.as_str()) => "this header is set by the host, and no grant sets it",
        () => return Ok(name),
    };
    Err(HeaderError { problem, span: 0..text.len() })
}

fn parse_template(value: &str) -> Result<Vec<Piece>, HeaderError> {
    let is_foreign = |character: &char| !matches!(character, ' '..='~');
    if let Some((at, character)) = value.char_indices().find(|(_, character)| is_foreign(character)) {
        let span = at..at + character.len_utf8();
        return Err(HeaderError { problem: "a header holds visible ASCII characters and spaces", span });
    }
    let trimmed = value.trim_matches(' ');
    if trimmed.is_empty() {
        return Err(HeaderError { problem: "the header has no value", span: 0..value.len() });
    }
    let start = value.len() - value.trim_start_matches(' ').len();
    let mut reader = Reader { text: trimmed, at: 0 };
    let mut pieces: Vec<Piece> = Vec::new();
    while let Some(piece) = reader.next().map_err(|error| error.behind(start))? {
        match (pieces.last_mut(), piece) {
            (Some(Piece::Text(text)), Piece::Text(more)) => text.push_str(&more),
            (_, piece) => pieces.push(piece),
        }
    }
    Ok(pieces)
}

/// Reads a template, piece by piece.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<Option<Piece>, HeaderError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        if let Some(brace) = ["{{", "}}"].into_iter().find(|brace| rest.starts_with(brace)) {
            self.at += brace.len();
            return Ok(Some(Piece::Text(first.into())));
        }
        match first {
            '{' => self.secret(rest).map(|source| Some(Piece::Secret(source))),
            '}' => Err(self.error(1, "a brace that stands for itself is written twice")),
            _ => {
                let length = rest.find(['{', '}']).unwrap_or(rest.len());
                self.at += length;
                Ok(Some(Piece::Text(rest.get(..length).unwrap_or_default().to_owned())))
            }
        }
    }

    fn secret(&mut self, rest: &str) -> Result<SecretSource, HeaderError> {
        let Some(end) = rest.find('}') else {
            return Err(self.error(rest.len(), "the brace is not closed; one that stands for itself is written twice"));
        };
        let source = rest.get(1..end).unwrap_or_default();
        let is_plain = |text: &&str| !text.is_empty() && !text.contains(['{', '=']);
        let source = match source.split_once(':') {
            Some(("env", name)) => Some(name).filter(is_plain).map(|name| SecretSource::Env(name.to_owned())),
            Some(("file", path)) => {
                Some(path).filter(|path| !path.is_empty()).map(|path| SecretSource::File(PathBuf::from(path)))
            }
            _ => None,
        };
        let source = source.ok_or_else(|| self.error(end + 1, "a secret is `{env:NAME}` or `{file:PATH}`"))?;
        self.at += end + 1;
        Ok(source)
    }

    fn error(&self, length: usize, problem: &'static str) -> HeaderError {
        HeaderError { problem, span: self.at..self.at + length }
    }
}

impl HeaderError {
    /// The same, where the text stands behind `start` bytes of another.
    pub(super) fn behind(self, start: usize) -> Self {
        Self { span: self.span.start + start..self.span.end + start, ..self }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(&text.replace('{', "{{").replace('}', "}}")),
            Self::Secret(source) => source.fmt(formatter),
        }
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "{{env:{name}}}"),
            Self::File(path) => write!(formatter, "{{file:{}}}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(value: &str) -> Result<Vec<Piece>, HeaderError> {
        InjectedHeader::parse("X-Key", value).map(|header| header.template)
    }

    #[test]
    fn templates_are_text_and_secrets() {
        let env = |name: &str| Piece::Secret(SecretSource::Env(name.to_owned()));
        let file = |path: &str| Piece::Secret(SecretSource::File(path.into()));
        let text = |text: &str| Piece::Text(text.to_owned());
        assert_eq!(template("Bearer {env:API_TOKEN}"), Ok(vec![text("Bearer "), env("API_TOKEN")]));
        assert_eq!(template(" {file:./token} "), Ok(vec![file("./token")]));
        assert_eq!(template("{{a}}{env:A}{env:B}"), Ok(vec![text("{a}"), env("A"), env("B")]));
        assert_eq!(template("caphost"), Ok(vec![text("caphost")]));
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for value in ["Bearer {env:API_TOKEN}", "{file:/run/a b}", "{{x}} {env:A}", "a"] {
            let header = InjectedHeader::parse("X-Key", value).unwrap();
            assert_eq!((header.name.as_str(), header.value_text().as_str()), ("x-key", value));
        }
    }

    #[test]
    fn errors_mark_the_place() {
        for (value, span) in [
            ("", 0..0),
            ("a {env:A", 2..8),
            ("a {token} b", 2..9),
            ("{env:}", 0..6),
            ("{file:}", 0..7),
            ("{env:A=B}", 0..9),
            ("a } b", 2..3),
            ("  a }", 4..5),
            ("a\nhost: b", 1..2),
            ("a\u{e9}", 1..3),
        ] {
            assert_eq!(template(value).map_err(|error| error.span), Err(span), "{value:?}");
        }
    }

    #[test]
    fn a_grant_sets_no_header_that_frames_the_message() {
        for name in ["Host", "content-length", "Transfer-Encoding", "", "a b", "a:", "é", "x\r\nhost"] {
            assert!(InjectedHeader::parse(name, "x").is_err(), "{name:?}");
        }
        assert!(InjectedHeader::parse("Authorization", "x").is_ok());
    }
}
