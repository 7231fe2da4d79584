//! Turns a place where the parser stopped into a message for people.

use super::layout::Spanned;
use super::parser::Fault;
use super::token::Token;
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// The diagnostic of a fault.
pub fn explain(fault: &Fault, tokens: &[Spanned], text: &str, source: SourceId) -> Diagnostic {
    let Some(&(start, token, end)) = tokens.get(fault.at) else {
        let at = text.trim_end().len() as u32;
        let title = format!("the text ends too early: expected {}", expected(&fault.expected));
        return Diagnostic::new(Code::E0121, title).at(source, Span::new(at, at), "");
    };
    let shown = match token {
        Token::Semicolon if start == end => "the end of the line".to_string(),
        _ => format!("`{}`", &text[start as usize..end as usize]),
    };
    let title = format!("unexpected {shown}: expected {}", expected(&fault.expected));
    Diagnostic::new(Code::E0101, title).at(source, Span::new(start, end), "")
}

fn expected(names: &[String]) -> String {
    names.join(" ")
}
