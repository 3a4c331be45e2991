//! The rows that read alike for the SDK and for std: one source, compiled twice.

/// Through the SDK.
pub mod sdk {
    use caphost_sdk::{env, fs};

    include!("rows.rs");
}

/// Through std.
pub mod through_std {
    use std::{env, fs};

    include!("rows.rs");
}
