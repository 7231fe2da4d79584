//! Every code block of the README and of `docs/` is run.
//!
//! A block marked `kettle` is a program: its `# expect:` comments are what it prints, in order. A
//! block without any must run to its end without an error, and its tests, if it has some, must pass.
//! `kettle,server` blocks are only checked, for they do not end; `kettle,error` blocks must be refused or
//! fail.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::process::{fed, stderr, stdout};

/// A link to a page that is not there, or to a heading that the page does not have, leads nowhere.
#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut faults = Vec::new();
    for page in pages(root) {
        let text = fs::read_to_string(&page).expect("a page can be read");
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !link.contains("://") && !is_there(&page, link) {
                faults.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The text without its code, in blocks and in lines.
fn prose(text: &str) -> String {
    let lines: String = text.split("```").step_by(2).collect();
    lines.split('`').step_by(2).collect()
}

fn is_there(page: &Path, link: &str) -> bool {
    let (path, heading) = link.split_once('#').map_or((link, None), |(path, h)| (path, Some(h)));
    let folder = page.parent().expect("a page lies in a folder");
    let target = if path.is_empty() { page.to_path_buf() } else { folder.join(path) };
    let Some(heading) = heading else { return target.exists() };
    let text = fs::read_to_string(target).unwrap_or_default();
    text.lines().filter(|line| line.starts_with('#')).any(|line| anchor(line) == heading)
}

/// What a heading is called in links.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Modules that have no meaning in virtual time. All other programs run in it, so that what they
/// print does not depend on how busy the machine is.
const NEED_THE_MACHINE: &[&str] = &["import net", "from net", "import process", "from process"];

struct Sample {
    place: String,
    mode: String,
    text: String,
}

#[test]
fn every_block_runs() {
    let samples = samples();
    assert!(samples.len() > 20, "only {} blocks found", samples.len());
    let faults: Vec<String> = samples.iter().filter_map(|sample| fault(sample).err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn fault(sample: &Sample) -> Result<(), String> {
    let tell = |what: &str, output: &Output| {
        Err(format!(
            "{}: {what}\n--- printed\n{}--- reported\n{}",
            sample.place,
            stdout(output),
            stderr(output)
        ))
    };
    match sample.mode.as_str() {
        "server" => {
            let output = fed(&["check", "-"], &sample.text);
            if output.status.success() { Ok(()) } else { tell("does not compile", &output) }
        }
        "error" => {
            let output = fed(&["-"], &sample.text);
            if output.status.success() { tell("should fail", &output) } else { Ok(()) }
        }
        _ => {
            let output = match NEED_THE_MACHINE.iter().any(|name| sample.text.contains(name)) {
                true => fed(&["-"], &sample.text),
                false => fed(&["--virtual-clock", "-"], &sample.text),
            };
            let expected: Vec<&str> = sample
                .text
                .lines()
                .filter_map(|line| line.split_once("# expect:"))
                .map(|(_, text)| text.strip_prefix(' ').unwrap_or(text))
                .collect();
            if !output.status.success() {
                return tell("failed", &output);
            }
            let printed = stdout(&output);
            if !expected.is_empty() && printed.lines().collect::<Vec<_>>() != expected {
                return tell(&format!("expected {expected:#?}"), &output);
            }
            let tested = tests_of(sample);
            tested.map_or(Ok(()), |output| tell("its tests fail", &output))
        }
    }
}

/// What `kettle test` says of a block with tests, unless all is well.
fn tests_of(sample: &Sample) -> Option<Output> {
    if !sample.text.lines().any(|line| line.starts_with("test \"")) {
        return None;
    }
    let folder = crate::test::folder(&[("sample.ket", &sample.text)]);
    let output = crate::test::test(folder.path(), &["sample.ket"]);
    (!output.status.success()).then_some(output)
}

fn samples() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    pages(root).iter().flat_map(|page| blocks(root, page)).collect()
}

fn pages(root: &Path) -> Vec<PathBuf> {
    let mut pages = vec![root.join("README.md")];
    collect(&root.join("docs"), &mut pages);
    pages.sort();
    pages
}

fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("docs/ is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

fn blocks(root: &Path, page: &Path) -> Vec<Sample> {
    let text = fs::read_to_string(page).expect("a page can be read");
    let name = page.strip_prefix(root).expect("it lies in the project").display();
    let mut samples = Vec::new();
    let mut open: Option<Sample> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let mode = info.strip_prefix("kettle").map(|mode| mode.trim_start_matches(','));
                let place = format!("{name}:{}", index + 1);
                let mode = mode.unwrap_or("other").to_owned();
                open = Some(Sample { place, mode, text: String::new() });
            }
            (Some(_), Some(_)) => samples.extend(open.take().filter(|block| block.mode != "other")),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    samples
}
