//! Leaving the run loop for a native that is awaited with just what it takes: nearly every await of the
//! outside. It takes a third of what the way through an [`Op`](super::op::Op) does.

use super::{At, Halt};
use crate::bytecode::instruction::Instruction;
use crate::vm::Vm;
use crate::vm::exit::{Args, Left, NATIVE_AWAITED, NATIVE_WAITS};
use crate::vm::fiber::{Fiber, State};
use crate::vm::frame::FrameWord;
use crate::vm::native::NativeId;
use crate::vm::ops::invoke::InvokeCache;
use crate::vm::value::{Value, write_slot};

/// How many instructions behind the await of a native it goes on: the one behind would await a result that
/// is still to be waited for.
pub(super) const AWAIT_STEP: usize = 2;

/// `CallAwait` of a native. Says whether the loop is left; nothing has happened if it is not.
///
/// # Safety
/// As for [`slow`](super::op::slow).
#[inline(always)]
pub(super) unsafe fn by_call(vm: *mut Vm, at: At) -> bool {
    // SAFETY: promised by the caller.
    unsafe {
        let callee = *at.base.add(usize::from((*at.pc).b));
        match (*vm).heap.native_id(callee) {
            Some(native) => by_native(&mut *vm, at, native, 0),
            None => false,
        }
    }
}

/// `InvokeNativeAwait`. Says whether the loop is left; nothing has happened if it is not.
///
/// # Safety
/// As for [`slow`](super::op::slow).
#[inline(always)]
pub(super) unsafe fn by_invoke(vm: *mut Vm, at: At) -> bool {
    // SAFETY: promised by the caller.
    unsafe {
        let Instruction { a, imm, .. } = *at.pc;
        let receiver = *at.base.add(usize::from(a) + 1);
        let InvokeCache { closure, target, .. } = &(*vm).invoke_caches.as_slice()[imm as usize];
        let (expected, native) = (closure.bits(), NativeId(*target));
        let of = (*vm).heap.host_type(receiver);
        of.is_some_and(|of| expected == of as u64) && by_native(&mut *vm, at, native, 1)
    }
}

/// Leaves for a native if it takes as many arguments as there are, besides its receivers.
///
/// # Safety
/// As for [`slow`](super::op::slow).
#[inline(always)]
unsafe fn by_native(vm: &mut Vm, At { pc, base }: At, native: NativeId, receivers: usize) -> bool {
    // SAFETY: promised by the caller; a frame has its header below its base.
    let (Instruction { a, c, .. }, word) = unsafe { (*pc, FrameWord((*base.sub(1)).tag())) };
    let (slot, count) = (usize::from(a), usize::from(c));
    let arity = vm.registry.arity(native);
    if !arity.waits || !arity.takes(count - receivers) {
        return false;
    }
    if arity.halts && receivers > 0 && vm.at_once > 0 {
        vm.halt = Halt { pc: pc.expose_provenance(), base: base.expose_provenance() };
        vm.request.native = native;
        vm.left = Left::Native;
        return true;
    }
    if arity.gives_way && vm.at_once > 0 {
        // SAFETY: the register is on the stack.
        unsafe { write_slot(base.add(slot), Value::null()) }
        let (fiber, _) = save(vm, At { pc, base }, word, 0);
        fiber.pc = pc.wrapping_add(AWAIT_STEP).expose_provenance();
        vm.left = Left::Yield;
        return true;
    }
    if receivers > 0 {
        wait_for(vm, At { pc, base }, word, native);
    } else {
        wait_for_function(vm, At { pc, base }, word, native);
    }
    true
}

/// Leaves for a native: the running fiber waits for its result.
#[inline(always)]
fn wait_for(vm: &mut Vm, at: At, word: FrameWord, native: NativeId) {
    // SAFETY: the running frame is at an instruction of loaded code.
    let Instruction { a, c, .. } = unsafe { *at.pc };
    let first = suspend(vm, at, word, usize::from(a), usize::from(c));
    vm.request.native = native;
    vm.request.args = Args::new(vm.running, first, u32::from(c));
    vm.request.flags = NATIVE_AWAITED | NATIVE_WAITS;
    vm.left = Left::Native;
}

/// The same for a function: those that only give way, which are called most often, need no frame for it.
#[inline(never)]
fn wait_for_function(vm: &mut Vm, at: At, word: FrameWord, native: NativeId) {
    wait_for(vm, at, word, native);
}

/// Makes the running fiber wait for the result of an awaited native: it goes to the slot at some distance
/// from the base, behind which the arguments stand. Gives the index of the first one.
#[inline(always)]
pub(super) fn suspend(vm: &mut Vm, at: At, word: FrameWord, slot: usize, count: usize) -> u32 {
    let (fiber, base) = save(vm, at, word, slot + 1 + count);
    let slot = base + slot as u32;
    let next = at.pc.wrapping_add(AWAIT_STEP).expose_provenance();
    fiber.state = State::Slot { slot, next };
    slot + 1
}

/// Writes where execution stands into the running fiber, of whose frame `window` slots are in use at least.
/// Gives it with the index of its base.
#[inline(always)]
fn save(vm: &mut Vm, At { pc, base }: At, word: FrameWord, window: usize) -> (&mut Fiber, u32) {
    let registers = vm.functions.as_slice()[word.function() as usize].registers as usize;
    let fiber = vm.fibers.get_mut(vm.running);
    let index = fiber.stack.index_of(base);
    fiber.pc = pc.expose_provenance();
    fiber.base = index as u32;
    fiber.top = (index + registers.max(window)).min(fiber.stack.capacity()) as u32;
    (fiber, index as u32)
}
