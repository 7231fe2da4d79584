//! From a path to a node, as the kernel goes: name by name, through symbolic links.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::disk::{Disk, NodeId, SEARCH};
use super::errno::Errno;

/// So many links lead on; then the path is a circle.
const LINKS_MAX: usize = 40;
/// No path has more bytes.
const PATH_MAX: usize = 4096;
/// No name has more bytes.
const NAME_MAX: usize = 255;

/// What becomes of a symbolic link at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follow {
    /// It is gone on from.
    Always,
    /// The same, to a file that may be made: no directory is wanted at any of the links.
    Create,
    /// That only if a slash stands behind it.
    Slash,
    /// It is the thing itself.
    Never,
}

/// Where a path leads.
#[derive(Debug)]
pub(super) struct Place {
    /// The directory that the last name is in.
    pub(super) dir: NodeId,
    /// That name.
    pub(super) last: Last,
    /// What is there; an error where no disk can look for such a name.
    found: Result<Option<NodeId>, Errno>,
    /// A slash stands behind it: it must be a directory.
    pub(super) slash: bool,
}

/// The end of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Last {
    /// A name.
    Name(OsString),
    /// `.`
    Here,
    /// `..`
    Up,
    /// The path is that of the root.
    Root,
}

impl Place {
    /// What is there.
    pub(super) fn node(&self) -> Result<Option<NodeId>, Errno> {
        self.found
    }

    /// The name of something that is to be made, or removed.
    pub(super) fn name(&self) -> Option<&OsStr> {
        match &self.last {
            Last::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// What is left to go, the next step last.
struct Way {
    steps: Vec<Last>,
    slash: bool,
}

impl Way {
    fn add(&mut self, path: &Path) -> Option<bool> {
        let mut from_root = None;
        let mut steps = Vec::new();
        for component in path.components() {
            match component {
                // What stands before the root of a Windows path is a directory in ours.
                Component::Prefix(prefix) => {
                    from_root = Some(true);
                    steps.push(Last::Name(prefix.as_os_str().to_owned()));
                }
                Component::RootDir => from_root = Some(true),
                Component::CurDir => steps.push(Last::Here),
                Component::ParentDir => steps.push(Last::Up),
                Component::Normal(name) => steps.push(Last::Name(name.to_owned())),
            }
        }
        let bytes = path.as_os_str().as_encoded_bytes();
        let slashes = bytes.iter().rev().take_while(|byte| **byte == b'/').count();
        // `Path` leaves a `.` at the end out, which says as much as a slash.
        let dot = bytes[..bytes.len() - slashes].ends_with(b"/.");
        if dot && self.steps.is_empty() {
            steps.push(Last::Here);
        }
        self.slash |= self.steps.is_empty() && (dot || slashes > 0);
        self.steps.extend(steps.into_iter().rev());
        from_root
    }
}

impl Disk {
    /// Goes along a path. Only its last name may lead nowhere.
    pub(super) fn walk(&mut self, path: &Path, follow: Follow) -> io::Result<Place> {
        check(path)?;
        let mut way = Way { steps: Vec::new(), slash: false };
        let from_root = way.add(path).is_some();
        let mut here = if from_root { self.root } else { self.cwd };
        let mut links = 0;
        let (mut last, mut dir) = (Last::Root, here);
        while let Some(step) = way.steps.pop() {
            let is_end = way.steps.is_empty();
            if !self.node(here).is_dir() {
                return Err(Errno::NotADirectory.into());
            }
            self.may_search(here)?;
            dir = here;
            last = step;
            let name = match &last {
                Last::Here | Last::Root => continue,
                Last::Up => {
                    here = self.parent(here);
                    continue;
                }
                Last::Name(name) => name,
            };
            if is_end && way.slash && follow == Follow::Create {
                return Err(Errno::IsADirectory.into());
            }
            let found = if name.len() > NAME_MAX {
                Err(Errno::NameTooLong)
            } else {
                Ok(self.child(here, name)?)
            };
            let Ok(Some(found)) = found else {
                if is_end {
                    return Ok(Place { dir, last, found, slash: way.slash });
                }
                return Err(found.err().unwrap_or(Errno::NotFound).into());
            };
            let goes_on = !is_end || matches!(follow, Follow::Always | Follow::Create);
            match self.node(found).target().map(PathBuf::from) {
                Some(target) if goes_on || (way.slash && follow == Follow::Slash) => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(Errno::Loop.into());
                    }
                    if way.add(&target).is_some() {
                        here = self.root;
                    }
                    last = Last::Root;
                }
                _ => here = found,
            }
        }
        Ok(Place { dir, last, found: Ok(Some(here)), slash: way.slash })
    }

    /// What is at a path, which has to be there.
    pub(super) fn find(&mut self, path: &Path, follow: Follow) -> io::Result<NodeId> {
        let place = self.walk(path, follow)?;
        let node = place.node()?.ok_or(Errno::NotFound)?;
        if place.slash && !self.node(node).is_dir() {
            return Err(Errno::NotADirectory.into());
        }
        Ok(node)
    }

    fn may_search(&self, dir: NodeId) -> Result<(), Errno> {
        self.may(dir, SEARCH)
    }
}

/// Whether a text can be a path at all.
pub(super) fn check(path: &Path) -> io::Result<()> {
    check_text(path)?;
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Err(Errno::NotFound.into());
    }
    if bytes.len() >= PATH_MAX {
        return Err(Errno::NameTooLong.into());
    }
    Ok(())
}

/// Whether a text can be handed to an operating system, which is asked for all paths of a call first.
pub(super) fn check_text(path: &Path) -> io::Result<()> {
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        let text = "file name contained an unexpected NUL byte";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}
