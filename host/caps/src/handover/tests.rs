//! Handovers that are sealed and read again, and files that are none.

use super::*;
use crate::db::{PostgresSource, Source, SqliteSource};
use crate::{ambient, guest};
use caphost_policy::{DatabaseLimits, Deny, Grant, HttpRule, Limits, Quota, Rate, Rule, SecretSource, parse_list};
use rustix::fs::{SealFlags, fcntl_add_seals, ftruncate};
use rustix::io::pwrite;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

fn handover(policy: Policy) -> Handover {
    Handover {
        subject: "indexer".to_owned(),
        policy,
        working_directory: "/srv/\"odd\"\nplace".into(),
        variables: vec![("B".to_owned(), "2\n".to_owned()), ("A".to_owned(), String::new())],
        protected: vec!["audit.jsonl".into()],
        network: NetworkSettings {
            name_server: Some("[2001:db8::1]:5353".parse().unwrap()),
            tls_roots: vec![b"-----BEGIN CERTIFICATE-----\n".to_vec(), Vec::new()],
        },
        secrets: secrets(),
        databases: databases(),
        audit: None,
        on_audit_error: OnAuditError::Stop,
    }
}

fn databases() -> DatabaseSettings {
    let mut databases = DatabaseSettings::default();
    let url = "postgres://app:pass-word@db.example.com/app?sslrootcert=ca.pem";
    databases.insert("shop", Source::Postgres(PostgresSource::parse(url).unwrap()));
    databases.insert("main", Source::Sqlite(SqliteSource::File("./\"odd\".db".into())));
    databases.insert("memory", Source::Sqlite(SqliteSource::Memory));
    databases.hide(SecretSource::Env("DATABASE_URL".to_owned()));
    databases
}

fn secrets() -> Secrets {
    let values = [
        (SecretSource::Env("API_TOKEN".to_owned()), "of the variable".to_owned()),
        (SecretSource::File("./API_TOKEN".into()), "of the \"file\"".to_owned()),
    ];
    values.into_iter().collect()
}

fn policy(allow: &str, deny: &str) -> Policy {
    let builder = parse_list(allow).unwrap().into_iter().fold(Policy::builder(), |builder, rule| builder.allow(rule));
    parse_list(deny).unwrap().into_iter().fold(builder, |builder, rule| builder.deny(rule)).build()
}

fn sealed(bytes: &[u8], seals: SealFlags) -> OwnedFd {
    let file = memory::writable("test", bytes).unwrap();
    fcntl_add_seals(&file, seals).unwrap();
    file
}

fn read_back(handover: &Handover) -> Text {
    read(handover.seal().unwrap().as_fd()).unwrap().unwrap()
}

fn text_with(change: impl FnOnce(String) -> String) -> io::Result<Option<Text>> {
    let text = String::from_utf8(Text::of(&handover(Policy::empty())).unwrap().write().unwrap()).unwrap();
    read(sealed(change(text).as_bytes(), memory::SEALS).as_fd())
}

#[test]
fn what_was_sealed_is_what_is_read() {
    let rule = |text: &str| text.parse::<Rule>().unwrap();
    let rate = Some(Rate { operations: 7, per: Duration::from_millis(9) });
    let (received_bytes, sent_bytes) = (Some(4), Some(u64::MAX));
    let quota = Quota {
        operations: Some(3),
        bytes: None,
        received_bytes,
        sent_bytes,
        connections: Some(5),
        concurrent: Some(6),
        rate,
    };
    let databases = DatabaseLimits {
        statement_time: Duration::from_millis(9),
        rows: Some(8),
        row_bytes: 7,
        ..DatabaseLimits::default()
    };
    let limits =
        Limits { open_handles: 7, wall_time: Some(Duration::from_millis(1_500)), databases, ..Limits::default() };
    let given = Policy::builder()
        .limits(limits)
        .allow(rule("fs.read:./with\\, comma::/in"))
        .allow(Grant {
            rule: rule("random"),
            expires_after: Some(Duration::from_nanos(5)),
            quota: Some(quota),
            http: None,
        })
        .allow(HttpRule::parse("GET https://a.example:8443/v1 x-key: a{{b}} {env:A}{file:./t}").unwrap())
        .deny(rule("fs.read:./a\nb"))
        .deny(Deny {
            rule: rule("fs.read:./with\\, comma"),
            except: vec![rule("fs.read:./with\\, comma/public").scope],
        })
        .build();
    let sent = handover(given.clone());
    let text = read_back(&sent);
    assert_eq!(text.policy().grants(), given.grants());
    assert_eq!(text.policy().denies(), given.denies());
    assert_eq!(text.policy().limits(), given.limits());
    assert_eq!((&text.subject, &text.working_directory), (&sent.subject, &sent.working_directory));
    assert_eq!((&text.variables, &text.protected), (&sent.variables, &sent.protected));
    assert_eq!(text.network.settings(), sent.network);
    assert_eq!(text.databases.settings().unwrap(), sent.databases);
    let values = |secrets: &Secrets| -> BTreeMap<SecretSource, String> {
        secrets.iter().map(|(source, value)| (source.clone(), value.to_owned())).collect()
    };
    assert_eq!(values(&text.network.secrets()), values(&secrets()));
    assert_eq!(values(&text.network.secrets()).len(), 2);
    assert_eq!(text.audit, None);
}

#[test]
fn nothing_shows_a_secret_that_was_not_asked_for_it() {
    let sent = handover(Policy::empty());
    for text in [format!("{sent:?}"), format!("{:?}", read_back(&sent))] {
        assert!(text.contains("API_TOKEN") && !text.contains("of the ") && !text.contains("pass-word"), "{text}");
    }
}

#[test]
fn a_sealed_handover_cannot_be_changed() {
    let file = handover(Policy::empty()).seal().unwrap();
    let length = || fstat(&file).unwrap().st_size.cast_unsigned();
    let before = length();
    assert!(pwrite(&file, b"x", 0).is_err());
    assert!(ftruncate(&file, before - 1).is_err() && ftruncate(&file, before + 1).is_err());
    assert!(fcntl_add_seals(&file, SealFlags::empty()).is_err());
    assert_eq!(length(), before);
}

#[test]
fn each_seal_is_needed() {
    let text = Text::of(&handover(Policy::empty())).unwrap().write().unwrap();
    assert!(read(sealed(&text, memory::SEALS).as_fd()).unwrap().is_some());
    for seal in [SealFlags::SEAL, SealFlags::SHRINK, SealFlags::GROW, SealFlags::WRITE] {
        assert!(read(sealed(&text, memory::SEALS.difference(seal)).as_fd()).unwrap().is_none(), "{seal:?}");
    }
}

#[test]
fn whatever_else_stands_there_is_no_handover_and_no_error() {
    let text = Text::of(&handover(Policy::empty())).unwrap().write().unwrap();
    let ordinary = tempfile::tempfile().unwrap();
    pwrite(&ordinary, &text, 0).unwrap();
    let (pipe, _other) = io::pipe().unwrap();
    assert!(read(ordinary.as_fd()).unwrap().is_none());
    assert!(read(pipe.as_fd()).unwrap().is_none());
    for bytes in [&b""[..], b"caphost hand", b"CAPHOST handover 4\n{}", &[0xff; 64]] {
        assert!(read(sealed(bytes, memory::SEALS).as_fd()).unwrap().is_none());
    }
}

#[test]
fn another_version_and_a_damaged_text_are_errors() {
    assert!(text_with(|text| text).unwrap().is_some());
    let damages: [fn(String) -> String; 10] = [
        |text| text.replacen("handover 4\n", "handover 3\n", 1),
        |text| text.replacen("handover 4\n", "handover 4 ", 1),
        |text| text.replacen('{', "{\"extra\":1,", 1),
        |text| text.replacen("\"fuel\"", "\"fool\"", 1),
        |text| text.replacen("\"deny\":[]", "\"deny\":[{\"rule\":\"fs.raed:.\"}]", 1),
        |text| text.replacen("\"deny\":[]", "\"deny\":[{\"rule\":\"fs:.\"}]", 1),
        |text| text.replacen(",\"deny\":[]", "", 1),
        |text| text.replacen("[2001:db8::1]:5353", "localhost:53", 1),
        |text| text.replacen("sqlite_memory", "sqlite_nowhere", 1),
        |text| text + "{}",
    ];
    for (index, damage) in damages.into_iter().enumerate() {
        let error = text_with(damage).map(|text| text.is_some()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{index}: {error}");
    }
}

#[test]
fn the_longest_handover_is_read_and_a_longer_one_is_neither_sealed_nor_read() {
    let with_value = |length: u64| {
        let value = "x".repeat(usize::try_from(length).unwrap());
        Handover { variables: vec![("LONG".to_owned(), value)], ..handover(Policy::empty()) }
    };
    let frame = Text::of(&with_value(0)).unwrap().write().unwrap().len() as u64;
    assert!(with_value(MAX_BYTES - frame).seal().is_ok_and(|file| read(file.as_fd()).unwrap().is_some()));
    assert_eq!(with_value(MAX_BYTES - frame + 1).seal().unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    let mut text = Text::of(&with_value(MAX_BYTES - frame)).unwrap().write().unwrap();
    text.push(b' ');
    assert_eq!(read(sealed(&text, memory::SEALS).as_fd()).unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn what_has_no_text_form_is_not_handed_over() {
    let working_directory = OsStr::from_bytes(b"/\xff").into();
    assert!(Handover { working_directory, ..handover(Policy::empty()) }.seal().is_err());
}

#[test]
fn a_policy_that_was_narrowed_is_as_narrow_where_it_is_read() {
    let [wide, narrow] = [policy("fs.read:/a,time", "fs.read:/a/x"), policy("fs.read:/a/b,time", "fs.read:/a/b/y")];
    let sent = wide.attenuate(&narrow).attenuate(&policy("fs.read:/", ""));
    let read = read_back(&handover(sent.clone())).policy();
    assert_eq!((read.grants(), read.denies(), read.limits()), (sent.grants(), sent.denies(), sent.limits()));
    let layers =
        |policy: &Policy| -> Vec<_> { policy.layers().map(|layer| (layer.grants.len(), layer.denies.len())).collect() };
    assert_eq!((layers(&read), layers(&sent)), (layers(&sent), vec![(2, 1), (2, 1), (1, 0)]));
}

#[test]
fn a_session_of_it_decides_by_its_policy() {
    let folder = tempfile::tempdir().unwrap();
    let granted = policy("fs.write:./new.txt,env.read:A", "env.read:B");
    let handover = Handover { working_directory: folder.path().to_owned(), ..handover(granted) };
    let session = handover.builder(Box::new(|_| {})).build(HostAuthority::claim()).unwrap();
    assert_eq!(session.environment().list("test"), [("A".to_owned(), String::new())]);
    guest::fs::write_file(&session, "new.txt", b"new").unwrap();
    assert!(ambient::identity(&folder.path().join("new.txt"), HostAuthority::claim()).is_some());
}
