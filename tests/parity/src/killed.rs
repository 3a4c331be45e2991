//! PostgreSQL dies in the middle of scenarios: what comes after is errors, not hangs, through each front door; what was committed is
//! there when it is back, and what was not is not.

use std::thread;
use std::time::{Duration, Instant};

use caphost_cluster::{OBSTACLE, not_run};
use scenarios::Scenario;

use crate::compare::decisions;
use crate::databases::Engine;
use crate::doors::{Doors, Seen};
use crate::policies::{Middle, Setup};

/// Each scenario takes longer than this only if it hangs: no deadline of the host is as long.
const LONGEST: Duration = Duration::from_secs(90);

/// How many rows were under way when the server died is another number each time, and may be all.
const BUFFERED: &str = "database: rows after the middle";

#[test]
fn a_server_that_is_killed_gives_errors_and_no_hangs() -> anyhow::Result<()> {
    let doors = Doors::open()?;
    if !doors.has(Engine::Postgres) {
        return not_run("parity::a_server_that_is_killed", OBSTACLE);
    }
    let mut count = 0;
    for scenario in scenarios::through_sdk().filter(|scenario| scenario.uses_database && has_middle(scenario)) {
        let setup = Setup::killing(if scenario.waits { Middle::KillSoon } else { Middle::Kill });
        let native = in_time(scenario, || doors.native(scenario, &setup, Some(Engine::Postgres)))?;
        let wasm = in_time(scenario, || doors.wasm("sdk", scenario, &setup, Some(Engine::Postgres)))?;
        count += 1;
        if scenario.name == BUFFERED {
            continue;
        }
        // Which error a call meets depends on whether the death was noticed before it.
        assert_eq!(decisions(&native), decisions(&wasm), "{}", scenario.name);
        assert!(native.lines.iter().any(|line| line.contains(": error ")), "{}: {:#?}", scenario.name, native.lines);
        assert!(!native.lines.iter().any(|line| line.contains(": refused ")), "{}: {:#?}", scenario.name, native.lines);
    }
    assert!(count >= 5, "{count} scenarios have a middle");
    Ok(())
}

#[test]
fn what_was_committed_outlives_the_server() -> anyhow::Result<()> {
    let doors = Doors::open()?;
    if !doors.has(Engine::Postgres) {
        return not_run("parity::what_was_committed_outlives_the_server", OBSTACLE);
    }
    let of_name = |name: &str| scenarios::through_sdk().find(|scenario| scenario.name == name).expect("it is there");
    let killed = Setup::killing(Middle::Kill);
    for (name, titles) in [
        ("database: what is committed before the middle", ["first", "second", "alone", "together"].as_slice()),
        ("database: a transaction after the middle", &["first", "second"]),
    ] {
        let seen = doors.wasm("sdk", of_name(name), &killed, Some(Engine::Postgres))?;
        let notes: Vec<_> = seen.files.lines().filter(|line| line.starts_with("notes|")).collect();
        let kept: Vec<_> = notes.iter().filter_map(|line| line.rsplit('|').next()).collect();
        assert_eq!(kept, titles, "{name}: {:#?}", seen.lines);
    }
    Ok(())
}

/// Those that go on after their middle.
fn has_middle(scenario: &Scenario) -> bool {
    ["middle", "until the end"].iter().any(|part| scenario.name.contains(part))
}

/// The run, unless it hangs: then the test ends, and the run with it.
fn in_time(scenario: &Scenario, run: impl FnOnce() -> anyhow::Result<Seen> + Send) -> anyhow::Result<Seen> {
    thread::scope(|scope| {
        let (begin, running) = (Instant::now(), scope.spawn(run));
        while !running.is_finished() {
            if begin.elapsed() > LONGEST {
                println!("`{}` hangs after the server was killed", scenario.name);
                std::process::exit(1);
            }
            thread::sleep(Duration::from_millis(10));
        }
        running.join().expect("the run does not panic")
    })
}
