//! Tasks and scopes as scripts use them, `sleep` and `exit`.
//!
//! What these mean is the loop's business (`runtime`); here stand names and arguments.

pub mod local;
pub mod together;

use std::sync::Arc;
use std::time::Duration;

use super::argument::{Rest, bad_value};
use super::kind::TextValue;
use crate::natives;
use crate::runtime::{Answer, Call, CancelKind, Cx, ScopeHandle, TaskHandle, TaskKind, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Tasks, scopes, time and the end of the program.
    pub const TASK;

    /// Lets at least that much time pass.
    async fn sleep(d: duration) => sleep;
    /// Ends the program: everything in it is cancelled and cleaned up. The first status stands.
    loop fn exit(status: int = 0) => exit;

    /// Lets all other tasks that are ready run.
    async fn task.yield() => give_way;
    /// The task that calls this.
    loop fn task.current() => current;

    /// How long it is until the nearest time-out around cuts what runs here; null without one. Inside a
    /// `shield` or a clean-up, those outside count from when they are no longer hidden.
    loop fn task.deadline() => deadline,
        "import task\nprint(timeout 5s { await sleep(2s); task.deadline() }, task.deadline())" => "3s null";
    /// All tasks of the program as a tree, the program first: a map for each, `{id, name, doing, waited,
    /// trace, spawned, tasks}`. `waited` is how long it has been waiting (null: it is not), `trace` the functions
    /// it is in, innermost first, `spawned` where that was, and `tasks` are those that belong to its scopes.
    loop fn task.tree() => tree;

    /// Its number; tasks are numbered as they are spawned.
    host get task.id() => id;
    /// Its name: that of the function it runs, unless it was given another one: `t.name = "reader"`.
    host get task.name() => name;
    /// Gives it a name. `t.name = name` does the same.
    host loop method task.set_name(name: str) => set_name,
        "import task\nlet me = task.current()\nme.name = \"reader\"\nprint(me)" => "<task 1 reader>";
    /// `"running"`, `"done"`, `"failed"` or `"cancelled"`.
    host get task.state() => state;
    /// Asks it to stop. It unwinds at its next op; its clean-ups run.
    host loop method task.cancel(message: str?) => cancel_task;
    /// Cancels it and waits for its end.
    host async method task.stop(message: str?) => stop;
    /// What it is doing: a list of the functions it is in, innermost first.
    host loop method task.trace() => trace;

    /// Makes a task in this scope that calls `f` with the arguments.
    host loop method scope.spawn(f: any, args: any...) => spawn;
    /// Ends the scope early: everything in it is cancelled, its value is null.
    host loop method scope.cancel(message: str?) => cancel_scope;
    /// What it is called in reports.
    host get scope.name() => scope_name;
}

fn sleep(_: &mut Cx<'_>, nanoseconds: i64) -> Result<Answer, Thrown> {
    let span = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    Ok(Answer::Wait(Wait::Sleep(span)))
}

fn exit(cx: &mut Cx<'_>, status: i64) -> Result<Answer, Thrown> {
    let Some(status) = i32::try_from(status).ok().filter(|status| (0..=255).contains(status))
    else {
        let rule = "the status must be from 0 to 255";
        return Err(bad_value(cx.vm, "exit", rule, Value::int(status)));
    };
    cx.rt.exit(cx.vm, cx.task, status);
    Ok(Answer::Unwind)
}

fn give_way(_: &mut Cx<'_>) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::Yield))
}

fn current(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    Ok(Answer::Value(cx.rt.handle_of(cx.vm, cx.task)))
}

fn id(vm: &mut Vm, task: Value) -> Result<Value, Thrown> {
    Ok(handle(vm, task).map_or(Value::null(), |task| Value::int(task.number as i64)))
}

fn name(vm: &mut Vm, task: Value) -> Result<Value, Thrown> {
    let name = handle(vm, task).map(|task| task.name(vm).to_owned()).unwrap_or_default();
    Ok(vm.heap.string_owned(name))
}

fn set_name(cx: &mut Cx<'_>, task: Value, name: TextValue) -> Result<Answer, Thrown> {
    let name = Arc::from(name.get(&cx.vm.heap));
    cx.rt.rename(cx.vm, task, name);
    Ok(Answer::Value(Value::null()))
}

fn deadline(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let left = cx.rt.time_left(cx.task);
    let left = left.map(|left| i64::try_from(left.as_nanos()).unwrap_or(i64::MAX));
    Ok(Answer::Value(left.map_or(Value::null(), Value::duration)))
}

/// How many tasks a tree shows.
const TREE_MAX: usize = 100_000;

fn tree(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let (reports, _) = cx.rt.report(cx.vm, TREE_MAX);
    // The lists of tasks of the tasks around the next one, the outermost first.
    let top = cx.vm.heap.list(Vec::new());
    let mut around = vec![top];
    for report in reports {
        let inside = cx.vm.heap.list(Vec::new());
        let waited = report.waited.map(|span| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX));
        let trace = cx.rt.trace_lines(&report.frames);
        let trace = trace.iter().map(|line| cx.vm.heap.string(line)).collect();
        let spawned = report.spawned.map(|frame| cx.rt.host.place(&frame));
        let fields = [
            ("id", Value::int(report.number as i64)),
            ("name", cx.vm.heap.string(&report.name)),
            ("doing", cx.vm.heap.string(&report.doing)),
            ("waited", waited.map_or(Value::null(), Value::duration)),
            ("trace", cx.vm.heap.list(trace)),
            ("spawned", spawned.map_or(Value::null(), |place| cx.vm.heap.string(&place))),
            ("tasks", inside),
        ];
        let map = cx.vm.heap.map(crate::vm::map::Map::default());
        for (name, value) in fields {
            let key = cx.vm.heap.intern(name);
            // A str is hashable, so this cannot fail.
            let _ = cx.vm.heap.map_insert(map, key, value);
        }
        around.truncate(report.depth + 1);
        let list = around.last().copied().unwrap_or(top);
        if let Some(list) = cx.vm.heap.list_mut(list) {
            list.items.push(map);
        }
        around.push(inside);
    }
    let program = cx.vm.heap.list_ref(top).and_then(|list| list.items.first().copied());
    Ok(Answer::Value(program.unwrap_or_default()))
}

fn state(vm: &mut Vm, task: Value) -> Result<Value, Thrown> {
    let state = handle(vm, task).map_or("done", TaskHandle::state);
    Ok(vm.heap.intern(state))
}

fn handle(vm: &Vm, task: Value) -> Option<&TaskHandle> {
    vm.heap.object_ref::<TaskHandle>(task)
}

fn cancel_task(cx: &mut Cx<'_>, task: Value, message: Option<TextValue>) -> Result<Answer, Thrown> {
    ask_to_stop(cx, task, message);
    Ok(Answer::Value(Value::null()))
}

fn stop(cx: &mut Cx<'_>, task: Value, message: Option<TextValue>) -> Result<Answer, Thrown> {
    ask_to_stop(cx, task, message);
    Ok(Answer::Wait(Wait::Stop(task)))
}

fn ask_to_stop(cx: &mut Cx<'_>, task: Value, message: Option<TextValue>) {
    let mut reason = cx.rt.reason_by(cx.vm, CancelKind::Explicit, cx.task);
    reason.message = message.map(|text| Arc::from(text.get(&cx.vm.heap)));
    cx.rt.cancel_task(cx.vm, task, reason);
}

fn trace(cx: &mut Cx<'_>, task: Value) -> Result<Answer, Thrown> {
    let lines = cx.rt.trace_of(cx.vm, task);
    let lines = lines.iter().map(|line| cx.vm.heap.string(line)).collect();
    Ok(Answer::Value(cx.vm.heap.list(lines)))
}

fn spawn(cx: &mut Cx<'_>, scope: Value, callee: Value, args: Rest) -> Result<Answer, Thrown> {
    let owner = cx.vm.heap.object_ref::<ScopeHandle>(scope).map(|scope| scope.rec);
    let args = args.to_vec(cx.vm);
    let call = Call { callee, args: &args, named: None };
    let task = cx.rt.spawn(cx.vm, cx.task, owner, TaskKind::Plain, call)?;
    Ok(Answer::Value(cx.rt.handle_of(cx.vm, task)))
}

fn cancel_scope(
    cx: &mut Cx<'_>,
    scope: Value,
    message: Option<TextValue>,
) -> Result<Answer, Thrown> {
    let Some(rec) = cx.vm.heap.object_ref::<ScopeHandle>(scope).map(|scope| scope.rec) else {
        return Err(cx.vm.error(ErrorKind::TypeError, "scope.cancel: this is no scope"));
    };
    let mut reason = cx.rt.reason_by(cx.vm, CancelKind::Explicit, cx.task);
    reason.message = message.map(|text| Arc::from(text.get(&cx.vm.heap)));
    cx.rt.cancel(cx.vm, rec, reason);
    Ok(Answer::Value(Value::null()))
}

fn scope_name(vm: &mut Vm, scope: Value) -> Result<Value, Thrown> {
    let name = vm.heap.object_ref::<ScopeHandle>(scope).map(|scope| scope.name.clone());
    Ok(vm.heap.string(&name.unwrap_or_default()))
}
