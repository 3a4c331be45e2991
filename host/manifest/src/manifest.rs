//! A manifest, read.

use crate::document::{Tree, json, toml};
use crate::fault::{Fault, Faults, quoted};
use crate::read::{Contents, Reader, in_order};
use crate::{Declaration, ManifestErrors, Narrowed};

/// The longest manifest, in bytes, that is read. It bounds what reading one takes.
pub const MAX_BYTES: usize = 16 << 20;

/// A manifest's text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// How messages call it.
    pub name: &'a str,
    /// The text. That it is UTF-8 is for whoever reads the file to say.
    pub text: &'a str,
    /// Its form.
    pub form: Form,
}

/// The form of a manifest's text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Form {
    /// `caphost.toml`.
    Toml,
    /// The older form, `{"allow": ["net"], "fs": {"read": ["/tmp/data"]}}`.
    Json,
}

impl Form {
    /// The form of a file of this name: JSON if it ends in `.json`.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name.ends_with(".json") { Self::Json } else { Self::Toml }
    }
}

/// A manifest, read and found to be sound.
#[derive(Clone, Debug)]
pub struct Manifest {
    name: String,
    contents: Contents,
}

impl Manifest {
    /// Reads a manifest. Its memory is bounded by [`MAX_BYTES`] and by bounds on what is in it; its time grows with its length.
    ///
    /// # Errors
    /// Everything that is wrong with it; where its syntax is, only that.
    pub fn read(source: Source<'_>) -> Result<Self, ManifestErrors> {
        let Source { name, text, form } = source;
        let mut faults = Faults::new(name, text);
        if text.len() > MAX_BYTES {
            faults.add_at(None, || Fault::new(format!("a manifest has {} MiB at most", MAX_BYTES >> 20)));
            return faults.finish(None);
        }
        let tree = match form {
            Form::Toml => toml::parse(text, &mut faults),
            Form::Json => json::parse(text, &mut faults),
        };
        let Some(tree) = tree else { return faults.finish(None) };
        let mut reader = Reader::new(name, text, faults);
        let root = tree.root();
        let contents = match &tree {
            Tree::Toml(_) => reader.manifest(&root),
            Tree::Json(_) => reader.older(&root),
        };
        reader.finish().finish(Some(Self { name: name.to_owned(), contents }))
    }

    /// The names of its profiles, sorted.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.contents.profiles.keys().map(String::as_str)
    }

    /// The names of the components that it narrows, sorted.
    pub fn packages(&self) -> impl Iterator<Item = &str> {
        self.contents.packages.keys().map(String::as_str)
    }

    /// What it narrows, by the names of the components, sorted.
    pub fn narrowed(&self) -> impl Iterator<Item = (&str, &Narrowed)> {
        self.contents.packages.iter().map(|(name, narrowed)| (name.as_str(), narrowed))
    }

    /// The declaration with these profiles added in this order, each once and after those that it extends, and narrowed for the component of
    /// this name, if the file narrows it.
    ///
    /// # Errors
    /// Names of profiles that the file does not have.
    pub fn declaration(&self, profiles: &[String], package: Option<&str>) -> Result<Declaration, ManifestErrors> {
        self.known(profiles)?;
        let Contents { component, arguments, section, packages, .. } = &self.contents;
        let mut section = section.clone();
        for profile in in_order(&self.contents.profiles, profiles) {
            section.add(&profile.section);
        }
        let section = section.settled();
        Ok(Declaration {
            component: component.clone(),
            arguments: arguments.clone(),
            grants: section.grants,
            denies: section.denies,
            narrowed: package.and_then(|name| packages.get(name)).cloned(),
            limits: section.limits,
            environment: section.environment,
            databases: section.databases,
            on_deny: section.on_deny,
            audit: section.audit,
        })
    }

    fn known(&self, profiles: &[String]) -> Result<(), ManifestErrors> {
        let mut faults = Faults::new(&self.name, "");
        for name in profiles.iter().filter(|name| !self.contents.profiles.contains_key(*name)) {
            faults.add_at(None, || {
                let nearest = caphost_policy::nearest(name, self.profiles());
                Fault::new(format!("this file has no profile `{}`", quoted(name))).nearest(nearest)
            });
        }
        faults.finish(Some(()))
    }
}
