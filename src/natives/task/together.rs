//! What `stdlib/task.ket` needs of the loop to make something of several tasks.

use std::task::Poll;

use crate::natives;
use crate::natives::kind::ListValue;
use crate::runtime::{
    Answer, Call, CancelKind, Cx, JoinPlace, ScopeHandle, Source, TaskHandle, TaskKind, Ticket,
    Wait,
};
use crate::vm::heap::Marker;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// What makes something of several tasks.
    pub const TOGETHER;

    /// For the library: whether a value is a task.
    fn core.is_task(value: any) => is_task;
    /// For the library: cancels a scope whose race is decided.
    loop fn core.lose(scope: any) => lose;
    /// For the library: spawns `f` with `try` in the innermost scope in which the calling task is.
    loop fn core.spawn_try(f: any) => spawn_try;
    /// For the library: waits until one of the tasks has ended; gives its place. Its error is not handed
    /// out by that.
    async fn core.first_ended(tasks: list) => first_ended;
}

fn is_task(vm: &mut Vm, value: Value) -> Result<Value, Thrown> {
    Ok(Value::bool(vm.heap.object_ref::<TaskHandle>(value).is_some()))
}

fn lose(cx: &mut Cx<'_>, scope: Value) -> Result<Answer, Thrown> {
    if let Some(rec) = cx.vm.heap.object_ref::<ScopeHandle>(scope).map(|scope| scope.rec) {
        let reason = cx.rt.reason_by(cx.vm, CancelKind::RaceLost, cx.task);
        cx.rt.cancel(cx.vm, rec, reason);
    }
    Ok(Answer::Value(Value::null()))
}

fn spawn_try(cx: &mut Cx<'_>, callee: Value) -> Result<Answer, Thrown> {
    let owner = cx.rt.innermost(cx.task);
    let call = Call { callee, args: &[], named: None };
    let task = cx.rt.spawn(cx.vm, cx.task, owner, TaskKind::Try, call)?;
    Ok(Answer::Value(cx.rt.handle_of(cx.vm, task)))
}

struct FirstEnded {
    tasks: Vec<Value>,
    places: Vec<JoinPlace>,
}

impl Source for FirstEnded {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let has_ended = |task: &Value| {
            let handle = cx.vm.heap.object_ref::<TaskHandle>(*task);
            handle.is_none_or(|handle| handle.state() != "running")
        };
        match self.tasks.iter().position(has_ended) {
            Some(place) => Poll::Ready(Ok(Value::int(place as i64))),
            None => Poll::Pending,
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let places = self.tasks.iter().map(|task| cx.rt.join_queue(cx.vm, *task, ticket));
        self.places = places.collect();
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, _: Ticket) {
        for (task, place) in self.tasks.iter().zip(std::mem::take(&mut self.places)) {
            cx.rt.leave_join_queue(cx.vm, *task, place);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.tasks);
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the first of {} tasks to end", self.tasks.len())
    }
}

fn first_ended(cx: &mut Cx<'_>, tasks: ListValue) -> Result<Answer, Thrown> {
    let tasks = tasks.get(&cx.vm.heap).items.to_vec();
    Ok(Answer::Wait(Wait::Source(Box::new(FirstEnded { tasks, places: Vec::new() }))))
}
