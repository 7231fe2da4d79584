//! What changes the disk: making, removing, renaming. Each is done as a whole or not at all.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use super::super::super::file_watch::Happening;
use super::disk::{Body, Disk, NodeId, READ, SEARCH, WRITE};
use super::errno::Errno;
use super::walk::{Follow, Last, Place, check, check_text};

impl Disk {
    /// Makes a directory.
    pub(super) fn make_dir(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        let place = self.walk(path, Follow::Never)?;
        let name = self.free_name(&place)?;
        self.add(place.dir, &name, Body::dir(), mode & 0o1777 & !self.mask)?;
        Ok(())
    }

    /// Makes a directory and those above it, outermost first.
    pub(super) fn make_dirs(&mut self, path: &Path) -> io::Result<()> {
        let mut missing = Vec::new();
        for path in path.ancestors().filter(|path| !path.as_os_str().is_empty()) {
            match self.make_dir(path, 0o777) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(path),
                Err(_) if self.is_dir(path) => break,
                Err(error) => return Err(error),
            }
        }
        for path in missing.into_iter().rev() {
            match self.make_dir(path, 0o777) {
                Err(error) if !self.is_dir(path) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn is_dir(&mut self, path: &Path) -> bool {
        self.find(path, Follow::Always).is_ok_and(|id| self.node(id).is_dir())
    }

    /// Makes a symbolic link.
    pub(super) fn make_link(&mut self, target: &Path, link: &Path) -> io::Result<()> {
        check_text(target).and(check_text(link))?;
        check(target)?;
        let place = self.walk(link, Follow::Never)?;
        let name = self.free_name(&place)?;
        if place.slash {
            return Err(Errno::NotFound.into());
        }
        self.add(place.dir, &name, Body::Link(target.to_path_buf()), 0o777)?;
        Ok(())
    }

    /// The name for something new, if nobody has it.
    fn free_name(&self, place: &Place) -> Result<std::ffi::OsString, Errno> {
        match (place.name(), place.node()?) {
            (Some(name), None) => Ok(name.to_owned()),
            _ => Err(Errno::Exists),
        }
    }

    /// Puts something new under a name that nobody has.
    pub(super) fn add(
        &mut self,
        dir: NodeId,
        name: &OsStr,
        body: Body,
        mode: u32,
    ) -> Result<NodeId, Errno> {
        self.may(dir, WRITE | SEARCH)?;
        if !self.is_alive(dir) {
            return Err(Errno::NotFound);
        }
        let id = self.make(body, mode);
        self.put(dir, name, id);
        let is_dir = self.node(id).is_dir();
        self.tell(dir, Happening::Created, name, is_dir);
        Ok(id)
    }

    /// Removes a file or a symbolic link.
    pub(super) fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        let place = self.walk(path, Follow::Never)?;
        if place.name().is_none() {
            return Err(Errno::IsADirectory.into());
        }
        let node = place.node()?.ok_or(Errno::NotFound)?;
        let is_dir = self.node(node).is_dir();
        if place.slash && !is_dir {
            return Err(Errno::NotADirectory.into());
        }
        if !place.slash {
            self.may(place.dir, WRITE | SEARCH)?;
        }
        if is_dir {
            return Err(Errno::IsADirectory.into());
        }
        self.detach(node);
        Ok(())
    }

    /// Removes an empty directory.
    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        let place = self.walk(path, Follow::Never)?;
        match place.last {
            Last::Name(_) => {}
            Last::Here => return Err(Errno::Invalid.into()),
            Last::Up => return Err(Errno::NotEmpty.into()),
            Last::Root => return Err(Errno::Busy.into()),
        }
        let node = place.node()?.ok_or(Errno::NotFound)?;
        self.may(place.dir, WRITE | SEARCH)?;
        if !self.names(node)?.is_empty() {
            return Err(Errno::NotEmpty.into());
        }
        self.detach(node);
        Ok(())
    }

    /// Removes a directory with all that is in it. What cannot be removed stays, and so does what is
    /// around it.
    pub(super) fn remove_tree(&mut self, path: &Path) -> io::Result<()> {
        let top = self.find(path, Follow::Slash)?;
        if self.node(top).target().is_some() {
            return self.remove_file(path);
        }
        let mut open = vec![top];
        while let Some(&dir) = open.last() {
            self.may(dir, READ)?;
            let inside: Vec<NodeId> = self.names(dir)?.values().copied().collect();
            if !inside.is_empty() {
                self.may(dir, WRITE | SEARCH)?;
            }
            let before = open.len();
            for node in inside {
                if self.node(node).is_dir() {
                    open.push(node);
                } else {
                    self.detach(node);
                }
            }
            if open.len() > before {
                continue;
            }
            open.pop();
            if dir != top {
                self.detach(dir);
            }
        }
        match self.remove_dir(path) {
            // What was in it may have been a part of the path.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    /// Takes its name from a node and tells everybody.
    fn detach(&mut self, node: NodeId) {
        let is_dir = self.node(node).is_dir();
        if let Some((dir, name)) = self.node(node).place.clone() {
            self.take(node);
            self.tell(dir, Happening::Removed, &name, is_dir);
        }
        self.drop_unused(node);
    }

    /// Gives something another name; what had it is replaced in the same step.
    pub(super) fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        check_text(from).and(check_text(to))?;
        let old = self.walk(from, Follow::Never)?;
        let new = self.walk(to, Follow::Never)?;
        let (Some(old_name), Some(new_name)) = (old.name(), new.name()) else {
            return Err(Errno::Busy.into());
        };
        let node = old.node()?.ok_or(Errno::NotFound)?;
        let replaced = new.node()?;
        let is_dir = self.node(node).is_dir();
        if !is_dir && (old.slash || new.slash) {
            return Err(Errno::NotADirectory.into());
        }
        if is_dir && self.is_around(node, new.dir) {
            return Err(Errno::Invalid.into());
        }
        if let Some(other) = replaced
            && self.node(other).is_dir()
            && self.is_around(other, old.dir)
        {
            return Err(Errno::NotEmpty.into());
        }
        if replaced == Some(node) {
            return Ok(());
        }
        self.may(old.dir, WRITE | SEARCH)?;
        self.may(new.dir, WRITE | SEARCH)?;
        if !self.is_alive(new.dir) {
            return Err(Errno::NotFound.into());
        }
        if let Some(other) = replaced {
            match (is_dir, self.node(other).is_dir()) {
                (true, false) => return Err(Errno::NotADirectory.into()),
                (false, true) => return Err(Errno::IsADirectory.into()),
                _ => {}
            }
        }
        if is_dir && old.dir != new.dir {
            self.may(node, WRITE)?;
        }
        if let Some(other) = replaced
            && is_dir
            && !self.names(other)?.is_empty()
        {
            return Err(Errno::NotEmpty.into());
        }
        if let Some(other) = replaced {
            self.take(other);
        }
        self.take(node);
        self.put(new.dir, new_name, node);
        let cookie = self.watches.next_move();
        self.tell(old.dir, Happening::MovedFrom(cookie), old_name, is_dir);
        self.tell(new.dir, Happening::MovedTo(cookie), new_name, is_dir);
        self.tell_moved(node, is_dir);
        if let Some(other) = replaced {
            self.drop_unused(other);
        }
        Ok(())
    }

    /// Tells those who watch a node for its own sake that it is elsewhere.
    fn tell_moved(&mut self, node: NodeId, is_dir: bool) {
        let moved = self.node(node).watched.iter().copied().filter(|watched| watched.moves);
        for watched in moved.collect::<Vec<_>>() {
            self.watches.push(watched, Happening::Gone, OsStr::new(""), is_dir);
        }
    }

    /// What a symbolic link holds.
    pub(super) fn read_link(&mut self, link: &Path) -> io::Result<PathBuf> {
        let node = self.find(link, Follow::Slash)?;
        Ok(self.node(node).target().ok_or(Errno::Invalid)?.to_path_buf())
    }

    /// Sets permissions.
    pub(super) fn set_mode(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        let node = self.find(path, Follow::Always)?;
        self.node_mut(node).mode = mode & 0o7777;
        Ok(())
    }
}
