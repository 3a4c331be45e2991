//! A source tree to search: three thousand files, the same on every machine.

use std::fs;
use std::path::Path;

use anyhow::Result;

const FOLDERS: usize = 60;
const FILES_IN_A_FOLDER: usize = 50;
const FUNCTIONS_IN_A_FILE: usize = 24;
const VERBS: [&str; 8] = ["open", "read", "check", "resolve", "grant", "refuse", "convert", "parse"];
const NOUNS: [&str; 8] = ["path", "scope", "rule", "session", "header", "stream", "record", "manifest"];

/// Makes the tree, unless it is there in full.
pub(super) fn lay_out(tree: &Path) -> Result<()> {
    let complete = tree.with_extension("complete");
    if complete.exists() {
        return Ok(());
    }
    let mut numbers = Numbers(17);
    for folder in 0..FOLDERS {
        let folder = tree.join(format!("module_{folder:02}"));
        fs::create_dir_all(&folder)?;
        for file in 0..FILES_IN_A_FOLDER {
            fs::write(folder.join(format!("file_{file:02}.rs")), source(&mut numbers))?;
        }
    }
    fs::write(complete, "")?;
    Ok(())
}

fn source(numbers: &mut Numbers) -> String {
    let mut text = String::from("//! Generated for a benchmark.\n\n");
    for _ in 0..FUNCTIONS_IN_A_FILE {
        let (verb, noun, number) = (numbers.pick(&VERBS), numbers.pick(&NOUNS), numbers.next() % 1_000);
        text += &format!("/// Will {verb} the {noun} that was asked for.\n");
        text += &format!("pub fn {noun}_{verb}(input: &str) -> Option<u64> {{\n");
        text += &format!("    let {noun} = input.split(':').nth({})?;\n", number % 7);
        text += &format!("    {noun}.parse::<u64>().ok().map(|value| value.wrapping_mul({number}))\n}}\n\n");
    }
    text
}

/// A linear congruential generator: the same numbers everywhere.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap_or_default()
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words.get(self.next() % words.len()).copied().unwrap_or_default()
    }
}
