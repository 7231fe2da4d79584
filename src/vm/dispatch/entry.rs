//! Calls of the host that end at once: they run on a fiber that is kept for them.
//!
//! Nearly every such call is one of a closure with just what it takes, which asks nothing of the loop before
//! it ends. Its frame is pushed onto the first one of the kept fiber, which is always the same: that of a
//! [function of the VM's own](super::super::stub) that awaits the result. As long as the call does
//! nothing else its frame passes for the first one, so its return halts, and the next call finds everything
//! in its place. If it does, the frame becomes one like all others, the fiber belongs to the call from then
//! on, and the next call gets another one.

use super::*;

/// Slots of the kept stack: enough for most functions and what they call.
const SLOTS: usize = 63;
/// A stack that has become larger than that is not kept.
const SLOTS_MAX: usize = 1024;
/// Where the frame of a call begins: above the header and the first register of the first frame, which
/// becomes the header of this one.
const BASE: usize = 2;

/// The fiber that is kept for calls of the host.
#[derive(Clone, Copy)]
pub(in crate::vm) struct Entry {
    /// Or none, if it has not been made yet, or belongs to a call.
    fiber: FiberId,
    /// The address of the first instruction of its first frame's function.
    code: usize,
    /// The fiber of the call that has not ended at once, until somebody takes it.
    left: FiberId,
}

impl Default for Entry {
    fn default() -> Entry {
        Entry { fiber: FiberId::NONE, code: 0, left: FiberId::NONE }
    }
}

impl Vm {
    /// Calls a closure with just what it takes, awaited, and gives its result if it ends without having
    /// asked anything of the loop. The mark of an end says that it has not: it has either
    /// [left](Vm::take_entered), or not even begun.
    #[inline(always)]
    pub fn enter(&mut self, callee: Value, args: &[Value]) -> Value {
        let Some(at) = self.push_first(callee, args) else { return Value::end() };
        // SAFETY: the frame of the closure's function has been pushed, and it has not begun yet.
        unsafe { backend::run(self, at) }
        let Some(value) = self.halted_return() else { return self.entry_left() };
        // It may be something that is awaited.
        if value.is(Kind::Object) {
            return self.entry_left();
        }
        self.forget_halt();
        let fiber = self.fibers.get_again(self.entry.fiber);
        (fiber.base, fiber.top) = (1, 1);
        if fiber.stack.capacity() > SLOTS_MAX || fiber.work.is_some() {
            self.give_entry_back();
        }
        value
    }

    /// The fiber of a call that has begun and not ended at once, which now belongs to that.
    pub fn take_entered(&mut self) -> Option<FiberId> {
        let left = std::mem::replace(&mut self.entry.left, FiberId::NONE);
        (left != FiberId::NONE).then_some(left)
    }

    /// Pushes the first frame of a call, if this can be done here.
    #[inline(always)]
    fn push_first(&mut self, callee: Value, args: &[Value]) -> Option<At> {
        let number = self.heap.closure_ref(callee)?.function();
        if self.fuel <= 0 && !self.refuel_entry() {
            return None;
        }
        if self.entry.fiber == FiberId::NONE {
            self.make_entry();
        }
        let Entry { fiber: id, code, .. } = self.entry;
        let fiber = self.fibers.get_mut(id);
        let function = &self.functions[number as usize];
        let is_usual = usize::from(function.entry_count) == args.len()
            && fiber.stack.capacity() >= BASE + usize::from(function.registers)
            && self.safepoint.is_none();
        if !is_usual {
            return None;
        }
        let word = FrameWord::new(BOTTOM | AWAITED, size_of::<Value>(), number);
        let back = code + usize::from(function.await_step) * size_of::<Instruction>();
        let base = fiber.stack.start().wrapping_add(BASE);
        // SAFETY: the stack has room for the frame, as that was looked at: its registers, of which the
        // arguments and the closure are some, and its header below them.
        unsafe {
            put_words(base.sub(1), word.0, back as u64);
            match args {
                // One by one: the loop would be laid out for more than there ever are.
                [] => {}
                [only] => copy_slot(base, only),
                [first, second] => {
                    copy_slot(base, first);
                    copy_slot(base.add(1), second);
                }
                _ => {
                    for (index, value) in args.iter().enumerate() {
                        copy_slot(base.add(index), value);
                    }
                }
            }
            if function.closure_register != 255 {
                write_slot(base.add(usize::from(function.closure_register)), callee);
            }
        }
        let pc = function.entry();
        self.stack_end = if self.watches_stack { 0 } else { fiber.stack.end() };
        self.running = id;
        self.at_once = 0;
        self.fuel -= 1;
        self.forget_halt();
        Some(At { pc, base })
    }

    /// Takes the fuel of the next slice for a call, unless there is something else to be done then.
    #[cold]
    fn refuel_entry(&mut self) -> bool {
        self.profiler.is_none() && !self.heap.due() && self.next_slice()
    }

    /// Makes the fiber that is kept.
    #[cold]
    fn make_entry(&mut self) {
        let number = self.stub(0, true);
        let code = self.functions[number as usize].entry().expose_provenance();
        let fiber = self.fibers.add(SLOTS);
        self.count_fibers();
        let kept = self.fibers.get_mut(fiber);
        let word = FrameWord::new(BOTTOM | AWAITED, size_of::<Value>(), number);
        kept.stack.set(0, Value::frame(word.0 >> 8, 0));
        (kept.pc, kept.base, kept.top) = (code, 1, 1);
        self.entry = Entry { fiber, code, left: FiberId::NONE };
    }

    /// The kept fiber has become too large.
    #[cold]
    fn give_entry_back(&mut self) {
        let fiber = std::mem::replace(&mut self.entry.fiber, FiberId::NONE);
        self.free_fiber(fiber);
    }

    /// A call has not ended at once: its frame is no longer taken for the first one, and the fiber belongs
    /// to it.
    #[cold]
    fn entry_left(&mut self) -> Value {
        let fiber = std::mem::replace(&mut self.entry.fiber, FiberId::NONE);
        let stack = &self.fibers.get_mut(fiber).stack;
        let header = stack.get(BASE - 1);
        let word = FrameWord(header.tag() & !(BOTTOM << 8));
        stack.set(BASE - 1, Value::frame(word.0 >> 8, header.bits()));
        self.entry.left = fiber;
        Value::end()
    }
}
