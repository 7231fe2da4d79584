//! Functions of the VM's own: the first frames of fibers that begin with a call. Each is made when a fiber first
//! needs it; a VM that has just been made has none.

use std::sync::Arc;

use super::Vm;
use super::load::unplaced;
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::FunctionCode;

/// Fibers with up to this many arguments need no list for them.
pub(super) const STUB_ARGUMENTS_MAX: usize = 8;
/// What stands for a list and a map of arguments.
const SPREAD: usize = STUB_ARGUMENTS_MAX + 1;
/// No function has this number.
const NONE: u32 = u32::MAX;

/// The numbers of those that have been made.
#[derive(Debug)]
pub(super) struct Stubs {
    /// Those that wait for nothing, then those that do; by the number of arguments.
    known: [[u32; SPREAD + 1]; 2],
}

impl Default for Stubs {
    fn default() -> Stubs {
        Stubs { known: [[NONE; SPREAD + 1]; 2] }
    }
}

impl Vm {
    /// The function that calls `R[0]` with so many arguments from `R[1]` on, at most `STUB_ARGUMENTS_MAX`.
    #[inline]
    pub(super) fn stub(&mut self, count: usize, awaited: bool) -> u32 {
        match self.stubs.known[usize::from(awaited)][count] {
            NONE => self.make_stub(count, awaited),
            known => known,
        }
    }

    /// The function that calls `R[0]` with the list `R[1]` and the map `R[2]`.
    pub(super) fn spread_stub(&mut self, awaited: bool) -> u32 {
        self.stub(SPREAD, awaited)
    }

    #[cold]
    fn make_stub(&mut self, count: usize, awaited: bool) -> u32 {
        let (op, count_in_code) = match (count, awaited) {
            (SPREAD, true) => (Opcode::CallSpreadAwait, 0),
            (SPREAD, false) => (Opcode::CallSpread, 0),
            (count, true) => (Opcode::CallAwait, count as u8),
            (count, false) => (Opcode::Call, count as u8),
        };
        let number = self.load_synthetic(vec![stub(op, count_in_code)]);
        self.stubs.known[usize::from(awaited)][count] = number;
        number
    }
}

/// A function that calls what is in its `R[0]` and returns the result. It waits for that, and is
/// awaited itself, if the opcode does.
fn stub(op: Opcode, count: u8) -> FunctionCode {
    let waits = matches!(op, Opcode::CallAwait | Opcode::CallSpreadAwait);
    let mut code = vec![Instruction::new(op, 0, 0, count, 0)];
    if waits {
        code.push(Instruction::new(Opcode::AwaitResult, 0, 0, 0, 0));
    }
    code.push(Instruction::new(Opcode::Return, 0, 0, 0, 0));
    FunctionCode {
        name: Arc::from("<fiber>"),
        registers: 3.max(count + 1),
        closure_register: 255,
        is_async: waits,
        body: unplaced(code),
        ..FunctionCode::default()
    }
}
