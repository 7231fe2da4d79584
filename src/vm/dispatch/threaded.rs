//! The threaded backend: one function per opcode, which ends by jumping to that of the next one.
//!
//! The registers of the VM are the arguments of these functions and stay in registers of the
//! machine. The jump is a call in tail position which the optimiser makes a jump: it does so if all
//! have the same signature, if the caller keeps nothing in memory and if nothing is left to do, hence
//! the one signature and the slow paths in functions of their own, which are jumped to and jump on.
//! `.ci/assembly` looks whether it did.

#![expect(non_snake_case, reason = "a handler has the name of its opcode")]
#![expect(unused_mut, unused_macros, reason = "not every arm moves the base or has a slow path")]

use super::op::{Op, Step};
use super::*;

/// Carries out the instruction at `pc`, and all that follow until one leaves.
type Handler = unsafe fn(*mut Vm, *const Instruction, *mut Value);

/// Goes on with the instruction at `pc`.
macro_rules! dispatch {
    ($vm:ident $pc:ident $base:ident) => {
        return HANDLERS[(*$pc).op as usize]($vm, $pc, $base)
    };
}

/// Makes the arms a function each, and the table of them.
macro_rules! handlers {
    (
        ($dollar:tt $vm:ident $pc:ident $base:ident)
        $( $(Opcode::$name:ident)|+ => $body:expr, )+
    ) => {
        $( $(
            unsafe fn $name(
                $vm: *mut Vm,
                mut $pc: *const Instruction,
                mut $base: *mut Value,
            ) {
                macro_rules! next {
                    () => { dispatch!($vm $pc $base) };
                }
                macro_rules! slow {
                    ($dollar body:expr) => { return slow($vm, $pc, $base, $dollar body) };
                }
                macro_rules! rare {
                    ($dollar body:expr) => { return rare($vm, $pc, $base, $dollar body) };
                }
                macro_rules! carry {
                    ($dollar carries:expr, $dollar body:expr) => {
                        return carry($vm, $pc, $base, |vm, at| $dollar carries(vm, at), $dollar body)
                    };
                }
                macro_rules! quit {
                    ($dollar leaves:expr, $dollar body:expr) => {
                        return quit($vm, $pc, $base, |vm, at| $dollar leaves(vm, at), $dollar body)
                    };
                }
                // SAFETY: promised by the caller of `run` and kept by every instruction: `pc` is an
                // instruction of loaded code, `base` its frame, all registers that it names lie on
                // the stack, and values of a kind point to live objects of that kind.
                unsafe { $body }
            }
        )+ )+

        /// The handler of an opcode.
        const fn handler(op: Opcode) -> Handler {
            match op {
                $( $( Opcode::$name => $name, )+ )+
            }
        }
    };
}

instructions!(handlers $ vm pc base);

/// The handlers by the number of their opcode: as many as a byte has values, so that no look-up has
/// to be checked.
static HANDLERS: [Handler; 256] = {
    let mut handlers: [Handler; 256] = [Nop; 256];
    let mut number = 0;
    while number < Opcode::ALL.len() {
        handlers[Opcode::ALL[number] as usize] = handler(Opcode::ALL[number]);
        number += 1;
    }
    handlers
};

/// Runs until an instruction leaves.
///
/// # Safety
/// `start` names an instruction of loaded code and the base of its frame on the running fiber's
/// stack.
pub(super) unsafe fn run(vm: *mut Vm, start: At) {
    let At { pc, base } = start;
    // SAFETY: promised by the caller.
    unsafe { dispatch!(vm pc base) }
}

/// Carries out an instruction by a function, then goes on.
#[inline(never)]
unsafe fn slow(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) {
    // SAFETY: as for the handler that is being carried out.
    unsafe {
        let At { pc, base } = op::slow(vm, pc, base, body);
        if !pc.is_null() {
            dispatch!(vm pc base)
        }
    }
}

/// Carries an instruction out by a function if that can, else by another one.
#[inline(never)]
unsafe fn carry(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    carries: impl FnOnce(*mut Vm, At) -> Carried,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) {
    // SAFETY: as for the handler that is being carried out.
    unsafe {
        match carries(vm, At { pc, base }) {
            Carried::Done => {
                let pc = pc.add(1);
                dispatch!(vm pc base)
            }
            Carried::Not => slow(vm, pc, base, body),
            Carried::Given(value) => slow(vm, pc, base, move |op| op.take_given(value)),
        }
    }
}

/// Leaves by a function if that can, else the instruction is carried out by another one.
#[inline(never)]
unsafe fn quit(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    leaves: impl FnOnce(*mut Vm, At) -> bool,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) {
    // SAFETY: as for the handler that is being carried out.
    unsafe {
        if !leaves(vm, At { pc, base }) {
            return slow(vm, pc, base, body);
        }
    }
}

/// The same, for what hardly ever happens.
#[cold]
#[inline(never)]
unsafe fn rare(
    vm: *mut Vm,
    pc: *const Instruction,
    base: *mut Value,
    body: impl FnOnce(&mut Op<'_>) -> Step,
) {
    // SAFETY: as for the handler that is being carried out.
    unsafe {
        let At { pc, base } = op::rare(vm, pc, base, body);
        if !pc.is_null() {
            dispatch!(vm pc base)
        }
    }
}
