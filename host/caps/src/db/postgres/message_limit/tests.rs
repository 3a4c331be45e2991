use super::*;
use tokio::io::AsyncReadExt;

fn message(tag: u8, length: u32, body: &[u8]) -> Vec<u8> {
    [&[tag], length.to_be_bytes().as_slice(), body].concat()
}

fn reader(max_bytes: u64, is_private: bool) -> Reader {
    Reader::new(max_bytes, is_private)
}

/// Follows `bytes` whole, and one by one: both must say the same.
fn follow(bytes: &[u8], max_bytes: u64, is_private: bool) -> (Result<(), Bad>, u8) {
    let (whole, single) = (Seen::default(), Seen::default());
    let outcome = reader(max_bytes, is_private).follow(bytes, &whole);
    let mut reader = reader(max_bytes, is_private);
    let one_by_one = bytes.iter().try_for_each(|byte| reader.follow(&[*byte], &single));
    assert_eq!(outcome, one_by_one);
    assert_eq!(whole.status.load(Ordering::Relaxed), single.status.load(Ordering::Relaxed));
    (outcome, whole.status.into_inner())
}

#[test]
fn the_largest_message_goes_through_and_the_next_does_not() {
    let row = |length: usize| message(DATA_ROW, u32::try_from(length).unwrap() + 4, &vec![0; length]);
    assert_eq!(follow(&row(100), 100, true).0, Ok(()));
    assert_eq!(follow(&row(101), 100, true).0, Err(Bad::TooLarge));
    assert_eq!(follow(&[row(0), row(7), row(100), row(101)].concat(), 100, true).0, Err(Bad::TooLarge));
}

#[test]
fn a_large_message_is_told_by_its_header_alone() {
    assert_eq!(follow(&message(DATA_ROW, u32::MAX, b""), u64::from(u32::MAX) - 5, true).0, Err(Bad::TooLarge));
    assert_eq!(follow(&message(DATA_ROW, 3, b""), 100, true).0, Err(Bad::NoMessage));
    assert_eq!(follow(&message(DATA_ROW, 4, b""), 100, true).0, Ok(()), "control: an empty one");
}

#[test]
fn what_the_server_says_of_the_transaction_is_remembered() {
    let messages = [message(READY, 5, b"T"), message(b'C', 9, b"tests"), message(READY, 5, b"E")].concat();
    assert_eq!(follow(&messages, 100, true), (Ok(()), b'E'));
    assert_eq!(follow(&messages[..8], 100, true), (Ok(()), b'T'));
}

#[test]
fn an_error_in_a_transaction_is_remembered_before_the_server_says_what_it_means() {
    let begun = |status: &[u8]| [message(READY, 5, status), message(ERROR, 5, b"\0")].concat();
    assert_eq!(follow(&begun(b"T"), 100, true), (Ok(()), FAILED));
    assert_eq!(follow(&begun(b"I"), 100, true), (Ok(()), IDLE), "outside of one");
    assert_eq!(follow(&[begun(b"T"), message(READY, 5, b"T")].concat(), 100, true), (Ok(()), b'T'), "it knows best");
}

#[test]
fn only_a_commit_is_one() {
    for (said, is_one) in [("COMMIT\0", true), ("ROLLBACK\0", false), ("CO", false), ("", false)] {
        let seen = Seen::default();
        let length = u32::try_from(said.len()).unwrap() + 4;
        reader(100, true).follow(&message(COMPLETE, length, said.as_bytes()), &seen).unwrap();
        assert_eq!(seen.is_committed(), is_one, "{said}");
    }
}

#[test]
fn a_password_in_the_clear_is_wanted_by_no_server_that_others_can_listen_to() {
    let wants = message(AUTHENTICATION, 8, &CLEARTEXT);
    assert_eq!(follow(&wants, 100, false).0, Err(Bad::WantsPassword));
    assert_eq!(follow(&wants, 100, true).0, Ok(()), "control");
    let scram = message(AUTHENTICATION, 23, b"\0\0\0\x0aSCRAM-SHA-256\0\0");
    assert_eq!(follow(&scram, 100, false).0, Ok(()), "control");
}

#[tokio::test]
async fn a_message_that_is_too_large_ends_the_stream_before_it_is_read_whole() {
    let bytes = message(DATA_ROW, 1 << 30, &[0; 64]);
    let (mut stream, seen) = Limited::new(bytes.as_slice(), 1 << 20, true);
    let mut buffer = Vec::new();
    assert_eq!(stream.read_to_end(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(seen.is_too_large());
    let (mut stream, seen) = Limited::new(bytes.as_slice(), 1 << 30, true);
    assert_eq!(stream.read_to_end(&mut buffer).await.unwrap(), bytes.len());
    assert!(!seen.is_too_large(), "control");
}

#[test]
fn settings_that_change_again_and_again_are_too_many_after_a_while() {
    let setting = message(SETTING, 4 + 1_000, &[b'x'; 1_000]);
    let most = usize::try_from(MAX_SETTING_BYTES).unwrap() / 1_000;
    assert_eq!(follow(&setting.repeat(most), 10_000, true).0, Ok(()));
    assert_eq!(follow(&setting.repeat(most + 1), 10_000, true).0, Err(Bad::TooLarge));
    let row = message(DATA_ROW, 4 + 1_000, &[b'x'; 1_000]);
    assert_eq!(follow(&row.repeat(most + 1), 10_000, true).0, Ok(()), "control");
}

#[test]
fn what_is_collected_whole_is_bounded_while_it_is() {
    let seen = Arc::<Seen>::default();
    let mut reader = reader(1_000, true);
    let notice = message(b'N', 104, &[b'x'; 100]);
    let bound = seen.bound(250, Counts::Bytes);
    assert_eq!(reader.follow(&notice.repeat(2), &seen), Ok(()));
    drop(bound);
    assert_eq!(reader.follow(&notice.repeat(10), &seen), Ok(()), "control: nothing is bounded");
    let _bound = seen.bound(250, Counts::Bytes);
    assert_eq!(reader.follow(&notice.repeat(2), &seen), Ok(()));
    assert_eq!(reader.follow(&notice, &seen), Err(Bad::TooLarge));
}

#[test]
fn types_that_are_looked_up_are_counted_over_the_life_of_a_connection() {
    let bound = message(BIND_COMPLETE, 4, b"");
    let seen = Arc::<Seen>::default();
    let mut reader = reader(1_000, true);
    assert_eq!(reader.follow(&bound.repeat(2 * MAX_LOOKUPS as usize), &seen), Ok(()), "runs of statements");
    for _ in 0..2 {
        let _looks = seen.bound(u64::MAX, Counts::Lookups);
        assert_eq!(reader.follow(&bound.repeat(MAX_LOOKUPS as usize / 2), &seen), Ok(()));
    }
    let _looks = seen.bound(u64::MAX, Counts::Lookups);
    assert_eq!(reader.follow(&bound, &seen), Err(Bad::TooLarge));
}
