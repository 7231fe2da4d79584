//! Files: reading, replacing, adding to. (Their lines are those of a stream that nobody else has.)

use std::io;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::op::{Deed, nothing, on_pool, on_pool_of};
use crate::natives::kind::{DataValue, TextValue};
use crate::natives::stream::{file_lines, new_file, text};
use crate::runtime::driver::{FileSystem, OpenHow, Refusal};
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// A stream of a file. It changes nothing that a cancel had to wait for: at most an empty file is
/// left, and opening a pipe with a name can take forever.
pub(super) fn open(cx: &mut Cx<'_>, path: TextValue, mode: TextValue) -> Result<Answer, Thrown> {
    let how = OpenHow::default();
    let how = match mode.get(&cx.vm.heap) {
        "r" => OpenHow { read: true, ..how },
        "w" => OpenHow { write: true, create: true, truncate: true, ..how },
        "a" => OpenHow { append: true, create: true, ..how },
        "r+" => OpenHow { read: true, write: true, ..how },
        "x" => OpenHow { write: true, new: true, ..how },
        other => {
            let text = format!(
                "fs.open: mode must be \"r\", \"w\", \"a\", \"r+\" or \"x\", not {other:?}"
            );
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
    };
    let name = path.get(&cx.vm.heap);
    let deed = Deed::look("open", "open", name);
    let (path, files) = (PathBuf::from(name), cx.rt.driver.files());
    let work = move || files.open(&path, how);
    on_pool_of(deed, work, move |cx, deed, file| {
        Ok(new_file(cx, file, &deed.path, how.read, how.write || how.append))
    })
}

pub(super) fn read(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    read_with(cx, path, |vm, deed, content| {
        // The usual case makes the text without another copy.
        match String::from_utf8(content) {
            Ok(content) => Ok(vm.heap.string_owned(content)),
            Err(error) => text(vm, error.as_bytes(), false, &format!("{:?}", deed.path)),
        }
    })
}

pub(super) fn read_bytes(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    read_with(cx, path, |vm, _, content| Ok(vm.heap.bytes(&content)))
}

fn read_with(
    cx: &mut Cx<'_>,
    path: TextValue,
    finish: fn(&mut Vm, &Deed, Vec<u8>) -> Result<Value, Thrown>,
) -> Result<Answer, Thrown> {
    let path = path.get(&cx.vm.heap);
    let deed = Deed::look("read", "read", path);
    let (path, files) = (PathBuf::from(path), cx.rt.driver.files());
    let room = cx.vm.heap.limit().saturating_sub(cx.vm.heap.bytes_in_use());
    on_pool(
        deed,
        move || read_within(files.as_ref(), &path, room),
        move |vm, deed, content| match content {
            Some(content) => finish(vm, deed, content),
            None => {
                let text = format!("{:?} is larger than the memory that is left", deed.path);
                Err(vm.error(ErrorKind::MemoryError, text))
            }
        },
    )
}

/// The content of a file, if it has at most `room` bytes. Files without a size, like those of
/// `/proc`, are read as far as they go.
fn read_within(files: &dyn FileSystem, path: &Path, room: usize) -> io::Result<Option<Vec<u8>>> {
    let mut file = files.open(path, OpenHow { read: true, ..OpenHow::default() })?;
    let size = usize::try_from(file.facts()?.size).unwrap_or(usize::MAX);
    if size > room {
        return Ok(None);
    }
    let mut content = Vec::new();
    content.try_reserve_exact(size.saturating_add(1)).map_err(|_| io::ErrorKind::OutOfMemory)?;
    if (1..ONE_READ_MAX).contains(&size) {
        // Nearly always the size is right, and one call has brought it all.
        content.resize(size + 1, 0);
        let count = read_some(&mut file, &mut content)?;
        content.truncate(count);
        if count == size {
            return Ok(Some(content));
        }
    }
    let limit = u64::try_from(room - content.len().min(room)).unwrap_or(u64::MAX);
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    Ok((content.len() <= room).then_some(content))
}

/// Files of less than this are asked for all of their content at once.
const ONE_READ_MAX: usize = 64 << 10;

fn read_some(file: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

pub(super) fn lines(
    cx: &mut Cx<'_>,
    path: TextValue,
    max: i64,
    lossy: bool,
) -> Result<Answer, Thrown> {
    let path = path.get(&cx.vm.heap).to_string();
    let files = cx.rt.driver.files();
    file_lines(cx.vm, files, &path, max, lossy).map(Answer::Value)
}

pub(super) fn write(
    cx: &mut Cx<'_>,
    path: TextValue,
    data: DataValue,
    atomic: bool,
    mode: Option<i64>,
) -> Result<Answer, Thrown> {
    let mode = mode.map(|mode| permission(cx.vm, "fs.write", mode)).transpose()?;
    let name = path.get(&cx.vm.heap);
    let deed = Deed::change("write", "write", name);
    let (path, files) = (PathBuf::from(name), cx.rt.driver.files());
    let content = data.get(&cx.vm.heap).to_vec();
    if atomic {
        let unique = cx.rt.driver.random();
        let work = move || write_atomic(files.as_ref(), &path, &content, mode, unique);
        return on_pool(deed, work, nothing);
    }
    let how = OpenHow { write: true, create: true, truncate: true, mode, ..OpenHow::default() };
    on_pool(deed, move || files.open(&path, how)?.write_all(&content), nothing)
}

pub(super) fn append(cx: &mut Cx<'_>, path: TextValue, data: DataValue) -> Result<Answer, Thrown> {
    let name = path.get(&cx.vm.heap);
    let deed = Deed::change("append", "append to", name);
    let (path, files) = (PathBuf::from(name), cx.rt.driver.files());
    let content = data.get(&cx.vm.heap).to_vec();
    let how = OpenHow { append: true, create: true, ..OpenHow::default() };
    on_pool(deed, move || files.open(&path, how)?.write_all(&content), nothing)
}

/// Writes a new file beside the old one and puts it in its place. The content is on the disk
/// before its name is, so that a crash leaves one of the two and no empty file.
fn write_atomic(
    files: &dyn FileSystem,
    path: &Path,
    content: &[u8],
    mode: Option<u32>,
    unique: u64,
) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let target = match files.canonical(path) {
        Err(error) if Refusal::of(&error).is_some() => return Err(error),
        target => target.unwrap_or_else(|_| path.to_path_buf()),
    };
    let hidden = beside(&target, unique)?;
    let how = OpenHow { write: true, new: true, mode, ..OpenHow::default() };
    let result = (|| {
        let mut file = files.open(&hidden, how)?;
        if mode.is_none()
            && let Ok(old) = files.look(&target, true)
        {
            file.set_mode(old.mode)?;
        }
        file.write_all(content)?;
        file.sync()?;
        drop(file);
        files.rename(&hidden, &target)
    })();
    match result {
        Ok(()) => {
            // The new name is there; that some systems cannot say when it is safe changes nothing.
            let _ = files.sync_dir(parent_of(&target));
        }
        Err(_) => {
            // The first error is the one to tell; a file never made cannot be removed.
            let _ = files.remove_file(&hidden);
        }
    }
    result
}

/// A name that nobody uses, in the same directory.
pub(super) fn beside(target: &Path, unique: u64) -> io::Result<PathBuf> {
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a file"));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{unique:016x}.tmp"));
    Ok(target.with_file_name(hidden))
}

/// The directory that a path is in.
fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Checks permissions that were given to `function`.
pub(super) fn permission(vm: &mut Vm, function: &str, mode: i64) -> Result<u32, Thrown> {
    match u32::try_from(mode) {
        Ok(mode) if mode <= 0o7777 => Ok(mode),
        _ => {
            let text = format!("{function}: mode must be between 0 and 0o7777, not {mode}");
            Err(vm.error(ErrorKind::ValueError, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::driver::RealFiles;

    #[test]
    fn an_atomic_write_replaces_the_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("settings");
        for content in ["first, and longer", "second"] {
            write_atomic(&RealFiles, &path, content.as_bytes(), None, 7)
                .expect("it can be written");
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), content);
        }
        let missing = folder.path().join("missing/settings");
        assert!(write_atomic(&RealFiles, &missing, b"x", None, 7).is_err());
        let names = std::fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(names, 1, "no temporary file is left");
    }

    #[test]
    fn reading_stops_at_the_room_there_is() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("data");
        std::fs::write(&path, [1; 100]).expect("it can be written");
        assert_eq!(
            read_within(&RealFiles, &path, 100).expect("it is there").map(|c| c.len()),
            Some(100)
        );
        assert_eq!(read_within(&RealFiles, &path, 99).expect("it is there"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_without_a_size_are_read_to_their_end() {
        let content = read_within(&RealFiles, Path::new("/proc/self/status"), 1 << 20);
        assert!(content.expect("it is there").is_some_and(|content| !content.is_empty()));
    }
}
