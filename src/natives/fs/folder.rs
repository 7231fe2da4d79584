//! Directories, and everything that needs only a path.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::op::{Deed, nothing, on_pool};
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value};

pub(super) fn exists(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::look("exists", "look at", path));
    on_pool(deed, move || Ok(path.exists()), |_, _, found| Ok(Value::bool(found)))
}

pub(super) fn list(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::look("list", "list", path));
    let work = move || {
        let names = fs::read_dir(path)?.map(|entry| Ok(readable(entry?.file_name().as_ref())));
        let mut names = names.collect::<io::Result<Vec<String>>>()?;
        names.sort_unstable();
        Ok(names)
    };
    on_pool(deed, work, |vm, _, names| {
        let names = names.iter().map(|name| vm.heap.string(name)).collect();
        Ok(vm.heap.list(names))
    })
}

pub(super) fn stat(cx: &mut Cx<'_>, path: TextValue, follow: bool) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::look("stat", "look at", path));
    let work = move || if follow { fs::metadata(path) } else { fs::symlink_metadata(path) };
    on_pool(deed, work, |vm, _, data| {
        let size = Value::int(i64::try_from(data.len()).unwrap_or(i64::MAX));
        let kind = vm.heap.intern(kind(data.file_type()));
        let fields = [
            ("size", size),
            ("modified", time(data.modified())),
            ("created", time(data.created())),
            ("kind", kind),
            ("mode", mode(&data)),
        ];
        Ok(record(&mut vm.heap, &fields))
    })
}

pub(super) fn mkdir(cx: &mut Cx<'_>, path: TextValue, parents: bool) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::change("mkdir", "make the directory", path));
    let work = move || if parents { fs::create_dir_all(path) } else { fs::create_dir(path) };
    on_pool(deed, work, nothing)
}

pub(super) fn remove(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::change("remove", "remove", path));
    let work = move || {
        let is_dir = fs::symlink_metadata(&path)?.is_dir();
        if is_dir { fs::remove_dir(path) } else { fs::remove_file(path) }
    };
    on_pool(deed, work, nothing)
}

pub(super) fn remove_all(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (path, deed) = given(cx, path, |path| Deed::change("remove_all", "remove", path));
    let work = move || match fs::symlink_metadata(&path) {
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    on_pool(deed, work, nothing)
}

pub(super) fn rename(cx: &mut Cx<'_>, from: TextValue, to: TextValue) -> Result<Answer, Thrown> {
    let to = PathBuf::from(to.get(&cx.vm.heap));
    let (from, deed) = given(cx, from, |path| Deed::change("rename", "rename", path));
    on_pool(deed, move || fs::rename(from, to), nothing)
}

pub(super) fn copy(cx: &mut Cx<'_>, from: TextValue, to: TextValue) -> Result<Answer, Thrown> {
    let to = PathBuf::from(to.get(&cx.vm.heap));
    let (from, deed) = given(cx, from, |path| Deed::change("copy", "copy", path));
    let work = move || {
        // Copying a file onto itself would empty it.
        if let (Ok(source), Ok(target)) = (fs::canonicalize(&from), fs::canonicalize(&to))
            && source == target
        {
            return Ok(());
        }
        fs::copy(from, to).map(drop)
    };
    on_pool(deed, work, nothing)
}

pub(super) fn temp_dir(cx: &mut Cx<'_>, prefix: TextValue) -> Result<Answer, Thrown> {
    let prefix = prefix.get(&cx.vm.heap).to_string();
    if prefix.contains(['/', '\\', '\0']) {
        let text = format!("fs.temp_dir: prefix must be the beginning of a name, not {prefix:?}");
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    }
    let unique = [cx.rt.driver.random(), cx.rt.driver.random(), cx.rt.driver.random()];
    let parent = std::env::temp_dir();
    let deed = Deed::change("temp_dir", "make a directory in", &readable(parent.as_ref()));
    let work = move || {
        let mut taken = None;
        for number in unique {
            let path = parent.join(format!("{prefix}{number:016x}"));
            match make_private(&path) {
                Ok(()) => return Ok(readable(path.as_ref())),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
    };
    on_pool(deed, work, |vm, _, path| Ok(vm.heap.string(&path)))
}

/// What a path is, in the words of `stat` and `walk`.
pub(super) fn kind(of: fs::FileType) -> &'static str {
    if of.is_file() {
        "file"
    } else if of.is_dir() {
        "dir"
    } else if of.is_symlink() {
        "symlink"
    } else {
        "other"
    }
}

/// A name as text; what is no UTF-8 in it is replaced.
pub(super) fn readable(name: &Path) -> String {
    name.to_string_lossy().into_owned()
}

fn given(cx: &Cx<'_>, path: TextValue, deed: impl FnOnce(&str) -> Deed) -> (PathBuf, Deed) {
    let path = path.get(&cx.vm.heap);
    (PathBuf::from(path), deed(path))
}

/// Seconds since 1970; null where the file system does not know.
fn time(time: io::Result<SystemTime>) -> Value {
    let Ok(time) = time else { return Value::null() };
    Value::float(match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    })
}

#[cfg(unix)]
fn mode(data: &Metadata) -> Value {
    use std::os::unix::fs::PermissionsExt;
    Value::int((data.permissions().mode() & 0o7777).into())
}

#[cfg(not(unix))]
fn mode(data: &Metadata) -> Value {
    Value::int(if data.permissions().readonly() { 0o444 } else { 0o666 })
}

/// A directory that only its owner can look into.
#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}
