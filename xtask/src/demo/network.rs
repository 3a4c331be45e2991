//! The network chapter: the scenes with a web server.

use super::scenes::{Outcome, Scene};

/// What every run of the chapter is told: whom to ask for names, and whom to trust beside the platform's authorities.
pub(super) const OPTIONS: [&str; 4] = ["--dns", "{dns}", "--tls-root", "{authority}"];

/// Every scene. [`super::peers::Cast::fill`] puts in what stands in braces.
pub(super) const SCENES: &[Scene] = &[
    Scene {
        why: "A guest asks a web server for something. Nothing is granted: the name is not even looked up",
        arguments: &["run", "{options}", "fetch.wasm", "https://api.test{port}/hello"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "With a grant of that origin. The host looks the name up, checks the address, and speaks TLS",
        arguments: &[
            "run",
            "--allow",
            "net.connect:https://api.test{port}{local}",
            "{options}",
            "fetch.wasm",
            "https://api.test{port}/hello",
        ],
        outcome: Outcome::Answer("hello from api.test"),
    },
    Scene {
        why: "The same grant, and no TLS: that is another origin",
        arguments: &[
            "run",
            "--allow",
            "net.connect:https://api.test{port}",
            "{options}",
            "fetch.wasm",
            "http://api.test{plain}/hello",
        ],
        outcome: Outcome::Refusal("CAP0102"),
    },
    Scene {
        why: "An hour later the name server says that api.test is this very machine: a grant by name does not reach that",
        arguments: &[
            "run",
            "--allow",
            "net.connect:https://api.test{port}{local}",
            "--dns",
            "{rebound}",
            "--tls-root",
            "{authority}",
            "fetch.wasm",
            "https://api.test{port}/hello",
        ],
        outcome: Outcome::Refusal("CAP0102"),
    },
    Scene {
        why: "GET and no more than that: the grant says so, and the refusal names the method",
        arguments: &[
            "run",
            "--allow-http",
            "GET https://api.test{port}/",
            "{options}",
            "fetch.wasm",
            "--post",
            "hello",
            "https://api.test{port}/echo",
        ],
        outcome: Outcome::Refusal("CAP0113"),
    },
    Scene {
        why: "httpget from the crates registry, which speaks HTTP over std::net and has never heard of caphost",
        arguments: &["run", "{options}", "httpget.wasm", "http://api.test{plain}/hello"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "And with its grant (it says nothing when all is well)",
        arguments: &[
            "run",
            "--allow",
            "net.connect:api.test{plain}{local}",
            "{options}",
            "httpget.wasm",
            "http://api.test{plain}/hello",
        ],
        outcome: Outcome::Answer(""),
    },
    Scene {
        why: "The first guest again, as a process",
        arguments: &[
            "exec",
            "--allow",
            "net.connect:https://api.test{port}{local}",
            "{options}",
            "--",
            "./fetch",
            "https://api.test{port}/hello",
        ],
        outcome: Outcome::Answer("hello from api.test"),
    },
];
