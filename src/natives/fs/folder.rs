//! Directories, and everything that needs only a path.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::file::permission;
use super::op::{Deed, nothing, on_pool};
use super::tree;
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::runtime::driver::{FileKind, FileSystem, OpenHow, Refusal};
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

type Files = Arc<dyn FileSystem>;

pub(super) fn exists(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (files, path, deed) = given(cx, path, |path| Deed::look("exists", "look at", path));
    let work = move || match files.look(&path, true) {
        Err(error) if Refusal::of(&error).is_some() => Err(error),
        found => Ok(found.is_ok()),
    };
    on_pool(deed, work, |_, _, found| Ok(Value::bool(found)))
}

pub(super) fn list(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (files, path, deed) = given(cx, path, |path| Deed::look("list", "list", path));
    let work = move || {
        let entries = files.entries(&path)?;
        let mut names: Vec<String> = entries.iter().map(|entry| name_of(&entry.path)).collect();
        names.sort_unstable();
        Ok(names)
    };
    on_pool(deed, work, texts)
}

pub(super) fn stat(cx: &mut Cx<'_>, path: TextValue, follow: bool) -> Result<Answer, Thrown> {
    let (files, path, deed) = given(cx, path, |path| Deed::look("stat", "look at", path));
    on_pool(
        deed,
        move || files.look(&path, follow),
        |vm, _, facts| {
            let size = Value::int(i64::try_from(facts.size).unwrap_or(i64::MAX));
            let kind = vm.heap.intern(word(facts.kind));
            let fields = [
                ("size", size),
                ("modified", time(facts.modified)),
                ("created", time(facts.created)),
                ("kind", kind),
                ("mode", Value::int(facts.mode.into())),
            ];
            Ok(record(&mut vm.heap, &fields))
        },
    )
}

pub(super) fn mkdir(cx: &mut Cx<'_>, path: TextValue, parents: bool) -> Result<Answer, Thrown> {
    let (files, path, deed) =
        given(cx, path, |path| Deed::change("mkdir", "make the directory", path));
    let work = move || if parents { files.make_dirs(&path) } else { files.make_dir(&path, None) };
    on_pool(deed, work, nothing)
}

pub(super) fn remove(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (files, path, deed) = given(cx, path, |path| Deed::change("remove", "remove", path));
    let work = move || match files.look(&path, false)?.kind {
        FileKind::Dir => files.remove_dir(&path),
        _ => files.remove_file(&path),
    };
    on_pool(deed, work, nothing)
}

pub(super) fn remove_all(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let (files, path, deed) = given(cx, path, |path| Deed::change("remove_all", "remove", path));
    on_pool(deed, move || tree::remove(files.as_ref(), &path), nothing)
}

pub(super) fn rename(cx: &mut Cx<'_>, from: TextValue, to: TextValue) -> Result<Answer, Thrown> {
    let to = PathBuf::from(to.get(&cx.vm.heap));
    let unique = cx.rt.driver.random();
    let (files, from, deed) = given(cx, from, |path| Deed::change("rename", "rename", path));
    on_pool(deed, move || tree::rename(files.as_ref(), &from, &to, unique), nothing)
}

pub(super) fn copy(cx: &mut Cx<'_>, from: TextValue, to: TextValue) -> Result<Answer, Thrown> {
    let to = PathBuf::from(to.get(&cx.vm.heap));
    let (files, from, deed) = given(cx, from, |path| Deed::change("copy", "copy", path));
    let work = move || {
        let source = files.look(&from, true)?;
        if source.kind == FileKind::Dir {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // Copying a file onto itself, under whatever name, would empty it.
        let target = files.look(&to, true).ok();
        let is_same = match target.and_then(|target| target.identity) {
            Some(identity) => source.identity == Some(identity),
            None => target.is_some() && files.canonical(&from)? == files.canonical(&to)?,
        };
        if is_same { Ok(()) } else { files.copy(&from, &to) }
    };
    on_pool(deed, work, nothing)
}

pub(super) fn chmod(cx: &mut Cx<'_>, path: TextValue, mode: i64) -> Result<Answer, Thrown> {
    let mode = permission(cx.vm, "fs.chmod", mode)?;
    let (files, path, deed) =
        given(cx, path, |path| Deed::change("chmod", "change the permissions of", path));
    on_pool(deed, move || files.set_mode(&path, mode), nothing)
}

pub(super) fn symlink(
    cx: &mut Cx<'_>,
    target: TextValue,
    link: TextValue,
) -> Result<Answer, Thrown> {
    let target = PathBuf::from(target.get(&cx.vm.heap));
    let (files, link, deed) =
        given(cx, link, |path| Deed::change("symlink", "make the link", path));
    on_pool(deed, move || files.link(&target, &link), nothing)
}

pub(super) fn readlink(cx: &mut Cx<'_>, link: TextValue) -> Result<Answer, Thrown> {
    let (files, link, deed) = given(cx, link, |path| Deed::look("readlink", "read the link", path));
    let work = move || files.read_link(&link).map(|target| readable(&target));
    on_pool(deed, work, |vm, _, target| Ok(vm.heap.string(&target)))
}

pub(super) fn temp_dir(cx: &mut Cx<'_>, prefix: TextValue) -> Result<Answer, Thrown> {
    let prefix = piece_of_name(cx.vm, "fs.temp_dir", "prefix", prefix)?;
    temporary(cx, "temp_dir", "make a directory in", prefix, String::new(), |files, path| {
        files.make_dir(path, Some(0o700))
    })
}

pub(super) fn temp_file(
    cx: &mut Cx<'_>,
    prefix: TextValue,
    suffix: TextValue,
) -> Result<Answer, Thrown> {
    let prefix = piece_of_name(cx.vm, "fs.temp_file", "prefix", prefix)?;
    let suffix = piece_of_name(cx.vm, "fs.temp_file", "suffix", suffix)?;
    temporary(cx, "temp_file", "make a file in", prefix, suffix, |files, path| {
        let how = OpenHow { write: true, new: true, mode: Some(0o600), ..OpenHow::default() };
        files.open(path, how).map(drop)
    })
}

/// How many names are tried for something temporary.
const TRIES_MAX: usize = 1000;

/// Makes something with a name that nobody uses.
fn temporary(
    cx: &mut Cx<'_>,
    op: &'static str,
    doing: &'static str,
    prefix: String,
    suffix: String,
    make: fn(&dyn FileSystem, &Path) -> io::Result<()>,
) -> Result<Answer, Thrown> {
    let driver = &mut cx.rt.driver;
    let mut unique = driver.random();
    let files = driver.files();
    let parent = files.temp_dir();
    let deed = Deed::change(op, doing, &readable(&parent));
    let work = move || {
        // Somebody else may have drawn the same number.
        for _ in 0..TRIES_MAX {
            let path = parent.join(format!("{prefix}{unique:016x}{suffix}"));
            match make(files.as_ref(), &path) {
                Ok(()) => return Ok(readable(&path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            unique = unique.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        }
        Err(io::ErrorKind::AlreadyExists.into())
    };
    on_pool(deed, work, |vm, _, path| Ok(vm.heap.string(&path)))
}

fn piece_of_name(
    vm: &mut Vm,
    function: &str,
    name: &str,
    text: TextValue,
) -> Result<String, Thrown> {
    let text = text.get(&vm.heap).to_string();
    if text.contains(['/', '\\', '\0']) {
        let part = if name == "prefix" { "beginning" } else { "end" };
        let text = format!("{function}: {name} must be the {part} of a name, not {text:?}");
        return Err(vm.error(ErrorKind::ValueError, text));
    }
    Ok(text)
}

/// What something is, in the words of `stat` and `walk`.
pub(super) fn word(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "file",
        FileKind::Dir => "dir",
        FileKind::Symlink => "symlink",
        FileKind::Other => "other",
    }
}

/// A path as text; what is no UTF-8 in it is replaced.
pub(super) fn readable(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The last name of a path as text.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// A list of texts as a value.
pub(super) fn texts(vm: &mut Vm, _: &Deed, texts: Vec<String>) -> Result<Value, Thrown> {
    let texts = texts.iter().map(|text| vm.heap.string(text)).collect();
    Ok(vm.heap.list(texts))
}

fn given(cx: &Cx<'_>, path: TextValue, deed: impl FnOnce(&str) -> Deed) -> (Files, PathBuf, Deed) {
    let path = path.get(&cx.vm.heap);
    (cx.rt.driver.files(), PathBuf::from(path), deed(path))
}

/// Seconds since 1970; null where the file system does not know.
fn time(time: Option<SystemTime>) -> Value {
    let Some(time) = time else { return Value::null() };
    Value::float(match time.duration_since(UNIX_EPOCH) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    })
}
