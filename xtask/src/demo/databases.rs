//! The database chapter: one file with notes, and who may do what with it.

use super::scenes::{Outcome, Scene};

/// Every scene. The first makes the file that the others use.
pub(super) const SCENES: &[Scene] = &[
    Scene {
        why: "A guest keeps notes in a database that it knows by name. Nothing is granted: the file is not even made",
        arguments: &["run", "--db", "main=sqlite:notes.db", "notes.wasm", "init"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "With a grant of the whole database it makes its tables",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "db:main", "notes.wasm", "init"],
        outcome: Outcome::Answer("made the tables"),
    },
    Scene {
        why: "And keeps a note",
        arguments: &[
            "run",
            "--db",
            "main=sqlite:notes.db",
            "--allow",
            "db:main",
            "notes.wasm",
            "add",
            "shopping",
            "tea, milk; drop table notes",
        ],
        outcome: Outcome::Answer("note 1"),
    },
    Scene {
        why: "With tags, which stand in a table of their own: a transaction of both tables",
        arguments: &[
            "run",
            "--db",
            "main=sqlite:notes.db",
            "--allow",
            "db:main",
            "notes.wasm",
            "tag",
            "1",
            "home",
            "kitchen",
        ],
        outcome: Outcome::Answer("tagged note 1"),
    },
    Scene {
        why: "A grant to read reads",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "db.read:main", "notes.wasm", "search", "MILK"],
        outcome: Outcome::Answer("shopping"),
    },
    Scene {
        why: "And does not write",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "db.read:main", "notes.wasm", "add", "more"],
        outcome: Outcome::Refusal("CAP0101"),
    },
    Scene {
        why: "A grant of one table shows that table",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "db.read:main.notes", "notes.wasm", "list"],
        outcome: Outcome::Answer("shopping"),
    },
    Scene {
        why: "And not the other one",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "db.read:main.notes", "notes.wasm", "tags"],
        outcome: Outcome::Refusal("CAP0102"),
    },
    Scene {
        why: "The file itself is out of reach, also where a grant of files covers its place",
        arguments: &["run", "--db", "main=sqlite:notes.db", "--allow", "fs.read:.", "word-report.wasm", "notes.db"],
        outcome: Outcome::Refusal("CAP0103"),
    },
    Scene {
        why: "The same guest as a process, with the same answer",
        arguments: &["exec", "--db", "main=sqlite:notes.db", "--allow", "db.read:main", "--", "./notes", "show", "1"],
        outcome: Outcome::Answer("tags: home, kitchen"),
    },
];
