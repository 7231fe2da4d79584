//! The pages of the standard library are those that its declarations make, and `kettle doc` shows
//! the same.

use std::fs;
use std::path::{Path, PathBuf};

use kettle::tools::manual::{index, markdown, pages};

use crate::process::{fed, stderr, stdout};

/// `KETTLE_UPDATE=1` writes them anew.
#[test]
fn the_pages_are_those_of_the_declarations() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stdlib");
    let pages = pages();
    let mut wanted: Vec<(PathBuf, String)> = pages
        .iter()
        .map(|page| (folder.join(format!("{}.md", page.name)), markdown(page)))
        .collect();
    wanted.push((folder.join("README.md"), index(&pages)));
    if std::env::var_os("KETTLE_UPDATE").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (path, text) in &wanted {
            fs::write(path, text).expect("a page can be written");
        }
    }
    for (path, text) in &wanted {
        let written = fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == *text,
            "{} is not up to date: KETTLE_UPDATE=1 cargo test",
            path.display()
        );
    }
    let count = fs::read_dir(&folder).expect("the pages are there").count();
    assert_eq!(count, wanted.len(), "docs/stdlib has pages of nothing");
}

#[test]
fn doc_shows_a_function_a_page_and_the_contents() {
    let shown = |name: &str| stdout(&fed(&["doc", name], ""));
    assert!(shown("str.repeat").starts_with("str.repeat(n: int)\n    "));
    assert!(shown("math").starts_with("Module math\n"));
    assert!(shown("repeat").contains("str.repeat"));
    assert!(stdout(&fed(&["doc"], "")).contains("\nmath "));
    let word = fed(&["doc", "select"], "");
    assert!(stderr(&word).contains("a word of the language: docs/reference/waiting.md"));
    let missing = fed(&["doc", "str.repaet"], "");
    assert!(stderr(&missing).contains("did you mean `str.repeat`?"), "{}", stderr(&missing));
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn doc_shows_the_comments_of_a_file() {
    let folder = tempfile::tempdir().expect("a place for files");
    let path = folder.path().join("shapes.ket");
    let text = "##! Shapes.\n\n## The area of a square.\npub fn area(side) { side * side }\n";
    fs::write(&path, text).expect("it can be written");
    let shown = stdout(&fed(&["doc", path.to_str().expect("it is text")], ""));
    assert_eq!(shown, "Shapes.\n\nshapes.area(side)\n    The area of a square.\n");
}
