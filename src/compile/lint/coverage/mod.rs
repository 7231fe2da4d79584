//! Matches over enums that miss variants, and arms whose values the arms above take.

mod head;
mod table;

use self::head::{Cell, Constructor, LENGTH_MAX};
use self::table::{Question, Search, Step};
use super::Context;
use crate::compile::report::Report;
use crate::diagnostics::Code;
use crate::syntax::ast::{Element, ExprId, ExprKind, MatchArm, PatternId, PatternKind};
use crate::syntax::walk::Node;

/// So many rows of tables are looked at for one question, and for a module.
const ROWS_MAX: usize = 20_000;
const MODULE_ROWS_MAX: usize = 2_000_000;
/// So many missing values are named.
const NAMED_MAX: usize = 4;

/// Looks at all matches.
pub fn find(cx: &Context<'_>, report: &mut Report) {
    let mut rows = MODULE_ROWS_MAX;
    for &node in &cx.tree.nodes {
        let Node::Expr(id) = node else { continue };
        if let ExprKind::Match { subject, arms } = &cx.ast()[id].kind
            && rows > 0
        {
            missing(cx, id, *subject, arms, &mut rows, report);
            taken(cx, arms, &mut rows, report);
        }
    }
}

/// Runs a search with what is left of the module's budget.
fn search<T>(
    cx: &Context<'_>,
    question: Question,
    rows: &mut usize,
    run: impl FnOnce(&mut Search<'_, '_>) -> T,
) -> T {
    let budget = ROWS_MAX.min(*rows);
    let mut search = Search::new(cx, question, budget);
    let found = run(&mut search);
    *rows -= budget - search.budget();
    found
}

/// Values of the enums that a match names, which it leaves over.
fn missing(
    cx: &Context<'_>,
    id: ExprId,
    subject: ExprId,
    arms: &[MatchArm],
    rows: &mut usize,
    report: &mut Report,
) {
    let all: Vec<Cell> = arms.iter().map(|arm| Cell::Pattern(arm.pattern)).collect();
    let sure = |arm: &&MatchArm| arm.guard.is_none();
    let certain: Vec<Cell> =
        arms.iter().filter(sure).map(|arm| Cell::Pattern(arm.pattern)).collect();
    let named = search(cx, Question::Missing, rows, |search| search.constructors(&all));
    let shapes = table::shapes(&named.iter().collect::<Vec<_>>());
    let mut left: Vec<String> = Vec::new();
    for shape in &shapes {
        for number in 0..shape.variants.len() {
            let made = Constructor::Variant(shape.clone(), number);
            let found =
                search(cx, Question::Missing, rows, |search| search.left_over(&certain, made));
            left.extend(found.map(|steps| table::written(&steps)));
        }
    }
    if shapes.is_empty()
        && let Some(made) = list_of(cx, subject)
    {
        let found = search(cx, Question::Missing, rows, |search| search.left_over(&certain, made));
        let of_enum = |step: &Step| {
            matches!(
                step,
                Step::Made(Constructor::Variant(..)) | Step::Other(Some(Constructor::Variant(..)))
            )
        };
        let found = found.filter(|steps| steps.iter().any(of_enum));
        left.extend(found.map(|steps| table::written(&steps)));
    }
    if left.is_empty() {
        return;
    }
    let shown: Vec<String> = left.iter().take(NAMED_MAX).map(|text| format!("`{text}`")).collect();
    let more = match left.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let title = format!("this match misses {}{more}", shown.join(", "));
    let span = crate::diagnostics::Span::new(cx.ast()[id].span.start, cx.ast()[subject].span.end);
    let found = cx.warning(Code::W0801, span, title, "throws a MatchError for them");
    let guarded = certain.len() < all.len();
    let why = if guarded { "; an arm with a condition may not be taken" } else { "" };
    report.add(found.help(format!("add an arm for each, or `_ => …` for all that are left{why}")));
}

/// The list that a subject is seen to be.
fn list_of(cx: &Context<'_>, subject: ExprId) -> Option<Constructor> {
    let ExprKind::List(elements) = &cx.ast()[subject].kind else { return None };
    let plain = elements.iter().all(|element| matches!(element, Element::Value(_)));
    (plain && elements.len() < LENGTH_MAX).then_some(Constructor::List(elements.len()))
}

/// Arms, and alternatives of arms, that never fit.
fn taken(cx: &Context<'_>, arms: &[MatchArm], rows: &mut usize, report: &mut Report) {
    let mut above: Vec<Cell> = Vec::new();
    for arm in arms {
        let alternatives = alternatives(cx, arm.pattern);
        let mut useless = Vec::new();
        for &pattern in &alternatives {
            let cell = Cell::Pattern(pattern);
            // Literals have a warning of their own.
            let literal = matches!(cx.ast()[pattern].kind, PatternKind::Literal(_));
            let reached = literal
                || above.is_empty()
                || search(cx, Question::Reached, rows, |search| search.is_reached(&above, cell));
            if !reached {
                useless.push(pattern);
            }
            if arm.guard.is_none() {
                above.push(cell);
            }
        }
        let whole = useless.len() == alternatives.len();
        let places = if whole { vec![arm.pattern] } else { useless };
        for pattern in places {
            let title = match whole {
                true => "this arm never runs: those above take all that fits it",
                false => "this alternative never fits: those before take all of it",
            };
            let span = cx.ast()[pattern].span;
            let found = cx.warning(Code::W0802, span, title, "never fits");
            report.add(found.help("remove it, or move it up"));
        }
    }
}

/// The alternatives of a whole pattern.
fn alternatives(cx: &Context<'_>, pattern: PatternId) -> Vec<PatternId> {
    match &cx.ast()[pattern].kind {
        PatternKind::Or(alternatives) => alternatives.clone(),
        _ => vec![pattern],
    }
}
