//! `test` blocks: bodies like those of async functions, with options that are known before they run.

use super::{FnKind, Resolver};
use crate::bytecode::program::TestOptions;
use crate::compile::Purpose;
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{Argument, Block, ExprId, ExprKind, StmtId, Symbol};

const OPTIONS: &str = "a test takes `real: true`, `timeout: 10s`, `skip: \"why\"`, `only: true`";

impl Resolver<'_> {
    pub(super) fn test(
        &mut self,
        statement: StmtId,
        name: Symbol,
        options: &[Argument],
        body: &Block,
    ) {
        let span = self.ast[statement].span;
        let options = self.test_options(options);
        if !self.at_top_level() {
            let title = "`test` stands at the top level of a file";
            self.report.fault(Code::E0128, span, title, "inside something else", "");
        }
        let header = Span::new(span.start, body.span.start);
        if let Some(first) = self.test_names.insert(name, header) {
            let title = format!("there are two tests with the name {:?}", self.ast.text(name));
            let help = "give it a name of its own: by it tests are chosen and reported";
            self.report.fault_with(
                Code::E0216,
                header,
                title,
                "the second one",
                (first, "the first one"),
                help,
            );
        }
        let id = self.new_function(FnKind::Test, true);
        if self.purpose == Purpose::Run {
            self.left_out = Some(self.out.variables.len() as u32);
        } else {
            self.out.tests.insert(statement, (id, options));
        }
        self.enter_function(id, None);
        self.block(body);
        self.leave_function();
        self.left_out = None;
    }

    /// Options are literals: which world a test runs in must be known before its file is loaded.
    fn test_options(&mut self, options: &[Argument]) -> TestOptions {
        let ast = self.ast;
        let mut known = TestOptions::default();
        for option in options {
            let (span, fits) = match option {
                Argument::Named { name, value } => {
                    (name.span, self.test_option(ast.text(name.symbol), *value, &mut known))
                }
                Argument::Value(value) | Argument::Spread(value) => (ast[*value].span, Some(false)),
            };
            let text = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
            match fits {
                Some(true) => {}
                Some(false) => {
                    let title = format!("a test has no option `{text}`");
                    self.report.fault(Code::E0305, span, title, "", OPTIONS);
                }
                None => {
                    let title = format!("the option `{text}` of a test is not of this form");
                    self.report.fault(Code::E0305, span, title, "", OPTIONS);
                }
            }
        }
        known
    }

    /// Whether there is an option of that name; nothing if its value does not fit.
    fn test_option(&self, name: &str, value: ExprId, known: &mut TestOptions) -> Option<bool> {
        let value = &self.ast[value].kind;
        match (name, value) {
            ("real", ExprKind::Bool(real)) => known.real = *real,
            ("only", ExprKind::Bool(only)) => known.only = *only,
            ("timeout", ExprKind::Duration(nanos)) if *nanos > 0 => {
                known.timeout = u64::try_from(*nanos).ok();
            }
            ("skip", ExprKind::Bool(true)) => known.skip = Some("".into()),
            ("skip", ExprKind::Bool(false)) => known.skip = None,
            ("skip", ExprKind::Str(why)) => known.skip = Some(self.ast.text(*why).into()),
            ("real" | "only" | "timeout" | "skip", _) => return None,
            _ => return Some(false),
        }
        Some(true)
    }
}
