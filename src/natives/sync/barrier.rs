//! Barriers: tasks wait until a number of them have come.

use crate::natives;
use crate::natives::argument::bad_value;
use crate::runtime::{Answer, Cx, Gate, Queue, Ticket, Wait, WaitList};
use crate::vm::object::HostObject;
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Barriers.
    pub const BARRIER;

    /// A barrier for `n` tasks at a time.
    fn sync.barrier(n: int) => barrier, "import sync\nprint(sync.barrier(2))" => "<barrier 0/2>";
    /// Waits until `n` tasks wait here; then all go on and the next round begins. Gives the place of the
    /// task among them: 0 came first, `n - 1` last. Who is cancelled has not come.
    host async method barrier.wait() => wait, "import sync\nprint(await sync.barrier(1).wait())" => "0";
    /// How many tasks wait.
    host get barrier.waiting() => waiting, "import sync\nprint(sync.barrier(2).waiting)" => "0";
}

#[derive(Debug)]
struct Barrier {
    size: i64,
    waiting: i64,
    /// Rounds that have ended.
    round: u64,
    /// Tasks of the last round that have gone on.
    gone: i64,
    /// The op that came last: several arms of one `select` count as one task.
    last: Option<u64>,
    waiters: WaitList,
}

impl HostObject for Barrier {
    fn type_name(&self) -> &'static str {
        "barrier"
    }

    fn display(&self) -> String {
        format!("<barrier {}/{}>", self.waiting, self.size)
    }
}

fn barrier(vm: &mut Vm, size: i64) -> Result<Value, Thrown> {
    if size < 1 {
        return Err(bad_value(vm, "sync.barrier", "n must be at least 1", Value::int(size)));
    }
    let waiters = WaitList::default();
    let barrier = Barrier { size, waiting: 0, round: 0, gone: 0, last: None, waiters };
    Ok(vm.heap.object(Box::new(barrier)))
}

struct Arrival {
    barrier: Value,
    /// The round it belongs to, if it waits.
    round: Option<u64>,
    /// It counts as a task.
    counts: bool,
}

impl Arrival {
    fn barrier<'a>(&self, cx: &'a mut Cx<'_>) -> Option<&'a mut Barrier> {
        cx.vm.heap.object_mut::<Barrier>(self.barrier)
    }
}

impl Gate for Arrival {
    fn queue(&self) -> Queue {
        Queue {
            object: self.barrier,
            list: |vm, object| {
                vm.heap.object_mut::<Barrier>(object).map(|barrier| &mut barrier.waiters)
            },
        }
    }

    fn pass(&mut self, cx: &mut Cx<'_>, _: bool) -> Option<Result<Value, Thrown>> {
        let queue = self.queue();
        let mine = self.round;
        let barrier = self.barrier(cx)?;
        if let Some(round) = mine {
            if barrier.round == round {
                return None;
            }
            barrier.gone += 1;
            return Some(Ok(Value::int(barrier.gone - 1)));
        }
        if barrier.waiting + 1 < barrier.size {
            return None;
        }
        barrier.round += 1;
        (barrier.waiting, barrier.gone, barrier.last) = (0, 0, None);
        let place = barrier.size - 1;
        cx.rt.notify(queue);
        Some(Ok(Value::int(place)))
    }

    fn enter(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let Some(barrier) = self.barrier(cx) else { return };
        let counts = barrier.last.replace(ticket.seq) != Some(ticket.seq);
        let round = barrier.round;
        barrier.waiting += i64::from(counts);
        (self.round, self.counts) = (Some(round), counts);
    }

    fn leave(&mut self, cx: &mut Cx<'_>) {
        let (mine, counts) = (self.round, self.counts);
        if let Some(barrier) = self.barrier(cx)
            && mine == Some(barrier.round)
        {
            barrier.waiting -= i64::from(counts);
        }
    }

    fn describe(&self) -> String {
        "the others at a barrier".to_owned()
    }
}

fn wait(_: &mut Cx<'_>, barrier: Value) -> Result<Answer, Thrown> {
    Ok(Answer::Wait(Wait::at(Arrival { barrier, round: None, counts: false })))
}

fn waiting(vm: &mut Vm, barrier: Value) -> Result<Value, Thrown> {
    let barrier = vm.heap.object_ref::<Barrier>(barrier);
    Ok(Value::int(barrier.map_or(0, |barrier| barrier.waiting)))
}
