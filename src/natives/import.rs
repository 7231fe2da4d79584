//! `await import(path)`: a module by a path that the program works out.

use std::any::Any;
use std::task::Poll;

use super::kind::TextValue;
use crate::natives;
use crate::runtime::driver::{Job, Lane, Ticket, submit};
use crate::runtime::{Answer, Cx, ImportWork, Source, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Loading modules while the program runs.
    pub const IMPORT;

    /// The module of a file, as a value: what it exports are its members. The path is relative to
    /// the file that imports. A module is loaded and run once, whoever imports it, and in whatever
    /// way. Throws IoError if it cannot be read, ParseError if it does not compile (`e.data` has
    /// the diagnostics), and what its top level throws.
    async fn import(path: str) => import;

    /// For the core module: finds, compiles and loads a module, and says what of it has to run.
    async fn core.import_plan(importer: str, path: str) => plan;
    /// For the core module: whether the top level of a module runs in this task.
    loop fn core.runs_top_level(module: int) => runs_top_level;
}

fn import(cx: &mut Cx<'_>, path: TextValue) -> Result<Answer, Thrown> {
    let importer = cx.rt.importer(cx.vm, cx.task);
    let importer = cx.vm.heap.string(&importer);
    Ok(Answer::Core("import_module", vec![importer, path.0]))
}

fn runs_top_level(cx: &mut Cx<'_>, module: i64) -> Result<Answer, Thrown> {
    let module = u32::try_from(module).unwrap_or(u32::MAX);
    Ok(Answer::Value(Value::bool(cx.rt.runs_top_level(cx.vm, cx.task, module))))
}

fn plan(cx: &mut Cx<'_>, importer: TextValue, path: TextValue) -> Result<Answer, Thrown> {
    let (importer, path) = (importer.get(&cx.vm.heap), path.get(&cx.vm.heap).to_owned());
    let work = cx.rt.host.import(importer, &path, cx.rt.driver.policy());
    Ok(Answer::Wait(Wait::Source(Box::new(Import { path, stage: Stage::New(work) }))))
}

/// A module that is being read and compiled on the pool.
struct Import {
    path: String,
    stage: Stage,
}

enum Stage {
    New(ImportWork),
    Running(Job<Box<dyn Any + Send>>),
    Over,
}

impl Source for Import {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let Stage::Running(job) = &self.stage else { return Poll::Pending };
        let Some(result) = job.take() else { return Poll::Pending };
        self.stage = Stage::Over;
        Poll::Ready(match result {
            Ok(found) => cx.rt.host.imported(cx.vm, found),
            Err(error) => Err(cx.vm.error(ErrorKind::Error, format!("import: {error}"))),
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Stage::New(work) = std::mem::replace(&mut self.stage, Stage::Over) {
            let job = submit(cx.rt.driver.as_mut(), Lane::Fs, work);
            job.wait(ticket);
            self.stage = Stage::Running(job);
        }
    }

    fn unregister(&mut self, _: &mut Cx<'_>, _: Ticket) {
        self.stage = Stage::Over;
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the import of {:?}", self.path)
    }
}
