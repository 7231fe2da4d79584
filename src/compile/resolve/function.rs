//! Function-like bodies: the module, functions, closures, spawned blocks, tests.

use super::{
    Binding, Context, FnId, FnKind, FunctionInfo, Owner, OwnerKey, PlainReason, Resolver, VarId,
    VarKind, Variable,
};
use crate::diagnostics::{Code, Span};
use crate::syntax::ast::{
    Ast, Block, ExprId, ExprKind, Function, FunctionBody, StmtId, StmtKind, Symbol,
};
use crate::syntax::table::Table;
use crate::syntax::walk::{self, Node};

impl Resolver<'_> {
    /// Resolves the whole module.
    pub(super) fn module(&mut self, statements: &[StmtId]) {
        let id = self.new_function(FnKind::Module, true);
        self.enter_function(id, None);
        self.push_scope();
        self.statements(statements);
        self.pop_scope();
        let defers =
            statements.iter().any(|&stmt| matches!(self.ast[stmt].kind, StmtKind::Defer(_)));
        self.leave_module(defers);
    }

    pub(super) fn new_function(&mut self, kind: FnKind, is_async: bool) -> FnId {
        let parent = self.contexts.last().map(|context| context.id);
        self.out.functions.push(FunctionInfo {
            kind,
            parent,
            is_async,
            is_generator: false,
            self_var: None,
            class: self.classes.last().copied(),
            captures: Vec::new(),
            upvalues: Table::default(),
        });
        FnId(self.out.functions.len() as u32 - 1)
    }

    pub(super) fn enter_function(&mut self, id: FnId, plain: Option<PlainReason>) {
        let (regions, spawns) = (Vec::new(), Vec::new());
        self.contexts.push(Context {
            id,
            regions,
            spawns,
            plain,
            in_parameters: false,
            thunk: None,
        });
    }

    /// Notes that a function makes a generator if its body has a `yield`. Callers may be resolved
    /// before the body is, so this looks ahead.
    pub(super) fn note_generator(&mut self, id: FnId, function: &Function) {
        if !self.has_yield {
            return;
        }
        let yields = match &function.body {
            FunctionBody::Block(block) => yields(self.ast, &self.ast[block.statements]),
            FunctionBody::Simple(statement) => yields(self.ast, &[*statement]),
        };
        self.out.functions[id.0 as usize].is_generator = yields;
    }

    /// `yield`
    pub(super) fn yield_at(&mut self, span: Span) {
        let context = self.contexts.last().expect("a function is being resolved");
        let (id, in_parameters) = (context.id, context.in_parameters);
        let info = self.out.function(id);
        let word = Span::new(span.start, span.start + 5);
        if in_parameters || matches!(info.kind, FnKind::SpawnBlock | FnKind::Value) {
            let help = "a `fn` whose body has `yield` makes a generator when it is called";
            let title = "`yield` outside of a function's body";
            self.report.fault(Code::E0120, word, title, "belongs to no generator", help);
        }
    }

    /// The body of a hoisted `fn`.
    pub(super) fn named_function(&mut self, function: &Function) {
        let Some(&id) = self.out.function_of.get(&std::ptr::from_ref(function)) else { return };
        let plain = (!function.is_async).then_some(PlainReason::Function);
        self.enter_function(id, plain);
        self.function_body(function);
        self.leave_function();
    }

    /// Parameters and body in the context that has been entered.
    pub(super) fn function_body(&mut self, function: &Function) {
        self.push_scope();
        for param in &function.params {
            self.in_parameters(true);
            param.default.into_iter().for_each(|value| self.expr(value));
            self.in_parameters(false);
            self.bind_pattern(param.pattern, VarKind::Param);
        }
        match &function.body {
            FunctionBody::Block(block) => self.block(block),
            FunctionBody::Simple(statement) => self.statement(*statement),
        }
        self.pop_scope();
    }

    fn in_parameters(&mut self, inside: bool) {
        self.contexts.last_mut().expect("a function is being resolved").in_parameters = inside;
    }

    pub(super) fn closure(&mut self, function: &Function) {
        let id = self.new_function(FnKind::Closure, false);
        self.note_generator(id, function);
        self.out.function_of.insert(std::ptr::from_ref(function), id);
        self.enter_function(id, None);
        if let (FunctionBody::Simple(_), Some(context)) = (&function.body, self.contexts.last_mut())
        {
            context.thunk = Some(function.span);
        }
        self.function_body(function);
        self.leave_function();
    }

    /// The block of a `spawn`: a function of its own.
    pub(super) fn spawn_block(&mut self, operand: ExprId, block: &Block) {
        let id = self.new_function(FnKind::SpawnBlock, true);
        self.out.value_functions.insert(operand, id);
        self.enter_function(id, None);
        self.block(block);
        self.leave_function();
    }

    /// Leaves a function: what it spawned gets its owner, or is passed on outwards if the function
    /// is a plain closure.
    pub(super) fn leave_function(&mut self) {
        let context = self.contexts.pop().expect("each function is left once");
        if context.spawns.is_empty() {
            return;
        }
        let info = self.out.function(context.id);
        if info.is_generator {
            return self.spawns_in_generator(&context.spawns);
        }
        let own = match info.kind {
            FnKind::Closure => info.is_async,
            _ => true,
        };
        if own {
            let owner = self.body_owner(context.id);
            for (spawn, function) in context.spawns {
                self.capture(function, owner);
                self.out.spawn_owners.insert(spawn, Some(owner));
            }
            return;
        }
        for (spawn, function) in context.spawns {
            self.own_spawn(spawn, function);
        }
    }

    /// A generator may be left in the middle, so its body cannot wait for tasks.
    fn spawns_in_generator(&mut self, spawns: &[(ExprId, FnId)]) {
        for &(spawn, _) in spawns {
            self.report.fault(
                Code::E0304,
                self.ast[spawn].span,
                "`spawn` in a generator, outside of a `scope`",
                "nothing would wait for this task",
                "put it into a `scope { … }`, without the `yield`",
            );
            self.out.spawn_owners.insert(spawn, None);
        }
    }

    fn leave_module(&mut self, defers: bool) {
        let context = self.contexts.pop().expect("the module is left once");
        // Clean-ups of the top level run after its tasks, so it needs a scope to wait for.
        let owner = (defers && !context.spawns.is_empty()).then(|| self.body_owner(context.id));
        for (spawn, function) in context.spawns {
            if let Some(owner) = owner {
                self.capture(function, owner);
            }
            self.out.spawn_owners.insert(spawn, owner);
        }
    }

    /// The scope record of a whole body.
    fn body_owner(&mut self, function: FnId) -> VarId {
        let key = OwnerKey::Body(function);
        if let Some(owner) = self.out.owners.get_mut(&key) {
            owner.needed = true;
            return owner.var;
        }
        let var = self.hidden(function);
        self.out.owners.insert(key, Owner { var, needed: true });
        var
    }

    /// A variable of `function` that no name reaches.
    pub(super) fn hidden(&mut self, function: FnId) -> VarId {
        let symbol = Symbol(u32::MAX);
        self.out.variables.push(Variable {
            name: symbol,
            span: Span::default(),
            function,
            kind: VarKind::Hidden,
            top_level: false,
            public: false,
            captured: false,
            early: false,
            assigned: false,
            session: None,
        });
        VarId(self.out.variables.len() as u32 - 1)
    }

    /// Notes what a name means where it stands.
    pub(super) fn note_use(&mut self, symbol: Symbol, span: Span) -> Binding {
        let binding = self.look_up(symbol, span);
        self.out.uses.insert(span, binding.clone());
        binding
    }
}

/// Whether a `yield` stands among statements, outside of what is a function of its own.
fn yields(ast: &Ast, statements: &[StmtId]) -> bool {
    let mut todo: Vec<Node> = statements.iter().map(|&statement| Node::Stmt(statement)).collect();
    let mut inner = Vec::new();
    while let Some(node) = todo.pop() {
        match node {
            Node::Expr(id) => match ast[id].kind {
                ExprKind::Yield(_) => return true,
                ExprKind::Closure(_) => continue,
                ExprKind::Spawn { operand, .. } => {
                    if let ExprKind::Block(_) = ast[operand].kind {
                        continue;
                    }
                }
                _ => {}
            },
            Node::Stmt(id) => match ast[id].kind {
                StmtKind::Function { .. }
                | StmtKind::Class { .. }
                | StmtKind::Enum { .. }
                | StmtKind::Test { .. } => continue,
                _ => {}
            },
            Node::Pattern(_) => {}
        }
        inner.clear();
        walk::children(ast, node, &mut inner);
        todo.append(&mut inner);
    }
    false
}
