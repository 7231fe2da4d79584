//! Texts that are hostile or damaged: each gives a diagnostic, in bounded time and memory.

use kettle::diagnostics::{Code, SourceId, SourceMap, render};
use kettle::syntax;

use super::parse;

fn codes(text: &str) -> Vec<Code> {
    parse(text).diagnostics.iter().filter_map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn deep_brackets() {
    for open in ["(", "[", "{", "f(", "{a: ", "|x| {", "if a {", "\"${"] {
        let text = open.repeat(200_000);
        assert!(codes(&text).contains(&Code::E0107), "{open}");
    }
    let fine = format!("{}1{}", "(".repeat(199), ")".repeat(199));
    assert!(codes(&fine).is_empty());
    let deep = format!("{}1{}", "(".repeat(201), ")".repeat(201));
    assert_eq!(codes(&deep), [Code::E0107]);
}

#[test]
fn deep_trees_without_brackets() {
    for head in ["!", "await ", "- ", "|x| ", "return ", "throw ", "b ?? |x| "] {
        let text = format!("{}1", head.repeat(20_000));
        assert!(codes(&text).contains(&Code::E0107), "{head}");
    }
    let text = format!("{}1", "2 ** ".repeat(20_000));
    assert_eq!(codes(&text), [Code::E0107]);
    let text = format!("{}1{}", "[".repeat(150), "]".repeat(150));
    assert!(codes(&text).is_empty());
}

#[test]
fn long_chains_are_fine() {
    for link in [" + 1", ".b", "(1)", "[0]", " && b", "?.c", " | d"] {
        let text = format!("let x = a{}", link.repeat(30_000));
        let parsed = parse(&text);
        assert!(parsed.diagnostics.is_empty(), "{link}");
        assert!(syntax::dump(&parsed.module).len() > 30_000);
    }
    let text = format!("if a {{ 1 }}{}", " else if b { 2 }".repeat(10_000));
    assert!(codes(&text).is_empty());
    let text = format!("x is a{}", " | b".repeat(20_000));
    assert!(codes(&text).is_empty());
    let text = format!("match x {{ a{} => 1 }}", " | 1".repeat(20_000));
    assert!(codes(&text).is_empty());
}

#[test]
fn a_line_of_five_megabytes() {
    let good = format!("f(\"{}\"); ", "long ".repeat(50)).repeat(20_000);
    assert!(good.len() > 5_000_000);
    assert!(codes(&good).is_empty());
    let bad = format!("{good} x y");
    let parsed = parse(&bad);
    assert_eq!(parsed.diagnostics.len(), 1);
    let mut sources = SourceMap::new();
    sources.add("big.ket", bad);
    assert!(render(&parsed.diagnostics, &sources, false).len() < 5_000);
}

#[test]
fn many_faults_take_bounded_time() {
    let text = "x y\n".repeat(200_000);
    let found = codes(&text).len();
    assert!((1..=20).contains(&found), "{found}");
    assert!(codes(&"\"\\q\" ".repeat(100_000)).len() < 100);
    assert!(codes(&"@ ".repeat(100_000)).len() < 100);
    assert!(codes(&") ".repeat(100_000)).len() < 100);
}

#[test]
fn damaged_texts() {
    assert_eq!(codes("a = \0 1"), [Code::E0103]);
    assert_eq!(codes(&"\0".repeat(1_000_000)), [Code::E0103]);
    assert_eq!(codes("let s = \"abc"), [Code::E0102]);
    assert_eq!(codes("let s = \"abc\nlet t = 1"), [Code::E0102]);
    assert_eq!(codes("let s = \"\"\"abc\n"), [Code::E0102]);
    assert_eq!(codes("let s = r#\"abc\"\n"), [Code::E0102]);
    assert_eq!(codes("print(\"a ${1 + \")"), [Code::E0122]);
    assert!(codes("\u{feff}let a = 1").is_empty());
    assert!(codes("#!/usr/bin/env kettle\nlet a = 1\r\nlet b = 2\r\n").is_empty());
    assert!(codes("").is_empty());
}

#[test]
fn bytes_that_are_no_text() {
    let (text, parsed) = syntax::parse_bytes(b"let a = 1\nlet b = \"\xff\xfe\"\n", SourceId(0));
    assert!(text.starts_with("let a = 1\nlet b = \""));
    assert_eq!(parsed.diagnostics[0].code, Some(Code::E0108));
    let (_, parsed) = syntax::parse_bytes(b"let a = 1\n", SourceId(0));
    assert!(parsed.diagnostics.is_empty());
}

#[test]
fn a_repl_knows_when_to_read_on() {
    for text in [
        "fn f() {",
        "f(1,",
        "[1, 2",
        "let x =",
        "a +",
        "\"\"\"abc",
        "if x",
        "\"${a",
        "match x { 1 =>",
        "x =",
    ] {
        assert!(parse(text).is_incomplete, "{text}");
    }
    for text in ["", "1", "fn f() { }", "x y", "\"abc", "f)", "let x = (1))", "x y (", "}", "# c"] {
        assert!(!parse(text).is_incomplete, "{text}");
    }
}
