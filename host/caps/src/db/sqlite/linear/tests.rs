use super::*;
use rusqlite::Connection;
use std::ptr::NonNull;

/// The same calls to SQLite's own functions and to ours.
#[test]
fn they_answer_as_the_built_in_ones() {
    let (builtin, ours) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
    // SAFETY: the connection is open; the handle is never dropped, so that it is closed once.
    let handle = std::mem::ManuallyDrop::new(unsafe { Handle::own(NonNull::new(ours.handle()).unwrap()) });
    install(&handle).unwrap();
    let values = [
        "null",
        "''",
        "'a'",
        "'aba'",
        "'äöä'",
        "'xaäaa'",
        "x'c3'",
        "x'61c3a461'",
        "x'61'",
        "1.50",
        "'a' || char(0) || 'b'",
        "cast(x'c3c3' as text)",
    ];
    // A part of a letter is one to trim for SQLite; here it is not.
    let is_utf8 = |value: &str| !value.contains("x'c3");
    for (x, y) in values.iter().flat_map(|x| values.iter().map(move |y| (x, y))) {
        let trims = &["instr", "trim", "ltrim", "rtrim"][..if is_utf8(x) && is_utf8(y) { 4 } else { 1 }];
        for call in trims {
            compare(&builtin, &ours, &format!("{call}({x}, {y})"));
        }
        for z in values {
            compare(&builtin, &ours, &format!("replace({x}, {y}, {z})"));
        }
    }
    for text in ["'6162'", "'61 62'", "'6 1'", "'61-62-'", "'616'", "'zz'", "null", "''", "6162"] {
        for ignored in ["''", "' '", "'- '", "'z'", "null"] {
            compare(&builtin, &ours, &format!("unhex({text}, {ignored})"));
        }
    }
}

fn compare(builtin: &Connection, ours: &Connection, call: &str) {
    let sql = format!("select typeof({call}), quote(cast({call} as blob))");
    let answer = |connection: &Connection| -> (String, String) {
        connection.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    };
    assert_eq!(answer(ours), answer(builtin), "{call}");
}

#[test]
fn what_would_be_larger_than_a_value_may_be_is_refused() {
    let argument = |bytes| Argument { bytes, is_blob: false };
    let arguments = [argument(b"aaaa"), argument(b"a"), argument(b"bbb")];
    assert_eq!(Replace::answer(&arguments, 12), Answer::OwnedText(b"bbbbbbbbbbbb".to_vec()));
    assert_eq!(Replace::answer(&arguments, 11), Answer::TooLarge);
}

#[test]
fn nothing_is_kept_that_grows_with_what_is_looked_for() {
    let mut count = 0;
    each_position(&[b'a'; 1000], b"a", |at| {
        count += 1;
        if at == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(count, 3);
    let letters: String = ('a'..).take(MAX_LETTERS + 1).collect();
    let of = |text: &'static str| Argument { bytes: text.as_bytes(), is_blob: false };
    let many = Argument { bytes: letters.as_bytes(), is_blob: false };
    let less = Argument { bytes: letters.get(1..).unwrap().as_bytes(), is_blob: false };
    assert_eq!(trimmed(&[of("x1x"), many], true, true), Answer::TooLarge);
    assert_eq!(trimmed(&[of("x1x"), less], true, true), Answer::Text(b"1"), "control");
}
