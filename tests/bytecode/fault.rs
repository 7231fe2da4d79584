//! What the compiler reports: the code, the text it points at, and what the message says.

use kettle::diagnostics::{Code, Diagnostic};

use kettle::bytecode::program::ModuleCode;
use kettle::compile::Purpose;

use crate::{compile_for, compile_text};

/// `code`, the text under the primary label, and a part of title or help.
#[track_caller]
fn reports(text: &str, code: Code, under: &str, says: &str) {
    let (module, found) = compile_text(text);
    let Some(fault) = found.iter().find(|fault| fault.code == Some(code)) else {
        panic!("{text}: no {code}, but {found:?}");
    };
    assert_eq!(module.is_some(), !found.iter().any(Diagnostic::is_error), "{text}");
    let span = fault.primary().expect("a fault has a place").span;
    assert_eq!(&text[span.start as usize..span.end as usize], under, "{text}: {fault:?}");
    let all = format!("{} {}", fault.title, fault.help.join(" "));
    assert!(all.contains(says), "{text}: {all}");
}

#[track_caller]
fn accepts(text: &str) {
    let (module, found) = compile_text(text);
    assert!(module.is_some() && found.is_empty(), "{text}: {found:?}");
}

#[test]
fn unknown_names_get_a_suggestion() {
    reports("prnt(1)", Code::E0201, "prnt", "did you mean `print`?");
    reports("let count = 1\nprint(cuont)", Code::E0201, "cuont", "did you mean `count`?");
    reports("fs.read(1)", Code::E0201, "fs", "import fs");
    reports("print(undefined)", Code::E0201, "undefined", "null");
    reports("fn f() { missing_thing }", Code::E0201, "missing_thing", "unknown name");
    reports("print({nothing_here})", Code::E0201, "nothing_here", "unknown name");
    reports("1 is Strnig", Code::E0201, "Strnig", "unknown name");
}

#[test]
fn many_unknown_names_take_bounded_time() {
    let known: String = (0..5_000).map(|n| format!("let name_number_{n} = 1\n")).collect();
    let unknown: String = (0..20_000).map(|n| format!("name_numbr_{n}\n")).collect();
    let (module, found) = compile_text(&(known + &unknown));
    assert!(module.is_none());
    assert_eq!(found.len(), 100);
    assert_eq!(found[0].help, ["did you mean `name_number_0`?"]);
    assert!(found[99].help.is_empty());
}

#[test]
fn a_block_binds_a_name_once() {
    reports("let a = 1\nlet a = 2", Code::E0202, "a", "twice");
    reports("fn a() { }\nclass a { }", Code::E0202, "a", "twice");
    reports("import fs\nlet fs = 1", Code::E0202, "fs", "twice");
    accepts("let a = 1\n{ let a = 2; print(a) }\nfn f(a) { let b = a; b }");
    accepts("let print = 1\nlet x = print + 1");
}

#[test]
fn only_variables_are_assigned() {
    reports("let a = 1\na = 2", Code::E0203, "a", "var a");
    reports("let a = 1\nfn f() { a += 2 }", Code::E0203, "a", "var a");
    reports("fn f() { }\nf = 2", Code::E0203, "f", "cannot");
    reports("for i in [1] { i = 2 }", Code::E0203, "i", "own");
    reports("import fs\nfs = 2", Code::E0203, "fs", "own");
    reports("print = 2", Code::E0203, "print", "var print");
    reports("import {pi} from math\n[pi] = [3]", Code::E0203, "pi", "cannot");
    reports("import math\nmath.pi = 3", Code::E0203, "math.pi", "module");
    accepts("var a = 1\na = 2\nfn f(x) { x = 1; x }");
}

#[test]
fn names_are_set_before_they_are_used() {
    reports("print(a)\nlet a = 1", Code::E0204, "a", "before");
    reports("fn f() { print(b); let b = 1 }", Code::E0204, "b", "before");
    reports("let a = a", Code::E0204, "a", "before");
    reports("class A extends B { }\nclass B extends A { }", Code::E0204, "A", "circle");
    accepts("fn f() { a }\nlet a = 1\nprint(f())");
    accepts("let fact = |n| if n < 2 { 1 } else { n * fact(n - 1) }");
    accepts("let a = 1\n{ let a = a + 1; print(a) }");
    accepts("class B extends A { }\nclass A { }");
}

#[test]
fn self_and_super_belong_to_methods() {
    reports("self.x", Code::E0205, "self", "outside");
    reports("class C { static fn f() { self } }", Code::E0205, "self", "static");
    reports("class C { x = self }", Code::E0205, "self", "init");
    reports("class C { fn f() { super.f() } }", Code::E0205, "super", "extends");
    accepts("class C { x = 1; fn f() { || || self.x } }");
    accepts("class C { fn f() { 1 } }\nclass D extends C { fn f() { || super.f() } }");
}

#[test]
fn labels_name_loops_around() {
    reports("a: loop { break b: 1 }", Code::E0206, "b", "`b`");
    reports("a: loop { || { loop { continue a } }; break }", Code::E0206, "a", "`a`");
    reports("let a = 1\na: loop { break }", Code::E0207, "a", "variable");
    reports("for x in [1] { break 5 }", Code::E0211, "5", "loop");
    accepts("a: for x in [1] { loop { break a } }");
    accepts("a: loop { loop { break a: 5 } }");
}

#[test]
fn classes_declare_members_once() {
    reports("class C { x; fn x() { } }", Code::E0208, "x", "twice");
    reports("class C { fn init() { await sleep(1s) } }", Code::E0302, "await sleep(1s)", "static");
    accepts("class C { x; static x = 1 }");
}

#[test]
fn patterns_are_checked() {
    reports("match 1 { [a, 1] | [1, b] => 1 }", Code::E0209, "[1, b]", "`a`");
    reports("match 1 { x => 1, 2 => 2 }", Code::E0210, "2 => 2", "never");
    reports("let a = 1\nmatch 2 { a => 1 }", Code::W0904, "a", "if value == a");
    accepts("match 1 { [a, 1] | [1, a] => a, x if x == 2 => 1, _ => 3 }");
}

#[test]
fn async_calls_are_awaited_or_spawned() {
    reports("async fn f() { }\nf()", Code::E0303, "f()", "`await f()`");
    reports("async fn f() { }\nf()", Code::E0303, "f()", "`spawn f()`");
    reports("import fs\nlet x = fs.read(\"a\")", Code::E0303, "fs.read(\"a\")", "await fs.read");
    reports("import {fetch} from \"./util.ket\"\nfetch(1)", Code::E0303, "fetch(1)", "async");
    reports(
        "import fs\nlet x = await fs.read(\"a\").lines()",
        Code::E0303,
        "fs.read(\"a\")",
        "(await",
    );
    reports("async fn f() { }\n[1].map(|x| f())", Code::E0303, "f()", "await");
    accepts("async fn f() { }\nawait f()\nspawn f()\nlet g = f\nawait g()\n[1].map(f)");
    accepts("async fn f() { }\nselect { await f() => 1, x = await sleep(1s) => x }");
}

#[test]
fn plain_functions_neither_wait_nor_own_tasks() {
    reports("fn f() { let g = [spawn sleep(1s)] }", Code::E0304, "spawn sleep(1s)", "s.spawn");
    reports("fn f(xs) { xs.map(|x| spawn sleep(x)) }", Code::E0304, "spawn sleep(x)", "s.spawn");
    reports("scope (limit: 1) { }", Code::E0305, "limit", "timeout");
    accepts("async fn f(xs) { xs.map(|x| spawn sleep(x)) }");
    accepts("let f = || { scope { spawn sleep(1s) } }");
    accepts("fn f(s) { s.spawn(sleep, 1s) }");
}

#[test]
fn modules_export_what_they_export() {
    reports("import fs\nfs.raed(1)", Code::E0405, "raed", "did you mean `read`?");
    reports("import {sqr} from math", Code::E0405, "sqr", "math");
    reports("import \"./util.ket\"\nutil.LIMT", Code::E0405, "LIMT", "LIMIT");
    accepts("import net\nlet c = await net.tcp.connect(1)");
    accepts("import {tcp} from net\nlet c = await tcp.connect(1)");
    accepts("import \"./util.ket\" as u\nprint(u.LIMIT, u.area(1), await u.fetch(1))");
    accepts("pub import {area as size} from \"./util.ket\"\npub import math");
}

#[test]
fn too_many_variables_are_refused_with_advice() {
    let body: String = (0..300).map(|i| format!("let v{i} = {i}\n")).collect();
    reports(
        &format!("fn f() {{\n{body}}}"),
        Code::E0802,
        "let v250 = 250",
        "a function of its own",
    );
}

#[test]
fn several_faults_are_reported_in_the_order_of_the_source() {
    let (_, found) = compile_text("one\ntwo\nfn f() { three }\nfour");
    let titles: Vec<&str> = found.iter().map(|fault| &*fault.title).collect();
    let wanted = ["one", "two", "three", "four"].map(|name| format!("unknown name `{name}`"));
    assert_eq!(titles, wanted);
}

#[test]
fn tests_are_compiled_beside_the_program() {
    reports("test \"t\" { nope }", Code::E0201, "nope", "unknown");
    let (module, _) = compile_text("test \"t\" { let f = || 1; assert f() == 1 }");
    let module = module.expect("it compiles");
    let test = &module.tests[0];
    assert_eq!((&*test.name, &*module.functions[test.function as usize].name), ("t", "test \"t\""));
    assert_eq!(module.functions[0].body.code.len(), 1, "the program itself does nothing");
}

#[test]
fn tests_are_left_out_of_a_program_that_is_only_run() {
    let text = "var n = 0\nlet f = || n\ntest \"t\" { n += 1; let g = || n + m() }\nfn m() { 1 }";
    let without = compile_for(Purpose::Run, "var n = 0\nlet f = || n\nfn m() { 1 }").0;
    let left_out = compile_for(Purpose::Run, text).0.expect("it compiles");
    let kept = compile_for(Purpose::Test, text).0.expect("it compiles");
    let size = |module: &ModuleCode| (module.functions.len(), module.slots.len());
    assert_eq!(size(&left_out), size(&without.expect("it compiles")));
    assert!(left_out.tests.is_empty());
    assert_eq!(kept.functions.len(), left_out.functions.len() + 2);
    // A variable that only a test uses lives in a register.
    let only = "var n = 0\nn += 1\ntest \"t\" { assert n == 1 }";
    assert!(compile_for(Purpose::Run, only).0.expect("it compiles").slots.is_empty());
    assert_eq!(compile_for(Purpose::Test, only).0.expect("it compiles").slots.len(), 1);
    // They are looked at all the same.
    let found = compile_for(Purpose::Run, "test \"t\" { nope }").1;
    assert_eq!(found.len(), 1, "{found:?}");
}
