//! Files, as the modules of the library see them: every call may block and is made on the pool.
//!
//! A driver gives a [`FileSystem`]; module `fs` uses nothing else, so that another one can stand in
//! for that of the operating system, which is [`RealFiles`].

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What can be done with files and directories.
///
/// Errors are those of the operating system. Symbolic links are followed unless a call says that it
/// is about the link.
pub trait FileSystem: Send + Sync {
    /// Opens a file.
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>>;
    /// What is at a path. Without `follow` a symbolic link is looked at itself.
    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts>;
    /// What is in a directory, in no order.
    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>>;
    /// The path without symbolic links, from the root.
    fn canonical(&self, path: &Path) -> io::Result<PathBuf>;
    /// Makes a directory. With `mode` only as far as that permits (Unix).
    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()>;
    /// Makes a directory and those above it; they may exist already.
    fn make_dirs(&self, path: &Path) -> io::Result<()>;
    /// Removes a file or a symbolic link.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty directory.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all that is in it, and leaves what links in it point to.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// Gives a file or directory another name on the same device.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Copies the content and the permissions of a file.
    fn copy(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes a symbolic link that holds `target`.
    fn link(&self, target: &Path, link: &Path) -> io::Result<()>;
    /// What a symbolic link holds.
    fn read_link(&self, link: &Path) -> io::Result<PathBuf>;
    /// Sets the permissions of what is at a path.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes the names in a directory last through a crash.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// The directory for files that nobody needs for long.
    fn temp_dir(&self) -> PathBuf;
}

/// A file that is open.
pub trait OpenFile: Read + Write + Seek + Send {
    /// What file it is.
    fn facts(&self) -> io::Result<FileFacts>;
    /// Cuts it to a size, or makes it longer with zeros.
    fn set_size(&mut self, size: u64) -> io::Result<()>;
    /// Sets its permissions.
    fn set_mode(&mut self, mode: u32) -> io::Result<()>;
    /// Waits until everything is on the disk.
    fn sync(&mut self) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenHow {
    /// It is read.
    pub read: bool,
    /// It is written.
    pub write: bool,
    /// What is written goes to its end, wherever that is by then.
    pub append: bool,
    /// It is emptied.
    pub truncate: bool,
    /// It is made if it does not exist.
    pub create: bool,
    /// It must not exist.
    pub new: bool,
    /// The permissions of a file that is made (Unix).
    pub mode: Option<u32>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// How many bytes it has.
    pub size: u64,
    /// What it is.
    pub kind: FileKind,
    /// Its permissions.
    pub mode: u32,
    /// When its content was changed last.
    pub modified: Option<SystemTime>,
    /// When it was made.
    pub created: Option<SystemTime>,
    /// The same for all names of the same file, and different for others, where the system knows.
    pub identity: Option<(u64, u64)>,
}

/// What something in a file system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A file with content.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A pipe, a socket, a device.
    Other,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    /// The path of the directory, with the name.
    pub path: PathBuf,
    /// What it is; symbolic links are not followed.
    pub kind: FileKind,
}

/// The file system of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct RealFiles;

impl FileSystem for RealFiles {
    fn open(&self, path: &Path, how: OpenHow) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        options.read(how.read).write(how.write).append(how.append);
        options.truncate(how.truncate).create(how.create).create_new(how.new);
        set_mode_of_new(&mut options, how.mode);
        Ok(Box::new(options.open(path)?))
    }

    fn look(&self, path: &Path, follow: bool) -> io::Result<FileFacts> {
        let data = if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
        data.map(|data| facts(&data))
    }

    fn entries(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry?;
            Ok(DirEntry { path: entry.path(), kind: kind(entry.file_type()?) })
        };
        fs::read_dir(path)?.map(entry).collect()
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn make_dir(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        if let Some(mode) = mode {
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, mode);
        }
        #[cfg(not(unix))]
        let _ = (mode, &mut builder);
        builder.create(path)
    }

    fn make_dirs(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn copy(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::copy(from, to).map(drop)
    }

    #[cfg(unix)]
    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, link)
    }

    #[cfg(windows)]
    fn link(&self, target: &Path, link: &Path) -> io::Result<()> {
        // This system wants to know what the link leads to, as seen from where the link is.
        let seen = link.parent().map_or_else(|| target.to_path_buf(), |dir| dir.join(target));
        if seen.is_dir() {
            std::os::windows::fs::symlink_dir(target, link)
        } else {
            std::os::windows::fs::symlink_file(target, link)
        }
    }

    #[cfg(not(any(unix, windows)))]
    fn link(&self, _: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        fs::read_link(link)
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        let old = fs::metadata(path)?.permissions();
        fs::set_permissions(path, permissions(old, mode))
    }

    #[cfg(unix)]
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    #[cfg(not(unix))]
    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn temp_dir(&self) -> PathBuf {
        std::env::temp_dir()
    }
}

impl OpenFile for File {
    fn facts(&self) -> io::Result<FileFacts> {
        self.metadata().map(|data| facts(&data))
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.set_len(size)
    }

    fn set_mode(&mut self, mode: u32) -> io::Result<()> {
        let old = self.metadata()?.permissions();
        self.set_permissions(permissions(old, mode))
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

fn kind(of: fs::FileType) -> FileKind {
    if of.is_file() {
        FileKind::File
    } else if of.is_dir() {
        FileKind::Dir
    } else if of.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other
    }
}

fn facts(data: &fs::Metadata) -> FileFacts {
    FileFacts {
        size: data.len(),
        kind: kind(data.file_type()),
        mode: mode(data),
        modified: data.modified().ok(),
        created: data.created().ok(),
        identity: identity(data),
    }
}

#[cfg(unix)]
fn mode(data: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(data: &fs::Metadata) -> u32 {
    if data.permissions().readonly() { 0o444 } else { 0o666 }
}

#[cfg(unix)]
fn identity(data: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((data.dev(), data.ino()))
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(unix)]
fn permissions(_: fs::Permissions, mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

/// Systems without permissions know only whether a file may be written.
#[cfg(not(unix))]
fn permissions(mut old: fs::Permissions, mode: u32) -> fs::Permissions {
    old.set_readonly(mode & 0o222 == 0);
    old
}

#[cfg(unix)]
fn set_mode_of_new(options: &mut OpenOptions, mode: Option<u32>) {
    if let Some(mode) = mode {
        std::os::unix::fs::OpenOptionsExt::mode(options, mode);
    }
}

#[cfg(not(unix))]
fn set_mode_of_new(_: &mut OpenOptions, _: Option<u32>) {}
