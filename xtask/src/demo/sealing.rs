//! The chapter of manifests and seals: what may be done stands in a file, then in the component itself.

use super::scenes::{Outcome, Scene};

/// What the author of the component lets it do.
pub(super) const MANIFEST: &str = r#"version = 1
allow = ["fs.read:./data"]
deny = ["fs.write", "env", { cap = "fs.read", scopes = ["./data/policy"] }]
"#;

/// What the organisation lets anything do.
pub(super) const POLICY: &str = r#"version = 1
allow = ["fs.read:./data"]

[limits]
memory = "1GiB"
"#;

/// Every scene.
pub(super) const SCENES: &[Scene] = &[
    Scene {
        why: "What may be done stands in a file. What would that come to?",
        arguments: &["run", "--manifest", "caphost.toml", "--dry-run", "file-index.wasm", "data/README.md"],
        outcome: Outcome::Answer("caphost.toml:2"),
    },
    Scene {
        why: "Run so",
        arguments: &["run", "--manifest", "caphost.toml", "file-index.wasm", "data/README.md"],
        outcome: Outcome::Answer("data/README.md"),
    },
    Scene {
        why: "A refusal names the line of the manifest that it is from",
        arguments: &["run", "--manifest", "caphost.toml", "file-index.wasm", "data/policy"],
        outcome: Outcome::Refusal("CAP0103"),
    },
    Scene { why: "A pair of keys", arguments: &["keygen", "release.pem"], outcome: Outcome::Answer("release.pub.pem") },
    Scene {
        why: "The manifest becomes a part of the component, signed",
        arguments: &[
            "seal",
            "file-index.wasm",
            "--manifest",
            "caphost.toml",
            "--sign",
            "release.pem",
            "-o",
            "sealed.wasm",
        ],
        outcome: Outcome::Answer("signed by"),
    },
    Scene {
        why: "Whoever gets it can check it without running or decompiling it; here it goes beyond a policy by its limits",
        arguments: &["verify", "sealed.wasm", "--key", "release.pub.pem", "--policy", "org.toml"],
        outcome: Outcome::Refusal("CAP0515"),
    },
    Scene {
        why: "Without that policy",
        arguments: &["verify", "sealed.wasm", "--key", "release.pub.pem"],
        outcome: Outcome::Answer("verified"),
    },
    Scene {
        why: "A file that is not sealed",
        arguments: &["verify", "file-index.wasm"],
        outcome: Outcome::Refusal("CAP0501"),
    },
    Scene {
        why: "The operator grants what was sealed, and has it written down",
        arguments: &[
            "run",
            "--key",
            "release.pub.pem",
            "--grant-sealed",
            "--audit",
            "log.jsonl",
            "sealed.wasm",
            "data/README.md",
        ],
        outcome: Outcome::Answer("data/README.md"),
    },
    Scene {
        why: "Whatever else is granted, the seal holds",
        arguments: &["run", "--allow", "fs:.", "sealed.wasm", "secrets"],
        outcome: Outcome::Refusal("CAP0115"),
    },
    Scene { why: "The log is whole", arguments: &["audit", "verify", "log.jsonl"], outcome: Outcome::Answer("whole") },
    Scene {
        why: "And this is the least that the run needed",
        arguments: &["audit", "manifest", "log.jsonl"],
        outcome: Outcome::Answer("fs.read:./data/README.md"),
    },
];
