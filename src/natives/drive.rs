//! For tests: carries ops out on a driver, without a program and its tasks.

use std::task::Poll;
use std::time::Duration;

use super::kind::{DataValue, TextValue};
use crate::runtime::driver::{Driver, Event, Ticket};
use crate::runtime::{Answer, Cx, LoopTable, Runtime, Silent, Source, TaskId, Wait};
use crate::vm::display::display_quoted;
use crate::vm::{Thrown, Value, Vm, VmOptions};

/// A VM and a loop on which ops are tried.
pub struct Drive {
    pub runtime: Runtime,
    ops: u64,
    /// Reports that nobody has acted on.
    reported: Vec<Event>,
}

/// An op that waits.
pub struct Waiting {
    source: Box<dyn Source>,
    ticket: Ticket,
}

impl Waiting {
    fn is_among(&self, events: &[Event]) -> bool {
        let is_it = |event: &Event| matches!(event, Event::Ready(t) | Event::Completed(t) if *t == self.ticket);
        events.iter().any(is_it)
    }
}

impl Drive {
    pub fn new(driver: Box<dyn Driver>) -> Drive {
        let vm = Vm::new(VmOptions::default());
        Drive {
            runtime: Runtime::new(vm, driver, Box::new(Silent), LoopTable::new()),
            ops: 0,
            reported: Vec::new(),
        }
    }

    pub fn with<T>(&mut self, call: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let Runtime { vm, rt } = &mut self.runtime;
        call(&mut Cx { vm, rt, task: TaskId::default(), at_once: false })
    }

    pub fn text(&mut self, text: &str) -> TextValue {
        TextValue(self.runtime.vm.heap.string(text))
    }

    pub fn data(&mut self, bytes: &[u8]) -> DataValue {
        DataValue(self.runtime.vm.heap.bytes(bytes))
    }

    /// Begins an op; gives its result, or the op if it has to wait.
    pub fn begin(
        &mut self,
        call: impl FnOnce(&mut Cx<'_>) -> Result<Answer, Thrown>,
    ) -> Result<Result<Value, Waiting>, Thrown> {
        let mut source = match self.with(call)? {
            Answer::Value(value) => return Ok(Ok(value)),
            Answer::Wait(Wait::Source(source)) => source,
            _ => panic!("these ops are sources"),
        };
        match self.with(|cx| source.attempt(cx)) {
            Poll::Ready(result) => Ok(Ok(result?)),
            Poll::Pending => {
                self.ops += 1;
                let ticket = Ticket { seq: self.ops, task: 0, arm: 0 };
                self.with(|cx| source.register(cx, ticket));
                Ok(Err(Waiting { source, ticket }))
            }
        }
    }

    /// Carries an op out to its end.
    pub fn finish(&mut self, op: Waiting) -> Result<Value, Thrown> {
        self.finish_all(vec![op]).pop().expect("there is a result for each op")
    }

    /// Carries several ops out, as they are reported; gives their results in the order of the ops.
    pub fn finish_all(&mut self, ops: Vec<Waiting>) -> Vec<Result<Value, Thrown>> {
        let mut results: Vec<_> = ops.iter().map(|_| None).collect();
        let mut ops: Vec<_> = ops.into_iter().map(Some).collect();
        while ops.iter().any(Option::is_some) {
            let patience = Duration::from_secs(20);
            let start = self.runtime.rt.driver.now();
            self.runtime.rt.driver.poll(Some(patience), &mut self.reported);
            let waited = self.runtime.rt.driver.now().since(start);
            assert!(waited < patience, "nothing happens any more");
            let reported = std::mem::take(&mut self.reported);
            for (op, result) in ops.iter_mut().zip(&mut results) {
                if op.as_ref().is_some_and(|op| op.is_among(&reported)) {
                    *result = op.as_mut().and_then(|op| self.attempt(op));
                    op.take_if(|_| result.is_some());
                }
            }
            // Reports for ops that others carry out later.
            let open = |event: &Event| !ops.iter().flatten().any(|op| op.is_among(&[*event]));
            self.reported.extend(reported.into_iter().filter(open));
            if ops.iter().all(Option::is_none) {
                break;
            }
        }
        results.into_iter().map(|result| result.expect("all have ended")).collect()
    }

    fn attempt(&mut self, op: &mut Waiting) -> Option<Result<Value, Thrown>> {
        match self.with(|cx| op.source.attempt(cx)) {
            Poll::Pending => None,
            Poll::Ready(result) => {
                self.with(|cx| op.source.unregister(cx, op.ticket));
                Some(result)
            }
        }
    }

    /// Takes an op back, as a cancel does.
    pub fn cut(&mut self, mut op: Waiting) {
        self.with(|cx| op.source.unregister(cx, op.ticket));
    }

    /// Begins an op and carries it out.
    pub fn run(
        &mut self,
        call: impl FnOnce(&mut Cx<'_>) -> Result<Answer, Thrown>,
    ) -> Result<Value, Thrown> {
        match self.begin(call)? {
            Ok(value) => Ok(value),
            Err(op) => self.finish(op),
        }
    }

    /// The same for an op that succeeds.
    pub fn get(&mut self, call: impl FnOnce(&mut Cx<'_>) -> Result<Answer, Thrown>) -> Value {
        match self.run(call) {
            Ok(value) => value,
            Err(Thrown(error)) => panic!("{}", self.runtime.vm.error_message(error)),
        }
    }

    /// The same for one that has to wait.
    pub fn wait(&mut self, call: impl FnOnce(&mut Cx<'_>) -> Result<Answer, Thrown>) -> Waiting {
        match self.begin(call) {
            Ok(Err(op)) => op,
            Ok(Ok(_)) => panic!("it did not have to wait"),
            Err(Thrown(error)) => panic!("{}", self.runtime.vm.error_message(error)),
        }
    }

    /// How a failed op shows itself: the class, `kind` if there is one, and the message.
    pub fn failure(&mut self, result: Result<Value, Thrown>) -> String {
        let Err(Thrown(error)) = result else { panic!("it succeeded") };
        let vm = &self.runtime.vm;
        let error_ref = vm.heap.instance_ref(error).expect("errors are instances");
        let class = error_ref.class().name.clone();
        let kind = error_ref.field("kind").and_then(|kind| vm.heap.str(kind).map(str::to_string));
        let kind = kind.map(|kind| format!("[{kind}]")).unwrap_or_default();
        format!("{class}{kind}: {}", vm.error_message(error))
    }

    /// A value as it is printed inside containers.
    pub fn shown(&self, value: Value) -> String {
        display_quoted(&self.runtime.vm.heap, value).expect("values of tests are small")
    }
}
