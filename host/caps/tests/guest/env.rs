//! Environment variables.

use super::support::Fixture;
use super::{denied, refused, support};
use caphost_caps::Session;
use caphost_caps::ambient::HostAuthority;
use caphost_caps::env::{MAX_NAME_BYTES, MAX_SET_BYTES, MAX_SET_VARIABLES};
use caphost_caps::guest::{Error, capabilities, env};
use caphost_policy::codes::Code;

/// A session with two given variables.
fn session(allow: &str) -> Session {
    let builder = Session::builder(support::policy(allow, ""));
    builder.variable("APP_A", "1").variable("APP_B", "2").build(HostAuthority::claim()).expect("a session")
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

#[test]
fn a_variable_is_read_by_a_name_that_is_granted() {
    let session = session("env.read:APP_A,env.read:NOT_SET");
    assert_eq!(env::get(&session, "APP_A"), Ok(text("1")));
    assert_eq!(env::get(&session, "NOT_SET"), Ok(None));
    assert_eq!(env::get(&session, "APP_B"), Err(denied("env.read", "APP_B", Code::NoGrantCovers)));
    assert_eq!(env::list(&session), pairs(&[("APP_A", "1")]), "what is not granted is not there");
}

#[test]
fn a_request_by_name_is_recorded_whether_there_is_such_a_variable_or_not() {
    let fixture = Fixture::new(&[], "env.read:APP_*", "");
    assert_eq!(env::get(&fixture.session, "APP_NONE"), Ok(None));
    assert_eq!(env::get(&fixture.session, "SECRET"), Err(denied("env.read", "SECRET", Code::NoGrantCovers)));
    assert_eq!(env::set(&fixture.session, "APP_A", "1"), Err(denied("env.write", "APP_A", Code::NotGranted)));
    assert_eq!(env::remove(&fixture.session, "APP_A"), Err(denied("env.write", "APP_A", Code::NotGranted)));
    assert_eq!(fixture.last_refusal().remedy.to_string(), "--allow env.write:APP_A");
    assert_eq!(fixture.refusals(), 3);
    let records = [
        "caphost:host env.get env.read APP_NONE allow",
        "caphost:host env.get env.read SECRET deny",
        "caphost:host env.set env.write APP_A deny",
        "caphost:host env.remove env.write APP_A deny",
    ];
    assert_eq!(fixture.records(), records);
}

#[test]
fn what_a_guest_sets_and_removes_is_seen_by_every_way_of_reading() {
    let session = session("env.read:APP_*,env.write:APP_*");
    assert_eq!(env::set(&session, "APP_A", "new"), Ok(()));
    assert_eq!(env::set(&session, "APP_C", ""), Ok(()));
    assert_eq!(env::remove(&session, "APP_B"), Ok(()));
    assert_eq!(env::remove(&session, "APP_NONE"), Ok(()), "none of that name is no error");
    assert_eq!(env::get(&session, "APP_A"), Ok(text("new")));
    assert_eq!(env::get(&session, "APP_B"), Ok(None));
    assert_eq!(env::get(&session, "APP_C"), Ok(text("")));
    let expected = pairs(&[("APP_A", "new"), ("APP_C", "")]);
    assert_eq!(env::list(&session), expected);
    assert_eq!(session.environment().list("wasi:cli get-environment"), expected);
    assert_eq!(env::remove(&session, "APP_C"), Ok(()));
    assert_eq!(env::set(&session, "APP_B", "back"), Ok(()));
    assert_eq!(env::list(&session), pairs(&[("APP_A", "new"), ("APP_B", "back")]));
}

#[test]
fn the_process_of_the_host_is_never_changed() {
    let session = session("env");
    assert_eq!(env::set(&session, "CAPHOST_TEST_ONLY", "1"), Ok(()));
    assert_eq!(env::remove(&session, "PATH"), Ok(()));
    let host = caphost_caps::ambient::environment(HostAuthority::claim());
    assert!(!host.iter().any(|(name, _)| name == "CAPHOST_TEST_ONLY"));
    assert!(host.iter().any(|(name, _)| name == "PATH"), "control");
    assert_eq!(env::get(&session, "PATH"), Ok(None));
}

#[test]
fn what_is_set_is_read_back_only_where_that_is_granted() {
    let session = session("env.write:OUT");
    assert_eq!(env::set(&session, "OUT", "1"), Ok(()), "control");
    assert_eq!(env::get(&session, "OUT"), Err(denied("env.read", "OUT", Code::NotGranted)));
    assert_eq!(env::list(&session), Vec::new());
}

#[test]
fn a_name_or_value_that_posix_does_not_have_is_no_variable() {
    let session = session("env");
    for name in ["", "A=B", "A\0"] {
        assert!(matches!(env::set(&session, name, ""), Err(Error::InvalidInput(_))), "{name:?}");
        assert!(matches!(env::remove(&session, name), Err(Error::InvalidInput(_))), "{name:?}");
    }
    assert!(matches!(env::set(&session, "A", "\0"), Err(Error::InvalidInput(_))));
    assert_eq!(env::set(&session, "A B", "=\n"), Ok(()), "control");
    let longest = "A".repeat(MAX_NAME_BYTES);
    assert_eq!(env::set(&session, &longest, ""), Ok(()));
    assert_eq!(env::get(&session, &longest), Ok(text("")));
    let longer = "A".repeat(MAX_NAME_BYTES + 1);
    assert!(matches!(env::set(&session, &longer, ""), Err(Error::InvalidInput(_))));
    assert!(matches!(env::get(&session, &longer), Err(Error::InvalidInput(_))));
}

#[test]
fn a_guest_makes_the_host_keep_so_many_variables_and_no_more() {
    let session = session("env");
    for index in 0..MAX_SET_VARIABLES {
        assert_eq!(env::set(&session, &format!("V{index}"), ""), Ok(()), "{index}");
    }
    assert_eq!(env::set(&session, "MORE", ""), Err(Error::TooLarge));
    assert_eq!(env::set(&session, "V0", "again"), Ok(()), "one that is set can be set again");
    assert_eq!(env::remove(&session, "V1"), Ok(()));
    assert_eq!(env::set(&session, "MORE", ""), Ok(()), "one in the place of another");
}

#[test]
fn a_guest_makes_the_host_keep_so_many_bytes_and_no_more() {
    let session = session("env");
    let most = "v".repeat(MAX_SET_BYTES - 2);
    assert_eq!(env::set(&session, "A", &format!("{most}vv")), Err(Error::TooLarge));
    assert_eq!(env::set(&session, "A", &format!("{most}v")), Ok(()));
    assert_eq!(env::set(&session, "B", ""), Err(Error::TooLarge), "a name counts");
    assert_eq!(env::set(&session, "A", &most), Ok(()), "what is replaced does not count");
    assert_eq!(env::set(&session, "B", ""), Ok(()));
}

#[test]
fn what_is_given_up_is_not_there_and_nobody_is_told_of_it_by_a_listing() {
    let fixture = Fixture::new(&[], "env", "");
    assert_eq!(env::set(&fixture.session, "A", "1"), Ok(()));
    assert_eq!(capabilities::drop(&fixture.session, "env.read"), Ok(()));
    assert_eq!(env::list(&fixture.session), Vec::new());
    assert_eq!(fixture.refusals(), 0);
    assert_eq!(env::get(&fixture.session, "A"), Err(Error::Revoked(refused("env.read", "A", Code::Revoked))));
    assert_eq!(env::set(&fixture.session, "A", "2"), Ok(()), "control: the other grant stands");
}

#[test]
fn a_name_that_was_given_twice_is_there_once() {
    let builder = Session::builder(support::policy("env", "")).variable("APP_A", "1").variable("APP_A", "2");
    let session = builder.build(HostAuthority::claim()).expect("a session");
    let named = || env::list(&session).into_iter().filter(|(name, _)| name == "APP_A").collect::<Vec<_>>();
    assert_eq!(named(), pairs(&[("APP_A", "2")]));
    assert_eq!(env::remove(&session, "APP_A"), Ok(()));
    assert_eq!(named(), pairs(&[]));
}
