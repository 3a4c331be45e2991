//! `scenarios sdk NAME` and `scenarios std NAME` run one scenario and print what it wrote down.

use std::process::ExitCode;

use scenarios::{Record, Scenario};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [door, name] = arguments.as_slice() else {
        eprintln!("usage: scenarios sdk|std NAME");
        return ExitCode::FAILURE;
    };
    let mut found: Box<dyn Iterator<Item = &Scenario>> = match door.as_str() {
        "std" => Box::new(scenarios::through_std()),
        _ => Box::new(scenarios::through_sdk()),
    };
    let Some(scenario) = found.find(|scenario| scenario.name == *name) else {
        eprintln!("there is no scenario `{name}` through {door}");
        return ExitCode::FAILURE;
    };
    let mut record = Record::default();
    (scenario.run)(&mut record);
    record.lines().iter().for_each(|line| println!("{line}"));
    ExitCode::SUCCESS
}
