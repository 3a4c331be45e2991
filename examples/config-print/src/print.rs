//! What is printed: settings for standard output, and what there is to say about those that are missing.

use caphost_sdk::{Error, ErrorKind, Result, capabilities, env};

use crate::args::{Args, Secrets, Selection};
use crate::setting;

/// Settings, and what is missing.
#[derive(Debug, Default)]
pub struct Printout {
    /// `NAME=value`, a line each.
    pub settings: String,
    /// One text for each that is missing.
    pub problems: Vec<String>,
}

impl Printout {
    /// Asks for what `args` selects.
    pub fn of(args: &Args) -> Self {
        let mut printout = Self::default();
        match &args.selection {
            Selection::Prefix(prefix) => {
                let all = printout.add_prefix(prefix, args.secrets);
                printout.problems.extend(all.err().map(|error| error.to_string()));
            }
            Selection::Names(names) => names.iter().for_each(|name| printout.add_name(name, args.secrets)),
        }
        printout
    }

    /// What may not be read is not in the list of variables: only the grants tell whether the list is whole.
    fn add_prefix(&mut self, prefix: &str, secrets: Secrets) -> Result<()> {
        let all = if prefix.is_empty() { "env.read".to_owned() } else { format!("env.read:{prefix}*") };
        if !capabilities::has("env.read") {
            return capabilities::require(&all);
        }
        let mut variables: Vec<_> = env::vars()?.filter(|(name, _)| name.starts_with(prefix)).collect();
        variables.sort();
        self.settings = variables.iter().map(|(name, value)| setting::line(name, value, secrets)).collect();
        if !prefix.is_empty() && !capabilities::has(&all) {
            self.problems.push(format!("only a part of `{prefix}*` may be read: there may be more"));
        }
        Ok(())
    }

    fn add_name(&mut self, name: &str, secrets: Secrets) {
        match env::var(name) {
            Ok(value) => self.settings += &setting::line(name, &value, secrets),
            Err(error) => self.problems.push(problem(name, &error)),
        }
    }
}

fn problem(name: &str, error: &Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("`{name}` is not set"),
        _ if error.is_denied() => format!("`{name}` is refused: {error}"),
        _ => format!("`{name}` cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_sdk::native::{HostAuthority, Policy, Session, parse_list, with_session};
    use std::sync::Arc;

    fn printout(allow: &str, selection: Selection) -> Printout {
        let grants = parse_list(allow).unwrap();
        let policy = grants.into_iter().fold(Policy::builder(), |policy, grant| policy.allow(grant)).build();
        let session = Session::builder(policy).variable("APP_NAME", "shop").variable("APP_TOKEN", "t0ken");
        let session = session.variable("OTHER", "x").build(HostAuthority::claim()).unwrap();
        with_session(Arc::new(session), || Printout::of(&Args { selection, secrets: Secrets::Masked }))
    }

    fn names(names: &[&str]) -> Selection {
        Selection::Names(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_prefix_is_listed_in_order() {
        let printout = printout("env.read:APP_*", Selection::Prefix("APP_".into()));
        assert_eq!(printout.settings, "APP_NAME=shop\nAPP_TOKEN=********\n");
        assert_eq!(printout.problems, Vec::<String>::new());
    }

    #[test]
    fn a_list_that_may_not_be_whole_says_so() {
        let printout = printout("env.read:APP_NAME", Selection::Prefix("APP_".into()));
        assert_eq!(printout.settings, "APP_NAME=shop\n");
        assert_eq!(printout.problems, ["only a part of `APP_*` may be read: there may be more"]);
    }

    #[test]
    fn without_a_grant_nothing_is_listed() {
        let printout = printout("", Selection::Prefix("APP_".into()));
        assert_eq!(printout.settings, "");
        assert_eq!(printout.problems, ["`env.read` denied: `APP_*` (CAP0101)"]);
    }

    #[test]
    fn refused_is_told_from_not_set() {
        let printout = printout("env.read:APP_*", names(&["APP_NAME", "APP_NONE", "OTHER"]));
        assert_eq!(printout.settings, "APP_NAME=shop\n");
        assert_eq!(
            printout.problems,
            ["`APP_NONE` is not set", "`OTHER` is refused: `env.read` denied: `OTHER` (CAP0102)"]
        );
    }
}
