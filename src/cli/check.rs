//! `kettle check`: mistakes in programs, found without running them.

use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::render;
use crate::engine::Engine;

/// Compiles each file with all that it imports and prints what there is to say. `-` is standard
/// input.
pub fn check(files: &[String]) -> i32 {
    let engine = Engine::new();
    let mut status = 0;
    for file in files {
        let compiled = match file.as_str() {
            "-" => match terminal::input() {
                Ok(text) => engine.compile_text("<stdin>", text),
                Err(message) => {
                    terminal::err(&format!("kettle: {message}\n"));
                    return STATUS_MISUSE;
                }
            },
            file => engine.compile_file(file),
        };
        let (diagnostics, sources) = match compiled {
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
