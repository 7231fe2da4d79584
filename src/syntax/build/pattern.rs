//! The actions of the grammar that make patterns.

use super::Builder;
use crate::diagnostics::Span;
use crate::syntax::ast::*;

impl Builder<'_> {
    /// A pattern from `l` to `r`.
    pub fn pattern(&mut self, kind: PatternKind, l: u32, r: u32) -> PatternId {
        self.ast.pattern(kind, Span::new(l, r))
    }

    /// A bare name, which binds; `_` does not.
    pub fn name_pattern(&mut self, name: Name, l: u32, r: u32) -> PatternId {
        let kind = self.bound(Some(name)).map_or(PatternKind::Wildcard, PatternKind::Bind);
        self.pattern(kind, l, r)
    }

    /// The name, if it binds: `_` does not.
    pub fn bound(&self, name: Option<Name>) -> Option<Name> {
        name.filter(|name| self.ast.text(name.symbol) != "_")
    }

    /// `Shape.Rect(w, h: 1)`
    pub fn variant_pattern(
        &mut self,
        path: TypePath,
        fields: Vec<PatternField>,
        l: u32,
        r: u32,
    ) -> PatternId {
        let kind = PatternKind::Variant { path: Box::new(path), fields: fields.into() };
        self.pattern(kind, l, r)
    }

    /// `pattern as name`
    pub fn pattern_as(&mut self, pattern: PatternId, name: Name, l: u32, r: u32) -> PatternId {
        match self.bound(Some(name)) {
            Some(name) => self.pattern(PatternKind::As { pattern, name }, l, r),
            None => pattern,
        }
    }

    /// `a | b as name`
    pub fn alternatives_as(
        &mut self,
        patterns: Vec<PatternId>,
        name: Name,
        l: u32,
        r: u32,
    ) -> PatternId {
        let pattern = self.alternatives(patterns);
        self.pattern_as(pattern, name, l, r)
    }

    /// Alternatives; names behind `is A |` belong to its list of types.
    pub fn alternatives(&mut self, patterns: Vec<PatternId>) -> PatternId {
        let mut alternatives: Vec<PatternId> = Vec::with_capacity(patterns.len());
        for id in patterns {
            let before = alternatives.last().copied();
            let more = self.as_type(id);
            match (before, more) {
                (Some(before), Some(path)) if self.ast.add_type(before, &path) => {}
                _ => alternatives.push(id),
            }
        }
        if let [only] = alternatives[..] {
            return only;
        }
        let ends = alternatives.first().zip(alternatives.last());
        let span = ends.map_or(Span::default(), |(first, last)| {
            self.ast[*first].span.to(self.ast[*last].span)
        });
        self.ast.pattern(PatternKind::Or(alternatives), span)
    }

    fn as_type(&self, id: PatternId) -> Option<TypePath> {
        match &self.ast[id].kind {
            PatternKind::Bind(name) => Some(TypePath { parts: vec![*name], span: name.span }),
            PatternKind::Path(path) => Some((**path).clone()),
            _ => None,
        }
    }

    /// A number with a minus, as one literal.
    pub fn negative(&mut self, literal: ExprId, l: u32, r: u32) -> ExprId {
        if self.int_mins.last() == Some(&literal) {
            self.int_mins.pop();
            self.ast.place(literal, Span::new(l, r));
            return literal;
        }
        let kind = match self.ast[literal].kind {
            ExprKind::Int(value) => ExprKind::Int(value.wrapping_neg()),
            ExprKind::Float(value) => ExprKind::Float(-value),
            ExprKind::Duration(value) => ExprKind::Duration(value.wrapping_neg()),
            _ => ExprKind::Error,
        };
        self.expr(kind, l, r)
    }

    /// `name` or `name = default` in a map pattern.
    pub fn short_pattern_entry(&mut self, name: Name, default: Option<ExprId>) -> PatternEntry {
        let pattern = self.name_pattern(name, name.span.start, name.span.end);
        PatternEntry::Named { name, pattern, default }
    }
}
