//! The portable backend: one `loop` around one `match`.
//!
//! It runs everywhere, under sanitizers and without optimisation, where the threaded one would need
//! a native frame for every instruction.

use super::*;

/// Makes the arms those of one `match`.
macro_rules! arms {
    (
        ($dollar:tt $vm:ident $pc:ident $base:ident)
        $( $(Opcode::$name:ident)|+ => $body:expr, )+
    ) => {
        match (*$pc).op {
            $( $(Opcode::$name)|+ => $body, )+
        }
    };
}

/// Runs until an instruction leaves.
///
/// # Safety
/// `start` names an instruction of loaded code and the base of its frame on the running fiber's
/// stack.
pub(super) unsafe fn run(vm: *mut Vm, start: At) {
    let At { mut pc, mut base } = start;
    loop {
        macro_rules! next {
            () => {
                continue
            };
        }
        macro_rules! slow {
            ($body:expr) => {{
                let at = op::slow(vm, pc, base, $body);
                if at.pc.is_null() {
                    return;
                }
                pc = at.pc;
                base = at.base;
                continue;
            }};
        }
        macro_rules! carry {
            ($carries:expr, $body:expr) => {{
                match $carries(vm, At { pc, base }) {
                    Carried::Done => pc = pc.add(1),
                    Carried::Not => slow!($body),
                    Carried::Given(value) => slow!(|op| op.take_given(value)),
                }
                continue;
            }};
        }
        macro_rules! rare {
            ($body:expr) => {{
                let at = op::rare(vm, pc, base, $body);
                if at.pc.is_null() {
                    return;
                }
                pc = at.pc;
                base = at.base;
                continue;
            }};
        }
        macro_rules! quit {
            ($leaves:expr, $body:expr) => {{
                if $leaves(vm, At { pc, base }) {
                    return;
                }
                slow!($body)
            }};
        }
        // SAFETY: promised by the caller and kept by every instruction: `pc` is an instruction of
        // loaded code, `base` its frame, all registers that it names lie on the stack, and values
        // of a kind point to live objects of that kind.
        unsafe { instructions!(arms $ vm pc base) }
    }
}
