//! The steps that print the parts of nodes: blocks, functions, members, arguments, entries.

use super::Step::{self, Text};
use super::Steps;
use crate::syntax::ast::*;

/// `(part part)`
pub(super) fn group<'a>(parts: impl IntoIterator<Item = Steps<'a>>) -> Steps<'a> {
    around("(", parts, ")")
}

/// `(head part part)`
pub(super) fn form<'a>(
    head: &'static str,
    parts: impl IntoIterator<Item = Steps<'a>>,
) -> Steps<'a> {
    group([vec![Text(head)]].into_iter().chain(parts))
}

pub(super) fn around<'a>(
    open: &'static str,
    parts: impl IntoIterator<Item = Steps<'a>>,
    close: &'static str,
) -> Steps<'a> {
    let mut steps = vec![Text(open)];
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            steps.push(Text(" "));
        }
        steps.extend(part);
    }
    steps.push(Text(close));
    steps
}

pub(super) fn declared<'a>(public: bool, doc: Option<Symbol>, steps: Steps<'a>) -> Steps<'a> {
    let steps = if public { form("pub", [steps]) } else { steps };
    match doc {
        Some(doc) => form("doc", [vec![Step::Quoted(doc)], steps]),
        None => steps,
    }
}

pub(super) fn labelled<'a>(label: &Option<Box<Name>>, steps: Steps<'a>) -> Steps<'a> {
    match label {
        Some(label) => form("label", [vec![Step::Symbol(label.symbol)], steps]),
        None => steps,
    }
}

pub(super) fn block_steps<'a>(ast: &Ast, block: &Block) -> Steps<'a> {
    let mut steps = vec![Text("{")];
    for (index, &statement) in ast[block.statements].iter().enumerate() {
        if index > 0 {
            steps.push(Text("; "));
        }
        steps.push(Step::Stmt(statement));
    }
    steps.push(Text("}"));
    steps
}

pub(super) fn function_steps(function: &Function) -> Steps<'_> {
    let head = match (function.is_async, function.name) {
        (true, _) => "async-fn",
        (false, Some(_)) => "fn",
        (false, None) => "\\",
    };
    let mut parts: Vec<Steps<'_>> = Vec::new();
    parts.extend(function.name.map(|name| vec![Step::Symbol(name.symbol)]));
    parts.push(vec![Step::Params(&function.params)]);
    parts.push(match &function.body {
        FunctionBody::Block(block) => vec![Step::Block(block)],
        FunctionBody::Simple(statement) => vec![Step::Stmt(*statement)],
    });
    form(head, parts)
}

pub(super) fn param_steps(params: &[Param]) -> Steps<'_> {
    group(params.iter().map(|param| {
        let mut steps = Vec::new();
        if param.rest {
            steps.push(Text("..."));
        }
        steps.push(Step::Pattern(param.pattern));
        steps.extend(default_steps(param.default));
        steps
    }))
}

pub(super) fn default_steps<'a>(default: Option<ExprId>) -> Steps<'a> {
    default.map_or(Vec::new(), |default| vec![Text("="), Step::Expr(default)])
}

pub(super) fn argument_steps(arguments: &[Argument]) -> Steps<'_> {
    group(arguments.iter().map(argument))
}

pub(super) fn argument<'a>(argument: &Argument) -> Steps<'a> {
    match argument {
        Argument::Value(value) => vec![Step::Expr(*value)],
        Argument::Spread(value) => vec![Text("..."), Step::Expr(*value)],
        Argument::Named { name, value } => {
            vec![Step::Symbol(name.symbol), Text(":"), Step::Expr(*value)]
        }
    }
}

pub(super) fn member_steps(member: &Member) -> Steps<'_> {
    let steps = match &member.kind {
        MemberKind::Field { name, default } => {
            let mut parts = vec![vec![Step::Symbol(name.symbol)]];
            parts.extend(default.map(|default| vec![Step::Expr(default)]));
            form("field", parts)
        }
        MemberKind::Method(function) => vec![Step::Function(function)],
        MemberKind::Getter(function) => form("get", [vec![Step::Function(function)]]),
    };
    let steps = if member.is_static { form("static", [steps]) } else { steps };
    declared(false, member.doc, steps)
}

pub(super) fn variant(variant: &Variant) -> Steps<'_> {
    let mut parts = vec![vec![Step::Symbol(variant.name.symbol)]];
    let payload = variant.constructor.as_ref();
    parts.extend(payload.map(|function| vec![Step::Params(&function.params)]));
    declared(false, variant.doc, form("variant", parts))
}

pub(super) fn path_steps<'a>(path: &TypePath) -> Steps<'a> {
    let mut steps = Vec::new();
    for (index, part) in path.parts.iter().enumerate() {
        if index > 0 {
            steps.push(Text("."));
        }
        steps.push(Step::Symbol(part.symbol));
    }
    steps
}

pub(super) fn types_steps<'a>(types: &[TypePath]) -> Steps<'a> {
    let mut steps = Vec::new();
    for (index, path) in types.iter().enumerate() {
        if index > 0 {
            steps.push(Text("|"));
        }
        steps.extend(path_steps(path));
    }
    steps
}

pub(super) fn interpolation<'a>(pieces: &[Piece]) -> Steps<'a> {
    form(
        "str",
        pieces.iter().map(|piece| match piece {
            Piece::Text(symbol) => vec![Step::Quoted(*symbol)],
            Piece::Value { value, spec } => {
                let mut steps = vec![Text("${"), Step::Expr(*value)];
                if let Some(spec) = spec {
                    steps.push(Text(" :"));
                    steps.extend(spec.pieces.iter().flat_map(|piece| match piece {
                        Piece::Text(symbol) => vec![Step::Symbol(*symbol)],
                        Piece::Value { value, .. } => {
                            vec![Text("{"), Step::Expr(*value), Text("}")]
                        }
                    }));
                }
                steps.push(Text("}"));
                steps
            }
        }),
    )
}

pub(super) fn entry<'a>(entry: &Entry) -> Steps<'a> {
    match entry {
        Entry::Short(name) => vec![Step::Symbol(name.symbol)],
        Entry::Named { name, value } => {
            vec![Step::Quoted(name.symbol), Text(":"), Step::Expr(*value)]
        }
        Entry::Computed { key, value } => {
            vec![Text("["), Step::Expr(*key), Text("]:"), Step::Expr(*value)]
        }
        Entry::Spread(value) => vec![Text("..."), Step::Expr(*value)],
    }
}

pub(super) fn rest<'a>(name: &Option<Name>) -> Steps<'a> {
    let mut steps = vec![Text("...")];
    steps.extend(name.map(|name| Step::Symbol(name.symbol)));
    steps
}

pub(super) fn pattern_element<'a>(element: &PatternElement) -> Steps<'a> {
    match element {
        PatternElement::Value { pattern, default } => {
            let mut steps = vec![Step::Pattern(*pattern)];
            steps.extend(default_steps(*default));
            steps
        }
        PatternElement::Rest(name) => rest(name),
    }
}

pub(super) fn pattern_field<'a>(field: &PatternField) -> Steps<'a> {
    match field {
        PatternField::Value(pattern) => vec![Step::Pattern(*pattern)],
        PatternField::Named { name, pattern } => {
            vec![Step::Symbol(name.symbol), Text(":"), Step::Pattern(*pattern)]
        }
        PatternField::Rest(name) => rest(name),
    }
}

pub(super) fn pattern_entry<'a>(entry: &PatternEntry) -> Steps<'a> {
    match entry {
        PatternEntry::Named { name, pattern, default } => {
            let mut steps = vec![Step::Quoted(name.symbol), Text(":"), Step::Pattern(*pattern)];
            steps.extend(default_steps(*default));
            steps
        }
        PatternEntry::Computed { key, pattern, default } => {
            let mut steps = vec![Text("["), Step::Expr(*key), Text("]:"), Step::Pattern(*pattern)];
            steps.extend(default_steps(*default));
            steps
        }
        PatternEntry::Rest(name) => rest(name),
    }
}

pub(super) fn import_steps<'a>(kind: &ImportKind) -> Steps<'a> {
    let source = |source: &ImportSource| match source {
        ImportSource::Standard(name) => Step::Symbol(name.symbol),
        ImportSource::File(name) => Step::Quoted(name.symbol),
    };
    let alias = |steps: &mut Steps<'a>, alias: &Option<Name>| {
        if let Some(alias) = alias {
            steps.extend([Text(" as "), Step::Symbol(alias.symbol)]);
        }
    };
    match kind {
        ImportKind::Modules(modules) => form(
            "import",
            modules.iter().map(|module| {
                let mut steps = vec![source(&module.source)];
                alias(&mut steps, &module.alias);
                if module.alias.is_some() { group([steps]) } else { steps }
            }),
        ),
        ImportKind::Names { items, from } => {
            let items = items.iter().map(|item| {
                let mut steps = vec![Step::Symbol(item.name.symbol)];
                alias(&mut steps, &item.alias);
                if item.alias.is_some() { group([steps]) } else { steps }
            });
            form("import", [around("{", items, "}"), vec![Text("from "), source(from)]])
        }
    }
}
