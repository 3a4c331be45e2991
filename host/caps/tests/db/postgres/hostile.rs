//! A server that wants the host's memory, or its stack.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test fails by panic, and has a server of its own"
)]

use super::connecting::{lets_in, message};
use super::world::{World, count, query, settings, soon};
use crate::support::policy;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::{Error, db};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// How much it says at most: the test ends even where nobody stops it.
const MUCH: usize = 256 << 20;

/// How much may be on the way when it is stopped.
const LITTLE: usize = 64 << 20;

/// Answers each of the host's first messages, and then floods. How much it could say, and how the opening went.
async fn flooded(answers: Vec<Vec<u8>>, flood: Vec<u8>) -> (usize, Option<Error>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://ann@127.0.0.1:{}/app", listener.local_addr().unwrap().port());
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        for answer in answers {
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(&answer).await;
        }
        let mut said = 0;
        while said < MUCH && stream.write_all(&flood).await.is_ok() {
            said += flood.len();
        }
        said
    };
    let session = Session::builder(policy("db", "")).databases(settings(&url)).build(HostAuthority::claim()).unwrap();
    let (said, opened) = soon(async { tokio::join!(serving, db::open(&session, "main")) }).await;
    (said, opened.err())
}

#[tokio::test]
async fn what_a_server_says_without_being_asked_is_bounded() {
    let notice = message(b'N', &[b"SERROR\0C00000\0M".as_slice(), &[b'x'; 60_000], b"\0\0"].concat());
    let setting = message(b'S', &[b"name\0".as_slice(), &[b'x'; 2_000], b"\0"].concat());
    let row = message(b'D', &[[0, 1].as_slice(), &60_000_u32.to_be_bytes(), &[b'x'; 60_000]].concat());
    let good = ["pg_catalog, pg_temp", "on", "on", "UTF8"];
    let in_and_ready = [lets_in(good), vec![[message(b'C', b"SET\0"), message(b'Z', b"I")].concat()]].concat();
    let is_let_in = message(b'R', &[0; 4]);
    let is_asked = lets_in(good).remove(0);
    for (when, answers, flood, opens) in [
        ("before the login", vec![is_let_in.clone()], notice, false),
        ("before the login", vec![is_let_in], setting.clone(), false),
        ("in the first answer", vec![is_asked, Vec::new()], row, false),
        ("while nothing is asked", in_and_ready, setting, true),
    ] {
        let (said, error) = flooded(answers, flood.repeat(16)).await;
        assert!(said < LITTLE, "{when}: {said}");
        match error {
            None => assert!(opens, "{when}"),
            Some(error) => assert!(!opens && matches!(error, Error::Io(_)), "{when}: {error:?}"),
        }
    }
}

/// The driver looks up what a type is made of, one within the other.
#[tokio::test]
async fn a_type_that_is_made_of_thousands_is_refused() {
    let Some(world) = World::new("postgres::hostile::types", "db", "") else { return };
    world.ask(
        "do $$ begin create domain d0 as int;
         for n in 1..1100 loop execute format('create domain d%s as d%s', n, n - 1); end loop; end $$;
         create table deep (x d1100[]); create table flat (x d20[])",
    );
    let connection = world.open().await;
    assert!(query(&connection, "select x from flat").await.is_ok(), "control");
    assert_eq!(query(&connection, "select x from deep").await.err(), Some(Error::TooLarge));
    assert_eq!(count(&connection).await, Ok(3), "another connection is made");
}
