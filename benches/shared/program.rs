//! What is measured: the binary and the programs. It knows nothing of what they do.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary: the one in `KETTLE_BIN`, or that which was built with the bench.
pub fn binary() -> PathBuf {
    std::env::var_os("KETTLE_BIN")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_kettle")), PathBuf::from)
}

/// A file of `benches/programs`.
pub fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs").join(name)
}

/// Whether a program can be started; `question` makes it print its version and end.
pub fn is_installed(name: &str, question: &str) -> bool {
    let mut command = Command::new(name);
    command.arg(question).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
