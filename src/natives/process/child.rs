//! The handle of a process that was started.

use std::task::Poll;

use super::signal_name;
use crate::natives;
use crate::natives::kind::TextValue;
use crate::natives::record::record;
use crate::natives::stream::new_pipe;
use crate::runtime::driver::{Adopted, ChildId, ChildStatus, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Loop, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// The members of a process that was started.
    pub const CHILD;

    /// Its number in the system.
    host get child.pid() => |vm: &mut Vm, child: Value| Ok(Value::int(child_of(vm, child)?.pid.into()));
    /// A stream to write what it reads; null unless that is a pipe.
    host get child.stdin() => |vm: &mut Vm, child: Value| Ok(child_of(vm, child)?.stdin);
    /// A stream to read what it writes; null unless that is a pipe.
    host get child.stdout() => |vm: &mut Vm, child: Value| Ok(child_of(vm, child)?.stdout);
    /// A stream to read the errors it writes; null unless that is a pipe.
    host get child.stderr() => |vm: &mut Vm, child: Value| Ok(child_of(vm, child)?.stderr);
    /// Waits for its end. A map of `status` (the exit status, null if a signal ended it), `signal`
    /// (its name, or null) and `ok` (whether the status is 0). May be asked again.
    host async method child.wait() => wait;
    /// Sends it a signal: `"term"`, `"kill"`, `"int"`, `"hup"`, `"usr1"` … The processes that it has
    /// started get it as well. Nothing happens if it has ended.
    host loop method child.kill(signal: str = "kill") => kill;
    /// Gives it up: closes its pipes, and if it still runs, asks it to end and kills it two seconds
    /// later. Happens by itself when the task that owns it ends.
    host loop method child.close() => close;
}

/// A process.
struct Child {
    id: ChildId,
    pid: u32,
    program: String,
    stdin: Value,
    stdout: Value,
    stderr: Value,
    closed: bool,
    /// Somebody has been told how it ended.
    ended: bool,
}

impl HostObject for Child {
    fn type_name(&self) -> &'static str {
        "child"
    }

    fn display(&self) -> String {
        format!("<child {} {}>", self.pid, self.program)
    }

    fn is_held(&self) -> bool {
        !self.ended
    }

    fn trace(&self, marker: &mut Marker) {
        marker.values(&[self.stdin, self.stdout, self.stderr]);
    }
}

/// The handle of a process, which the calling task owns.
pub(super) fn new(cx: &mut Cx<'_>, program: &str, adopted: Adopted) -> Value {
    let Adopted { child, pid, stdin, stdout, stderr } = adopted;
    let mut pipe = |id: Option<SocketId>, of: &str| match id {
        Some(id) => new_pipe(cx.vm, id, &format!("the {of} of {program}")),
        None => Value::null(),
    };
    let child = Child {
        id: child,
        pid,
        program: program.to_owned(),
        stdin: pipe(stdin, "input"),
        stdout: pipe(stdout, "output"),
        stderr: pipe(stderr, "errors"),
        closed: false,
        ended: false,
    };
    let value = cx.vm.heap.object(Box::new(child));
    cx.rt.own(cx.task, value, close_child);
    value
}

fn child_of(vm: &mut Vm, value: Value) -> Result<&Child, Thrown> {
    if vm.heap.object_ref::<Child>(value).is_none() {
        return Err(vm.error(ErrorKind::TypeError, "this is a member of started processes"));
    }
    Ok(vm.heap.object_ref::<Child>(value).expect("its type was looked at"))
}

/// The process behind a handle that has not been given up.
fn open(vm: &mut Vm, value: Value) -> Result<ChildId, Thrown> {
    let child = child_of(vm, value)?;
    let (id, closed) = (child.id, child.closed);
    if closed {
        let text = format!("{} was closed", vm.show(value));
        return Err(vm.error(ErrorKind::ClosedError, text));
    }
    Ok(id)
}

fn kill(cx: &mut Cx<'_>, value: Value, signal: TextValue) -> Result<Answer, Thrown> {
    let id = open(cx.vm, value)?;
    let word = signal.get(&cx.vm.heap).to_owned();
    let Some(number) = signal_name::number(&word) else {
        let meant = crate::diagnostics::nearest(&word, signal_name::names());
        let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
        let text = format!("child.kill: there is no signal {word:?}{hint}");
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    };
    match cx.rt.driver.kill(id, number) {
        // It has just ended.
        Err(error) if error.kind() != std::io::ErrorKind::PermissionDenied => {}
        Err(error) => {
            let name = cx.vm.show(value);
            let about = crate::natives::io_error::Subject::Named(&name);
            return Err(crate::natives::io_error::io_error(cx.vm, &error, "kill", "signal", about));
        }
        Ok(()) => {}
    }
    Ok(Answer::Value(Value::null()))
}

fn close(cx: &mut Cx<'_>, value: Value) -> Result<Answer, Thrown> {
    child_of(cx.vm, value)?;
    close_child(cx.vm, cx.rt, value);
    Ok(Answer::Value(Value::null()))
}

/// Gives a process up; nothing if that has been done.
fn close_child(vm: &mut Vm, rt: &mut Loop, value: Value) {
    rt.disown_resource(value);
    let Some(child) = vm.heap.object_mut::<Child>(value) else { return };
    if std::mem::replace(&mut child.closed, true) {
        return;
    }
    let (id, pipes) = (child.id, [child.stdin, child.stdout, child.stderr]);
    rt.driver.retire(id);
    for pipe in pipes {
        crate::natives::stream::close_stream(vm, rt, pipe);
    }
}

fn wait(cx: &mut Cx<'_>, value: Value) -> Result<Answer, Thrown> {
    open(cx.vm, value)?;
    Ok(Answer::Wait(Wait::Source(Box::new(WaitOp { child: value }))))
}

struct WaitOp {
    child: Value,
}

impl Source for WaitOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let id = match open(cx.vm, self.child) {
            Ok(id) => id,
            Err(thrown) => return Poll::Ready(Err(thrown)),
        };
        match cx.rt.driver.child_status(id) {
            Ok(Some(status)) => {
                if let Some(child) = cx.vm.heap.object_mut::<Child>(self.child) {
                    child.ended = true;
                }
                Poll::Ready(Ok(status_record(cx.vm, status)))
            }
            Ok(None) => Poll::Pending,
            Err(error) => Poll::Ready(Err(cx.vm.error(ErrorKind::ClosedError, error.to_string()))),
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(child) = cx.vm.heap.object_ref::<Child>(self.child) {
            cx.rt.driver.wait_child(child.id, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(child) = cx.vm.heap.object_ref::<Child>(self.child) {
            cx.rt.driver.unwait_child(child.id, ticket);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.child);
    }

    fn describe(&self, _: &Vm) -> String {
        "the end of a process".to_owned()
    }
}

fn status_record(vm: &mut Vm, status: ChildStatus) -> Value {
    let (status, signal) = match status {
        ChildStatus::Exited(status) => (Value::int(status.into()), Value::null()),
        ChildStatus::Signalled(number) => {
            (Value::null(), vm.heap.string(&signal_name::name(number)))
        }
    };
    let ok = Value::bool(status.as_int() == Some(0));
    record(&mut vm.heap, &[("status", status), ("signal", signal), ("ok", ok)])
}
