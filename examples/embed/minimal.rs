//! The smallest host: two functions for scripts, a program, a call into it.
//!
//! Run it with `cargo run --example minimal`.

use std::error::Error;

use kettle::engine::{Engine, Vm};

const SCRIPT: &str = r#"
pub async fn quote(item, count) {
    let price = await price_of(item)
    "${count} ${item}: ${money(price * count)}"
}
"#;

/// Public so that a test can call it.
pub fn main() -> Result<(), Box<dyn Error>> {
    let mut engine = Engine::new();
    engine.function("money", |cents: i64| format!("{}.{:02} €", cents / 100, cents % 100));
    engine.async_function("price_of", |item: String| async move {
        // A real host would ask a database here: any future will do.
        match item.as_str() {
            "kettle" => Ok(2995),
            _ => Err(format!("we do not sell `{item}`")),
        }
    });
    let program = engine.compile_text("quote.ket", SCRIPT)?;
    let mut vm = Vm::new(&engine)?;
    vm.run_blocking(&program)?;
    let line: String = vm.call_blocking("quote", ("kettle", 3))?;
    println!("{line}");
    match vm.call_blocking::<String>("quote", ("teapot", 1)) {
        Ok(line) => println!("{line}"),
        Err(error) => print!("{}", error.report(false)),
    }
    Ok(())
}
