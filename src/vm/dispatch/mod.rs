//! Step 6 of 6: the run loop. It executes a fiber until that leaves through an `Exit`.
//!
//! What an opcode does stands in `body.rs` once, as a macro whose arms end in the words "go on with
//! the next instruction", "take the slow path" and "take the rare path". Two backends give these words
//! their meaning: `portable.rs` is one `loop` around one `match`, `threaded.rs` one function per
//! opcode that jumps to the next one. The build script chooses. In both, `pc`, `base` and `vm` are
//! locals, and nothing that has to be dropped is alive in an arm.
#![expect(unsafe_code, reason = "registers and instructions are addressed by pointers")]

#[macro_use]
mod fast;
#[macro_use]
mod pair;
#[macro_use]
mod body;
#[cfg_attr(threaded, path = "threaded.rs")]
#[cfg_attr(not(threaded), path = "portable.rs")]
mod backend;
mod element;
mod entry;
mod grow;
mod halt;
mod leave;
mod merge;
mod native;
pub(in crate::vm) mod op;

pub use halt::SpawnAsked;

use element::{dense_entry, free_item, free_items, item, list, list_mut, map_mut};
pub(super) use entry::Entry;
pub(super) use halt::{Halt, LastSpawn};
pub(in crate::vm) use merge::Merging;
use merge::merge_step;
use native::Carried;
use op::At;

use std::hint::cold_path;

use super::Vm;
use super::code::Function;
use super::exit::{Exit, FiberId, Left, NATIVE_AWAITED, Request, ScopeRequest};
use super::fiber::{Fiber, State};
use super::frame::{AWAITED, BOTTOM, FrameWord, SPECIAL};
use super::map::Map;
use super::object::{Closure, Header, Instance, List, Owned, Str, VariableCell};
use super::ops;
use super::unwind::Outcome;
use super::value::{Kind, Value, copy_slot, read_slot, write_slot};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::{FLIPS_MAX, Opcode};

const INT: u64 = Kind::Int as u64;
const FLOAT: u64 = Kind::Float as u64;
const NULL: u64 = Kind::Null as u64;
const UNSET: u64 = Kind::Unset as u64;
const LIST: u64 = Kind::List as u64;
const MAP: u64 = Kind::Map as u64;
const CLOSURE: u64 = Kind::Closure as u64;
const NATIVE: u64 = Kind::Native as u64;
const GENERATOR: u64 = Kind::Generator as u64;
const INSTANCE: u64 = Kind::Instance as u64;
const STR: u64 = Kind::Str as u64;
const BOOL: u64 = Kind::Bool as u64;
const OBJECT: u64 = Kind::Object as u64;
/// The flags in the header of the frame that a fiber begins with.
const FIRST: u64 = BOTTOM << 8;

impl Vm {
    /// Runs a fiber until it leaves through an exit.
    pub fn run(&mut self, fiber: FiberId) -> Exit {
        self.at_once = 0;
        self.run_on(fiber);
        self.take_exit()
    }

    /// The exit through which the last run has left, which is taken once.
    pub fn take_exit(&mut self) -> Exit {
        let Request { value, owner, args, native, flags } = self.request;
        match self.left {
            Left::Native => Exit::Native { native, args, awaited: flags & NATIVE_AWAITED != 0 },
            Left::Await => Exit::Await { value, optional: flags != 0 },
            Left::Spawn => Exit::Spawn { callee: value, args, named: None, owner, flags },
            Left::Scope => Exit::Scope(self.scope_request),
            Left::Leave => Exit::Scope(ScopeRequest::Join { register: flags as u8 }),
            Left::Return => Exit::Return(value),
            Left::Yield | Left::Other => {
                self.exit.take().expect("the run loop is left with a reason")
            }
        }
    }

    /// Whether the last run was left only for a step of the collector. That has to be done then, and the fiber
    /// be run again.
    #[inline]
    pub fn leaves_to_collect(&mut self) -> bool {
        self.exit.take_if(|exit| matches!(exit, Exit::Collect)).is_some()
    }

    /// What goes with the exit of the last run, if that was one of the frequent ones.
    #[inline]
    pub fn request(&self) -> Request {
        self.request
    }

    /// What the code asks of its scope records.
    #[inline]
    pub fn scope_request(&self) -> ScopeRequest {
        self.scope_request
    }

    /// Notes an exit that is not one of the frequent ones.
    pub(super) fn leave_through(&mut self, exit: Exit) {
        self.left = Left::Other;
        self.exit = Some(exit);
    }

    /// Runs a fiber until it leaves; what goes with the exit has to be taken before anything runs.
    #[inline]
    pub fn run_on(&mut self, id: FiberId) -> Left {
        self.run_to_halt(id);
        self.settle()
    }

    /// The same until it leaves or [halts](Vm::is_halted).
    #[inline(always)]
    pub fn run_to_halt(&mut self, id: FiberId) -> Left {
        self.running = id;
        self.forget_halt();
        if self.safepoint.is_some() {
            return self.run_after(id);
        }
        let fiber = self.fibers.get_mut(id);
        match fiber.state {
            State::Run => {}
            // Its first call costs a unit of fuel, as every call does.
            State::Begin if self.fuel > 0 => {
                self.fuel -= 1;
                fiber.state = State::Run;
                fiber.pc += size_of::<Instruction>();
            }
            State::Begin => return self.begin_slowly(id),
            _ => return self.run_after(id),
        }
        let at = place_of(fiber);
        self.stack_end = if self.watches_stack { 0 } else { fiber.stack.end() };
        // SAFETY: the fiber is suspended at an instruction of its innermost frame, and loaded code
        // names only registers, constants, slots and functions that exist.
        unsafe { backend::run(self, at) }
        self.left
    }

    /// Begins a fiber for whose first call there is no fuel in this slice.
    #[cold]
    fn begin_slowly(&mut self, id: FiberId) -> Left {
        if self.next_slice() {
            return self.run_to_halt(id);
        }
        self.leave_through(Exit::Budget);
        self.left
    }

    /// Runs a fiber that has to do something before it goes on, or was left for a collection.
    #[cold]
    fn run_after(&mut self, id: FiberId) -> Left {
        let state = std::mem::replace(&mut self.fibers.get_mut(id).state, State::Run);
        if self.unwinds_at_once(id, state) {
            return Left::Other;
        }
        let fiber = self.fibers.get(id);
        let at = place_of(fiber);
        self.stack_end = if self.watches_stack { 0 } else { fiber.stack.end() };
        // SAFETY: as for `run_on`.
        unsafe {
            let at = if matches!(state, State::Run) { at } else { self.arrive(state, at) };
            if !at.pc.is_null() {
                backend::run(self, at);
            }
        }
        self.left
    }

    /// Begins with what a fiber goes on by, if that is an unwind. Says whether it has left so.
    #[cold]
    fn unwinds_at_once(&mut self, fiber: FiberId, state: State) -> bool {
        let left = match state {
            State::Throw(error) => self.unwind(Outcome::Throw(error)),
            State::Cut(cut) => self.unwind(Outcome::Cut(cut)),
            State::Run if self.safepoint.is_some() => self.resume_collected(fiber),
            _ => None,
        };
        self.safepoint = None;
        let has_left = left.is_some();
        if let Some(exit) = left {
            self.leave_through(exit);
        }
        has_left
    }

    /// Does what a fiber goes on by, if that is a result or a call.
    ///
    /// # Safety
    /// As for [`op::slow`].
    #[cold]
    unsafe fn arrive(&mut self, state: State, At { pc, base }: At) -> At {
        // SAFETY: promised by the caller.
        unsafe {
            match (state, self.tail_site) {
                (State::Deliver(value), _) => {
                    op::slow(self, pc, base, |op| ops::deliver(op, value))
                }
                (State::Tail, Some(site)) => op::slow(self, pc, base, |op| op.tail_call(site)),
                _ => At { pc, base },
            }
        }
    }

    /// A fiber that had left for a collection, or another one, runs on.
    #[cold]
    fn resume_collected(&mut self, fiber: FiberId) -> Option<Exit> {
        let (left, pc) = self.safepoint?;
        if left == fiber && self.starved { self.starve(fiber, pc) } else { None }
    }

    /// Throws MemoryError at the instruction that made a collection due which freed too little.
    fn starve(&mut self, fiber: FiberId, pc: usize) -> Option<Exit> {
        self.starved = false;
        self.fibers.get_mut(fiber).pc = pc;
        let error = self.limit_reached();
        self.unwind(Outcome::Throw(error.0))
    }
}

/// Where a fiber stands.
#[inline]
fn place_of(fiber: &Fiber) -> At {
    let pc: *const Instruction = std::ptr::with_exposed_provenance(fiber.pc);
    At { pc, base: fiber.stack.start().wrapping_add(fiber.base as usize) }
}

/// The tag of a slot.
#[inline(always)]
unsafe fn tag(slot: *const Value) -> u64 {
    // SAFETY: promised by the caller; a value begins with its tag.
    unsafe { slot.cast::<u64>().read() }
}

/// The payload of a slot.
#[inline(always)]
unsafe fn bits(slot: *const Value) -> u64 {
    // SAFETY: promised by the caller; the second word of a value is its payload.
    unsafe { slot.cast::<u64>().add(1).read() }
}

/// The payload of a slot that holds a float.
#[inline(always)]
unsafe fn float(slot: *const Value) -> f64 {
    // SAFETY: promised by the caller.
    f64::from_bits(unsafe { bits(slot) })
}

/// Whether two slots are equal, where that needs no look into what they hold and no function.
#[inline(always)]
unsafe fn plain_equal(lhs: *const Value, rhs: *const Value) -> Option<bool> {
    // SAFETY: promised by the caller; values of a kind point to live objects of that kind.
    unsafe {
        let (left, right) = (tag(lhs), tag(rhs));
        if left | right == INT {
            return Some(bits(lhs) == bits(rhs));
        }
        if left == FLOAT && right == FLOAT {
            return Some(float(lhs) == float(rhs));
        }
        let defined = match left {
            STR | NULL | BOOL => false,
            INSTANCE => (*(*(*lhs).address::<Instance>()).class.as_ptr()).body.defines_equality,
            _ => return None,
        };
        if defined || right == OBJECT {
            return None;
        }
        if left != right || bits(lhs) == bits(rhs) {
            return Some(left == right);
        }
        let differ = left != STR || is_interned(lhs) && is_interned(rhs);
        if differ { Some(false) } else { None }
    }
}

/// Whether a slot equals null, where no function says so.
#[inline(always)]
unsafe fn equals_null(slot: *const Value) -> Option<bool> {
    // SAFETY: promised by the caller; values of a kind point to live objects of that kind.
    unsafe {
        let is_asked = match tag(slot) {
            INSTANCE => (*(*(*slot).address::<Instance>()).class.as_ptr()).body.defines_equality,
            kind => kind == OBJECT,
        };
        if is_asked { None } else { Some(tag(slot) == NULL) }
    }
}

/// Whether the string in a slot is interned: two such are one if they have the same text.
#[inline(always)]
unsafe fn is_interned(slot: *const Value) -> bool {
    // SAFETY: the caller has seen that the slot holds a string.
    unsafe { (*(*slot).address::<Str>()).header().has(Str::INTERNED) }
}

/// Changes the payload of a slot that keeps its kind.
#[inline(always)]
unsafe fn set_bits(slot: *mut Value, bits: u64) {
    // SAFETY: promised by the caller; the second word of a value is its payload.
    unsafe { slot.cast::<u64>().add(1).write(bits) }
}

/// Whether the collector has to be told that what is in this slot is stored somewhere.
#[inline(always)]
unsafe fn is_watched(vm: *const Vm, slot: *const Value) -> bool {
    // SAFETY: the caller has the VM that runs and a slot of a frame.
    unsafe { (*vm).heap.is_marking() && tag(slot) as u8 >= Kind::FIRST_OBJECT }
}

/// Two ints, the first with the number of its instruction added, the second with that of the next one
/// subtracted.
#[inline(always)]
unsafe fn steps(
    pc: *const Instruction,
    low: *const Value,
    high: *const Value,
) -> Option<(i64, i64)> {
    // SAFETY: the caller has two registers and the two instructions.
    unsafe {
        if tag(low) | tag(high) != INT {
            return None;
        }
        let up = (bits(low) as i64).checked_add(i64::from((*pc).imm))?;
        let down = (bits(high) as i64).checked_sub(i64::from((*pc.add(1)).imm))?;
        Some((up, down))
    }
}

/// How many instructions behind a call that is not awaited it returns.
#[inline(always)]
unsafe fn plain_step(_: *const Function) -> usize {
    1
}

/// How many instructions behind an awaited call of a function that returns.
#[inline(always)]
unsafe fn await_step(function: *const Function) -> usize {
    // SAFETY: the caller has a function of the VM's table.
    usize::from(unsafe { (*function).await_step })
}

/// Writes a slot whose two words are known: those of a value, or of the header of a frame.
#[inline(always)]
unsafe fn put_words(slot: *mut Value, tag: u64, bits: u64) {
    // SAFETY: the caller has a slot of a frame, or has seen that there is room for one. Volatile for
    // the reason of `copy_slot`.
    unsafe {
        slot.cast::<u64>().write_volatile(tag);
        slot.cast::<u64>().add(1).write_volatile(bits);
    }
}

/// The first upvalue of the closure in a slot.
#[inline(always)]
unsafe fn upvalues(slot: *const Value) -> *const Value {
    // SAFETY: the compiler gives this only the register that holds the running closure.
    unsafe { (*slot).address::<Closure>().add(1).cast() }
}

/// The content of the variable cell in a slot.
#[inline(always)]
unsafe fn content(slot: *const Value) -> *mut Value {
    // SAFETY: the compiler gives this only slots that hold a cell.
    unsafe { &raw mut (*(*slot).address::<VariableCell>()).value }
}

/// The shape of the instance in a slot.
#[inline(always)]
unsafe fn shape(slot: *const Value) -> u32 {
    // SAFETY: the caller has seen that the slot holds an instance.
    unsafe { (*(*slot).address::<Instance>()).header.word() }
}

/// A field of the instance in a slot.
#[inline(always)]
unsafe fn field(slot: *const Value, index: u8) -> *mut Value {
    // SAFETY: the caller has seen that the slot holds an instance whose shape has that field.
    unsafe { (*slot).address::<Instance>().add(1).cast::<Value>().add(index as usize) }
}

/// The number of the function that a call of a known function calls. What is next waits for it, so it
/// is read by itself: volatile keeps the compiler from taking it out of the whole instruction.
#[inline(always)]
unsafe fn callee(pc: *const Instruction) -> usize {
    // SAFETY: the caller has an instruction; the second half of it is aligned for this.
    unsafe { pc.cast::<u32>().add(1).read_volatile() as usize }
}

/// How far the frame that such a call pushes lies above the caller's, in bytes.
#[inline(always)]
unsafe fn distance(pc: *const Instruction) -> usize {
    // SAFETY: as for `small`.
    usize::from(unsafe { pc.cast::<u16>().add(1).read_volatile() })
}

/// The 16-bit integer in `b` and `c` of an instruction.
#[inline(always)]
unsafe fn small(pc: *const Instruction) -> i64 {
    // SAFETY: the caller has an instruction; bytes 2 and 3 of it are aligned for this.
    unsafe { i64::from(pc.cast::<i16>().add(1).read()) }
}

/// The float whose upper half is in `b` and `c` of an instruction.
#[inline(always)]
unsafe fn half(pc: *const Instruction) -> f64 {
    // SAFETY: as for `small`.
    let half = unsafe { pc.cast::<u16>().add(1).read() };
    f64::from(f32::from_bits(u32::from(half) << 16))
}
