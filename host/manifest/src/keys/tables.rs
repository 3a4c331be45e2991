//! The tables themselves.

use super::{Key, Need, Shape, Table, Word};

const fn key(name: &'static str, shape: Shape, example: &'static str, summary: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, summary, default: "", example }
}

impl Key {
    const fn required(self) -> Self {
        Self { need: Need::Required, ..self }
    }

    const fn one_of(self) -> Self {
        Self { need: Need::OneOf, ..self }
    }

    const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

/// As many files as an audit log is kept in.
const KEPT: Shape = Shape::Count { max: 1_000 };
const U32: Shape = Shape::Count { max: u32::MAX as u64 };
const U64: Shape = Shape::Count { max: i64::MAX as u64 };

const ALLOW: Key = key(
    "allow",
    Shape::Rules,
    r#"["fs.read:./data", "time"]"#,
    "What is granted, as in `--allow`: one rule or profile an item.",
);

const DENY_LIST: Key = key(
    "deny",
    Shape::RulesOrTables(&DENY),
    r#"["fs:./data/keys"]"#,
    "What is refused, whatever is granted: rules as in `--deny`, or tables. A file writes a list or `[[deny]]`, not both; a list may hold tables.",
);

const GRANTS: Key = key("grant", Shape::Tables(&GRANT), "", "Grants with terms.");

const ON_DENY: Key = key(
    "on-deny",
    Shape::Choice(&[
        Word { name: "error", summary: "the interface's own error; the guest is ended where a call has none" },
        Word { name: "trap", summary: "every refusal ends the guest" },
    ]),
    r#""error""#,
    "What a refused call comes back as.",
)
.or("`error`");

const LIMITS_KEY: Key = key("limits", Shape::Table(&LIMITS), "", "How much may be used.");

const ENV: Key = key(
    "env",
    Shape::Variables,
    r#"{ MODE = "fast" }"#,
    "Variables that the guest is given, with the grant to read them. Nothing else of the host's environment is looked at.",
);

const DB: Key =
    key("db", Shape::Named(&DATABASE), "", "Databases, by the name that scopes of `db.read` and `db.write` use.");

const AUDIT_KEY: Key = key("audit", Shape::Table(&AUDIT), "", "What is recorded.");

/// The file.
pub static ROOT: Table = Table {
    name: "caphost.toml",
    schema_name: "manifest",
    summary: "A manifest. Relative paths in it mean relative to the directory it is in.",
    keys: &[
        key("version", Shape::Version, "1", "The version of this format.").required(),
        key(
            "component",
            Shape::Path,
            r#""app.wasm""#,
            "The component that `caphost run DIRECTORY` runs, and `caphost run --manifest FILE` without one.",
        ),
        key("arguments", Shape::Texts, r#"["--verbose"]"#, "Arguments of the guest, before those of the command line."),
        ALLOW,
        DENY_LIST,
        GRANTS,
        ON_DENY,
        LIMITS_KEY,
        ENV,
        DB,
        AUDIT_KEY,
        key(
            "profiles",
            Shape::Named(&PROFILE),
            "",
            "What is added by `--profile NAME`, one table a profile: `[profiles.dev]`.",
        ),
        key(
            "packages",
            Shape::Named(&PACKAGE),
            "",
            "Narrows the component whose file has this name, without `.wasm`: `[packages.app]`.",
        ),
    ],
};

/// `[[grant]]`.
pub static GRANT: Table = Table {
    name: "[[grant]]",
    schema_name: "grant",
    summary: "A capability, what of it is granted, and on what terms.",
    keys: &[
        key("id", Shape::Id, r#""api""#, "A name for messages and the audit log, once in a file."),
        key(
            "cap",
            Shape::Capabilities,
            r#""net.connect""#,
            "What is granted: a capability or profile, or a list of them.",
        )
        .required(),
        key(
            "scopes",
            Shape::Scopes,
            r#"["https://api.example.com"]"#,
            "What of it: one grant for each. An empty list grants nothing.",
        )
        .or("everything"),
        key(
            "as",
            Shape::Path,
            r#""/in""#,
            "The path that the guest sees it at. Of capabilities of files, with one scope.",
        ),
        key(
            "ttl",
            Shape::Duration,
            r#""10m""#,
            "How long it holds from the start, by a clock that nobody can set. Not beside `expires`.",
        )
        .or("no end"),
        key(
            "expires",
            Shape::Time,
            "2027-01-01T00:00:00Z",
            "When it ends, by the host's clock at the start. Not beside `ttl`.",
        )
        .or("no end"),
        key(
            "quota",
            Shape::Table(&QUOTA),
            "",
            "How much may be done under it in all. Of one capability and one scope: each grant counts by itself.",
        ),
        key(
            "methods",
            Shape::Methods,
            r#"["GET", "HEAD"]"#,
            "The methods of HTTP requests. Needs scopes of `http://` or `https://`.",
        )
        .or("any"),
        key(
            "paths",
            Shape::UrlPaths,
            r#"["/v1/"]"#,
            "What the path of an HTTP request begins with. Needs scopes of `http://` or `https://`.",
        )
        .or("any"),
        key(
            "headers",
            Shape::Headers,
            r#"{ x-key = "{env:API_KEY}" }"#,
            "Headers that the host adds to HTTP requests. `{env:NAME}` and `{file:PATH}` stand for secrets, which the guest does not see; `{{` and `}}` are braces.",
        ),
    ],
};

/// `[[deny]]`.
pub(crate) static DENY: Table = Table {
    name: "[[deny]]",
    schema_name: "deny",
    summary: "A capability, and what of it is refused, whatever is granted.",
    keys: &[
        key("id", Shape::Id, r#""keys""#, "A name for messages and the audit log, once in a file."),
        key("cap", Shape::Capabilities, r#""fs""#, "What is refused: a capability or profile, or a list of them.")
            .required(),
        key("scopes", Shape::Scopes, r#"["./data"]"#, "What of it. An empty list refuses nothing.").or("everything"),
        key(
            "except",
            Shape::Scopes,
            r#"["./data/public"]"#,
            "Scopes inside of those above that this rule does not refuse. It grants nothing, and other deny rules hold there too.",
        ),
    ],
};

/// `quota`.
pub(crate) static QUOTA: Table = Table {
    name: "[grant.quota]",
    schema_name: "quota",
    summary: "How much may be done under one grant, by all its handles together.",
    keys: &[
        key("ops", U64, "100", "Calls."),
        key("bytes", Shape::Size, r#""10MiB""#, "Bytes moved, in both directions together."),
        key("received-bytes", Shape::Size, r#""8MiB""#, "Bytes received from peers."),
        key("sent-bytes", Shape::Size, r#""2MiB""#, "Bytes sent to peers."),
        key("connections", U64, "5", "Connections, listeners and requests in all."),
        key("concurrent", U32, "2", "Of those, how many at a time."),
        key("rate", Shape::Rate, r#""10/s""#, "How fast calls may follow one another."),
    ],
};

/// `[limits]`.
pub(crate) static LIMITS: Table = Table {
    name: "[limits]",
    schema_name: "limits",
    summary: "How much a run may use. The names are those of the options.",
    keys: &[
        key("memory", Shape::Size, r#""64MiB""#, "Linear memory of all instances together.").or("4 GiB"),
        key("timeout", Shape::Duration, r#""30s""#, "Time by the clock on the wall, that of blocked calls included.")
            .or("no limit"),
        key("fuel", U64, "1000000", "Instructions, as the engine counts them; the same in each run.").or("no limit"),
        key("max-handles", U32, "64", "Open files, sockets, streams, listings and pollables together.").or("1024"),
        key("max-instances", U32, "10", "Core instances.").or("1000"),
        key("max-output", Shape::Size, r#""1MiB""#, "Standard output and standard error together.").or("no limit"),
        key("db", Shape::Table(&DATABASE_LIMITS), "", "How much of databases may be used."),
    ],
};

/// `[limits.db]`.
pub(crate) static DATABASE_LIMITS: Table = Table {
    name: "[limits.db]",
    schema_name: "database-limits",
    summary: "How much of databases may be used. The names are those of the options, without `--db-`.",
    keys: &[
        key("statement-time", Shape::Duration, r#""5s""#, "Time of one statement, and of each piece of its rows.")
            .or("30 s"),
        key("rows", U64, "1000", "Rows of one answer.").or("no limit"),
        key("row-bytes", Shape::Size, r#""1MiB""#, "One row.").or("16 MiB"),
        key("result-bytes", Shape::Size, r#""64MiB""#, "One answer, in all.").or("no limit"),
        key("connections", U32, "2", "Open connections.").or("8"),
        key("transactions", U32, "2", "Open transactions, those inside of others included.").or("8"),
    ],
};

/// `[db.NAME]`.
pub(crate) static DATABASE: Table = Table {
    name: "[db.NAME]",
    schema_name: "database",
    summary: "Where a database is. The name is of ASCII letters, digits, `_` and `-`.",
    keys: &[
        key(
            "url",
            Shape::Text,
            r#""sqlite:app.db""#,
            "The address: `sqlite:PATH`, `sqlite::memory:` or `postgres://…`.",
        )
        .one_of(),
        key("url-env", Shape::Text, r#""DATABASE_URL""#, "The variable of the host that holds the address.").one_of(),
        key("url-file", Shape::Path, r#""secret.url""#, "The file that holds the address.").one_of(),
    ],
};

/// `[audit]`.
pub(crate) static AUDIT: Table = Table {
    name: "[audit]",
    schema_name: "audit",
    summary: "What is recorded of a run.",
    keys: &[
        key("file", Shape::Path, r#""log.jsonl""#, "Every decision is recorded in this file, as chained JSON lines.")
            .or("no record"),
        key(
            "on-error",
            Shape::Choice(&[
                Word { name: "stop", summary: "the guest may do nothing more" },
                Word { name: "continue", summary: "it goes on, unrecorded" },
            ]),
            r#""stop""#,
            "What happens when the file cannot be written.",
        )
        .or("`stop`"),
        key("rotate", Shape::Size, r#""100MiB""#, "The size at which a new file is begun.").or("never"),
        key("keep", KEPT, "5", "How many full files are kept.").or("5"),
    ],
};

/// `[profiles.NAME]`.
pub(crate) static PROFILE: Table = Table {
    name: "[profiles.NAME]",
    schema_name: "profile",
    summary: "What `--profile NAME` adds. Rules add up; of everything else the profile's value replaces that of the file.",
    keys: &[
        key("extends", Shape::Profiles, r#"["base"]"#, "Profiles that are added before this one."),
        ALLOW,
        DENY_LIST,
        GRANTS,
        ON_DENY,
        LIMITS_KEY,
        ENV,
        DB,
        AUDIT_KEY,
    ],
};

/// `[packages.NAME]`.
pub(crate) static PACKAGE: Table = Table {
    name: "[packages.NAME]",
    schema_name: "package",
    summary: "What the component of this name is narrowed to: only what this table and the file both grant. It may grant nothing that the file does not grant, profiles aside.",
    keys: &[ALLOW, DENY_LIST, GRANTS],
};
