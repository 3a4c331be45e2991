//! Who the host speaks with, and as whom.

#![expect(clippy::unwrap_used, reason = "a test fails by panic")]

use super::world::{World, count, query, soon};
use crate::support::policy;
use crate::world::sql_code;
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::guest::Error;
use caphost_caps::guest::db;
use caphost_cluster::{Certificate, Options};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const ROLE: &str =
    "create role keeper login in role scram password 'hunter2'; grant all on all tables in schema public to keeper;";

fn reason<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Io(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn who_has_the_password_gets_in_and_who_has_not_does_not() {
    let Some(cluster) = caphost_cluster::shared("postgres::connecting::password") else { return };
    for (password, gets_in) in [("hunter2", true), ("hunter3", false), ("", false)] {
        let outside = cluster.create_database(super::world::TABLES).unwrap();
        outside
            .sql(&format!(
                "do $$ begin if not exists (select from pg_roles where rolname = 'keeper') then {} end if; end $$",
                "create role keeper login in role scram password 'hunter2';"
            ))
            .unwrap();
        outside.sql(ROLE.split_once(';').unwrap().1).unwrap();
        let url = outside.url_with_password("keeper", password);
        let world = World::at(cluster.clone(), outside, &url, policy("db", ""));
        match soon(db::open(&world.session, "main")).await {
            Ok(connection) => assert_eq!((gets_in, count(&connection).await), (true, Ok(3))),
            refused => {
                assert!(!gets_in, "{refused:?}");
                let message = reason(refused.map(drop));
                assert!(!message.contains("keeper") && !message.contains("hunter"), "{message}");
            }
        }
        world.ask("drop owned by keeper");
    }
}

#[tokio::test]
async fn a_socket_of_this_host_is_a_way_too() {
    let Some(cluster) = caphost_cluster::shared("postgres::connecting::socket") else { return };
    let outside = cluster.create_database(super::world::TABLES).unwrap();
    let url = outside.socket_url();
    let world = World::at(cluster.clone(), outside, &url, policy("db", ""));
    assert_eq!(count(&world.open().await).await, Ok(3));
}

#[tokio::test]
async fn what_the_role_may_not_the_guest_may_not_whatever_is_granted() {
    let Some(cluster) = caphost_cluster::shared("postgres::connecting::role") else { return };
    let outside = cluster.create_database(super::world::TABLES).unwrap();
    outside
        .sql("create role narrow login; grant select on notes to narrow; alter role narrow set search_path = public")
        .unwrap();
    let url = outside.url_as("narrow");
    let world = World::at(cluster.clone(), outside, &url, policy("db", ""));
    let connection = world.open().await;
    assert_eq!(count(&connection).await, Ok(3), "control");
    assert_eq!(sql_code(query(&connection, "select word from secrets").await), "42501");
    drop(connection);
    world.ask("drop owned by narrow; drop role narrow");
}

/// Settings of the role or the database do not move the walls that the host puts up.
#[tokio::test]
async fn settings_of_a_database_do_not_loosen_those_of_the_host() {
    let Some(world) = World::new("postgres::connecting::settings", "db.read:main", "") else { return };
    let name = world.outside.name();
    world.ask(&format!(
        "alter database {name} set search_path = public; alter database {name} set default_transaction_read_only = off"
    ));
    world.ask("create function public.upper(varchar) returns text language sql as 'select ''mine''::text'");
    world.ask("create function public.writes() returns int language sql security definer as 'insert into public.notes (id, title) values (77, ''s'') returning id'");
    world.ask("create view sly as select writes() as id; create table words as select 'x'::varchar as word");
    let connection = world.open().await;
    assert_eq!(sql_code(query(&connection, "select id from sly").await), "25006");
    let upper = query(&connection, "select upper(word) from words").await.unwrap();
    assert_eq!(upper.rows, [[crate::world::text("X")]], "the server's own function");
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        params.distinguished_name.push(DnType::CommonName, format!("{:?}", key.public_key_raw()));
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn certificate(&self, name: &str) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        Certificate { chain: certificate.pem(), key: key.serialize_pem() }
    }

    #[expect(clippy::disallowed_methods, reason = "the operator's own file")]
    fn file(&self, folder: &TempDir) -> String {
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, self.0.pem()).unwrap();
        path.display().to_string()
    }
}

#[tokio::test]
async fn over_tls_the_host_speaks_only_with_who_it_wanted() {
    let (authority, other, folder) = (Authority::new(), Authority::new(), TempDir::new().unwrap());
    let options = Options { certificate: Some(authority.certificate("localhost")), ..Options::default() };
    let Some(cluster) = caphost_cluster::own("postgres::connecting::tls", &options) else { return };
    let cluster = Arc::new(cluster);
    let (trusted, other_folder) = (authority.file(&folder), TempDir::new().unwrap());
    let distrusted = other.file(&other_folder);
    for (host, roots, expected) in [
        ("localhost", Some(&trusted), None),
        ("127.0.0.1", Some(&trusted), Some("the certificate is for another name")),
        ("localhost", Some(&distrusted), Some("nobody whom the host trusts has signed the certificate")),
        ("localhost", None, Some("nobody whom the host trusts has signed the certificate")),
    ] {
        let outside = cluster.create_database(super::world::TABLES).unwrap();
        let roots = roots.map(|roots| format!("&sslrootcert={roots}")).unwrap_or_default();
        let url = format!("{}?sslmode=verify-full{roots}", outside.url().replace("127.0.0.1", host));
        let world = World::at(Arc::clone(&cluster), outside, &url, policy("db", ""));
        match expected {
            None => {
                let connection = world.open().await;
                let encrypted = "select ssl from pg_stat_ssl join pg_stat_activity using (pid)
                    where application_name = 'caphost' and datname = current_database()";
                assert_eq!((count(&connection).await, world.ask(encrypted).as_str()), (Ok(3), "t"));
            }
            Some(why) => {
                let message = reason(soon(db::open(&world.session, "main")).await.map(drop));
                assert!(message.contains(why), "{message}");
            }
        }
    }
}

#[tokio::test]
async fn a_server_without_tls_gets_nothing_where_tls_is_wanted() {
    let Some(cluster) = caphost_cluster::shared("postgres::connecting::no_tls") else { return };
    let outside = cluster.create_database(super::world::TABLES).unwrap();
    let url = format!("{}?sslmode=verify-full", outside.url());
    let world = World::at(cluster.clone(), outside, &url, policy("db", ""));
    let message = reason(soon(db::open(&world.session, "main")).await.map(drop));
    assert!(message.contains("does not speak TLS"), "{message}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_told() {
    let Some(cluster) = caphost_cluster::shared("postgres::connecting::absent") else { return };
    let outside = cluster.create_database("").unwrap();
    let url = outside.url().replace(outside.name(), "absent");
    let world = World::at(cluster.clone(), outside, &url, policy("db", ""));
    let message = reason(soon(db::open(&world.session, "main")).await.map(drop));
    assert!(message.contains("does not have it"), "{message}");
}

/// A message of a server.
pub(super) fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag], length.to_be_bytes().as_slice(), body].concat()
}

/// What lets a client in, and answers its first question with these settings.
pub(super) fn lets_in(settings: [&str; 4]) -> Vec<Vec<u8>> {
    let ready = message(b'Z', b"I");
    let column = |name: &str| [name.as_bytes(), &[0; 7], &[0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 0]].concat();
    let columns = [4_u16.to_be_bytes().to_vec(), settings.map(|_| column("x")).concat()].concat();
    let value = |text: &str| [u32::try_from(text.len()).unwrap().to_be_bytes().as_slice(), text.as_bytes()].concat();
    let row = [4_u16.to_be_bytes().to_vec(), settings.map(value).concat()].concat();
    let key = message(b'K', &[0; 8]);
    let answer = [message(b'T', &columns), message(b'D', &row), message(b'C', b"SELECT 1\0"), ready.clone()];
    vec![[message(b'R', &[0; 4]), key, ready].concat(), answer.concat()]
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test's own server")]
async fn what_is_no_server_of_postgresql_is_told_and_makes_no_panic() {
    let good = ["pg_catalog, pg_temp", "on", "on", "UTF8"];
    for (says, why) in [
        (vec![], Some("cannot be reached")),
        (vec![b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()], Some("cannot be reached")),
        (vec![message(b'R', &[0, 0, 0, 99])], Some("cannot be reached")),
        (vec![message(b'R', &[])], Some("cannot be reached")),
        (vec![message(b'D', &[255; 8])], Some("cannot be reached")),
        (vec![message(b'Z', b"I")], Some("cannot be reached")),
        (vec![vec![b'R', 0, 0, 0, 0]], Some("cannot be reached")),
        (vec![vec![b'E', 0x7f, 255, 255, 255]], Some("cannot be reached")),
        (lets_in(["public", "on", "on", "UTF8"]), Some("does not hand the host's settings on")),
        (lets_in(["pg_catalog, pg_temp", "off", "on", "UTF8"]), Some("does not hand the host's settings on")),
        (lets_in(good), None),
    ] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://ann@127.0.0.1:{}/app", listener.local_addr().unwrap().port());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 1024];
            for said in says {
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(&said).await;
            }
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut buffer).await;
        });
        let session = Session::builder(policy("db", "")).databases(super::world::settings(&url));
        let session = session.build(HostAuthority::claim()).unwrap();
        let opened = soon(db::open(&session, "main")).await;
        match why {
            Some(why) => {
                let message = reason(opened.map(drop));
                assert!(message.contains(why), "{message}");
            }
            None => {
                let connection = opened.expect("control");
                assert!(query(&connection, "select 1").await.is_err(), "it says nothing more");
            }
        }
        served.abort();
    }
}
