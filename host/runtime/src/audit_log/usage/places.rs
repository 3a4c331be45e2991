//! Places: where a path is for the guest, and where on the host.

use caphost_policy::paths::normalise;

/// Directories above a path that are looked at: no honest path lies deeper.
const MAX_DEPTH: usize = 256;

/// A path of the guest's file tree, and the path of the host that it is. Both absolute and normalised by their letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) guest: String,
    pub(super) host: String,
}

impl Place {
    /// What was asked for, with what it resolved to.
    pub(super) fn of(asked: &str, host: &str) -> Self {
        Self { guest: normalise("/", asked), host: normalise("/", host) }
    }

    pub(super) fn is_root(&self) -> bool {
        self.guest == "/"
    }

    /// What holds it, where that is one directory to guest and host.
    pub(super) fn parent(&self) -> Option<Self> {
        let (guest, guest_name) = split(&self.guest)?;
        let (host, host_name) = split(&self.host)?;
        (guest_name == host_name).then(|| Self { guest: guest.to_owned(), host: host.to_owned() })
    }

    /// Whether a grant of this place covers another: below it, and in the same tree of the host.
    pub(super) fn covers(&self, other: &Self) -> bool {
        match (below(&self.guest, &other.guest), below(&self.host, &other.host)) {
            (Some(guest), Some(host)) => guest == host,
            _ => false,
        }
    }

    /// The nearest directory that both are below, to guest and host.
    pub(super) fn common(&self, other: &Self) -> Option<Self> {
        let mut above = self.parent()?;
        while !above.covers(other) {
            above = above.parent()?;
        }
        Some(above)
    }

    /// Every place above, the nearest first, as far as guest and host agree.
    pub(super) fn above(&self) -> impl Iterator<Item = Self> {
        std::iter::successors(self.parent(), Self::parent).take(MAX_DEPTH)
    }
}

/// A path's directory, and its last name; `None` for the root.
fn split(path: &str) -> Option<(&str, &str)> {
    let (directory, name) = path.rsplit_once('/')?;
    (!name.is_empty()).then_some((if directory.is_empty() { "/" } else { directory }, name))
}

/// The rest of `path` behind `directory`: empty, or with its leading slash.
fn below<'a>(directory: &str, path: &'a str) -> Option<&'a str> {
    let directory = if directory == "/" { "" } else { directory };
    let rest = path.strip_prefix(directory)?;
    match rest {
        "/" => Some(""),
        _ if rest.is_empty() || rest.starts_with('/') => Some(rest),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_held_by_their_directories() {
        let place = |guest, host| Place::of(guest, host);
        let file = place("data/a/./b.txt", "/work/data/a/b.txt");
        assert_eq!(file, place("/data/a/b.txt", "/work/data/a/b.txt"));
        assert_eq!(file.parent(), Some(place("/data/a", "/work/data/a")));
        assert_eq!(file.above().last(), Some(place("/", "/work")));
        assert_eq!(place("/data/link", "/srv/other").parent(), None);
        assert!(place("/", "/work").covers(&file) && place("/data", "/work/data").covers(&file) && file.covers(&file));
        assert!(!place("/data", "/srv/data").covers(&file));
        assert!(!place("/dat", "/work/dat").covers(&file) && !file.covers(&place("/data", "/work/data")));
        assert_eq!(file.common(&place("/data/c", "/work/data/c")), Some(place("/data", "/work/data")));
        assert_eq!(place("/a", "/x/a").common(&place("/b", "/y/b")), None);
        assert_eq!(place("/", "/").parent(), None);
    }
}
