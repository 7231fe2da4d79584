//! Fibers: suspended or running computations, each with its own stack.
//!
//! A fiber knows where it goes on and what the instruction it is suspended in waits for. It knows
//! nothing of tasks or scopes.

use super::exit::FiberId;
use super::heap::{Marker, Unseen};
use super::ops::work::PutOff;
use super::stack::{Nursery, SMALLEST, Stack};
use super::value::Value;
use crate::bytecode::instruction::Instruction;

/// Slots of the stacks that are kept for later fibers; each is a little larger than the one
/// before.
const SIZES: [usize; 7] = [SMALLEST, 7, 11, 15, 31, 63, 127];
/// By a capacity, the number of the smallest of those sizes that has room for it.
static SIZE_FOR: [u8; SIZES[SIZES.len() - 1] + 1] = {
    let mut size_for = [0; SIZES[SIZES.len() - 1] + 1];
    let (mut capacity, mut size) = (0, 0);
    while capacity < size_for.len() {
        if SIZES[size] < capacity {
            size += 1;
        }
        size_for[capacity] = size as u8;
        capacity += 1;
    }
    size_for
};
/// What a fiber takes beside its stack: its slot, and about what the loop keeps of its task.
const FIBER_BYTES: usize = size_of::<Fiber>() + 256;
/// A stack of the nursery. Those of free fibers are room for later ones and do not count.
const LENT_BYTES: usize = SMALLEST * size_of::<Value>();
/// How many fibers with a stack of one size of their own are kept.
const POOL_MAX: usize = 2048;

/// How a fiber that does not run goes on.
#[derive(Clone, Copy, Debug)]
pub enum State {
    /// At its program counter.
    Run,
    /// It is new: with the instruction behind its program counter, the first one of its function, if
    /// there is fuel for that call.
    Begin,
    /// The result that it waits for goes to a stack slot, then it goes on at an address.
    Slot {
        /// Index of the slot.
        slot: u32,
        /// Address of the next instruction.
        next: usize,
    },
    /// The result goes where the instruction at the program counter puts it.
    Operator,
    /// There is no result; it goes on behind the instruction.
    Step,
    /// Value and number of an arm go to two registers.
    Arm,
    /// By throwing an error at the instruction it is suspended in.
    Throw(Value),
    /// By unwinding from there with a cut.
    Cut(Value),
    /// By delivering an operator's result.
    Deliver(Value),
    /// By the tail call that a native asked for before the core module was loaded: the VM has it.
    Tail,
}

/// A computation with its own stack.
#[derive(Debug)]
pub struct Fiber {
    /// Its frames.
    pub stack: Stack,
    /// Address of the instruction it is at.
    pub pc: usize,
    /// Index of the running frame's `R[0]`.
    pub base: u32,
    /// One past the last slot in use.
    pub top: u32,
    /// How it goes on.
    pub state: State,
    /// What its instructions have put off until a method returns, innermost last. Hardly any
    /// fiber has such work when it is suspended, so it takes no room in those that have none.
    pub(super) work: Option<Box<AllPutOff>>,
}

/// How a fiber begins that has nothing to do but call a function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// The header of its frame.
    pub header: Value,
    /// Address of the first instruction.
    pub entry: usize,
    /// How many registers the frame has: at least as many as there are arguments.
    pub registers: u32,
    /// Where the closure goes, or 255.
    pub closure_register: u8,
}

impl Fiber {
    /// It is new: it calls a function. There is room for that.
    #[inline(always)]
    pub(super) fn begin(&mut self, start: &Start, callee: Value, args: &[Value]) {
        self.stack.begin(start.header, args);
        if start.closure_register != 255 {
            self.stack.set(1 + usize::from(start.closure_register), callee);
        }
        // The instruction before the first one says that the function has not begun yet.
        self.pc = start.entry.wrapping_sub(size_of::<Instruction>());
        (self.base, self.top) = (1, 1 + start.registers);
        self.state = State::Begin;
    }

    fn trace(&mut self, marker: &mut Marker) {
        let top = self.top as usize;
        self.stack.shrink(top);
        self.stack.clear_from(top);
        marker.values(self.stack.slice(0, top));
        if let State::Throw(value) | State::Cut(value) | State::Deliver(value) = self.state {
            marker.value(value);
        }
        for put_off in self.work.iter().flat_map(|work| work.iter()) {
            put_off.trace(marker);
        }
    }
}

/// The work of a fiber.
pub(super) type AllPutOff = Vec<PutOff>;

/// All fibers of a VM.
///
/// A freed fiber keeps its slot and its stack for the next one that needs a stack of that size, so a
/// task that comes and goes asks nobody for memory.
#[derive(Debug, Default)]
pub struct Fibers {
    slots: Vec<Fiber>,
    /// Freed fibers with an empty stack of each size. Those of the smallest size have one of the nursery.
    kept: [Vec<u32>; SIZES.len()],
    nursery: Nursery,
    /// Those that the collector has to look at.
    unseen: Unseen,
    /// Bytes of all of them.
    bytes: usize,
}

impl Fibers {
    /// Bytes of all fibers, their stacks, and what the loop keeps of their tasks.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Moves the stack of a fiber to a buffer of so many slots.
    pub(super) fn grow(&mut self, id: FiberId, capacity: usize) {
        let stack = &mut self.get_mut(id).stack;
        let before = stack.capacity();
        stack.grow(capacity);
        let grown = stack.capacity() - before;
        self.bytes += grown * size_of::<Value>();
    }

    /// A fiber without frames.
    #[inline]
    pub fn add(&mut self, capacity: usize) -> FiberId {
        let size = SIZE_FOR.get(capacity).map(|size| usize::from(*size));
        if let Some(index) = size.and_then(|size| self.kept[size].pop()) {
            self.bytes += if size == Some(0) { LENT_BYTES } else { 0 };
            return FiberId(index);
        }
        self.make(size.map_or(capacity, |size| SIZES[size]))
    }

    fn make(&mut self, capacity: usize) -> FiberId {
        let index = match self.kept[0].pop() {
            Some(index) => index,
            None => self.add_slot(),
        };
        self.bytes += capacity * size_of::<Value>();
        if capacity > SMALLEST {
            self.slots[index as usize].stack = Stack::new(capacity);
        }
        FiberId(index)
    }

    /// One more fiber, with a stack of the smallest size.
    fn add_slot(&mut self) -> u32 {
        let stack = self.nursery.lend(self.slots.len());
        self.bytes += FIBER_BYTES;
        self.slots.push(Fiber { stack, pc: 0, base: 1, top: 0, state: State::Run, work: None });
        u32::try_from(self.slots.len() - 1).expect("memory ends before fiber numbers do")
    }

    /// A fiber has ended. Whoever has it can [use it again](Fibers::renew), or has to [give it
    /// back](Fibers::give_back). Says whether it is small enough to be kept.
    #[inline(always)]
    pub fn end(&mut self, id: FiberId) -> bool {
        let fiber = &mut self.slots[id.0 as usize];
        self.unseen.note(id.0 as usize);
        // What lies on the stack is no more in use; the collector makes it null when it comes by.
        (fiber.base, fiber.top, fiber.state) = (1, 0, State::Run);
        if fiber.work.is_some() {
            fiber.work = None;
        }
        fiber.stack.capacity() < SIZE_FOR.len()
    }

    /// Lets a fiber that has [ended](Fibers::end) begin another function. Says whether its stack is large
    /// enough for that; if not, or if it is none, nothing has happened.
    #[inline(always)]
    pub fn renew(&mut self, id: FiberId, start: &Start, callee: Value, args: &[Value]) -> bool {
        let fiber = self.slots.get_mut(id.0 as usize);
        let Some(fiber) = fiber.filter(|fiber| fiber.stack.capacity() > start.registers as usize)
        else {
            return false;
        };
        self.unseen.note(id.0 as usize);
        fiber.begin(start, callee, args);
        true
    }

    /// A fiber that begins a function.
    pub fn begin(&mut self, start: &Start, callee: Value, args: &[Value]) -> FiberId {
        let id = self.add(1 + start.registers as usize);
        self.get_mut(id).begin(start, callee, args);
        id
    }

    /// Gives a fiber back.
    #[inline]
    pub fn remove(&mut self, id: FiberId) {
        if self.slots[id.0 as usize].top > 0 {
            self.end(id);
            self.give_back(id);
        }
    }

    /// Gives a fiber back that has ended; nothing if it is none.
    pub fn give_back(&mut self, id: FiberId) {
        let Some(fiber) = self.slots.get_mut(id.0 as usize) else { return };
        if fiber.stack.is_lent() {
            self.bytes -= LENT_BYTES;
            self.kept[0].push(id.0);
            return;
        }
        let capacity = fiber.stack.capacity();
        if let Some(size) = SIZE_FOR.get(capacity).map(|size| usize::from(*size))
            && size > 0
            && SIZES[size] == capacity
            && self.kept[size].len() < POOL_MAX
        {
            self.kept[size].push(id.0);
            return;
        }
        fiber.stack = self.nursery.lend(id.0 as usize);
        self.bytes -= capacity * size_of::<Value>();
        self.kept[0].push(id.0);
    }

    /// A fiber that has not been freed.
    #[inline]
    pub fn get(&self, id: FiberId) -> &Fiber {
        &self.slots[id.0 as usize]
    }

    /// A fiber that has not been freed.
    #[inline]
    pub fn get_mut(&mut self, id: FiberId) -> &mut Fiber {
        self.unseen.note(id.0 as usize);
        &mut self.slots[id.0 as usize]
    }

    /// The same of one that has been handed out so since the last safepoint.
    #[inline]
    pub fn get_again(&mut self, id: FiberId) -> &mut Fiber {
        &mut self.slots[id.0 as usize]
    }

    /// Reports what is on the stacks to the collector, and makes null what lies above: also on those of
    /// freed fibers, which have nothing in use.
    pub(super) fn trace(&mut self, marker: &mut Marker) {
        while let Some(index) = self.unseen.next(marker, self.slots.len()) {
            if let Some(fiber) = self.slots.get_mut(index) {
                let before = fiber.stack.capacity();
                fiber.trace(marker);
                self.bytes -= (before - fiber.stack.capacity()) * size_of::<Value>();
            }
        }
    }
}
