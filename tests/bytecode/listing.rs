//! Each `listing/*.ket` has its listing beside it; `KETTLE_UPDATE=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use kettle::bytecode::disassemble::disassemble;
use kettle::bytecode::op::Opcode;
use kettle::bytecode::program::CORE_MODULE_NAME;
use kettle::bytecode::verify::verify;

use crate::{compile_text, names};

/// The texts that there are listings of.
pub fn scripts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bytecode/listing");
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let mut scripts: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|e| e == "ket")).collect();
    scripts.sort();
    scripts
}

#[test]
fn source_becomes_the_code_that_is_written_beside_it() {
    let update = std::env::var_os("KETTLE_UPDATE").is_some();
    let mut faults = Vec::new();
    for script in scripts() {
        let text = fs::read_to_string(&script).expect("a script can be read");
        let (code, found) = compile_text(&text);
        let Some(code) = code else { panic!("{}: {found:?}", script.display()) };
        assert_eq!(verify(&code), Ok(()), "{}", script.display());
        let now = disassemble(&code, Some(&text));
        let beside = script.with_extension("txt");
        if update {
            fs::write(&beside, &now).expect("a listing can be written");
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        if now != expected {
            faults.push(format!("{}\n--- expected\n{expected}--- now\n{now}", script.display()));
        }
    }
    assert!(faults.is_empty(), "{} listings differ:\n\n{}", faults.len(), faults.join("\n\n"));
}

#[test]
fn the_same_source_gives_the_same_code() {
    for script in scripts() {
        let text = fs::read_to_string(&script).expect("a script can be read");
        let list = || compile_text(&text).0.map(|code| disassemble(&code, Some(&text)));
        assert_eq!(list(), list(), "{}", script.display());
    }
}

#[test]
fn every_opcode_that_the_compiler_writes_is_in_some_listing() {
    let mut listings = String::new();
    for script in scripts() {
        listings += &fs::read_to_string(script.with_extension("txt")).unwrap_or_default();
    }
    // Some only the VM writes, others only the core methods need.
    let elsewhere = [Opcode::Nop, Opcode::LoadUnset, Opcode::CallEither, Opcode::AskOrder];
    let missing: Vec<&str> = Opcode::ALL
        .iter()
        .filter(|op| !op.is_quickened() && !elsewhere.contains(op))
        .map(|op| op.text())
        .filter(|name| !listings.split_whitespace().any(|word| word == *name))
        .collect();
    assert!(missing.is_empty(), "in no listing: {missing:?}");
}

#[test]
fn calls_of_parameters_in_core_pass_on_whether_they_are_awaited() {
    let text = "fn list_map(list, f) {\n    let out = []\n    for x in list { out.push(f(x)) }\n    out\n}";
    let parsed = kettle::syntax::parse(text, kettle::diagnostics::SourceId(0));
    let source = kettle::diagnostics::SourceId(0);
    let files = std::collections::HashMap::new();
    let (code, _) = kettle::compile::compile(
        &parsed.module,
        CORE_MODULE_NAME,
        source,
        text,
        &names(),
        &files,
        kettle::compile::Purpose::Run,
    );
    let code = code.expect("the text compiles");
    let calls = code.functions.iter().flat_map(|function| &function.body.code);
    assert_eq!(calls.filter(|instruction| instruction.op == Opcode::CallEither).count(), 1);
}

#[test]
fn long_chains_need_no_native_stack() {
    let chains = [
        format!("var a = 1\nprint({})", vec!["a"; 20_000].join(" + ")),
        format!("var a = true\nif {} {{ print(1) }}", vec!["a"; 20_000].join(" && ")),
        format!("var a = null\nprint(a{})", ".b".repeat(20_000)),
        format!("var a = null\nprint(a{})", "?.b(1)".repeat(5_000)),
        format!("print([{}])", vec!["1"; 20_000].join(", ")),
        format!("print({})", vec!["1"; 20_000].join(", ")),
        "var a = 0\n".to_owned() + &"a += 1\n".repeat(20_000),
        format!("print({}{})", "[1, 2, ".repeat(180), "]".repeat(180)),
        format!("print({}1{})", "{a: 1, b: ".repeat(180), "}".repeat(180)),
    ];
    for text in chains {
        let (code, found) = compile_text(&text);
        assert!(code.is_some(), "{found:?}");
    }
}
