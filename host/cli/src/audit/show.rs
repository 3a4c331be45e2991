//! `caphost audit show`.

use super::files::LogFiles;
use super::filter::Filter;
use super::plot::Plot;
use super::summary::Summary;
use super::verify::started;
use crate::args::AuditShowArguments;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output;
use crate::report::{Message, Reporter, json_line};
use caphost::audit_log::{Content, Decision, End, Header, Line, Record};
use caphost::policy::visible::escape;
use std::fmt::Write;

/// Text that is printed at once.
const MAX_HELD_BYTES: usize = 1 << 16;

/// Prints what is in a log, as far as its chain holds.
pub(super) fn show(arguments: &AuditShowArguments, reporter: Reporter) -> Result<Exit, Failure> {
    let filter = Filter::of(arguments)?;
    let mut view = View::of(arguments);
    let mut printed = Ok(());
    let read = LogFiles::find(&arguments.files).and_then(|files| {
        files.read(|line, text| {
            if printed.is_ok() {
                printed = view.add(line, text, &filter);
            }
        })
    });
    printed?;
    output::print(&view.end(arguments))?;
    match read {
        Ok(_) => Ok(Exit::Success),
        Err(problem) => {
            let hint = "`caphost audit verify` says whether the rest is to be believed";
            reporter.tell(&Message::new(problem.to_string()).hint(hint));
            Ok(Exit::No)
        }
    }
}

/// What the records become.
enum View {
    Lines(String),
    Json(String),
    Summary(Summary),
    Plot(Plot),
}

impl View {
    fn of(arguments: &AuditShowArguments) -> Self {
        match (arguments.summary, arguments.plot, arguments.json) {
            (true, ..) => Self::Summary(Summary::default()),
            (_, true, _) => Self::Plot(Plot::default()),
            (.., true) => Self::Json(String::new()),
            _ => Self::Lines(String::new()),
        }
    }

    fn add(&mut self, line: &Line<'_>, text: &[u8], filter: &Filter<'_>) -> anyhow::Result<()> {
        let record = match &line.content {
            Content::Record(record) if !filter.takes(record) => return Ok(()),
            Content::Record(record) => Some(record),
            _ => None,
        };
        let held = match self {
            Self::Summary(summary) => {
                record.into_iter().for_each(|record| summary.add(record));
                return Ok(());
            }
            Self::Plot(plot) => {
                record.into_iter().for_each(|record| plot.add(record));
                return Ok(());
            }
            Self::Json(held) => {
                // It was read already.
                let value: serde_json::Value = serde_json::from_slice(text).unwrap_or_default();
                held.push_str(&json_line(&value));
                held
            }
            Self::Lines(held) => {
                held.push_str(&shown(&line.content));
                held
            }
        };
        if held.len() >= MAX_HELD_BYTES {
            output::print(held)?;
            held.clear();
        }
        Ok(())
    }

    fn end(self, arguments: &AuditShowArguments) -> String {
        match self {
            Self::Lines(held) | Self::Json(held) => held,
            Self::Summary(summary) if arguments.json => summary.json(),
            Self::Summary(summary) => summary.text(),
            Self::Plot(plot) => plot.text(arguments.width),
        }
    }
}

fn shown(content: &Content<'_>) -> String {
    match content {
        Content::Header(header) => of_header(header),
        Content::Record(record) => of_record(record),
        Content::Lost(lost) => format!("{:>14}  {lost} records are missing here: they could not be written\n", ""),
        Content::End(End::Closed) => format!("{:>14}  the end\n", ""),
        Content::End(End::Rotated) => String::new(),
    }
}

fn of_header(header: &Header) -> String {
    if header.part > 1 {
        return format!("{:>14}  part {}\n", "", header.part);
    }
    format!("{}, started {}\n", escape(&header.subject), started(header))
}

fn of_record(record: &Record<'_>) -> String {
    let decision = match record.decision {
        Decision::Allow => "allow",
        Decision::Deny => "DENY",
    };
    let seconds = record.elapsed_us / 1_000_000;
    let (micros, capability) = (record.elapsed_us % 1_000_000, escape(&record.capability).to_string());
    let mut text = format!("{seconds:>7}.{micros:06}  {decision:<5}  {capability:<17}");
    let mut push = |part: &str| {
        // Writing to a String cannot fail.
        let _ = write!(text, "  {}", escape(part));
    };
    if let Some(method) = &record.method {
        push(method);
    }
    push(&record.asked);
    if let Some(resolved) = record.resolved.as_deref().filter(|resolved| *resolved != record.asked) {
        push(&format!("({resolved})"));
    }
    if let Some(code) = &record.code {
        push(code);
    }
    push(&format!("[{}]", record.call));
    text + "\n"
}
