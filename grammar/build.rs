//! Generates the parser from `kettle.lalrpop`.

fn main() {
    println!("cargo:rerun-if-changed=grammar/kettle.lalrpop");
}
