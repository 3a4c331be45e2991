//! The host, through one of two doors with the same functions: the imports of a component, or the capability layer itself.
//!
//! Everything above this module is shared, so that a guest sees no difference. A door turns arguments and answers into the
//! types of this crate, and does nothing else.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
pub(crate) use self::native::*;
#[cfg(target_family = "wasm")]
pub(crate) use self::wasm::*;

/// The most that is read from a file or a connection, or asked of the host's random source, in one call. The host gives no more of a
/// file at once.
pub(crate) const MAX_PIECE: usize = 1 << 20;

/// What one call carries of `contents`; a [`Write`](std::io::Write) may take less than it is given.
pub(crate) fn first_piece(contents: &[u8]) -> &[u8] {
    contents.get(..MAX_PIECE).unwrap_or(contents)
}

/// A number of written bytes as a length, which is no more than there was to write.
fn written(bytes: u64, contents: &[u8]) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX).min(contents.len())
}
