//! `--profile[=NAME]`: where the time went, as a table on standard error, `NAME.folded` and `NAME.svg`.

use std::fs;
use std::time::Duration;

use super::terminal;
use crate::engine::Profiler;
use crate::tools::profile::{flame, folded, table};

/// How the files are called unless the user says otherwise.
pub const NAME: &str = "profile";
/// The time between two looks.
const EVERY: Duration = Duration::from_millis(1);

/// The profile of a run. Whoever ends the process has to finish it.
#[derive(Clone)]
pub struct Profiling {
    name: String,
    title: String,
    /// What watches; an option of the engine.
    pub profiler: Profiler,
}

impl Profiling {
    /// Begins the files: better now than after the program has run. The error is a message for the user.
    pub fn begin(name: &str, title: &str) -> Result<Profiling, String> {
        let bare = ["svg", "folded"].iter().find_map(|end| name.strip_suffix(&format!(".{end}")));
        let name = bare.unwrap_or(name).to_owned();
        let profiling = Profiling { name, title: title.to_owned(), profiler: Profiler::new(EVERY) };
        for file in profiling.files() {
            fs::write(&file, "").map_err(|error| format!("--profile {file}: {error}"))?;
        }
        Ok(profiling)
    }

    fn files(&self) -> [String; 2] {
        [format!("{}.folded", self.name), format!("{}.svg", self.name)]
    }

    /// Writes what was seen.
    pub fn finish(&self) {
        let profile = self.profiler.profile();
        let texts = [folded(&profile), flame(&profile, &self.title)];
        let mut said = table(&profile);
        for (file, text) in self.files().iter().zip(texts) {
            said.push_str(&match fs::write(file, text) {
                Ok(()) => format!("written: {file}\n"),
                Err(error) => format!("kettle: --profile {file}: {error}\n"),
            });
        }
        terminal::err(&said);
    }
}
