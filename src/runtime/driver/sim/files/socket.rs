//! The files of Unix sockets: names by which they are found. What is behind them is the network's.

use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Body, Disk};
use super::errno::Errno;
use super::walk::Follow;
use super::{MemoryFiles, absolute};

/// What a new socket permits.
const MODE: u32 = 0o777;

impl MemoryFiles {
    /// Makes the file of a socket and gives its number, which no other file ever has.
    pub(in super::super) fn make_socket(&self, path: &Path) -> io::Result<u64> {
        self.disk().make_socket(path)
    }

    /// The number of the socket at a path. What is no socket refuses every connection.
    pub(in super::super) fn find_socket(&self, path: &Path) -> io::Result<u64> {
        let mut disk = self.disk();
        let node = disk.find(path, Follow::Always)?;
        match disk.node(node).body {
            Body::Socket => Ok(disk.node(node).number()),
            _ => Err(io::ErrorKind::ConnectionRefused.into()),
        }
    }

    /// Removes the file of a socket if it is still at its path.
    pub(in super::super) fn remove_socket(&self, path: &Path, number: u64) {
        if self.find_socket(path).is_ok_and(|found| found == number) {
            // It may be in a directory that permits no removing; then it stays.
            let _ = self.disk().remove_file(path);
        }
    }

    /// A path from the root.
    pub(in super::super) fn whole(&self, path: &Path) -> PathBuf {
        absolute(&self.cwd(), path)
    }
}

impl Disk {
    fn make_socket(&mut self, path: &Path) -> io::Result<u64> {
        let place = self.walk(path, Follow::Never)?;
        let (Some(name), None) = (place.name(), place.node()?) else {
            return Err(Errno::Exists.into());
        };
        let node = self.add(place.dir, name, Body::Socket, MODE & !self.mask)?;
        Ok(self.node(node).number())
    }
}
