//! The smallest host: `cargo run --example minimal`.

use kettle::{Engine, Error, Vm};

/// Public so that a test can call it.
pub fn main() -> Result<(), Error> {
    let mut engine = Engine::new();
    engine.function("shout", |text: &str| text.to_uppercase());
    let program =
        engine.compile_text("greet.ket", "pub fn greet(name) { shout(\"hello ${name}\") }")?;
    let mut vm = Vm::new(&engine)?;
    vm.run_blocking(&program)?;
    println!("{}", vm.call_blocking::<String>("greet", ("you",))?);
    Ok(())
}
