//! What can be checked only on the finished tree, without knowing what any name means. The
//! resolver of the layer above checks the rest: labels, colours of functions, jumps.

mod place;

use self::place::{Pin, Place};
use super::ast::*;
use super::table::Table;
use super::walk::{self, Node};
use crate::diagnostics::{Code, Diagnostic, SourceId, Span};

/// Expressions and patterns may be nested this deep; chains of operators and calls do not count.
pub const DEPTH_MAX: usize = 200;

/// Checks a module; gives what is wrong with it.
pub fn validate(module: &Module, text: &str, source: SourceId) -> Vec<Diagnostic> {
    let mut check = Check { ast: &module.ast, text, source, found: Vec::new() };
    let mut walk = Walk::default();
    for &statement in &module.statements {
        if !check.tree(statement, &mut walk) {
            check.found.clear();
            walk::too_deep(module, DEPTH_MAX).into_iter().for_each(|node| check.too_deep(node));
            return check.found;
        }
    }
    check.idle_signs(&module.statements);
    check.found
}

/// What a walk through a tree has before it.
#[derive(Default)]
struct Walk {
    /// Nodes with their places and depths.
    todo: Vec<(Node, Place, usize)>,
    children: Vec<Node>,
}

struct Check<'a> {
    ast: &'a Ast,
    text: &'a str,
    source: SourceId,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn fault(&mut self, code: Code, span: Span, title: impl Into<String>, help: &str) {
        let diagnostic = Diagnostic::new(code, title).at(self.source, span, "");
        self.found.push(if help.is_empty() { diagnostic } else { diagnostic.help(help) });
    }

    fn too_deep(&mut self, node: Node) {
        let span = match node {
            Node::Expr(id) => self.ast[id].span,
            Node::Pattern(id) => self.ast[id].span,
            Node::Stmt(id) => self.ast[id].span,
        };
        let help = "give the inner part a name with `let`, or move it into a function";
        let title = format!("this is nested more than {DEPTH_MAX} deep");
        self.fault(Code::E0107, Span::new(span.start, span.start + 1), title, help);
    }

    /// Checks a statement; false if something in it is nested too deeply.
    fn tree(&mut self, statement: StmtId, walk: &mut Walk) -> bool {
        let Walk { todo, children } = walk;
        let top = Place { is_top: true, in_function: false, pinned: None };
        todo.push((Node::Stmt(statement), top, 0));
        while let Some((node, place, depth)) = todo.pop() {
            match node {
                Node::Expr(id) => self.expr(id, place),
                Node::Stmt(id) => self.stmt(id, place),
                Node::Pattern(id) => self.pattern(id),
            }
            children.clear();
            walk::children(self.ast, node, children);
            let inner = self.inside(node, place);
            let loose = self.outside_part(node);
            let head = walk::same_level(self.ast, node);
            for &child in children.iter().rev() {
                let (place, depth) = match child {
                    Node::Stmt(id) if loose.binary_search_by_key(&id.0, |s| s.0).is_ok() => {
                        (Place { is_top: false, ..place }, depth)
                    }
                    _ => (inner, depth + usize::from(walk::is_deeper(child, head))),
                };
                if depth > DEPTH_MAX {
                    return false;
                }
                if !self.is_plain(child) {
                    todo.push((child, place, depth));
                }
            }
        }
        true
    }

    /// Whether a node has neither parts nor anything to check: most nodes are such.
    fn is_plain(&self, node: Node) -> bool {
        match node {
            Node::Expr(id) => match self.ast[id].kind {
                ExprKind::Name(_) | ExprKind::SelfValue => true,
                ref kind => kind.is_literal(),
            },
            Node::Pattern(id) => {
                matches!(self.ast[id].kind, PatternKind::Bind(_) | PatternKind::Wildcard)
            }
            Node::Stmt(_) => false,
        }
    }

    /// The place of the children of `node`.
    fn inside(&self, node: Node, place: Place) -> Place {
        let inner = Place { is_top: false, ..place };
        let function = Place { is_top: false, in_function: true, pinned: None };
        let pinned = |pin| Place { pinned: Some(pin), ..inner };
        match node {
            Node::Expr(id) => match &self.ast[id].kind {
                ExprKind::Closure(_) => function,
                ExprKind::Scope { .. } => pinned(Pin::Scope),
                ExprKind::Timeout { .. } => pinned(Pin::Timeout),
                ExprKind::Shield { .. } => pinned(Pin::Shield),
                ExprKind::Select { .. } => pinned(Pin::Select),
                ExprKind::Try(parts) if parts.finally.is_some() => pinned(Pin::Finally),
                _ => inner,
            },
            Node::Stmt(id) => match &self.ast[id].kind {
                StmtKind::Function { .. } | StmtKind::Class { .. } | StmtKind::Enum { .. } => {
                    function
                }
                StmtKind::Defer(_) => pinned(Pin::Defer),
                _ => inner,
            },
            Node::Pattern(_) => inner,
        }
    }

    /// The statements of `node` that do not belong to its pinned part, by rising number.
    fn outside_part(&self, node: Node) -> Vec<StmtId> {
        let Node::Expr(id) = node else { return Vec::new() };
        match &self.ast[id].kind {
            ExprKind::Timeout { otherwise: Some(otherwise), .. } => {
                self.ast[otherwise.statements].to_vec()
            }
            ExprKind::Try(parts) if parts.finally.is_some() => {
                let catches = parts.catches.iter().map(|catch| catch.body.statements);
                let bodies = [parts.body.statements].into_iter().chain(catches);
                bodies.flat_map(|body| &self.ast[body]).copied().collect()
            }
            _ => Vec::new(),
        }
    }

    // ---- expressions

    fn expr(&mut self, id: ExprId, place: Place) {
        let span = self.ast[id].span;
        match &self.ast[id].kind {
            ExprKind::Call { arguments, .. } => self.arguments(arguments),
            ExprKind::Closure(function) => self.function(function),
            ExprKind::Yield(_) => self.yielding(span, place),
            ExprKind::Block(block) => self.idle_signs(&self.ast[block.statements]),
            ExprKind::Unary { op: UnaryOp::Neg, operand } => self.sign(span, *operand),
            ExprKind::Match { arms, .. } => {
                for arm in arms {
                    self.map_like(arm.body);
                }
            }
            ExprKind::Select { arms, .. } => {
                for arm in arms {
                    self.map_like(arm.body);
                }
            }
            _ => {}
        }
    }

    fn arguments(&mut self, arguments: &[Argument]) {
        let mut named = false;
        for argument in arguments {
            let value = match argument {
                Argument::Named { .. } => {
                    named = true;
                    continue;
                }
                Argument::Value(value) | Argument::Spread(value) => *value,
            };
            if named {
                let help = "positional arguments come first: `f(1, size: 2)`";
                let title = "a positional argument after a named one";
                return self.fault(Code::E0114, self.ast[value].span, title, help);
            }
        }
    }

    fn yielding(&mut self, span: Span, place: Place) {
        let word = Span::new(span.start, span.start + 5);
        if let Some(around) = place.pinned {
            let title = format!("`yield` inside `{}`", around.word());
            let help = "a generator may be left at a `yield` and never go on; yield outside of it";
            self.fault(Code::E0120, word, title, help);
        } else if !place.in_function {
            let help = "a `fn` whose body has `yield` makes a generator when it is called";
            self.fault(Code::E0120, word, "`yield` outside of a function", help);
        }
    }

    /// `-7.abs()` is `-(7.abs())`.
    fn sign(&mut self, span: Span, operand: ExprId) {
        let mut head = operand;
        while let Some(inner) = walk::chain_head(&self.ast[head].kind)
            && !matches!(self.ast[head].kind, ExprKind::Binary { .. })
        {
            head = inner;
        }
        let number = matches!(
            self.ast[head].kind,
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Duration(_)
        );
        if number && head != operand {
            let literal = self.ast[head].span;
            let written = &self.text[literal.start as usize..literal.end as usize];
            let help = format!("write `(-{written})` to take the number with its sign");
            let title = "the `-` applies after the method";
            self.fault(Code::W0903, Span::new(span.start, literal.end), title, &help);
        }
    }

    /// `=> {name}` is a block.
    fn map_like(&mut self, body: StmtId) {
        let StmtKind::Expr(value) = self.ast[body].kind else { return };
        let ExprKind::Block(block) = &self.ast[value].kind else { return };
        let [only] = self.ast[block.statements][..] else { return };
        let StmtKind::Expr(inner) = self.ast[only].kind else { return };
        let ExprKind::Name(symbol) = self.ast[inner].kind else { return };
        let written = &self.text[block.span.start as usize..block.span.end as usize];
        let name = self.ast.text(symbol);
        // With blanks inside the braces it looks like the block that it is.
        if written.len() != name.len() + 2 {
            return;
        }
        let help = format!("for a map write `({{{name}}})`; for the value write `{name}`");
        let title = format!("`{{{name}}}` is a block here, not a map");
        self.fault(Code::W0901, block.span, title, &help);
    }

    // ---- statements

    fn stmt(&mut self, id: StmtId, place: Place) {
        let span = self.ast[id].span;
        self.joined_line(id);
        match &self.ast[id].kind {
            StmtKind::Import(_) if !place.is_top => {
                let help = "move it to the top of the file; a module chosen at run time is loaded \
                            with `await import(path)`";
                self.fault(Code::E0117, span, "`import` inside a statement", help);
            }
            StmtKind::Let { pattern, otherwise: None, .. } => {
                let help = "write `let … = … else { return }`, or `match`";
                self.must_fit(*pattern, "`let`", help);
            }
            StmtKind::For { pattern, .. } => {
                self.must_fit(*pattern, "`for`", "bind a name and look at it in the body");
            }
            StmtKind::Assign { target, .. } => self.assigned(*target),
            StmtKind::Function { function, .. } => self.function(function),
            StmtKind::Class { class, .. } => self.members(&class.members),
            StmtKind::Enum { declaration, .. } => {
                for variant in &declaration.variants {
                    let constructor = variant.constructor.iter();
                    constructor.for_each(|function| self.params(&function.params));
                }
                self.members(&declaration.members);
            }
            _ => {}
        }
    }

    fn members(&mut self, members: &[Member]) {
        for member in members {
            if let MemberKind::Method(function) | MemberKind::Getter(function) = &member.kind {
                self.function(function);
            }
        }
    }

    fn function(&mut self, function: &Function) {
        self.params(&function.params);
        match &function.body {
            FunctionBody::Simple(body) => self.map_like(*body),
            FunctionBody::Block(block) => self.idle_signs(&self.ast[block.statements]),
        }
    }

    fn params(&mut self, params: &[Param]) {
        let mut names: Vec<Name> = Vec::with_capacity(params.len());
        for (index, param) in params.iter().enumerate() {
            if param.rest && index + 1 < params.len() {
                let help = "it takes all arguments that are left: move it to the end";
                self.fault(Code::E0115, param.span, "a rest parameter that is not the last", help);
            }
            self.must_fit(param.pattern, "a parameter", "take the value apart in the body");
            self.bound(param.pattern, &mut names);
        }
        self.duplicates(&names);
    }

    fn duplicates(&mut self, names: &[Name]) {
        // Few names are compared with each other.
        let are_few = names.len() <= 8;
        let mut seen: Table<Symbol, Span> = Table::default();
        for (index, name) in names.iter().enumerate() {
            let same = |other: &&Name| other.symbol == name.symbol;
            let before = match are_few {
                true => names[..index].iter().rfind(same).map(|other| other.span),
                false => seen.insert(name.symbol, name.span),
            };
            if let Some(first) = before {
                let text = self.ast.text(name.symbol);
                let title = format!("two parameters have the name `{text}`");
                let diagnostic = Diagnostic::new(Code::E0115, title)
                    .at(self.source, name.span, "the second one")
                    .see(self.source, first, "the first one")
                    .help("only `_` may stand for several parameters");
                self.found.push(diagnostic);
            }
        }
    }

    fn assigned(&mut self, target: ExprId) {
        let mut at = target;
        loop {
            let (object, optional) = match self.ast[at].kind {
                ExprKind::Member { object, optional, .. }
                | ExprKind::Index { object, optional, .. } => (object, optional),
                ExprKind::Call { callee, .. } => (callee, false),
                _ => return,
            };
            if optional {
                let help = "test for null first: `if a != null { a.b = 1 }`";
                let span = self.ast[target].span;
                return self.fault(Code::E0110, span, "cannot assign through `?.`", help);
            }
            at = object;
        }
    }

    /// `||` at the beginning of a line continues the one before. Not indented it looks like a closure.
    fn joined_line(&mut self, statement: StmtId) {
        let mut value = match self.ast[statement].kind {
            StmtKind::Expr(value) | StmtKind::Let { value, .. } => value,
            _ => return,
        };
        if !matches!(self.ast[value].kind, ExprKind::Binary { op: BinaryOp::Or, .. }) {
            return;
        }
        let Some(begun) = self.indent(self.ast[statement].span.start as usize) else { return };
        while let ExprKind::Binary { op: BinaryOp::Or, lhs, rhs } = self.ast[value].kind {
            value = lhs;
            let (from, to) = (self.ast[lhs].span.end as usize, self.ast[rhs].span.start as usize);
            let Some(at) = self.text[from..to].rfind("||").map(|at| from + at) else { continue };
            if self.indent(at).is_some_and(|here| here <= begun) {
                let span = Span::new(at as u32, at as u32 + 2);
                let help = "a closure is written `return || …` or `|| { … }` there; if it is the \
                            operator, indent the line";
                self.fault(Code::W0906, span, "this line continues the one before", help);
            }
        }
    }

    /// How much white space stands before a place; none if something else stands there.
    fn indent(&self, place: usize) -> Option<usize> {
        let before = &self.text[..place];
        // Back over the white space alone: a line can be as long as the whole text.
        let rest = before.trim_end_matches(|c: char| c != '\n' && c.is_whitespace());
        let begins_line = rest.is_empty() || rest.ends_with('\n');
        begins_line.then(|| before[rest.len()..].chars().count())
    }

    /// A sign at the beginning of a line makes a statement that does nothing.
    fn idle_signs(&mut self, statements: &[StmtId]) {
        let Some((_, before_last)) = statements.split_last() else { return };
        for &statement in before_last.iter().skip(1) {
            let StmtKind::Expr(value) = self.ast[statement].kind else { continue };
            if let ExprKind::Unary { op: UnaryOp::Neg, .. } = self.ast[value].kind {
                let help = "to continue the line before, write a space behind the `-`, or move it \
                            to the end of that line";
                let title = "this line does not continue the one before";
                self.fault(Code::W0902, self.ast[value].span, title, help);
            }
        }
    }

    // ---- patterns

    fn pattern(&mut self, id: PatternId) {
        let rest_first = match &self.ast[id].kind {
            PatternKind::List(items) => {
                items.iter().rev().skip(1).any(|item| matches!(item, PatternElement::Rest(_)))
            }
            PatternKind::Variant { fields, .. } => {
                self.fields_by_name(fields);
                fields.iter().rev().skip(1).any(|field| matches!(field, PatternField::Rest(_)))
            }
            PatternKind::Map(entries) => {
                entries.iter().rev().skip(1).any(|entry| matches!(entry, PatternEntry::Rest(_)))
            }
            _ => false,
        };
        if rest_first {
            let span = self.ast[id].span;
            self.fault(Code::E0115, span, "`...` stands last in a pattern", "move it to the end");
        }
    }

    /// In a variant pattern positional parts come first.
    fn fields_by_name(&mut self, fields: &[PatternField]) {
        let named = fields.iter().position(|field| matches!(field, PatternField::Named { .. }));
        let behind = named.map_or(&[][..], |at| &fields[at..]);
        let late = behind.iter().find_map(|field| match field {
            PatternField::Value(pattern) => Some(self.ast[*pattern].span),
            _ => None,
        });
        if let Some(span) = late {
            let help = "positional parts come first: `Shape.Rect(w, h: 1)`";
            let title = "a positional part of the payload after a named one";
            self.fault(Code::E0114, span, title, help);
        }
    }

    fn must_fit(&mut self, pattern: PatternId, what: &str, help: &str) {
        if let Some(bad) = self.may_not_fit(pattern) {
            let title = format!("a pattern that may not fit, in {what}");
            self.fault(Code::E0116, self.ast[bad].span, title, help);
        }
    }

    /// The part of a pattern that does more than take apart. Patterns are at most [`DEPTH_MAX`]
    /// deep.
    fn may_not_fit(&self, pattern: PatternId) -> Option<PatternId> {
        let element = |item: &PatternElement| match item {
            PatternElement::Value { pattern, .. } => self.may_not_fit(*pattern),
            PatternElement::Rest(_) => None,
        };
        match &self.ast[pattern].kind {
            PatternKind::Wildcard | PatternKind::Bind(_) | PatternKind::Error => None,
            PatternKind::List(items) => items.iter().find_map(element),
            PatternKind::Map(entries) => entries.iter().find_map(|entry| match entry {
                PatternEntry::Named { pattern, .. } | PatternEntry::Computed { pattern, .. } => {
                    self.may_not_fit(*pattern)
                }
                PatternEntry::Rest(_) => None,
            }),
            PatternKind::As { pattern, .. } => self.may_not_fit(*pattern),
            PatternKind::Or(patterns) => {
                let all = patterns.iter().all(|&pattern| self.may_not_fit(pattern).is_some());
                all.then_some(pattern)
            }
            _ => Some(pattern),
        }
    }

    fn bound(&self, pattern: PatternId, out: &mut Vec<Name>) {
        match &self.ast[pattern].kind {
            PatternKind::Bind(name) => out.push(*name),
            PatternKind::List(items) => {
                for item in items {
                    match item {
                        PatternElement::Value { pattern, .. } => self.bound(*pattern, out),
                        PatternElement::Rest(name) => out.extend(*name),
                    }
                }
            }
            PatternKind::Map(entries) => {
                for entry in entries {
                    match entry {
                        PatternEntry::Named { pattern, .. }
                        | PatternEntry::Computed { pattern, .. } => self.bound(*pattern, out),
                        PatternEntry::Rest(name) => out.extend(*name),
                    }
                }
            }
            PatternKind::As { pattern, name } => {
                self.bound(*pattern, out);
                out.push(*name);
            }
            // Alternatives bind the same names; one stands for all.
            PatternKind::Or(patterns) => {
                patterns.iter().take(1).for_each(|&pattern| self.bound(pattern, out));
            }
            _ => {}
        }
    }
}
