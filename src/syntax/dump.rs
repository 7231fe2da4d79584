//! Prints a tree as S-expressions, for `--dump ast` and for tests.
//!
//! It keeps a list of what is still to be printed instead of recursing, since chains of operators
//! and calls may be longer than the native stack is deep.

mod part;

use std::fmt::Write as _;

use super::ast::*;
use super::operator::sign;
use part::{
    argument, argument_steps, around, block_steps, declared, entry, form, function_steps, group,
    import_steps, interpolation, labelled, member_steps, param_steps, path_steps, pattern_element,
    pattern_entry, pattern_field, types_steps, variant,
};

/// The tree of a module, one top-level statement a line.
pub fn dump(module: &Module) -> String {
    let mut printer = Printer { ast: &module.ast, out: String::new(), todo: Vec::new() };
    for &statement in &module.statements {
        printer.todo.push(Step::Stmt(statement));
        printer.run();
        printer.out.push('\n');
    }
    printer.out
}

/// Something still to be printed.
enum Step<'a> {
    Text(&'static str),
    Owned(String),
    Symbol(Symbol),
    Quoted(Symbol),
    Expr(ExprId),
    Pattern(PatternId),
    Stmt(StmtId),
    Block(&'a Block),
    Function(&'a Function),
    Member(&'a Member),
    Params(&'a [Param]),
    Arguments(&'a [Argument]),
}

use Step::Text;

struct Printer<'a> {
    ast: &'a Ast,
    out: String,
    todo: Vec<Step<'a>>,
}

type Steps<'a> = Vec<Step<'a>>;

impl<'a> Printer<'a> {
    fn run(&mut self) {
        while let Some(step) = self.todo.pop() {
            let steps = match step {
                Text(text) => {
                    self.out.push_str(text);
                    continue;
                }
                Step::Owned(text) => {
                    self.out.push_str(&text);
                    continue;
                }
                Step::Symbol(symbol) => {
                    self.out.push_str(self.ast.text(symbol));
                    continue;
                }
                Step::Quoted(symbol) => {
                    write!(self.out, "{:?}", self.ast.text(symbol))
                        .expect("writing to a string does not fail");
                    continue;
                }
                Step::Expr(id) => self.expr(id),
                Step::Pattern(id) => self.pattern(id),
                Step::Stmt(id) => self.stmt(id),
                Step::Block(block) => block_steps(self.ast, block),
                Step::Function(function) => function_steps(function),
                Step::Member(member) => member_steps(member),
                Step::Params(params) => param_steps(params),
                Step::Arguments(arguments) => argument_steps(arguments),
            };
            self.todo.extend(steps.into_iter().rev());
        }
    }

    fn expr(&self, id: ExprId) -> Steps<'a> {
        let ast = self.ast;
        match &ast[id].kind {
            ExprKind::Null => vec![Text("null")],
            ExprKind::Bool(value) => vec![Text(if *value { "true" } else { "false" })],
            ExprKind::Int(value) => vec![Step::Owned(value.to_string())],
            ExprKind::Float(value) => vec![Step::Owned(format!("{value:?}"))],
            ExprKind::Duration(value) => vec![Step::Owned(format!("{value}ns"))],
            ExprKind::Str(symbol) => vec![Step::Quoted(*symbol)],
            ExprKind::Bytes(bytes) => {
                vec![Step::Owned(format!("b\"{}\"", bytes.escape_ascii()))]
            }
            ExprKind::Interpolation(pieces) => interpolation(pieces),
            ExprKind::Name(symbol) => vec![Step::Symbol(*symbol)],
            ExprKind::SelfValue => vec![Text("self")],
            ExprKind::Super => vec![Text("super")],
            ExprKind::List(items) => {
                let items = items.iter().map(|item| match item {
                    Element::Value(value) => vec![Step::Expr(*value)],
                    Element::Spread(value) => vec![Text("..."), Step::Expr(*value)],
                });
                around("[", items, "]")
            }
            ExprKind::Map(entries) => around("map{", entries.iter().map(entry), "}"),
            ExprKind::Block(block) => block_steps(ast, block),
            ExprKind::Closure(function) => vec![Step::Function(function)],
            ExprKind::Error => vec![Text("<error>")],
            kind => operation(kind).or_else(|| construct(kind)).unwrap_or_default(),
        }
    }

    fn pattern(&self, id: PatternId) -> Steps<'a> {
        let ast = self.ast;
        match &ast[id].kind {
            PatternKind::Wildcard => vec![Text("_")],
            PatternKind::Bind(name) => vec![Step::Symbol(name.symbol)],
            PatternKind::Literal(value) => vec![Step::Expr(*value)],
            PatternKind::Range { start, end, inclusive } => {
                let mut steps =
                    vec![Step::Expr(*start), Text(if *inclusive { "..=" } else { ".." })];
                steps.extend(end.map(Step::Expr));
                steps
            }
            PatternKind::Path(path) => path_steps(path),
            PatternKind::Variant { path, fields } => {
                let mut steps = vec![Text("(")];
                steps.extend(path_steps(path));
                steps.extend(fields.iter().flat_map(|field| {
                    let mut steps = vec![Text(" ")];
                    steps.extend(pattern_field(field));
                    steps
                }));
                steps.push(Text(")"));
                steps
            }
            PatternKind::List(items) => around("[", items.iter().map(pattern_element), "]"),
            PatternKind::Map(entries) => around("map{", entries.iter().map(pattern_entry), "}"),
            PatternKind::Is(types) => form("is", [types_steps(types)]),
            PatternKind::Or(patterns) => {
                form("|", patterns.iter().map(|&pattern| vec![Step::Pattern(pattern)]))
            }
            PatternKind::As { pattern, name } => {
                form("as", [vec![Step::Pattern(*pattern)], vec![Step::Symbol(name.symbol)]])
            }
            PatternKind::Error => vec![Text("<error>")],
        }
    }

    fn stmt(&self, id: StmtId) -> Steps<'a> {
        let ast = self.ast;
        match &ast[id].kind {
            StmtKind::Expr(value) => vec![Step::Expr(*value)],
            StmtKind::Let { pattern, value, otherwise, mutable, public, doc } => {
                let mut parts = vec![vec![Step::Pattern(*pattern)], vec![Step::Expr(*value)]];
                parts.extend(
                    otherwise.as_ref().map(|block| vec![Text("else "), Step::Block(block)]),
                );
                declared(*public, *doc, form(if *mutable { "var" } else { "let" }, parts))
            }
            StmtKind::Assign { target, op, value } => {
                let op = op.map_or(String::new(), |op| sign(op).to_string());
                let head = vec![Step::Owned(format!("{op}="))];
                group([head, vec![Step::Expr(*target)], vec![Step::Expr(*value)]])
            }
            StmtKind::Function { function, public } => {
                declared(*public, function.doc, vec![Step::Function(function)])
            }
            StmtKind::Class { class, public } => {
                let mut parts = vec![vec![Step::Symbol(class.name.symbol)]];
                parts.extend(class.parent.as_ref().map(|parent| {
                    let mut steps = vec![Text("extends ")];
                    steps.extend(path_steps(parent));
                    steps
                }));
                parts.extend(class.members.iter().map(|member| vec![Step::Member(member)]));
                declared(*public, class.doc, form("class", parts))
            }
            StmtKind::Enum { declaration, public } => {
                let mut parts = vec![vec![Step::Symbol(declaration.name.symbol)]];
                parts.extend(declaration.variants.iter().map(variant));
                let members = declaration.members.iter();
                parts.extend(members.map(|member| vec![Step::Member(member)]));
                declared(*public, declaration.doc, form("enum", parts))
            }
            StmtKind::While { label, condition, body } => {
                let parts = [vec![Step::Expr(*condition)], vec![Step::Block(body)]];
                labelled(label, form("while", parts))
            }
            StmtKind::For { label, is_await, pattern, iterable, body } => {
                let head = if *is_await { "for-await" } else { "for" };
                let parts = [
                    vec![Step::Pattern(*pattern)],
                    vec![Step::Expr(*iterable)],
                    vec![Step::Block(body)],
                ];
                labelled(label, form(head, parts))
            }
            StmtKind::Defer(statement) => form("defer", [vec![Step::Stmt(*statement)]]),
            StmtKind::Assert { condition, message } => {
                let parts = [Some(*condition), *message].into_iter().flatten();
                form("assert", parts.map(|part| vec![Step::Expr(part)]))
            }
            StmtKind::Test { name, options, body } => {
                let mut parts = vec![vec![Step::Quoted(*name)]];
                parts.extend((!options.is_empty()).then(|| vec![Step::Arguments(options)]));
                parts.push(vec![Step::Block(body)]);
                form("test", parts)
            }
            StmtKind::Import(import) => declared(import.public, None, import_steps(&import.kind)),
            StmtKind::Error => vec![Text("<error>")],
        }
    }
}

/// Operators, calls and jumps.
fn operation(kind: &ExprKind) -> Option<Steps<'_>> {
    let expr = |id: &ExprId| vec![Step::Expr(*id)];
    let optional = |id: &Option<ExprId>| vec![id.map_or(Text("_"), Step::Expr)];
    Some(match kind {
        ExprKind::Unary { op, operand } => {
            let head = match op {
                UnaryOp::Neg => "-",
                UnaryOp::Not => "!",
                UnaryOp::BitNot => "~",
            };
            form(head, [expr(operand)])
        }
        ExprKind::Binary { op, lhs, rhs } => form(sign(*op), [expr(lhs), expr(rhs)]),
        ExprKind::Range { start, end, inclusive } => {
            form(if *inclusive { "..=" } else { ".." }, [optional(start), optional(end)])
        }
        ExprKind::Is { value, types, negated } => {
            form(if *negated { "!is" } else { "is" }, [expr(value), types_steps(types)])
        }
        ExprKind::Member { object, name, optional } => {
            let head = if *optional { "?." } else { "." };
            form(head, [expr(object), vec![Step::Symbol(name.symbol)]])
        }
        ExprKind::Index { object, indices, optional } => {
            let parts = [object].into_iter().chain(indices).map(expr);
            form(if *optional { "?[]" } else { "[]" }, parts)
        }
        ExprKind::Call { callee, arguments } => {
            form("call", [expr(callee)].into_iter().chain(arguments.iter().map(argument)))
        }
        ExprKind::Group(value) => form("group", [expr(value)]),
        ExprKind::Await(value) => form("await", [expr(value)]),
        ExprKind::Spawn { daemon, attempt, operand } => {
            let head = match (daemon, attempt) {
                (false, false) => "spawn",
                (true, false) => "spawn-daemon",
                (false, true) => "spawn-try",
                (true, true) => "spawn-daemon-try",
            };
            form(head, [expr(operand)])
        }
        ExprKind::Return(value) => form("return", value.iter().map(expr)),
        ExprKind::Yield(value) => form("yield", value.iter().map(expr)),
        ExprKind::Throw(value) => form("throw", [expr(value)]),
        ExprKind::Break { label, value } => {
            let label = label.iter().map(|label| vec![Step::Symbol(label.symbol), Text(":")]);
            form("break", label.chain(value.iter().map(expr)))
        }
        ExprKind::Continue { label } => {
            form("continue", label.iter().map(|label| vec![Step::Symbol(label.symbol)]))
        }
        _ => return None,
    })
}

/// What has a body.
fn construct(kind: &ExprKind) -> Option<Steps<'_>> {
    let block = |block| vec![Step::Block(block)];
    let expr = |id: &ExprId| vec![Step::Expr(*id)];
    Some(match kind {
        ExprKind::If { condition, then, otherwise } => {
            let parts = [expr(condition), block(then)];
            form("if", parts.into_iter().chain(otherwise.iter().map(expr)))
        }
        ExprKind::Match { subject, arms } => {
            let arms = arms.iter().map(|arm| {
                let mut parts = vec![vec![Step::Pattern(arm.pattern)]];
                parts.extend(arm.guard.map(|guard| vec![Text("if "), Step::Expr(guard)]));
                parts.push(vec![Text("=> "), Step::Stmt(arm.body)]);
                group(parts)
            });
            form("match", [expr(subject)].into_iter().chain(arms))
        }
        ExprKind::Loop { label, body } => labelled(label, form("loop", [block(body)])),
        ExprKind::Try(whole) => {
            let mut parts = vec![block(&whole.body)];
            parts.extend(whole.catches.iter().map(catch));
            parts.extend(whole.finally.iter().map(|finally| form("finally", [block(finally)])));
            form("try", parts)
        }
        ExprKind::Scope { head, body } => {
            let mut parts = Vec::new();
            parts.extend(head.name.map(|name| vec![Step::Symbol(name.symbol)]));
            parts.extend((!head.options.is_empty()).then(|| vec![Step::Arguments(&head.options)]));
            parts.push(block(body));
            form("scope", parts)
        }
        ExprKind::Timeout { duration, body, otherwise } => {
            let parts = [expr(duration), block(body)];
            form("timeout", parts.into_iter().chain(otherwise.as_deref().map(block)))
        }
        ExprKind::Shield { duration, body } => form("shield", [expr(duration), block(body)]),
        ExprKind::Select { first, arms } => {
            form(if *first { "select-first" } else { "select" }, arms.iter().map(select_arm))
        }
        _ => return None,
    })
}

fn catch(catch: &Catch) -> Steps<'_> {
    let mut parts = Vec::new();
    parts.extend(catch.name.map(|name| vec![Step::Symbol(name.symbol)]));
    if !catch.types.is_empty() {
        let mut steps = vec![Text("is ")];
        steps.extend(types_steps(&catch.types));
        parts.push(steps);
    }
    parts.extend(catch.guard.map(|guard| vec![Text("if "), Step::Expr(guard)]));
    parts.push(vec![Step::Block(&catch.body)]);
    form("catch", parts)
}

fn select_arm(arm: &SelectArm) -> Steps<'_> {
    let mut parts = Vec::new();
    match &arm.kind {
        SelectArmKind::Await { pattern, operand, guard } => {
            parts.extend(pattern.map(|pattern| vec![Step::Pattern(pattern), Text(" =")]));
            parts.push(form("await", [vec![Step::Expr(*operand)]]));
            parts.extend(guard.map(|guard| vec![Text("if "), Step::Expr(guard)]));
        }
        SelectArmKind::Else => parts.push(vec![Text("else")]),
    }
    parts.push(vec![Text("=> "), Step::Stmt(arm.body)]);
    group(parts)
}
