//! Fibers: suspended or running computations, each with its own stack.
//!
//! A fiber knows where it goes on and what the instruction it is suspended in waits for. It knows
//! nothing of tasks or scopes.

use super::exit::FiberId;
use super::ops::call::Site;
use super::ops::work::PutOff;
use super::stack::{SMALLEST, Stack};
use super::value::Value;

/// Stacks up to this many slots are kept for the next fiber.
const POOLED_CAPACITY: usize = 256;
/// How many stacks are kept.
const POOL_MAX: usize = 4096;

/// What a suspended instruction gets when the fiber is resumed.
#[derive(Clone, Copy, Debug)]
pub enum Waiting {
    /// Nothing: the fiber goes on at its program counter.
    Nothing,
    /// Its result goes to a stack slot, then the fiber goes on at an address.
    Slot {
        /// Index of the slot.
        slot: u32,
        /// Address of the next instruction.
        next: usize,
    },
    /// Its result goes where the instruction at the program counter puts it.
    Operator,
    /// There is no result; the fiber goes on behind the instruction.
    Step,
    /// Value and number of an arm go to two registers.
    Arm,
}

/// How a fiber begins its next run.
#[derive(Clone, Copy, Debug)]
pub enum Entry {
    /// At its program counter.
    Run,
    /// By throwing an error at the instruction it is suspended in.
    Throw(Value),
    /// By unwinding from there with a cut.
    Cut(Value),
    /// By delivering an operator's result.
    Deliver(Value),
    /// By the tail call that a native asked for before the core module was loaded.
    Tail(Site),
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
    /// What the instruction it is suspended in gets.
    pub waiting: Waiting,
    /// How it goes on.
    pub entry: Entry,
    /// What its instructions have put off until a method returns, innermost last. Hardly any
    /// fiber has such work when it is suspended, so it takes no room in those that have none.
    pub(super) work: Option<Box<AllPutOff>>,
}

/// The work of a fiber.
pub(super) type AllPutOff = Vec<PutOff>;

/// All fibers of a VM.
#[derive(Debug, Default)]
pub struct Fibers {
    slots: Vec<Option<Fiber>>,
    free: Vec<u32>,
    pool: Vec<Stack>,
}

impl Fibers {
    /// A fiber without frames.
    pub fn add(&mut self, capacity: usize) -> FiberId {
        let stack = match self.pool.pop() {
            Some(stack) if stack.capacity() >= capacity => stack,
            _ => Stack::new(capacity.max(SMALLEST)),
        };
        let fiber = Fiber {
            stack,
            pc: 0,
            base: 1,
            top: 1,
            waiting: Waiting::Nothing,
            entry: Entry::Run,
            work: None,
        };
        if let Some(index) = self.free.pop() {
            self.slots[index as usize] = Some(fiber);
            return FiberId(index);
        }
        self.slots.push(Some(fiber));
        FiberId(u32::try_from(self.slots.len() - 1).expect("memory ends before fiber numbers do"))
    }

    /// Gives a fiber's stack back.
    pub fn remove(&mut self, id: FiberId) {
        let Some(fiber) = self.slots.get_mut(id.0 as usize).and_then(Option::take) else { return };
        self.free.push(id.0);
        if fiber.stack.capacity() <= POOLED_CAPACITY && self.pool.len() < POOL_MAX {
            fiber.stack.clear_from(0);
            self.pool.push(fiber.stack);
        }
    }

    /// A fiber that has not been freed.
    #[inline]
    pub fn get(&self, id: FiberId) -> &Fiber {
        self.slots[id.0 as usize].as_ref().expect("only living fibers are named")
    }

    /// A fiber that has not been freed.
    #[inline]
    pub fn get_mut(&mut self, id: FiberId) -> &mut Fiber {
        self.slots[id.0 as usize].as_mut().expect("only living fibers are named")
    }

    /// All of them.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Fiber> {
        self.slots.iter_mut().flatten()
    }
}
