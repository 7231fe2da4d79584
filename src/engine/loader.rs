//! Where module texts come from.
//!
//! A [`Loader`] maps the text of an import to the name of a module, and that name to source text.
//! [`Files`] is the file system, [`Directory`] one folder of it that modules do not get out of,
//! [`Memory`] a table of texts for hosts that embed their scripts and for tests. A loader knows nothing of syntax: which imports there are is the business of
//! `graph`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use crate::runtime::driver::Refusal;

mod directory;
mod permitted;

pub use directory::Directory;
pub(super) use permitted::Permitted;

/// Source texts above this size are refused: nobody wrote them, and compiling them takes minutes.
pub const MODULE_BYTES_MAX: usize = 64 << 20;

/// Gives modules their source texts.
pub trait Loader: Send + Sync {
    /// The name of the module that `importer` means by `import "text"`. Names appear in messages
    /// and traces, and are what [`read`](Loader::read) is asked for.
    fn resolve(&self, importer: &str, text: &str) -> String;

    /// What makes a module the same module: two names with one identity are loaded once.
    fn identity(&self, name: &str) -> String {
        name.to_owned()
    }

    /// The source text of a module, as bytes that ought to be UTF-8.
    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError>;

    /// Whether it gives a program whatever file that names: while the program runs it imports such a file
    /// only if it may read it.
    fn reads_any_file(&self) -> bool {
        false
    }

    /// Names of modules that could have been meant by `name`, for "did you mean".
    fn neighbours(&self, name: &str) -> Vec<String>;
}

/// Why a module could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such module.
    Missing,
    /// It is a directory.
    Directory,
    /// It is larger than [`MODULE_BYTES_MAX`].
    TooLarge,
    /// The operating system refused, in its words.
    Refused(String),
    /// The program may not read it.
    NotGranted(Refusal),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Missing => f.write_str("no such file"),
            ReadError::Directory => f.write_str("it is a directory"),
            ReadError::TooLarge => write!(f, "it is larger than {MODULE_BYTES_MAX} bytes"),
            ReadError::Refused(why) => f.write_str(why),
            ReadError::NotGranted(refusal) => refusal.fmt(f),
        }
    }
}

/// Modules are files; imports are relative to the importing file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files;

impl Loader for Files {
    fn resolve(&self, importer: &str, text: &str) -> String {
        // A script that is reached through a link finds what stands beside the script itself.
        let is_link = Path::new(importer).symlink_metadata().is_ok_and(|found| found.is_symlink());
        let target = if is_link { Path::new(importer).canonicalize().ok() } else { None };
        let importer = target.as_deref().unwrap_or(Path::new(importer));
        let joined = importer.parent().unwrap_or(Path::new("")).join(text);
        let tidied = tidy(&joined);
        // `dir/..` is only left out where that names the same file: `dir` may be a symbolic link.
        let same = match (joined.canonicalize(), tidied.canonicalize()) {
            (Ok(joined), Ok(tidied)) => joined == tidied,
            (Err(_), Err(_)) => true,
            _ => false,
        };
        let path = if same { tidied } else { joined };
        path.to_string_lossy().into_owned()
    }

    fn identity(&self, name: &str) -> String {
        match Path::new(name).canonicalize() {
            Ok(path) => path.to_string_lossy().into_owned(),
            Err(_) => name.to_owned(),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let path = Path::new(name);
        if let Ok(metadata) = path.metadata() {
            if metadata.is_dir() {
                return Err(ReadError::Directory);
            }
            if metadata.len() > MODULE_BYTES_MAX as u64 {
                return Err(ReadError::TooLarge);
            }
        }
        check_size(File::open(path).and_then(read_bounded).map_err(|error| unreadable(&error))?)
    }

    fn reads_any_file(&self) -> bool {
        true
    }

    fn neighbours(&self, name: &str) -> Vec<String> {
        let parent = Path::new(name).parent().unwrap_or(Path::new(""));
        let folder = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        modules_in(folder, parent)
    }
}

/// The modules of a folder, as names that begin with `prefix`.
fn modules_in(folder: &Path, prefix: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".ket"))
        .map(|name| prefix.join(name).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Why a module could not be read, in the words of errors.
fn unreadable(error: &std::io::Error) -> ReadError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => ReadError::Missing,
        ErrorKind::PermissionDenied => ReadError::Refused("permission denied".to_owned()),
        _ => ReadError::Refused(error.to_string()),
    }
}

/// Modules are the entries of a table; imports are relative to the importing entry's name.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    texts: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// An empty table.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a module, or replaces its text.
    pub fn insert(&mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) {
        self.texts.insert(name.into(), text.into());
    }

    /// The table with one more module.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, text: impl Into<Vec<u8>>) -> Memory {
        self.insert(name, text);
        self
    }
}

/// A [`Memory`] of files that are built into the host: their paths, relative to the file that says so, are
/// the names of the modules.
///
/// ```text
/// let mut engine = Engine::new();
/// engine.set_loader(kettle::embedded!["scripts/main.ket", "scripts/part.ket"]);
/// let program = engine.compile_file("scripts/main.ket")?;
/// ```
#[macro_export]
macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        $crate::engine::Memory::new()$(.with($name, include_str!($name)))*
    };
}

impl Loader for Memory {
    fn resolve(&self, importer: &str, text: &str) -> String {
        let joined = Path::new(importer).parent().unwrap_or(Path::new("")).join(text);
        tidy(&joined).to_string_lossy().into_owned()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let bytes = self.texts.get(name).ok_or(ReadError::Missing)?;
        check_size(bytes.clone())
    }

    fn neighbours(&self, _name: &str) -> Vec<String> {
        self.texts.keys().cloned().collect()
    }
}

/// Reads a file, but not without end: a device or a pipe does not tell its size.
fn read_bounded(file: File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MODULE_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn check_size(bytes: Vec<u8>) -> Result<Vec<u8>, ReadError> {
    if bytes.len() > MODULE_BYTES_MAX { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

/// The path without `.` and, as far as names go, without `..`.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if matches!(tidied.components().next_back(), Some(Component::Normal(_))) =>
            {
                tidied.pop();
            }
            other => tidied.push(other),
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_relative_to_the_importing_module() {
        let memory = Memory::new();
        assert_eq!(memory.resolve("app/main.ket", "./util.ket"), "app/util.ket");
        assert_eq!(memory.resolve("app/main.ket", "../lib/a.ket"), "lib/a.ket");
        assert_eq!(memory.resolve("main.ket", "../a.ket"), "../a.ket");
        assert_eq!(memory.resolve("../x/main.ket", "../../a.ket"), "../../a.ket");
        assert_eq!(memory.resolve("main.ket", "/etc/a.ket"), "/etc/a.ket");
    }

    #[test]
    fn files_that_are_built_in_are_named_by_their_paths() {
        let built_in = crate::embedded!["../../stdlib/cli.ket", "loader/directory.rs"];
        let text = include_bytes!("../../stdlib/cli.ket");
        assert_eq!(built_in.read("../../stdlib/cli.ket"), Ok(text.to_vec()));
        assert_eq!(built_in.read("stdlib/cli.ket"), Err(ReadError::Missing));
        assert_eq!(built_in.neighbours("").len(), 2);
    }

    #[test]
    fn a_link_to_a_directory_is_followed_before_its_parent() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let root = directory.path();
        std::fs::create_dir_all(root.join("real/inner")).expect("a directory can be made");
        std::fs::write(root.join("real/a.ket"), "1").expect("a file can be written");
        std::os::unix::fs::symlink(root.join("real/inner"), root.join("link"))
            .expect("a link can be made");
        let main = root.join("main.ket").to_string_lossy().into_owned();
        let name = Files.resolve(&main, "./link/../a.ket");
        assert_eq!(Files.read(&name), Ok(b"1".to_vec()));
    }

    #[test]
    fn a_linked_script_finds_what_stands_beside_it() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let root = directory.path();
        std::fs::create_dir(root.join("tool")).expect("a directory can be made");
        std::fs::write(root.join("tool/part.ket"), "2").expect("a file can be written");
        std::fs::write(root.join("tool/main.ket"), "").expect("a file can be written");
        let link = root.join("main");
        std::os::unix::fs::symlink("tool/main.ket", &link).expect("a link can be made");
        let name = Files.resolve(&link.to_string_lossy(), "./part.ket");
        assert_eq!(Files.read(&name), Ok(b"2".to_vec()));
    }

    #[test]
    fn a_directory_and_a_missing_file_are_told_apart() {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let name = directory.path().to_string_lossy().into_owned();
        assert_eq!(Files.read(&name), Err(ReadError::Directory));
        assert_eq!(Files.read(&format!("{name}/none.ket")), Err(ReadError::Missing));
    }
}
