//! What is wrong with a pattern, and where.

use regex_syntax::ast::{self, Ast, RepetitionKind, RepetitionRange};

use super::pattern::{Flags, SIZE_MAX};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// The error of a pattern that cannot be compiled.
#[cold]
pub(super) fn error(
    vm: &mut Vm,
    path: &str,
    source: &str,
    flags: Flags,
    error: &regex::Error,
) -> Thrown {
    if let regex::Error::CompiledTooBig(_) = error {
        let limit = SIZE_MAX >> 20;
        let (offset, repetition) = largest_repetition(source, flags).unwrap_or_default();
        let reason = match repetition.is_empty() {
            true => format!("it takes more than {limit} MiB when compiled"),
            false => format!(
                "it takes more than {limit} MiB when compiled: `{repetition}` repeats too much"
            ),
        };
        return at(vm, ErrorKind::ValueError, path, source, offset, &reason);
    }
    let parsed = regex_syntax::ParserBuilder::new()
        .case_insensitive(flags.ignore_case)
        .multi_line(flags.multi_line)
        .dot_matches_new_line(flags.dot_newline)
        .ignore_whitespace(flags.verbose)
        .build()
        .parse(source);
    let (offset, reason) = match parsed {
        Err(regex_syntax::Error::Parse(error)) => {
            (error.span().start.offset, reason(source, &error))
        }
        Err(regex_syntax::Error::Translate(error)) => {
            (error.span().start.offset, error.kind().to_string())
        }
        _ => (0, error.to_string()),
    };
    at(vm, ErrorKind::ParseError, path, source, offset, &reason)
}

/// An error about a place in a pattern.
fn at(
    vm: &mut Vm,
    kind: ErrorKind,
    path: &str,
    source: &str,
    offset: usize,
    reason: &str,
) -> Thrown {
    let before = &source[..source.floor_char_boundary(offset)];
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    let number = |count: usize| Value::int(i64::try_from(count).unwrap_or(i64::MAX));
    let offset = number(before.chars().count());
    let fields = [("line", number(line)), ("column", number(column)), ("offset", offset)];
    let message = format!("{path}: line {line}, column {column} of the pattern: {reason}");
    vm.error_with(kind, message, &fields)
}

/// What is wrong, in the words of a script's author.
fn reason(source: &str, error: &ast::Error) -> String {
    use ast::ErrorKind::{
        ClassUnclosed, EscapeUnexpectedEof, EscapeUnrecognized, GroupUnclosed, GroupUnopened,
        NestLimitExceeded, RepetitionMissing, UnsupportedBackreference, UnsupportedLookAround,
    };
    let span = error.span();
    let part = source.get(span.start.offset..span.end.offset).unwrap_or_default();
    match error.kind() {
        ClassUnclosed => "this `[` has no `]`".to_owned(),
        GroupUnclosed => "this `(` has no `)`".to_owned(),
        GroupUnopened => "this `)` has no `(`".to_owned(),
        EscapeUnexpectedEof => r"a `\` at the end escapes nothing: write `\\`".to_owned(),
        EscapeUnrecognized => format!("there is no escape `{part}`"),
        RepetitionMissing => {
            let operator = source[span.start.offset..].chars().next().unwrap_or('*');
            format!("`{operator}` repeats nothing: write `\\{operator}` for the character")
        }
        NestLimitExceeded(limit) => format!("it is nested more than {limit} deep"),
        UnsupportedLookAround => {
            "there is no look-around, as a search takes linear time: match more and use a group"
                .to_owned()
        }
        UnsupportedBackreference => {
            "there are no backreferences, as a search takes linear time: compare the groups of a match"
                .to_owned()
        }
        kind => kind.to_string(),
    }
}

/// Where the repetition is that multiplies a pattern most, and its text.
fn largest_repetition(source: &str, flags: Flags) -> Option<(usize, String)> {
    let parsed =
        ast::parse::ParserBuilder::new().ignore_whitespace(flags.verbose).build().parse(source);
    let found = ast::visit(&parsed.ok()?, Repetitions::default()).ok()??;
    let part = source.get(found.start.offset..found.end.offset)?;
    let shown: String = part.chars().take(30).collect();
    let mark = if shown.len() < part.len() { "…" } else { "" };
    Some((found.start.offset, shown + mark))
}

/// Looks for the repetition around the part that is repeated most.
#[derive(Default)]
struct Repetitions {
    /// How often what is being visited is repeated: one factor for each repetition around it.
    factors: Vec<u64>,
    /// The outermost repetition that is being visited.
    outermost: Option<ast::Span>,
    largest: u64,
    found: Option<ast::Span>,
}

impl ast::Visitor for Repetitions {
    type Output = Option<ast::Span>;
    type Err = ();

    fn finish(self) -> Result<Option<ast::Span>, ()> {
        Ok(self.found)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), ()> {
        let Ast::Repetition(repetition) = ast else { return Ok(()) };
        if self.factors.is_empty() {
            self.outermost = Some(repetition.span);
        }
        self.factors.push(match &repetition.op.kind {
            RepetitionKind::Range(RepetitionRange::Exactly(count)) => u64::from(*count),
            RepetitionKind::Range(RepetitionRange::AtLeast(count)) => u64::from(*count),
            RepetitionKind::Range(RepetitionRange::Bounded(_, count)) => u64::from(*count),
            _ => 1,
        });
        let product = self.factors.iter().fold(1_u64, |all, factor| all.saturating_mul(*factor));
        if product > self.largest.max(1) {
            self.largest = product;
            self.found = self.outermost;
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &Ast) -> Result<(), ()> {
        if matches!(ast, Ast::Repetition(_)) {
            self.factors.pop();
        }
        Ok(())
    }
}
