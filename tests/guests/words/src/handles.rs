//! The handles that a guest holds, by name.

use std::collections::BTreeMap;

use crate::failure::{Failure, Outcome};

/// Open things of type `H`, by name. Dropping it drops them in the order of their names.
pub struct Table<H>(BTreeMap<String, H>);

impl<H> Default for Table<H> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<H> Table<H> {
    /// Keeps `handle` under `name`; an older one of that name is dropped.
    pub fn keep(&mut self, name: &str, handle: H) -> Outcome {
        self.0.insert(name.to_owned(), handle);
        Ok(String::new())
    }

    /// Keeps `handle` under `name`, unless something has that name; then `handle` is dropped.
    pub fn keep_first(&mut self, name: &str, handle: H) {
        self.0.entry(name.to_owned()).or_insert(handle);
    }

    /// Whatever is called `name`.
    pub fn get(&self, name: &str) -> Result<&H, Failure> {
        self.0.get(name).ok_or_else(|| missing(name))
    }

    /// Gives away what is called `name`.
    pub fn take(&mut self, name: &str) -> Result<H, Failure> {
        self.0.remove(name).ok_or_else(|| missing(name))
    }

    /// True if something is called `name`.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

fn missing(name: &str) -> Failure {
    Failure::Skipped(format!("no handle `{name}`"))
}

/// Makes the enum `Handle` of what a guest opens, and what finds one by its name in the `open` of its `Handles`.
///
/// A line for each kind: the function that finds it, its variant and its type, and what a message calls it.
#[macro_export]
macro_rules! kinds {
    ($($find:ident $kind:ident($type:ty) $words:literal,)*) => {
        /// One open thing.
        pub(crate) enum Handle {
            $($kind($type),)*
        }

        impl Handles {
            $(
                #[doc = concat!("The ", $words, " `name`.")]
                pub(crate) fn $find(&self, name: &str) -> Result<&$type, $crate::Failure> {
                    match self.open.get(name)? {
                        Handle::$kind(handle) => Ok(handle),
                        _ => Err($crate::Failure::Usage(format!(concat!("`{}` is no ", $words), name))),
                    }
                }
            )*
        }
    };
}
