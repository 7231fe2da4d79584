//! `kettle FILE`, `kettle -e CODE`, `kettle -`: run a program, or show a stage of it.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::flag::{self, Dump, Repl, Run, Source};
use super::profile::Profiling;
use super::trace::Trace;
use super::{STATUS_MISUSE, gc_stats, limit, repl, terminal};
use crate::diagnostics::{Diagnostic, SourceId};
use crate::engine::{CompileError, Engine, Error, Signal, SignalHook};
use crate::syntax;

/// How often a program is asked to end before the process ends.
const ASKED_MAX: u32 = 2;

/// Runs a program; gives the exit status.
pub fn run(wanted: Run) -> i32 {
    if wanted.source == Source::Unnamed && wanted.dump.is_none() && repl::is_there() {
        return repl::repl(Repl { args: wanted.args, ..Repl::default() });
    }
    limit::raise_descriptors();
    let mut engine = Engine::new();
    let (name, text) = match text(&engine, &wanted.source) {
        Ok(Some(found)) => found,
        Ok(None) => return terminal::out(&flag::help(None)),
        Err(message) => return misuse(&message),
    };
    let options = engine.options();
    options.args = wanted.args;
    options.virtual_clock = wanted.virtual_clock;
    options.fixtures = Path::new(&name).parent().map(Path::to_path_buf);
    options.signals = true;
    options.heap_report = wanted.gc_stats.then_some(gc_stats::REPORT);
    options.keep_heap = true;
    options.memory_limit = limit::memory();
    let watchdog = wanted.watchdog.map_or_else(limit::watchdog_of_environment, Ok);
    let watchdog = watchdog.map(|limit| options.watchdog = Some(limit));
    if let Err(message) = watchdog.and_then(|()| wanted.sandbox.apply(&mut engine, &wanted.source))
    {
        return misuse(&message);
    }
    match wanted.dump {
        None => {}
        Some(Dump::Tokens) => {
            return terminal::out(&syntax::dump_tokens(&String::from_utf8_lossy(&text)));
        }
        Some(Dump::Ast) => {
            let (_, parsed) = syntax::parse_bytes(&text, SourceId::default());
            return terminal::out(&syntax::dump(&parsed.module));
        }
        Some(Dump::Bytecode) => {
            let compiled = engine.compile_text(&name, text);
            return compiled.map_or_else(refuse, |program| terminal::out(&program.listing()));
        }
    }
    let trace = match wanted.trace.map(|file| Trace::begin(&file, engine.options())).transpose() {
        Ok(trace) => trace,
        Err(message) => return misuse(&message),
    };
    let profiling = match wanted.profile.map(|file| Profiling::begin(&file, &name)).transpose() {
        Ok(profiling) => profiling,
        Err(message) => return misuse(&message),
    };
    engine.options().profiler = profiling.as_ref().map(|profiling| profiling.profiler.clone());
    let status = match &wanted.console {
        Some(socket) => {
            // The session hears the signals.
            engine.options().signals = false;
            repl::serve(&engine, socket, &name, &String::from_utf8_lossy(&text))
        }
        None => {
            let asked = Arc::new(AtomicU32::new(0));
            let hook = last_resort(asked.clone(), trace.clone(), profiling.clone());
            engine.options().on_signal = Some(SignalHook::new(hook));
            execute(&engine, &name, text, &asked)
        }
    };
    if let Some(trace) = trace {
        trace.finish();
    }
    if let Some(profiling) = profiling {
        profiling.finish();
    }
    status
}

/// Tells the user what is wrong with the words of the command line.
fn misuse(message: &str) -> i32 {
    terminal::err(&format!("kettle: {message}\n"));
    STATUS_MISUSE
}

/// Runs the program itself.
fn execute(engine: &Engine, name: &str, text: Vec<u8>, asked: &AtomicU32) -> i32 {
    // Advice is what `kettle check` is for: a program's error stream is its own.
    match engine.run_text(name, text) {
        Ok(status) => status,
        Err(Error::Compile(error)) => refuse(error),
        Err(error) => {
            // Nobody is left who could heed a signal while somebody does not read this.
            asked.store(ASKED_MAX, Ordering::Relaxed);
            terminal::err(&error.report(terminal::has_colour()));
            error.status()
        }
    }
}

/// The first signal asks the program to end and the second one insists, which is the VM's part.
/// The third ends the process, whatever it is doing.
fn last_resort(
    asked: Arc<AtomicU32>,
    trace: Option<Trace>,
    profiling: Option<Profiling>,
) -> impl Fn(Signal) + Send + Sync {
    move |signal| {
        let status = match signal {
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
            Signal::Quit => return,
        };
        if asked.fetch_add(1, Ordering::Relaxed) >= ASKED_MAX {
            if let Some(trace) = &trace {
                trace.flush();
            }
            if let Some(profiling) = &profiling {
                profiling.finish();
            }
            process::exit(status);
        }
    }
}

fn refuse(mut error: CompileError) -> i32 {
    error.diagnostics.retain(Diagnostic::is_error);
    terminal::err(&error.render(terminal::has_colour()));
    STATUS_MISUSE
}

/// The name and the text of the program; nothing if none was named and nobody pipes one in.
fn text(engine: &Engine, source: &Source) -> Result<Option<(String, Vec<u8>)>, String> {
    match source {
        Source::File(name) => match engine.read(name) {
            Ok(text) => Ok(Some((name.clone(), text))),
            Err(error) => Err(format!("`{name}` cannot be read: {error}")),
        },
        Source::Text(code) => Ok(Some(("<eval>".to_owned(), code.clone().into_bytes()))),
        Source::Unnamed if io::stdin().is_terminal() => Ok(None),
        Source::Stdin | Source::Unnamed => Ok(Some(("<stdin>".to_owned(), terminal::input()?))),
    }
}
