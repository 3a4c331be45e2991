//! Messages for people.

use super::{Message, Refused, Subject};
use caphost::policy::visible::escape;

/// Characters of a foreign text that are shown: a guest can ask for a path of a megabyte.
const MAX_SHOWN: usize = 1_024;
/// Lines of a backtrace that are shown: a stack that overflowed has thousands.
const MAX_BACKTRACE_LINES: usize = 24;
/// Digits of the digest that are shown.
const DIGEST_DIGITS: usize = 4;

/// `message` in lines, each ended by a newline.
pub(super) fn render(message: &Message) -> String {
    let code = message.code.map_or(String::new(), |code| format!("[{}]", code.number()));
    let mut text = format!("{}{code}: {}\n", message.level, message.headline);
    if let Some(subject) = &message.subject {
        text.push_str(&component_line(subject, message.refusal.as_ref()));
    }
    if let Some(refusal) = &message.refusal {
        if let Some((heading, detail)) = &refusal.detail {
            text.push_str(&format!("  {heading:<9}  {}\n", shown(detail)));
        }
        text.push_str(&format!("  reason     {}\n", shown(&refusal.reason)));
    }
    if let Some(backtrace) = &message.backtrace {
        text.push_str(&backtrace_lines(backtrace));
    }
    if let Some(hint) = &message.hint {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    text
}

fn component_line(subject: &Subject, refusal: Option<&Refused>) -> String {
    let digest = subject.sha256.get(..DIGEST_DIGITS).unwrap_or_default();
    let call = refusal.map_or(String::new(), |refusal| format!("   call  {}", refusal.call));
    format!("  component  {} (sha256:{digest}…){call}\n", shown(&subject.name))
}

fn backtrace_lines(backtrace: &str) -> String {
    let mut lines = backtrace.lines();
    let mut text: String =
        lines.by_ref().take(MAX_BACKTRACE_LINES).map(|line| format!("  {}\n", shown(line))).collect();
    let rest = lines.count();
    if rest > 0 {
        text.push_str(&format!("  … {rest} more\n"));
    }
    text
}

/// `text` escaped, and shortened if it is very long.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        None => escape(text).to_string(),
        Some((end, _)) => format!("{}… ({} bytes)", escape(text.get(..end).unwrap_or_default()), text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_made_visible_and_short() {
        assert_eq!(shown("a\u{1b}[2J\u{202e}b"), "a\\u{1b}[2J\\u{202e}b");
        assert_eq!(shown(&"ü".repeat(MAX_SHOWN)), "ü".repeat(MAX_SHOWN));
        assert_eq!(shown(&"ü".repeat(MAX_SHOWN + 1)), format!("{}… (2050 bytes)", "ü".repeat(MAX_SHOWN)));
    }

    #[test]
    fn a_long_backtrace_is_cut() {
        let text = render(&Message::new("x").backtrace(Some("frame\n".repeat(30))));
        assert_eq!(text.lines().count(), 1 + MAX_BACKTRACE_LINES + 1);
        assert!(text.ends_with("  … 6 more\n"));
    }

    #[test]
    fn a_message_has_its_code_and_hint() {
        let message = Message::new("it is broken").code(caphost::policy::codes::Code::CoreModule).hint("mend it");
        assert_eq!(render(&message), "error[CAP0401]: it is broken\n  hint: mend it\n");
        assert_eq!(render(&Message::new("no code")), "error: no code\n");
    }
}
