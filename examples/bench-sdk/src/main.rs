//! Times the calls of caphost-sdk beside those of std that do the same: the rows come in pairs, `sdk.NAME` and `std.NAME`.

mod pairs;

use std::io;
use std::process::ExitCode;

use bench::Row;
use bench::measure::Operation;

/// In the order of the table.
const ROWS: &[Row] = &[
    Row { name: "sdk.read-1k", prepare: pairs::sdk::read_whole },
    Row { name: "std.read-1k", prepare: pairs::through_std::read_whole },
    Row { name: "sdk.read-64", prepare: |directory| pairs::sdk::read_pieces(directory, 64) },
    Row { name: "std.read-64", prepare: |directory| pairs::through_std::read_pieces(directory, 64) },
    Row { name: "sdk.read-64k", prepare: |directory| pairs::sdk::read_pieces(directory, 64 << 10) },
    Row { name: "std.read-64k", prepare: |directory| pairs::through_std::read_pieces(directory, 64 << 10) },
    Row { name: "sdk.env-var", prepare: pairs::sdk::variable },
    Row { name: "std.env-var", prepare: pairs::through_std::variable },
    Row { name: "sdk.now", prepare: |_| Ok(now()) },
    Row { name: "std.now", prepare: |_| Ok(std_now()) },
    Row { name: "sdk.random-32", prepare: |_| Ok(random()) },
];

fn main() -> ExitCode {
    bench::main(ROWS)
}

fn now() -> Operation {
    Box::new(|| {
        std::hint::black_box(caphost_sdk::time::Instant::now()?);
        Ok(())
    })
}

fn std_now() -> Operation {
    Box::new(|| {
        std::hint::black_box(std::time::Instant::now());
        Ok(())
    })
}

fn random() -> Operation {
    let mut buffer = [0; 32];
    Box::new(move || caphost_sdk::random::fill(&mut buffer).map_err(io::Error::from))
}
