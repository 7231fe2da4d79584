//! What a profile shows, and that no name breaks it.

use std::time::Duration;

use super::{flame, folded, table};
use crate::engine::{Profile, ProfileFrame, ProfileTask};

fn frame(function: &str, file: &str, line: u32) -> ProfileFrame {
    ProfileFrame { function: function.to_owned(), file: file.to_owned(), line }
}

fn task(name: &str, ticks: u64) -> ProfileTask {
    ProfileTask { name: name.to_owned(), count: 1, ticks, waited: Duration::from_millis(1500) }
}

/// `main` runs `work`, which calls itself and sorts; another task is named by somebody who means ill.
fn profile(name: &str) -> Profile {
    let frames = vec![
        frame("main", "a.ket", 3),
        frame("work", "a.ket", 7),
        frame("list.sort", "", 0),
        frame(name, name, 1),
    ];
    let stacks = [((0, vec![0, 1]), 60), ((0, vec![0, 1, 1, 2]), 30), ((1, vec![3]), 5)];
    Profile {
        every: Duration::from_millis(1),
        frames,
        stacks: stacks.into_iter().collect(),
        tasks: vec![task("main", 90), task(name, 5)],
        collector: 5,
        ..Profile::default()
    }
}

#[test]
fn folded_text_has_a_line_for_each_stack() {
    assert_eq!(
        folded(&profile("odd;name\n1")),
        "(garbage collector) 5\n\
         task main;main (a.ket:3);work (a.ket:7) 60\n\
         task main;main (a.ket:3);work (a.ket:7);work (a.ket:7);list.sort 30\n\
         task odd_name_1;odd_name_1 (odd_name_1:1) 5\n"
    );
}

#[test]
fn the_table_counts_a_function_that_calls_itself_once() {
    let table = table(&profile("other"));
    let row = |name: &str| {
        let line = table.lines().find(|line| line.ends_with(name)).expect("it has a row");
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("work (a.ket:7)"), "60.0 % 90.0 % work (a.ket:7)");
    assert_eq!(row("list.sort"), "30.0 % 30.0 % list.sort");
    assert_eq!(row(" main"), "90.0 % 1.50s 1 main");
    assert!(
        table.starts_with("profile: 100 samples, 100ms busy: program 95ms, garbage collector 5ms")
    );
}

/// A reader of XML that knows no more than the picture needs; gives the texts of `title` elements.
fn titles(document: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut titles = Vec::new();
    let mut rest =
        document.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a head");
    while let Some(start) = rest.find('<') {
        let (text, tail) = rest.split_at(start);
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        let text = entities(text);
        if open.last().is_some_and(|name| name == "title") {
            titles.push(text);
        }
        if let Some(inner) = tail.strip_prefix("<![CDATA[") {
            rest = inner.split_once("]]>").expect("it ends").1;
            continue;
        }
        let (tag, tail) = tail[1..].split_once('>').expect("a tag ends");
        assert!(!tag.contains('<'), "{tag:?}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap_or_default().to_owned());
        }
        rest = tail;
    }
    assert!(open.is_empty(), "{open:?}");
    titles
}

/// A text whose entities are read; any other `&` is a mistake.
fn entities(text: &str) -> String {
    let mut plain = String::new();
    let mut pieces = text.split('&');
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let (name, rest) = piece.split_once(';').expect("an entity ends");
        plain.push_str(match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            other => panic!("no entity: {other}"),
        });
        plain.push_str(rest);
    }
    plain
}

#[test]
fn the_picture_has_a_box_for_each_call() {
    let titles = titles(&flame(&profile("other"), "a.ket"));
    assert!(titles.contains(&"all: 100 ms, 100.0 %".to_owned()), "{titles:?}");
    assert!(titles.contains(&"work (a.ket:7): 90 ms, 90.0 %".to_owned()), "{titles:?}");
    assert!(titles.contains(&"list.sort: 30 ms, 30.0 %".to_owned()), "{titles:?}");
    assert_eq!(titles.len(), 9, "all, the collector, two tasks, four calls and one");
}

#[test]
fn no_name_breaks_the_picture() {
    let mut state = 1_u64;
    for _ in 0..300 {
        let mut name = String::new();
        for _ in 0..20 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let pick = (state >> 33) as usize;
            let special = [
                "<",
                ">",
                "&",
                "\"",
                "'",
                "]]>",
                "<!--",
                "</title>",
                "\u{0}",
                "\u{1b}",
                "\n",
                "\u{fffe}",
                "é",
                "\u{1f600}",
                "&amp;",
                ";",
            ];
            match special.get(pick % 24) {
                Some(text) => name.push_str(text),
                None => name.extend(char::from_u32((pick % 0xd800) as u32)),
            }
        }
        assert_eq!(titles(&flame(&profile(&name), &name)).len(), 9, "{name:?}");
    }
}

#[test]
fn a_profile_of_nothing_is_empty() {
    let nothing = Profile::default();
    assert_eq!(folded(&nothing), "");
    assert_eq!(titles(&flame(&nothing, "nothing")), ["all: 0 ms, 0.0 %"; 0]);
    assert!(table(&nothing).starts_with("profile: 0 samples"));
}
