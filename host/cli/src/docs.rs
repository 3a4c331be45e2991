//! `caphost docs`: tables and schemas for the documents, from the lists that the program itself uses.

use crate::exit::{self, Exit};
use crate::failure::Failure;
use crate::output;
use caphost::manifest;
use caphost::policy::codes::Code;
use caphost::policy::{Capability, Profile};
use caphost::surface;
use clap::ValueEnum;

/// A scope's description that is longer, in bytes, is written once, and then referred to.
const LONG_SCOPE: usize = 60;

/// Which table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// What can be granted in this build.
    Capabilities,
    /// How the program ends.
    ExitCodes,
    /// The codes of messages.
    Codes,
    /// The keys of a manifest.
    ManifestReference,
    /// The JSON Schema of a manifest.
    ManifestSchema,
}

/// Prints what is generated of `topic`: tables as Markdown, the schema as JSON.
pub(crate) fn print(topic: Topic) -> Result<Exit, Failure> {
    output::print(&match topic {
        Topic::Capabilities => capabilities(),
        Topic::ExitCodes => {
            table(["code", "meaning"], exit::meanings().map(|(code, meaning)| [code.to_string(), meaning.to_owned()]))
        }
        Topic::Codes => {
            table(["code", "title"], Code::ALL.iter().map(|code| [code.number().to_owned(), code.title().to_owned()]))
        }
        Topic::ManifestReference => manifest::reference(),
        Topic::ManifestSchema => format!("{:#}\n", manifest::schema()),
    })?;
    Ok(Exit::Success)
}

/// What nothing enforces yet is not in the documents.
fn capabilities() -> String {
    let enforced = Capability::ALL.iter().filter(|capability| surface::is_enforced(**capability));
    let mut above = "";
    let row = |capability: &Capability| {
        let help = capability.scope_help();
        let scope = if help == above && help.len() > LONG_SCOPE { "the same" } else { help };
        above = help;
        [format!("`{capability}`"), scope.to_owned(), capability.covers().to_owned()]
    };
    table(["capability", "scope", "covers"], enforced.map(row)) + &profiles()
}

/// The profiles that can be granted as a whole.
fn profiles() -> String {
    let is_enforced =
        |profile: &&Profile| profile.capabilities.iter().all(|capability| surface::is_enforced(*capability));
    let named =
        Profile::ALL.iter().filter(is_enforced).map(|profile| format!("`{}` ({})", profile.name, profile.summary));
    format!("\nShort names for several at once: {}.\n", named.collect::<Vec<_>>().join(", "))
}

fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head = line(&head.map(str::to_owned)) + &line(&head.map(|_| "---".to_owned()));
    rows.fold(head, |text, row| text + &line(&row.map(|cell| cell.replace('|', "\\|"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_markdown() {
        let rows = [["a|b".to_owned(), "c".to_owned()]].into_iter();
        assert_eq!(table(["x", "y"], rows), "| x | y |\n| --- | --- |\n| a\\|b | c |\n");
    }

    #[test]
    fn only_what_is_enforced_is_documented() {
        let text = capabilities();
        assert_eq!(text.matches("`link-local`").count(), 1, "{text}");
        assert!(text.contains("`fs.read`") && text.contains("`net.connect`") && text.contains("`db.read`"), "{text}");
    }
}
