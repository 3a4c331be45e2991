//! The functions of `caphost:host/fs`; what an open file can do is in `file`.

use super::convert::{self, ApiResult};
use crate::bindings::caphost::host::fs::{DirectoryEntry, FileMetadata, Host, NewTime, OpenFlags};
use crate::state::State;
use caphost_caps::guest::fs::{self, File};
use wasmtime::component::Resource;

impl Host for State {
    fn read_file(&mut self, path: String) -> ApiResult<Vec<u8>> {
        Ok(fs::read_file(&self.session, &path)?)
    }

    fn write_file(&mut self, path: String, contents: Vec<u8>) -> ApiResult<()> {
        Ok(fs::write_file(&self.session, &path, &contents)?)
    }

    fn append_file(&mut self, path: String, contents: Vec<u8>) -> ApiResult<()> {
        Ok(fs::append_file(&self.session, &path, &contents)?)
    }

    fn open(&mut self, path: String, how: OpenFlags) -> ApiResult<Resource<File>> {
        let file = fs::open(&self.session, &path, convert::open_flags(how))?;
        Ok(self.table.push(file)?)
    }

    fn list_directory(&mut self, path: String) -> ApiResult<Vec<DirectoryEntry>> {
        let entries = fs::list_directory(&self.session, &path)?;
        Ok(entries.into_iter().map(convert::directory_entry).collect())
    }

    fn create_directory(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::create_directory(&self.session, &path)?)
    }

    fn remove_directory(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::remove_directory(&self.session, &path)?)
    }

    fn remove_file(&mut self, path: String) -> ApiResult<()> {
        Ok(fs::remove_file(&self.session, &path)?)
    }

    fn rename(&mut self, from: String, to: String) -> ApiResult<()> {
        Ok(fs::rename(&self.session, &from, &to)?)
    }

    async fn copy(&mut self, from: String, to: String) -> ApiResult<u64> {
        Ok(fs::copy(&self.session, &from, &to).await?)
    }

    fn hard_link(&mut self, from: String, to: String) -> ApiResult<()> {
        Ok(fs::hard_link(&self.session, &from, &to)?)
    }

    fn symlink(&mut self, target: String, path: String) -> ApiResult<()> {
        Ok(fs::symlink(&self.session, &target, &path)?)
    }

    fn read_link(&mut self, path: String) -> ApiResult<String> {
        Ok(fs::read_link(&self.session, &path)?)
    }

    fn metadata(&mut self, path: String) -> ApiResult<FileMetadata> {
        Ok(convert::metadata(&fs::metadata(&self.session, &path)?))
    }

    fn symlink_metadata(&mut self, path: String) -> ApiResult<FileMetadata> {
        Ok(convert::metadata(&fs::symlink_metadata(&self.session, &path)?))
    }

    fn set_times(&mut self, path: String, accessed: NewTime, modified: NewTime) -> ApiResult<()> {
        Ok(fs::set_times(&self.session, &path, convert::new_times(accessed, modified))?)
    }
}
