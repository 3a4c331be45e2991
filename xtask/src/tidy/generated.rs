//! What programs write of the documents: parts from `<!-- generated: COMMAND -->` to `<!-- end -->`, and whole files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::layout::Layout;
use crate::{host, process};

const START: &str = "<!-- generated: ";
const START_END: &str = " -->\n";
const END: &str = "<!-- end -->";

/// Files that are written as a whole, each with the arguments of `caphost` that write it.
const WHOLE: &[(&str, &str)] = &[("docs/caphost.schema.json", "docs manifest-schema")];

/// Fails when a document says something else than the `caphost` that is built.
pub(crate) fn check(layout: &Layout) -> Result<()> {
    for (path, text, filled) in written(layout)? {
        if filled != text {
            bail!("{} is out of date\nhint: `cargo xtask tidy --fix`", path.strip_prefix(layout.root())?.display());
        }
    }
    Ok(())
}

/// Builds `caphost` and rewrites what documents take from it.
pub(crate) fn rewrite(layout: &Layout) -> Result<()> {
    host::build(layout)?;
    for (path, text, filled) in written(layout)? {
        if filled != text {
            fs::write(&path, filled)?;
            println!("wrote {}", path.strip_prefix(layout.root())?.display());
        }
    }
    Ok(())
}

/// `text` with `content` as the part that `command` writes.
pub(crate) fn replace_block(text: &str, command: &str, content: &str) -> Result<String> {
    let mut found = false;
    let replaced = each_block(text, |named, old| {
        found |= named == command;
        Ok(if named == command { format!("\n{}\n\n", content.trim()) } else { old.to_owned() })
    })?;
    if found { Ok(replaced) } else { bail!("the document has no part that `{command}` writes") }
}

/// Each file that programs write of, as it is and as it would be now.
fn written(layout: &Layout) -> Result<Vec<(PathBuf, String, String)>> {
    let mut files = Vec::new();
    for path in documents(layout)? {
        let text = fs::read_to_string(&path)?;
        let filled = filled(layout, &text)?;
        files.push((path, text, filled));
    }
    for (path, arguments) in WHOLE {
        let path = layout.at(path);
        // One that is not there yet is written.
        let text = fs::read_to_string(&path).unwrap_or_default();
        let content = caphost(layout, arguments)?;
        files.push((path, text, content));
    }
    Ok(files)
}

fn documents(layout: &Layout) -> Result<Vec<PathBuf>> {
    let mut paths = vec![layout.at("README.md")];
    for entry in fs::read_dir(layout.at("docs")).context("failed to list docs")? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// `text` as the commands that start with `caphost` write it now; parts of other commands stay.
fn filled(layout: &Layout, text: &str) -> Result<String> {
    each_block(text, |command, old| match command.strip_prefix("caphost ") {
        None => Ok(old.to_owned()),
        Some(arguments) => Ok(format!("\n{}\n\n", caphost(layout, arguments)?.trim())),
    })
}

/// What `caphost` prints with these arguments.
fn caphost(layout: &Layout, arguments: &str) -> Result<String> {
    process::output_of(Command::new(layout.caphost("debug")).args(arguments.split_whitespace()))
}

/// Passes each part with its command through `change`.
fn each_block(text: &str, mut change: impl FnMut(&str, &str) -> Result<String>) -> Result<String> {
    let mut changed = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(START) {
        let (command, after) = after.split_once(START_END).context("a generated part names no command")?;
        let (content, after) =
            after.split_once(END).with_context(|| format!("the part of `{command}` does not end"))?;
        changed += &[before, START, command, START_END, &change(command, content)?, END].concat();
        rest = after;
    }
    Ok(changed + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_part_is_replaced() {
        let text = "a\n<!-- generated: one -->\nold\n<!-- end -->\nb\n<!-- generated: two -->\nold\n<!-- end -->\n";
        let expected = text.replacen("old", "\nnew\n", 1);
        assert_eq!(replace_block(text, "one", "new\n").unwrap(), expected);
        assert!(replace_block(text, "three", "new").is_err());
        assert!(replace_block("<!-- generated: one -->\nold", "one", "new").is_err());
    }
}
