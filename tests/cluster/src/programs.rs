//! Where the programs of PostgreSQL are, and as whom they run.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, ensure};

/// Where Debian puts the programs of each version, outside of the PATH.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The accounts that the server runs as where the tests run as root, which it refuses: the package's own, or nobody's.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

/// The programs of one version.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// The account, where it is another than that of the tests.
    account: Option<Account>,
}

/// A user and its group, by number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Programs {
    /// The newest version that is installed; `None` if there is none, or no way to leave root.
    pub(crate) fn find() -> Option<Self> {
        let folder = newest(Path::new(DEBIAN)).or_else(on_path)?;
        let has_setpriv = Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success());
        let is_root = rustix::process::geteuid().is_root();
        let account = if is_root { Some(account(&fs::read_to_string("/etc/passwd").ok()?)?) } else { None };
        has_setpriv.then_some(Self { folder, account })
    }

    /// A program that runs as the server's user, with nothing in its environment, and that dies with the thread that starts it.
    pub(crate) fn command(&self, program: &str, home: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if let Some(Account { user, group }) = self.account {
            command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
        }
        command.arg("--").arg(self.folder.join(program)).env_clear();
        command.envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("TZ", "UTC")]).env("HOME", home).current_dir(home);
        command
    }

    /// Gives a file to the server's user.
    pub(crate) fn give(&self, path: &Path) -> anyhow::Result<()> {
        let Some(Account { user, group }) = self.account else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user), Some(group)).with_context(|| format!("chown {}", path.display()))
    }

    /// A client of PostgreSQL, which runs as ourselves.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.env_clear().envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C")]).current_dir("/");
        command
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_owned();
    let output = command.output().with_context(|| format!("failed to start `{}`", name.display()))?;
    said(&name, &output)
}

/// What a program printed, once it went well.
pub(crate) fn said(name: &OsStr, output: &Output) -> anyhow::Result<String> {
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}` ended with {}: {}", name.display(), output.status, errors.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).is_file())
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let number = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let entries = fs::read_dir(versions).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let installed = entries.filter(|path| has_programs(&path.join("bin")));
    Some(installed.max_by_key(|path| number(path))?.join("bin"))
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| has_programs(folder))
}

/// The first of the accounts that a `passwd` has.
fn account(passwd: &str) -> Option<Account> {
    ACCOUNTS.iter().find_map(|name| {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse);
        Some(Account { user: fields.next()?.ok()?, group: fields.next()?.ok()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_s_own_account_comes_first() {
        let passwd = "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\npostgres:x:100:102::/:/bin/sh\n";
        let found = account(passwd).map(|account| (account.user, account.group));
        assert_eq!(found, Some((100, 102)));
        assert!(account("root:x:0:0::/:/bin/sh\n").is_none());
    }

    #[test]
    fn the_newest_version_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["9", "15", "other"] {
            let bin = folder.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            ["initdb", "postgres", "psql"].iter().for_each(|program| fs::write(bin.join(program), "").unwrap());
        }
        fs::create_dir_all(folder.path().join("17/bin")).unwrap();
        assert_eq!(newest(folder.path()), Some(folder.path().join("15/bin")));
    }
}
