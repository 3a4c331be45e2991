//! Where a file is, or will be made, once every link is followed.

use super::HostAuthority;
use std::io;
use std::path::{Path, PathBuf};

/// The real path of a regular file, or of one that is to be made in a directory that is there.
///
/// # Errors
/// What stands there instead, for the operator.
pub(crate) fn of_file(path: &Path, authority: HostAuthority) -> Result<PathBuf, String> {
    let place = match super::canonical(path, authority) {
        Ok(real) => {
            let metadata = std::fs::metadata(&real).map_err(|error| error.to_string())?;
            if !metadata.is_file() {
                return Err(format!("`{}` is no regular file", shown(path)));
            }
            real
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => of_new_file(path, authority)?,
        Err(error) => return Err(format!("`{}`: {error}", shown(path))),
    };
    if place.to_str().is_some() { Ok(place) } else { Err("its real path is not valid UTF-8".to_owned()) }
}

fn of_new_file(path: &Path, authority: HostAuthority) -> Result<PathBuf, String> {
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(format!("`{}` is a symbolic link that leads nowhere", shown(path)));
    }
    let name = path.file_name().filter(|_| !ends_with_separator(path));
    let (Some(parent), Some(name)) = (path.parent(), name) else {
        return Err(format!("`{}` names no file", shown(path)));
    };
    match super::canonical(parent, authority) {
        Ok(real) if real.is_dir() => Ok(real.join(name)),
        Ok(_) => Err(format!("`{}` is no directory", shown(parent))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(format!("there is no directory `{}`", shown(parent)))
        }
        Err(error) => Err(format!("`{}`: {error}", shown(parent))),
    }
}

/// [`Path`] would leave the separator out.
fn ends_with_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

fn shown(path: &Path) -> String {
    crate::escape::escape(&path.to_string_lossy()).to_string()
}
