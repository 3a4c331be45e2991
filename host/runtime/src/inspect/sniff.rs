//! What kind of file these bytes are, before anything is parsed.

use super::bad::BadComponent;

const MAGIC: &[u8] = b"\0asm";
/// The layer that follows the version: 0 for modules, 1 for components.
const MODULE_LAYER: &[u8] = &[0, 0];
/// How far into a file its first parenthesis is looked for.
const MAX_LOOKED_AT: usize = 64 * 1024;

/// Fails when `bytes` do not begin as a binary component does.
pub(super) fn require_component(bytes: &[u8]) -> Result<(), BadComponent> {
    if !bytes.is_empty() && MAGIC.starts_with(bytes) {
        return Err(BadComponent::malformed(bytes.len(), "it ends within the first four bytes"));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(if is_text(bytes) { BadComponent::TextFormat } else { BadComponent::NotWasm });
    }
    match bytes.get(6..8) {
        Some(layer) if layer == MODULE_LAYER => Err(BadComponent::CoreModule),
        _ => Ok(()),
    }
}

/// Whether the first thing that is no space and no comment is `(component` or `(module`.
fn is_text(bytes: &[u8]) -> bool {
    let start = bytes.get(..MAX_LOOKED_AT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(after) = after_comment(rest) {
        rest = after.trim_start();
    }
    let Some(inside) = rest.strip_prefix('(') else { return false };
    let inside = inside.trim_start();
    ["component", "module"].iter().any(|keyword| inside.starts_with(keyword))
}

/// What follows the comment that `text` starts with. Block comments that hold others are none that this has to understand.
fn after_comment(text: &str) -> Option<&str> {
    if let Some(line) = text.strip_prefix(";;") {
        return line.split_once('\n').map(|(_, after)| after);
    }
    text.strip_prefix("(;")?.split_once(";)").map(|(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_file_is_told_apart() {
        let kind = |bytes: &[u8]| require_component(bytes);
        assert_eq!(kind(b"\0asm\x0d\0\x01\0"), Ok(()));
        assert_eq!(kind(b"\0asm\x01\0\0\0"), Err(BadComponent::CoreModule));
        assert!(matches!(kind(b"\0as"), Err(BadComponent::Malformed { offset: 3, .. })));
        for text in ["(component)", " ;; a\n(; b ;)\n( module)", "\u{feff}(module $m)"] {
            assert_eq!(kind(text.as_bytes()), Err(BadComponent::TextFormat), "{text}");
        }
        for other in [&b""[..], b"\x7fELF", b"<html>", b"(define x 1)", b";; nothing else", b"(;"] {
            assert_eq!(kind(other), Err(BadComponent::NotWasm), "{other:?}");
        }
    }
}
