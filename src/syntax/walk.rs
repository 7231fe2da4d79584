//! The children of every node, for passes that need to see the whole tree without recursing.

use super::ast::*;

/// A node of any kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    /// An expression.
    Expr(ExprId),
    /// A pattern.
    Pattern(PatternId),
    /// A statement.
    Stmt(StmtId),
}

/// Appends the direct children of `node` to `out`, in the order of the text.
pub fn children(ast: &Ast, node: Node, out: &mut Vec<Node>) {
    let mut list = List { ast, out };
    match node {
        Node::Expr(id) => list.of_expr(&ast[id].kind),
        Node::Pattern(id) => list.of_pattern(&ast[id].kind),
        Node::Stmt(id) => list.of_stmt(&ast[id].kind),
    }
}

/// The left side of a chain: the operand that operators, calls and accesses pile up on. Chains may
/// be long, so they do not count as depth.
pub fn chain_head(kind: &ExprKind) -> Option<ExprId> {
    match kind {
        ExprKind::Binary { lhs: head, .. }
        | ExprKind::Member { object: head, .. }
        | ExprKind::Index { object: head, .. }
        | ExprKind::Call { callee: head, .. } => Some(*head),
        _ => None,
    }
}

/// The part of an expression that all passes go on to in a loop: the head of a chain, the next arm
/// of an `if`.
pub fn same_level(ast: &Ast, node: Node) -> Option<ExprId> {
    let Node::Expr(id) = node else { return None };
    match ast[id].kind {
        ExprKind::If { otherwise: Some(next), .. } => {
            matches!(ast[next].kind, ExprKind::If { .. }).then_some(next)
        }
        ref kind => chain_head(kind),
    }
}

/// Whether a child lies deeper than its parent, whose part on the same level is `head`. Statements do
/// not: they stand in brackets, which have a limit of their own.
pub fn is_deeper(child: Node, head: Option<ExprId>) -> bool {
    match child {
        Node::Expr(id) => head != Some(id),
        Node::Pattern(_) => true,
        Node::Stmt(_) => false,
    }
}

struct List<'a> {
    ast: &'a Ast,
    out: &'a mut Vec<Node>,
}

impl List<'_> {
    fn expr(&mut self, id: ExprId) {
        self.out.push(Node::Expr(id));
    }

    fn maybe(&mut self, id: Option<ExprId>) {
        self.out.extend(id.map(Node::Expr));
    }

    fn pattern(&mut self, id: PatternId) {
        self.out.push(Node::Pattern(id));
    }

    fn stmt(&mut self, id: StmtId) {
        self.out.push(Node::Stmt(id));
    }

    fn block(&mut self, block: &Block) {
        self.out.extend(self.ast[block.statements].iter().copied().map(Node::Stmt));
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        for argument in arguments {
            match argument {
                Argument::Value(value)
                | Argument::Spread(value)
                | Argument::Named { value, .. } => self.expr(*value),
            }
        }
    }

    fn params(&mut self, params: &[Param]) {
        for param in params {
            self.pattern(param.pattern);
            self.maybe(param.default);
        }
    }

    fn function(&mut self, function: &Function) {
        self.params(&function.params);
        match &function.body {
            FunctionBody::Block(block) => self.block(block),
            FunctionBody::Simple(statement) => self.stmt(*statement),
        }
    }

    fn members(&mut self, members: &[Member]) {
        for member in members {
            match &member.kind {
                MemberKind::Field { default, .. } => self.maybe(*default),
                MemberKind::Method(function) | MemberKind::Getter(function) => {
                    self.function(function);
                }
            }
        }
    }

    fn of_expr(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Duration(_)
            | ExprKind::Str(_)
            | ExprKind::Bytes(_)
            | ExprKind::Name(_)
            | ExprKind::SelfValue
            | ExprKind::Super
            | ExprKind::Continue { .. }
            | ExprKind::Error => {}
            ExprKind::Interpolation(pieces) => {
                for piece in pieces {
                    if let Piece::Value { value, spec } = piece {
                        self.expr(*value);
                        spec.iter().for_each(|spec| self.spec(spec));
                    }
                }
            }
            ExprKind::List(items) => {
                for item in items {
                    let (Element::Value(value) | Element::Spread(value)) = item;
                    self.expr(*value);
                }
            }
            ExprKind::Map(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            ExprKind::Unary { operand: value, .. }
            | ExprKind::Is { value, .. }
            | ExprKind::Member { object: value, .. }
            | ExprKind::Await(value)
            | ExprKind::Group(value)
            | ExprKind::Spawn { operand: value, .. }
            | ExprKind::Throw(value) => self.expr(*value),
            ExprKind::Binary { lhs, rhs, .. } => {
                self.expr(*lhs);
                self.expr(*rhs);
            }
            ExprKind::Range { start, end, .. } => {
                self.maybe(*start);
                self.maybe(*end);
            }
            ExprKind::Index { object, indices, .. } => {
                self.expr(*object);
                indices.iter().for_each(|&index| self.expr(index));
            }
            ExprKind::Call { callee, arguments } => {
                self.expr(*callee);
                self.arguments(arguments);
            }
            ExprKind::Closure(function) => self.function(function),
            ExprKind::Return(value) | ExprKind::Yield(value) | ExprKind::Break { value, .. } => {
                self.maybe(*value)
            }
            construct => self.of_construct(construct),
        }
    }

    fn of_construct(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Block(body) | ExprKind::Loop { body, .. } => self.block(body),
            ExprKind::If { condition, then, otherwise } => {
                self.expr(*condition);
                self.block(then);
                self.maybe(*otherwise);
            }
            ExprKind::Match { subject, arms } => {
                self.expr(*subject);
                for arm in arms {
                    self.pattern(arm.pattern);
                    self.maybe(arm.guard);
                    self.stmt(arm.body);
                }
            }
            ExprKind::Try(parts) => {
                self.block(&parts.body);
                for catch in &parts.catches {
                    self.maybe(catch.guard);
                    self.block(&catch.body);
                }
                parts.finally.iter().for_each(|finally| self.block(finally));
            }
            ExprKind::Scope { head, body } => {
                self.arguments(&head.options);
                self.block(body);
            }
            ExprKind::Timeout { duration, body, otherwise } => {
                self.expr(*duration);
                self.block(body);
                otherwise.iter().for_each(|otherwise| self.block(otherwise));
            }
            ExprKind::Shield { duration, body } => {
                self.expr(*duration);
                self.block(body);
            }
            ExprKind::Select { arms, .. } => {
                for arm in arms {
                    if let SelectArmKind::Await { pattern, operand, guard } = &arm.kind {
                        pattern.iter().for_each(|&pattern| self.pattern(pattern));
                        self.expr(*operand);
                        self.maybe(*guard);
                    }
                    self.stmt(arm.body);
                }
            }
            _ => {}
        }
    }

    fn spec(&mut self, spec: &Spec) {
        for piece in &spec.pieces {
            if let Piece::Value { value, .. } = piece {
                self.expr(*value);
            }
        }
    }

    fn entry(&mut self, entry: &Entry) {
        match entry {
            Entry::Short(_) => {}
            Entry::Named { value, .. } | Entry::Spread(value) => self.expr(*value),
            Entry::Computed { key, value } => {
                self.expr(*key);
                self.expr(*value);
            }
        }
    }

    fn of_pattern(&mut self, kind: &PatternKind) {
        match kind {
            PatternKind::Wildcard
            | PatternKind::Bind(_)
            | PatternKind::Path(_)
            | PatternKind::Is(_)
            | PatternKind::Error => {}
            PatternKind::Literal(value) => self.expr(*value),
            PatternKind::Range { start, end, .. } => {
                self.expr(*start);
                self.maybe(*end);
            }
            PatternKind::Variant { fields, .. } => {
                for field in fields {
                    match field {
                        PatternField::Value(pattern) | PatternField::Named { pattern, .. } => {
                            self.pattern(*pattern);
                        }
                        PatternField::Rest(_) => {}
                    }
                }
            }
            PatternKind::List(items) => {
                for item in items {
                    if let PatternElement::Value { pattern, default } = item {
                        self.pattern(*pattern);
                        self.maybe(*default);
                    }
                }
            }
            PatternKind::Map(entries) => {
                for entry in entries {
                    match entry {
                        PatternEntry::Named { pattern, default, .. } => {
                            self.pattern(*pattern);
                            self.maybe(*default);
                        }
                        PatternEntry::Computed { key, pattern, default } => {
                            self.expr(*key);
                            self.pattern(*pattern);
                            self.maybe(*default);
                        }
                        PatternEntry::Rest(_) => {}
                    }
                }
            }
            PatternKind::Or(patterns) => patterns.iter().for_each(|&p| self.pattern(p)),
            PatternKind::As { pattern, .. } => self.pattern(*pattern),
        }
    }

    fn of_stmt(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Expr(value) => self.expr(*value),
            StmtKind::Let { pattern, value, otherwise, .. } => {
                self.pattern(*pattern);
                self.expr(*value);
                otherwise.iter().for_each(|otherwise| self.block(otherwise));
            }
            StmtKind::Assign { target, value, .. } => {
                self.expr(*target);
                self.expr(*value);
            }
            StmtKind::Function { function, .. } => self.function(function),
            StmtKind::Class { class, .. } => self.members(&class.members),
            StmtKind::Enum { declaration, .. } => {
                for variant in &declaration.variants {
                    variant.constructor.iter().for_each(|function| self.function(function));
                }
                self.members(&declaration.members);
            }
            StmtKind::While { condition, body, .. } => {
                self.expr(*condition);
                self.block(body);
            }
            StmtKind::For { pattern, iterable, body, .. } => {
                self.pattern(*pattern);
                self.expr(*iterable);
                self.block(body);
            }
            StmtKind::Defer(statement) => self.stmt(*statement),
            StmtKind::Assert { condition, message } => {
                self.expr(*condition);
                self.maybe(*message);
            }
            StmtKind::Test { options, body, .. } => {
                self.arguments(options);
                self.block(body);
            }
            StmtKind::Import(_) | StmtKind::Error => {}
        }
    }
}

/// The first node found that lies deeper than `limit`.
pub fn too_deep(module: &Module, limit: usize) -> Option<Node> {
    let mut todo: Vec<(Node, usize)> =
        module.statements.iter().map(|&statement| (Node::Stmt(statement), 0)).collect();
    let mut found = Vec::new();
    while let Some((node, depth)) = todo.pop() {
        if depth > limit {
            return Some(node);
        }
        found.clear();
        children(&module.ast, node, &mut found);
        let head = same_level(&module.ast, node);
        let inner = |&child: &Node| (child, depth + usize::from(is_deeper(child, head)));
        todo.extend(found.iter().map(inner));
    }
    None
}
