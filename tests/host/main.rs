//! What a Rust host gives to scripts: functions, modules, types; and the errors that come back.

mod error;
mod example;
mod lend;
mod object;
mod registration;
mod serde;

use kettle::engine::{Engine, Vm};

/// A VM that has run a text.
fn vm(engine: &Engine, text: &str) -> Vm {
    let program =
        engine.compile_text("test.ket", text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let mut vm = Vm::new(engine).expect("a VM can be made");
    let status =
        vm.run_blocking(&program).unwrap_or_else(|error| panic!("{}", error.report(false)));
    assert_eq!(status, 0);
    vm
}

/// What a script prints that is run by an engine.
fn printed(mut engine: Engine, text: &str) -> String {
    let output = kettle::engine::Output::captured();
    engine.options().stdout = output.clone();
    engine.options().virtual_clock = true;
    vm(&engine, text);
    output.text()
}
