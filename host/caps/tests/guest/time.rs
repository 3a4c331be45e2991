//! Clocks, and waiting.

use super::support::Fixture;
use super::{denied, refused};
use caphost_caps::guest::{Error, capabilities, time};
use caphost_policy::codes::Code;
use std::time::Duration;

const MILLISECOND: u64 = 1_000_000;

#[tokio::test]
async fn without_a_grant_time_is_the_same_in_each_run_and_the_date_is_refused() {
    let fixture = Fixture::new(&[], "core", "");
    let session = &fixture.session;
    assert_eq!(time::now(session), Err(denied("time.wall", "", Code::NotGranted)));
    assert_eq!(time::resolution(session), 1_000);
    assert_eq!((time::monotonic(session), time::monotonic(session)), (Ok(0), Ok(1_000)));
    assert_eq!(time::sleep(session, 5 * MILLISECOND).await, Ok(()));
    assert_eq!(time::monotonic(session), Ok(2_000 + 5 * MILLISECOND), "it moves on by as much");
    assert_eq!(time::sleep(session, 1).await, Ok(()));
    assert_eq!(time::monotonic(session), Ok(3_001 + 5 * MILLISECOND));
    assert_eq!(fixture.records(), ["caphost:host time.now time.wall  deny"], "what is deterministic takes nothing");
}

#[tokio::test]
async fn with_a_grant_time_is_that_of_the_host() {
    let fixture = Fixture::new(&[], "time", "");
    let session = &fixture.session;
    assert!(time::now(session).is_ok_and(|now| now > Duration::from_secs(1_700_000_000)));
    assert_eq!(time::resolution(session), 1);
    fixture.hand.advance(Duration::from_nanos(42));
    assert_eq!((time::monotonic(session), time::monotonic(session)), (Ok(42), Ok(42)));
    assert_eq!(time::sleep(session, MILLISECOND).await, Ok(()));
    assert_eq!(fixture.records(), ["caphost:host time.now time.wall  allow"], "asked once");
}

#[tokio::test]
async fn a_clock_that_was_real_does_not_become_a_deterministic_one() {
    // Given up after the first use, and before it.
    for first in [true, false] {
        let fixture = Fixture::new(&[], "time", "");
        let session = &fixture.session;
        assert!(!first || time::monotonic(session).is_ok(), "control");
        assert_eq!(capabilities::drop(session, "time.wall"), Ok(()));
        let revoked = || Error::Revoked(refused("time.wall", "", Code::Revoked));
        for _ in 0..2 {
            assert_eq!(time::monotonic(session), Err(revoked()));
        }
        assert_eq!(time::now(session), Err(revoked()));
        assert_eq!(time::sleep(session, 1).await, Err(revoked()));
    }
}

#[tokio::test]
async fn a_sleep_that_is_cancelled_moves_no_time() {
    let fixture = Fixture::new(&[], "core", "");
    let sleep = time::sleep(&fixture.session, u64::MAX);
    assert!(tokio::time::timeout(Duration::from_millis(20), sleep).await.is_err(), "control: it waits in real time");
    assert_eq!(time::monotonic(&fixture.session), Ok(0));
}

#[tokio::test]
async fn a_sleep_ends_when_its_clock_is_taken_away() {
    let fixture = Fixture::new(&[], "time", "");
    let (session, revoker) = (&fixture.session, fixture.session.revoker());
    let revoke = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        revoker.revoke_all();
    };
    let long = time::sleep(session, 60_000 * MILLISECOND);
    let (slept, ()) = tokio::join!(tokio::time::timeout(Duration::from_secs(10), long), revoke);
    assert_eq!(slept, Ok(Err(Error::Revoked(refused("time.wall", "", Code::Revoked)))));
}
