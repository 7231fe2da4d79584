//! An instruction that is being carried out outside the fast path.
//!
//! The operations in `ops` see the stack and the code only through [`Op`], which keeps what the run
//! loop relies on: that there is a frame, an instruction, and room on the stack.

use super::{bits, content, field, list_mut, upvalues};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::vm::Vm;
use crate::vm::error::Thrown;
use crate::vm::exit::{Args, Exit, Left, ScopeRequest};
use crate::vm::fiber::{Fiber, State};
use crate::vm::frame::FrameWord;
use crate::vm::heap::OutOfMemory;
use crate::vm::unwind::Outcome;
use crate::vm::value::{Value, copy_slot, write_slot};

/// Where execution stands; a null `pc` says that the run loop is left.
#[derive(Clone, Copy)]
#[repr(C)]
pub(in crate::vm) struct At {
    /// The next instruction.
    pub(in crate::vm) pc: *const Instruction,
    /// The frame's `R[0]`.
    pub(in crate::vm) base: *mut Value,
}

/// How an operation goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Flow {
    /// With the next instruction.
    Next,
    /// Where it has set `pc` and `base`.
    Stay,
    /// By leaving the run loop: the exit has been noted.
    Leave,
    /// The same where the fiber knows already where it stands.
    Left,
}

/// What an operation gives back.
pub(in crate::vm) type Step = Result<Flow, Thrown>;

/// An instruction that is being carried out.
pub(in crate::vm) struct Op<'v> {
    /// The VM.
    pub(in crate::vm) vm: &'v mut Vm,
    pc: *const Instruction,
    /// The frame.
    pub(super) base: *mut Value,
    /// Slots above the base that are in use besides the frame's registers.
    window: usize,
}

/// Carries out an operation in the way of the run loop.
///
/// # Safety
/// `vm` is not borrowed; `pc` is an instruction of loaded code and `base` its frame on the stack of
/// the running fiber.
#[inline(never)]
pub(in crate::vm) unsafe fn slow(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) -> At {
    // SAFETY: promised by the caller.
    let mut op = Op { vm: unsafe { &mut *vm }, pc, base, window: 0 };
    let step = body(&mut op);
    op.finish(step, At { pc, base })
}

/// The same, for what hardly ever happens.
///
/// # Safety
/// As for [`slow`].
#[cold]
#[inline(never)]
pub(in crate::vm) unsafe fn rare(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) -> At {
    // SAFETY: promised by the caller.
    let mut op = Op { vm: unsafe { &mut *vm }, pc, base, window: 0 };
    let step = body(&mut op);
    op.finish(step, At { pc, base })
}

impl Op<'_> {
    /// Turns a step into the place where the run loop goes on.
    #[inline(always)]
    fn finish(&mut self, step: Step, began: At) -> At {
        match step {
            Ok(Flow::Next) => self.pc = self.pc.wrapping_add(1),
            Ok(Flow::Stay) => {}
            Ok(Flow::Leave) => return self.left(),
            Ok(Flow::Left) => return At { pc: std::ptr::null(), base: self.base },
            Err(thrown) => return self.throw(thrown.0),
        }
        self.here(began)
    }

    /// Goes on here, unless garbage has to be collected first.
    #[inline(always)]
    fn here(&mut self, began: At) -> At {
        if self.vm.heap.due() && self.vm.is_safepoint() {
            return self.collect(began);
        }
        At { pc: self.pc, base: self.base }
    }

    /// Leaves for a collection. If that frees too little, the error is thrown where the operation
    /// that has just been done began.
    fn collect(&mut self, began: At) -> At {
        let same_frame = began.base == self.base;
        let pc = if same_frame { began.pc } else { self.pc };
        self.vm.safepoint = Some((self.vm.running, pc.expose_provenance()));
        self.vm.leave_through(Exit::Collect);
        self.left()
    }

    /// Saves where the fiber stands and leaves the run loop.
    #[inline]
    fn left(&mut self) -> At {
        self.save();
        At { pc: std::ptr::null(), base: self.base }
    }

    #[cold]
    fn throw(&mut self, error: Value) -> At {
        self.unwind(Outcome::Throw(error))
    }

    /// Unwinds from the instruction.
    fn unwind(&mut self, outcome: Outcome) -> At {
        self.save();
        if let Some(exit) = self.vm.unwind(outcome) {
            self.vm.leave_through(exit);
            return At { pc: std::ptr::null(), base: self.base };
        }
        self.load();
        // What has been unwound may be what memory is short of.
        self.here(At { pc: self.pc, base: self.base })
    }

    /// Unwinds from the instruction, as a step.
    pub(in crate::vm) fn go_unwind(&mut self, outcome: Outcome) -> Step {
        self.save();
        match self.vm.unwind(outcome) {
            Some(exit) => self.leave(exit),
            None => {
                self.load();
                Ok(Flow::Stay)
            }
        }
    }

    /// Writes where execution stands into the fiber; gives the index of the base on its stack.
    #[inline(always)]
    pub(in crate::vm) fn save(&mut self) -> u32 {
        self.saved().1
    }

    /// The same, with the fiber.
    #[inline(always)]
    fn saved(&mut self) -> (&mut Fiber, u32) {
        let registers = self.vm.functions.as_slice()[self.function() as usize].registers as usize;
        let fiber = self.vm.fibers.get_mut(self.vm.running);
        let base = fiber.stack.index_of(self.base);
        fiber.pc = self.pc.expose_provenance();
        fiber.base = base as u32;
        let top = (base + registers.max(self.window)).min(fiber.stack.capacity());
        fiber.top = top as u32;
        (fiber, base as u32)
    }

    /// Reads where execution stands from the fiber.
    fn load(&mut self) {
        let fiber = self.vm.fibers.get(self.vm.running);
        self.pc = std::ptr::with_exposed_provenance(fiber.pc);
        self.base = fiber.stack.start().wrapping_add(fiber.base as usize);
        self.window = 0;
    }

    /// The instruction.
    #[inline(always)]
    pub(in crate::vm) fn instruction(&self) -> Instruction {
        // SAFETY: `pc` is an instruction of loaded code.
        unsafe { *self.pc }
    }

    /// The one behind it. Only for instructions that do not end their function.
    #[inline(always)]
    pub(in crate::vm) fn next_instruction(&self) -> Instruction {
        // SAFETY: the verifier sees to it that no function ends in the middle.
        unsafe { *self.pc.add(1) }
    }

    /// Writes another instruction over this one in the VM's copy of the code.
    pub(in crate::vm) fn patch(&mut self, instruction: Instruction) {
        // SAFETY: code is kept in cells, so it may be written through a shared address.
        unsafe { self.pc.cast_mut().write(instruction) }
    }

    /// Gives the instruction in front of this one another opcode if it is that one.
    pub(in crate::vm) fn patch_previous(&mut self, old: Opcode, new: Opcode) {
        let index = self.index();
        let function = &self.vm.functions[self.function() as usize];
        let previous = index.checked_sub(1).and_then(|index| function.code.get(index));
        if let Some(cell) = previous.filter(|cell| cell.get().op == old) {
            cell.set(Instruction { op: new, ..cell.get() });
        }
    }

    /// The value of a register.
    #[inline(always)]
    pub(in crate::vm) fn get(&self, register: u8) -> Value {
        self.window_get(usize::from(register))
    }

    /// Changes a register.
    #[inline(always)]
    pub(in crate::vm) fn set(&mut self, register: u8, value: Value) {
        self.window_set(usize::from(register), value);
    }

    /// A slot at some distance from the base: a register, or reserved.
    #[inline(always)]
    pub(in crate::vm) fn window_get(&self, slot: usize) -> Value {
        // SAFETY: registers named by code exist, and windows are reserved before they are used.
        unsafe { self.base.add(slot).read() }
    }

    /// Changes a slot at some distance from the base.
    #[inline(always)]
    pub(in crate::vm) fn window_set(&mut self, slot: usize, value: Value) {
        // SAFETY: as for `window_get`.
        unsafe { write_slot(self.base.add(slot), value) }
    }

    /// The values of a row of slots.
    pub(in crate::vm) fn window(&self, slot: usize, count: usize) -> &[Value] {
        // SAFETY: as for `window_get`; while this is borrowed nothing writes to the stack.
        unsafe { std::slice::from_raw_parts(self.base.add(slot), count) }
    }

    /// A new list of the values of a row of slots.
    #[inline]
    pub(in crate::vm) fn new_list(&mut self, slot: usize, count: usize) -> Value {
        // SAFETY: as for `window_get`; nothing writes to the stack while an object is made.
        let items = unsafe { std::slice::from_raw_parts(self.base.add(slot), count) };
        self.vm.heap.list_of(items)
    }

    /// The string of the values of a row of slots, if all are strings, ints and bools.
    #[inline]
    pub(in crate::vm) fn interpolated(
        &mut self,
        slot: usize,
        count: usize,
    ) -> Result<Option<Value>, OutOfMemory> {
        // SAFETY: as for `new_list`.
        let values = unsafe { std::slice::from_raw_parts(self.base.add(slot), count) };
        self.vm.heap.interpolated(values)
    }

    /// Writes values into the first registers of the frame.
    pub(in crate::vm) fn window_write(&mut self, values: &[Value]) {
        for (index, value) in values.iter().enumerate() {
            self.window_set(index, *value);
        }
    }

    /// Moves a row of slots; they may overlap.
    pub(in crate::vm) fn window_move(&mut self, from: usize, to: usize, count: usize) {
        // SAFETY: both rows are reserved.
        unsafe { std::ptr::copy(self.base.add(from), self.base.add(to), count) }
    }

    /// The header of the frame.
    #[inline(always)]
    pub(in crate::vm) fn header(&self) -> (FrameWord, u64) {
        // SAFETY: every frame has its header below its base.
        let header = unsafe { self.base.sub(1).read() };
        (FrameWord(header.tag()), header.bits())
    }

    /// The number of the running function.
    #[inline(always)]
    pub(in crate::vm) fn function(&self) -> u32 {
        self.header().0.function()
    }

    /// The index of the instruction in its function.
    pub(in crate::vm) fn index(&self) -> usize {
        self.vm.functions[self.function() as usize].index_of(self.pc.addr())
    }

    /// The number of the first slot above the frame's registers.
    pub(in crate::vm) fn scratch(&self) -> usize {
        self.vm.functions[self.function() as usize].registers as usize
    }

    /// The address of the instruction some places further on.
    #[inline]
    pub(in crate::vm) fn after(&self, distance: usize) -> usize {
        self.pc.wrapping_add(distance).expose_provenance()
    }

    /// Goes on at a distance from this instruction.
    pub(in crate::vm) fn jump(&mut self, distance: i32) -> Step {
        self.pc = self.pc.wrapping_offset(distance as isize);
        Ok(Flow::Stay)
    }

    /// Goes on at an instruction of the running function, by its index.
    pub(in crate::vm) fn jump_to(&mut self, index: usize) -> Step {
        let entry = self.vm.functions[self.function() as usize].entry();
        self.pc = entry.wrapping_add(index);
        Ok(Flow::Stay)
    }

    /// Jumps as the instruction says if the condition holds, else goes on behind it.
    pub(in crate::vm) fn jump_if(&mut self, condition: bool) -> Step {
        if condition { self.jump(self.instruction().imm) } else { Ok(Flow::Next) }
    }

    /// Goes on at an address.
    pub(in crate::vm) fn go(&mut self, pc: usize) -> Step {
        self.pc = std::ptr::with_exposed_provenance(pc);
        Ok(Flow::Stay)
    }

    /// Leaves the run loop; the instruction is carried out again when the fiber runs on.
    pub(in crate::vm) fn leave(&mut self, exit: Exit) -> Step {
        self.vm.leave_through(exit);
        Ok(Flow::Leave)
    }

    /// The same through one of the frequent exits, whose request has been noted.
    #[inline(always)]
    pub(in crate::vm) fn leave_for(&mut self, left: Left) -> Step {
        self.vm.left = left;
        Ok(Flow::Leave)
    }

    /// Leaves the run loop; the instruction waits for its result.
    pub(in crate::vm) fn suspend(&mut self, exit: Exit, state: State) -> Step {
        self.vm.fibers.get_mut(self.vm.running).state = state;
        self.leave(exit)
    }

    /// Suspends with a register of the frame to be filled, then the next instruction.
    pub(in crate::vm) fn suspend_for(&mut self, exit: Exit, register: u8) -> Step {
        let slot = self.slot_index(usize::from(register));
        let next = self.after(1);
        self.suspend(exit, State::Slot { slot, next })
    }

    /// Suspends through one of the frequent exits, whose request has been noted but for the arguments:
    /// those are the `count` values behind the slot at some distance from the base to which the result
    /// goes. Then it goes on at an address.
    #[inline(always)]
    pub(in crate::vm) fn suspend_slot(
        &mut self,
        slot: usize,
        count: usize,
        next: usize,
        left: Left,
    ) -> Step {
        self.keep(slot + 1 + count);
        let running = self.vm.running;
        let (fiber, base) = self.saved();
        let slot = base + slot as u32;
        fiber.state = State::Slot { slot, next };
        let vm = &mut *self.vm;
        vm.request.args = Args::new(running, slot + 1, count as u32);
        vm.left = left;
        Ok(Flow::Left)
    }

    /// Suspends to ask something of the scope records; goes on behind the instruction.
    pub(in crate::vm) fn suspend_scope(&mut self, request: ScopeRequest) -> Step {
        self.vm.fibers.get_mut(self.vm.running).state = State::Step;
        self.vm.scope_request = request;
        self.vm.left = Left::Scope;
        Ok(Flow::Leave)
    }

    /// The index on the fiber's stack of a slot at some distance from the base.
    pub(in crate::vm) fn slot_index(&self, slot: usize) -> u32 {
        let fiber = self.vm.fibers.get(self.vm.running);
        (fiber.stack.index_of(self.base) + slot) as u32
    }

    /// Makes sure that so many slots from the base on exist.
    #[inline]
    pub(in crate::vm) fn reserve(&mut self, slots: usize) -> Result<(), Thrown> {
        let end = self.base.addr() + slots * size_of::<Value>();
        if end > self.vm.stack_end { self.grow(slots) } else { Ok(()) }
    }

    /// Notes that so many slots from the base on are in use while the fiber is suspended.
    #[inline(always)]
    pub(in crate::vm) fn keep(&mut self, slots: usize) {
        self.window = self.window.max(slots);
    }

    /// Pushes a frame. Its result goes to the slot below its base, at `slot` from this base; its
    /// arguments stand behind that.
    pub(in crate::vm) fn push(
        &mut self,
        function: u32,
        slot: usize,
        flags: u64,
        back: usize,
    ) -> Result<(), Thrown> {
        let registers = self.vm.functions[function as usize].registers as usize;
        self.reserve(slot + 1 + registers)?;
        let distance = (slot + 1) * size_of::<Value>();
        let word = FrameWord::new(flags, distance, function);
        self.window_set(slot, Value::frame(word.0 >> 8, back as u64));
        self.base = self.base.wrapping_add(slot + 1);
        self.pc = self.vm.functions[function as usize].entry();
        self.window = 0;
        Ok(())
    }

    /// Leaves the frame; gives its header.
    pub(in crate::vm) fn pop(&mut self) -> FrameWord {
        let (word, back) = self.header();
        self.pc = std::ptr::with_exposed_provenance(back as usize);
        self.base = self.base.wrapping_byte_sub(word.distance());
        word
    }

    /// Steps back by one instruction.
    pub(in crate::vm) fn step_back(&mut self) {
        self.pc = self.pc.wrapping_sub(1);
    }

    /// The name in the instruction, also if it has been quickened.
    pub(in crate::vm) fn name(&self) -> Value {
        let at = self.instruction();
        if !at.op.is_quickened() {
            return self.vm.constants[at.imm as usize];
        }
        let info = &self.vm.infos[self.function() as usize];
        self.module_constant(info.code().body.code[self.index()].imm as u32)
    }

    /// A constant of the running function's module, by its number there.
    pub(in crate::vm) fn module_constant(&self, number: u32) -> Value {
        let info = &self.vm.infos[self.function() as usize];
        let first = info.module_index.map_or(0, |m| self.vm.modules[m as usize].first_constant);
        self.vm.constants[(first + number) as usize]
    }

    /// The text of the name in the instruction.
    pub(in crate::vm) fn name_text(&self) -> String {
        self.vm.heap.str(self.name()).unwrap_or_default().to_owned()
    }
}

/// Stores a register into an object while the collector marks, which is told of the value: for the
/// instructions whose arm ends in `store!`, which has looked at the operands.
pub(in crate::vm) fn store(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let register = |number: u8| op.base.wrapping_add(usize::from(number));
    // SAFETY: the arm has seen that these are of the kind and the size that they have to be.
    unsafe {
        let (slot, value) = match at.op {
            Opcode::SetUpvalueCell => {
                let cell = upvalues(register(at.c)).add(usize::from(at.b));
                (content(cell), register(at.a))
            }
            Opcode::SetCell => (content(register(at.a)), register(at.b)),
            Opcode::SetIndex | Opcode::SetIndexSetIndex | Opcode::SetIndexRangeLoop => {
                let index = bits(register(at.b)) as usize;
                (list_mut(register(at.a)).items.as_mut_ptr().add(index), register(at.c))
            }
            Opcode::SetIndexInt => {
                let items = list_mut(register(at.a)).items.as_mut_ptr();
                (items.add(at.imm as usize), register(at.b))
            }
            _ => (field(register(at.a), at.c), register(at.b)),
        };
        op.vm.heap.store_barrier(*value);
        copy_slot(slot, value);
    }
    Ok(Flow::Next)
}
