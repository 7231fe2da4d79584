//! Module `path`: paths as text, without looking at the disk.
//!
//! Paths are those of Unix: names between slashes. Every function but `absolute` is pure, and all
//! take any text; only those that put a new name in want a name to be there.

use super::Outcome;
use super::argument::{Rest, bad_value, wrong_type};
use super::kind::TextValue;
use super::os::known_cwd;
use crate::natives;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Module `path`.
    pub const PATH;

    /// The parts put together with slashes, empty ones left out; what stands before an absolute part
    /// is dropped. It does not change what a part says: `normalize` does.
    fn path.join(parts: str...) => join,
        "import path\nprint(path.join(\"a\", \"b/\", \"c.txt\"))" => "a/b/c.txt",
        "import path\nprint(path.join(\"a\", \"/etc\"))" => "/etc";
    /// The path without its last name: `"."` if it has only one, `"/"` for what lies at the root.
    fn path.dir(p: str) => |vm: &mut Vm, p: TextValue| text(vm, p, dir_of),
        "import path\nprint(path.dir(\"/home/ada/notes.txt\"))" => "/home/ada";
    /// The last name of the path; empty for the root and for the empty path.
    fn path.base(p: str) => |vm: &mut Vm, p: TextValue| text(vm, p, base_of),
        "import path\nprint(path.base(\"/home/ada/notes.txt\"))" => "notes.txt";
    /// The ending of the last name from its last dot on, dot included; empty if there is none. A dot
    /// that begins the name begins no ending.
    fn path.ext(p: str) => |vm: &mut Vm, p: TextValue| text(vm, p, |p| split_name(base_of(p)).1),
        "import path\nprint(path.ext(\"archive.tar.gz\"))" => ".gz";
    /// The last name without its ending.
    fn path.stem(p: str) => |vm: &mut Vm, p: TextValue| text(vm, p, |p| split_name(base_of(p)).0),
        "import path\nprint(path.stem(\"archive.tar.gz\"))" => "archive.tar";
    /// The path with another ending of its last name, given with or without its dot; an empty one
    /// takes the ending away.
    fn path.with_ext(p: str, ext: str) => with_ext,
        "import path\nprint(path.with_ext(\"src/main.ket\", \"md\"))" => "src/main.md";
    /// The path with another last name.
    fn path.with_base(p: str, name: str) => with_base,
        "import path\nprint(path.with_base(\"src/main.ket\", \"test.ket\"))" => "src/test.ket";
    /// The names of the path, beginning with `"/"` if it is absolute.
    fn path.parts(p: str) => parts,
        "import path\nprint(path.parts(\"/home/ada\"))" => "[\"/\", \"home\", \"ada\"]";
    /// The shortest path that says the same: without `.`, without doubled slashes and slashes at the
    /// end, and with each `..` taken together with the name before it. Symbolic links are not looked
    /// at, so that the result may be another file where `..` follows one.
    fn path.normalize(p: str) => |vm: &mut Vm, p: TextValue| owned(vm, p, normalized),
        "import path\nprint(path.normalize(\"a/./b//../c/\"))" => "a/c";
    /// The normalized path from the root, as seen from `from`, by default the current folder.
    loop fn path.absolute(p: str, from: str?) => absolute,
        "import path\nprint(path.absolute(\"../b\", \"/home/a\"))" => "/home/b";
    /// The path that leads from the folder `from`, by default the current one, to `p`. Relative ones
    /// are taken from the current folder.
    loop fn path.relative(p: str, from: str?) => relative,
        "import path\nprint(path.relative(\"/home/ada/x\", \"/home/bob\"))" => "../ada/x";
    /// Whether the path begins at the root.
    fn path.is_abs(p: str) => |vm: &mut Vm, p: TextValue| Ok(Value::bool(is_absolute(p.get(&vm.heap)))),
        "import path\nprint(path.is_abs(\"/etc\"), path.is_abs(\"etc\"))" => "true false";
}

/// A part of a path as a value.
fn text(vm: &mut Vm, p: TextValue, part: impl Fn(&str) -> &str) -> Outcome {
    let part = part(p.get(&vm.heap)).to_owned();
    Ok(vm.heap.string_owned(part))
}

fn owned(vm: &mut Vm, p: TextValue, change: impl Fn(&str) -> String) -> Outcome {
    let changed = change(p.get(&vm.heap));
    Ok(vm.heap.string_owned(changed))
}

fn is_absolute(path: &str) -> bool {
    path.starts_with('/')
}

/// Without slashes at the end, but with the one that is the root.
fn trimmed(path: &str) -> &str {
    let short = path.trim_end_matches('/');
    if short.is_empty() && is_absolute(path) { "/" } else { short }
}

fn base_of(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

fn dir_of(path: &str) -> &str {
    match trimmed(path).rsplit_once('/') {
        None => ".",
        // The slashes before the name may be several.
        Some((dir, _)) if dir.trim_end_matches('/').is_empty() => "/",
        Some((dir, _)) => dir.trim_end_matches('/'),
    }
}

/// A name and its ending.
fn split_name(name: &str) -> (&str, &str) {
    let named = name.trim_start_matches('.');
    match named.rfind('.') {
        Some(dot) if !named.is_empty() => name.split_at(name.len() - named.len() + dot),
        _ => (name, ""),
    }
}

fn joined<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = String::new();
    for part in parts {
        if is_absolute(part) {
            path.clear();
        } else if !path.is_empty() && !part.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
    }
    path
}

/// What is left of the names once `.` and `..` are taken away.
fn settled(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/').filter(|name| !matches!(*name, "" | ".")) {
        match (name, names.last()) {
            ("..", None) if is_absolute(path) => {}
            ("..", Some(last)) if *last != ".." => {
                names.pop();
            }
            _ => names.push(name),
        }
    }
    names
}

fn normalized(path: &str) -> String {
    let names = settled(path).join("/");
    match (is_absolute(path), names.is_empty()) {
        (true, _) => format!("/{names}"),
        (false, true) => ".".to_owned(),
        (false, false) => names,
    }
}

/// The way from one absolute path to another.
fn way(from: &str, to: &str) -> String {
    let (from, to) = (settled(from), settled(to));
    let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", from.len() - common);
    let names: Vec<&str> = up.chain(to[common..].iter().copied()).collect();
    if names.is_empty() { ".".to_owned() } else { names.join("/") }
}

fn join(vm: &mut Vm, parts: Rest) -> Outcome {
    let parts = parts.to_vec(vm);
    if let Some(wrong) = parts.iter().find(|part| !part.is_str()) {
        return Err(wrong_type(vm, "path.join", "a part", "a str", *wrong, None));
    }
    let length: usize =
        parts.iter().filter_map(|part| vm.heap.str(*part)).map(|part| part.len() + 1).sum();
    vm.reserve(length)?;
    let path = joined(parts.iter().filter_map(|part| vm.heap.str(*part)));
    Ok(vm.heap.string_owned(path))
}

fn with_ext(vm: &mut Vm, p: TextValue, ext: TextValue) -> Outcome {
    let path = p.get(&vm.heap);
    let given = ext.get(&vm.heap).trim_start_matches('.');
    let base = base_of(path);
    if matches!(base, "" | "." | "..") {
        return Err(bad_value(vm, "path.with_ext", "p must end with a name", p.0));
    }
    if given.contains('/') {
        return Err(bad_value(vm, "path.with_ext", "ext must not contain a slash", ext.0));
    }
    let (stem, _) = split_name(base);
    let dot = if given.is_empty() { "" } else { "." };
    let renamed = replaced(path, &format!("{stem}{dot}{given}"));
    Ok(vm.heap.string_owned(renamed))
}

fn with_base(vm: &mut Vm, p: TextValue, name: TextValue) -> Outcome {
    let path = p.get(&vm.heap);
    if matches!(base_of(path), "" | "." | "..") {
        return Err(bad_value(vm, "path.with_base", "p must end with a name", p.0));
    }
    let name_text = name.get(&vm.heap);
    if name_text.is_empty() || name_text.contains('/') {
        return Err(bad_value(vm, "path.with_base", "name must be a name without slashes", name.0));
    }
    let renamed = replaced(path, name_text);
    Ok(vm.heap.string_owned(renamed))
}

/// The path with another last name.
fn replaced(path: &str, name: &str) -> String {
    let path = path.trim_end_matches('/');
    let dir = &path[..path.len() - base_of(path).len()];
    format!("{dir}{name}")
}

fn parts(vm: &mut Vm, p: TextValue) -> Outcome {
    let path = p.get(&vm.heap);
    let root = is_absolute(path).then_some("/");
    let names = path.split('/').filter(|name| !matches!(*name, "" | "."));
    let parts: Vec<String> = root.into_iter().chain(names).map(str::to_owned).collect();
    let parts = parts.iter().map(|part| vm.heap.string(part)).collect();
    Ok(vm.heap.list(parts))
}

/// The path from the root, not normalized.
fn rooted(cx: &mut Cx<'_>, path: &str) -> Result<String, Thrown> {
    if is_absolute(path) {
        return Ok(path.to_owned());
    }
    match known_cwd(cx)? {
        Some(folder) => Ok(joined([&*folder, path])),
        None => {
            let message = "path: the current folder is not known: it may have been removed";
            Err(cx.vm.error(ErrorKind::ValueError, message))
        }
    }
}

/// The folder that a path is seen from.
fn origin(cx: &mut Cx<'_>, from: Option<TextValue>) -> Result<String, Thrown> {
    let from = from.map_or_else(String::new, |from| from.get(&cx.vm.heap).to_owned());
    rooted(cx, &from)
}

fn absolute(cx: &mut Cx<'_>, p: TextValue, from: Option<TextValue>) -> Result<Answer, Thrown> {
    let path = p.get(&cx.vm.heap).to_owned();
    let whole = if is_absolute(&path) { path } else { joined([&*origin(cx, from)?, &path]) };
    Ok(Answer::Value(cx.vm.heap.string_owned(normalized(&whole))))
}

fn relative(cx: &mut Cx<'_>, p: TextValue, from: Option<TextValue>) -> Result<Answer, Thrown> {
    let path = p.get(&cx.vm.heap).to_owned();
    let from = from.map(|from| from.get(&cx.vm.heap).to_owned()).unwrap_or_default();
    // Two relative paths are seen from one folder, whichever that is, unless they leave it.
    let (to, from) = match (is_absolute(&path), is_absolute(&from)) {
        (false, false) if !climbs(&from) && !climbs(&path) => {
            (format!("/{path}"), format!("/{from}"))
        }
        _ => (rooted(cx, &path)?, rooted(cx, &from)?),
    };
    Ok(Answer::Value(cx.vm.heap.string_owned(way(&from, &to))))
}

/// Whether a relative path leads out of the folder it is seen from.
fn climbs(path: &str) -> bool {
    settled(path).first() == Some(&"..")
}
