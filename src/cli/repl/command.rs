//! The commands that are the terminal's own; all others are the console's.

use std::fs;

/// A command that the terminal carries out itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Local<'a> {
    /// `:history [WORD]`: what was entered, or what of that has the word in it.
    History(&'a str),
    /// `:save FILE`: write the entries of this session into a file.
    Save(&'a str),
    /// `:edit [FILE]`: write the next entry in the user's editor.
    Edit(&'a str),
    /// `:top`: the table of tasks, as it changes.
    Top,
}

/// So many entries are listed.
const LISTED_MAX: usize = 50;

/// The command that an entry is, if the terminal carries it out.
pub fn local(text: &str) -> Option<Local<'_>> {
    let text = text.trim();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    Some(match name {
        ":history" => Local::History(rest),
        ":save" => Local::Save(rest),
        ":edit" => Local::Edit(rest),
        ":top" => Local::Top,
        _ => return None,
    })
}

/// The last entries that contain `word`, the oldest first.
pub fn history(entries: &[String], word: &str) -> String {
    let found: Vec<&String> = entries.iter().filter(|entry| entry.contains(word)).collect();
    let listed = &found[found.len().saturating_sub(LISTED_MAX)..];
    match (listed.is_empty(), word) {
        (true, "") => "nothing has been entered yet\n".to_owned(),
        (true, word) => format!("no entry contains `{word}`\n"),
        _ => listed.iter().map(|entry| format!("{}\n", entry.replace('\n', "\n  "))).collect(),
    }
}

/// Writes the entries of a session into a file; gives what is to be said about it.
pub fn save(name: &str, entries: &[String]) -> String {
    if name.is_empty() {
        return "`:save` takes the name of a file, as in `:save session.ket`\n".to_owned();
    }
    let text: String = entries.iter().flat_map(|entry| [entry.trim_end(), "\n"]).collect();
    match fs::write(name, text) {
        Ok(()) => format!("{} entries are in {name}\n", entries.len()),
        Err(error) => format!("`{name}` cannot be written: {error}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_commands_are_the_terminals() {
        assert_eq!(local(" :history  fs "), Some(Local::History("fs")));
        assert_eq!(local(":top"), Some(Local::Top));
        assert_eq!(local(":topmost"), None);
        assert_eq!(local(":help"), None);
        assert_eq!(local("save"), None);
    }

    #[test]
    fn the_history_is_searched() {
        let entries = ["let a = 1", "fn f() {\n    a\n}", "b"].map(str::to_owned);
        assert_eq!(history(&entries, "a"), "let a = 1\nfn f() {\n      a\n  }\n");
        assert_eq!(history(&entries, "zz"), "no entry contains `zz`\n");
        assert_eq!(history(&[], ""), "nothing has been entered yet\n");
    }
}
