//! Runs every example in the documentation of the standard library.
//!
//! An example that prints is a program; any other is an expression, whose value is printed.

use kettle::engine::{Engine, Output, Vm};
use kettle::natives::listing::listing;
use kettle::natives::stdlib::MODULES;
use kettle::natives::{Role, declarations};

#[test]
fn examples_print_what_they_say() {
    let mut count = 0;
    let mut faults = Vec::new();
    for entry in listing() {
        for example in &entry.examples {
            count += 1;
            let code = &example.code;
            let is_program = code.contains("print(") || code.contains('\n');
            let source = if is_program { code.clone() } else { format!("print({code})") };
            let module = entry.path.split('.').next().filter(|module| MODULES.contains(module));
            // What a module written in Kettle says of itself takes it as imported.
            let source = match module {
                Some(module) if !code.contains("import ") => format!("import {module}\n{source}"),
                _ => source,
            };
            let shown = run(&source);
            if shown != format!("{}\n", example.printed) {
                let (path, printed) = (&entry.path, &example.printed);
                faults.push(format!("{path}: {code}\n  says   {printed}\n  prints {shown}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {count} examples:\n{}", faults.len(), faults.join("\n"));
}

/// What a program prints, or its error.
fn run(source: &str) -> String {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    let program = match engine.compile_text("example.ket", source) {
        Ok(program) => program,
        Err(error) => return error.render(false),
    };
    let ended = Vm::new(&engine).and_then(|mut vm| vm.run(&program));
    match ended {
        Ok(_) => output.text(),
        Err(error) => error.report(false),
    }
}

#[test]
fn methods_of_the_core_types_show_an_example() {
    let types =
        ["int", "float", "duration", "str", "bytes", "buffer", "list", "map", "set", "range"];
    for declaration in declarations() {
        let signature = declaration.signature;
        let is_method = matches!(signature.role, Role::Method | Role::Property);
        if is_method && types.contains(&signature.owner()) {
            assert!(!declaration.examples.is_empty(), "{} shows no example", signature.path);
        }
    }
}
