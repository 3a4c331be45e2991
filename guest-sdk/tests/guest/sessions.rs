//! Under which session a call is made.

use crate::support::{builder, folder, session};
use caphost_sdk::fs::{self, File};
use caphost_sdk::native::{HostAuthority, with_session};
use caphost_sdk::{ErrorKind, capabilities, db, http, net, websocket};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

#[test]
fn a_process_that_was_given_nothing_has_no_grants() {
    assert!(capabilities::list().is_empty());
    assert!(fs::read("data/report.csv").expect_err("a refusal").is_denied());
    assert!(fs::write("/tmp/caphost-sdk-test", "x").expect_err("a refusal").is_denied());
}

#[test]
fn sessions_nest_and_come_back() {
    let folder = folder();
    with_session(session(&folder, "random"), || {
        with_session(session(&folder, "time"), || assert_eq!(capabilities::list(), ["time.wall"]));
        assert_eq!(capabilities::list(), ["random"]);
    });
    assert!(capabilities::list().is_empty());
}

#[test]
fn a_panic_brings_the_session_before_back() {
    let folder = folder();
    with_session(session(&folder, "random"), || {
        let inner = session(&folder, "time");
        let outcome = catch_unwind(AssertUnwindSafe(|| with_session(inner, || panic!("within"))));
        assert!(outcome.is_err());
        assert_eq!(capabilities::list(), ["random"]);
    });
    assert!(capabilities::list().is_empty());
}

#[test]
fn a_session_holds_on_its_own_thread_only() {
    let folder = folder();
    with_session(session(&folder, "random"), || {
        thread::spawn(|| assert!(capabilities::list().is_empty())).join().expect("no panic");
        assert_eq!(capabilities::list(), ["random"]);
    });
}

#[test]
fn a_file_stays_with_the_session_that_it_was_opened_under() {
    let folder = folder();
    let session = session(&folder, "fs.read:./data");
    let mut file = with_session(Arc::clone(&session), || File::open("data/report.csv").expect("a file"));
    let mut text = String::new();
    file.read_to_string(&mut text).expect("text");
    assert_eq!((text.as_str(), file.metadata().expect("metadata").len()), ("name,count\n", 11));
    with_session(session, || capabilities::give_up("fs.read").expect("given up"));
    assert_eq!(file.metadata().expect_err("a refusal").kind(), ErrorKind::Revoked);
}

#[test]
fn who_is_told_of_a_refusal_may_ask_for_something() {
    let folder = folder();
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let (other, told) = (session(&folder, "random"), Arc::clone(&seen));
    let observer = move |refusal: &caphost_sdk::native::Refusal| {
        let inside = with_session(Arc::clone(&other), capabilities::list);
        told.lock().expect("no panic").push(format!("{refusal} {inside:?} {:?}", capabilities::list()));
    };
    let session =
        builder(&folder, "time").observer(Box::new(observer)).build(HostAuthority::claim()).expect("a session");
    with_session(Arc::new(session), || fs::read("data/report.csv").expect_err("a refusal"));
    assert_eq!(*seen.lock().expect("no panic"), ["`fs.read` denied: `data/report.csv` [\"random\"] [\"time.wall\"]"]);
}

#[test]
fn handles_and_errors_go_to_other_threads() {
    fn is_sent<T: Send + 'static>() {}
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<File>();
    is_shared::<fs::ReadDir>();
    is_shared::<net::TcpStream>();
    is_shared::<net::TcpListener>();
    is_shared::<net::UdpSocket>();
    is_shared::<http::Response>();
    is_shared::<http::BodyWriter>();
    is_shared::<websocket::Connection>();
    is_shared::<websocket::Listener>();
    is_shared::<db::Connection>();
    is_shared::<db::Statement>();
    is_sent::<db::Rows>();
    is_shared::<caphost_sdk::Error>();
}
