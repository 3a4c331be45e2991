//! Waiting for a pipe or device that a grant names. A regular file is always ready.

use super::file::File;
use super::metadata::FileType;
use crate::gate::Permit;
use crate::stdio;
use rustix::event::PollFlags;
use rustix::fd::AsFd;
use tokio::io::Interest;

impl File {
    /// Whether a read goes without waiting.
    pub fn is_ready_to_read(&self) -> bool {
        self.is_regular() || stdio::is_ready(self.fd.as_fd(), PollFlags::IN).unwrap_or(true)
    }

    /// Whether a write goes without waiting.
    pub fn is_ready_to_write(&self) -> bool {
        self.is_regular() || stdio::is_ready(self.fd.as_fd(), PollFlags::OUT).unwrap_or(true)
    }

    /// Waits until a read goes without waiting, or until reading is revoked or expires.
    ///
    /// # Cancel safety
    /// Safe: nothing is read.
    pub async fn wait_to_read(&self) {
        self.wait(self.read.as_ref(), Interest::READABLE).await;
    }

    /// Waits until a write goes without waiting, or until writing is revoked or expires.
    ///
    /// # Cancel safety
    /// Safe: nothing is written.
    pub async fn wait_to_write(&self) {
        self.wait(self.write.as_ref(), Interest::WRITABLE).await;
    }

    async fn wait(&self, permit: Option<&Permit>, interest: Interest) {
        if let Some(permit) = permit.filter(|_| !self.is_regular()) {
            tokio::select! {
                () = stdio::wait(self.fd.as_fd(), interest) => {}
                () = permit.ended() => {}
            }
        }
    }

    fn is_regular(&self) -> bool {
        self.file_type == FileType::Regular
    }
}
