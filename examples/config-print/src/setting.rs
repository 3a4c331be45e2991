//! One setting as a line.

use crate::args::Secrets;

/// In the place of a secret: the same for all, so that it tells nothing of their length.
const MASK: &str = "********";
/// What the names of secrets have in them. Rather mask one too many.
const SECRET_WORDS: [&str; 9] = ["AUTH", "COOKIE", "CREDENTIAL", "KEY", "PASS", "PRIVATE", "PWD", "SECRET", "TOKEN"];

/// `NAME=value`, on one line whatever is in the value.
pub fn line(name: &str, value: &str, secrets: Secrets) -> String {
    if secrets == Secrets::Masked && is_secret(name, value) {
        return format!("{name}={MASK}\n");
    }
    let mut line = format!("{name}=");
    for letter in value.chars() {
        if letter.is_control() { line.extend(letter.escape_default()) } else { line.push(letter) }
    }
    line + "\n"
}

fn is_secret(name: &str, value: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRET_WORDS.iter().any(|word| name.contains(word)) || has_credentials(value)
}

/// `scheme://user:password@host`.
fn has_credentials(value: &str) -> bool {
    let authority = value.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    authority.and_then(|authority| authority.rsplit_once('@')).is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_by_value() {
        for (name, value) in [("APP_TOKEN", "t"), ("app_api_key", "k"), ("URL", "postgres://app:word@db.example.com/x")]
        {
            assert_eq!(line(name, value, Secrets::Masked), format!("{name}={MASK}\n"));
            assert_eq!(line(name, value, Secrets::Revealed), format!("{name}={value}\n"));
        }
        for (name, value) in [("APP_NAME", "shop"), ("URL", "https://example.com/a:b@c"), ("EMPTY", "")] {
            assert_eq!(line(name, value, Secrets::Masked), format!("{name}={value}\n"));
        }
    }

    #[test]
    fn a_value_stays_on_its_line() {
        assert_eq!(line("A", "x\nB=y\u{1b}", Secrets::Masked), "A=x\\nB=y\\u{1b}\n");
    }
}
