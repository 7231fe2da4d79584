//! Modules that are files of one folder, and never of another.

use std::fs::{File, Metadata};
use std::path::{Path, PathBuf};

use super::{Files, Loader, MODULE_BYTES_MAX, ReadError, check_size, modules_in, read_bounded};
use super::{tidy, unreadable};

/// Modules are the files of a folder; imports are relative to the importing file. Neither `..` nor
/// links lead out of the folder.
///
/// ```no_run
/// use kettle::engine::{Directory, Engine};
///
/// let mut engine = Engine::new();
/// engine.set_loader(Directory::new("scripts"));
/// let program = engine.compile_file("main.ket")?; // scripts/main.ket
/// # Ok::<(), kettle::engine::CompileError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Directory {
    /// What names are relative to; none: they are paths as they are written.
    base: Option<PathBuf>,
    /// Where files may be.
    fences: Vec<PathBuf>,
}

impl Directory {
    /// The modules of this folder. Their names are relative to it.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Directory {
        let folder = folder.into();
        Directory { base: Some(folder.clone()), fences: vec![folder] }
    }

    /// Modules are named by their paths, as with [`Files`], and lie in one of these folders or are one of
    /// these files.
    #[must_use]
    pub fn fenced(folders: impl IntoIterator<Item = PathBuf>) -> Directory {
        Directory { base: None, fences: folders.into_iter().collect() }
    }

    fn path(&self, name: &str) -> PathBuf {
        match &self.base {
            // A name that begins at the root is looked for nowhere else; the fence is what counts.
            Some(base) => base.join(name),
            None => PathBuf::from(name),
        }
    }

    /// The real path of a file that may be read.
    fn within(&self, path: &Path) -> Result<PathBuf, ReadError> {
        let real = path.canonicalize();
        let place = match &real {
            Ok(real) => real.clone(),
            Err(_) => real_parent(path),
        };
        let is_within =
            |fence: &PathBuf| fence.canonicalize().is_ok_and(|fence| place.starts_with(fence));
        if !self.fences.iter().any(is_within) {
            let why = "it lies outside of the folders that modules may come from";
            return Err(ReadError::Refused(why.to_owned()));
        }
        real.map_err(|error| unreadable(&error))
    }
}

/// The real path of the nearest folder above a path.
fn real_parent(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    path.ancestors().skip(1).find_map(|above| above.canonicalize().ok()).unwrap_or_default()
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> bool {
    one.len() == other.len() && one.modified().ok() == other.modified().ok()
}

impl Loader for Directory {
    fn resolve(&self, importer: &str, text: &str) -> String {
        if self.base.is_none() {
            return Files.resolve(importer, text);
        }
        let joined = Path::new(importer).parent().unwrap_or(Path::new("")).join(text);
        tidy(&joined).to_string_lossy().into_owned()
    }

    fn identity(&self, name: &str) -> String {
        match self.within(&self.path(name)) {
            Ok(real) => real.to_string_lossy().into_owned(),
            Err(_) => name.to_owned(),
        }
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.path(name);
        let real = self.within(&path)?;
        let facts = real.metadata().map_err(|error| unreadable(&error))?;
        if facts.is_dir() {
            return Err(ReadError::Directory);
        }
        if facts.len() > MODULE_BYTES_MAX as u64 {
            return Err(ReadError::TooLarge);
        }
        let file = File::open(&real).map_err(|error| unreadable(&error))?;
        // What is open must still be what stands inside: a folder may have become a link meanwhile.
        let opened = file.metadata().map_err(|error| unreadable(&error))?;
        let inside = self.within(&real)?.symlink_metadata().map_err(|error| unreadable(&error))?;
        if !is_same(&opened, &inside) {
            return Err(ReadError::Missing);
        }
        check_size(read_bounded(file).map_err(|error| unreadable(&error))?)
    }

    fn neighbours(&self, name: &str) -> Vec<String> {
        let path = self.path(name);
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        match self.within(folder) {
            Ok(folder) => modules_in(&folder, Path::new(name).parent().unwrap_or(Path::new(""))),
            Err(_) => Vec::new(),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let place = tempfile::tempdir().expect("a place for files");
        let root = place.path().join("scripts");
        std::fs::create_dir_all(root.join("lib")).expect("it can be made");
        std::fs::write(place.path().join("secret.ket"), "1").expect("it can be written");
        std::fs::write(root.join("main.ket"), "2").expect("it can be written");
        std::fs::write(root.join("lib/part.ket"), "3").expect("it can be written");
        symlink("../secret.ket", root.join("link.ket")).expect("it can be made");
        symlink("..", root.join("up")).expect("it can be made");
        symlink("lib/part.ket", root.join("short.ket")).expect("it can be made");
        let directory = Directory::new(&root);
        assert_eq!(directory.read("main.ket"), Ok(b"2".to_vec()));
        assert_eq!(directory.read("short.ket"), Ok(b"3".to_vec()));
        assert_eq!(directory.resolve("main.ket", "./lib/part.ket"), "lib/part.ket");
        assert_eq!(directory.identity("short.ket"), directory.identity("lib/part.ket"));
        assert_eq!(directory.neighbours("mian.ket"), ["link.ket", "main.ket", "short.ket"]);
        assert_eq!(directory.read("none.ket"), Err(ReadError::Missing));
        let outside = place.path().join("secret.ket").to_string_lossy().into_owned();
        for name in ["../secret.ket", "link.ket", "up/secret.ket", "../none.ket", &outside] {
            assert!(matches!(directory.read(name), Err(ReadError::Refused(_))), "{name}");
        }
        assert_eq!(directory.neighbours("../x.ket"), Vec::<String>::new());
        let fenced = Directory::fenced([root.clone()]);
        let named = |name: &str| root.join(name).to_string_lossy().into_owned();
        assert_eq!(fenced.read(&named("main.ket")), Ok(b"2".to_vec()));
        assert!(matches!(fenced.read(&outside), Err(ReadError::Refused(_))));
    }
}
