//! What the editor asks while somebody types: colours, matching brackets, whether the entry is complete,
//! how a word may go on, what a function takes.
//!
//! Colours and completeness are functions of the text alone. What only the running program knows is asked
//! of it with a time limit: it may be busy, and the keys must not wait for that.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::Duration;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::editor::INDENT;
use super::link::{Completions, Happening, Question, QuestionKind};
use super::paint;
use super::screen::Screen;
use crate::engine::console::is_incomplete;
use crate::syntax;

/// Longer texts are shown without colours and hints.
const PAINTED_MAX: usize = 32 * 1024;
/// Who presses Tab waits for the list.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(400);
/// A key does not.
const HINT_PATIENCE: Duration = Duration::from_millis(25);

/// Where things that happen are told.
pub type Tell = Arc<dyn Fn(Happening) + Send + Sync>;

/// What the editor asks.
pub struct Assistant {
    tell: Tell,
    screen: Screen,
    has_colour: bool,
    /// The answer to a question about a signature that came too late so far.
    late: RefCell<Option<Receiver<Completions>>>,
    /// A closing brace is typed where only an indentation stands: one step of it is to go.
    pub closes: Arc<AtomicBool>,
    /// The entry has been accepted: no brackets are marked any more.
    is_accepted: Cell<bool>,
}

/// The line that tells what a function takes.
pub struct Signature(String);

impl Assistant {
    pub fn new(tell: Tell, screen: Screen, has_colour: bool) -> Assistant {
        Assistant {
            tell,
            screen,
            has_colour,
            late: RefCell::new(None),
            closes: Arc::default(),
            is_accepted: Cell::new(false),
        }
    }

    fn ask(&self, kind: QuestionKind, text: &str, cursor: usize) -> Receiver<Completions> {
        let (reply, answer) = channel();
        (self.tell)(Happening::Question(Question { kind, text: text.to_owned(), cursor, reply }));
        answer
    }

    /// Whether the console still works on the last question about a signature.
    fn is_busy(&self) -> bool {
        let mut late = self.late.borrow_mut();
        let busy = late.as_ref().is_some_and(|late| late.try_recv() == Err(TryRecvError::Empty));
        if !busy {
            *late = None;
        }
        busy
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _ctx: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        // A Tab where no word stands indents.
        let start = line[..pos].rfind('\n').map_or(0, |at| at + 1);
        let one = |at: usize, replacement: String| {
            Ok((at, vec![Pair { display: String::new(), replacement }]))
        };
        if self.closes.swap(false, Ordering::Relaxed) {
            let less = (pos - start).saturating_sub(INDENT);
            return one(start, format!("{}}}", " ".repeat(less)));
        }
        if line[start..pos].trim().is_empty() {
            return one(pos, " ".repeat(INDENT - (pos - start) % INDENT));
        }
        let answer = self.ask(QuestionKind::Completion, line, pos);
        let found = answer.recv_timeout(COMPLETION_PATIENCE).unwrap_or_default();
        let fits = found.start <= pos && line.is_char_boundary(found.start);
        let candidates = found.candidates.into_iter().filter(|_| fits);
        let pairs = candidates.map(|(replacement, display)| Pair { display, replacement });
        Ok((found.start.min(pos), pairs.collect()))
    }
}

impl Hinter for Assistant {
    type Hint = Signature;

    fn hint(&self, line: &str, pos: usize, _ctx: &Context<'_>) -> Option<Signature> {
        let asks = pos == line.len() && pos <= PAINTED_MAX && line.contains('(');
        if !asks || self.is_busy() || syntax::open_brackets(line).unwrap_or(0) == 0 {
            return None;
        }
        let answer = self.ask(QuestionKind::Signature, line, pos);
        let Ok(found) = answer.recv_timeout(HINT_PATIENCE) else {
            *self.late.borrow_mut() = Some(answer);
            return None;
        };
        let (text, _) = found.candidates.into_iter().next()?;
        Some(Signature(format!("  {text}")))
    }
}

impl Hint for Signature {
    fn display(&self) -> &str {
        &self.0
    }

    /// It is nothing that could be inserted.
    fn completion(&self) -> Option<&str> {
        None
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if !self.has_colour || line.len() > PAINTED_MAX {
            return Cow::Borrowed(line);
        }
        let cursor = (!self.is_accepted.get()).then_some(pos);
        Cow::Owned(paint::code(line, cursor))
    }

    /// The editor is about to draw its prompt: what was printed meanwhile goes first.
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        let above = self.screen.portion();
        match (above.is_empty(), self.has_colour) {
            (true, false) => Cow::Borrowed(prompt),
            (_, true) => Cow::Owned(format!("{above}{}", paint::prompt(prompt))),
            (false, false) => Cow::Owned(format!("{above}{prompt}")),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        match self.has_colour {
            true => Cow::Owned(paint::hint(hint)),
            false => Cow::Borrowed(hint),
        }
    }

    fn highlight_char(&self, line: &str, _pos: usize, kind: CmdKind) -> bool {
        self.is_accepted.set(kind == CmdKind::ForcedRefresh);
        self.has_colour && line.len() <= PAINTED_MAX
    }
}

impl Validator for Assistant {
    fn validate(&self, ctx: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match goes_on(ctx.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

/// Whether Enter begins another line of the entry. Who leaves two lines empty wants to hear what is
/// missing.
pub fn goes_on(text: &str) -> bool {
    let mut lines = text.rsplit('\n');
    let is_blank = |line: Option<&str>| line.is_some_and(|line| line.trim().is_empty());
    let gives_up = is_blank(lines.next()) && is_blank(lines.next()) && lines.next().is_some();
    !gives_up && is_incomplete(text)
}
