//! Generates the parser from `kettle.lalrpop`.

fn main() {
    let generated = lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"))
        .emit_rerun_directives(true)
        .process();
    if let Err(error) = generated {
        eprintln!("grammar/kettle.lalrpop: {error}");
        std::process::exit(1);
    }
}
