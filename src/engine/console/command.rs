//! Commands: lines that begin with `:`. Their answers are events.

use std::fmt::Write as _;

use super::Console;
use super::entry::Shown;
use super::event::{Event, Submitted};
use crate::diagnostics::nearest;
use crate::syntax;

/// The commands, what they take, and what they do.
pub(super) const COMMANDS: &[(&str, &str, &str)] = &[
    ("help", "", "what can be done here"),
    (
        "doc",
        "NAME",
        "what there is to know of a name; `NAME?` is the same, `NAME??` shows its source",
    ),
    ("type", "EXPRESSION", "the type of its value"),
    ("time", "EXPRESSION", "how long it takes"),
    ("ast", "TEXT", "its syntax tree"),
    ("bytecode", "TEXT", "what the compiler makes of it"),
    ("tasks", "", "all tasks, what each waits for and for how long"),
    ("trace", "N", "where task N is"),
    ("cancel", "N", "cancels task N"),
    ("top", "", "the tasks, again and again"),
    ("load", "FILE", "runs a file and stays with its names"),
    ("reload", "", "runs the loaded files again, with all that they import"),
    ("edit", "[FILE]", "writes the next entry in your editor"),
    ("save", "FILE", "writes the entries of this session into a file"),
    ("history", "[WORD]", "what was entered"),
    ("mem", "", "how much memory is in use"),
    ("gc", "", "collects garbage now"),
    ("reset", "", "cancels all tasks and forgets all names"),
    ("quit", "[STATUS]", "asks all tasks to finish and ends the session"),
];

impl Console {
    /// Carries a command out.
    pub(super) fn command(&mut self, line: &str) -> Submitted {
        let line = line.trim().trim_start_matches(':');
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let takes = COMMANDS.iter().find(|(known, ..)| *known == name);
        let Some((_, takes, _)) = takes else {
            self.tell(unknown(name));
            return Submitted::Nothing;
        };
        if rest.is_empty() && !takes.is_empty() && !takes.starts_with('[') {
            self.tell(format!("`:{name}` is written `:{name} {takes}`"));
            return Submitted::Nothing;
        }
        match name {
            "help" => self.tell(help()),
            "doc" => self.tell(self.document(rest)),
            "type" => return self.enter(rest, Shown::Type),
            "time" => return self.enter(rest, Shown::Time),
            "ast" => return self.show_tree(rest),
            "bytecode" => return self.show_code(rest),
            "tasks" | "top" => {
                let table = self.tasks(name == "top");
                self.tell(table);
            }
            "trace" | "cancel" => match rest.parse() {
                Ok(number) if name == "trace" => self.tell_trace(number),
                Ok(number) => self.cancel_task(number),
                Err(_) => {
                    self.tell(format!("`:{name}` takes the number of a task; `:tasks` lists them"))
                }
            },
            "load" => return self.load_file(rest),
            "reload" => return self.reload(),
            "mem" => self.tell(self.memory()),
            "gc" => self.collect(),
            "reset" => self.reset(),
            "quit" => match rest.parse::<u8>() {
                _ if rest.is_empty() => self.quit(0),
                Ok(status) => self.quit(i32::from(status)),
                Err(_) => self.tell("an exit status is a number from 0 to 255"),
            },
            _ => self.tell(format!("`:{name}` is a command of the terminal")),
        }
        Submitted::Nothing
    }

    pub(super) fn tell(&self, text: impl Into<String>) {
        self.events.push(Event::Text(text.into()));
    }

    fn show_tree(&self, text: &str) -> Submitted {
        let parsed = syntax::parse(text, Default::default());
        if parsed.has_errors() {
            return self.rejected(text);
        }
        self.tell(syntax::dump(&parsed.module).trim_end());
        Submitted::Nothing
    }

    fn show_code(&self, text: &str) -> Submitted {
        let name = self.next_name();
        match self.compile(&name, text) {
            Ok((program, _)) => {
                let code = program.code().modules.last();
                let listing =
                    code.map(|code| crate::bytecode::disassemble::disassemble(code, Some(text)));
                self.tell(listing.unwrap_or_default().trim_end());
                Submitted::Nothing
            }
            Err(error) => Submitted::Rejected(error.render(self.view.colour).trim_end().to_owned()),
        }
    }

    /// What is wrong with a text.
    fn rejected(&self, text: &str) -> Submitted {
        match self.compile(&self.next_name(), text) {
            Ok(_) => Submitted::Nothing,
            Err(error) => Submitted::Rejected(error.render(self.view.colour).trim_end().to_owned()),
        }
    }

    fn memory(&self) -> String {
        let vm = &self.vm.runtime.vm;
        let stats = vm.heap.stats();
        let mut text = format!("{} in use", bytes(vm.heap.bytes_in_use()));
        let _ = write!(
            text,
            "\n{} in blocks, {} in large objects, {} beside them",
            bytes(stats.block_bytes),
            bytes(stats.large_bytes),
            bytes(stats.external_bytes)
        );
        let limit = vm.heap.limit();
        if limit != usize::MAX {
            let _ = write!(text, "\n{} is the limit", bytes(limit));
        }
        let _ = write!(
            text,
            "\n{} collections, {} objects after the last one",
            stats.cycles, stats.live_objects
        );
        text
    }

    fn collect(&mut self) {
        let before = self.vm.runtime.vm.heap.bytes_in_use();
        self.vm.runtime.collect();
        let after = self.vm.runtime.vm.heap.bytes_in_use();
        self.tell(format!("{} in use, {} before", bytes(after), bytes(before)));
    }

    /// Cancels all tasks and forgets all names. What is cancelled still cleans up.
    fn reset(&mut self) {
        let (tasks, _) = self.vm.runtime.rt.report(&self.vm.runtime.vm, usize::MAX);
        for task in tasks.iter().filter(|task| task.depth <= 1) {
            self.vm.runtime.cancel_number(task.number);
        }
        self.clear_names();
        self.files.clear();
        self.known.clear();
        self.loaded.clear();
        self.tell("all names are forgotten");
    }
}

fn unknown(name: &str) -> String {
    let known = COMMANDS.iter().map(|(known, ..)| *known);
    match nearest(name, known) {
        Some(meant) => format!("there is no command `:{name}`; did you mean `:{meant}`?"),
        None => format!("there is no command `:{name}`; `:help` lists them"),
    }
}

fn help() -> String {
    let mut text = String::new();
    let head = |name: &str, takes: &str| format!(":{name} {takes}").trim_end().to_owned();
    let width = COMMANDS.iter().map(|(name, takes, _)| head(name, takes).len()).max().unwrap_or(0);
    for (name, takes, about) in COMMANDS {
        let _ = writeln!(text, "{:width$}  {about}", head(name, takes));
    }
    let rest = [
        ("NAME?  NAME??", "its documentation; its source"),
        ("ENTRY;", "does not show the value"),
        ("ENTRY &", "runs in the background, as the task `_N`"),
        ("_  _N  _err", "the last value, that of entry N, the last error"),
    ];
    for (form, about) in rest {
        let _ = writeln!(text, "{form:width$}  {about}");
    }
    text.truncate(text.trim_end().len());
    text
}

/// A number of bytes for people.
fn bytes(count: usize) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut size = count as f64;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} B") } else { format!("{size:.1} {}", UNITS[unit]) }
}
