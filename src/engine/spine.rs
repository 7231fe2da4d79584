//! The way of every program, from its text to its exit status. Begin reading here.
//!
//! ```text
//!   text ─ syntax::parse ─► trees ─ compile ─► Program ─ vm::load ─► closures
//!                                                            │
//!          exit status ◄─ runtime::turn, again and again ◄─ runtime::start
//!                             └ vm::run until an Exit
//! ```

use super::engine::Engine;
use super::error::Error;
use super::graph::Graph;
use super::program::Program;
use super::vm::Vm;
use crate::compile::Purpose;
use crate::diagnostics::SourceMap;

/// Runs the text of the module `name` with all that it imports; gives the exit status.
pub fn run(engine: &Engine, name: &str, text: Vec<u8>) -> Result<i32, Error> {
    // Step 1: tokens, then a syntax tree, of the module and of each one that it imports.
    let mut sources = SourceMap::new();
    let graph = Graph::read(engine.loader(), engine.names(), &mut sources, name, text);

    // Step 2: bytecode. It is plain data: any number of VMs can run it.
    let imports = engine.imports(&graph)?;
    let program = Program::compile(graph, imports, sources, Purpose::Run)?;

    // Step 3: code, constants and top-level closures of one VM.
    let mut vm = Vm::new(engine)?;
    let closures = vm.add_program(&program)?;

    // Step 4: the main task, whose fiber runs the modules in order, then `main`.
    vm.begin_program(&program, closures);

    loop {
        // Step 5: a turn of the loop. It runs the tasks that are ready, then looks for I/O, jobs
        // that have ended, due timers and signals.
        // Step 6, inside it: the VM runs a fiber until that leaves through an `Exit`.
        if let Some(end) = vm.pass_blocking() {
            let status = vm.conclude(end);
            vm.close();
            return status;
        }
    }
}
