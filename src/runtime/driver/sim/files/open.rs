//! Files that are open. They stay what they are when their name is gone.

use std::ffi::OsStr;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::super::file_system::{FileFacts, OpenFile, OpenHow};
use super::content::{Content, SIZE_MAX};
use super::disk::{Body, Disk, NodeId, READ, WRITE};
use super::errno::Errno;
use super::fault::FileOp;
use super::walk::Follow;
use super::{Call, MemoryFiles};

impl Disk {
    /// Finds or makes the file that is to be opened.
    pub(super) fn open(&mut self, path: &Path, how: OpenHow) -> io::Result<NodeId> {
        let writes = how.write || how.append;
        let makes = how.create || how.new;
        let is_sensible = if writes {
            !(how.append && how.truncate) || how.new
        } else {
            how.read && !makes && !how.truncate
        };
        if !is_sensible {
            return Err(Errno::Invalid.into());
        }
        let follow = match (how.new, makes) {
            (true, _) => Follow::Never,
            (false, true) => Follow::Create,
            (false, false) => Follow::Always,
        };
        let place = self.walk(path, follow)?;
        let name = place.name().map(OsStr::to_owned);
        if makes && place.slash && name.is_some() {
            return Err(Errno::IsADirectory.into());
        }
        let Some(node) = place.node()? else {
            let name = name.filter(|_| makes).ok_or(Errno::NotFound)?;
            let mode = how.mode.unwrap_or(0o666) & 0o7777 & !self.mask;
            let body = Body::File(Content::default(), None);
            return Ok(self.add(place.dir, &name, body, mode)?);
        };
        if how.new {
            return Err(Errno::Exists.into());
        }
        let is_dir = self.node(node).is_dir();
        if place.slash && !is_dir {
            return Err(Errno::NotADirectory.into());
        }
        if is_dir && (writes || makes) {
            return Err(Errno::IsADirectory.into());
        }
        let wanted = (u32::from(how.read) * READ) | (u32::from(writes) * WRITE);
        self.may(node, wanted)?;
        if matches!(self.node(node).body, Body::Socket) {
            return Err(Errno::NoDevice.into());
        }
        if how.truncate {
            self.set_size(node, 0)?;
        }
        Ok(node)
    }

    /// Reads what is at a place of a file.
    pub(super) fn read_at(&mut self, id: NodeId, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.bring_content(id)?;
        match &self.node(id).body {
            Body::File(content, _) => Ok(content.read_at(at, into)),
            Body::Dir(..) => Err(Errno::IsADirectory.into()),
            Body::Link(_) | Body::Socket => Err(Errno::Invalid.into()),
        }
    }

    /// Writes to a place of a file, as far as there is room.
    pub(super) fn write_at(&mut self, id: NodeId, at: u64, from: &[u8]) -> io::Result<usize> {
        self.bring_content(id)?;
        let most = usize::try_from(SIZE_MAX.saturating_sub(at)).unwrap_or(usize::MAX);
        if most == 0 {
            return Err(Errno::TooLarge.into());
        }
        let room = self.capacity.saturating_sub(self.used);
        let Body::File(content, _) = &mut self.node_mut(id).body else {
            return Err(Errno::BadHandle.into());
        };
        let before = content.stored();
        let count = content.write_at(at, &from[..from.len().min(most)], room);
        let grown = content.stored() - before;
        self.used += grown;
        if count == 0 {
            return Err(Errno::NoSpace.into());
        }
        self.touch(id);
        self.tell_changed(id);
        Ok(count)
    }

    /// Cuts a file, or makes it longer.
    pub(super) fn set_size(&mut self, id: NodeId, size: u64) -> io::Result<()> {
        if size > i64::MAX as u64 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        if size > SIZE_MAX {
            return Err(Errno::TooLarge.into());
        }
        if size > 0 {
            self.bring_content(id)?;
        }
        let Body::File(content, behind) = &mut self.node_mut(id).body else {
            return Err(Errno::Invalid.into());
        };
        *behind = None;
        let before = content.stored();
        content.set_size(size);
        let freed = before - content.stored();
        self.used -= freed;
        self.touch(id);
        self.tell_changed(id);
        Ok(())
    }

    /// How long a file is.
    pub(super) fn size(&self, id: NodeId) -> u64 {
        self.facts(id).size
    }
}

/// An open file.
pub(super) struct MemoryFile {
    files: MemoryFiles,
    node: NodeId,
    /// The name it was opened by, which faults go by.
    path: PathBuf,
    how: OpenHow,
    at: u64,
}

impl MemoryFile {
    /// The node must be held for it.
    pub(super) fn new(files: MemoryFiles, node: NodeId, path: &Path, how: OpenHow) -> MemoryFile {
        MemoryFile { files, node, path: path.to_path_buf(), how, at: 0 }
    }

    fn writes(&self) -> bool {
        self.how.write || self.how.append
    }
}

impl Read for MemoryFile {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Call { mut disk, share } = self.files.call(FileOp::Read, &self.path)?;
        if !self.how.read {
            return Err(Errno::BadHandle.into());
        }
        let most = share.of(into.len());
        let count = disk.read_at(self.node, self.at, &mut into[..most])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Write for MemoryFile {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let Call { mut disk, share } = self.files.call(FileOp::Write, &self.path)?;
        if !self.writes() {
            return Err(Errno::BadHandle.into());
        }
        if from.is_empty() {
            return Ok(0);
        }
        if self.how.append {
            disk.bring_content(self.node)?;
            self.at = disk.size(self.node);
        }
        let most = share.of(from.len());
        let count = disk.write_at(self.node, self.at, &from[..most])?;
        self.at += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for MemoryFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (0, i128::from(at)),
            SeekFrom::Current(by) => (self.at, i128::from(by)),
            SeekFrom::End(by) => (self.files.disk().size(self.node), i128::from(by)),
        };
        let at = u64::try_from(i128::from(from) + by).ok();
        self.at = at.filter(|at| *at <= SIZE_MAX).ok_or(Errno::Invalid)?;
        Ok(self.at)
    }
}

impl OpenFile for MemoryFile {
    fn facts(&self) -> io::Result<FileFacts> {
        Ok(self.files.call(FileOp::Look, &self.path)?.disk.facts(self.node))
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        let mut disk = self.files.call(FileOp::Write, &self.path)?.disk;
        if size <= i64::MAX as u64 && !self.writes() {
            return Err(Errno::Invalid.into());
        }
        disk.set_size(self.node, size)
    }

    fn set_mode(&mut self, mode: u32) -> io::Result<()> {
        let mut disk = self.files.call(FileOp::SetMode, &self.path)?.disk;
        disk.node_mut(self.node).mode = mode & 0o7777;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.files.call(FileOp::Sync, &self.path).map(drop)
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        self.files.disk().release(self.node);
    }
}
