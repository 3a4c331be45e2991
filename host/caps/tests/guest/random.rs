//! Random numbers.

use super::support::Fixture;
use super::{denied, metered, refused};
use caphost_caps::guest::random::{self, Seeded};
use caphost_caps::guest::{Error, capabilities};
use caphost_policy::codes::Code;

#[test]
fn bytes_that_nobody_can_predict_are_granted_or_refused_and_never_faked() {
    let fixture = Fixture::new(&[], "random", "");
    let (one, other) = (random::bytes(&fixture.session, 32), random::bytes(&fixture.session, 32));
    assert_eq!(one.as_ref().map(Vec::len), Ok(32));
    assert_ne!(one, other);
    assert_ne!(random::number(&fixture.session), random::number(&fixture.session));
    let none = Fixture::new(&[], "core", "");
    assert_eq!(random::bytes(&none.session, 32), Err(denied("random", "", Code::NotGranted)));
    assert_eq!(random::number(&none.session), Err(denied("random", "", Code::NotGranted)));
    let records = ["caphost:host random.bytes random  deny", "caphost:host random.number random  deny"];
    assert_eq!(none.records(), records);
}

#[test]
fn what_was_given_up_is_refused_whether_it_was_used_before_or_not() {
    for first in [true, false] {
        let fixture = Fixture::new(&[], "random", "");
        assert!(!first || random::number(&fixture.session).is_ok(), "control");
        assert_eq!(capabilities::drop(&fixture.session, "random"), Ok(()));
        let revoked = || Error::Revoked(refused("random", "", Code::Revoked));
        assert_eq!(random::number(&fixture.session), Err(revoked()));
        assert_eq!(random::bytes(&fixture.session, 1), Err(revoked()));
        // Hash maps go on working: what may be predicted was never a secret.
        let mut seed = [1; 8];
        assert!(fixture.session.random().fill_insecure("test", &mut seed).is_ok());
        assert!(fixture.session.random().insecure_seed("test").is_ok());
    }
}

#[test]
fn a_quota_of_bytes_is_all_or_nothing() {
    let fixture = Fixture::with_policy(&[], metered("random", None, Some(10)));
    assert_eq!(random::number(&fixture.session).map(drop), Ok(()));
    assert_eq!(random::bytes(&fixture.session, 3), Err(Error::Quota(refused("random", "", Code::QuotaExhausted))));
    assert_eq!(random::bytes(&fixture.session, 2).map(|bytes| bytes.len()), Ok(2), "control");
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_takes_nothing() {
    assert_eq!(Seeded::new(0).number(), 0xe220_a839_7b1d_cdaf);
    assert_eq!(Seeded::new(7).bytes(100, 100), Seeded::new(7).bytes(100, 100));
    assert_ne!(Seeded::new(7).number(), Seeded::new(8).number());
    assert_eq!(Seeded::new(7).bytes(101, 100), Err(Error::TooLarge));
}
