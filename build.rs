//! Generates the parser from `grammar/kettle.lalrpop`, chooses how instructions are dispatched, sees whether the
//! bytecode of the library is that of its texts, and says how the program is linked.

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
    let fingerprint = library_fingerprint()?;
    println!("cargo::rustc-env=KETTLE_LIBRARY_FINGERPRINT={fingerprint}");
    println!("cargo::rustc-check-cfg=cfg(carried_library)");
    if carried_fingerprint() == Some(fingerprint) {
        println!("cargo::rustc-cfg=carried_library");
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

/// The bytecode of the modules that are written in Kettle.
const LIBRARY: &str = "stdlib/compiled.bin";

/// What decides of what that consists: the texts, which of them are put together, and all that reads and compiles
/// them.
const LIBRARY_INPUTS: [&str; 6] =
    ["stdlib", "grammar", "src/syntax", "src/compile", "src/bytecode", "src/natives/stdlib.rs"];

/// What lies among that and changes nothing: warnings, which nobody asks for there, and tests.
const LIBRARY_BYSTANDERS: [&str; 3] = ["lint", "tests", "tests.rs"];

/// The fingerprint of what the bytecode of the library would be made of now.
fn library_fingerprint() -> Result<u64, Box<dyn Error>> {
    let mut files = Vec::new();
    for input in LIBRARY_INPUTS {
        println!("cargo::rerun-if-changed={input}");
        collect(Path::new(input), &mut files)?;
    }
    files.sort();
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    for path in files {
        for part in path.components() {
            hash.add(part.as_os_str().as_encoded_bytes());
            hash.add(b"/");
        }
        let mut text = fs::read(&path)?;
        // Elsewhere line ends mean nothing; in the library places in the text are part of the bytecode.
        if path.extension().is_none_or(|extension| extension != "ket") {
            text.retain(|byte| *byte != b'\r');
        }
        hash.add(&text.len().to_le_bytes());
        hash.add(&text);
    }
    Ok(hash.0)
}

/// The files below a path that decide of what the library consists.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !path.is_dir() {
        let is_input =
            path.extension().is_some_and(|it| it == "ket" || it == "rs" || it == "lalrpop");
        if is_input {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !LIBRARY_BYSTANDERS.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

/// The fingerprint of what the bytecode was made of: it stands behind the eight bytes with which an archive begins
/// (`src/bytecode/archive/`).
fn carried_fingerprint() -> Option<u64> {
    let archive = fs::read(LIBRARY).ok()?;
    Some(u64::from_le_bytes(archive.get(8..16)?.try_into().ok()?))
}

/// The hash function FNV-1a.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
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
