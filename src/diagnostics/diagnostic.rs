//! A diagnostic as data. Nothing here knows how it is drawn.

use super::{Code, SourceId, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The program runs all the same.
    Warning,
    /// The program is not run.
    Error,
}

/// A place in a source with what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Which source.
    pub source: SourceId,
    /// Which bytes of it.
    pub span: Span,
    /// Why this place matters; may be empty.
    pub text: String,
    /// The place of the fault itself, in contrast to places that explain it.
    pub primary: bool,
}

/// A change of a source that mends a fault and can be made by a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which source.
    pub source: SourceId,
    /// What goes away.
    pub span: Span,
    /// What stands there instead.
    pub text: String,
}

impl Edit {
    /// Puts `text` in the place of `span`.
    pub fn new(source: SourceId, span: Span, text: impl Into<String>) -> Edit {
        Edit { source, span, text: text.into() }
    }
}

/// Something that is wrong, or looks wrong, in a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The stable code that `kettle explain` knows; errors of a running program have none.
    pub code: Option<Code>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub title: String,
    /// Where; the primary one first.
    pub labels: Vec<Label>,
    /// What to write instead.
    pub help: Vec<String>,
    /// What else is worth knowing.
    pub notes: Vec<String>,
    /// The changes that mend it, all together; empty if only a person can tell.
    pub edits: Vec<Edit>,
}

impl Diagnostic {
    /// A diagnostic without a place yet; warnings are known by their code.
    pub fn new(code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: Some(code),
            severity: code.severity(),
            title: title.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// What went wrong in a running program, drawn like a diagnostic.
    pub fn failure(title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: None,
            severity: Severity::Error,
            title: title.into(),
            labels: Vec::new(),
            help: Vec::new(),
            notes: Vec::new(),
            edits: Vec::new(),
        }
    }

    /// Adds the place of the fault.
    pub fn at(mut self, source: SourceId, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { source, span, text: text.into(), primary: true });
        self
    }

    /// Adds a place that explains the fault.
    pub fn see(mut self, source: SourceId, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { source, span, text: text.into(), primary: false });
        self
    }

    /// Adds what to write instead.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// Adds what else is worth knowing.
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// Adds a change that mends it.
    pub fn edit(mut self, edit: Edit) -> Diagnostic {
        self.edits.push(edit);
        self
    }

    /// Says, as the last one that is shown, how many more of a kind there are.
    pub fn and_more(&mut self, count: usize, kind: &str) {
        let plural = if count == 1 { "" } else { "s" };
        let are = if count == 1 { "is" } else { "are" };
        self.notes.push(format!("{count} more {kind}{plural} {are} not shown"));
    }

    /// Whether it keeps the program from running.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The place of the fault, if it has one.
    pub fn primary(&self) -> Option<&Label> {
        self.labels.iter().find(|label| label.primary).or(self.labels.first())
    }
}
