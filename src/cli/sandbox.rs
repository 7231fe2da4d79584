//! `--sandbox`, `--allow-…`, `--audit`, `--max-…`: a program that may do and use only what it was granted.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::bound::Bounds;
use super::flag::Source;
use crate::engine::loader::Directory;
use crate::engine::{AuditEntry, AuditHook, Engine, Permissions};

/// What a program may do, and where that is written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    /// What was granted; none: everything, as there is no sandbox.
    pub permissions: Option<Permissions>,
    /// Folders that may be read, and from which modules may be imported.
    pub folders: Vec<String>,
    /// The file that is told of all that the program asks for.
    pub audit: Option<String>,
    /// What the program may use.
    pub bounds: Bounds,
}

impl Sandbox {
    /// Puts the programs of an engine into it. The error is a message.
    pub fn apply(self, engine: &mut Engine, source: &Source) -> Result<(), String> {
        match source {
            Source::File(name) => self.apply_to(engine, &[name]),
            // What is no file has no folder of its own.
            Source::Text(_) | Source::Stdin | Source::Unnamed => self.apply_to(engine, &[]),
        }
    }

    /// The same for programs in files, whose folders are those that modules may come from.
    pub fn apply_to(self, engine: &mut Engine, files: &[&str]) -> Result<(), String> {
        let audit = self.audit.map(|file| audit(&file)).transpose()?;
        let options = engine.options();
        options.audit = audit;
        options.limits = self.bounds.limits();
        let Some(permissions) = self.permissions else {
            options.permissions = Permissions::all();
            return Ok(());
        };
        permissions.check()?;
        options.permissions = permissions;
        let own = files.iter().filter_map(|file| Path::new(file).parent());
        let own = own.map(|own| if own.as_os_str().is_empty() { Path::new(".") } else { own });
        let folders = own.map(PathBuf::from);
        let folders = folders.chain(self.folders.into_iter().map(PathBuf::from));
        engine.set_loader(Directory::fenced(folders));
        Ok(())
    }
}

/// Writes the audit log: a line of JSON for each thing that a program asks for.
fn audit(name: &str) -> Result<AuditHook, String> {
    let file = File::create(name).map_err(|error| format!("`--audit {name}`: {error}"))?;
    let file = Mutex::new(file);
    Ok(AuditHook::new(move |entry: &AuditEntry| {
        let line = format!("{}\n", entry.to_json());
        if let Ok(mut file) = file.lock() {
            // A full disk is no reason to end the program; what is missing is at the end.
            let _ = file.write_all(line.as_bytes());
        }
    }))
}
