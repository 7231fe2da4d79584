//! Generates the parser from `kettle.lalrpop`, and says how the program is linked.

use std::env;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    if has_fixed_address()? {
        println!("cargo:rustc-link-arg-bins=-no-pie");
    }
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(env::var("OUT_DIR")?)
        .emit_rerun_directives(true)
        .process()
}

/// Whether the program is linked for one address. The tables of the library are full of addresses:
/// a program that may lie anywhere has to write each of them anew whenever it starts, which is a third
/// of the time that a short script takes, and makes a megabyte of shared pages its own.
fn has_fixed_address() -> Result<bool, Box<dyn Error>> {
    let is_linux = env::var("CARGO_CFG_TARGET_OS")? == "linux";
    Ok(is_linux && env::var("CARGO_CFG_TARGET_ENV")? == "gnu")
}
