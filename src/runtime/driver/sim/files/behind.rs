//! The files of the machine that stand behind a directory of the simulated disk.
//!
//! They are read when somebody asks for them, once: what a test writes stays in memory, and what
//! others change on the machine meanwhile is not seen. What differs from one copy of a folder to the
//! next is not taken over: when it was changed, and permissions other than that of being run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::content::Content;
use super::disk::{Behind, Body, Disk, NodeId};

impl Disk {
    /// Lets a directory of the machine be seen at its own path, and makes it the current one.
    pub(super) fn show(&mut self, dir: &Path) -> io::Result<()> {
        // The directory of a bare name is the current one.
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        let real = fs::canonicalize(dir)?;
        let mut here = self.root;
        for component in real.components() {
            let name = match component {
                Component::Normal(name) => name,
                Component::Prefix(prefix) => prefix.as_os_str(),
                _ => continue,
            };
            here = match self.child(here, name)? {
                Some(known) => known,
                None => {
                    let made = self.make(Body::dir(), 0o755);
                    self.put(here, name, made);
                    made
                }
            };
        }
        if let Body::Dir(names, behind) = &mut self.node_mut(here).body
            && names.is_empty()
        {
            *behind = Some(real);
        }
        self.set_cwd(here);
        Ok(())
    }

    /// Reads the names that stand behind a directory, if nobody has before.
    pub(super) fn bring_names(&mut self, dir: NodeId) -> io::Result<()> {
        let Body::Dir(_, behind @ Some(_)) = &self.node(dir).body else { return Ok(()) };
        let Some(path) = behind.clone() else { return Ok(()) };
        let mut found: BTreeMap<OsString, (Body, u32)> = BTreeMap::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let data = entry.metadata()?;
            if let Some(body) = body_of(entry.path(), &data)? {
                found.insert(entry.file_name(), (body, mode_of(&data)));
            }
        }
        if let Body::Dir(_, behind) = &mut self.node_mut(dir).body {
            *behind = None;
        }
        let modified = self.modified(dir);
        for (name, (body, mode)) in found {
            let id = self.make(body, mode);
            self.put(dir, &name, id);
            self.set_modified(id, modified);
        }
        self.set_modified(dir, modified);
        Ok(())
    }

    /// Reads what stands behind a file, if nobody has before.
    pub(super) fn bring_content(&mut self, file: NodeId) -> io::Result<()> {
        let Body::File(_, Some(behind)) = &self.node(file).body else { return Ok(()) };
        let found = Content::of(&fs::read(&behind.path)?);
        self.used += found.stored();
        if let Body::File(content, behind) = &mut self.node_mut(file).body {
            *content = found;
            *behind = None;
        }
        Ok(())
    }
}

/// What something on the machine is here; none for what is neither file, directory nor link.
fn body_of(path: PathBuf, data: &fs::Metadata) -> io::Result<Option<Body>> {
    Ok(if data.is_symlink() {
        Some(Body::Link(fs::read_link(path)?))
    } else if data.is_dir() {
        Some(Body::Dir(BTreeMap::new(), Some(path)))
    } else if data.is_file() {
        Some(Body::File(Content::default(), Some(Behind { path, size: data.len() })))
    } else {
        None
    })
}

fn mode_of(data: &fs::Metadata) -> u32 {
    if data.is_symlink() {
        0o777
    } else if data.is_dir() || is_run(data) {
        0o755
    } else {
        0o644
    }
}

#[cfg(unix)]
fn is_run(data: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    data.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_run(_: &fs::Metadata) -> bool {
    false
}
