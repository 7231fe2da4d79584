//! Generates the parser from `grammar/kettle.lalrpop`, chooses how instructions are dispatched, and
//! says how the program is linked.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(threaded)");
    if is_threaded()? {
        println!("cargo::rustc-cfg=threaded");
    }
    if has_fixed_address()? {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    if has_order()? {
        let script = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("link/start.ld");
        println!("cargo::rerun-if-changed=link/start.ld");
        println!("cargo::rustc-link-arg-bins=-Wl,-T,{}", script.display());
        if let Some(folder) = own_unwinder()? {
            println!("cargo::rustc-link-arg-bins=-L{}", folder.display());
        }
    }
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(env::var("OUT_DIR")?)
        .emit_rerun_directives(true)
        .process()
}

/// Whether there is a function for each opcode (`src/vm/dispatch/threaded.rs`): where the optimiser
/// makes jumps of the calls between them. Otherwise every instruction would need a native frame.
fn is_threaded() -> Result<bool, Box<dyn Error>> {
    let arch = env::var("CARGO_CFG_TARGET_ARCH")?;
    let optimised = matches!(env::var("OPT_LEVEL")?.as_str(), "2" | "3");
    let sanitized = env::var("CARGO_ENCODED_RUSTFLAGS")?.contains("sanitizer");
    let refused = env::var_os("CARGO_FEATURE_PORTABLE_DISPATCH").is_some();
    Ok(matches!(arch.as_str(), "x86_64" | "aarch64") && optimised && !sanitized && !refused)
}

/// Whether the program is linked for one address. The tables of the library are full of addresses:
/// a program that may lie anywhere has to write each of them anew whenever it starts, which is a third
/// of the time that a short script takes, and makes a megabyte of shared pages its own.
fn has_fixed_address() -> Result<bool, Box<dyn Error>> {
    let is_linux = env::var("CARGO_CFG_TARGET_OS")? == "linux";
    Ok(is_linux && env::var("CARGO_CFG_TARGET_ENV")? == "gnu")
}

/// Whether the linker is told which functions a program's start needs, so that they lie together: a short
/// script has two thirds of the memory then. Linkers other than the usual ones may not know how.
fn has_order() -> Result<bool, Box<dyn Error>> {
    let optimised = matches!(env::var("OPT_LEVEL")?.as_str(), "2" | "3");
    let usual = !env::var("CARGO_ENCODED_RUSTFLAGS")?.contains("fuse-ld");
    Ok(has_fixed_address()? && env::var("CARGO_CFG_TARGET_ARCH")? == "x86_64" && optimised && usual)
}

/// A folder in which the library that walks the stack for backtraces goes by the name of the shared one, but is
/// the static one, if the C compiler has it: one library less that each start has to find and to map.
fn own_unwinder() -> Result<Option<PathBuf>, Box<dyn Error>> {
    let compiler = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let asked = Command::new(compiler).arg("-print-file-name=libgcc_eh.a").output();
    // A compiler that does not find a file gives its name as it was.
    let found = asked
        .is_ok_and(|said| Path::new(String::from_utf8_lossy(&said.stdout).trim()).is_absolute());
    if !found {
        return Ok(None);
    }
    let folder = Path::new(&env::var("OUT_DIR")?).join("link");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("libgcc_s.so"), "INPUT(-lgcc_eh)\n")?;
    Ok(Some(folder))
}
