//! The actions for rows of any length: bodies of statements and chains of operators. Inner rows end
//! before outer ones go on, so that all of a kind share one stack.

use super::Builder;
use crate::diagnostics::Span;
use crate::syntax::ast::*;
use crate::syntax::operator::{self, Item, Operand};

impl Builder<'_> {
    /// A body begins with a statement: where it begins on the stack.
    pub fn first_statement(&mut self, statement: StmtId) -> usize {
        self.statements.push(statement);
        self.statements.len() - 1
    }

    /// The body that begins at `from` goes on.
    pub fn next_statement(&mut self, from: usize, statement: StmtId) -> usize {
        self.statements.push(statement);
        from
    }

    /// A body without statements.
    pub fn no_statements(&self) -> usize {
        self.statements.len()
    }

    /// The body that begins at `from` is a block.
    pub fn block(&mut self, from: usize, l: u32, r: u32) -> Block {
        let statements = self.ast.row(self.statements.drain(from..));
        Block { statements, span: Span::new(l, r) }
    }

    /// The body that begins at `from` is the file.
    pub fn module(&mut self, from: usize) -> Vec<StmtId> {
        self.statements.split_off(from)
    }

    /// A chain begins with an operand and an operator: where it begins on the stack.
    pub fn first_link(&mut self, operand: Operand, op: Item) -> usize {
        self.links.extend([Item::Operand(operand), op]);
        self.links.len() - 2
    }

    /// The chain that begins at `from` goes on.
    pub fn next_link(&mut self, from: usize, operand: Operand, op: Item) -> usize {
        self.links.extend([Item::Operand(operand), op]);
        from
    }

    /// The chain of operands and operators that begins at `from` and ends with `last`.
    pub fn fold(&mut self, from: usize, last: Item) -> ExprId {
        let (mut links, mut room) =
            (std::mem::take(&mut self.links), std::mem::take(&mut self.idle));
        let tree = operator::fold(self, links.drain(from..), last, &mut room);
        (self.links, self.idle) = (links, room);
        tree
    }
}
