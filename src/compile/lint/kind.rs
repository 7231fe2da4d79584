//! What kind of value an expression evidently has. Where two answers are possible there is none: a
//! lint that asks here may trust what it is told.

use super::Context;
use crate::compile::resolve::{Binding, VarKind};
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, UnaryOp};

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// An int.
    Int,
    /// A float.
    Float,
    /// An int or a float.
    Number,
    /// A duration.
    Duration,
    /// A str.
    Str,
    /// Bytes.
    Bytes,
    /// A list.
    List,
    /// A map.
    Map,
    /// A set.
    Set,
    /// A range.
    Range,
    /// An iterator, which does nothing until it is asked.
    Iterator,
    /// A function or closure.
    Function,
    /// A class or the type of a core value.
    Type,
    /// A task.
    Task,
}

/// Values are looked at through so many variables and calls.
const DEPTH_MAX: u32 = 12;

impl Kind {
    /// How messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "a bool",
            Kind::Int => "an int",
            Kind::Float => "a float",
            Kind::Number => "a number",
            Kind::Duration => "a duration",
            Kind::Str => "a str",
            Kind::Bytes => "bytes",
            Kind::List => "a list",
            Kind::Map => "a map",
            Kind::Set => "a set",
            Kind::Range => "a range",
            Kind::Iterator => "an iterator",
            Kind::Function => "a function",
            Kind::Type => "a type",
            Kind::Task => "a task",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Kind::Int | Kind::Float | Kind::Number)
    }

    /// Whether `==` may hold between values of the two kinds.
    pub fn may_equal(self, other: Kind) -> bool {
        self == other || (self.is_number() && other.is_number())
    }

    /// Whether a value of it counts as true, whatever it is.
    pub fn is_true(self) -> bool {
        !matches!(self, Kind::Null | Kind::Bool)
    }
}

impl Context<'_> {
    /// The kind of value that an expression evidently has.
    pub fn kind(&self, id: ExprId) -> Option<Kind> {
        self.kind_at(id, 0)
    }

    fn kind_at(&self, id: ExprId, depth: u32) -> Option<Kind> {
        if depth > DEPTH_MAX {
            return None;
        }
        let deeper = depth + 1;
        Some(match &self.ast()[id].kind {
            ExprKind::Null => Kind::Null,
            ExprKind::Bool(_) | ExprKind::Is { .. } => Kind::Bool,
            ExprKind::Int(_) => Kind::Int,
            ExprKind::Float(_) => Kind::Float,
            ExprKind::Duration(_) => Kind::Duration,
            ExprKind::Str(_) | ExprKind::Interpolation(_) => Kind::Str,
            ExprKind::Bytes(_) => Kind::Bytes,
            ExprKind::List(_) => Kind::List,
            ExprKind::Map(_) => Kind::Map,
            ExprKind::Range { .. } => Kind::Range,
            ExprKind::Closure(_) => Kind::Function,
            ExprKind::Spawn { .. } => Kind::Task,
            ExprKind::Unary { op: UnaryOp::Not, .. } => Kind::Bool,
            ExprKind::Unary { op: UnaryOp::BitNot, .. } => Kind::Int,
            ExprKind::Unary { op: UnaryOp::Neg, operand } => {
                return self.kind_at(*operand, deeper).filter(|kind| kind.is_number());
            }
            ExprKind::Group(inner) => return self.kind_at(*inner, deeper),
            ExprKind::Binary { op, lhs, rhs } => {
                return self.kind_of_binary(*op, *lhs, *rhs, deeper);
            }
            ExprKind::Name(_) => return self.kind_of_name(id, deeper),
            ExprKind::Member { object, name, optional: false } => {
                let is_len = self.ast().text(name.symbol) == "len";
                let known = self.kind_at(*object, deeper).is_some();
                return (is_len && (known || !self.is_member("len"))).then_some(Kind::Int);
            }
            ExprKind::Call { callee, .. } => return self.kind_of_call(*callee, deeper),
            _ => return None,
        })
    }

    fn kind_of_binary(&self, op: BinaryOp, lhs: ExprId, rhs: ExprId, depth: u32) -> Option<Kind> {
        use BinaryOp::*;
        if matches!(op, Eq | Ne | Lt | Le | Gt | Ge | In | NotIn) {
            return Some(Kind::Bool);
        }
        let (left, right) = (self.kind_at(lhs, depth)?, self.kind_at(rhs, depth)?);
        match (op, left, right) {
            (And | Or, Kind::Bool, Kind::Bool) => Some(Kind::Bool),
            (Add | Sub | Mul | FloorDiv | Mod, Kind::Int, Kind::Int) => Some(Kind::Int),
            (BitAnd | BitOr | BitXor | Shl | Shr, Kind::Int, Kind::Int) => Some(Kind::Int),
            (Add | Sub | Mul | Div | FloorDiv | Mod | Pow, left, right)
                if left.is_number() && right.is_number() =>
            {
                Some(Kind::Number)
            }
            (Add, Kind::Str | Kind::List | Kind::Bytes, _) if left == right => Some(left),
            (Mul, Kind::Str | Kind::List, Kind::Int) => Some(left),
            (Add | Sub, Kind::Duration, Kind::Duration) => Some(Kind::Duration),
            _ => None,
        }
    }

    fn kind_of_name(&self, id: ExprId, depth: u32) -> Option<Kind> {
        match self.binding(id)? {
            Binding::Variable(var) => {
                let variable = self.resolution.variable(*var);
                match variable.kind {
                    VarKind::Function(_) => Some(Kind::Function),
                    VarKind::Class => Some(Kind::Type),
                    VarKind::Let => self.kind_at(self.value_of(*var)?, depth),
                    _ => None,
                }
            }
            Binding::Prelude(name) => {
                match CONVERSIONS.iter().any(|(known, _)| *known == &**name) {
                    true => Some(Kind::Type),
                    false => None,
                }
            }
            _ => None,
        }
    }

    fn kind_of_call(&self, callee: ExprId, depth: u32) -> Option<Kind> {
        match &self.ast()[callee].kind {
            ExprKind::Name(_) => {
                let Some(Binding::Prelude(name)) = self.binding(callee) else { return None };
                CONVERSIONS.iter().find(|(known, _)| *known == &**name).map(|(_, kind)| *kind)
            }
            ExprKind::Member { object, name, optional: false } => {
                let name = self.ast().text(name.symbol);
                match self.kind_at(*object, depth) {
                    Some(kind) => kind_of_method(kind, name),
                    None if self.is_member(name) || self.is_module(*object) => None,
                    None => match name {
                        _ if TEXT_ONLY.contains(&name) => Some(Kind::Str),
                        "starts_with" | "ends_with" => Some(Kind::Bool),
                        "iter" => Some(Kind::Iterator),
                        _ => None,
                    },
                }
            }
            _ => None,
        }
    }
}

/// Functions of the prelude with what they make.
const CONVERSIONS: &[(&str, Kind)] = &[
    ("str", Kind::Str),
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("list", Kind::List),
    ("set", Kind::Set),
    ("map", Kind::Map),
    ("bytes", Kind::Bytes),
    ("duration", Kind::Duration),
    ("type", Kind::Type),
];

/// Methods that only texts have.
pub const TEXT_ONLY: &[&str] = &[
    "trim",
    "trim_start",
    "trim_end",
    "strip_prefix",
    "strip_suffix",
    "upper",
    "lower",
    "pad_start",
    "pad_end",
];

/// What a method of a core type gives, where that is one kind.
fn kind_of_method(kind: Kind, name: &str) -> Option<Kind> {
    const LAZY: &[&str] = &[
        "map",
        "filter",
        "take",
        "skip",
        "zip",
        "enumerate",
        "chain",
        "flat_map",
        "take_while",
        "skip_while",
        "chunk",
        "window",
        "unique",
        "scan",
        "peekable",
        "iter",
    ];
    Some(match (kind, name) {
        (Kind::Str, "replace" | "repeat" | "center" | "title" | "reversed") => Kind::Str,
        (Kind::Str, name) if TEXT_ONLY.contains(&name) => Kind::Str,
        (
            Kind::Str,
            "split" | "rsplit" | "lines" | "chars" | "graphemes" | "words" | "partition",
        ) => Kind::List,
        (Kind::Str, "contains" | "starts_with" | "ends_with") => Kind::Bool,
        (Kind::Str, "count") => Kind::Int,
        (
            Kind::List,
            "map" | "filter" | "flat_map" | "flat" | "unique" | "take" | "skip" | "copy" | "sorted"
            | "reversed" | "shuffled" | "zip" | "enumerate" | "chunk" | "window" | "take_while"
            | "skip_while" | "partition",
        ) => Kind::List,
        (Kind::List, "join") => Kind::Str,
        (Kind::List, "group_by") => Kind::Map,
        (Kind::List, "any" | "all" | "contains") => Kind::Bool,
        (Kind::List, "count") => Kind::Int,
        (Kind::Map, "keys" | "values" | "entries") => Kind::List,
        (Kind::Map, "has") => Kind::Bool,
        (Kind::Map, "filter" | "map_values" | "copy") => Kind::Map,
        (Kind::Range | Kind::Iterator, name) if LAZY.contains(&name) => Kind::Iterator,
        (Kind::Range, "step" | "reversed") => Kind::Iterator,
        (Kind::List | Kind::Map | Kind::Set | Kind::Str, "iter") => Kind::Iterator,
        _ => return None,
    })
}
