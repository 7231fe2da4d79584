//! What is done to whole trees of files under a policy, one checked step after the other.

use std::io;
use std::path::Path;

use super::permission::Need;
use crate::runtime::driver::file_system::{FileKind, FileSystem, OpenHow};

/// A file with one of these bits runs with the rights of its owner.
pub(super) const SET_ID: u32 = 0o6000;

/// What is wanted of a path.
#[derive(Clone, Copy)]
pub(super) enum Wish {
    Read,
    Write,
    Look,
}

impl Wish {
    pub(super) fn need(self, real: &Path) -> Need<'_> {
        match self {
            Wish::Read => Need::Read(real),
            Wish::Write => Need::Write(real),
            Wish::Look => Need::Look(real),
        }
    }
}

/// Makes a directory and those above it that are missing.
pub(super) fn make_dirs(files: &dyn FileSystem, path: &Path) -> io::Result<()> {
    // Those that are there already may lie where nothing may be made.
    let mut missing = vec![path];
    while let Some(path) = missing.last() {
        match files.make_dir(path, None) {
            Ok(()) => {
                missing.pop();
            }
            Err(error) => match path.parent() {
                Some(parent)
                    if error.kind() == io::ErrorKind::NotFound
                        && !parent.as_os_str().is_empty() =>
                {
                    missing.push(parent);
                }
                _ => {
                    let is_there = files.look(path, true).is_ok_and(|it| it.kind == FileKind::Dir);
                    if !is_there {
                        return Err(error);
                    }
                    missing.pop();
                }
            },
        }
    }
    Ok(())
}

/// Removes a directory with all that is in it; links are removed themselves.
pub(super) fn remove_tree(files: &dyn FileSystem, path: &Path) -> io::Result<()> {
    let mut open = vec![path.to_path_buf()];
    while let Some(folder) = open.last().cloned() {
        let before = open.len();
        for entry in files.entries(&folder)? {
            if entry.kind == FileKind::Dir {
                open.push(entry.path);
            } else {
                files.remove_file(&entry.path)?;
            }
        }
        if open.len() == before {
            files.remove_dir(&folder)?;
            open.pop();
        }
    }
    Ok(())
}

/// Copies content and permissions.
pub(super) fn copy(files: &dyn FileSystem, from: &Path, to: &Path) -> io::Result<()> {
    let mut source = files.open(from, OpenHow { read: true, ..OpenHow::default() })?;
    let mode = source.facts()?.mode & !SET_ID;
    let how = OpenHow {
        write: true,
        create: true,
        truncate: true,
        mode: Some(mode),
        ..OpenHow::default()
    };
    let mut target = files.open(to, how)?;
    io::copy(&mut source, &mut target)?;
    target.set_mode(mode)
}
