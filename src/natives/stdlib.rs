//! The part of the standard library that is written in Kettle.
//!
//! A standard module is a file `stdlib/<module>.ket`; further files that it imports (`import {x} from
//! "./term/table.ket"`) stand in a folder of its name. All are named in [`FILES`]. What it declares
//! with `pub` are its members, beside those of its name that are declared as natives; inside, the
//! name of the module itself means that native part. It may import `core`, whose natives are for the
//! library alone. The engine reads a module when a program first imports it: its bytecode from [`COMPILED`], which
//! is made of these texts, or else the text.

use crate::bytecode::program::{CORE_MODULE_NAME, LIBRARY_PREFIX};

/// A file's name, relative to `stdlib/`, and its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../stdlib/", $name)))
    };
}

/// All files of the standard modules that are written in Kettle, or partly.
pub const FILES: &[(&str, &str)] = &[
    file!("cli.ket"),
    file!("cli/command.ket"),
    file!("cli/completion.ket"),
    file!("cli/help.ket"),
    file!("cli/read.ket"),
    file!("collections.ket"),
    file!("collections/counter.ket"),
    file!("collections/deque.ket"),
    file!("collections/heap.ket"),
    file!("collections/lru.ket"),
    file!("env.ket"),
    file!("iter.ket"),
    file!("log.ket"),
    file!("process.ket"),
    file!("term.ket"),
    file!("term/progress.ket"),
    file!("term/prompt.ket"),
    file!("term/style.ket"),
    file!("term/table.ket"),
    file!("task.ket"),
    file!("test.ket"),
    file!("time.ket"),
];

/// The source of the methods that are written in Kettle: one module, which is always loaded whole.
pub const CORE: &str = concat!(
    include_str!("../../stdlib/core/convert.ket"),
    include_str!("../../stdlib/core/list.ket"),
    include_str!("../../stdlib/core/map.ket"),
    include_str!("../../stdlib/core/set.ket"),
    include_str!("../../stdlib/core/iterator.ket"),
    include_str!("../../stdlib/core/import.ket"),
    include_str!("../../stdlib/core/json.ket"),
    include_str!("../../stdlib/core/net.ket"),
    include_str!("../../stdlib/core/regex.ket"),
    include_str!("../../stdlib/core/sync.ket"),
    include_str!("../../stdlib/core/task.ket"),
);

/// The bytecode of all that, an [`Archive`](crate::bytecode::archive::Archive), as a test has written it
/// (`tests/bytecode/library.rs`). It is empty where anything that decides what is in there has changed since: no
/// code of another compiler is ever run.
///
/// A `static`, since that has a name: the linker puts it out of the way of what each start reads (`link/start.ld`).
#[cfg(carried_library)]
pub static COMPILED: [u8; include_bytes!("../../stdlib/compiled.bin").len()] =
    *include_bytes!("../../stdlib/compiled.bin");
#[cfg(not(carried_library))]
pub static COMPILED: [u8; 0] = [];

/// A number that `build.rs` makes of all that decides what the bytecode is.
pub const FINGERPRINT: &str = env!("KETTLE_LIBRARY_FINGERPRINT");

/// The names of these modules.
pub fn modules() -> impl Iterator<Item = &'static str> {
    let names = FILES.iter().filter_map(|(file, _)| file.strip_suffix(".ket"));
    names.filter(|name| !name.contains('/'))
}

/// The place of a module's file in [`FILES`], and its name.
pub fn find(wanted: &str) -> Option<(usize, &'static str)> {
    let names = FILES.iter().map(|(file, _)| file.strip_suffix(".ket").unwrap_or_default());
    names.enumerate().find(|(_, name)| *name == wanted && !name.contains('/'))
}

/// What traces and messages call the file of a standard module.
pub fn file_name(module: &str) -> String {
    format!("{LIBRARY_PREFIX}{module}.ket")
}

/// The text of a source of these modules, by the name that traces and messages have for it.
pub fn text(name: &str) -> Option<&'static str> {
    if name == CORE_MODULE_NAME {
        return Some(CORE);
    }
    let file = name.strip_prefix(LIBRARY_PREFIX)?;
    FILES.iter().find(|(known, _)| *known == file).map(|(_, text)| *text)
}
