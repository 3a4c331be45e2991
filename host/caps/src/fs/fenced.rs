//! A host directory with denied places in it. Invariant: the place that an operation touches is known by its real path and by
//! its identity before the operation, so that no symbolic link, hard link, `..` or spelling leads around a deny rule.

use super::beneath::{Opener, file_system_magic};
use super::error::Trouble;
use super::located::{Base, Cursors, Follow, Located, Met, leads_on};
use super::metadata::{FileId, FileType};
use super::tree::{Start, Tree};
use cap_std::fs::Dir;
use caphost_policy::{Capability, Decision, PathCursor, Policy};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use std::borrow::Cow;
use std::collections::HashMap;

/// Symbolic links in one resolution, as Linux has it (`MAXSYMLINKS`).
const MAX_LINKS: u32 = 40;
/// Directories in one resolution, each of which is held open until it ends.
const MAX_DEPTH: usize = 256;
/// Components in one resolution, links expanded; stops a guest from making the host walk for ever.
const MAX_COMPONENTS: u32 = 4_096;

/// A host directory below which something is denied.
pub(crate) struct FencedDirectory {
    pub(crate) root: Dir,
    pub(crate) opener: Opener,
    pub(crate) policy: Policy,
    /// Denied places that existed when the session began, by identity: other names of the same file are denied too.
    pub(crate) denied: HashMap<FileId, Vec<(Capability, PathCursor)>>,
    /// A denied place is a directory, so a file with several names may have one in it.
    pub(crate) refuses_shared: bool,
}

impl Tree for FencedDirectory {
    fn locate<'a>(
        &'a self,
        start: Start<'a>,
        path: Cow<'a, str>,
        follow: Follow,
        capability: Capability,
    ) -> Result<Located<'a>, Trouble> {
        let base = start.directory.unwrap_or_else(|| self.root.as_fd());
        let walk = Walk {
            tree: self,
            base,
            start,
            steps: Vec::new(),
            pending: Vec::new(),
            links: 0,
            components: 0,
            capability,
        };
        walk.run(&path, follow)
    }

    fn hides(&self, cursors: Cursors, name: &str, id: FileId) -> bool {
        let is_reading =
            |(capability, cursor): &&(Capability, PathCursor)| *capability == Capability::FsRead && is_denied(*cursor);
        is_denied(self.policy.path_step(cursors.read, name))
            || self.denied.get(&id).is_some_and(|rules| rules.iter().find(is_reading).is_some())
    }
}

/// Whether a deny rule covers reading.
fn is_denied(cursor: PathCursor) -> bool {
    matches!(cursor.decision(), Decision::Denied { by: Some(_) })
}

/// A walk, one component at a time.
struct Walk<'a> {
    tree: &'a FencedDirectory,
    base: BorrowedFd<'a>,
    start: Start<'a>,
    /// The directories entered so far, below `base`.
    steps: Vec<Step>,
    /// The components still to come, the next one last.
    pending: Vec<String>,
    links: u32,
    components: u32,
    capability: Capability,
}

struct Step {
    directory: OwnedFd,
    name: String,
    cursors: Cursors,
}

impl<'a> Walk<'a> {
    fn run(mut self, path: &str, follow: Follow) -> Result<Located<'a>, Trouble> {
        let must_be_directory = path.ends_with('/') || path.ends_with("/.");
        self.push(path);
        while let Some(component) = self.pending.pop() {
            self.components += 1;
            if self.components > MAX_COMPONENTS {
                return Err(Errno::NAMETOOLONG.into());
            }
            match component.as_str() {
                "" | "." => continue,
                ".." => {
                    self.steps.pop().ok_or(Trouble::Escapes)?;
                    continue;
                }
                _ => {}
            }
            let is_last = self.pending.iter().all(|rest| rest == "." || rest.is_empty());
            let cursors = self.step(&component);
            let is_passed = !is_last && leads_on(cursors.of(self.capability));
            if is_refused(cursors, self.capability) && !is_passed {
                return Ok(self.arrive(component, cursors, must_be_directory, Met::Unknown));
            }
            let stat = match statat(self.here(), component.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // What is denied is passed through, and nothing is told of it.
                Err(_) if is_refused(cursors, self.capability) => {
                    return Ok(self.arrive(component, cursors, must_be_directory, Met::Unknown));
                }
                Err(Errno::NOENT) if is_last => {
                    return Ok(self.arrive(component, cursors, must_be_directory, Met::Nothing));
                }
                Err(errno) => return Err(errno.into()),
            };
            let cursors = self.with_identity(cursors, &stat);
            // A link in such a place would lead elsewhere.
            let is_passed =
                is_passed && leads_on(cursors.of(self.capability)) && FileType::of(&stat) == FileType::Directory;
            let is_refused = is_refused(cursors, self.capability) && !is_passed;
            let follows = !is_last || follow == Follow::Yes || must_be_directory;
            match FileType::of(&stat) {
                _ if is_refused => return Ok(self.arrive(component, cursors, must_be_directory, Met::Unknown)),
                FileType::Symlink if follows => self.expand(&component)?,
                _ if is_last => {
                    return Ok(self.arrive(component, cursors, must_be_directory, Met::File(FileId::of(&stat))));
                }
                FileType::Directory => self.enter(component, cursors, FileId::of(&stat))?,
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        Ok(self.stay())
    }

    fn push(&mut self, path: &str) {
        self.pending.extend(path.split('/').rev().map(str::to_owned));
    }

    fn here(&self) -> BorrowedFd<'_> {
        self.steps.last().map_or(self.base, |step| step.directory.as_fd())
    }

    fn cursors(&self) -> Cursors {
        self.steps.last().map_or(self.start.cursors, |step| step.cursors)
    }

    fn inside(&self, name: &str) -> String {
        let names = self.steps.iter().map(|step| step.name.as_str());
        let all = std::iter::once(self.start.inside).chain(names).chain(std::iter::once(name));
        all.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }

    /// The cursors one component deeper, by its name or, where the directory does not tell case apart, any spelling of it.
    fn step(&self, component: &str) -> Cursors {
        let Cursors { read, write } = self.cursors();
        let policy = &self.tree.policy;
        let exact = Cursors { read: policy.path_step(read, component), write: policy.path_step(write, component) };
        let folded = Cursors {
            read: policy.path_step_folded(read, component),
            write: policy.path_step_folded(write, component),
        };
        let differs = folded.read != exact.read || folded.write != exact.write;
        if differs && folds_case(self.here()) { folded } else { exact }
    }

    fn with_identity(&self, mut cursors: Cursors, stat: &Stat) -> Cursors {
        cursors.add_identity(self.tree.denied.get(&FileId::of(stat)));
        cursors
    }

    fn expand(&mut self, link: &str) -> Result<(), Trouble> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = readlinkat(self.here(), link, Vec::new())?;
        let target = target.to_str().map_err(|_| Errno::ILSEQ)?;
        if target.starts_with('/') {
            return Err(Trouble::Escapes);
        }
        self.push(target);
        Ok(())
    }

    fn enter(&mut self, name: String, cursors: Cursors, met: FileId) -> Result<(), Trouble> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = openat(self.here(), name.as_str(), flags, Mode::empty())?;
        let entered = FileId::of(&fstat(&directory)?);
        if entered != met {
            return Err(Errno::AGAIN.into());
        }
        if entered.device() != FileId::of(&fstat(self.here())?).device() {
            self.tree.opener.refuse_kernel_file_system(directory.as_fd())?;
        }
        if self.steps.len() >= MAX_DEPTH {
            return Err(Errno::NAMETOOLONG.into());
        }
        self.steps.push(Step { directory, name, cursors });
        Ok(())
    }

    /// The walk ends at a name in the directory it is in.
    fn arrive(mut self, name: String, cursors: Cursors, must_be_directory: bool, met: Met) -> Located<'a> {
        let inside = self.inside(&name);
        let base = self.steps.pop().map_or(Base::Borrowed(self.base), |step| Base::Owned(step.directory));
        Located { must_be_directory, ..self.located(base, name, inside, cursors, met) }
    }

    /// The walk ends at the directory it is in (`.` or `..`).
    fn stay(mut self) -> Located<'a> {
        let (inside, cursors) = (self.inside(""), self.cursors());
        let base = self.steps.pop().map_or(Base::Borrowed(self.base), |step| Base::Owned(step.directory));
        self.located(base, ".".to_owned(), inside, cursors, Met::Unknown)
    }

    fn located(&self, base: Base<'a>, path: String, inside: String, cursors: Cursors, met: Met) -> Located<'a> {
        Located {
            inside: Cow::Owned(inside),
            is_walked: true,
            refuses_shared: self.tree.refuses_shared,
            met,
            ..Located::new(base, Cow::Owned(path), cursors, self.tree.opener)
        }
    }
}

/// Whether a deny rule covers the place: nothing below it needs to be looked at.
fn is_refused(cursors: Cursors, capability: Capability) -> bool {
    !cursors.of(capability).decision().is_allowed()
}

/// Whether names in `directory` that differ in case are one name (ext4 and f2fs `+F` directories, FAT, exFAT, NTFS, CIFS).
///
/// When it cannot be told, they count as one: this is asked only where a deny rule differs in case.
fn folds_case(directory: BorrowedFd<'_>) -> bool {
    const CASEFOLD: u32 = 0x4000_0000;
    const FOLDING: [u64; 7] = [0x4d44, 0x2011_bab0, 0x5346_544e, 0x7366_746e, 0xff53_4d42, 0xfe53_4d42, 0x517b];
    if file_system_magic(directory).is_ok_and(|magic| FOLDING.contains(&magic)) {
        return true;
    }
    // The flags can only be read from a directory that is open for reading.
    let Ok(readable) = openat(directory, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
    else {
        return true;
    };
    match rustix::fs::ioctl_getflags(&readable) {
        Ok(flags) => flags.bits() & CASEFOLD != 0,
        Err(Errno::NOTTY | Errno::OPNOTSUPP) => false,
        Err(_) => true,
    }
}
