//! The interfaces of `caphost:host` for a guest that nothing of them was granted to. Invariant: no file, no variable, no socket, no
//! response and no row comes from here, whatever the gate might say; it is asked only to refuse, to record and to report.

mod db;
mod http;
mod net;
mod websocket;

use super::convert::{self, ApiResult, Failure};
use crate::bindings::caphost::host::fs::{DirectoryEntry, FileMetadata, HostFile, NewTime, OpenFlags, SeekFrom};
use crate::bindings::caphost::host::{env as env_bindings, fs as fs_bindings, types};
use crate::state::{OnDeny, State};
use caphost_caps::guest::fs::File;
use caphost_caps::guest::{env, fs};
use caphost_caps::{Gate, Session};
use wasmtime::component::{HasData, Resource};

/// All that the refusing implementations have of a guest's state.
pub(crate) struct Refusing<'a> {
    gate: &'a Gate,
    on_deny: OnDeny,
}

/// How bindings find it in a [`State`].
pub(crate) struct HasGate;

impl HasData for HasGate {
    type Data<'a> = Refusing<'a>;
}

pub(crate) fn refusing(state: &mut State) -> Refusing<'_> {
    Refusing { gate: state.session.gate(), on_deny: state.on_deny }
}

impl Refusing<'_> {
    /// What every call is made on: each answers, and is recorded, as on the guest's own session, which has no more to give.
    fn nothing(&self) -> Session {
        Session::empty(self.gate)
    }
}

impl types::Host for Refusing<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<types::Error> {
        convert::error(failure, self.on_deny)
    }
}

impl env_bindings::Host for Refusing<'_> {
    fn get(&mut self, name: String) -> ApiResult<Option<String>> {
        Ok(env::get(&self.nothing(), &name)?)
    }

    /// A variable that is not granted is not there: that is an answer, and no refusal.
    fn list(&mut self) -> ApiResult<Vec<(String, String)>> {
        Ok(env::list(&self.nothing()))
    }

    fn set(&mut self, name: String, value: String) -> ApiResult<()> {
        Ok(env::set(&self.nothing(), &name, &value)?)
    }

    fn remove(&mut self, name: String) -> ApiResult<()> {
        Ok(env::remove(&self.nothing(), &name)?)
    }
}

impl fs_bindings::Host for Refusing<'_> {
    fn read_file(&mut self, path: String) -> ApiResult<Vec<u8>> {
        Ok(fs::read_file(&self.nothing(), &path)?)
    }

    fn write_file(&mut self, path: String, contents: Vec<u8>) -> ApiResult<()> {
        Ok(fs::write_file(&self.nothing(), &path, &contents)?)
    }

    fn append_file(&mut self, path: String, contents: Vec<u8>) -> ApiResult<()> {
        Ok(fs::append_file(&self.nothing(), &path, &contents)?)
    }

    fn open(&mut self, path: String, how: OpenFlags) -> ApiResult<Resource<File>> {
        let _: File = fs::open(&self.nothing(), &path, convert::open_flags(how))?;
        Err(no_handle())
    }

    fn list_directory(&mut self, path: String) -> ApiResult<Vec<DirectoryEntry>> {
        let entries = fs::list_directory(&self.nothing(), &path)?;
        Ok(entries.into_iter().map(convert::directory_entry).collect())
    }

    fn create_directory(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::create_directory(&self.nothing(), &path)?)
    }

    fn remove_directory(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::remove_directory(&self.nothing(), &path)?)
    }

    fn remove_file(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::remove_file(&self.nothing(), &path)?)
    }

    fn rename(&mut self, from: String, to: String) -> ApiResult<()> {
        Ok(fs::rename(&self.nothing(), &from, &to)?)
    }

    async fn copy(&mut self, from: String, to: String) -> ApiResult<u64> {
        Ok(fs::copy(&self.nothing(), &from, &to).await?)
    }

    fn hard_link(&mut self, from: String, to: String) -> ApiResult<()> {
        Ok(fs::hard_link(&self.nothing(), &from, &to)?)
    }

    fn symlink(&mut self, target: String, path: String) -> ApiResult<()> {
        Ok(fs::symlink(&self.nothing(), &target, &path)?)
    }

    fn read_link(&mut self, path: String) -> ApiResult<String> {
        Ok(fs::read_link(&self.nothing(), &path)?)
    }

    fn metadata(&mut self, path: String) -> ApiResult<FileMetadata> {
        Ok(convert::metadata(&fs::metadata(&self.nothing(), &path)?))
    }

    fn symlink_metadata(&mut self, path: String) -> ApiResult<FileMetadata> {
        Ok(convert::metadata(&fs::symlink_metadata(&self.nothing(), &path)?))
    }

    fn set_times(&mut self, path: String, accessed: NewTime, modified: NewTime) -> ApiResult<()> {
        Ok(fs::set_times(&self.nothing(), &path, convert::new_times(accessed, modified))?)
    }
}

/// A resource that there is none of: no guest calls its methods, since what would make one refuses.
macro_rules! none_of {
    (
        $host:ident for $resource:ty;
        async { $($waiting:ident($($given:ty),*) -> $awaited:ty;)* }
        { $($name:ident($($argument:ty),*) -> $answer:ty;)* }
    ) => {
        impl $host for Refusing<'_> {
            $(
                async fn $waiting(&mut self, _: Resource<$resource>, $(_: $given),*) -> ApiResult<$awaited> {
                    Err(no_handle())
                }
            )*

            $(
                fn $name(&mut self, _: Resource<$resource>, $(_: $argument),*) -> ApiResult<$answer> {
                    Err(no_handle())
                }
            )*

            fn drop(&mut self, _: Resource<$resource>) -> wasmtime::Result<()> {
                Err(wasmtime::Error::msg(NO_HANDLE))
            }
        }
    };
}

use none_of;

none_of! {
    HostFile for File;
    async {
        read(u64) -> Vec<u8>;
        write(Vec<u8>) -> u64;
        read_at(u64, u64) -> Vec<u8>;
        write_at(Vec<u8>, u64) -> u64;
    }
    {
        seek(SeekFrom) -> u64;
        set_size(u64) -> ();
        sync() -> ();
        sync_data() -> ();
        metadata() -> FileMetadata;
    }
}

const NO_HANDLE: &str = "a handle where none can be opened";

#[cold]
fn no_handle() -> Failure {
    Failure::Trap(wasmtime::Error::msg(NO_HANDLE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use caphost_caps::ambient::HostAuthority;
    use caphost_caps::guest;
    use caphost_policy::{Policy, parse_list};

    /// The linker takes this implementation where nothing is granted; here something is, to see that it would not help.
    #[test]
    fn there_is_no_file_and_no_variable_even_where_the_gate_would_allow_one() {
        let directory = tempfile::tempdir().unwrap();
        let rules = parse_list("fs:.,env").unwrap();
        let policy = rules.into_iter().fold(Policy::builder(), caphost_policy::PolicyBuilder::allow).build();
        let builder = Session::builder(policy).working_directory(directory.path().to_owned());
        let session = builder.variable("A", "1").build(HostAuthority::claim()).unwrap();
        fs::write_file(&session, "a.txt", b"x").unwrap();
        assert_eq!(env::get(&session, "A"), Ok(Some("1".to_owned())), "the control");

        let mut refusing = Refusing { gate: session.gate(), on_deny: OnDeny::Error };
        let read = fs_bindings::Host::read_file(&mut refusing, "a.txt".to_owned());
        assert!(matches!(read, Err(Failure::Guest(guest::Error::Denied(_)))), "{read:?}");
        let opened = fs_bindings::Host::open(&mut refusing, "a.txt".to_owned(), OpenFlags::READ);
        assert!(matches!(opened, Err(Failure::Guest(guest::Error::Denied(_)))), "{opened:?}");
        let root = fs_bindings::Host::list_directory(&mut refusing, "/".to_owned());
        assert!(matches!(root, Err(Failure::Guest(guest::Error::Denied(_)))), "{root:?}");
        assert!(matches!(env_bindings::Host::get(&mut refusing, "A".to_owned()), Ok(None)));
        assert!(env_bindings::Host::list(&mut refusing).unwrap().is_empty());
    }
}
