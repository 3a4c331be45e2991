//! Paths as text: nothing here looks at a file system.

/// Joins `path` to `base` and removes `.`, `..`, doubled and trailing slashes, by the text alone.
///
/// `base` is absolute; so is the result. `..` at the root stays at the root. An absolute `path` ignores `base`.
///
/// # Security
/// Where a component is a symlink, `..` by the text and `..` by the file system differ: use this for what an operator wrote,
/// and never to find out what a guest's path leads to.
#[must_use]
pub fn normalise(base: &str, path: &str) -> String {
    let base = if path.starts_with('/') { "" } else { base };
    let mut components: Vec<&str> = Vec::new();
    for component in base.split('/').chain(path.split('/')) {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            name => components.push(name),
        }
    }
    format!("/{}", components.join("/"))
}

/// The components of an absolute, normalised path; `None` for any other (doubled and trailing slashes are let through).
pub(crate) fn components(path: &str) -> Option<impl Iterator<Item = &str>> {
    let rest = path.strip_prefix('/')?;
    let names = || rest.split('/').filter(|component| !component.is_empty());
    names().all(|name| !is_dots(name)).then(names)
}

/// One name of a path, as a directory entry has it.
pub(crate) fn is_component(name: &str) -> bool {
    !name.is_empty() && !is_dots(name) && !name.contains('/')
}

fn is_dots(name: &str) -> bool {
    name == "." || name == ".."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_by_the_text() {
        assert_eq!(normalise("/work", "./data"), "/work/data");
        assert_eq!(normalise("/work", "../data/"), "/data");
        assert_eq!(normalise("/work", "/a//b/./c/.."), "/a/b");
        assert_eq!(normalise("/", "../../.."), "/");
        assert_eq!(normalise("/work", "."), "/work");
    }

    #[test]
    fn components_need_an_absolute_normalised_path() {
        assert!(components("data").is_none());
        assert!(components("/data/../etc").is_none());
        assert_eq!(components("/").map(Iterator::count), Some(0));
        assert_eq!(components("/a/b").map(Iterator::count), Some(2));
    }
}
