//! What is found wrong while a manifest is read. Invariant: whatever is wrong with it, what is kept and shown of it is short, and no
//! message holds a password of a URL.

use caphost_policy::RuleError;
use caphost_policy::frame::{Frame, shown};

use crate::document::Span;
use crate::error::{MAX_ERRORS, ManifestError, ManifestErrors};
use crate::lines::Lines;

/// The longest message and the longest name in one, in characters.
const MAX_MESSAGE: usize = 400;
const MAX_NAME: usize = 60;

/// One thing that is wrong. The texts are fit to be shown.
pub(crate) struct Fault {
    message: String,
    hint: Option<String>,
}

/// All that is wrong, each with its place.
pub(crate) struct Faults<'s> {
    name: &'s str,
    text: &'s str,
    found: Vec<(Option<Span>, Fault)>,
    more: usize,
}

/// Hints that several readers give.
pub(crate) mod hints {
    pub(crate) const DENY_TWICE: &str = "a file has one list `deny` or tables `[[deny]]`; one list may hold both: `deny = [\"fs:./keys\", { cap = \"fs\", scopes = [\"./out\"] }]`";
    pub(crate) const IS_JSON: &str = "this looks like JSON: a manifest in that form has a name that ends in `.json`";
    pub(crate) const IS_TOML: &str = "a manifest in JSON begins with `{`; one in TOML has a name that ends in `.toml`";
}

impl Fault {
    /// `message` is fit to be shown, as far as it is short.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: cut(message.into(), MAX_MESSAGE), hint: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(cut(hint.into(), MAX_MESSAGE)), ..self }
    }

    /// The same, with what was probably meant.
    pub(crate) fn nearest(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(nearest) => self.hint(format!("did you mean `{}`?", quoted(nearest))),
            None => self,
        }
    }

    pub(crate) fn rule(error: &RuleError) -> Self {
        let item = error.item();
        let message = match item {
            "" => shown(&error.problem().to_string()),
            item => format!("`{}`: {}", quoted(item), shown(&error.problem().to_string())),
        };
        Self::new(message).nearest(error.nearest())
    }
}

impl<'s> Faults<'s> {
    pub(crate) fn new(name: &'s str, text: &'s str) -> Self {
        Self { name, text, found: Vec::new(), more: 0 }
    }

    /// Adds what `fault` makes, which is not asked once there are enough.
    pub(crate) fn add(&mut self, span: Span, fault: impl FnOnce() -> Fault) {
        self.add_at(Some(span), fault);
    }

    /// The same, about no place of the file.
    pub(crate) fn add_at(&mut self, span: Option<Span>, fault: impl FnOnce() -> Fault) {
        if self.found.len() < MAX_ERRORS {
            self.found.push((span, fault()));
        } else {
            self.more += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `value`, if nothing is wrong.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Result<T, ManifestErrors> {
        match value {
            Some(value) if self.is_empty() => return Ok(value),
            _ => {}
        }
        self.found.sort_by_key(|(span, _)| span.as_ref().map(|span| span.start));
        let lines = Lines::of(self.text);
        let errors = self.found.into_iter().map(|(span, fault)| error(self.text, &lines, span, fault)).collect();
        Err(ManifestErrors::new(self.name, errors, self.more))
    }
}

fn error(text: &str, lines: &Lines<'_>, span: Option<Span>, Fault { message, hint }: Fault) -> ManifestError {
    let Some(span) = span else { return ManifestError::new(message, (0, 0), hint, None) };
    let (line, column) = lines.place(span.start);
    let frame = without_password(&Frame::new(text, span).numbered(line).to_string());
    ManifestError::new(message, (line, column), hint, Some(frame))
}

/// A name, value or item of the file, fit to stand in a message.
pub(crate) fn quoted(text: &str) -> String {
    match text.char_indices().nth(MAX_NAME) {
        Some((at, _)) => format!("{}…", shown(text.get(..at).unwrap_or_default())),
        None => shown(text),
    }
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// The same, with stars for what stands before an `@` in a URL, behind the name of the user. A URL ends where the quotes do that it
/// stands in, or without any at a space.
fn without_password(frame: &str) -> String {
    let mut masked = String::with_capacity(frame.len());
    let mut rest = frame;
    // Of a line that was cut off in front, nobody knows what the first word belongs to.
    if let Some((number, cut)) = rest.split_once('…').filter(|(number, _)| !number.contains(['"', '\'', '\n'])) {
        let (word, behind) = cut.split_at(cut.find(['"', '\'', '\n']).unwrap_or(cut.len()));
        masked.extend([number, "…", &without_user(word)]);
        rest = behind;
    }
    while let Some(at) = rest.find("://") {
        let (head, tail) = rest.split_at(at + "://".len());
        let quote = head.rfind(['"', '\'', ' ']).and_then(|at| head.get(at..)?.chars().next()).unwrap_or(' ');
        let (url, behind) = tail.split_at(tail.find([quote, '\n']).unwrap_or(tail.len()));
        masked.extend([head, &without_user(url)]);
        rest = behind;
    }
    masked.push_str(rest);
    masked
}

/// What stands behind `://` of a URL, without the password.
fn without_user(url: &str) -> String {
    let Some((user, place)) = url.rsplit_once('@') else { return url.to_owned() };
    let (name, colon, password) = match user.split_once(':') {
        Some((name, password)) => (name, ":", password),
        None => ("", "", user),
    };
    format!("{name}{colon}{}@{place}", "*".repeat(password.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let masked = |text: &str| without_password(text);
        assert_eq!(masked("1 | url = \"postgres://me:s3cret@h/db\""), "1 | url = \"postgres://me:******@h/db\"");
        assert_eq!(masked("1 | a = 'x@h', b = \"https://h/x\""), "1 | a = 'x@h', b = \"https://h/x\"");
        assert_eq!(masked("1 | …3cret@h/x\""), "1 | …*****@h/x\"");
        assert_eq!(masked("1 | \"https://token@h\""), "1 | \"https://*****@h\"");
        assert_eq!(masked("1 | \"p://me:a'b c@h/db\", 'x'"), "1 | \"p://me:*****@h/db\", 'x'");
        assert_eq!(masked("1 | 'p://me:a\"b@h', \"p://u:x@h\"\n  ^"), "1 | 'p://me:***@h', \"p://u:*@h\"\n  ^");
    }

    #[test]
    fn there_is_an_end_to_what_is_told() {
        let mut faults = Faults::new("m", "a");
        for _ in 0..1_000_000 {
            faults.add(0..1, || Fault::new("x".repeat(1_000)));
        }
        let errors = faults.finish(Some(())).unwrap_err();
        assert_eq!((errors.errors().len(), errors.more()), (MAX_ERRORS, 1_000_000 - MAX_ERRORS));
        assert!(errors.to_string().len() < 20_000 && errors.to_string().ends_with("\nand 999980 more"));
    }
}
