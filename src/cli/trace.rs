//! `--trace FILE`: the timeline of the event loop, in a file.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::terminal;
use crate::engine::{Options, Timeline, TracerHook};

/// The timeline of a run. Whoever ends the process has to finish it.
#[derive(Clone)]
pub struct Trace {
    name: String,
    timeline: Arc<Mutex<Timeline<File>>>,
}

impl Trace {
    /// Begins the file; the error is a message for the user.
    pub fn begin(name: &str, options: &mut Options) -> Result<Trace, String> {
        let file = File::create(name).map_err(|error| format!("--trace {name}: {error}"))?;
        let timeline = Arc::new(Mutex::new(Timeline::new(file)));
        let tracer = timeline.clone();
        options.tracer = Some(TracerHook::new(move || Box::new(tracer.clone())));
        Ok(Trace { name: name.to_owned(), timeline })
    }

    /// Ends the file.
    pub fn finish(&self) {
        if let Err(error) = self.lock().finish() {
            terminal::err(&format!("kettle: --trace {}: {error}\n", self.name));
        }
    }

    /// The process ends at once: what there is goes out, unless that would have to be waited for.
    pub fn flush(&self) {
        if let Ok(mut timeline) = self.timeline.try_lock() {
            timeline.flush();
        }
    }

    /// A timeline that somebody has panicked with is worth as much as it has.
    fn lock(&self) -> MutexGuard<'_, Timeline<File>> {
        self.timeline.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
