//! What a debugger is made of: stepping, stopping at places, looking at variables.
//!
//! A VM that a host drives can be looked at whenever it does not run. A step is what costs a unit of
//! fuel, a call or a turn of a loop, so code that is not debugged pays nothing for being able to be.

use super::drive::{Pass, Progress};
use super::error::Place;
use super::handle::Value;
use super::vm::Vm;
use crate::runtime::TaskReport;
use crate::vm::InspectedFrame;

/// A task where it stands.
#[derive(Clone, Debug)]
pub struct TaskStack {
    /// Its number.
    pub number: u64,
    /// Its name.
    pub name: String,
    /// What it is doing: `ready`, `waits for task 3 (fetch)`.
    pub doing: String,
    /// Its calls, innermost first.
    pub frames: Vec<StackFrame>,
}

/// A call of a task that stands still.
#[derive(Clone, Debug)]
pub struct StackFrame {
    /// The function, as traces name it.
    pub function: String,
    /// What it does next, or has called, if that lies in a text.
    pub place: Option<Place>,
    /// Its variables that have a value, in the order of their declarations.
    pub variables: Vec<(String, Value)>,
}

impl TaskStack {
    /// Where it goes on: the place of its innermost call.
    pub fn place(&self) -> Option<&Place> {
        self.frames.first()?.place.as_ref()
    }
}

impl StackFrame {
    /// The variable of that name.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Vm {
    /// Goes on to the next call or turn of a loop, of whatever task is next. Waits if everything waits.
    pub fn step(&mut self) -> Progress {
        match self.pass_of(1, None) {
            Pass::Busy => Progress::Ready,
            Pass::Waiting => Progress::Waiting,
            Pass::Over => Progress::Idle,
        }
    }

    /// Goes on step by step until the task that is next stands where the host wants to stop: gives it.
    /// None if nothing is left to do before.
    ///
    /// ```
    /// use kettle::{Engine, Vm};
    ///
    /// let text = "pub fn sum(list) {
    ///     var total = 0
    ///     for item in list {
    ///         total += item.abs()
    ///     }
    ///     total
    /// }";
    /// let engine = Engine::new();
    /// let mut vm = Vm::new(&engine)?;
    /// vm.load_blocking(&engine.compile_text("sum.ket", text)?)?;
    /// let call = vm.start::<i64>("sum", (vec![1, -2, 3],))?;
    ///
    /// // A breakpoint: line 4, once the total is more than 2.
    /// let stopped = vm.run_until(|vm, task| {
    ///     let total = task.frames[0].variable("total").and_then(|it| it.get::<i64>(vm).ok());
    ///     task.place().is_some_and(|place| place.line == 4) && total > Some(2)
    /// });
    /// let task = stopped.expect("it comes by");
    /// let item = task.frames[0].variable("item").expect("it has a value");
    /// assert_eq!(item.display(&vm)?, "3");
    /// assert_eq!(call.join_blocking(&mut vm)?, 6);
    /// # Ok::<(), kettle::Error>(())
    /// ```
    pub fn run_until(
        &mut self,
        mut stop: impl FnMut(&Vm, &TaskStack) -> bool,
    ) -> Option<TaskStack> {
        loop {
            if self.step() == Progress::Idle {
                return None;
            }
            let next = self.runtime.rt.next_number();
            let stacks = self.stacks();
            let task = stacks.into_iter().find(|task| Some(task.number) == next);
            if let Some(task) = task.filter(|task| stop(self, task)) {
                return Some(task);
            }
        }
    }

    /// Where every task stands, in the order of their tree, with the variables of its calls.
    pub fn stacks(&self) -> Vec<TaskStack> {
        let tasks = self.runtime.rt.inspect(&self.runtime.vm);
        tasks.into_iter().map(|(report, frames)| self.stack(report, frames)).collect()
    }

    fn stack(&self, report: TaskReport, frames: Vec<InspectedFrame>) -> TaskStack {
        let heap = &self.runtime.vm.heap;
        let map = self.sources.map();
        let frame = |InspectedFrame { frame, variables }| StackFrame {
            place: Place::new(self.sources.locate(&frame), frame.span, &map),
            function: frame.function.to_string(),
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_string(), Value::hold(heap, value)))
                .collect(),
        };
        let TaskReport { number, name, doing, .. } = report;
        TaskStack { number, name, doing, frames: frames.into_iter().map(frame).collect() }
    }
}
