//! The scopes around the place that is being resolved, and what names mean in them.
//!
//! All meanings lie on one stack, the innermost scope on top. A table has the newest meaning of every
//! name, and each meaning the one that it hides: a look-up asks no hash table.

use super::{Binding, FnId};
use crate::diagnostics::Span;
use crate::syntax::ast::Symbol;

/// What a name means in a scope.
pub(super) struct Entry {
    pub(super) binding: Binding,
    pub(super) span: Span,
    /// It can be used from here on.
    pub(super) declared: bool,
    /// The function that the scope belongs to.
    pub(super) function: FnId,
    symbol: Symbol,
    /// The number of its scope.
    depth: u32,
    /// The place of the meaning that it hides, or [`NONE`].
    outer: u32,
}

struct Scope {
    function: FnId,
    /// Where its meanings begin.
    first: usize,
}

/// Stands for the place of no meaning.
const NONE: u32 = u32::MAX;

/// The scopes, the innermost last.
#[derive(Default)]
pub(super) struct Scopes {
    scopes: Vec<Scope>,
    entries: Vec<Entry>,
    /// The place of the newest meaning of each name, by its symbol.
    newest: Vec<u32>,
}

impl Scopes {
    /// No scope, of a tree with so many names.
    pub(super) fn new(symbols: usize) -> Scopes {
        Scopes { newest: vec![NONE; symbols], ..Scopes::default() }
    }

    pub(super) fn push(&mut self, function: FnId) {
        self.scopes.push(Scope { function, first: self.entries.len() });
    }

    pub(super) fn pop(&mut self) {
        let first = self.scopes.pop().map_or(0, |scope| scope.first);
        while self.entries.len() > first
            && let Some(entry) = self.entries.pop()
        {
            self.newest[entry.symbol.0 as usize] = entry.outer;
        }
    }

    /// How many scopes there are.
    pub(super) fn depth(&self) -> usize {
        self.scopes.len()
    }

    /// Gives a name a meaning in the innermost scope; says where it had one there before.
    pub(super) fn bind(
        &mut self,
        symbol: Symbol,
        binding: Binding,
        span: Span,
        declared: bool,
    ) -> Option<Span> {
        if let Some(entry) = self.innermost_mut(symbol) {
            let before = std::mem::replace(&mut entry.span, span);
            (entry.binding, entry.declared) = (binding, declared);
            return Some(before);
        }
        let scope = self.scopes.last().expect("a scope is pushed before names are declared");
        let (function, depth) = (scope.function, self.scopes.len() as u32);
        let place = self.entries.len() as u32;
        let outer = std::mem::replace(&mut self.newest[symbol.0 as usize], place);
        self.entries.push(Entry { binding, span, declared, function, symbol, depth, outer });
        None
    }

    /// The meaning of a name in the innermost scope alone.
    pub(super) fn innermost_mut(&mut self, symbol: Symbol) -> Option<&mut Entry> {
        let place = *self.newest.get(symbol.0 as usize)?;
        let depth = self.scopes.len() as u32;
        self.entries.get_mut(place as usize).filter(|entry| entry.depth == depth)
    }

    /// The meaning of a name in the innermost scope alone.
    pub(super) fn innermost(&self, symbol: Symbol) -> Option<&Entry> {
        self.meanings(symbol).next().filter(|entry| entry.depth as usize == self.scopes.len())
    }

    /// All meanings of a name, the innermost first.
    pub(super) fn meanings(&self, symbol: Symbol) -> impl Iterator<Item = &Entry> {
        let mut place = self.newest.get(symbol.0 as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let entry = self.entries.get(place as usize)?;
            place = entry.outer;
            Some(entry)
        })
    }

    /// The meaning of a name, in whatever scope.
    pub(super) fn meaning(&self, symbol: Symbol) -> Option<&Entry> {
        self.meanings(symbol).next()
    }

    /// The meaning that the innermost one of the name hides.
    pub(super) fn hidden(&self, symbol: Symbol) -> Option<&Entry> {
        let depth = self.scopes.len();
        self.meanings(symbol).find(|entry| (entry.depth as usize) < depth)
    }

    /// All names with their meanings, scope by scope, the innermost first.
    pub(super) fn all(&self) -> impl Iterator<Item = Vec<(Symbol, &Entry)>> {
        let ends = self.scopes.iter().skip(1).map(|scope| scope.first).chain([self.entries.len()]);
        let firsts = self.scopes.iter().map(|scope| scope.first);
        firsts.zip(ends).collect::<Vec<_>>().into_iter().rev().map(|(first, end)| {
            self.entries[first..end].iter().map(|entry| (entry.symbol, entry)).collect()
        })
    }
}
