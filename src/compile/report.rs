//! Collects the faults of one module.

use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// Faults beyond this many are not reported: the first ones explain the others.
const FAULTS_MAX: usize = 100;

/// The faults found so far.
#[derive(Debug)]
pub struct Report {
    source: SourceId,
    found: Vec<Diagnostic>,
    tainted: bool,
}

impl Report {
    /// None found yet.
    pub fn new(source: SourceId) -> Report {
        Report { source, found: Vec::new(), tainted: false }
    }

    /// Adds a fault; the help may be empty.
    pub fn fault(
        &mut self,
        code: Code,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Diagnostic::new(code, title).at(self.source, span, label), help);
    }

    /// Adds a fault that another place explains.
    pub fn fault_with(
        &mut self,
        code: Code,
        span: Span,
        title: impl Into<String>,
        label: impl Into<String>,
        other: (Span, &str),
        help: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::new(code, title).at(self.source, span, label);
        self.push(diagnostic.see(self.source, other.0, other.1), help);
    }

    /// Says that a form has no meaning in this version.
    pub fn unsupported(&mut self, span: Span, what: &str) {
        self.fault(Code::E0801, span, format!("not supported yet: {what}"), "", "");
    }

    fn push(&mut self, mut diagnostic: Diagnostic, help: impl Into<String>) {
        let help = help.into();
        if !help.is_empty() {
            diagnostic = diagnostic.help(help);
        }
        if self.found.len() < FAULTS_MAX {
            self.found.push(diagnostic);
        }
    }

    /// Notes that something is wrong which somebody else has reported.
    pub fn taint(&mut self) {
        self.tainted = true;
    }

    /// Whether something was found that keeps the program from running.
    pub fn has_errors(&self) -> bool {
        self.tainted || self.found.iter().any(Diagnostic::is_error)
    }

    /// What was found, in the order of the source.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let place = |d: &Diagnostic| d.primary().map_or(0, |label| label.span.start);
        self.found.sort_by_key(place);
        self.found
    }
}
