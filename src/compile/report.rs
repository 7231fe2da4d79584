//! Collects the faults of one module.

use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// Errors, and warnings, beyond this many are only counted: the first ones explain the others.
const FAULTS_MAX: usize = 100;
/// Errors beyond this many get no advice that has to be searched for.
const SEARCHES_MAX: usize = 20;

/// The faults found so far.
#[derive(Debug)]
pub struct Report {
    source: SourceId,
    found: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    tainted: bool,
}

impl Report {
    /// None found yet.
    pub fn new(source: SourceId) -> Report {
        Report { source, found: Vec::new(), errors: 0, warnings: 0, tainted: false }
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

    fn push(&mut self, diagnostic: Diagnostic, help: impl Into<String>) {
        let help = help.into();
        self.add(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    /// Adds a diagnostic that is complete.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        // Errors are counted apart, so that many warnings cannot hide one.
        let count = if diagnostic.is_error() { &mut self.errors } else { &mut self.warnings };
        *count += 1;
        if *count <= FAULTS_MAX {
            self.found.push(diagnostic);
        }
    }

    /// Whether advice may be searched for among all names: a text in which nothing is known would
    /// take the product of both numbers.
    pub fn may_search(&self) -> bool {
        self.errors < SEARCHES_MAX
    }

    /// Notes that something is wrong which somebody else has reported.
    pub fn taint(&mut self) {
        self.tainted = true;
    }

    /// Whether something was found that keeps the program from running.
    pub fn has_errors(&self) -> bool {
        self.tainted || self.errors > 0
    }

    /// What was found, in the order of the source; the last one says how many more there are.
    pub fn finish(mut self) -> Vec<Diagnostic> {
        let place = |d: &Diagnostic| d.primary().map_or(0, |label| label.span.start);
        self.found.sort_by_key(place);
        if let Some(last) = self.found.last_mut() {
            for (count, kind) in [(self.errors, "error"), (self.warnings, "warning")] {
                if count > FAULTS_MAX {
                    last.and_more(count - FAULTS_MAX, kind);
                }
            }
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_warnings_do_not_hide_an_error() {
        let mut report = Report::new(SourceId(0));
        for _ in 0..300 {
            report.fault(Code::W0904, Span::default(), "", "", "");
        }
        assert!(!report.has_errors());
        report.fault(Code::E0201, Span::default(), "", "", "");
        assert!(report.has_errors());
        let found = report.finish();
        assert_eq!(found.len(), FAULTS_MAX + 1);
        assert!(found.iter().any(Diagnostic::is_error));
        let last = found.last().map(|last| last.notes.as_slice());
        assert_eq!(last, Some(&["200 more warnings are not shown".to_owned()][..]));
    }

    #[test]
    fn many_errors_are_cut_down_and_do_not_hide_warnings() {
        let mut report = Report::new(SourceId(0));
        for _ in 0..300 {
            report.fault(Code::E0201, Span::default(), "", "", "");
        }
        report.fault(Code::W0904, Span::default(), "", "", "");
        assert!(!report.may_search());
        let found = report.finish();
        assert_eq!(found.len(), FAULTS_MAX + 1);
        let notes: Vec<&String> = found.iter().flat_map(|found| &found.notes).collect();
        assert_eq!(notes, ["200 more errors are not shown"]);
    }
}
