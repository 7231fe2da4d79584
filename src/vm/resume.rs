//! Making fibers, looking into them and going on with them after an exit.

use super::Vm;
use super::error::{ErrorKind, Thrown};
use super::exit::{Args, FiberId};
use super::fiber::{Fiber, Start, State};
use super::frame::{AWAITED, BOTTOM, FrameWord};
use super::ops::call::Site;
use super::stub::STUB_ARGUMENTS_MAX;
use super::value::Value;
use crate::bytecode::instruction::Instruction;

/// What a native gives back that wants a script function called in its place.
#[derive(Debug)]
pub(super) struct TailCall {
    /// The function.
    pub(super) callee: TailCallee,
    /// What it is called with.
    pub(super) args: Vec<Value>,
}

/// The function of a tail call.
#[derive(Debug)]
pub(super) enum TailCallee {
    /// This one.
    Value(Value),
    /// A function of the core module, which may have to be loaded first.
    Core(Box<str>),
    /// The next element of a generator; at its end the second value, or `StopIteration` if that is
    /// the mark of something missing.
    Next(Value, Value),
    /// The clean-ups of a generator.
    Close(Value),
}

impl Vm {
    /// A fiber that calls `callee`, awaited, with those arguments and a map of named ones.
    pub fn new_fiber(
        &mut self,
        callee: Value,
        positional: &[Value],
        named: Option<Value>,
    ) -> FiberId {
        self.make_fiber(callee, positional, named, true)
    }

    /// A fiber that calls `callee`, not awaited: it never waits for anything.
    pub fn new_plain_fiber(&mut self, callee: Value, positional: &[Value]) -> FiberId {
        self.make_fiber(callee, positional, None, false)
    }

    fn make_fiber(
        &mut self,
        callee: Value,
        positional: &[Value],
        named: Option<Value>,
        awaited: bool,
    ) -> FiberId {
        let count = positional.len();
        if named.is_none() && count <= STUB_ARGUMENTS_MAX {
            let stub = self.stub(count, awaited);
            let id = self.fiber_of(callee, stub, awaited);
            let stack = &self.fibers.get(id).stack;
            for (value, slot) in positional.iter().zip(2..) {
                stack.set(slot, *value);
            }
            return id;
        }
        let list = self.heap.list(positional.to_vec());
        let stub = self.spread_stub(awaited);
        let id = self.fiber_of(callee, stub, awaited);
        let stack = &self.fibers.get(id).stack;
        stack.set(2, list);
        stack.set(3, named.unwrap_or_default());
        id
    }

    /// How a fiber begins that calls, awaited, a function with so many arguments: in the frame of the
    /// function itself. None if there is more to do than that.
    pub(super) fn start_of(&self, number: u32, count: usize) -> Option<Start> {
        let function = self.functions.get(number as usize)?;
        if usize::from(function.fiber_count) != count {
            return None;
        }
        let word = FrameWord::new(BOTTOM | AWAITED, size_of::<Value>(), number);
        Some(Start {
            header: Value::frame(word.0 >> 8, 0),
            entry: function.entry().expose_provenance(),
            registers: u32::from(function.registers),
            closure_register: function.closure_register,
        })
    }

    /// A fiber that begins with one of the VM's own functions, which calls `callee`.
    #[inline]
    fn fiber_of(&mut self, callee: Value, function: u32, awaited: bool) -> FiberId {
        let stub = &self.functions[function as usize];
        let registers = stub.registers as usize;
        let pc = stub.entry().expose_provenance();
        // Nearly always the first frame is a closure's, and sits on top of what it is called from.
        let closure = self.heap.closure_ref(callee).map(|closure| closure.function() as usize);
        let first = closure.map_or(0, |number| self.functions[number].registers as usize);
        let id = self.fibers.add((1 + registers).max(2 + first));
        self.count_fibers();
        let fiber = self.fibers.get_mut(id);
        let flags = if awaited { BOTTOM | AWAITED } else { BOTTOM };
        let word = FrameWord::new(flags, 16, function);
        fiber.stack.set(0, Value::frame(word.0 >> 8, 0));
        fiber.stack.set(1, callee);
        fiber.pc = pc;
        fiber.base = 1;
        fiber.top = 1 + registers as u32;
        id
    }

    /// Whether a fiber goes on by throwing an error.
    pub fn is_throwing(&self, fiber: FiberId) -> bool {
        matches!(self.fibers.get(fiber).state, State::Throw(_))
    }

    /// Gives a fiber's stack back. Its id may be used again.
    #[inline]
    pub fn free_fiber(&mut self, fiber: FiberId) {
        self.forget_halt();
        self.fibers.remove(fiber);
    }

    /// A fiber has ended, and stays with whoever has it for another use. Says whether it is small enough
    /// for that; if not, or if there is no use for it, it has to be [given back](Vm::give_back_fiber).
    #[inline(always)]
    pub fn end_fiber(&mut self, fiber: FiberId) -> bool {
        self.forget_halt();
        self.fibers.end(fiber)
    }

    /// Gives a fiber back that has ended; nothing if it is none.
    pub fn give_back_fiber(&mut self, fiber: FiberId) {
        self.fibers.give_back(fiber);
    }

    /// An argument of a native; `UNSET` if it is missing.
    #[inline]
    pub fn arg(&self, args: Args, index: usize) -> Value {
        if index >= args.count() {
            return Value::unset();
        }
        self.fibers.get(args.fiber).stack.get(args.start() + index)
    }

    /// All arguments of a native.
    #[inline]
    pub fn args(&self, args: Args) -> &[Value] {
        self.fibers.get(args.fiber).stack.slice(args.start(), args.count())
    }

    /// For a native: what it returns so that `callee` is called and gives its result.
    pub fn tail_call(&mut self, callee: Value, args: &[Value]) -> Value {
        let callee = TailCallee::Value(callee);
        self.tail = Some(TailCall { callee, args: args.to_vec() });
        Value::tail_call()
    }

    /// Like [`Vm::tail_call`], of a function of the core module by its name.
    pub fn tail_call_core(&mut self, function: &str, args: &[Value]) -> Value {
        let callee = TailCallee::Core(function.into());
        self.tail = Some(TailCall { callee, args: args.to_vec() });
        Value::tail_call()
    }

    /// For a native: what it returns to give the next element of a generator. At its end that is
    /// `at_end`, or `StopIteration` is thrown if that is the mark of something missing.
    pub fn next_of_generator(&mut self, generator: Value, at_end: Value) -> Value {
        self.tail =
            Some(TailCall { callee: TailCallee::Next(generator, at_end), args: Vec::new() });
        Value::tail_call()
    }

    /// For a native: what it returns to close a generator.
    pub fn close_generator(&mut self, generator: Value) -> Value {
        self.tail = Some(TailCall { callee: TailCallee::Close(generator), args: Vec::new() });
        Value::tail_call()
    }

    /// A function of the core module; `None` as long as that is not loaded.
    pub(super) fn core_function(&mut self, name: &str) -> Result<Option<Value>, Thrown> {
        let Some(core) = &self.registry.core else { return Ok(None) };
        match core.get(name) {
            Some(function) => Ok(Some(*function)),
            None => {
                let message = format!("the core module has no function {name}");
                Err(self.error(ErrorKind::NameError, message))
            }
        }
    }

    /// A register of a fiber's innermost Kettle frame.
    pub fn register(&self, fiber: FiberId, register: u8) -> Value {
        let fiber = self.fibers.get(fiber);
        fiber.stack.get(fiber.base as usize + usize::from(register))
    }

    /// Changes a register of a fiber's innermost Kettle frame.
    pub fn set_register(&mut self, fiber: FiberId, register: u8, value: Value) {
        let fiber = self.fibers.get_mut(fiber);
        fiber.stack.set(fiber.base as usize + usize::from(register), value);
    }

    /// Gives the instruction that a fiber is suspended in its result.
    #[inline]
    pub fn resume(&mut self, fiber: FiberId, value: Value) {
        let fiber = self.fibers.get_mut(fiber);
        match fiber.state {
            State::Slot { slot, next } => {
                fiber.stack.set(slot as usize, value);
                fiber.pc = next;
                fiber.state = State::Run;
            }
            State::Operator => fiber.state = State::Deliver(value),
            State::Step => {
                fiber.pc += size_of::<Instruction>();
                fiber.state = State::Run;
            }
            // It is not suspended in an instruction that gets a result this way.
            _ => {}
        }
    }

    /// Lets a function of the core module, which is awaited, give the instruction that a fiber is
    /// suspended in its result.
    pub fn resume_core(&mut self, fiber: FiberId, function: &str, args: &[Value]) {
        let Fiber { base, state, .. } = self.fibers.get_mut(fiber);
        let State::Slot { slot, next } = *state else { return };
        let slot = slot as usize - *base as usize;
        *state = State::Tail;
        self.tail_site =
            Some(Site { slot, awaited: true, operator: false, next, next_async: next });
        self.tail_call_core(function, args);
    }

    /// Goes on at an instruction of the running function, by its index.
    pub fn resume_jump(&mut self, fiber: FiberId, target: u32) {
        let fiber = self.fibers.get_mut(fiber);
        let word = FrameWord(fiber.stack.get(fiber.base as usize - 1).tag());
        let entry = self.functions[word.function() as usize].entry();
        fiber.pc = entry.wrapping_add(target as usize).expose_provenance();
        fiber.state = State::Run;
    }

    /// Goes on so many instructions behind the one that a fiber is suspended in.
    #[inline]
    pub fn resume_behind(&mut self, fiber: FiberId, count: usize) {
        let fiber = self.fibers.get_mut(fiber);
        fiber.pc += count * size_of::<Instruction>();
        fiber.state = State::Run;
    }

    /// Makes the instruction that a fiber is suspended in throw an error.
    pub fn resume_throw(&mut self, fiber: FiberId, error: Value) {
        let fiber = self.fibers.get_mut(fiber);
        fiber.state = State::Throw(error);
    }

    /// Unwinds a fiber from the instruction that it is suspended in.
    pub fn resume_cut(&mut self, fiber: FiberId, cut: Value) {
        let fiber = self.fibers.get_mut(fiber);
        fiber.state = State::Cut(cut);
    }

    /// Gives a `select` the number of the arm that fired and its value.
    pub fn resume_select(&mut self, fiber: FiberId, value: Value, arm: u32) {
        let fiber = self.fibers.get_mut(fiber);
        let at = fiber.pc;
        let word = FrameWord(fiber.stack.get(fiber.base as usize - 1).tag());
        let function = &self.functions[word.function() as usize];
        let Some(instruction) = function.at(function.index_of(at)) else { return };
        let register = fiber.base as usize + usize::from(instruction.a);
        fiber.stack.set(register, value);
        fiber.stack.set(register + 1, Value::int(i64::from(arm)));
        fiber.pc = at + size_of_val(&instruction);
        fiber.state = State::Run;
    }
}
