//! The report for people: markdown, as it stands in docs/benchmarks.md.

use super::db::Statement;
use super::report::{Line, Means, Report, Unit};
use super::sdk::Call;

/// The whole report.
pub(super) fn markdown(report: &Report) -> String {
    let mut text = heading(report);
    text += "\n| row | native | `wasmtime run` | `caphost run` | caphost / wasmtime | caphost / native |\n";
    text += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
    for line in &report.rows {
        text += &row(line);
    }
    text += &mean_row(&report.means);
    if !report.bar.is_empty() {
        text += "\n| the bar | measured | |\n| --- | --- | --- |\n";
        for claim in &report.bar {
            text +=
                &format!("| {} | {} | {} |\n", claim.text, claim.found, if claim.holds { "holds" } else { "missed" });
        }
    }
    if !report.sdk.is_empty() {
        text += "\n| call | native: std | SDK | wasm: std | SDK | SDK / std, as wasm |\n";
        text += "| --- | ---: | ---: | ---: | ---: | ---: |\n";
        report.sdk.iter().for_each(|call| text += &call_row(call));
    }
    if !report.db.is_empty() {
        text += "\n| SQL on SQLite | native: rusqlite | SDK | wasm: SDK | wasm / rusqlite |\n";
        text += "| --- | ---: | ---: | ---: | ---: |\n";
        report.db.iter().for_each(|statement| text += &statement_row(statement));
    }
    text
}

fn call_row(call: &Call) -> String {
    let numbers = [call.native_std, call.native_sdk, call.wasm_std, call.wasm_sdk];
    let cells = numbers.map(|number| cell(number, Unit::Nanoseconds));
    format!("| {} | {} | {} |\n", call.title, cells.join(" | "), ratio(call.to_std()))
}

fn statement_row(statement: &Statement) -> String {
    let numbers = [statement.rusqlite, statement.native, statement.wasm];
    let cells = numbers.map(|number| cell(number, statement.unit));
    format!("| {} | {} | {} |\n", statement.title, cells.join(" | "), ratio(statement.to_rusqlite()))
}

fn heading(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "{}: {}, {} cores, {}; {}. Medians, rounds: {}.\n",
        report.date,
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.versions.join(", "),
        report.rounds,
    )
}

fn row(line: &Line) -> String {
    let [native, wasmtime, caphost] = [line.native, line.wasmtime, line.caphost].map(|number| cell(number, line.unit));
    let (to_wasmtime, to_native) = (ratio(line.to_wasmtime()), ratio(line.to_native()));
    format!("| {} | {native} | {wasmtime} | {caphost} | {to_wasmtime} | {to_native} |\n", line.title)
}

fn cell(number: Option<f64>, unit: Unit) -> String {
    number.map_or_else(|| "–".to_owned(), |number| amount(number, unit))
}

fn mean_row(means: &Means) -> String {
    let (wasmtime, caphost) = (means.wasmtime_to_native, means.caphost_to_native);
    let native = if caphost.is_some() { "1" } else { "–" };
    format!(
        "| geometric mean of the operations, native = 1 | {native} | {} | {} | {} | {} |\n",
        ratio(wasmtime),
        ratio(caphost),
        ratio(means.caphost_to_wasmtime),
        ratio(caphost),
    )
}

fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}"))
}

/// A number with three digits and its unit.
fn amount(number: f64, unit: Unit) -> String {
    let (scale, name) = match unit {
        Unit::Bytes => (1024.0 * 1024.0, "MiB"),
        Unit::Nanoseconds if number < 1e3 => (1.0, "ns"),
        Unit::Nanoseconds if number < 1e6 => (1e3, "µs"),
        Unit::Nanoseconds if number < 1e9 => (1e6, "ms"),
        Unit::Nanoseconds => (1e9, "s"),
    };
    let scaled = number / scale;
    let digits = if scaled < 10.0 { 2 } else { usize::from(scaled < 100.0) };
    format!("{scaled:.digits$} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits() {
        assert_eq!(amount(93.4, Unit::Nanoseconds), "93.4 ns");
        assert_eq!(amount(1_650.0, Unit::Nanoseconds), "1.65 µs");
        assert_eq!(amount(27_900_000.0, Unit::Nanoseconds), "27.9 ms");
        assert_eq!(amount(20.0 * 1024.0 * 1024.0, Unit::Bytes), "20.0 MiB");
    }
}
