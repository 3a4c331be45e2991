//! What happens to handles when authority ends while they are open.

#![expect(clippy::expect_used, reason = "a test fails by panic")]

mod support;

use caphost_caps::ambient::HostAuthority;
use caphost_caps::{AuditLog, Session};
use caphost_policy::codes::Code;
use caphost_policy::{Capability, Grant, Policy, Quota, Rule};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{Fixture, READ, code, policy};

fn grant(text: &str) -> Grant {
    Grant::from(text.parse::<Rule>().expect("a rule"))
}

#[test]
fn revoking_ends_open_files_and_nothing_else() {
    let fixture = Fixture::new(&["data/a: text"], "fs.read:./data,fs.write:./data", "");
    let reading = fixture.open_file("data/a", READ).expect("control");
    let writing = fixture.open_file("data/a", support::WRITE).expect("control");
    assert_eq!(reading.read_at(&mut [0; 4], 0), Ok(4));
    fixture.session.revoker().revoke(Capability::FsRead);
    assert_eq!(code(reading.read_at(&mut [0; 4], 0)), Code::Revoked);
    assert_eq!(code(fixture.open("data/a", READ)), Code::Revoked);
    assert_eq!(writing.write_at(b"more", 0), Ok(4), "control: the other grant stands");
    fixture.session.revoker().revoke_all();
    assert_eq!(code(writing.write_at(b"more", 0)), Code::Revoked);
}

#[test]
fn a_grant_expires_by_the_sessions_clock() {
    let mut expiring = grant("fs.read:./data");
    expiring.expires_after = Some(Duration::from_secs(60));
    let fixture = Fixture::with_policy(&["data/a: text"], Policy::builder().allow(expiring).build());
    let file = fixture.open_file("data/a", READ).expect("control");
    fixture.hand.advance(Duration::from_secs(59));
    assert_eq!(file.read_at(&mut [0; 4], 0), Ok(4), "control: a second before");
    fixture.hand.advance(Duration::from_secs(1));
    assert_eq!(code(file.read_at(&mut [0; 4], 0)), Code::Expired);
    assert_eq!(code(fixture.open("data/a", READ)), Code::Expired);
}

#[test]
fn a_quota_of_bytes_is_exact_and_short_reads_are_not_charged() {
    let mut metered = grant("fs.read:./data");
    metered.quota = Some(Quota { operations: None, bytes: Some(6), ..Quota::default() });
    let fixture = Fixture::with_policy(&["data/a: text"], Policy::builder().allow(metered).build());
    let file = fixture.open_file("data/a", READ).expect("control");
    assert_eq!(file.read_at(&mut [0; 100], 0), Ok(4));
    assert_eq!(file.read_at(&mut [0; 100], 0), Ok(2), "what is left");
    assert_eq!(code(file.read_at(&mut [0; 100], 0)), Code::QuotaExhausted);
}

#[test]
fn a_quota_of_operations_counts_opening_and_each_use() {
    let mut metered = grant("fs.read:./data");
    metered.quota = Some(Quota { operations: Some(3), bytes: None, ..Quota::default() });
    let fixture = Fixture::with_policy(&["data/a: text"], Policy::builder().allow(metered).build());
    let file = fixture.open_file("data/a", READ).expect("one");
    assert_eq!(file.read_at(&mut [0; 4], 0), Ok(4), "two");
    assert_eq!(file.read_at(&mut [0; 4], 0), Ok(4), "three");
    assert_eq!(code(file.read_at(&mut [0; 4], 0)), Code::QuotaExhausted);
    assert_eq!(code(fixture.open("data/a", READ)), Code::QuotaExhausted);
}

#[test]
fn an_attenuated_policy_is_under_the_terms_of_both() {
    let mut ceiling = grant("fs.read:./data");
    ceiling.quota = Some(Quota { operations: None, bytes: Some(3), ..Quota::default() });
    let ceiling = Policy::builder().allow(ceiling).build();
    let fixture = Fixture::with_policy(&["data/a: text"], ceiling.attenuate(&policy("fs.read:./data", "")));
    let file = fixture.open_file("data/a", READ).expect("control");
    assert_eq!(file.read_at(&mut [0; 100], 0), Ok(3));
    assert_eq!(code(file.read_at(&mut [0; 100], 0)), Code::QuotaExhausted);
}

#[tokio::test]
async fn a_blocked_read_of_a_pipe_wakes_when_it_is_revoked() {
    let folder = support::folder(&["data/"]);
    let _writer = support::pipe(&folder.path().join("data/pipe"));
    let builder = Session::builder(policy("fs.read:./data/pipe", "")).working_directory(folder.path().to_owned());
    let session = builder.build(HostAuthority::claim()).expect("a session");
    let root = session.files().preopens().swap_remove(0).0;
    let Ok(caphost_caps::fs::Opened::File(file)) = session.files().open_at(&support::at(&root, "data/pipe"), READ)
    else {
        panic!("control: the pipe opens")
    };
    let revoker = session.revoker();
    assert!(tokio::time::timeout(Duration::from_millis(50), file.wait_to_read()).await.is_err(), "control: it waits");
    let wait = tokio::time::timeout(Duration::from_secs(10), file.wait_to_read());
    let (woken, ()) = tokio::join!(wait, async { revoker.revoke_all() });
    assert!(woken.is_ok(), "revocation wakes it");
    assert_eq!(code(file.read_at(&mut [0; 1], 0)), Code::Revoked);
}

/// A sink that others can read, or that fails from some byte on.
#[derive(Clone, Default)]
struct Sink {
    bytes: Arc<Mutex<Vec<u8>>>,
    fails_after: Option<usize>,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.bytes.lock().expect("no panic");
        if self.fails_after.is_some_and(|limit| written.len() > limit) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn audited(sink: Sink) -> (tempfile::TempDir, Session) {
    let folder = support::folder(&["data/a: text", "secret: no"]);
    let builder = Session::builder(policy("fs.read:./data", "fs.write")).working_directory(folder.path().to_owned());
    let session = builder.subject("test").audit(Box::new(sink)).build(HostAuthority::claim()).expect("a session");
    (folder, session)
}

fn open(session: &Session, path: &str) -> Result<(), caphost_caps::fs::FsError> {
    let root = session.files().preopens().swap_remove(0).0;
    session.files().open_at(&support::at(&root, path), READ).map(drop)
}

#[test]
fn every_decision_is_in_the_log_and_each_line_holds_the_hash_of_the_one_before() {
    let sink = Sink::default();
    let (_folder, session) = audited(sink.clone());
    assert_eq!(open(&session, "data/a"), Ok(()));
    assert_eq!(code(open(&session, "secret\u{1b}")), Code::NoGrantCovers);
    session.close_audit().expect("a whole log");
    let log = String::from_utf8(sink.bytes.lock().expect("no panic").clone()).expect("UTF-8");
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(lines.len(), 4, "{log}");
    let mut previous = [0_u8; 32];
    for line in &lines {
        let hex: String = previous.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(line.ends_with(&format!("\"previous\":\"{hex}\"}}")), "{line}");
        previous = Sha256::digest(line.as_bytes()).into();
    }
    assert!(lines[1].contains("\"decision\":\"allow\",\"rule\":\"fs.read:./data\""), "{log}");
    assert!(lines[2].contains("\"decision\":\"deny\",\"code\":\"CAP0102\""), "{log}");
    assert!(lines[2].contains("\"asked\":\"secret\\u001b\""), "{log}");
    assert!(lines[3].starts_with("{\"sequence\":3,\"end\":\"closed\","), "{log}");
}

#[test]
fn nothing_is_allowed_once_the_log_cannot_be_written() {
    let (_folder, session) = audited(Sink { fails_after: Some(0), ..Sink::default() });
    assert_eq!(open(&session, "data/a"), Ok(()), "control: the failure shows when the record is written");
    assert!(session.gate().audit().map(AuditLog::close).expect("a log").is_err());
    assert_eq!(code(open(&session, "data/a")), Code::AuditFailed);
}

#[test]
fn a_quota_of_random_bytes_is_all_or_nothing() {
    let mut metered = grant("random");
    metered.quota = Some(Quota { operations: None, bytes: Some(10), ..Quota::default() });
    let fixture = Fixture::with_policy(&[], Policy::builder().allow(metered).build());
    let random = fixture.session.random();
    assert!(random.fill("test", &mut [0; 8]).is_ok(), "control");
    assert!(random.fill("test", &mut [0; 8]).is_err());
    assert!(random.fill("test", &mut [0; 2]).is_ok(), "what is left was not taken by the refusal");
}

#[test]
fn waiting_by_the_clock_ends_with_its_grant() {
    let fixture = Fixture::new(&[], "time.wall", "");
    let clocks = fixture.session.clocks();
    assert!(clocks.monotonic("test").is_ok() && clocks.after("test", 1).is_ok(), "control");
    fixture.session.revoker().revoke_all();
    assert!(clocks.monotonic("test").is_err() && clocks.after("test", 1).is_err());
    assert!(clocks.wall("test").is_err());
}
