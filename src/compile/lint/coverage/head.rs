//! What a pattern asks of a value first: a constructor with patterns for its parts, or less.

use std::sync::Arc;

use crate::bytecode::program::EnumShape;
use crate::compile::lint::Context;
use crate::compile::resolve::Binding;
use crate::syntax::ast::{
    ExprKind, PatternElement, PatternField, PatternId, PatternKind, TypePath,
};

/// Lists longer than this are not told apart.
pub const LENGTH_MAX: usize = 12;

/// A pattern in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Fits everything.
    Any,
    /// What is written.
    Pattern(PatternId),
}

/// What a value can begin with, as far as patterns tell.
#[derive(Clone, Debug)]
pub enum Constructor {
    /// A variant of an enum.
    Variant(Arc<EnumShape>, usize),
    /// `true`, `false`
    Bool(bool),
    /// `null`
    Null,
    /// Another literal, by its text.
    Literal(String),
    /// A list of that length.
    List(usize),
}

impl PartialEq for Constructor {
    fn eq(&self, other: &Constructor) -> bool {
        match (self, other) {
            (Constructor::Variant(one, index), Constructor::Variant(other, number)) => {
                Arc::ptr_eq(one, other) && index == number
            }
            (Constructor::Bool(one), Constructor::Bool(other)) => one == other,
            (Constructor::Null, Constructor::Null) => true,
            (Constructor::Literal(one), Constructor::Literal(other)) => one == other,
            (Constructor::List(one), Constructor::List(other)) => one == other,
            _ => false,
        }
    }
}

impl Constructor {
    /// How many parts it has.
    pub fn arity(&self) -> usize {
        match self {
            Constructor::Variant(shape, number) => {
                shape.variants[*number].fields.as_ref().map_or(0, Vec::len)
            }
            Constructor::List(length) => *length,
            Constructor::Bool(_) | Constructor::Null | Constructor::Literal(_) => 0,
        }
    }

    /// How it is written with those parts.
    pub fn written(&self, parts: &[String]) -> String {
        match self {
            Constructor::Variant(shape, number) => {
                let path = format!("{}.{}", shape.name, shape.variants[*number].name);
                if parts.is_empty() { path } else { format!("{path}({})", parts.join(", ")) }
            }
            Constructor::Bool(value) => value.to_string(),
            Constructor::Null => "null".to_owned(),
            Constructor::Literal(text) => text.clone(),
            Constructor::List(_) => format!("[{}]", parts.join(", ")),
        }
    }
}

/// What a pattern asks first.
#[derive(Debug)]
pub enum Head {
    /// Nothing: it fits everything.
    Any,
    /// A constructor, with patterns for the parts.
    Made(Constructor, Vec<Cell>),
    /// One of these.
    OneOf(Vec<Head>),
    /// Another pattern decides.
    Alternatives(Vec<Cell>),
    /// A type that is no enum: nobody but the author knows what else there is.
    OfType,
    /// Some values, of which nothing is known.
    Some,
}

impl Context<'_> {
    /// What a cell asks first.
    pub(super) fn head(&self, cell: Cell) -> Head {
        let Cell::Pattern(mut id) = cell else { return Head::Any };
        let ast = self.ast();
        while let PatternKind::As { pattern, .. } = ast[id].kind {
            id = pattern;
        }
        match &ast[id].kind {
            PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Error => Head::Any,
            PatternKind::As { .. } | PatternKind::Range { .. } | PatternKind::Map(_) => Head::Some,
            PatternKind::Or(patterns) => {
                Head::Alternatives(patterns.iter().map(|&id| Cell::Pattern(id)).collect())
            }
            PatternKind::Literal(value) => Head::Made(
                match ast[*value].kind {
                    ExprKind::Bool(value) => Constructor::Bool(value),
                    ExprKind::Null => Constructor::Null,
                    _ => Constructor::Literal(self.slice(ast[*value].span).to_owned()),
                },
                Vec::new(),
            ),
            PatternKind::Path(path) => match self.resolution.variants.get(&path.span) {
                Some((shape, number)) => {
                    Head::Made(Constructor::Variant(shape.clone(), *number), Vec::new())
                }
                None => Head::Some,
            },
            PatternKind::Variant { path, fields } => self.variant_head(path, fields),
            PatternKind::Is(types) => {
                Head::OneOf(types.iter().map(|path| self.type_head(path)).collect())
            }
            PatternKind::List(elements) => list_head(elements),
        }
    }

    fn variant_head(&self, path: &TypePath, fields: &[PatternField]) -> Head {
        let Some((shape, number)) = self.resolution.variants.get(&path.span) else {
            return Head::Some;
        };
        let names = shape.variants[*number].fields.as_deref().unwrap_or_default();
        let mut parts = vec![Cell::Any; names.len()];
        for (index, field) in fields.iter().enumerate() {
            let (place, pattern) = match *field {
                PatternField::Value(pattern) => (Some(index), pattern),
                PatternField::Named { name, pattern } => {
                    let text = self.ast().text(name.symbol);
                    (names.iter().position(|field| **field == *text), pattern)
                }
                PatternField::Rest(_) => continue,
            };
            if let Some(part) = place.and_then(|place| parts.get_mut(place)) {
                *part = Cell::Pattern(pattern);
            }
        }
        Head::Made(Constructor::Variant(shape.clone(), *number), parts)
    }

    fn type_head(&self, path: &TypePath) -> Head {
        let whole = |shape: &Arc<EnumShape>, number| {
            let made = Constructor::Variant(shape.clone(), number);
            let parts = vec![Cell::Any; made.arity()];
            Head::Made(made, parts)
        };
        if let Some((shape, number)) = self.resolution.variants.get(&path.span) {
            return whole(shape, *number);
        }
        if let [only] = path.parts[..]
            && self.ast().text(only.symbol) == "null"
        {
            return Head::Made(Constructor::Null, Vec::new());
        }
        let Some((binding, taken)) = self.resolution.paths.get(&path.span) else {
            return Head::OfType;
        };
        let shape = match binding {
            _ if *taken != path.parts.len() => None,
            Binding::Variable(var) => self.resolution.enums.get(var),
            Binding::Imported(index, _) => self.resolution.imported_enums.get(index),
            Binding::Prelude(name) if &**name == "bool" => {
                let made = |value| Head::Made(Constructor::Bool(value), Vec::new());
                return Head::OneOf(vec![made(true), made(false)]);
            }
            _ => None,
        };
        match shape {
            Some(shape) => {
                Head::OneOf((0..shape.variants.len()).map(|number| whole(shape, number)).collect())
            }
            None => Head::OfType,
        }
    }
}

/// A list pattern fits lists of some lengths; each is a constructor of its own. The longest one
/// stands for all that are longer.
fn list_head(elements: &[PatternElement]) -> Head {
    let mut parts = Vec::new();
    let (mut least, mut open) = (0, false);
    for element in elements {
        match *element {
            PatternElement::Value { pattern, default } => {
                parts.push(Cell::Pattern(pattern));
                if default.is_none() {
                    least = parts.len();
                }
            }
            PatternElement::Rest(_) => open = true,
        }
    }
    if parts.len() >= LENGTH_MAX {
        return Head::Some;
    }
    let most = if open { LENGTH_MAX } else { parts.len() };
    let of_length = |length: usize| {
        let mut cells: Vec<Cell> = parts.iter().copied().take(length).collect();
        cells.resize(length, Cell::Any);
        Head::Made(Constructor::List(length), cells)
    };
    Head::OneOf((least..=most).map(of_length).collect())
}
