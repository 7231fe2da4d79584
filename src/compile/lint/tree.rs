//! The tree of a module as the lints need it: every node with its parent, the lists of statements,
//! the functions, and whose value nobody takes.

use std::collections::{HashMap, HashSet};

use crate::syntax::Module;
use crate::syntax::ast::{
    Ast, Block, ExprId, ExprKind, Function, FunctionBody, MemberKind, StmtId, StmtKind,
};
use crate::syntax::walk::{self, Node};

/// What kind of function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `fn` as a statement.
    Named,
    /// `|x| …`
    Closure,
    /// In a class or enum.
    Member,
}

/// A function with what it is.
#[derive(Clone, Copy, Debug)]
pub struct FunctionAt<'a> {
    /// The function.
    pub function: &'a Function,
    /// What it is.
    pub role: Role,
}

/// A module's tree with what is known of its nodes.
pub struct Tree<'a> {
    /// The nodes themselves.
    pub ast: &'a Ast,
    /// All nodes, in the order of the text, parents before children.
    pub nodes: Vec<Node>,
    /// All lists of statements that run one after the other, outer ones before inner ones.
    pub lists: Vec<&'a [StmtId]>,
    /// All functions.
    pub functions: Vec<FunctionAt<'a>>,
    parents: HashMap<Node, Node>,
    dropped: HashSet<Node>,
}

impl<'a> Tree<'a> {
    /// The tree of a module.
    pub fn new(module: &'a Module) -> Tree<'a> {
        let mut tree = Tree {
            ast: &module.ast,
            nodes: Vec::new(),
            lists: Vec::new(),
            functions: Vec::new(),
            parents: HashMap::new(),
            dropped: HashSet::new(),
        };
        tree.list(&module.statements, true);
        let mut todo: Vec<Node> =
            module.statements.iter().rev().map(|&id| Node::Stmt(id)).collect();
        let mut children = Vec::new();
        while let Some(node) = todo.pop() {
            tree.nodes.push(node);
            tree.look_into(node);
            children.clear();
            walk::children(&module.ast, node, &mut children);
            tree.parents.extend(children.iter().map(|&child| (child, node)));
            todo.extend(children.iter().rev());
        }
        tree
    }

    /// The node around one.
    pub fn parent(&self, node: Node) -> Option<Node> {
        self.parents.get(&node).copied()
    }

    /// The nodes around one, from the inside outwards.
    pub fn ancestors(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        std::iter::successors(self.parent(node), |&node| self.parent(node))
    }

    /// Whether nobody takes the value of an expression that stands as a statement.
    pub fn is_dropped(&self, id: ExprId) -> bool {
        self.dropped.contains(&Node::Expr(id))
    }

    /// Whether an expression is the last statement of a `try` that catches.
    pub fn is_tried(&self, id: ExprId) -> bool {
        let Some(statement @ Node::Stmt(last)) = self.parent(Node::Expr(id)) else { return false };
        let Some(Node::Expr(around)) = self.parent(statement) else { return false };
        matches!(&self.ast[around].kind, ExprKind::Try(parts)
            if !parts.catches.is_empty()
                && self.ast[parts.body.statements].last() == Some(&last))
    }

    /// The expressions, in the order of the text.
    pub fn exprs(&self) -> impl Iterator<Item = ExprId> + '_ {
        self.nodes.iter().filter_map(|node| match node {
            Node::Expr(id) => Some(*id),
            _ => None,
        })
    }

    /// The statements, in the order of the text.
    pub fn statements(&self) -> impl Iterator<Item = StmtId> + '_ {
        self.nodes.iter().filter_map(|node| match node {
            Node::Stmt(id) => Some(*id),
            _ => None,
        })
    }

    fn list(&mut self, statements: &'a [StmtId], dropped: bool) {
        self.lists.push(statements);
        let Some((&last, others)) = statements.split_last() else { return };
        others.iter().for_each(|&id| self.drop_statement(id));
        if dropped {
            self.drop_statement(last);
        }
    }

    fn block(&mut self, block: &'a Block, dropped: bool) {
        self.list(&self.ast[block.statements], dropped);
    }

    fn drop_statement(&mut self, id: StmtId) {
        if let StmtKind::Expr(value) = self.ast[id].kind {
            self.dropped.insert(Node::Expr(value));
        }
    }

    fn look_into(&mut self, node: Node) {
        match node {
            Node::Stmt(id) => self.look_into_statement(id),
            Node::Expr(id) => self.look_into_expr(id),
            Node::Pattern(_) => {}
        }
    }

    fn look_into_statement(&mut self, id: StmtId) {
        let ast = self.ast;
        match &ast[id].kind {
            StmtKind::Let { otherwise: Some(block), .. } => self.block(block, true),
            StmtKind::Function { function, .. } => self.function(function, Role::Named),
            StmtKind::Class { class, .. } => self.members(&class.members),
            StmtKind::Enum { declaration, .. } => self.members(&declaration.members),
            StmtKind::While { body, .. } | StmtKind::For { body, .. } => self.block(body, true),
            StmtKind::Test { body, .. } => self.block(body, true),
            StmtKind::Defer(inner) => self.drop_statement(*inner),
            _ => {}
        }
    }

    fn members(&mut self, members: &'a [crate::syntax::ast::Member]) {
        for member in members {
            if let MemberKind::Method(function) | MemberKind::Getter(function) = &member.kind {
                self.function(function, Role::Member);
            }
        }
    }

    fn function(&mut self, function: &'a Function, role: Role) {
        self.functions.push(FunctionAt { function, role });
        // The value of a constructor is its object, whatever its body comes to.
        let is_init = role == Role::Member
            && function.name.is_some_and(|name| self.ast.text(name.symbol) == "init");
        if let FunctionBody::Block(block) = &function.body {
            self.block(block, is_init);
        }
    }

    fn look_into_expr(&mut self, id: ExprId) {
        let ast = self.ast;
        let dropped = self.is_dropped(id);
        match &ast[id].kind {
            ExprKind::Closure(function) => self.function(function, Role::Closure),
            ExprKind::Loop { body, .. } => self.block(body, true),
            ExprKind::Block(body)
            | ExprKind::Scope { body, .. }
            | ExprKind::Shield { body, .. } => self.block(body, dropped),
            ExprKind::Timeout { body, otherwise, .. } => {
                self.block(body, dropped);
                otherwise.iter().for_each(|block| self.block(block, dropped));
            }
            ExprKind::If { then, otherwise, .. } => {
                self.block(then, dropped);
                if let (Some(otherwise), true) = (otherwise, dropped) {
                    self.dropped.insert(Node::Expr(*otherwise));
                }
            }
            ExprKind::Match { arms, .. } if dropped => {
                arms.iter().for_each(|arm| self.drop_statement(arm.body));
            }
            ExprKind::Select { arms, .. } if dropped => {
                arms.iter().for_each(|arm| self.drop_statement(arm.body));
            }
            ExprKind::Try(parts) => {
                self.block(&parts.body, dropped);
                parts.catches.iter().for_each(|catch| self.block(&catch.body, dropped));
                parts.finally.iter().for_each(|block| self.block(block, true));
            }
            _ => {}
        }
    }

    /// The function that a node stands in; none at the top level.
    pub fn function_around(&self, node: Node) -> Option<Node> {
        self.ancestors(node).find(|&around| self.is_function(around))
    }

    /// Whether a node is a body of its own: what it holds runs at another time, or in another task.
    pub fn is_function(&self, node: Node) -> bool {
        match node {
            Node::Expr(id) => match &self.ast[id].kind {
                ExprKind::Closure(_) => true,
                ExprKind::Block(_) => self.parent(node).is_some_and(|parent| self.spawns(parent)),
                _ => false,
            },
            Node::Stmt(id) => matches!(
                self.ast[id].kind,
                StmtKind::Function { .. }
                    | StmtKind::Class { .. }
                    | StmtKind::Enum { .. }
                    | StmtKind::Test { .. }
            ),
            Node::Pattern(_) => false,
        }
    }

    fn spawns(&self, node: Node) -> bool {
        matches!(node, Node::Expr(id) if matches!(self.ast[id].kind, ExprKind::Spawn { .. }))
    }

    /// Whether a node stands in the body of a method, where fields are reached through `self`.
    pub fn is_in_method(&self, id: ExprId) -> bool {
        self.ancestors(Node::Expr(id)).any(|node| {
            matches!(node, Node::Stmt(id) if matches!(self.ast[id].kind, StmtKind::Class { .. }))
        })
    }
}
