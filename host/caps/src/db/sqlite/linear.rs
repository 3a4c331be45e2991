//! Functions of SQLite that take a time which grows with the product of the lengths of two arguments, in place of the built-in ones: a
//! call of a function cannot be interrupted. These take a time that grows with the sum.

use super::raw::{Failure, Handle};
use rusqlite::ffi;
use std::collections::HashSet;
use std::ffi::{CStr, c_int, c_void};
use std::iter;
use std::ops::ControlFlow;
use std::ptr;
use std::slice;

type Function = unsafe extern "C" fn(*mut ffi::sqlite3_context, c_int, *mut *mut ffi::sqlite3_value);

const FUNCTIONS: &[(&CStr, c_int, Function)] = &[
    (c"instr", 2, call::<Instr>),
    (c"replace", 3, call::<Replace>),
    (c"trim", 2, call::<Trim>),
    (c"ltrim", 2, call::<TrimStart>),
    (c"rtrim", 2, call::<TrimEnd>),
    (c"unhex", 2, call::<Unhex>),
];

/// How many different letters a function looks for. Ours: what is kept to find them is not in SQLite's memory, which is bounded.
const MAX_LETTERS: usize = 64 << 10;

/// Puts them in place of SQLite's, for one connection.
pub(super) fn install(handle: &Handle) -> Result<(), Failure> {
    let flags = ffi::SQLITE_UTF8 | ffi::SQLITE_DETERMINISTIC | ffi::SQLITE_INNOCUOUS;
    FUNCTIONS.iter().try_for_each(|(name, arguments, function)| {
        let (connection, none) = (handle.as_ptr(), ptr::null_mut());
        // SAFETY: the connection is open, the name ends with a zero, and the function takes what SQLite gives it.
        handle.checked(unsafe {
            ffi::sqlite3_create_function_v2(
                connection,
                name.as_ptr(),
                *arguments,
                flags,
                none,
                Some(*function),
                None,
                None,
                None,
            )
        })
    })
}

/// An argument that is not null: its bytes, and whether they are a blob.
#[derive(Clone, Copy)]
struct Argument<'a> {
    bytes: &'a [u8],
    is_blob: bool,
}

/// What a function answers.
#[derive(Debug, PartialEq)]
enum Answer<'a> {
    Null,
    Integer(i64),
    Text(&'a [u8]),
    OwnedText(Vec<u8>),
    Blob(Vec<u8>),
    TooLarge,
}

/// A function. It answers null to an argument that is null.
trait Linear {
    /// What it answers before it looks whether one is null.
    fn answer_at_once<'a>(_: &[Option<Argument<'a>>]) -> Option<Answer<'a>> {
        None
    }

    fn answer<'a>(arguments: &[Argument<'a>], max_length: usize) -> Answer<'a>;
}

struct Instr;
struct Replace;
struct Trim;
struct TrimStart;
struct TrimEnd;
struct Unhex;

impl Linear for Instr {
    fn answer<'a>(arguments: &[Argument<'a>], _: usize) -> Answer<'a> {
        let [text, part] = arguments else { return Answer::Null };
        let mut first = None;
        each_position(text.bytes, part.bytes, |at| {
            first = Some(at);
            ControlFlow::Break(())
        });
        let Some(found) = first else { return Answer::Integer(0) };
        let before = text.bytes.get(..found).unwrap_or_default();
        let skipped = match text.is_blob && part.is_blob {
            true => found,
            false => before.iter().filter(|byte| **byte & 0xc0 != 0x80).count(),
        };
        Answer::Integer(i64::try_from(skipped).map_or(0, |skipped| skipped + 1))
    }
}

impl Linear for Replace {
    /// Where there is nothing to look for, or what is looked for begins with NUL, the text is left as it is, whatever it is to be
    /// replaced by.
    fn answer_at_once<'a>(arguments: &[Option<Argument<'a>>]) -> Option<Answer<'a>> {
        let [Some(text), Some(part), _] = arguments else { return None };
        matches!(part.bytes, [] | [0, ..]).then_some(Answer::Text(text.bytes))
    }

    fn answer<'a>(arguments: &[Argument<'a>], max_length: usize) -> Answer<'a> {
        let [text, part, new] = arguments.iter().map(|argument| argument.bytes).collect::<Vec<_>>()[..] else {
            return Answer::Null;
        };
        let (mut replaced, mut behind) = (Vec::new(), 0);
        each_position(text, part, |found| {
            replaced.extend_from_slice(text.get(behind..found).unwrap_or_default());
            replaced.extend_from_slice(new);
            behind = found + part.len();
            if replaced.len() > max_length { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if replaced.len() > max_length {
            return Answer::TooLarge;
        }
        if behind == 0 {
            return Answer::Text(text);
        }
        replaced.extend_from_slice(text.get(behind..).unwrap_or_default());
        Answer::OwnedText(replaced)
    }
}

impl Linear for Trim {
    fn answer<'a>(arguments: &[Argument<'a>], _: usize) -> Answer<'a> {
        trimmed(arguments, true, true)
    }
}

impl Linear for TrimStart {
    fn answer<'a>(arguments: &[Argument<'a>], _: usize) -> Answer<'a> {
        trimmed(arguments, true, false)
    }
}

impl Linear for TrimEnd {
    fn answer<'a>(arguments: &[Argument<'a>], _: usize) -> Answer<'a> {
        trimmed(arguments, false, true)
    }
}

impl Linear for Unhex {
    fn answer<'a>(arguments: &[Argument<'a>], _: usize) -> Answer<'a> {
        let [text, ignored] = arguments else { return Answer::Null };
        let (text, ignored) = (String::from_utf8_lossy(text.bytes), String::from_utf8_lossy(ignored.bytes));
        let ignored: HashSet<char> = ignored.chars().collect();
        let (mut bytes, mut half) = (Vec::new(), None);
        for letter in text.chars().take_while(|letter| *letter != '\0') {
            let digit = letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            half = match (digit, half) {
                (Some(low), Some(high)) => {
                    bytes.push(high << 4 | low);
                    None
                }
                (Some(high), None) => Some(high),
                (None, None) if ignored.contains(&letter) => None,
                (None, _) => return Answer::Null,
            };
        }
        if half.is_some() { Answer::Null } else { Answer::Blob(bytes) }
    }
}

fn trimmed<'a>(arguments: &[Argument<'a>], at_start: bool, at_end: bool) -> Answer<'a> {
    let [text, letters] = arguments else { return Answer::Null };
    // As SQLite reads them: to the first NUL.
    let given = letters.bytes.split(|byte| *byte == 0).next().into_iter().flat_map(pieces);
    let mut letters = HashSet::new();
    for letter in given {
        letters.insert(letter);
        if letters.len() > MAX_LETTERS {
            return Answer::TooLarge;
        }
    }
    let mut rest = text.bytes;
    if at_start {
        let length = pieces(rest).take_while(|piece| letters.contains(piece)).map(<[u8]>::len).sum();
        rest = rest.get(length..).unwrap_or_default();
    }
    while at_end && !rest.is_empty() {
        let starts = rest.iter().rposition(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
        let Some((before, last)) = rest.split_at_checked(starts) else { break };
        if !letters.contains(last) {
            break;
        }
        rest = before;
    }
    Answer::Text(rest)
}

/// The letters of a text; of what is not UTF-8 each byte that begins one, with those that go on.
fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    iter::from_fn(move || {
        let length = bytes.iter().skip(1).position(|byte| byte & 0xc0 != 0x80).map_or(bytes.len(), |more| more + 1);
        let (piece, rest) = bytes.split_at_checked(length).filter(|(piece, _)| !piece.is_empty())?;
        bytes = rest;
        Some(piece)
    })
}

/// Calls `take` with each place where a part stands in a text, none in another, until it says that this is enough; one that is empty
/// stands at the beginning. Nothing is kept of them: a text can have as many as bytes.
fn each_position(text: &[u8], part: &[u8], mut take: impl FnMut(usize) -> ControlFlow<()>) {
    match (std::str::from_utf8(text), std::str::from_utf8(part)) {
        _ if part.is_empty() => {
            let _ = take(0);
        }
        (Ok(text), Ok(part)) => {
            let _ = text.match_indices(part).try_for_each(|(at, _)| take(at));
        }
        _ => {
            // The search for texts is linear; a letter for each byte makes texts of these.
            let [text, part] = [text, part].map(|bytes| bytes.iter().copied().map(char::from).collect::<String>());
            let mut letters = text.char_indices().enumerate();
            let index_of = |at| letters.by_ref().find(|(_, (start, _))| *start == at).map(|(index, _)| index);
            let _ = text.match_indices(&part).map(|(at, _)| at).filter_map(index_of).try_for_each(take);
        }
    }
}

/// # Safety
/// SQLite's to call, for a function that was registered with so many arguments.
unsafe extern "C" fn call<F: Linear>(
    context: *mut ffi::sqlite3_context,
    count: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: SQLite gives `count` values, which stand until this returns.
    let values = unsafe { slice::from_raw_parts(values, usize::try_from(count).unwrap_or(0)) };
    // SAFETY: the values are those that SQLite gave.
    let arguments: Vec<_> = values.iter().map(|value| unsafe { argument(*value) }).collect();
    // SAFETY: the context is the one of this call; its connection is open, and a negative number asks for the limit.
    let limit = unsafe { ffi::sqlite3_limit(ffi::sqlite3_context_db_handle(context), ffi::SQLITE_LIMIT_LENGTH, -1) };
    let answer =
        F::answer_at_once(&arguments).unwrap_or_else(|| match arguments.into_iter().collect::<Option<Vec<_>>>() {
            Some(arguments) => F::answer(&arguments, usize::try_from(limit).unwrap_or(0)),
            None => Answer::Null,
        });
    // SAFETY: the context is the one of this call.
    unsafe { give(context, answer) };
}

/// The bytes of a value; none for null, and where SQLite has no memory for them.
///
/// # Safety
/// `value` is one that SQLite gave to the function that runs, and `'a` ends with that.
unsafe fn argument<'a>(value: *mut ffi::sqlite3_value) -> Option<Argument<'a>> {
    // SAFETY: as the caller says; the bytes stand while the value is not converted again.
    unsafe {
        let (is_blob, start) = match ffi::sqlite3_value_type(value) {
            ffi::SQLITE_NULL => return None,
            ffi::SQLITE_BLOB => (true, ffi::sqlite3_value_blob(value).cast::<u8>()),
            _ => (false, ffi::sqlite3_value_text(value)),
        };
        let length = usize::try_from(ffi::sqlite3_value_bytes(value)).unwrap_or(0);
        match (start.is_null(), length) {
            (true, 0) if is_blob => Some(Argument { bytes: &[], is_blob }),
            (true, _) => None,
            (false, length) => Some(Argument { bytes: slice::from_raw_parts(start, length), is_blob }),
        }
    }
}

/// # Safety
/// `context` is that of the function that runs.
unsafe fn give(context: *mut ffi::sqlite3_context, answer: Answer<'_>) {
    let text = |bytes: &[u8]| {
        let (start, utf8) = (bytes.as_ptr().cast(), ffi::SQLITE_UTF8 as u8);
        // SAFETY: as the caller says; SQLite copies the bytes.
        unsafe { ffi::sqlite3_result_text64(context, start, bytes.len() as u64, ffi::SQLITE_TRANSIENT(), utf8) };
    };
    // SAFETY: as the caller says; SQLite copies what it is given.
    unsafe {
        match answer {
            Answer::Integer(value) => ffi::sqlite3_result_int64(context, value),
            Answer::Text(bytes) => text(bytes),
            Answer::OwnedText(bytes) => text(&bytes),
            Answer::Blob(bytes) => {
                let start = bytes.as_ptr().cast::<c_void>();
                ffi::sqlite3_result_blob64(context, start, bytes.len() as u64, ffi::SQLITE_TRANSIENT());
            }
            Answer::TooLarge => ffi::sqlite3_result_error_toobig(context),
            Answer::Null => ffi::sqlite3_result_null(context),
        }
    }
}

#[cfg(test)]
mod tests;
