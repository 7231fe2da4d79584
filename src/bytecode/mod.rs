//! Layer 3: the opcode table, the instruction format, compiled modules, their form in bytes, verifier,
//! disassembler.
//!
//! Everything here is plain data that is `Send + Sync`. It knows nothing of heap values, the
//! compiler that makes it or the VM that runs it.

pub mod archive;
pub mod assembler;
pub mod body;
pub mod disassemble;
pub mod instruction;
mod number;
pub mod op;
pub mod place;
pub mod program;
pub mod verify;
