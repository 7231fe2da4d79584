//! The `kettle` command.

fn main() {}
