//! Real files to work on: the project's own texts, and something that no guest should see.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::layout::Layout;

/// Makes `stage` anew: `data`, `out`, `secrets`.
pub(super) fn lay_out(layout: &Layout, stage: &Path) -> Result<()> {
    if stage.exists() {
        fs::remove_dir_all(stage).context("failed to clear target/demo")?;
    }
    for folder in ["data/policy", "out", "secrets"] {
        fs::create_dir_all(stage.join(folder))?;
    }
    copy_files(layout.root(), "md", &stage.join("data"))?;
    copy_files(&layout.at("host/policy/src"), "rs", &stage.join("data/policy"))?;
    fs::write(stage.join("data/order.json"), "{\"order\":17,\"items\":[{\"name\":\"tea\",\"count\":2}]}")?;
    fs::write(stage.join("secrets/key.pem"), "-----BEGIN PRIVATE KEY-----\nno real capability\n")?;
    Ok(())
}

fn copy_files(from: &Path, extension: &str, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let name = path.file_name().context("a file has no name")?;
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
