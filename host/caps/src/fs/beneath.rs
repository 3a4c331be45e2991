//! Opening below a directory. Invariant: nothing outside the directory is ever opened, whatever the path or its links say,
//! and nothing on a file system that is an interface to the kernel.

use super::error::Trouble;
use super::metadata::{FileId, FileType};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, ResolveFlags, Stat, fstat, fstatfs, openat, openat2};
use rustix::io::Errno;

/// How often a resolution is tried again that lost a race with a rename on the host (`EAGAIN` of openat2).
const MAX_RACES: u32 = 128;

/// Permissions of a new file before the umask (POSIX `open`).
const NEW_FILE: Mode = Mode::from_raw_mode(0o666);

/// Flags that every open gets: no inheritance, no controlling terminal, no waiting for the other end of a pipe.
const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

/// Opens below directories, and knows which file systems are none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opener {
    /// The device numbers of the host's `/dev` and below, which name themselves ordinary file systems.
    device_directories: [Option<u64>; 5],
}

impl Opener {
    pub(crate) fn new(device_directories: [Option<u64>; 5]) -> Self {
        Self { device_directories }
    }

    /// Opens `path` below `directory` (openat2(2) with `RESOLVE_BENEATH`).
    ///
    /// A mount point is crossed only if what lies behind it is an ordinary file system.
    pub(crate) fn open(self, directory: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Trouble> {
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match resolve(directory, path, flags, inside | ResolveFlags::NO_XDEV) {
            // Either an escape or a mount point: look, without opening, which of them.
            Err(Errno::XDEV) => {
                let probe = OFlags::PATH | flags.intersection(OFlags::NOFOLLOW);
                match resolve(directory, path, probe, inside) {
                    Ok(found) => self.refuse_kernel_file_system(found.as_fd())?,
                    Err(Errno::XDEV) => return Err(Trouble::Escapes),
                    // A file that is to be created behind a mount point: its directory decides.
                    Err(Errno::NOENT) => self.refuse_kernel_parent(directory, path, inside)?,
                    Err(errno) => return Err(errno.into()),
                }
                // Somebody else may have moved things since: what was opened is what counts.
                let opened = resolve(directory, path, flags, inside)?;
                self.refuse_kernel_file_system(opened.as_fd())?;
                Ok(opened)
            }
            outcome => outcome.map_err(Trouble::from),
        }
    }

    /// Opens one name in `directory`, which is on `device`, and looks at it: what the kernel resolves by itself has no way out, and a
    /// plain openat(2) is quicker. `None` where the name is a symbolic link.
    ///
    /// What another file system stands in for is opened only if it is an ordinary one.
    pub(crate) fn open_name(
        self,
        directory: BorrowedFd<'_>,
        device: u64,
        name: &str,
        flags: OFlags,
    ) -> Result<Option<(OwnedFd, Stat)>, Trouble> {
        let mode = if flags.contains(OFlags::CREATE) { NEW_FILE } else { Mode::empty() };
        let file = loop {
            match openat(directory, name, flags | ALWAYS | OFlags::NOFOLLOW, mode) {
                Err(Errno::INTR) => {}
                // Either says that it is a link; ENOTDIR also that it is a file.
                Err(Errno::LOOP | Errno::NOTDIR) => return Ok(None),
                outcome => break outcome?,
            }
        };
        let stat = fstat(&file)?;
        if FileId::of(&stat).device() != device {
            self.refuse_kernel_file_system(file.as_fd())?;
        }
        Ok(Some((file, stat)))
    }

    fn refuse_kernel_parent(self, directory: BorrowedFd<'_>, path: &str, inside: ResolveFlags) -> Result<(), Trouble> {
        let parent = path.trim_end_matches('/').rsplit_once('/').map_or(".", |(parent, _)| parent);
        let parent = resolve(directory, parent, OFlags::PATH | OFlags::DIRECTORY, inside)?;
        self.refuse_kernel_file_system(parent.as_fd())
    }

    /// Refuses what is open as `file` if it lives on a file system whose files are an interface to the kernel or to devices.
    pub(crate) fn refuse_kernel_file_system(self, file: BorrowedFd<'_>) -> Result<(), Trouble> {
        let magic = file_system_magic(file)?;
        let is_device_directory =
            || fstat(file).is_ok_and(|stat| self.device_directories.contains(&Some(FileId::of(&stat).device())));
        if KERNEL_FILE_SYSTEMS.contains(&magic) || is_device_directory() {
            return Err(Trouble::Special);
        }
        Ok(())
    }
}

fn resolve(directory: BorrowedFd<'_>, path: &str, flags: OFlags, resolve: ResolveFlags) -> Result<OwnedFd, Errno> {
    let mode = if flags.contains(OFlags::CREATE) { NEW_FILE } else { Mode::empty() };
    // openat2 rejects flags that O_PATH ignores.
    let flags = if flags.contains(OFlags::PATH) { flags | OFlags::CLOEXEC } else { flags | ALWAYS };
    for _ in 0..MAX_RACES {
        match openat2(directory, path, flags, mode, resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            outcome => return outcome,
        }
    }
    Err(Errno::AGAIN)
}

/// The number that a file system is known by.
pub(crate) fn file_system_magic(file: BorrowedFd<'_>) -> Result<u64, Errno> {
    // The field's type and sign differ between architectures.
    let magic = i128::from(fstatfs(file)?.f_type) & 0xffff_ffff;
    Ok(u64::try_from(magic).unwrap_or(u64::MAX))
}

/// File systems that are interfaces to the kernel: `linux/magic.h` and statfs(2).
const KERNEL_FILE_SYSTEMS: [u64; 24] = [
    0x0000_9fa0, // proc
    0x6265_6572, // sysfs
    0x0000_1373, // devfs
    0x0000_1cd1, // devpts
    0x6462_6720, // debugfs
    0x7472_6163, // tracefs
    0x7363_6673, // securityfs
    0x6367_7270, // cgroup2
    0x0027_e0eb, // cgroup
    0xf97c_ff8c, // selinuxfs
    0x4341_5d53, // smackfs
    0x5a3c_69f0, // apparmorfs
    0xcafe_4a11, // bpf
    0xde5e_81e4, // efivarfs
    0x6265_6570, // configfs
    0x4249_4e4d, // binfmt_misc
    0x6165_676c, // pstore
    0x6573_5543, // fusectl
    0x1980_0202, // mqueue
    0x9584_58f6, // hugetlbfs
    0x6e66_7364, // nfsd
    0x6759_6969, // rpc_pipefs
    0x0187,      // autofs
    0x6e73_6673, // nsfs
];

/// Refuses an open file that is neither a regular file nor a directory.
pub(crate) fn refuse_special(stat: &Stat) -> Result<FileType, Trouble> {
    match FileType::of(stat) {
        kind @ (FileType::Regular | FileType::Directory) => Ok(kind),
        FileType::Symlink => Err(Trouble::Os(Errno::LOOP)),
        _ => Err(Trouble::Special),
    }
}
