//! The bytecode of the library that the program carries is that of its texts.

use std::fs;
use std::path::Path;

use kettle::engine::library_archive;
use kettle::natives::stdlib;

/// `KETTLE_UPDATE=1` writes it anew; the program has it from the next build on.
#[test]
fn the_library_is_carried_as_it_is_compiled_now() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("stdlib/compiled.bin");
    let wanted = library_archive().expect("the library compiles");
    if std::env::var_os("KETTLE_UPDATE").is_some() {
        fs::write(&path, &wanted).expect("the file can be written");
        return;
    }
    assert!(
        fs::read(&path).unwrap_or_default() == wanted,
        "stdlib/compiled.bin is not up to date: KETTLE_UPDATE=1 cargo test --test bytecode library"
    );
    assert!(wanted == stdlib::COMPILED, "the program does not carry stdlib/compiled.bin");
}
