//! What the event loop asks of the layers above it: the library written in Kettle, places in the
//! source, and where to report what no script hears of.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::engine::Engine;
use super::graph::Known;
use super::import::Imported;
use super::program::Program;
use super::remote::Line;
use super::{task_report, uncaught};
use crate::bytecode::program::{LIBRARY_PREFIX, ModuleCode};
use crate::diagnostics::{SourceId, SourceMap};
use crate::runtime::driver::Policy;
use crate::runtime::{Host, ImportWork, Stall, TaskReport};
use crate::vm::{ErrorKind, Thrown, TraceFrame, Value, Vm as Machine};

/// The sources of all programs that a VM has loaded, shared with those who show places in them.
#[derive(Clone, Default)]
pub struct Sources {
    shared: Arc<Mutex<Loaded>>,
}

#[derive(Default)]
struct Loaded {
    map: Arc<SourceMap>,
    /// Each program with the number that its first source has in the map.
    programs: Vec<(Program, u32)>,
    /// The last modules of programs that have failed to take over.
    withdrawn: Vec<Arc<ModuleCode>>,
}

impl Sources {
    /// Adds the sources of a program.
    pub fn add(&self, program: &Program) {
        let mut loaded = self.lock();
        if loaded.programs.is_empty() {
            // The usual case: one program, whose own map will do.
            loaded.map = program.sources().clone();
            loaded.programs.push((program.clone(), 0));
            return;
        }
        let first = loaded.map.len() as u32;
        let map = Arc::make_mut(&mut loaded.map);
        for (_, source) in program.sources().iter() {
            map.add(source.name.clone(), source.text.clone());
        }
        loaded.programs.push((program.clone(), first));
    }

    /// Adds a program whose sources begin with all that are known.
    pub fn extend(&self, program: &Program) {
        let mut loaded = self.lock();
        loaded.map = program.sources().clone();
        loaded.programs.push((program.clone(), 0));
    }

    /// Forgets a program that was added last, with its sources.
    pub fn forget(&self, code: &Arc<ModuleCode>) {
        let mut loaded = self.lock();
        let is_last = |(program, _): &(Program, u32)| {
            program.code().modules.last().is_some_and(|last| Arc::ptr_eq(last, code))
        };
        // The first program shares the map.
        if loaded.programs.len() < 2 || !loaded.programs.last().is_some_and(is_last) {
            return;
        }
        if let Some((_, first)) = loaded.programs.pop() {
            Arc::make_mut(&mut loaded.map).truncate(first as usize);
        }
    }

    /// Loads the standard modules written in Kettle that a program needs, unless they are loaded.
    /// The error is a message.
    pub fn load_library(&self, vm: &mut Machine, program: &Program) -> Result<(), String> {
        for module in program.library() {
            let loaded = vm.load_library(module.name, module.program.code());
            let is_new = loaded
                .map_err(|error| format!("module `{}` cannot be loaded: {error}", module.name))?;
            if is_new {
                self.add(&module.program);
            }
        }
        Ok(())
    }

    /// A program has failed to take over: nobody finds its modules any more. What it has begun may still
    /// run, so its places are known.
    pub fn withdraw(&self, program: &Program) {
        self.lock().withdrawn.extend(program.code().modules.last().cloned());
    }

    /// The modules of programs that have been loaded, those of the library left out.
    pub fn modules(&self) -> Vec<Known> {
        let loaded = self.lock();
        let is_found = |program: &Program| {
            let last = program.code().modules.last();
            !last.is_some_and(|last| loaded.withdrawn.iter().any(|gone| Arc::ptr_eq(gone, last)))
        };
        let found = loaded.programs.iter().filter(|(program, _)| is_found(program));
        let modules = found.flat_map(|(program, _)| program.own_modules());
        modules.filter(|known| !known.code.name.starts_with(LIBRARY_PREFIX)).collect()
    }

    /// The texts of all sources.
    pub fn map(&self) -> Arc<SourceMap> {
        self.lock().map.clone()
    }

    /// The source of a frame, as the map numbers it.
    pub fn locate(&self, frame: &TraceFrame) -> SourceId {
        let loaded = self.lock();
        let holds = |(program, _): &&(Program, u32)| {
            let mut modules = program.code().modules.iter();
            modules.any(|module| module.source == frame.source && module.name == frame.module)
        };
        let first = loaded.programs.iter().rev().find(holds).map_or(0, |(_, first)| *first);
        SourceId(first + frame.source.0)
    }

    /// `name:line:column` of a frame.
    pub fn describe(&self, frame: &TraceFrame) -> String {
        self.map().describe(self.locate(frame), frame.span)
    }

    /// Nothing panics under this lock, so a poisoned one still holds a whole state.
    fn lock(&self) -> MutexGuard<'_, Loaded> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The layers above the loop, for one VM.
pub struct Library {
    engine: Engine,
    sources: Sources,
    line: Arc<Line>,
}

impl Library {
    /// What a VM of that engine has above its loop.
    pub fn new(engine: Engine, sources: Sources, line: Arc<Line>) -> Library {
        Library { engine, sources, line }
    }
}

impl Host for Library {
    fn isolated(&mut self, vm: &mut Machine, task: &TaskReport, error: Value) -> String {
        let report = uncaught::report(vm, error, &self.sources).render(false);
        format!("task {} ({}) failed\n{report}", task.number, task.name)
    }

    fn report(&mut self, _vm: &mut Machine, tasks: &[TaskReport]) -> String {
        task_report::tree(tasks, &self.sources)
    }

    fn stalled(&mut self, _vm: &mut Machine, stall: &Stall) -> String {
        let text = task_report::stall(stall, &self.sources);
        match &self.engine.settings().on_stall {
            Some(hook) => {
                hook.call(stall, &text);
                String::new()
            }
            None => text,
        }
    }

    fn place(&self, frame: &TraceFrame) -> String {
        self.sources.describe(frame)
    }

    fn import(&mut self, importer: &str, path: &str, policy: Option<Arc<Policy>>) -> ImportWork {
        let engine = self.engine.clone();
        let (known, sources) = (self.sources.modules(), self.sources.map());
        let (importer, path) = (importer.to_owned(), path.to_owned());
        Box::new(move || {
            Box::new(engine.import(&importer, &path, known, (*sources).clone(), policy))
        })
    }

    fn imported(&mut self, vm: &mut Machine, found: Box<dyn Any + Send>) -> Result<Value, Thrown> {
        match found.downcast::<Imported>() {
            Ok(imported) => imported.plan(vm, &self.sources),
            Err(_) => Err(vm.error(ErrorKind::TypeError, "import: this is no imported module")),
        }
    }

    fn reach(&self) -> Option<&(dyn Any + Send + Sync)> {
        Some(&*self.line)
    }

    fn load_core(&mut self, vm: &mut Machine) -> Result<(), Thrown> {
        let loaded = match self.engine.stdlib().core() {
            Ok(program) => vm.load_core(program.code()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        loaded.map_err(|why| {
            vm.error(ErrorKind::NameError, format!("the core library cannot be used: {why}"))
        })
    }
}
