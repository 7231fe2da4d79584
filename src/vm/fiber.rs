//! Fibers: suspended or running computations, each with its own stack.
//!
//! A fiber knows where it goes on and what the instruction it is suspended in waits for. It knows
//! nothing of tasks or scopes.

use super::exit::FiberId;
use super::ops::call::Site;
use super::ops::work::PutOff;
use super::stack::{SMALLEST, Stack};
use super::value::Value;

/// Slots of the stacks that are kept for the next fiber; each is a little larger than the one
/// before.
const SIZES: [usize; 7] = [SMALLEST, 7, 11, 15, 31, 63, 127];
/// How many stacks of a size are kept.
const POOL_MAX: usize = 2048;

/// How a fiber that does not run goes on.
#[derive(Debug)]
pub enum State {
    /// At its program counter.
    Run,
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
    /// By the tail call that a native asked for before the core module was loaded.
    Tail(Box<Site>),
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

/// The work of a fiber.
pub(super) type AllPutOff = Vec<PutOff>;

/// All fibers of a VM.
#[derive(Debug, Default)]
pub struct Fibers {
    slots: Vec<Option<Fiber>>,
    free: Vec<u32>,
    /// Empty stacks of each size.
    pool: [Vec<Stack>; SIZES.len()],
}

impl Fibers {
    /// A fiber without frames.
    pub fn add(&mut self, capacity: usize) -> FiberId {
        let size = SIZES.iter().position(|size| *size >= capacity);
        let kept = size.and_then(|size| self.pool[size].pop());
        let stack = kept.unwrap_or_else(|| Stack::new(size.map_or(capacity, |size| SIZES[size])));
        let fiber = Fiber { stack, pc: 0, base: 1, top: 1, state: State::Run, work: None };
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
        let size = SIZES.iter().position(|size| *size == fiber.stack.capacity());
        if let Some(pool) = size.map(|size| &mut self.pool[size])
            && pool.len() < POOL_MAX
        {
            fiber.stack.clear_from(0);
            pool.push(fiber.stack);
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
