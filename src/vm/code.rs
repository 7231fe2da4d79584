//! Functions as the VM runs them: its own copy of the code, and what a call has to know.
//!
//! The copy is relocated (constants, slots, functions and classes are numbers in the tables of the
//! VM) and changes while it runs: field accesses keep a cache in their instruction. What they were
//! before stands in the module's code, which is never changed.

use std::cell::Cell;
use std::sync::Arc;

use super::value::Value;
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{FunctionCode, ModuleCode};

/// A count that no call has.
const NEVER: u16 = u16::MAX;

/// The part of a function that every call reads.
#[derive(Debug)]
pub struct Function {
    /// The instructions.
    pub code: Box<[Cell<Instruction>]>,
    /// Registers of its frame.
    pub registers: u16,
    /// With exactly so many arguments the host can begin in its frame: it is no generator.
    pub entry_count: u16,
    /// The same in bytes.
    pub frame_bytes: u32,
    /// With exactly so many arguments a bare call needs no more than a frame.
    pub plain_count: u16,
    /// With exactly so many arguments an awaited call needs no more than a frame.
    pub await_count: u16,
    /// With exactly so many arguments a new fiber can begin in its frame: it is async, and no generator.
    pub fiber_count: u16,
    /// Where its closure goes at entry, or 255.
    pub closure_register: u8,
    /// How many instructions behind an awaited call it returns: 1 more if it is async.
    pub await_step: u8,
}

/// The part of a function that only slow paths read.
#[derive(Debug)]
pub struct FunctionInfo {
    /// The module that it came with.
    pub module: Arc<ModuleCode>,
    /// Number of that module in the VM; `None` for code of the VM itself.
    pub module_index: Option<u32>,
    /// Its number in the module.
    pub index: u32,
    /// The class in whose body it stands, as a number in the VM's table of class codes.
    pub class: Option<u32>,
}

impl FunctionInfo {
    /// What the compiler made.
    pub fn code(&self) -> &FunctionCode {
        &self.module.functions[self.index as usize]
    }
}

impl Function {
    /// The hot part of a function whose code has been relocated.
    pub fn new(code: Vec<Instruction>, source: &FunctionCode) -> Function {
        let exact = u16::try_from(source.params.len()).map_or(NEVER, |count| {
            if source.has_rest { NEVER } else { count + u16::from(source.has_self) }
        });
        let entry_count = if source.generator_register.is_none() { exact } else { NEVER };
        Function {
            code: code.into_iter().map(Cell::new).collect(),
            registers: u16::from(source.registers),
            entry_count,
            frame_bytes: u32::from(source.registers) * size_of::<Value>() as u32,
            plain_count: if source.is_async { NEVER } else { exact },
            await_count: exact,
            fiber_count: if source.is_async { entry_count } else { NEVER },
            closure_register: source.closure_register,
            await_step: 1 + u8::from(source.is_async),
        }
    }

    /// The address of its first instruction.
    #[inline(always)]
    pub fn entry(&self) -> *const Instruction {
        // A cell has the layout of its content.
        self.code.as_ptr().cast()
    }

    /// The index of the instruction at an address.
    #[inline]
    pub fn index_of(&self, pc: usize) -> usize {
        pc.wrapping_sub(self.code.as_ptr().addr()) / size_of::<Instruction>()
    }

    /// Whether its code has been read. If not, all of it is `ReadBody`.
    #[inline]
    pub fn is_read(&self) -> bool {
        self.at(0).is_none_or(|first| first.op != Opcode::ReadBody)
    }

    /// The instruction at an index.
    pub fn at(&self, index: usize) -> Option<Instruction> {
        self.code.get(index).map(Cell::get)
    }
}
