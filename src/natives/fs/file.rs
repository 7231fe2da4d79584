//! Files: reading, replacing, adding to. (Their lines are those of a stream that nobody else has.)

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::op::{Deed, nothing, on_pool};
use crate::natives::kind::{DataValue, TextValue};
use crate::natives::stream::{file_lines, text};
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

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
    let path = PathBuf::from(path);
    let room = cx.vm.heap.limit().saturating_sub(cx.vm.heap.bytes_in_use());
    on_pool(
        deed,
        move || read_within(&path, room),
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
fn read_within(path: &Path, room: usize) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    let size = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    if size > room {
        return Ok(None);
    }
    let mut content = Vec::new();
    content.try_reserve_exact(size).map_err(|_| io::ErrorKind::OutOfMemory)?;
    let limit = u64::try_from(room).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut content)?;
    Ok((content.len() <= room).then_some(content))
}

pub(super) fn lines(vm: &mut Vm, path: TextValue, max: i64, lossy: bool) -> Result<Value, Thrown> {
    let path = path.get(&vm.heap).to_string();
    file_lines(vm, &path, max, lossy)
}

pub(super) fn write(
    cx: &mut Cx<'_>,
    path: TextValue,
    data: DataValue,
    atomic: bool,
    mode: Option<i64>,
) -> Result<Answer, Thrown> {
    let mode = mode.map(|mode| permission(cx.vm, mode)).transpose()?;
    let name = path.get(&cx.vm.heap);
    let deed = Deed::change("write", "write", name);
    let path = PathBuf::from(name);
    let content = data.get(&cx.vm.heap).to_vec();
    if atomic {
        let unique = cx.rt.driver.random();
        return on_pool(deed, move || write_atomic(&path, &content, mode, unique), nothing);
    }
    let work = move || {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        open(&mut options, &path, mode)?.write_all(&content)
    };
    on_pool(deed, work, nothing)
}

pub(super) fn append(cx: &mut Cx<'_>, path: TextValue, data: DataValue) -> Result<Answer, Thrown> {
    let name = path.get(&cx.vm.heap);
    let deed = Deed::change("append", "append to", name);
    let path = PathBuf::from(name);
    let content = data.get(&cx.vm.heap).to_vec();
    let work = move || OpenOptions::new().append(true).create(true).open(path)?.write_all(&content);
    on_pool(deed, work, nothing)
}

/// Writes a new file beside the old one and puts it in its place. The content is on the disk
/// before its name is, so that a crash leaves one of the two and no empty file.
fn write_atomic(path: &Path, content: &[u8], mode: Option<u32>, unique: u64) -> io::Result<()> {
    // A link stays a link: what it points to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let Some(name) = target.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not the name of a file"));
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{unique:016x}.tmp"));
    let hidden = target.with_file_name(hidden);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    let result = (|| {
        let mut file = open(&mut options, &hidden, mode)?;
        if mode.is_none()
            && let Ok(old) = std::fs::metadata(&target)
        {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&hidden, &target)
    })();
    if result.is_err() {
        // The first error is the one to tell; a file that was never made cannot be removed.
        let _ = std::fs::remove_file(&hidden);
    }
    result
}

#[cfg(unix)]
fn open(options: &mut OpenOptions, path: &Path, mode: Option<u32>) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(mode) = mode {
        options.mode(mode);
    }
    options.open(path)
}

#[cfg(not(unix))]
fn open(options: &mut OpenOptions, path: &Path, _: Option<u32>) -> io::Result<File> {
    options.open(path)
}

fn permission(vm: &mut Vm, mode: i64) -> Result<u32, Thrown> {
    match u32::try_from(mode) {
        Ok(mode) if mode <= 0o7777 => Ok(mode),
        _ => {
            let text = format!("fs.write: mode must be between 0 and 0o7777, not {mode}");
            Err(vm.error(ErrorKind::ValueError, text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atomic_write_replaces_the_whole_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("settings");
        for content in ["first, and longer", "second"] {
            write_atomic(&path, content.as_bytes(), None, 7).expect("it can be written");
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), content);
        }
        let missing = folder.path().join("missing/settings");
        assert!(write_atomic(&missing, b"x", None, 7).is_err());
        let names = std::fs::read_dir(folder.path()).expect("it is there").count();
        assert_eq!(names, 1, "no temporary file is left");
    }

    #[test]
    fn reading_stops_at_the_room_there_is() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("data");
        std::fs::write(&path, [1; 100]).expect("it can be written");
        assert_eq!(read_within(&path, 100).expect("it is there").map(|c| c.len()), Some(100));
        assert_eq!(read_within(&path, 99).expect("it is there"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_without_a_size_are_read_to_their_end() {
        let content = read_within(Path::new("/proc/self/status"), 1 << 20);
        assert!(content.expect("it is there").is_some_and(|content| !content.is_empty()));
    }
}
