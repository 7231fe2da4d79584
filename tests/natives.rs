//! Runs every example in the documentation of the standard library, and the public test suite of
//! JSON parsers against `json`.
//!
//! An example that prints is a program; any other is an expression, whose value is printed.

use std::path::{Path, PathBuf};

use kettle::engine::{Engine, Output, Permissions, Vm};
use kettle::natives::listing::listing;
use kettle::natives::stdlib::modules;
use kettle::natives::{Role, declarations};

#[test]
fn examples_print_what_they_say() {
    let mut count = 0;
    let mut faults = Vec::new();
    for entry in listing() {
        for example in &entry.examples {
            count += 1;
            let code = &example.code;
            let is_program = code.contains("print(") || code.contains('\n');
            let source = if is_program { code.clone() } else { format!("print({code})") };
            let owner = entry.path.split('.').next();
            let module = modules().find(|module| Some(*module) == owner);
            // What a module written in Kettle says of itself takes it as imported.
            let source = match module {
                Some(module) if !code.contains("import ") => format!("import {module}\n{source}"),
                _ => source,
            };
            let shown = run(&source);
            if shown != format!("{}\n", example.printed) {
                let (path, printed) = (&entry.path, &example.printed);
                faults.push(format!("{path}: {code}\n  says   {printed}\n  prints {shown}"));
            }
        }
    }
    assert!(faults.is_empty(), "{} of {count} examples:\n{}", faults.len(), faults.join("\n"));
}

/// Modules that have no meaning in virtual time. All other examples run in it, so that what they
/// print does not depend on how busy the machine is.
const NEED_THE_MACHINE: &[&str] =
    &["import net", "from net", "import process", "from process", "shared/data/"];

/// What a program prints, or its error.
fn run(source: &str) -> String {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    engine.options().permissions = Permissions::all();
    engine.options().virtual_clock = !NEED_THE_MACHINE.iter().any(|name| source.contains(name));
    let program = match engine.compile_text("example.ket", source) {
        Ok(program) => program,
        Err(error) => return error.render(false),
    };
    let ended = Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program));
    match ended {
        Ok(_) => output.text(),
        Err(error) => error.report(false),
    }
}

#[test]
fn methods_of_the_core_types_show_an_example() {
    let types =
        ["int", "float", "duration", "str", "bytes", "buffer", "list", "map", "set", "range"];
    for declaration in declarations() {
        let signature = declaration.signature;
        let is_method = matches!(signature.role, Role::Method | Role::Property);
        if is_method && types.contains(&signature.owner()) {
            assert!(!declaration.examples.is_empty(), "{} shows no example", signature.path);
        }
    }
}

/// The folder of the JSON test suite, in a folder `shared` beside the repository or further up.
fn json_suite() -> Option<PathBuf> {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().skip(1);
    let mut suites = folders.map(|folder| folder.join("shared/data/json-test-suite"));
    suites.find(|suite| suite.is_dir())
}

/// What `json.parse` makes of each file of a folder: lines of a name, a tab, and the value or the
/// type of the error.
fn parsed(folder: &Path) -> Vec<(String, String)> {
    let folder = folder.to_str().expect("the path is text").to_owned();
    let source = format!(
        r#"
        import fs
        import json
        for name in await fs.list({folder:?}) {{
            let content = await fs.read_bytes({folder:?} + "/" + name)
            let shown = try {{ str(json.parse(content)) }} catch e {{ str(type(e)) }}
            print("${{name}}\t${{shown.replace("\n", " ")}}")
        }}
        "#
    );
    let text = run(&source);
    let lines = text.lines().map(|line| line.split_once('\t').expect("every line has a tab"));
    lines.map(|(name, shown)| (name.to_owned(), shown.to_owned())).collect()
}

#[test]
fn json_accepts_and_rejects_what_the_test_suite_says() {
    let Some(suite) = json_suite() else {
        eprintln!("skipped: there is no folder shared/data/json-test-suite above the repository");
        return;
    };
    let found = parsed(&suite.join("test_parsing"));
    assert!(found.len() > 300, "only {} files were read", found.len());
    for (name, shown) in &found {
        let rejected = shown == "ParseError";
        match name.as_bytes()[0] {
            b'y' => assert!(!rejected, "{name} has to be accepted"),
            b'n' => assert!(rejected, "{name} has to be rejected, not read as {shown}"),
            _ => {}
        }
    }
    // Where the standard leaves the choice to implementations: what is accepted.
    let accepted: Vec<&str> = found
        .iter()
        .filter(|(name, shown)| name.starts_with("i_") && shown != "ParseError")
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        "i_number_double_huge_neg_exp.json",
        "i_number_real_underflow.json",
        "i_number_too_big_neg_int.json",
        "i_number_too_big_pos_int.json",
        "i_number_very_big_negative_int.json",
        "i_structure_500_nested_arrays.json",
        "i_structure_UTF-8_BOM_empty_object.json",
    ];
    assert_eq!(accepted, expected);
}

#[test]
fn json_transforms_as_documented() {
    let Some(suite) = json_suite() else {
        eprintln!("skipped: there is no folder shared/data/json-test-suite above the repository");
        return;
    };
    let found = parsed(&suite.join("test_transform"));
    let expected = [
        ("number_-9223372036854775808", "[-9223372036854775808]"),
        ("number_-9223372036854775809", "[-9.223372036854776e18]"),
        ("number_1.0", "[1.0]"),
        ("number_1.000000000000000005", "[1.0]"),
        ("number_1000000000000000", "[1000000000000000]"),
        ("number_10000000000000000999", "[1e19]"),
        ("number_1e-999", "[0.0]"),
        ("number_1e6", "[1000000.0]"),
        ("number_9223372036854775807", "[9223372036854775807]"),
        ("number_9223372036854775808", "[9.223372036854776e18]"),
        ("object_key_nfc_nfd", "{\u{e9}: \"NFC\", e\u{301}: \"NFD\"}"),
        ("object_key_nfd_nfc", "{e\u{301}: \"NFD\", \u{e9}: \"NFC\"}"),
        ("object_same_key_different_values", "{a: 2}"),
        ("object_same_key_same_value", "{a: 1}"),
        ("object_same_key_unclear_values", "{a: -0.0}"),
        ("string_1_escaped_invalid_codepoint", "ParseError"),
        ("string_1_invalid_codepoint", "ParseError"),
        ("string_2_escaped_invalid_codepoints", "ParseError"),
        ("string_2_invalid_codepoints", "ParseError"),
        ("string_3_escaped_invalid_codepoints", "ParseError"),
        ("string_3_invalid_codepoints", "ParseError"),
        ("string_with_escaped_NULL", "[\"A\\0B\"]"),
    ];
    let expected = expected.map(|(name, shown)| (format!("{name}.json"), shown.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn json_keeps_to_the_limit_of_memory() {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    engine.options().permissions = Permissions::all();
    engine.options().memory_limit = 16 << 20;
    let source = r#"
        import json
        let text = "[" + "[],".repeat(300_000) + "[]]"
        print(try { json.parse(text) } catch e { type(e) })
        print(json.parse("[[1]]"))
        let long = "\x01" * 1_500_000
        print(try { json.stringify([long, long]) } catch e { type(e) })
        print(json.stringify(["\x01"]))
    "#;
    let program = engine.compile_text("limit.ket", source).expect("the program is right");
    let mut vm = Vm::new(&engine).expect("the machine can be made");
    vm.run_blocking(&program).expect("the errors are caught");
    assert_eq!(output.text(), "MemoryError\n[[1]]\nMemoryError\n[\"\\u0001\"]\n");
}
