//! The bar: what has to hold against `wasmtime run`.

use serde::Serialize;

use super::report::{Line, Means};

/// Something that we want to hold.
#[derive(Serialize)]
pub(super) struct Claim {
    /// What.
    pub(super) text: String,
    /// What was measured.
    pub(super) found: String,
    /// Whether it holds.
    pub(super) holds: bool,
}

/// The most of wasmtime's time that the mean over all operations may take.
const MEAN: f64 = 0.40;
/// How many times faster a small write has to be.
const SMALL_WRITE: f64 = 20.0;

/// How many times faster requests on a kept connection have to be.
const KEPT_ALIVE: f64 = 3.0;

/// The claims that the measured rows allow to judge.
pub(super) fn claims(rows: &[Line], means: &Means) -> Vec<Claim> {
    let timed = || rows.iter().filter(|line| line.name != "hello-memory");
    let ratio_of = |name| timed().find(|line| line.name == name).and_then(Line::to_wasmtime);
    let slower: Vec<_> =
        timed().filter(|line| line.to_wasmtime().is_some_and(|ratio| ratio >= 1.0)).map(|line| line.name).collect();
    let mut claims = Vec::new();
    if timed().any(|line| line.to_wasmtime().is_some()) {
        claims.push(Claim {
            text: "faster than `wasmtime run` on every row".into(),
            found: if slower.is_empty() { "on all".into() } else { format!("not on {}", slower.join(", ")) },
            holds: slower.is_empty(),
        });
    }
    claims.extend(means.caphost_to_wasmtime.map(|mean| Claim {
        text: format!("geometric mean at most {MEAN:.2} of its time"),
        found: format!("{mean:.2}"),
        holds: mean <= MEAN,
    }));
    claims.extend(ratio_of("write-64").map(|ratio| Claim {
        text: format!("small writes at least {SMALL_WRITE:.0} times faster"),
        found: format!("{:.1} times", ratio.recip()),
        holds: ratio.recip() >= SMALL_WRITE,
    }));
    claims.extend(ratio_of("http-kept-alive").map(|ratio| Claim {
        text: format!("HTTP requests at least {KEPT_ALIVE:.0} times faster"),
        found: format!("{:.1} times", ratio.recip()),
        holds: ratio.recip() >= KEPT_ALIVE,
    }));
    claims.extend(ratio_of("hello").map(|ratio| Claim {
        text: "start of `hello` from a warm cache no slower".into(),
        found: format!("{ratio:.2} of its time"),
        holds: ratio <= 1.0,
    }));
    claims
}

#[cfg(test)]
mod tests {
    use super::super::report::Unit;
    use super::*;

    fn line(name: &'static str, wasmtime: f64, caphost: f64) -> Line {
        let (wasmtime, caphost) = (Some(wasmtime), Some(caphost));
        Line { name, title: name, unit: Unit::Nanoseconds, is_operation: true, native: None, wasmtime, caphost }
    }

    #[test]
    fn each_claim_is_judged_by_its_own_row() {
        let means = Means { caphost_to_wasmtime: Some(0.41), caphost_to_native: None, wasmtime_to_native: None };
        let judged = claims(&[line("write-64", 20.0, 1.0), line("hello", 1.0, 2.0)], &means);
        let holds: Vec<_> = judged.iter().map(|claim| claim.holds).collect();
        assert_eq!(holds, [false, false, true, false]);
    }
}
