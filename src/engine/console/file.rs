//! Files in a session: `:load`, `:reload`, and what the host loads.

use std::sync::Arc;

use super::Console;
use super::entry::Shown;
use super::event::Submitted;

impl Console {
    /// Runs a file, `main` included, and stays with its names. Its imports are relative to `name`.
    pub fn load(&mut self, name: &str, text: &str) -> Submitted {
        if self.has_ended {
            return Submitted::Nothing;
        }
        let name: Arc<str> = name.into();
        self.loaded.retain(|known| *known != name);
        self.loaded.push(name.clone());
        self.start(&name, text, false, Shown::File)
    }

    /// `:load`
    pub(super) fn load_file(&mut self, name: &str) -> Submitted {
        let name = name.trim_matches('"');
        match self.vm.engine.read(name) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => self.load(name, &text),
                Err(_) => Submitted::Rejected(format!("`{name}` is not UTF-8")),
            },
            Err(error) => Submitted::Rejected(format!("`{name}` cannot be read: {error}")),
        }
    }

    /// `:reload`: the loaded files again, one after the other, with all that they import.
    pub(super) fn reload(&mut self) -> Submitted {
        if self.loaded.is_empty() {
            self.tell("no file has been loaded; `:load FILE` loads one");
            return Submitted::Nothing;
        }
        // Names that stand for modules keep them until they are imported again.
        for known in &mut self.known {
            known.identity = format!("\0{}", known.identity);
        }
        self.queue = self.loaded.iter().cloned().collect();
        match self.queue.pop_front() {
            Some(first) => self.load_file(&first),
            None => Submitted::Nothing,
        }
    }

    /// The next file of a `:reload`.
    pub(super) fn next_file(&mut self, name: &str) {
        if let Submitted::Rejected(text) = self.load_file(name) {
            self.tell(text);
        }
    }
}
