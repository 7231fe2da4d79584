//! Kettle: a small scripting language whose runtime is an event loop.

pub mod bytecode;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod diagnostics;
pub mod engine;
pub mod natives;
pub mod runtime;
pub mod syntax;
pub mod tools;
pub mod vm;
