//! The colours of the prompt: sixteen ones that every terminal has, in the shades of its user.

use crate::syntax::{self, PieceKind};

const END: &str = "\x1b[0m";

/// The code with colours; of the brackets at the cursor both are marked.
pub fn code(text: &str, cursor: Option<usize>) -> String {
    let brackets = cursor.and_then(|cursor| syntax::brackets_at(text, cursor));
    let mut painted = String::with_capacity(text.len() * 2);
    let mut at = 0;
    let plain = |painted: &mut String, at: usize, end: usize| match brackets {
        None => painted.push_str(&text[at..end]),
        Some(marked) => {
            for (offset, c) in text[at..end].char_indices() {
                match marked.contains(&(at + offset)) {
                    true => painted.push_str(&format!("\x1b[1;4m{c}{END}")),
                    false => painted.push(c),
                }
            }
        }
    };
    for piece in syntax::pieces(text) {
        plain(&mut painted, at, piece.range.start);
        at = piece.range.end;
        let word = &text[piece.range];
        match colour(piece.kind) {
            Some(colour) => lines(&mut painted, colour, word),
            None => painted.push_str(word),
        }
    }
    plain(&mut painted, at, text.len());
    painted
}

/// The prompt itself.
pub fn prompt(text: &str) -> String {
    format!("\x1b[1;36m{text}{END}")
}

/// What is shown behind the cursor.
pub fn hint(text: &str) -> String {
    format!("\x1b[2m{text}{END}")
}

/// A colour ends with its line, so that nothing that comes between lines has it.
fn lines(painted: &mut String, colour: &str, text: &str) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            painted.push('\n');
        }
        if !line.is_empty() {
            painted.push_str(&format!("\x1b[{colour}m{line}{END}"));
        }
    }
}

fn colour(kind: PieceKind) -> Option<&'static str> {
    match kind {
        PieceKind::Keyword => Some("35"),
        PieceKind::Constant | PieceKind::Number => Some("33"),
        PieceKind::Text => Some("32"),
        PieceKind::Interpolation => Some("36"),
        PieceKind::Function => Some("34"),
        PieceKind::Class => Some("1"),
        PieceKind::Comment => Some("2"),
        PieceKind::Field | PieceKind::Name | PieceKind::Operator => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_nothing_but_colours() {
        for text in ["let x = \"a\nb${1}\" # c", "f(1, [2])", "", "\"\"\"\n\n", "ü(é)"] {
            for cursor in [None, Some(0), Some(text.len())] {
                let painted = code(text, cursor);
                let mut plain = String::new();
                let mut rest = painted.as_str();
                while let Some(at) = rest.find('\x1b') {
                    plain.push_str(&rest[..at]);
                    rest = &rest[at + rest[at..].find('m').expect("it has an end") + 1..];
                }
                assert_eq!(plain + rest, text);
            }
        }
    }

    #[test]
    fn both_brackets_are_marked() {
        assert_eq!(code("(x)", Some(3)), "\x1b[1;4m(\x1b[0mx\x1b[1;4m)\x1b[0m");
        assert_eq!(code("let", Some(3)), "\x1b[35mlet\x1b[0m");
    }
}
