//! The tree as the rules see it: text files, and what the packages depend on.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::source;
use crate::layout::Layout;
use crate::process;

/// Files and packages of one checkout.
pub(crate) struct Tree {
    files: Vec<File>,
    packages: Vec<Package>,
}

/// A text file.
pub(crate) struct File {
    /// From the root, with slashes.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// For Rust: without comments, literals and unit tests. Otherwise empty.
    pub(crate) code: String,
}

/// A package of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// What its manifest names.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line of a manifest.
#[derive(Deserialize)]
pub(crate) struct Dependency {
    /// The package it names.
    pub(crate) name: String,
    /// `dev`, `build`, or nothing for an ordinary one.
    pub(crate) kind: Option<String>,
    /// The `cfg(…)` or target that it is limited to.
    pub(crate) target: Option<String>,
}

/// What `cargo metadata` prints, as far as it matters here.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

impl Tree {
    /// Reads every text file that git tracks or would track.
    pub(crate) fn read(layout: &Layout) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(layout.root()).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        let listed = process::output_of(&mut git).context("failed to list the files of the checkout")?;
        let files = listed.lines().filter_map(|path| Some(File::new(path, fs::read_to_string(layout.at(path)).ok()?)));
        let mut cargo = process::cargo(layout);
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--offline"]);
        let metadata: Metadata = serde_json::from_str(&process::output_of(&mut cargo)?)?;
        Ok(Self { files: files.collect(), packages: metadata.packages })
    }

    /// Every text file.
    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// Rust files below a folder, tests and benchmarks left out.
    pub(crate) fn code_below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a File> {
        self.files.iter().filter(move |file| file.path.starts_with(folder) && file.is_product())
    }

    /// The packages of the workspace.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// A tree of these files, for trying a rule.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        Self { files, packages: Vec::new() }
    }

    /// A tree of these packages, each with the names it depends on, for trying a rule.
    #[cfg(test)]
    pub(crate) fn of_packages(packages: &[(&str, &[&str])]) -> Self {
        let dependency = |name: &&str| Dependency { name: (*name).to_owned(), kind: None, target: None };
        let package = |(name, dependencies): &(&str, &[&str])| Package {
            name: (*name).to_owned(),
            dependencies: dependencies.iter().map(dependency).collect(),
        };
        Self { files: Vec::new(), packages: packages.iter().map(package).collect() }
    }
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let code = if path.ends_with(".rs") { source::code_of(&text) } else { String::new() };
        Self { path: path.to_owned(), text, code }
    }

    /// Whether this is Rust that users run.
    fn is_product(&self) -> bool {
        let is_test = self.path.split('/').any(|part| matches!(part, "tests" | "tests.rs" | "benches"));
        self.path.ends_with(".rs") && !is_test
    }

    /// Lines of code with their places.
    pub(crate) fn code_lines(&self) -> impl Iterator<Item = (String, &str)> {
        places(&self.path, &self.code)
    }

    /// Lines of text with their places.
    pub(crate) fn text_lines(&self) -> impl Iterator<Item = (String, &str)> {
        places(&self.path, &self.text)
    }
}

fn places<'a>(path: &'a str, text: &'a str) -> impl Iterator<Item = (String, &'a str)> {
    text.lines().enumerate().map(move |(index, line)| (format!("{path}:{}", index + 1), line))
}
