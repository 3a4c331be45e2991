//! Clocks, and arithmetic with times.

use crate::support::{folder, session, under};
use caphost_sdk::ErrorKind;
use caphost_sdk::native::with_session;
use caphost_sdk::time::{self, Duration, Instant, SystemTime, UNIX_EPOCH};
use proptest::prelude::*;

#[test]
fn deterministic_time_starts_at_zero_and_moves_by_what_is_slept() {
    let folder = folder();
    with_session(session(&folder, ""), || {
        let start = Instant::now().expect("a reading");
        assert_eq!(start.elapsed(), Ok(Duration::from_micros(1)));
        time::sleep(Duration::from_millis(3)).expect("slept");
        assert_eq!(start.elapsed(), Ok(Duration::from_micros(3_002)));
        assert_eq!(time::resolution(), Duration::from_micros(1));
    });
}

#[test]
fn real_time_goes_on() {
    under("time", || {
        let start = Instant::now()?;
        time::sleep(Duration::from_millis(3))?;
        assert!(start.elapsed()? >= Duration::from_millis(3));
        let now = std::time::SystemTime::try_from(SystemTime::now()?)?;
        assert!(now.elapsed()? < Duration::from_secs(60));
        Ok(())
    });
}

#[test]
fn instants_are_compared_and_moved() {
    let folder = folder();
    with_session(session(&folder, ""), || {
        let (one, other) = (Instant::now().expect("a reading"), Instant::now().expect("a reading"));
        assert!(one < other);
        assert_eq!((other - one, one - other), (Duration::from_micros(1), Duration::ZERO));
        assert_eq!(
            (other.checked_duration_since(one), one.checked_duration_since(other)),
            (Some(Duration::from_micros(1)), None)
        );
        let mut moved = one + Duration::from_secs(2);
        moved -= Duration::from_secs(1);
        moved += Duration::from_secs(3);
        assert_eq!(moved - one, Duration::from_secs(4));
        assert_eq!(one.checked_sub(Duration::MAX), None);
        assert_eq!((one + Duration::from_secs(1)).checked_add(Duration::MAX), None);
    });
}

#[test]
fn the_order_of_two_times_is_an_error_and_not_a_negative_duration() {
    let later = UNIX_EPOCH + Duration::from_nanos(1);
    assert_eq!(later.duration_since(UNIX_EPOCH), Ok(Duration::from_nanos(1)));
    assert_eq!(UNIX_EPOCH.duration_since(later).expect_err("the wrong order").kind(), ErrorKind::InvalidInput);
    assert_eq!(UNIX_EPOCH.checked_add(Duration::MAX), None);
    assert_eq!(UNIX_EPOCH.checked_sub(Duration::MAX), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_are_reckoned_as_std_reckons(
        start in -10_000_000_000_i64..10_000_000_000,
        nanoseconds in 0..1_000_000_000_u32,
        step in 0..20_000_000_000_u64,
        step_nanoseconds in 0..1_000_000_000_u32,
    ) {
        let step = Duration::new(step, step_nanoseconds);
        let base = Duration::new(start.unsigned_abs(), nanoseconds);
        let theirs = if start < 0 { std::time::UNIX_EPOCH - base } else { std::time::UNIX_EPOCH + base };
        let ours = if start < 0 { UNIX_EPOCH - base } else { UNIX_EPOCH + base };
        prop_assert_eq!(SystemTime::try_from(theirs), Ok(ours));
        prop_assert_eq!(std::time::SystemTime::try_from(ours), Ok(theirs));
        prop_assert_eq!(SystemTime::try_from(theirs + step), Ok(ours + step));
        prop_assert_eq!(SystemTime::try_from(theirs - step), Ok(ours - step));
        prop_assert_eq!((ours + step).duration_since(ours), Ok(step));
        prop_assert_eq!((ours + step > ours, ours == ours - step), (step > Duration::ZERO, step == Duration::ZERO));
    }
}
