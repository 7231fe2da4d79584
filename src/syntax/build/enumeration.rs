//! The actions of the grammar that make enums.

use super::{Builder, EnumItem};
use crate::diagnostics::Span;
use crate::syntax::ast::*;

impl Builder<'_> {
    /// `enum`
    pub fn enumeration(&mut self, name: Name, items: Vec<EnumItem>, l: u32, r: u32) -> StmtKind {
        let (mut variants, mut members) = (Vec::new(), Vec::new());
        for item in items {
            match item {
                EnumItem::Variant(variant) => variants.push(*variant),
                EnumItem::Member(member) => members.push(*member),
                EnumItem::Broken => {}
            }
        }
        let declaration = Enum { name, variants, members, doc: None, span: Span::new(l, r) };
        StmtKind::Enum { declaration: Box::new(declaration), public: false }
    }

    /// A variant of an enum.
    pub fn variant(
        &mut self,
        name: Name,
        params: Option<Vec<Param>>,
        l: u32,
        r: u32,
    ) -> Box<Variant> {
        let span = Span::new(l, r);
        let constructor =
            params.map(|params| self.named(false, name, params, Block::default(), span));
        Box::new(Variant { name, constructor, doc: self.doc(l), span })
    }
}
