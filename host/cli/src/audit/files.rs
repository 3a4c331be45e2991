//! The files of a log: found, put in order, and read.
#![expect(
    clippy::disallowed_methods,
    reason = "the files that the operator names are read with the operator's own authority"
)]

use caphost::audit_log::{Chain, Fault, Line, Part, Problem, in_order};
use caphost::caps::ambient::audit::{AuditFile, MAX_KEPT};
use std::fs::File;
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

/// The files of a log, the oldest first.
pub(super) struct LogFiles(Vec<PathBuf>);

impl LogFiles {
    /// The files that `named` are, or where that is one, it and the older files beside it.
    ///
    /// # Errors
    /// A file that cannot be read or is none of a log; files of several logs; a file that is missing.
    pub(super) fn find(named: &[PathBuf]) -> Result<Self, Problem> {
        let paths = match named {
            [log] => with_older(log)?,
            several => several.to_vec(),
        };
        let mut parts = Vec::new();
        for path in &paths {
            parts.push(part(path)?);
        }
        let order = in_order(parts)?;
        // Names tell files apart: two of one name are one file, which is found to be one part twice.
        let path = |part: &Part| paths.iter().find(|path| shown(path) == part.name).cloned();
        Ok(Self(order.iter().filter_map(path).collect()))
    }

    /// Checks every line, and shows it to `visit` with its text.
    ///
    /// # Errors
    /// The first problem.
    pub(super) fn read(&self, mut visit: impl FnMut(&Line<'_>, &[u8])) -> Result<Chain, Problem> {
        let mut chain = Chain::new();
        for path in &self.0 {
            chain.file(&shown(path), open(path)?, &mut visit)?;
        }
        Ok(chain)
    }
}

/// The older files of the log at `path` have its name with a number behind it.
fn with_older(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let newest = match part(path) {
        Err(Problem { fault: Fault::Unreadable(_), .. }) if is_missing(path) => return Err(begun_anew(path)),
        outcome => outcome?,
    };
    let mut paths = vec![path.to_owned()];
    let keep = newest.header.keep.unwrap_or(0).min(MAX_KEPT);
    let wanted = usize::try_from(newest.header.part - 1).unwrap_or(usize::MAX).min(keep as usize);
    for older in AuditFile::names(path, keep).skip(1) {
        // What is left of an earlier log stands behind the files of this one.
        if paths.len() > wanted || is_missing(&older) {
            continue;
        }
        paths.push(older);
    }
    Ok(paths)
}

/// A log that is not there: the host may have died between giving it another name and beginning the next file.
fn begun_anew(path: &Path) -> Problem {
    let older = AuditFile::names(path, 1).nth(1).filter(|older| !is_missing(older));
    let why = match older {
        Some(older) => format!(
            "there is no such file, but there is `{}`: the host died while it began a new file; check that one",
            shown(&older)
        ),
        None => "there is no such file".to_owned(),
    };
    Problem { file: shown(path), line: 0, fault: Fault::Unreadable(why) }
}

fn part(path: &Path) -> Result<Part, Problem> {
    Part::read(&shown(path), open(path)?)
}

fn open(path: &Path) -> Result<BufReader<File>, Problem> {
    let unreadable = |why: String| Problem { file: shown(path), line: 0, fault: Fault::Unreadable(why) };
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let metadata = file.metadata().map_err(|error| unreadable(error.to_string()))?;
    // It is read twice.
    if !metadata.is_file() {
        return Err(unreadable("it is no regular file".to_owned()));
    }
    Ok(BufReader::with_capacity(1 << 16, file))
}

fn is_missing(path: &Path) -> bool {
    matches!(std::fs::symlink_metadata(path), Err(error) if error.kind() == ErrorKind::NotFound)
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
