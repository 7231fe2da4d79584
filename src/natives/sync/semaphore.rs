//! Semaphores: a number of permits, which tasks take and give back.

use crate::natives;
use crate::natives::argument::bad_value;
use crate::runtime::{Answer, Cx, Gate, Queue, Wait, WaitList};
use crate::vm::object::HostObject;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Semaphores.
    pub const SEMAPHORE;

    /// A semaphore: at most `n` permits are out at a time.
    fn sync.semaphore(n: int) => semaphore, "import sync\nprint(sync.semaphore(3))" => "<semaphore 3/3>";
    /// Waits until `n` permits are there, then takes them. Permits go to who has waited longest, also if
    /// somebody behind wants fewer.
    host async method semaphore.acquire(n: int = 1) => acquire;
    /// Takes `n` permits if they are there and nobody waits; says whether.
    host loop method semaphore.try_acquire(n: int = 1) => try_acquire,
        "import sync\nprint(sync.semaphore(1).try_acquire(2))" => "false";
    /// Gives `n` permits back.
    host loop method semaphore.release(n: int = 1) => release;
    /// Calls `f` while it holds `n` permits; gives what `f` gives.
    core async method semaphore.with(f: fn, n: int = 1) => semaphore_with,
        "import sync\nprint(await sync.semaphore(2).with(|| 5))" => "5";
    /// How many permits are there.
    host get semaphore.available() => available, "import sync\nprint(sync.semaphore(3).available)" => "3";
}

#[derive(Debug)]
struct Semaphore {
    size: i64,
    free: i64,
    waiters: WaitList,
}

impl HostObject for Semaphore {
    fn type_name(&self) -> &'static str {
        "semaphore"
    }

    fn display(&self) -> String {
        format!("<semaphore {}/{}>", self.free, self.size)
    }
}

fn semaphore(vm: &mut Vm, size: i64) -> Result<Value, Thrown> {
    if size < 1 {
        return Err(bad_value(vm, "sync.semaphore", "n must be at least 1", Value::int(size)));
    }
    let semaphore = Semaphore { size, free: size, waiters: WaitList::default() };
    Ok(vm.heap.object(Box::new(semaphore)))
}

fn queue(semaphore: Value) -> Queue {
    Queue {
        object: semaphore,
        list: |vm, object| {
            vm.heap.object_mut::<Semaphore>(object).map(|semaphore| &mut semaphore.waiters)
        },
    }
}

/// The size and the free permits.
fn state(vm: &Vm, semaphore: Value) -> (i64, i64) {
    let found = vm.heap.object_ref::<Semaphore>(semaphore);
    found.map_or((0, 0), |semaphore| (semaphore.size, semaphore.free))
}

fn put(vm: &mut Vm, semaphore: Value, free: i64) {
    if let Some(semaphore) = vm.heap.object_mut::<Semaphore>(semaphore) {
        semaphore.free = free;
    }
}

fn check(vm: &mut Vm, method: &str, semaphore: Value, count: i64) -> Result<(), Thrown> {
    let (size, _) = state(vm, semaphore);
    if (1..=size).contains(&count) {
        return Ok(());
    }
    let path = format!("semaphore.{method}");
    let rule = format!("n must be from 1 to {size}, the size of the semaphore");
    Err(bad_value(vm, &path, &rule, Value::int(count)))
}

struct Acquire {
    semaphore: Value,
    count: i64,
}

impl Gate for Acquire {
    fn queue(&self) -> Queue {
        queue(self.semaphore)
    }

    fn pass(&mut self, cx: &mut Cx<'_>, in_turn: bool) -> Option<Result<Value, Thrown>> {
        let (_, free) = state(cx.vm, self.semaphore);
        if !in_turn || free < self.count {
            return None;
        }
        put(cx.vm, self.semaphore, free - self.count);
        Some(Ok(Value::null()))
    }

    fn describe(&self) -> String {
        match self.count {
            1 => "a permit of a semaphore".to_owned(),
            count => format!("{count} permits of a semaphore"),
        }
    }
}

fn acquire(cx: &mut Cx<'_>, semaphore: Value, count: i64) -> Result<Answer, Thrown> {
    check(cx.vm, "acquire", semaphore, count)?;
    Ok(Answer::Wait(Wait::at(Acquire { semaphore, count })))
}

fn try_acquire(cx: &mut Cx<'_>, semaphore: Value, count: i64) -> Result<Answer, Thrown> {
    let in_turn = !cx.rt.has_waiters(cx.vm, queue(semaphore));
    let taken = Acquire { semaphore, count: count.max(1) }.pass(cx, in_turn);
    Ok(Answer::Value(Value::bool(taken.is_some())))
}

fn release(cx: &mut Cx<'_>, semaphore: Value, count: i64) -> Result<Answer, Thrown> {
    check(cx.vm, "release", semaphore, count)?;
    let (size, free) = state(cx.vm, semaphore);
    if count > size - free {
        let rule = format!("n must be at most {}, the permits that are out", size - free);
        return Err(bad_value(cx.vm, "semaphore.release", &rule, Value::int(count)));
    }
    put(cx.vm, semaphore, free + count);
    cx.rt.notify(queue(semaphore));
    Ok(Answer::Value(Value::null()))
}

fn available(vm: &mut Vm, semaphore: Value) -> Result<Value, Thrown> {
    Ok(Value::int(state(vm, semaphore).1))
}
