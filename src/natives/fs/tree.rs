//! Whole trees of files: removing them, and moving them to another device.

use std::io;
use std::path::{Path, PathBuf};

use super::file::beside;
use crate::runtime::driver::{FileKind, FileSystem};

/// Removes whatever is at a path. Nothing there is no error, nor is somebody else who removes it at
/// the same time.
pub(super) fn remove(files: &dyn FileSystem, path: &Path) -> io::Result<()> {
    let result = match files.look(path, false) {
        Ok(facts) if facts.kind == FileKind::Dir => files.remove_tree(path),
        Ok(_) => files.remove_file(path),
        Err(error) => Err(error),
    };
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Renames. To another device everything is copied under a name of its own first, so that the target
/// is there as a whole or not at all; then the original is removed.
pub(super) fn rename(
    files: &dyn FileSystem,
    from: &Path,
    to: &Path,
    unique: u64,
) -> io::Result<()> {
    match files.rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {}
        result => return result,
    }
    carry_over(files, from, to, &beside(to, unique)?)?;
    remove(files, from)
}

fn carry_over(files: &dyn FileSystem, from: &Path, to: &Path, hidden: &Path) -> io::Result<()> {
    let result = copy_tree(files, from, hidden).and_then(|()| files.rename(hidden, to));
    if result.is_err() {
        // The first error is the one to tell; what was never made cannot be removed.
        let _ = remove(files, hidden);
    }
    result
}

fn copy_tree(files: &dyn FileSystem, from: &Path, to: &Path) -> io::Result<()> {
    // Directories get their permissions last: they may forbid to write into them.
    let mut modes: Vec<(PathBuf, u32)> = Vec::new();
    let mut open = vec![(from.to_path_buf(), to.to_path_buf())];
    while let Some((from, to)) = open.pop() {
        let facts = files.look(&from, false)?;
        match facts.kind {
            FileKind::File => files.copy(&from, &to)?,
            FileKind::Symlink => files.link(&files.read_link(&from)?, &to)?,
            FileKind::Dir => {
                files.make_dir(&to, Some(0o700))?;
                for entry in files.entries(&from)? {
                    let name = entry.path.file_name().unwrap_or_default();
                    open.push((entry.path.clone(), to.join(name)));
                }
                modes.push((to, facts.mode));
            }
            FileKind::Other => {
                let text = "pipes, sockets and devices cannot be moved to another device";
                return Err(io::Error::new(io::ErrorKind::Unsupported, text));
            }
        }
    }
    modes.iter().rev().try_for_each(|(path, mode)| files.set_mode(path, *mode))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;
    use crate::runtime::driver::RealFiles;

    #[test]
    fn a_tree_is_carried_over_with_its_links_and_permissions() {
        let folder = tempfile::tempdir().expect("a place for files");
        let [from, to, hidden] = ["from", "to", "hidden"].map(|name| folder.path().join(name));
        fs::create_dir_all(from.join("inner/deep")).expect("it can be made");
        fs::write(from.join("inner/file"), "content").expect("it can be written");
        RealFiles.link(Path::new("nowhere"), &from.join("link")).expect("it can be made");
        RealFiles.set_mode(&from.join("inner/file"), 0o640).expect("it is ours");
        RealFiles.set_mode(&from.join("inner"), 0o750).expect("it is ours");
        carry_over(&RealFiles, &from, &to, &hidden).expect("it can be copied");
        let text = fs::read_to_string(to.join("inner/file")).expect("it is there");
        assert_eq!(text, "content");
        let mode = |name: &str| RealFiles.look(&to.join(name), false).map(|facts| facts.mode).ok();
        assert_eq!([mode("inner/file"), mode("inner")], [Some(0o640), Some(0o750)]);
        assert!(to.join("inner/deep").is_dir());
        assert_eq!(fs::read_link(to.join("link")).expect("it is a link"), Path::new("nowhere"));
        assert!(!hidden.exists());
    }

    #[test]
    fn what_cannot_be_carried_over_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a place for files");
        let [from, to, hidden] = ["from", "to", "hidden"].map(|name| folder.path().join(name));
        fs::create_dir(&from).expect("it can be made");
        let _socket = std::os::unix::net::UnixListener::bind(from.join("socket"));
        let error = carry_over(&RealFiles, &from, &to, &hidden).expect_err("there is a socket");
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(!hidden.exists() && !to.exists() && from.exists());
        remove(&RealFiles, &from).expect("it can be removed");
        remove(&RealFiles, &from).expect("nothing there is no error");
    }
}
