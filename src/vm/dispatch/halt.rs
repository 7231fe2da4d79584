//! Halting: leaving the run loop with everything in its place.
//!
//! The instructions by which code asks most often for something of its tasks and scopes do not suspend
//! the fiber: it *halts* in front of them. Whoever runs it looks at what is asked. Nearly always that
//! can be done there and then, and the fiber [moves on](Vm::move_on) behind the instruction as if it had
//! never left. All else [settles](Vm::settle): the instruction is carried out by its function in `ops/`,
//! which saves the fiber and leaves as every other one does.

use super::*;
use crate::vm::native::NativeId;
use crate::vm::object::{TraceEntry, TraceKind};

/// Where the running fiber has halted: its instruction and the base of its frame; zero if it has not.
///
/// They stay valid until a fiber runs, is freed, or the collector comes by, and each of these forgets
/// them: nothing else moves a stack or ends one.
#[derive(Clone, Copy, Default)]
pub(in crate::vm) struct Halt {
    pub(in crate::vm) pc: usize,
    pub(in crate::vm) base: usize,
}

impl Halt {
    #[inline(always)]
    fn at(self) -> At {
        At {
            pc: std::ptr::with_exposed_provenance(self.pc),
            base: std::ptr::with_exposed_provenance_mut(self.base),
        }
    }
}

/// A spawn in front of which a fiber has halted.
#[derive(Clone, Copy, Debug)]
pub struct SpawnAsked {
    /// What the task is to call.
    pub callee: Value,
    /// The scope that it is to belong to.
    pub owner: Value,
    /// `SPAWN_DAEMON`, `SPAWN_TRY`, `SPAWN_UNNAMED`.
    pub flags: i32,
}

impl Vm {
    /// Whether the running fiber has halted: what it asks can be carried out where it stands.
    #[inline(always)]
    pub fn is_halted(&self) -> bool {
        self.halt.pc != 0
    }

    /// The instruction in front of which the running fiber has halted.
    #[inline(always)]
    fn halted(&self) -> Option<(Instruction, At)> {
        if !self.is_halted() {
            return None;
        }
        let at = self.halt.at();
        // SAFETY: a halt names an instruction of loaded code.
        Some((unsafe { *at.pc }, at))
    }

    /// Forgets where the running fiber has halted: it is going to stand elsewhere.
    #[inline(always)]
    pub(in crate::vm) fn forget_halt(&mut self) {
        self.halt.pc = 0;
    }

    /// Carries out what the running fiber has halted for in the usual way, and lets it run on until it
    /// leaves.
    pub fn settle(&mut self) -> Left {
        while let Some((_, at)) = self.halted() {
            self.forget_halt();
            // SAFETY: the fiber has halted at an instruction of its innermost frame.
            unsafe {
                let next = op::slow(self, at.pc, at.base, ops::task::settle);
                if !next.pc.is_null() {
                    backend::run(self, next);
                }
            }
        }
        self.left
    }

    /// The running fiber, which has halted, goes on so many instructions further until it leaves or
    /// halts. Garbage is collected first if that is due.
    #[inline]
    pub fn move_on(&mut self, count: usize) -> Left {
        let Some((_, at)) = self.halted() else { return self.left };
        self.forget_halt();
        let next = At { pc: at.pc.wrapping_add(count), ..at };
        // SAFETY: the instruction that it has halted at does not end its function, and what is behind it
        // belongs to the same frame.
        unsafe {
            if self.heap.due() && self.is_safepoint() {
                let next = op::slow(self, next.pc, next.base, |_| Ok(op::Flow::Stay));
                if next.pc.is_null() {
                    return self.left;
                }
            }
            backend::run(self, next);
        }
        self.left
    }

    /// The same behind the instruction, whose result goes to its register `a`.
    #[inline]
    pub fn move_on_with(&mut self, value: Value) -> Left {
        if let Some((instruction, at)) = self.halted() {
            // SAFETY: registers that are named by code exist.
            unsafe { write_slot(at.base.add(usize::from(instruction.a)), value) }
        }
        self.move_on(1)
    }

    /// The same behind an awaited native, which has this result.
    #[inline]
    pub fn move_on_behind(&mut self, value: Value) -> Left {
        if let Some((instruction, at)) = self.halted() {
            // SAFETY: as for `move_on_with`.
            unsafe { write_slot(at.base.add(usize::from(instruction.a)), value) }
        }
        self.move_on(leave::AWAIT_STEP)
    }

    /// The running fiber, which has halted to await a native, waits for the result.
    #[inline]
    pub fn suspend_halted(&mut self) {
        let Some((instruction, at)) = self.halted() else { return };
        self.forget_halt();
        // SAFETY: every frame has its header below its base.
        let word = FrameWord(unsafe { at.base.sub(1).read() }.tag());
        leave::suspend(self, at, word, usize::from(instruction.a), usize::from(instruction.c));
    }

    /// The native that the running fiber has halted to await, the object whose method it is, and the first
    /// argument, if there is one.
    #[inline]
    pub fn halted_await(&self) -> Option<(NativeId, Value, Option<Value>)> {
        let (instruction, At { base, .. }) = self.halted()?;
        if instruction.op != Opcode::InvokeNativeAwait {
            return None;
        }
        // SAFETY: the receiver and as many arguments as the instruction says stand behind its slot.
        unsafe {
            let receiver = base.add(usize::from(instruction.a) + 1);
            let argument = (instruction.c > 1).then(|| receiver.add(1).read());
            Some((self.request.native, receiver.read(), argument))
        }
    }

    /// The spawn that the running fiber has halted for.
    #[inline]
    pub fn halted_spawn(&self) -> Option<SpawnAsked> {
        let (instruction, At { base, .. }) = self.halted()?;
        if instruction.op != Opcode::Spawn {
            return None;
        }
        // SAFETY: as for `move_on_with`.
        let register = |number: u8| unsafe { read_slot(base.add(usize::from(number))) };
        let (callee, owner) = (register(instruction.a), register(instruction.b));
        Some(SpawnAsked { callee, owner, flags: instruction.imm })
    }

    /// A fiber that calls what that spawn says, a closure of that function, with the arguments that stand
    /// behind it. `spare` has [ended](Vm::end_fiber) or is [none](FiberId::NONE).
    #[inline]
    pub fn new_fiber_halted(&mut self, spare: FiberId, function: u32) -> Option<FiberId> {
        let (instruction, At { base, .. }) = self.halted()?;
        let count = usize::from(instruction.c);
        // SAFETY: the arguments of a spawn stand behind its callee, in registers of the frame.
        let args =
            unsafe { std::slice::from_raw_parts(base.add(usize::from(instruction.a) + 1), count) };
        // SAFETY: as for `move_on_with`.
        let callee = unsafe { read_slot(base.add(usize::from(instruction.a))) };
        Some(self.fiber_of_function(spare, callee, function, args))
    }

    /// The scope that the running fiber has halted to enter, with a limit in nanoseconds: one whose
    /// options need no look. Its kind is the number in the instruction.
    #[inline]
    pub fn halted_enter(&self) -> Option<(i32, Option<u64>)> {
        let (instruction, At { base, .. }) = self.halted()?;
        if instruction.op != Opcode::ScopeEnter {
            return None;
        }
        match instruction.c {
            0 => Some((instruction.imm, None)),
            1 => {
                // SAFETY: as for `move_on_with`.
                let option = unsafe { read_slot(base.add(usize::from(instruction.b))) };
                let nanoseconds = option.as_duration()?;
                Some((instruction.imm, Some(nanoseconds.max(0) as u64)))
            }
            _ => None,
        }
    }

    /// The handle of the scope whose end the running fiber has halted at, if its body has come to its
    /// end and the next instruction is the end of the scope.
    #[inline]
    pub fn halted_leave(&self) -> Option<Value> {
        let (instruction, At { pc, base }) = self.halted()?;
        // SAFETY: no function ends with a join, and registers that are named by code exist.
        let (end, handle, pending) = unsafe {
            let handle = base.add(usize::from(instruction.a));
            (*pc.add(1), read_slot(handle), read_slot(handle.add(1)))
        };
        let ends = end.op == Opcode::ScopeEnd && end.a == instruction.a && pending.is_null();
        (ends && instruction.op == Opcode::ScopeJoin).then_some(handle)
    }

    /// The value with which the running fiber has halted at its end.
    #[inline]
    pub fn halted_return(&self) -> Option<Value> {
        let (instruction, At { base, .. }) = self.halted()?;
        match instruction.op {
            // SAFETY: as for `move_on_with`.
            Opcode::Return => Some(unsafe { read_slot(base.add(usize::from(instruction.a))) }),
            Opcode::ReturnNull => Some(Value::null()),
            _ => None,
        }
    }

    /// The call that the running fiber has halted in.
    #[inline]
    pub fn halted_site(&self) -> Option<TraceEntry> {
        let (_, At { pc, base }) = self.halted()?;
        // SAFETY: every frame has its header below its base.
        let function = FrameWord(unsafe { tag(base.sub(1)) }).function();
        let instruction = self.functions.get(function as usize)?.index_of(pc.addr()) as u32;
        Some(TraceEntry { function, instruction, kind: TraceKind::Call, left_out: 0 })
    }
}
