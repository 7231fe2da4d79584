//! Starting a program: on the pool, since finding and loading it may take a while.

use std::io;
use std::task::Poll;

use super::child;
use super::spec::{Spec, args, environment, plain, way};
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::{ListValue, MapValue, TextValue};
use crate::runtime::driver::{Job, Lane, NewChild, Ticket, submit};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::{Thrown, Value, Vm};

#[expect(clippy::too_many_arguments, reason = "they are the parameters of the native")]
pub(super) fn start(
    cx: &mut Cx<'_>,
    cmd: TextValue,
    list: Option<ListValue>,
    stdin: TextValue,
    stdout: TextValue,
    stderr: TextValue,
    env: Option<MapValue>,
    inherit_env: bool,
    cwd: Option<TextValue>,
) -> Result<Answer, Thrown> {
    let vm = &mut *cx.vm;
    let cmd = cmd.get(&vm.heap).to_owned();
    let program = plain(vm, "cmd", &cmd)?;
    let inherited = if inherit_env { cx.rt.driver.variables() } else { Default::default() };
    let cwd = match cwd.map(|cwd| cwd.get(&vm.heap).to_owned()) {
        Some(cwd) => Some(plain(vm, "cwd", &cwd)?.into()),
        None => None,
    };
    let spec = Spec {
        program: program.clone().into(),
        args: args(vm, list)?,
        stdin: way(vm, "stdin", stdin)?,
        stdout: way(vm, "stdout", stdout)?,
        stderr: way(vm, "stderr", stderr)?,
        env: environment(vm, inherited, env)?,
        cwd,
    };
    let op = StartOp { program, stage: Stage::New(Box::new(spec)) };
    Ok(Answer::Wait(Wait::Source(Box::new(op))))
}

struct StartOp {
    program: String,
    stage: Stage,
}

enum Stage {
    New(Box<Spec>),
    Running(Job<io::Result<NewChild>>),
    Refused(io::Error),
    Over,
}

impl StartOp {
    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        io_error(vm, error, "start", "start", Subject::Path(&self.program))
    }
}

impl Source for StartOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let started = match &self.stage {
            Stage::Running(job) => match job.take() {
                Some(result) => result.map_err(io::Error::other).flatten(),
                None => return Poll::Pending,
            },
            Stage::Refused(_) => match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Refused(error) => Err(error),
                _ => return Poll::Pending,
            },
            Stage::New(_) | Stage::Over => return Poll::Pending,
        };
        self.stage = Stage::Over;
        let adopted = started.and_then(|process| cx.rt.driver.adopt(process));
        Poll::Ready(match adopted {
            Ok(adopted) => Ok(child::new(cx, &self.program, adopted)),
            Err(error) => Err(self.failed(cx.vm, &error)),
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let Stage::New(mut spec) = std::mem::replace(&mut self.stage, Stage::Over) else { return };
        let driver = cx.rt.driver.as_mut();
        match driver.may_start(&self.program) {
            Ok(program) => {
                spec.program = program;
                let job = submit(driver, Lane::Process, move || spec.start());
                job.wait(ticket);
                self.stage = Stage::Running(job);
            }
            Err(error) => {
                self.stage = Stage::Refused(error);
                driver.notify(ticket);
            }
        }
    }

    fn unregister(&mut self, _: &mut Cx<'_>, _: Ticket) {
        // A child that is started all the same ends when the result of the job is dropped.
        self.stage = Stage::Over;
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the start of {}", self.program)
    }

    fn holds_cancel(&self) -> bool {
        matches!(self.stage, Stage::Running(_))
    }
}
