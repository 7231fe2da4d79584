//! `kettle check` and `kettle explain`.

use std::fs;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the command in a folder of its own that holds these files.
fn kettle(files: &[(&str, &str)], words: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    for (name, text) in files {
        let path = folder.path().join(name);
        let parent = path.parent().expect("a file has a folder");
        fs::create_dir_all(parent).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_kettle"));
    command.args(words).current_dir(folder.path()).env("NO_COLOR", "1");
    command.output().expect("the command can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const UNUSED: &str = "fn main() {\n    let é = 1; let unused = 2\n    print(é)\n}\n";

#[test]
fn warnings_do_not_fail_unless_they_are_denied() {
    let done = kettle(&[("a.ket", UNUSED)], &["check", "a.ket"]);
    assert_eq!(done.status.code(), Some(0));
    let said = text(&done.stderr);
    assert!(said.starts_with("warning[W0101]: `unused` is never used\n"), "{said}");
    assert!(said.ends_with("1 file checked: 1 warning\n"), "{said}");
    let done = kettle(&[("a.ket", UNUSED)], &["check", "--deny-warnings", "a.ket"]);
    assert_eq!(done.status.code(), Some(1));
    let done = kettle(&[("a.ket", "print(1)\n")], &["check", "--deny-warnings", "a.ket"]);
    assert_eq!(text(&done.stderr), "1 file checked: nothing to report\n");
    assert_eq!((done.status.code(), done.stdout.len()), (Some(0), 0));
}

#[test]
fn errors_of_several_modules_are_found_in_one_run() {
    let files = [
        ("main.ket", "import \"./a.ket\"\nimport \"./b.ket\"\nprint(a.x, b.y, nope)\n"),
        ("a.ket", "pub let x = missing\n"),
        ("b.ket", "pub let y = absent\nlet 1\n"),
    ];
    let done = kettle(&files, &["check", "main.ket"]);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    for title in ["`missing`", "`nope`", "b.ket:2"] {
        assert!(said.contains(title), "{said}");
    }
    assert!(said.ends_with("1 file checked: 3 errors\n"), "{said}");
}

#[test]
fn folders_are_searched_and_what_is_imported_is_reported_once() {
    let files = [
        ("src/a.ket", "import \"./lib/b.ket\"\nprint(b.x)\n"),
        ("src/lib/b.ket", "pub let x = 1\nlet left = 2\n"),
        ("src/.hidden/c.ket", "let = \n"),
        ("src/notes.txt", "let = \n"),
    ];
    let done = kettle(&files, &["check", "src"]);
    let said = text(&done.stderr);
    assert!(said.contains("src/lib/b.ket:2:5"), "{said}");
    assert!(said.ends_with("2 files checked: 1 warning\n"), "{said}");
    let done = kettle(&[("empty/x", "")], &["check", "empty"]);
    assert_eq!(done.status.code(), Some(2));
    assert_eq!(text(&done.stderr), "kettle: there is no .ket file in `empty`\n");
    let done = kettle(&[], &["check", "none.ket"]);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn json_has_places_labels_and_edits() {
    let source = "let é = [1].sort(); print(é)\nprint(nope)\n";
    let done = kettle(
        &[("a.ket", "let é = [1].sort(); print(é)\n"), ("b.ket", source)],
        &["check", "--json", "a.ket"],
    );
    assert_eq!((done.status.code(), text(&done.stderr)), (Some(0), String::new()));
    let document: Value = serde_json::from_slice(&done.stdout).expect("it is JSON");
    assert_eq!(document["version"], 1);
    assert_eq!(document["warnings"], 1);
    assert_eq!(document["errors"], 0);
    let found = &document["diagnostics"][0];
    assert_eq!(found["code"], "W0404");
    assert_eq!(found["severity"], "warning");
    assert_eq!(found["place"]["file"], "a.ket");
    // Columns count characters, offsets count bytes.
    let start = &found["place"]["start"];
    assert_eq!(
        (&start["line"], &start["column"], &start["offset"]),
        (&1.into(), &13.into(), &13.into())
    );
    assert_eq!(found["place"]["end"]["column"], 17);
    assert_eq!(found["labels"][0]["primary"], true);
    assert_eq!(found["edits"][0]["text"], "sorted");
    assert_eq!(found["edits"][0]["place"], found["place"]);
    let done = kettle(&[("b.ket", source)], &["check", "--json", "b.ket"]);
    let document: Value = serde_json::from_slice(&done.stdout).expect("it is JSON");
    assert_eq!((done.status.code(), &document["errors"]), (Some(1), &1.into()));
    assert_eq!(document["diagnostics"][0]["code"], "E0201");
}

/// Puts the edits of all diagnostics into the text, the last ones first.
fn mended(source: &str, document: &Value) -> String {
    let found = document["diagnostics"].as_array().expect("a list of diagnostics");
    let mut edits: Vec<(usize, usize, &str)> = found
        .iter()
        .flat_map(|found| found["edits"].as_array().expect("a list of edits"))
        .map(|edit| {
            let offset = |end: &str| edit["place"][end]["offset"].as_u64().expect("an offset");
            let text = edit["text"].as_str().expect("a text");
            (offset("start") as usize, offset("end") as usize, text)
        })
        .collect();
    edits.sort();
    let mut text = source.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, new);
    }
    text
}

#[test]
fn edits_mend_what_they_belong_to() {
    let source = "\
        async fn work() { 1 }\n\
        async fn start() { spawn work() }\n\
        let words = \"b a\".split()\n\
        if !words.len { print(1) }\n\
        if words.len % 2 { print(\"é\".find(\"x\") == -1) }\n\
        try { print(await start()) } catch e { print(words.sorted()) }\n\
        scope { let t = spawn work(); try { await t } catch { print(2) } }\n\
        match words { [first] => print(first), other => print(2) }\n\
        for w in words.reverse() { print(w) }\n\
        work\n";
    let check = |source: &str| {
        let done = kettle(&[("a.ket", source)], &["check", "--json", "a.ket"]);
        serde_json::from_slice::<Value>(&done.stdout).expect("it is JSON")
    };
    let document = check(source);
    assert_eq!(document["warnings"], 9, "{document:#}");
    let mended = mended(source, &document);
    assert!(mended.contains("if words.len == 0 {"), "{mended}");
    assert!(mended.contains("catch { print(words"), "{mended}");
    // The call that was put in has to be awaited: that is a new one.
    let document = check(
        &mended.replace("work()\n\n", "await work()\n\n").replace("\nwork()\n", "\nawait work()\n"),
    );
    assert_eq!((&document["warnings"], &document["errors"]), (&0.into(), &0.into()), "{mended}");
}

#[test]
fn running_a_program_gives_errors_only() {
    let done = kettle(&[("a.ket", UNUSED)], &["a.ket"]);
    assert_eq!((text(&done.stdout), text(&done.stderr)), ("1\n".to_owned(), String::new()));
    let done = kettle(&[("a.ket", "let f = |x| {x}\nlet n = -7.abs()\nnope\n")], &["a.ket"]);
    let said = text(&done.stderr);
    assert_eq!(done.status.code(), Some(2));
    assert!(said.contains("error[E0201]") && !said.contains("warning"), "{said}");
}

#[test]
fn explain_knows_every_code_and_lists_them() {
    let done = kettle(&[], &["explain", "w0101"]);
    let said = text(&done.stdout);
    assert!(said.starts_with("W0101: unused variable\n\n"), "{said}");
    assert!(
        said.contains("\nWrong:\n\n    fn area(w, h) {\n") && said.contains("\nRight:\n"),
        "{said}"
    );
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    let done = kettle(&[], &["explain", "E0120x"]);
    assert_eq!(done.status.code(), Some(2));
    let said = text(&done.stderr);
    assert_eq!(said, "kettle: there is no diagnostic `E0120x`; did you mean E0120?\n");
    let done = kettle(&[], &["explain"]);
    let said = text(&done.stdout);
    assert!(
        said.contains("E0201  unknown name\n") && said.contains("W0404  value of a method"),
        "{said}"
    );
}
