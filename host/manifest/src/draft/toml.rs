//! Values of TOML, each in one line.

use caphost_policy::visible::is_unprintable;

/// A text: what cannot be seen is written as what it is.
pub(super) fn string(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => written.extend(['\\', character]),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            _ if is_unprintable(character) => written.push_str(&escaped(character)),
            _ => written.push(character),
        }
    }
    written.push('"');
    written
}

fn escaped(character: char) -> String {
    match u32::from(character) {
        code @ ..=0xffff => format!("\\u{code:04X}"),
        code => format!("\\U{code:08X}"),
    }
}

/// A key: bare if it can be.
pub(super) fn key(name: &str) -> String {
    let is_bare = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !name.is_empty() && name.bytes().all(is_bare) { name.to_owned() } else { string(name) }
}

/// A list of texts.
pub(super) fn list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    format!("[{}]", texts.into_iter().map(string).collect::<Vec<_>>().join(", "))
}

/// A table in one line.
pub(super) fn table(entries: &[(String, String)]) -> String {
    let entries: Vec<_> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    if entries.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", entries.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        assert_eq!(string("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(string("\n\r\t\u{1b}\u{7f}\u{0}"), r#""\n\r\t\u001B\u007F\u0000""#);
        assert_eq!(string("é日\u{202e}\u{e0041}"), r#""é日\u202E\U000E0041""#);
        assert_eq!((key("a-b_1"), key("a.b"), key("")), ("a-b_1".into(), "\"a.b\"".into(), "\"\"".into()));
        assert_eq!((list([]), list(["a", "b"])), ("[]".into(), r#"["a", "b"]"#.into()));
    }
}
