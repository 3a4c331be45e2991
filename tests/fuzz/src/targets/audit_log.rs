//! Audit logs.

use std::sync::LazyLock;

use caphost::audit_log::{Chain, Ending, Frame, LearnScope, Part, Usage};
use sha2::{Digest, Sha256};

use super::manifest::read_again;
use crate::checks::{assert_fit, bounded};

const HEADER: &str =
    "\"version\":1,\"part\":1,\"keep\":9,\"subject\":\"app.wasm\",\"started_unix_ms\":5,\"allow\":[\"fs\"],\"deny\":[]";

/// What the records of the logs say.
const RECORDS: [&str; 12] = [
    "\"elapsed_us\":1,\"capability\":\"random\",\"call\":\"wasi:random get-random-u64\",\"asked\":\"\",\"decision\":\"allow\"",
    "\"elapsed_us\":2,\"capability\":\"fs.read\",\"call\":\"wasi:filesystem descriptor.open-at\",\"asked\":\"data/x\",\"resolved\":\"/srv/data/x\",\"decision\":\"allow\",\"rule\":\"fs.read:./data\"",
    "\"elapsed_us\":3,\"capability\":\"fs.write\",\"call\":\"wasi:filesystem descriptor.rename-at\",\"asked\":\"data/x\",\"resolved\":\"/srv/data/x\",\"decision\":\"allow\"",
    "\"elapsed_us\":3,\"capability\":\"fs.write\",\"call\":\"wasi:filesystem descriptor.rename-at\",\"asked\":\"data/y\",\"resolved\":\"/srv/data/y\",\"decision\":\"allow\"",
    "\"elapsed_us\":4,\"capability\":\"net.connect\",\"call\":\"wasi:http outgoing-handler.handle\",\"asked\":\"https://a.example/v1\",\"resolved\":\"https://a.example/v1\",\"scheme\":\"https\",\"method\":\"GET\",\"decision\":\"allow\"",
    "\"elapsed_us\":5,\"capability\":\"net.connect\",\"call\":\"wasi:sockets tcp.connect\",\"asked\":\"a.example:80\",\"resolved\":\"[::1]:80\",\"decision\":\"allow\"",
    "\"elapsed_us\":6,\"capability\":\"net.resolve\",\"call\":\"wasi:sockets resolve-addresses\",\"asked\":\"a.example\",\"decision\":\"deny\",\"code\":\"CAP0101\"",
    "\"elapsed_us\":7,\"capability\":\"db.read\",\"call\":\"caphost:host db.query\",\"asked\":\"main.notes\",\"decision\":\"allow\"",
    "\"elapsed_us\":8,\"capability\":\"db.write\",\"call\":\"caphost:host db.open\",\"asked\":\"main\",\"extent\":\"part\",\"decision\":\"allow\"",
    "\"elapsed_us\":9,\"capability\":\"env.read\",\"call\":\"caphost:host env.get\",\"asked\":\"APP_\\u0001=*\",\"decision\":\"allow\"",
    "\"lost\":4",
    "\"elapsed_us\":10,\"capability\":\"time.wall\",\"call\":\"caphost:host time.monotonic\",\"asked\":\"\",\"decision\":\"allow\"",
];

/// Logs that were written whole.
static LOGS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let whole = RECORDS.iter().copied().chain(["\"end\":\"closed\",\"ended_unix_ms\":7"]);
    vec![
        chained(std::iter::once(HEADER).chain(whole)),
        chained([HEADER, "\"end\":\"rotated\",\"ended_unix_ms\":7"].into_iter()),
    ]
});

/// Everything that is chained, and the corpus has.
static KNOWN: LazyLock<Vec<Vec<u8>>> = LazyLock::new(made);

fn chained<'a>(contents: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut previous = "0".repeat(64);
    let mut log = Vec::new();
    for (sequence, content) in contents.enumerate() {
        let line = format!("{{\"sequence\":{sequence},{content},\"previous\":\"{previous}\"}}");
        previous = hash(line.as_bytes());
        log.extend_from_slice(line.as_bytes());
        log.push(b'\n');
    }
    log
}

fn hash(line: &[u8]) -> String {
    Sha256::digest(line).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole logs, and each record as a log by itself: of these the last line can be changed, and more is read of it.
pub(super) fn made() -> Vec<Vec<u8>> {
    LOGS.iter().cloned().chain(RECORDS.map(|record| chained([HEADER, record].into_iter()))).collect()
}

pub(super) fn check(data: &[u8]) -> bool {
    let mut chain = Chain::new();
    let mut usage = Usage::new();
    let mut lines = 0;
    let found = bounded(data.len(), 256, || {
        chain.file("log\u{1b}", data, |line, text| {
            lines += 1;
            assert_eq!(line.sequence, lines - 1 + first(data));
            assert!(data.windows(text.len()).any(|part| part == text));
            usage.add(line);
        })
    });
    match &found {
        Ok(()) => check_chain(data, &chain),
        Err(problem) => assert_fit(&problem.to_string(), 64 * data.len() + 4096),
    }
    let is_begun = Part::read("log\u{1b}", data)
        .map_err(|problem| assert_fit(&problem.to_string(), 64 * data.len() + 4096))
        .is_ok();
    assert!(is_begun || lines == 0, "a log begins with a header");
    for scope in [LearnScope::Exact, LearnScope::Directory, LearnScope::Host] {
        let frame = Frame { directory: "/srv", scope, exists: &|path| path.len() % 2 == 0 };
        read_again(&bounded(data.len(), 4096, || usage.draft(frame)), None);
    }
    found.is_ok()
}

/// The number of the first line: that of a later file is not zero.
fn first(data: &[u8]) -> u64 {
    let line = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    value.get("sequence").and_then(serde_json::Value::as_u64).unwrap_or_default()
}

/// Each line has the hash of the one before, and a log that ends as one that was written is that one.
fn check_chain(data: &[u8], chain: &Chain) {
    let Some(data_lines) = data.strip_suffix(b"\n") else { panic!("a line was cut off") };
    let lines: Vec<&[u8]> = data_lines.split(|byte| *byte == b'\n').collect();
    for pair in lines.windows(2) {
        let [before, line] = pair else { continue };
        let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        assert_eq!(value.get("previous").and_then(serde_json::Value::as_str), Some(hash(before).as_str()));
    }
    let last = lines.last().map(|line| hash(line)).unwrap_or_default();
    assert_eq!(chain.last_hash(), last);
    for log in LOGS.iter() {
        let end =
            log.strip_suffix(b"\n").and_then(|log| log.split(|byte| *byte == b'\n').next_back()).unwrap_or_default();
        if hash(end) == last {
            assert_eq!(data, log, "another log does not end in the same hash");
            assert_ne!(chain.ending(), Ending::NotEnded);
        }
    }
    // A line bears witness of those before it: with two or more, all but the last are as they were written.
    let length = data.len() - lines.last().map_or(0, |line| line.len() + 1);
    let kept = data.get(..length).unwrap_or_default();
    assert!(kept.is_empty() || KNOWN.iter().any(|log| log.starts_with(kept)), "what is not at the end was not changed");
}
