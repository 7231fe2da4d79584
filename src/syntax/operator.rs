//! Folds flat operator chains into trees by precedence, without recursion, so that a chain may be
//! as long as it likes. The precedence table is here and nowhere else.

use std::vec::Drain;

use super::ast::{BinaryOp, ExprId, ExprKind, TypePath, UnaryOp};
use super::build::Builder;
use crate::diagnostics::{Code, Diagnostic, Span};

/// An operand with the prefix operators before it, outermost first, each with its first byte.
#[derive(Debug)]
pub struct Operand {
    /// The operators.
    pub prefixes: Vec<(UnaryOp, u32)>,
    /// What they apply to, if no `**` follows.
    pub value: ExprId,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Infix {
    /// One that makes a `Binary`.
    Binary(BinaryOp),
    /// `..`
    Range,
    /// `..=`
    RangeInclusive,
    /// `is`
    Is,
    /// `!is`
    NotIs,
}

/// An element of a flat chain.
#[derive(Debug)]
pub enum Item {
    /// An operand with its prefixes.
    Operand(Operand),
    /// `return …`, a closure: takes all that follows, so it is last.
    Tail(ExprId),
    /// An operator where it is written.
    Infix(Infix, Span),
    /// What an open range has in place of its end.
    Missing,
}

impl Item {
    /// An operator from `l` to `r`.
    pub fn infix(op: Infix, l: u32, r: u32) -> Item {
        Item::Infix(op, Span::new(l, r))
    }
}

/// How tightly prefix operators bind.
const PREFIX: u8 = 12;

#[derive(Clone, Copy, PartialEq)]
enum Grouping {
    Left,
    Right,
    None,
}

/// How tightly an operator binds, and how a row of them groups.
fn precedence(op: Infix) -> (u8, Grouping) {
    use BinaryOp::*;
    match op {
        Infix::Binary(op) => match op {
            Coalesce => (1, Grouping::Left),
            Or => (2, Grouping::Left),
            And => (3, Grouping::Left),
            Eq | Ne | Lt | Le | Gt | Ge | In | NotIn => (4, Grouping::None),
            BitOr => (6, Grouping::Left),
            BitXor => (7, Grouping::Left),
            BitAnd => (8, Grouping::Left),
            Shl | Shr => (9, Grouping::Left),
            Add | Sub => (10, Grouping::Left),
            Mul | Div | FloorDiv | Mod => (11, Grouping::Left),
            Pow => (13, Grouping::Right),
        },
        Infix::Is | Infix::NotIs => (4, Grouping::None),
        Infix::Range | Infix::RangeInclusive => (5, Grouping::None),
    }
}

/// How a binary operator is written.
pub fn sign(op: BinaryOp) -> &'static str {
    use BinaryOp::*;
    match op {
        Add => "+",
        Sub => "-",
        Mul => "*",
        Div => "/",
        FloorDiv => "//",
        Mod => "%",
        Pow => "**",
        BitAnd => "&",
        BitOr => "|",
        BitXor => "^",
        Shl => "<<",
        Shr => ">>",
        Eq => "==",
        Ne => "!=",
        Lt => "<",
        Le => "<=",
        Gt => ">",
        Ge => ">=",
        In => "in",
        NotIn => "!in",
        And => "&&",
        Or => "||",
        Coalesce => "??",
    }
}

fn infix_sign(op: Infix) -> &'static str {
    match op {
        Infix::Binary(op) => sign(op),
        Infix::Range => "..",
        Infix::RangeInclusive => "..=",
        Infix::Is => "is",
        Infix::NotIs => "!is",
    }
}

/// Builds the tree of a chain.
pub fn fold(b: &mut Builder<'_>, items: Drain<'_, Item>, last: Item, room: &mut Room) -> ExprId {
    let mut folding = Folding { b, room };
    if let [Item::Operand(lhs), Item::Infix(op, span)] = items.as_slice()
        && let Item::Operand(rhs) = &last
        && lhs.prefixes.is_empty()
        && rhs.prefixes.is_empty()
    {
        return folding.join(*op, *span, lhs.value, Some(rhs.value));
    }
    for item in items {
        folding.take(item);
    }
    folding.take(last);
    while let Some(pending) = folding.room.pending.pop() {
        folding.apply(pending);
    }
    let tree = folding.room.operands.pop().flatten();
    // A chain with a fault in it leaves operands behind.
    folding.room.operands.clear();
    match tree {
        Some(tree) => tree,
        None => folding.b.ast.expr(ExprKind::Error, Span::default()),
    }
}

/// Where a chain is folded: empty before and after.
#[derive(Default)]
pub struct Room {
    operands: Vec<Option<ExprId>>,
    pending: Vec<Pending>,
}

enum Pending {
    Prefix(UnaryOp, u32),
    Infix(Infix, Span),
}

struct Folding<'r, 'b, 'a> {
    b: &'b mut Builder<'a>,
    room: &'r mut Room,
}

impl Folding<'_, '_, '_> {
    fn take(&mut self, item: Item) {
        match item {
            Item::Operand(operand) => {
                let prefixes = operand.prefixes.into_iter();
                self.room.pending.extend(prefixes.map(|(op, at)| Pending::Prefix(op, at)));
                self.room.operands.push(Some(operand.value));
            }
            Item::Tail(value) => self.room.operands.push(Some(value)),
            Item::Missing => self.room.operands.push(None),
            Item::Infix(op, span) => self.infix(op, span),
        }
    }

    fn infix(&mut self, op: Infix, span: Span) {
        let (level, grouping) = precedence(op);
        while let Some(top) = self.room.pending.pop() {
            let goes_first = match &top {
                Pending::Prefix(..) => PREFIX > level,
                Pending::Infix(left, left_span) => {
                    let (left_level, _) = precedence(*left);
                    if left_level == level && grouping == Grouping::None {
                        self.chained(*left, *left_span, op, span);
                    }
                    left_level > level || (left_level == level && grouping != Grouping::Right)
                }
            };
            if !goes_first {
                self.room.pending.push(top);
                break;
            }
            if let Pending::Prefix(UnaryOp::Not, at) = top {
                self.negated_operand(at, op, span);
            }
            self.apply(top);
        }
        self.room.pending.push(Pending::Infix(op, span));
    }

    fn apply(&mut self, pending: Pending) {
        match pending {
            Pending::Prefix(op, at) => {
                let Some(operand) = self.room.operands.pop().flatten() else { return };
                let span = Span::new(at, self.b.ast[operand].span.end);
                let tree = self.b.unary(op, operand, span);
                self.room.operands.push(Some(tree));
            }
            Pending::Infix(op, span) => {
                let rhs = self.room.operands.pop().flatten();
                let Some(lhs) = self.room.operands.pop().flatten() else { return };
                let tree = self.join(op, span, lhs, rhs);
                self.room.operands.push(Some(tree));
            }
        }
    }

    fn join(&mut self, op: Infix, at: Span, lhs: ExprId, rhs: Option<ExprId>) -> ExprId {
        let end = rhs.map_or(at, |rhs| self.b.ast[rhs].span);
        let span = self.b.ast[lhs].span.to(at).to(end);
        let kind = match (op, rhs) {
            (Infix::Range | Infix::RangeInclusive, _) => ExprKind::Range {
                start: Some(lhs),
                end: rhs,
                inclusive: op == Infix::RangeInclusive,
            },
            (_, None) => ExprKind::Error,
            (Infix::Binary(op), Some(rhs)) => ExprKind::Binary { op, lhs, rhs },
            (Infix::Is | Infix::NotIs, Some(rhs)) => {
                let types = self.types(rhs);
                ExprKind::Is { value: lhs, types, negated: op == Infix::NotIs }
            }
        };
        self.b.ast.expr(kind, span)
    }

    /// Reads the operand of `is` as a list of types.
    fn types(&mut self, operand: ExprId) -> Vec<TypePath> {
        let mut types = Vec::new();
        let mut rest = operand;
        while let ExprKind::Binary { op: BinaryOp::BitOr, lhs, rhs } = self.b.ast[rest].kind {
            types.push(rhs);
            rest = lhs;
        }
        types.push(rest);
        types.reverse();
        types.into_iter().filter_map(|id| self.type_path(id)).collect()
    }

    fn type_path(&mut self, id: ExprId) -> Option<TypePath> {
        let span = self.b.ast[id].span;
        let path = self.b.path_of(id);
        if path.is_none() {
            let diagnostic = Diagnostic::new(Code::E0111, "after `is` stands a type");
            let diagnostic = diagnostic.at(self.b.source, span, "this is no name of a type");
            self.b.report(
                diagnostic.help("compare values with `==`; types: `x is int | Shape.Circle`"),
            );
        }
        path
    }

    fn chained(&mut self, left: Infix, left_span: Span, right: Infix, right_span: Span) {
        let (first, second) = (infix_sign(left), infix_sign(right));
        let help = match (left, right) {
            (Infix::Range | Infix::RangeInclusive, _) => "a range has two ends: `a..b`".to_string(),
            _ => format!("write `a {first} b && b {second} c`, or use parentheses"),
        };
        let diagnostic = Diagnostic::new(Code::E0109, format!("`{second}` does not chain"))
            .at(self.b.source, right_span, "cannot follow")
            .see(self.b.source, left_span, "after this one");
        self.b.report(diagnostic.help(help));
    }

    /// `!a in b` means `(!a) in b`, which nobody wants.
    fn negated_operand(&mut self, at: u32, op: Infix, span: Span) {
        let form = match op {
            Infix::Binary(BinaryOp::In) => "a !in b",
            Infix::Is => "a !is T",
            Infix::Binary(BinaryOp::Eq) => "a != b",
            _ => return,
        };
        let title = format!("`!` applies to the left side of `{}` only", infix_sign(op));
        let diagnostic = Diagnostic::new(Code::E0109, title)
            .at(self.b.source, Span::new(at, at + 1), "is done first")
            .see(self.b.source, span, "then compares the result");
        self.b.report(diagnostic.help(format!("write `{form}`, or use parentheses")));
    }
}
