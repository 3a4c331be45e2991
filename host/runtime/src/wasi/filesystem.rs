//! `wasi:filesystem` 0.2 on [`caphost_caps::fs`].

use super::convert::{self, FsFailure, error_code};
use super::file_stream::{FileReader, FileWriter};
use super::input_stream::InputStream;
use super::io::IoError;
use super::output_stream::{OutputStream, Sink};
use crate::bindings::wasi::filesystem::preopens;
use crate::bindings::wasi::filesystem::types::{
    Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, ErrorCode, Filesize, Host, HostDescriptor,
    HostDirectoryEntryStream, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};
use crate::state::State;
use caphost_caps::fs::{At, Directory, Either, File, FileSystem, Listing, Opened};
use rustix::io::Errno;
use std::sync::Arc;
use wasmtime::component::Resource;

/// An open file or directory. Streams share the file with it and may outlive it.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub enum Descriptor {
    /// A directory.
    Directory(Directory),
    /// Anything else.
    File(Arc<File>),
}

type FsResult<T> = Result<T, FsFailure>;

/// The longest read that is answered at once, in bytes; the guest picks the number, this bounds what the host allocates for it.
const MAX_READ_BYTES: u64 = 1024 * 1024;

impl Descriptor {
    fn file(&self) -> Result<&Arc<File>, Errno> {
        match self {
            Descriptor::File(file) => Ok(file),
            Descriptor::Directory(_) => Err(Errno::ISDIR),
        }
    }

    fn directory(&self) -> Result<&Directory, Errno> {
        match self {
            Descriptor::Directory(directory) => Ok(directory),
            Descriptor::File(_) => Err(Errno::NOTDIR),
        }
    }

    fn either(&self) -> Either<'_> {
        match self {
            Descriptor::Directory(directory) => Either::Directory(directory),
            Descriptor::File(file) => Either::File(file),
        }
    }
}

/// The file system, and the file behind a descriptor.
fn file<'a>(state: &'a State, descriptor: &Resource<Descriptor>) -> FsResult<(&'a FileSystem, &'a Arc<File>)> {
    Ok((state.session.files(), state.table.get(descriptor)?.file()?))
}

/// The file system, and the directory behind a descriptor.
fn directory<'a>(state: &'a State, descriptor: &Resource<Descriptor>) -> FsResult<(&'a FileSystem, &'a Directory)> {
    Ok((state.session.files(), state.table.get(descriptor)?.directory()?))
}

fn at<'a>(call: &'static str, directory: &'a Directory, path: &'a str) -> At<'a> {
    At { call, directory, path }
}

impl preopens::Host for State {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let preopens = self.session.files().preopens().into_iter();
        preopens.map(|(directory, name)| Ok((self.table.push(Descriptor::Directory(directory))?, name))).collect()
    }
}

impl Host for State {
    fn convert_error_code(&mut self, failure: FsFailure) -> wasmtime::Result<ErrorCode> {
        error_code(failure, self.on_deny)
    }

    fn filesystem_error_code(&mut self, error: Resource<IoError>) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(match self.table.get(&error)? {
            IoError::File(error) => Some(convert::code_of(*error)),
            IoError::Socket(_) | IoError::Http(_) | IoError::Standard(_) => None,
        })
    }
}

impl HostDescriptor for State {
    fn read_via_stream(&mut self, fd: Resource<Descriptor>, offset: Filesize) -> FsResult<Resource<InputStream>> {
        let (_, file) = file(self, &fd)?;
        let reader = FileReader::new(Arc::clone(file), offset, self.on_deny)?;
        Ok(self.table.push(InputStream::File(reader))?)
    }

    fn write_via_stream(&mut self, fd: Resource<Descriptor>, offset: Filesize) -> FsResult<Resource<OutputStream>> {
        let (_, file) = file(self, &fd)?;
        let writer = FileWriter::at(Arc::clone(file), offset, self.on_deny)?;
        Ok(self.table.push(OutputStream::new(Sink::File(writer)))?)
    }

    fn append_via_stream(&mut self, fd: Resource<Descriptor>) -> FsResult<Resource<OutputStream>> {
        let (_, file) = file(self, &fd)?;
        let writer = FileWriter::appending(Arc::clone(file), self.on_deny)?;
        Ok(self.table.push(OutputStream::new(Sink::File(writer)))?)
    }

    fn advise(&mut self, fd: Resource<Descriptor>, offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()> {
        let (_, file) = file(self, &fd)?;
        Ok(file.advise(offset, length, convert::advice(advice))?)
    }

    fn sync_data(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        match self.table.get(&fd)? {
            Descriptor::File(file) => Ok(file.sync_data()?),
            Descriptor::Directory(directory) => {
                Ok(self.session.files().sync_directory("wasi:filesystem sync-data", directory)?)
            }
        }
    }

    fn get_flags(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorFlags> {
        Ok(match self.table.get(&fd)? {
            Descriptor::File(file) => convert::file_flags(file),
            Descriptor::Directory(directory) => convert::directory_flags(self.session.files().is_mutable(directory)),
        })
    }

    fn get_type(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorType> {
        Ok(match self.table.get(&fd)? {
            Descriptor::File(file) => convert::descriptor_type(file.file_type()),
            Descriptor::Directory(_) => DescriptorType::Directory,
        })
    }

    fn set_size(&mut self, fd: Resource<Descriptor>, size: Filesize) -> FsResult<()> {
        let (_, file) = file(self, &fd)?;
        Ok(file.set_size(size)?)
    }

    fn set_times(&mut self, fd: Resource<Descriptor>, accessed: NewTimestamp, modified: NewTimestamp) -> FsResult<()> {
        const CALL: &str = "wasi:filesystem set-times";
        let times = convert::new_times(accessed, modified)?;
        let files = self.session.files();
        match self.table.get(&fd)? {
            Descriptor::File(file) => Ok(files.file_set_times(CALL, file, times)?),
            Descriptor::Directory(directory) => {
                Ok(files.set_times_at(&at(CALL, directory, "."), convert::follow(PathFlags::empty()), times)?)
            }
        }
    }

    fn read(&mut self, fd: Resource<Descriptor>, length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)> {
        let limit = MAX_READ_BYTES.min(self.limiter.limits.host_allocation_bytes);
        let (_, file) = file(self, &fd)?;
        let data = file.read_vec_at(usize::try_from(length.min(limit)).unwrap_or(usize::MAX), offset)?;
        let is_end = data.is_empty() && length > 0;
        Ok((data, is_end))
    }

    fn write(&mut self, fd: Resource<Descriptor>, buffer: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        let (_, file) = file(self, &fd)?;
        Ok(file.write_at(&buffer, offset)? as u64)
    }

    fn read_directory(&mut self, fd: Resource<Descriptor>) -> FsResult<Resource<Listing>> {
        let (files, directory) = directory(self, &fd)?;
        let listing = files.list("wasi:filesystem read-directory", directory)?;
        Ok(self.table.push(listing)?)
    }

    fn sync(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        match self.table.get(&fd)? {
            Descriptor::File(file) => Ok(file.sync_all()?),
            Descriptor::Directory(directory) => {
                Ok(self.session.files().sync_directory("wasi:filesystem sync", directory)?)
            }
        }
    }

    fn create_directory_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let (files, directory) = directory(self, &fd)?;
        Ok(files.create_directory_at(&at("wasi:filesystem create-directory-at", directory, &path))?)
    }

    fn stat(&mut self, fd: Resource<Descriptor>) -> FsResult<DescriptorStat> {
        const CALL: &str = "wasi:filesystem stat";
        let files = self.session.files();
        let metadata = match self.table.get(&fd)? {
            Descriptor::File(file) => files.file_metadata(CALL, file)?,
            Descriptor::Directory(directory) => {
                files.metadata_at(&at(CALL, directory, "."), convert::follow(PathFlags::empty()))?
            }
        };
        Ok(convert::stat(&metadata))
    }

    fn stat_at(&mut self, fd: Resource<Descriptor>, flags: PathFlags, path: String) -> FsResult<DescriptorStat> {
        let (files, directory) = directory(self, &fd)?;
        let metadata = files.metadata_at(&at("wasi:filesystem stat-at", directory, &path), convert::follow(flags))?;
        Ok(convert::stat(&metadata))
    }

    fn set_times_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let times = convert::new_times(accessed, modified)?;
        let (files, directory) = directory(self, &fd)?;
        Ok(files.set_times_at(&at("wasi:filesystem set-times-at", directory, &path), convert::follow(flags), times)?)
    }

    fn link_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        old_path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        const CALL: &str = "wasi:filesystem link-at";
        if flags.contains(PathFlags::SYMLINK_FOLLOW) {
            return Err(Errno::INVAL.into());
        }
        let (files, old_directory) = directory(self, &fd)?;
        let (_, new_directory) = directory(self, &new_fd)?;
        Ok(files.link_at(&at(CALL, old_directory, &old_path), &at(CALL, new_directory, &new_path))?)
    }

    fn open_at(
        &mut self,
        fd: Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let (files, directory) = directory(self, &fd)?;
        let options = convert::open_options(path_flags, open_flags, flags);
        let opened = match files.open_at(&at("wasi:filesystem open-at", directory, &path), options)? {
            Opened::Directory(directory) => Descriptor::Directory(directory),
            Opened::File(file) => Descriptor::File(Arc::new(file)),
        };
        Ok(self.table.push(opened)?)
    }

    fn readlink_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<String> {
        let (files, directory) = directory(self, &fd)?;
        Ok(files.read_link_at(&at("wasi:filesystem readlink-at", directory, &path))?)
    }

    fn remove_directory_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let (files, directory) = directory(self, &fd)?;
        Ok(files.remove_directory_at(&at("wasi:filesystem remove-directory-at", directory, &path))?)
    }

    fn rename_at(
        &mut self,
        fd: Resource<Descriptor>,
        old_path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        const CALL: &str = "wasi:filesystem rename-at";
        let (files, old_directory) = directory(self, &fd)?;
        let (_, new_directory) = directory(self, &new_fd)?;
        Ok(files.rename_at(&at(CALL, old_directory, &old_path), &at(CALL, new_directory, &new_path))?)
    }

    fn symlink_at(&mut self, fd: Resource<Descriptor>, old_path: String, new_path: String) -> FsResult<()> {
        let (files, directory) = directory(self, &fd)?;
        Ok(files.symlink_at(&old_path, &at("wasi:filesystem symlink-at", directory, &new_path))?)
    }

    fn unlink_file_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        let (files, directory) = directory(self, &fd)?;
        Ok(files.unlink_file_at(&at("wasi:filesystem unlink-file-at", directory, &path))?)
    }

    fn is_same_object(&mut self, fd: Resource<Descriptor>, other: Resource<Descriptor>) -> wasmtime::Result<bool> {
        let (one, other) = (self.table.get(&fd)?, self.table.get(&other)?);
        Ok(self.session.files().is_same(one.either(), other.either()))
    }

    fn metadata_hash(&mut self, fd: Resource<Descriptor>) -> FsResult<MetadataHashValue> {
        const CALL: &str = "wasi:filesystem metadata-hash";
        let files = self.session.files();
        let hash = match self.table.get(&fd)? {
            Descriptor::File(file) => files.file_metadata_hash(CALL, file)?,
            Descriptor::Directory(directory) => {
                files.metadata_hash_at(&at(CALL, directory, "."), convert::follow(PathFlags::empty()))?
            }
        };
        Ok(convert::metadata_hash(hash))
    }

    fn metadata_hash_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let (files, directory) = directory(self, &fd)?;
        let hash = files
            .metadata_hash_at(&at("wasi:filesystem metadata-hash-at", directory, &path), convert::follow(flags))?;
        Ok(convert::metadata_hash(hash))
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        self.table.delete(fd)?;
        Ok(())
    }
}

impl HostDirectoryEntryStream for State {
    fn read_directory_entry(&mut self, stream: Resource<Listing>) -> FsResult<Option<DirectoryEntry>> {
        let listing = self.table.get_mut(&stream)?;
        Ok(self.session.files().next_entry(listing)?.map(convert::directory_entry))
    }

    fn drop(&mut self, stream: Resource<Listing>) -> wasmtime::Result<()> {
        self.table.delete(stream)?;
        Ok(())
    }
}
