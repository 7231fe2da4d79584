//! `kettle explain`: the long text behind the code of a diagnostic.

use super::{STATUS_MISUSE, terminal};
use crate::diagnostics::{Code, nearest};

/// Prints what a code means.
pub fn explain(name: &str) -> i32 {
    match Code::parse(name) {
        Some(code) => {
            terminal::out(&format!("{code}: {}\n\n{}\n", code.title(), fold(code.explanation())))
        }
        None => {
            let meant = nearest(name, Code::ALL.iter().map(|code| code.name()));
            let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            terminal::err(&format!("kettle: there is no diagnostic `{name}`{hint}\n"));
            STATUS_MISUSE
        }
    }
}

/// Prints all codes with what they are about.
pub fn list() -> i32 {
    let line = |code: &Code| format!("{code}  {}\n", code.title());
    terminal::out(&Code::ALL.iter().map(line).collect::<String>())
}

/// The text in lines of at most 80 columns; indented lines are code and stay as they are.
fn fold(text: &str) -> String {
    const COLUMNS: usize = 80;
    let mut folded = String::new();
    for paragraph in paragraphs(text) {
        if paragraph.starts_with("    ") {
            folded.push_str(&paragraph);
            folded.push('\n');
            continue;
        }
        let mut column = 0;
        for word in paragraph.split(' ') {
            let width = word.chars().count();
            if column > 0 && column + 1 + width > COLUMNS {
                folded.push('\n');
                column = 0;
            } else if column > 0 {
                folded.push(' ');
                column += 1;
            }
            folded.push_str(word);
            column += width;
        }
        folded.push('\n');
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Lines of code as they are, and the lines of a paragraph joined.
fn paragraphs(text: &str) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let prose = !line.is_empty() && !line.starts_with("    ");
        match joined.last_mut() {
            Some(last) if open && prose => {
                last.push(' ');
                last.push_str(line);
            }
            _ => joined.push(line.to_owned()),
        }
        open = prose;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_folded_and_code_is_not() {
        let words = "word ".repeat(20) + "\n" + &"word ".repeat(20);
        let code = format!("    {}", "x".repeat(100));
        let folded = fold(&format!("{words}\n\n{code}\n"));
        let lines: Vec<&str> = folded.lines().collect();
        assert!(lines[..3].iter().all(|line| line.len() <= 80));
        assert_eq!(lines.last(), Some(&code.as_str()));
        assert_eq!(folded.split_whitespace().filter(|word| *word == "word").count(), 40);
    }
}
