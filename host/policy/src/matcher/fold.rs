//! Spellings that a file system may take for the same name, where it does not tell case apart.
//!
//! File systems differ in how they fold and normalise, and this crate carries no Unicode tables. So the key errs to one side:
//! names that any of them takes for the same have the same key, and some that none does as well.

/// Stands for every name that is not ASCII when folded: composed and decomposed letters can not be told from others.
const NOT_ASCII: &str = "\u{fffd}";

/// Equal for all names that may be the same.
pub(crate) fn key(name: &str) -> String {
    let folded = fold(name);
    if folded.is_ascii() { folded } else { NOT_ASCII.to_owned() }
}

/// Equal only for names that differ in case alone, or in characters that are ignored.
pub(crate) fn fold(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    // Through upper case, so that `ſ` is `s`, and the Kelvin sign is `k`.
    let kept: String = name.chars().filter(|character| !is_ignorable(*character)).collect();
    kept.to_uppercase().to_lowercase()
}

/// `Default_Ignorable_Code_Point` of the Unicode database: ext4 and APFS compare names without them.
fn is_ignorable(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for alike in [
            ["Key", "kEY"],
            ["key", "\u{212a}ey"],
            ["secret", "\u{17f}ec\u{ad}ret"],
            ["\u{e9}", "e\u{301}"],
            ["É", "é"],
        ] {
            assert_eq!(key(alike[0]), key(alike[1]), "{alike:?}");
        }
        assert_ne!(key("key"), key("keys"));
        assert_ne!(fold("é"), fold("ü"));
    }
}
