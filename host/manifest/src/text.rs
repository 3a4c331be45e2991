//! Texts that more than one form of a manifest needs.

use caphost_policy::visible::escape;
use caphost_policy::{Capability, Rule, Scope};

/// A scope of `capability` as it stands behind the colon of a rule; `None` of everything.
pub(crate) fn scope_text(capability: Capability, scope: &Scope) -> Option<String> {
    let rule = Rule { capability, scope: scope.clone() }.to_string();
    rule.strip_prefix(capability.name())?.strip_prefix(':').map(str::to_owned)
}

/// `text` fit to be shown: in one line, with nothing invisible in it, and cut behind so many characters of its own.
pub(crate) fn brief(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", escape(text.get(..end).unwrap_or_default())),
        None => escape(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_and_no_text_breaks_its_line() {
        assert_eq!(brief("ab", 2), "ab");
        assert_eq!(brief("äbc", 2), "äb…");
        assert_eq!(brief("a\nb\u{2028}\u{202e}", 9), r"a\nb\u{2028}\u{202e}");
    }
}
