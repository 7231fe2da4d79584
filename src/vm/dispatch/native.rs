//! Calls of natives that are called at once, with just what they take: nearly every call of a function of a
//! host, or of one of the library. There is no frame, nothing is saved, and the result is copied.

use std::sync::Arc;

use super::{At, NATIVE, tag};
use crate::bytecode::instruction::Instruction;
use crate::vm::Vm;
use crate::vm::error::Thrown;
use crate::vm::exit::Args;
use crate::vm::native::{InlineFn, NativeBody, NativeId};
use crate::vm::object::Header;
use crate::vm::value::{Value, write_slot};

/// What has come of an instruction that was carried out where it stands.
pub(super) enum Carried {
    /// It is done, and the next one is next.
    Done,
    /// Nothing has happened: it has to be carried out in another way.
    Not,
    /// The native has been called and has given this, of which more has to be made.
    Given(Value),
}

/// `Call` of anything but a closure that takes what is given.
///
/// # Safety
/// As for [`slow`](super::op::slow).
#[inline(always)]
pub(super) unsafe fn call(vm: *mut Vm, At { pc, base }: At) -> Carried {
    // SAFETY: promised by the caller; values of a kind point to live objects of that kind.
    unsafe {
        let Instruction { a, b, c, .. } = *pc;
        let callee = base.add(usize::from(b));
        if tag(callee) != NATIVE {
            return Carried::Not;
        }
        let id = NativeId((*(*callee).address::<Header>()).word());
        if !(*vm).registry.arity(id).takes(usize::from(c)) {
            return Carried::Not;
        }
        let running = (*vm).running;
        let slot = (*vm).fibers.get(running).stack.index_of(base) + usize::from(a);
        let args = Args::new(running, slot as u32 + 1, u32::from(c));
        let given = match &(*vm).registry.native(id).body {
            NativeBody::Host(function) => {
                let function = Arc::as_ptr(function);
                // Natives are only ever added, so the closure lives as long as the VM, and it stays where
                // it is when their table moves. It is not changed by being called.
                (*function)(&mut *vm, args)
            }
            NativeBody::Inline(function) => call_inline(*function, &mut *vm, args),
            NativeBody::Loop(_) => return Carried::Not,
        };
        if given.is_mark() {
            return Carried::Given(given);
        }
        write_slot(base.add(usize::from(a)), given);
        if (*vm).heap.due() { Carried::Given(given) } else { Carried::Done }
    }
}

/// Calls a function whose result is returned in memory: whoever has a place for that cannot jump to the next
/// instruction.
#[inline(never)]
fn call_inline(function: InlineFn, vm: &mut Vm, args: Args) -> Value {
    let result = function(vm, args);
    vm.given(result)
}

impl Vm {
    /// Runs a native that never leaves the run loop; none if it is not such a one.
    #[inline(always)]
    pub(in crate::vm) fn run_native(
        &mut self,
        id: NativeId,
        args: Args,
    ) -> Option<Result<Value, Thrown>> {
        match &self.registry.native(id).body {
            NativeBody::Inline(function) => {
                let function = *function;
                Some(function(self, args))
            }
            NativeBody::Host(function) => {
                let function = Arc::as_ptr(function);
                // SAFETY: as in `call`.
                let given = unsafe { (*function)(self, args) };
                Some(self.result_of(given))
            }
            NativeBody::Loop(_) => None,
        }
    }
}
