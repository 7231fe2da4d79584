//! Halting: leaving the run loop with everything in its place.
//!
//! The instructions by which code asks most often for something of its tasks and scopes do not suspend
//! the fiber: it *halts* in front of them. Whoever runs it looks at what is asked. Nearly always that
//! can be done there and then, and the fiber [moves on](Vm::move_on) behind the instruction as if it had
//! never left. All else [settles](Vm::settle): the instruction is carried out by its function in `ops/`,
//! which saves the fiber and leaves as every other one does.

use super::*;
use crate::vm::exit::Args;
use crate::vm::fiber::Start;
use crate::vm::native::NativeId;

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

/// Where a fiber has halted: in front of an instruction of loaded code, in a frame with its registers.
#[derive(Clone, Copy)]
struct Halted(At);

impl Halted {
    #[inline(always)]
    fn instruction(self) -> Instruction {
        // SAFETY: it is an instruction of loaded code.
        unsafe { *self.0.pc }
    }

    /// The arguments of the call that the instruction describes, valid as long as nothing runs.
    #[inline(always)]
    fn args_of_call<'a>(self) -> &'a [Value] {
        let Instruction { a, c, .. } = self.instruction();
        // SAFETY: they stand behind the callee, in registers.
        unsafe { std::slice::from_raw_parts(self.0.base.add(usize::from(a) + 1), usize::from(c)) }
    }
}

/// A spawn in front of which a fiber has halted: of a function of the script.
#[derive(Clone, Copy, Debug)]
pub struct SpawnAsked {
    /// What the task is to call.
    pub callee: Value,
    /// The scope that it is to belong to.
    pub owner: Value,
    /// `SPAWN_DAEMON`, `SPAWN_TRY`, `SPAWN_UNNAMED`.
    pub flags: i32,
    /// The function of the callee.
    pub function: u32,
    /// The function and the instruction where the spawn stands.
    pub site: (u32, u32),
    /// The last spawn was of that function, and stood at that place.
    pub repeats: bool,
}

/// What was found out about the last spawn: nearly always the next one is the same place in the code, with
/// another closure of the same function at most.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vm) struct LastSpawn {
    /// The address of the instruction, of code that is loaded; 0 if there was none yet.
    pc: usize,
    function: u32,
    site: (u32, u32),
    /// None if there is more to do than to begin in the frame of the function.
    start: Option<Start>,
}

impl Vm {
    /// Whether the running fiber has halted: what it asks can be carried out where it stands.
    #[inline(always)]
    pub fn is_halted(&self) -> bool {
        self.halt.pc != 0
    }

    /// The instruction in front of which the running fiber has halted.
    #[inline(always)]
    fn halted(&self) -> Option<Halted> {
        self.is_halted().then(|| Halted(self.halt.at()))
    }

    /// Forgets where the running fiber has halted: it is going to stand elsewhere.
    #[inline(always)]
    pub(in crate::vm) fn forget_halt(&mut self) {
        self.halt.pc = 0;
    }

    /// Carries out what the running fiber has halted for in the usual way, and lets it run on until it
    /// leaves.
    pub fn settle(&mut self) -> Left {
        while let Some(Halted(at)) = self.halted() {
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
        let Some(Halted(at)) = self.halted() else { return self.left };
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
        if let Some(halted) = self.halted() {
            // SAFETY: registers that are named by code exist.
            unsafe { write_slot(halted.0.base.add(usize::from(halted.instruction().a)), value) }
        }
        self.move_on(1)
    }

    /// The same behind an awaited native, which has this result.
    #[inline]
    pub fn move_on_behind(&mut self, value: Value) -> Left {
        if let Some(halted) = self.halted() {
            // SAFETY: as for `move_on_with`.
            unsafe { write_slot(halted.0.base.add(usize::from(halted.instruction().a)), value) }
        }
        self.move_on(leave::AWAIT_STEP)
    }

    /// The running fiber, which has halted to await a native, waits for the result.
    #[inline]
    pub fn suspend_halted(&mut self) {
        let Some(halted) = self.halted() else { return };
        let (Halted(at), instruction) = (halted, halted.instruction());
        self.forget_halt();
        // SAFETY: every frame has its header below its base.
        let word = FrameWord(unsafe { at.base.sub(1).read() }.tag());
        leave::suspend(self, at, word, usize::from(instruction.a), usize::from(instruction.c));
    }

    /// The native that the running fiber has halted to await.
    #[inline]
    pub fn halted_native(&self) -> Option<NativeId> {
        let instruction = self.halted()?.instruction();
        (instruction.op == Opcode::InvokeNativeAwait).then_some(self.request.native)
    }

    /// The object whose method that is, and the first argument, if there is one.
    #[inline]
    pub fn halted_await(&self) -> Option<(Value, Option<Value>)> {
        self.halted_native()?;
        let halted = self.halted()?;
        let (At { base, .. }, instruction) = (halted.0, halted.instruction());
        // SAFETY: the receiver and as many arguments as the instruction says stand behind its slot.
        unsafe {
            let receiver = base.add(usize::from(instruction.a) + 1);
            let argument = (instruction.c > 1).then(|| receiver.add(1).read());
            Some((receiver.read(), argument))
        }
    }

    /// The arguments of the method that the running fiber has halted to await, its object first. They are
    /// valid as long as it stands there.
    #[inline]
    pub fn halted_args(&self) -> Option<Args> {
        let halted = self.halted()?;
        let (At { base, .. }, instruction) = (halted.0, halted.instruction());
        let first =
            self.fibers.get(self.running).stack.index_of(base) + usize::from(instruction.a) + 1;
        Some(Args::new(self.running, first as u32, u32::from(instruction.c)))
    }

    /// The spawn that the running fiber has halted for, if it is one of a function of the script.
    #[inline]
    pub fn halted_spawn(&mut self) -> Option<SpawnAsked> {
        let halted = self.halted()?;
        let (Halted(at), instruction) = (halted, halted.instruction());
        if instruction.op != Opcode::Spawn {
            return None;
        }
        // SAFETY: as for `move_on_with`.
        let register = |number: u8| unsafe { read_slot(at.base.add(usize::from(number))) };
        let (callee, owner) = (register(instruction.a), register(instruction.b));
        let function = self.heap.closure_ref(callee)?.function();
        let LastSpawn { pc, function: last, .. } = self.last_spawn;
        let repeats = pc == at.pc.addr() && last == function;
        if !repeats {
            self.learn_spawn(at, function, usize::from(instruction.c));
        }
        let site = self.last_spawn.site;
        Some(SpawnAsked { callee, owner, flags: instruction.imm, function, site, repeats })
    }

    #[cold]
    #[inline(never)]
    fn learn_spawn(&mut self, At { pc, base }: At, function: u32, count: usize) {
        // SAFETY: every frame has its header below its base.
        let spawner = FrameWord(unsafe { tag(base.sub(1)) }).function();
        let instruction = self.functions[spawner as usize].index_of(pc.addr()) as u32;
        let start = self.start_of(function, count);
        let site = (spawner, instruction);
        self.last_spawn = LastSpawn { pc: pc.addr(), function, site, start };
    }

    /// A fiber that calls what the [spawn](Vm::halted_spawn) says, with the arguments that stand behind it.
    /// `spare` has [ended](Vm::end_fiber) or is [none](FiberId::NONE).
    #[inline(always)]
    pub fn new_fiber_halted(&mut self, spare: FiberId, callee: Value) -> FiberId {
        let halted = self.halted().filter(|halted| halted.0.pc.addr() == self.last_spawn.pc);
        let args = halted.map_or(&[][..], Halted::args_of_call);
        let Vm { last_spawn, fibers, .. } = self;
        if let Some(start) = &last_spawn.start
            && fibers.renew(spare, start, callee, args)
        {
            return spare;
        }
        self.new_fiber_slowly(spare, callee, args)
    }

    /// The same without a spare fiber that would do.
    #[inline(never)]
    fn new_fiber_slowly(&mut self, spare: FiberId, callee: Value, args: &[Value]) -> FiberId {
        match self.last_spawn.start {
            Some(start) => self.new_fiber_in(spare, &start, callee, args),
            None => {
                self.fibers.give_back(spare);
                self.new_fiber(callee, args, None)
            }
        }
    }

    /// A fiber that calls what a spawn said, which began [so](Vm::spawn_start): `spare`, if that is one and
    /// large enough, else another one. Nothing of what `spare` did is wanted any more.
    #[inline(always)]
    pub fn new_fiber_in(
        &mut self,
        spare: FiberId,
        start: &Start,
        callee: Value,
        args: &[Value],
    ) -> FiberId {
        if self.fibers.renew(spare, start, callee, args) {
            return spare;
        }
        self.replace_fiber(spare, start, callee, args)
    }

    /// The same, where the spare one is none or too small.
    #[inline(never)]
    fn replace_fiber(
        &mut self,
        spare: FiberId,
        start: &Start,
        callee: Value,
        args: &[Value],
    ) -> FiberId {
        self.fibers.give_back(spare);
        let id = self.fibers.begin(start, callee, args);
        self.count_fibers();
        id
    }

    /// Runs the fiber anew that has halted at its end, which [began so](Vm::new_fiber_in), until it leaves or
    /// halts again.
    #[inline(always)]
    pub fn run_anew(&mut self, start: &Start, callee: Value, args: &[Value]) -> Left {
        let Some(Halted(at)) = self.halted() else { return self.left };
        self.forget_halt();
        if self.fuel <= 0 || args.len() > start.registers as usize {
            let fiber = self.running;
            self.fibers.get_mut(fiber).begin(start, callee, args);
            return self.run_to_halt(fiber);
        }
        self.fuel -= 1;
        // SAFETY: the base is that of the frame at the bottom of the fiber, which has so many registers, its
        // header below them, and a function of loaded code that begins there.
        unsafe {
            for (arg, place) in args.iter().zip(0..) {
                copy_slot(at.base.add(place), arg);
            }
            if start.closure_register != 255 {
                write_slot(at.base.add(usize::from(start.closure_register)), callee);
            }
            backend::run(self, At { pc: std::ptr::with_exposed_provenance(start.entry), ..at });
        }
        self.left
    }

    /// How the task of the [spawn](Vm::halted_spawn) begins that was looked at last; none if there is more to
    /// do than to begin in the frame of a function.
    #[inline]
    pub fn spawn_start(&self) -> Option<Start> {
        self.last_spawn.start
    }

    /// The arguments of a spawn, if the running fiber has halted for the one that was
    /// [looked at](Vm::halted_spawn) last: at that place, of the same callee, for the same scope.
    #[inline(always)]
    pub fn halted_again(&self, callee: Value, owner: Value) -> Option<&[Value]> {
        let halted = self.halted().filter(|halted| halted.0.pc.addr() == self.last_spawn.pc)?;
        let Instruction { a, b, .. } = halted.instruction();
        // SAFETY: as for `move_on_with`.
        let register = |number: u8| unsafe { read_slot(halted.0.base.add(usize::from(number))) };
        let is_the_same = register(a).same(callee) && register(b).same(owner);
        is_the_same.then(|| halted.args_of_call())
    }

    /// The arguments of the [spawn](Vm::halted_spawn) that the running fiber has halted for.
    #[inline(always)]
    pub fn spawn_args(&self) -> &[Value] {
        let halted = self.halted().filter(|halted| halted.0.pc.addr() == self.last_spawn.pc);
        halted.map_or(&[], Halted::args_of_call)
    }

    /// The scope that the running fiber has halted to enter, with a limit in nanoseconds: one whose
    /// options need no look. Its kind is the number in the instruction.
    #[inline]
    pub fn halted_enter(&self) -> Option<(i32, Option<u64>)> {
        let halted = self.halted()?;
        let (At { base, .. }, instruction) = (halted.0, halted.instruction());
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
        let halted = self.halted()?;
        let (At { pc, base }, instruction) = (halted.0, halted.instruction());
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
        let halted = self.halted()?;
        let (At { base, .. }, instruction) = (halted.0, halted.instruction());
        match instruction.op {
            // SAFETY: as for `move_on_with`.
            Opcode::Return => Some(unsafe { read_slot(base.add(usize::from(instruction.a))) }),
            Opcode::ReturnNull => Some(Value::null()),
            _ => None,
        }
    }
}
