//! The `kettle` command. What it does is told in [`kettle::cli`].

use std::process::exit;

fn main() {
    exit(kettle::cli::main(std::env::args_os().skip(1)));
}
