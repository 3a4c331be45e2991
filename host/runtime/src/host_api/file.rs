//! The resource `file` of `caphost:host/fs`.

use super::convert::{self, ApiResult};
use crate::bindings::caphost::host::fs::{FileMetadata, HostFile, SeekFrom};
use crate::state::State;
use caphost_caps::guest::fs::File;
use wasmtime::component::Resource;

impl HostFile for State {
    async fn read(&mut self, file: Resource<File>, length: u64) -> ApiResult<Vec<u8>> {
        Ok(self.table.get(&file)?.read(length).await?)
    }

    async fn write(&mut self, file: Resource<File>, contents: Vec<u8>) -> ApiResult<u64> {
        Ok(self.table.get(&file)?.write(&contents).await?)
    }

    fn seek(&mut self, file: Resource<File>, to: SeekFrom) -> ApiResult<u64> {
        Ok(self.table.get(&file)?.seek(convert::seek_from(to))?)
    }

    async fn read_at(&mut self, file: Resource<File>, length: u64, offset: u64) -> ApiResult<Vec<u8>> {
        Ok(self.table.get(&file)?.read_at(length, offset).await?)
    }

    async fn write_at(&mut self, file: Resource<File>, contents: Vec<u8>, offset: u64) -> ApiResult<u64> {
        Ok(self.table.get(&file)?.write_at(&contents, offset).await?)
    }

    fn set_size(&mut self, file: Resource<File>, size: u64) -> ApiResult<()> {
        Ok(self.table.get(&file)?.set_size(size)?)
    }

    fn sync(&mut self, file: Resource<File>) -> ApiResult<()> {
        Ok(self.table.get(&file)?.sync()?)
    }

    fn sync_data(&mut self, file: Resource<File>) -> ApiResult<()> {
        Ok(self.table.get(&file)?.sync_data()?)
    }

    fn metadata(&mut self, file: Resource<File>) -> ApiResult<FileMetadata> {
        Ok(convert::metadata(&self.table.get(&file)?.metadata(&self.session)?))
    }

    fn drop(&mut self, file: Resource<File>) -> wasmtime::Result<()> {
        self.table.delete(file)?;
        Ok(())
    }
}
