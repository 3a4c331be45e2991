//! The keys of the older form in JSON, which is read as it stands.

use super::{Key, Need, Shape, Table};

const fn key(name: &'static str, shape: Shape, example: &'static str, summary: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, summary, default: "", example }
}

const ALLOW: Key = key("allow", Shape::Names, r#"["net", "time"]"#, "Capabilities and profiles that are granted.");
const DENY: Key =
    key("deny", Shape::Names, r#"["net.listen"]"#, "Capabilities and profiles that are refused, whatever is granted.");
const FS: Key =
    key("fs", Shape::Table(&OLDER_FS), "", "The files. Where it is there, `fs` in `allow` adds nothing to its lists.");

/// The file.
pub(crate) static OLDER: Table = Table {
    name: "a manifest in JSON",
    schema_name: "older",
    summary: "A manifest in the older form.",
    keys: &[
        ALLOW,
        DENY,
        FS,
        key(
            "packages",
            Shape::Named(&OLDER_PACKAGE),
            "",
            "Narrows the component whose file has this name, without `.wasm`.",
        ),
    ],
};

/// `fs`.
pub(crate) static OLDER_FS: Table = Table {
    name: "fs",
    schema_name: "older-fs",
    summary: "Which files.",
    keys: &[
        key("read", Shape::Paths, r#"["/tmp/data"]"#, "What may be read. An empty list grants nothing."),
        key("write", Shape::Paths, r#"["/tmp/out"]"#, "What may be written. An empty list grants nothing."),
    ],
};

/// `packages.NAME`.
pub(crate) static OLDER_PACKAGE: Table = Table {
    name: "packages.NAME",
    schema_name: "older-package",
    summary: "What the component of this name is narrowed to.",
    keys: &[ALLOW, DENY, FS],
};
