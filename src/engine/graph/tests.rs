//! Imports are followed in the right order, and what is wrong with them is said.

use super::super::loader::Memory;
use super::*;
use crate::bytecode::program::ExportKind;

fn names() -> Names {
    let mut names = Names::default();
    names.add_member("fs", "read", ExportKind::AsyncFunction);
    names
}

fn read(memory: &Memory, start: &str) -> (Graph, SourceMap) {
    let mut sources = SourceMap::new();
    let text = memory.read(start).expect("the test has it");
    let graph = Graph::read(memory, &names(), &mut sources, start, text);
    (graph, sources)
}

fn order(memory: &Memory, start: &str) -> Vec<String> {
    let (graph, _) = read(memory, start);
    let titles: Vec<&str> = graph.diagnostics.iter().map(|diagnostic| &*diagnostic.title).collect();
    assert_eq!(titles, Vec::<&str>::new());
    graph.modules.iter().map(|node| node.name.to_string()).collect()
}

/// Title, place and help of the only diagnostic.
fn fault(memory: &Memory, start: &str) -> (String, String, String) {
    let (graph, sources) = read(memory, start);
    let [diagnostic] = &*graph.diagnostics else { panic!("{:?}", graph.diagnostics) };
    let label = diagnostic.primary().expect("it has a place");
    let help = diagnostic.help.iter().chain(&diagnostic.notes).next().cloned().unwrap_or_default();
    (diagnostic.title.clone(), sources.describe(label.source, label.span), help)
}

#[test]
fn a_module_stands_behind_what_it_imports_and_only_once() {
    let memory = Memory::new()
        .with("main.ket", "import \"./a.ket\", \"./b.ket\"\nimport {x} from \"./c.ket\"")
        .with("a.ket", "import \"./c.ket\"")
        .with("b.ket", "import \"./c.ket\"\nimport fs\nimport \"./a.ket\"")
        .with("c.ket", "pub let x = 1");
    assert_eq!(order(&memory, "main.ket"), ["c.ket", "a.ket", "b.ket", "main.ket"]);
    let (graph, _) = read(&memory, "main.ket");
    let files: Vec<(&str, usize)> =
        graph.modules[2].files.iter().map(|(text, &index)| (text.as_str(), index)).collect();
    assert_eq!(files.len(), 2);
    assert!(files.contains(&("./c.ket", 0)) && files.contains(&("./a.ket", 1)), "{files:?}");
}

#[test]
fn a_long_chain_needs_no_native_stack() {
    let mut memory = Memory::new();
    for index in 0..20_000 {
        memory.insert(format!("m{index}.ket"), format!("import \"./m{}.ket\" as next", index + 1));
    }
    memory.insert("m20000.ket", "");
    assert_eq!(order(&memory, "m0.ket").len(), 20_001);
}

#[test]
fn a_cycle_is_shown_with_a_way_out() {
    let memory = Memory::new()
        .with("main.ket", "import \"./a.ket\"")
        .with("a.ket", "import \"./b.ket\"\npub let x = 1")
        .with("b.ket", "import {x, y} from \"./a.ket\"");
    let (title, place, help) = fault(&memory, "main.ket");
    assert_eq!(title, "imports go round in a cycle: a.ket → b.ket → a.ket");
    assert_eq!(place, "b.ket:1:20");
    let moved =
        "move `x`, `y` into a file of its own that imports neither, and import that from both";
    assert_eq!(help, moved);
    let memory = Memory::new().with("main.ket", "import \"./main.ket\" as me");
    assert_eq!(fault(&memory, "main.ket").0, "`main.ket` imports itself");
}

#[test]
fn what_cannot_be_found_is_pointed_at() {
    let memory = Memory::new().with("main.ket", "import \"./utl.ket\"").with("util.ket", "");
    let (title, place, help) = fault(&memory, "main.ket");
    assert_eq!((title.as_str(), place.as_str()), ("there is no file `utl.ket`", "main.ket:1:8"));
    assert_eq!(help, "did you mean `util.ket`?");
    let memory = Memory::new().with("main.ket", "import \"./utility\"").with("utility.ket", "");
    assert_eq!(fault(&memory, "main.ket").2, "write the whole name: \"./utility.ket\"");
    let memory = Memory::new().with("main.ket", "import \"./x.ket\"\nimport \"./x.ket\" as y");
    let (title, _, help) = fault(&memory, "main.ket");
    assert_eq!(title, "there is no file `x.ket`");
    assert_eq!(help, "the path is relative to `main.ket`, the importing file");
    let memory = Memory::new().with("main.ket", "import sf");
    let (title, place, help) = fault(&memory, "main.ket");
    assert_eq!(
        (title.as_str(), place.as_str()),
        ("there is no standard module `sf`", "main.ket:1:8")
    );
    assert_eq!(help, "did you mean `fs`?");
}
