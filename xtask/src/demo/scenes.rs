//! What is shown, in order.

/// One run of `caphost`, and how it has to end.
pub(super) struct Scene {
    /// One line of what it shows.
    pub(super) why: &'static str,
    /// After `caphost`.
    pub(super) arguments: &'static [&'static str],
    /// How it ends.
    pub(super) outcome: Outcome,
}

/// How a run ends.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// With success, and this on standard output.
    Answer(&'static str),
    /// Without success, and this code on standard error.
    Refusal(&'static str),
}

/// Every scene.
pub(super) const SCENES: &[Scene] = &[
    Scene {
        why: "A guest of ours reports on texts. Nothing is granted by default, so it reads nothing",
        arguments: &["run", "word-report.wasm", "data"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "The hint of the refusal lifts it: `data` may be read, and nothing else",
        arguments: &["run", "--allow", "fs.read:./data", "word-report.wasm", "data"],
        outcome: Outcome::Answer("total of"),
    },
    Scene {
        why: "May it write its report? A grant to read is none to write",
        arguments: &["run", "--allow", "fs.read:./data", "word-report.wasm", "data", "--output", "out/report.txt"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "With a grant for `out` it may",
        arguments: &[
            "run",
            "--allow",
            "fs.read:./data,fs.write:./out",
            "word-report.wasm",
            "data",
            "--output",
            "out/report.txt",
        ],
        outcome: Outcome::Answer("wrote out/report.txt"),
    },
    Scene {
        why: "ripgrep 15, as it comes from the crates registry, without a grant",
        arguments: &["run", "rg.wasm", "-j1", "--no-ignore", "--count", "capability", "data"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "The same with its grant",
        arguments: &[
            "run",
            "--allow",
            "fs.read:./data",
            "rg.wasm",
            "-j1",
            "--no-ignore",
            "--count",
            "capability",
            "data",
        ],
        outcome: Outcome::Answer("data/README.md:"),
    },
    Scene {
        why: "The same, when it also looks where it has no business: the answer from `data`, the refusal for `secrets`",
        arguments: &[
            "run",
            "--allow",
            "fs.read:./data",
            "rg.wasm",
            "-j1",
            "--no-ignore",
            "--count",
            "capability",
            "data/README.md",
            "secrets",
        ],
        outcome: Outcome::Refusal("CAP0102"),
    },
    Scene {
        why: "jsonxf from the crates registry formats a file into a file, without a grant",
        arguments: &["run", "jsonxf.wasm", "-i", "data/order.json", "-o", "out/order.json"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "And with one grant to read and one to write",
        arguments: &[
            "run",
            "--allow",
            "fs.read:./data,fs.write:./out",
            "jsonxf.wasm",
            "-i",
            "data/order.json",
            "-o",
            "out/order.json",
        ],
        outcome: Outcome::Answer(""),
    },
    Scene {
        why: "A guest on caphost-sdk hashes files: one source, here as a component",
        arguments: &["run", "--allow", "fs.read:./data", "file-index.wasm", "data"],
        outcome: Outcome::Answer("data/README.md"),
    },
    Scene {
        why: "And here as a process, with the same answer",
        arguments: &["exec", "--allow", "fs.read:./data", "--", "./file-index", "data"],
        outcome: Outcome::Answer("data/README.md"),
    },
    Scene {
        why: "Without the grant a process is refused as the component would be",
        arguments: &["exec", "--", "./file-index", "data"],
        outcome: Outcome::Refusal("CAP0101"),
    },
];
