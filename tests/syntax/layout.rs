//! One test for each rule of the layout filter. Two texts that mean the same have one tree.

use kettle::syntax;

use super::parse;

/// The tree of a text without faults; warnings are not faults.
fn tree(text: &str) -> String {
    let parsed = parse(text);
    assert!(!parsed.has_errors(), "{text}\n{:?}", parsed.diagnostics);
    syntax::dump(&parsed.module)
}

#[track_caller]
fn same(text: &str, other: &str) {
    assert_eq!(tree(text), tree(other), "{text}\n--\n{other}");
}

#[track_caller]
fn statements(text: &str, count: usize) {
    tree(text);
    assert_eq!(parse(text).module.statements.len(), count, "{text}");
}

#[track_caller]
fn wrong(text: &str) {
    assert!(parse(text).has_errors(), "{text}");
}

#[test]
fn a_newline_ends_a_statement_behind_an_operand() {
    for end in ["a", "1", "1s", "\"s\"", "f()", "[1]", "{a: 1}", "true", "null", "self", "b\"x\""] {
        statements(&format!("{end}\nb"), 2);
    }
    for word in ["return", "break", "continue", "yield"] {
        same(
            &format!("fn f() {{ loop {{ {word}\nx }} }}"),
            &format!("fn f() {{ loop {{ {word}; x }} }}"),
        );
    }
}

#[test]
fn a_newline_behind_an_operator_counts_nothing() {
    for op in [
        "+", "-", "*", "/", "//", "%", "**", "<<", "&", "^", "|", "&&", "||", "??", "==", "in",
        ".", "..", "!in",
    ] {
        statements(&format!("a {op}\nb"), 1);
    }
    statements("x =\n1", 1);
    statements("let x =\n\n# why\n1", 1);
}

#[test]
fn some_lines_go_on_with_the_one_before() {
    for op in [
        ".b", "?.b", "?[0]", "+ b", "* b", "/ b", "// b", "% b", "** b", "& b", "&& b", "|| b",
        "?? b", "^ b", "<< b", "== b", "< b", ".. b", "= 1", "+= 1", "in b", "is b", "!in b",
        "!is b", "- b", "| b",
    ] {
        statements(&format!("a\n{op}"), 1);
    }
    for line in ["-b", "!b", "(b)", "[b]", "{b: 1}", "|b| c", "~b", "|| { b }"] {
        statements(&format!("a\n{line}"), 2);
    }
    same("if a { }\nelse { }", "if a { } else { }");
    same("try { }\ncatch e { }\nfinally { }", "try { } catch e { } finally { }");
}

#[test]
fn newlines_count_only_directly_in_blocks() {
    same("f(a,\nb\n+ c)", "f(a, b + c)");
    same("f(a\n- b)", "f(a - b)");
    same("[a\n, b\n]", "[a, b]");
    same("let m = {a: 1,\nb: 2\n}", "let m = {a: 1, b: 2}");
    same("f(|| {\na\nb\n})", "f(|| { a; b })");
    same("\"${a\n}\"", "\"${a}\"");
}

#[test]
fn a_header_waits_for_its_block() {
    same("if a\n- b\n{ c }", "if a - b { c }");
    same("for x in xs\n{ y }", "for x in xs { y }");
    same("while a\n{ b }", "while a { b }");
    same("fn f()\n{ b }", "fn f() { b }");
    same("class A\nextends B\n{ }", "class A extends B { }");
    same("scope s\n(timeout: 1s)\n{ }", "scope s (timeout: 1s) { }");
    same("match a\n{ 1\n=> 2 }", "match a { 1 => 2 }");
    same("match a { b\nif c\n=> d }", "match a { b if c => d }");
}

#[test]
fn arms_members_and_their_separators() {
    same("match a { 1 => 2\n3 => 4 }", "match a { 1 => 2, 3 => 4 }");
    same("match a { 1 => { b } 3 => 4 }", "match a { 1 => { b }, 3 => 4 }");
    same("match a { 1 => b\nis C => d }", "match a { 1 => b, is C => d }");
    same("select { a = await b => c\nelse => d }", "select { a = await b => c, else => d }");
    same("enum A { B\nC(x)\nfn f() { } }", "enum A { B, C(x), fn f() { } }");
    same("class A { x\ny = 1\nfn f() { } z }", "class A { x; y = 1; fn f() { }; z }");
    same("class A { in\nis\nelse }", "class A { in; is; else }");
    wrong("class A { x, y }");
}

#[test]
fn separators_collapse() {
    statements("a;;b;\n\n;c;", 3);
    same("{ ; a ; ; b ; }", "{ a; b }");
    same("if a { b; }", "if a { b }");
    statements("", 0);
    statements("\n\n# nothing\n", 0);
}

#[test]
fn behind_a_block_on_its_line() {
    statements("if a { b } c()", 2);
    statements("fn f() { } let x = 1", 2);
    statements("if a { b } [c]", 1);
    statements("if a { b } + 1", 1);
    wrong("a b");
}

#[test]
fn braces_in_patterns_are_maps() {
    same("let {a} = b", "let {a: a} = b");
    same("for {a} in b { }", "for {a: a} in b { }");
    same("fn f({a}) { }", "fn f({a: a}) { }");
    same("|{a}| b", "|{a: a}| b");
    same("match x { {a} => b }", "match x { {a: a} => b }");
    same("select { {a} = await b => c }", "select { {a: a} = await b => c }");
    same("fn f(a = { let b = 1; b }) { }", "fn f(a = ({ let b = 1; b })) { }");
}

#[test]
fn braces_behind_operands_are_bodies() {
    assert_eq!(tree("if x {y}"), "(if x {y})\n");
    assert_eq!(tree("if f({a: 1}) {b}"), "(if (call f map{\"a\":1}) {b})\n");
    assert_eq!(tree("for i in 0.. { }"), "(for i (.. 0 _) {})\n");
    assert_eq!(tree("if a == {} { }"), "(if (== a map{}) {})\n");
    assert_eq!(tree("match {a, b} { }"), "(match map{a b})\n");
    assert_eq!(tree("for x in {a: 1} { }"), "(for x map{\"a\":1} {})\n");
}

#[test]
fn braces_elsewhere_are_told_by_what_stands_in_them() {
    for map in [
        "{a: 1}",
        "{\"a\": 1}",
        "{1: 2}",
        "{[k]: 1}",
        "{...m}",
        "{a, b}",
        "{if: 1}",
        "{\"${x}\": 1}",
    ] {
        assert!(tree(&format!("return {map}")).contains("map{"), "{map}");
        assert!(tree(&format!("|x| {map}")).contains("map{"), "{map}");
        assert!(tree(map).starts_with("map{"), "{map}");
    }
    for block in ["{ f() }", "{ a; b }", "{outer: for x in y { }}", "{[a, b]}", "{ let a = 1 }"] {
        assert!(!tree(&format!("let v = {block}")).contains("map{"), "{block}");
    }
    // These two are maps only where a value is wanted.
    for short in ["{}", "{a}"] {
        assert!(tree(&format!("let v = {short}")).contains("map{"), "{short}");
        for before in ["", "|x| ", "match x { 1 => "] {
            let after = if before.starts_with("match") { " }" } else { "" };
            assert!(!tree(&format!("{before}{short}{after}")).contains("map{"), "{before}{short}");
        }
    }
    assert!(!tree("spawn {a}").contains("map{"));
    assert!(!tree("defer {a}").contains("map{"));
}

#[test]
fn contextual_words_are_names_elsewhere() {
    for word in [
        "from", "as", "test", "timeout", "shield", "select", "extends", "daemon", "first", "get",
        "static",
    ] {
        same(
            &format!("let {word} = 1; f({word}, {word}: {word}); x.{word}"),
            &format!("let {word} = 1\nf({word},\n{word}: {word})\nx.{word}"),
        );
        assert!(!tree(&format!("fn {word}({word}) {{ {word} + 1 }}")).is_empty());
        assert!(!tree(&format!("class A {{ {word} = 1\nfn {word}() {{ }} }}")).is_empty());
    }
    assert_eq!(tree("timeout(5s)"), "(call timeout 5000000000ns)\n");
    assert_eq!(tree("timeout (a) { b }"), "(timeout a {b})\n");
    assert_eq!(tree("if timeout { 1 }"), "(if timeout {1})\n");
    assert_eq!(tree("import(x)"), "(call import x)\n");
    assert_eq!(tree("test \"x\" (real: true) { }"), "(test \"x\" (real:true) {})\n");
}

#[test]
fn keywords_are_names_where_only_names_can_stand() {
    same("x.if.match", "x\n.if\n.match");
    tree("f(in: 1, class: 2); {for: 1, \"while\": 2}");
    tree("class A { fn match() { }\nget in { 1 }\nlet = 1 }");
    wrong("{true: 1}");
    wrong("{null: 1}");
    assert_eq!(tree("x is fn | null"), "(is x fn|null)\n");
    assert_eq!(
        tree("match x { is A | null => 1, is B | C as d => 2 }"),
        "(match x ((is A|null) => 1) ((as (is B|C) d) => 2))\n"
    );
}

#[test]
fn an_else_belongs_to_the_nearest_if() {
    assert_eq!(tree("let a = if b { 1 } else { 2 }"), "(let a (if b {1} {2}))\n");
    assert_eq!(tree("let [a] = b else { c }"), "(let [a] b else {c})\n");
    assert_eq!(
        tree("let [a] = if b { 1 } else { 2 } else { c }"),
        "(let [a] (if b {1} {2}) else {c})\n"
    );
    assert_eq!(tree("let 1 = match b { }\nelse { c }"), "(let 1 (match b) else {c})\n");
}
