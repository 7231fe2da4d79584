//! `kettle check`: mistakes in programs, found without running them.

use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::render;
use crate::engine::Engine;

/// Compiles each file with all that it imports and prints what there is to say.
pub fn check(files: &[String]) -> i32 {
    let engine = Engine::new();
    let mut status = 0;
    for file in files {
        let (diagnostics, sources) = match engine.compile_file(file) {
            Ok(program) => (program.warnings().to_vec(), program.sources().clone()),
            Err(error) => {
                status = STATUS_MISUSE;
                (error.diagnostics, error.sources)
            }
        };
        terminal::err(&render(&diagnostics, &sources, terminal::has_colour()));
    }
    status
}
