//! Mutexes: one owner at a time.

use crate::natives;
use crate::natives::kind::TextValue;
use crate::runtime::{Answer, Cx, Mutex, Wait};
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Mutexes.
    pub const MUTEX;

    /// A mutex: `lock` and `unlock` around what must not be interleaved across awaits, or `with`. Reports
    /// call it by its name, else by a number.
    fn sync.mutex(name: str?) => mutex, "import sync\nprint(sync.mutex(\"accounts\"))" => "<mutex accounts free>";
    /// Waits until nobody holds it, then holds it. A lock that could never be given is a DeadlockError at
    /// once: who holds it already, tasks that would wait for each other, an owner that has ended.
    host async method mutex.lock() => lock;
    /// Holds it if nobody does, without waiting; says whether.
    host loop method mutex.try_lock() => try_lock, "import sync\nlet m = sync.mutex()\nprint(m.try_lock(), m.try_lock())" => "true false";
    /// Gives it to who has waited longest. Only its owner may.
    host loop method mutex.unlock() => unlock;
    /// Calls `f` while it holds the mutex; gives what `f` gives.
    core async method mutex.with(f: fn) => mutex_with,
        "import sync\nprint(await sync.mutex().with(|| 5))" => "5";
    /// The task that holds it; null if nobody does.
    host loop get mutex.owner() => owner, "import sync\nprint(sync.mutex().owner)" => "null";
    /// Whether somebody holds it.
    host get mutex.is_locked() => is_locked, "import sync\nprint(sync.mutex().is_locked)" => "false";
}

fn mutex(vm: &mut Vm, name: Option<TextValue>) -> Result<Value, Thrown> {
    let name = name.map(|name| name.get(&vm.heap).to_owned());
    Ok(vm.heap.object(Box::new(Mutex::new(name))))
}

fn lock(_: &mut Cx<'_>, mutex: Value) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::Lock(mutex)))
}

fn try_lock(cx: &mut Cx<'_>, mutex: Value) -> Result<Answer, Thrown> {
    match cx.rt.try_lock(cx.vm, cx.task, mutex) {
        Some(Err(error)) => Err(Thrown(error)),
        locked => Ok(Answer::Value(Value::bool(locked.is_some()))),
    }
}

fn unlock(cx: &mut Cx<'_>, mutex: Value) -> Result<Answer, Thrown> {
    cx.rt.unlock(cx.vm, cx.task, mutex)?;
    Ok(Answer::Value(Value::null()))
}

fn owner(cx: &mut Cx<'_>, mutex: Value) -> Result<Answer, Thrown> {
    let owner = cx.vm.heap.object_ref::<Mutex>(mutex).and_then(Mutex::owner);
    Ok(Answer::Value(owner.map_or(Value::null(), |owner| cx.rt.handle_of(cx.vm, owner))))
}

fn is_locked(vm: &mut Vm, mutex: Value) -> Result<Value, Thrown> {
    let mutex = vm.heap.object_ref::<Mutex>(mutex);
    Ok(Value::bool(mutex.is_some_and(Mutex::is_locked)))
}
