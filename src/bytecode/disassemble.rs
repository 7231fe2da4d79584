//! A readable listing of compiled code, for `kettle run --dump bytecode` and for tests.
//!
//! One line per instruction: index, source line, name, operands by the table, and behind `;` what
//! an index stands for.

use std::fmt::Write as _;

use super::instruction::Instruction;
use super::op::{Immediate, NO_REGISTER, Operand};
use super::program::{
    Capture, ClassCode, Constant, FunctionCode, HandlerKind, ModuleCode, SESSION, SelectCode,
};

/// Lists a module. `text` is its source, for line numbers; without it there are none.
pub fn disassemble(module: &ModuleCode, text: Option<&str>) -> String {
    let lines = text.map(line_starts);
    let mut out = String::new();
    let _ = writeln!(out, "module {}", module.name);
    for (index, slot) in module.slots.iter().enumerate() {
        let _ = writeln!(out, "  slot {index} {slot}");
    }
    for (index, import) in module.imports.iter().enumerate() {
        let slot = module.slots.len() + index;
        let _ = match import.module {
            SESSION => writeln!(out, "  slot {slot} = slot {} of the console", import.slot),
            module => writeln!(out, "  slot {slot} = slot {} of module {module}", import.slot),
        };
    }
    for export in &module.exports {
        let _ = writeln!(out, "  pub {} = slot {} ({:?})", export.name, export.slot, export.kind);
    }
    for (index, class) in module.classes.iter().enumerate() {
        write_class(&mut out, index, class);
    }
    for (index, select) in module.selects.iter().enumerate() {
        write_select(&mut out, index, select);
    }
    for (index, function) in module.functions.iter().enumerate() {
        out.push('\n');
        write_function(&mut out, module, index, function, lines.as_deref());
    }
    out
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn write_class(out: &mut String, index: usize, class: &ClassCode) {
    let _ = writeln!(out, "  class {index} {}", class.name);
    for field in &class.fields {
        let _ = writeln!(out, "    field {} {:?}", field.name, field.default);
    }
    if let Some(function) = class.initializer {
        let _ = writeln!(out, "    initializer: function {function}");
    }
    for variant in &class.variants {
        let fields = variant.fields.join(", ");
        let _ = match variant.constructor {
            Some(function) => {
                writeln!(out, "    variant {}({fields}): function {function}", variant.name)
            }
            None => writeln!(out, "    variant {}", variant.name),
        };
    }
    for member in &class.members {
        let _ =
            writeln!(out, "    {:?} {}: function {}", member.kind, member.name, member.function);
    }
}

fn write_select(out: &mut String, index: usize, select: &SelectCode) {
    let first = if select.first { " first" } else { "" };
    let otherwise = if select.has_else { ", else" } else { "" };
    let _ = writeln!(out, "  select{first} {index}: {} arms{otherwise}", select.arms.len());
    for arm in &select.arms {
        let _ = writeln!(out, "    if r{}: {:?} r{}", arm.enabled, arm.kind, arm.register);
    }
}

fn write_function(
    out: &mut String,
    module: &ModuleCode,
    index: usize,
    function: &FunctionCode,
    lines: Option<&[usize]>,
) {
    let colour = if function.is_async { "async " } else { "" };
    let _ = write!(out, "{colour}function {index} {}(", function.name);
    let mut names: Vec<String> = Vec::new();
    if function.has_self {
        names.push("self".into());
    }
    for (at, param) in function.params.iter().enumerate() {
        let rest = if function.has_rest && at + 1 == function.params.len() { "..." } else { "" };
        let name = if param.name.is_empty() { "_" } else { &param.name };
        let optional = if param.optional { "?" } else { "" };
        names.push(format!("{rest}{name}{optional}"));
    }
    let _ = write!(out, "{}), {} registers", names.join(", "), function.registers);
    if function.closure_register != NO_REGISTER {
        let _ = write!(out, ", closure in r{}", function.closure_register);
    }
    out.push('\n');
    for (at, capture) in function.captures.iter().enumerate() {
        let _ = match capture {
            Capture::Register(register) => writeln!(out, "  upvalue {at} = r{register}"),
            Capture::Upvalue(upvalue) => writeln!(out, "  upvalue {at} = upvalue {upvalue}"),
        };
    }
    let mut line_before = None;
    let mut places = function.body.places.iter();
    for (pc, &instruction) in function.body.code.iter().enumerate() {
        let line = lines
            .zip(places.next())
            .map(|(lines, span)| lines.partition_point(|&start| start <= span.start as usize));
        let shown = line.filter(|_| line != line_before).map_or(String::new(), |l| l.to_string());
        line_before = line;
        let _ = writeln!(out, "{pc:5} {shown:>4}  {}", text_of(module, pc, instruction));
    }
    for handler in &function.body.handlers {
        let _ = write!(out, "  {}..{} ", handler.start, handler.end);
        let _ = match handler.kind {
            HandlerKind::Catch => {
                writeln!(out, "catch r{} -> {}", handler.register, handler.target)
            }
            HandlerKind::CleanUp => {
                writeln!(out, "clean_up r{} -> {}", handler.register, handler.target)
            }
            HandlerKind::Guard => writeln!(out, "guard r{}", handler.register),
        };
    }
}

/// One instruction as the listing shows it.
pub fn text_of(module: &ModuleCode, pc: usize, instruction: Instruction) -> String {
    let layout = instruction.op.layout();
    let mut text = format!("{:<16}", instruction.op.text());
    let bytes = [(layout.a, instruction.a), (layout.b, instruction.b), (layout.c, instruction.c)];
    for (kind, value) in bytes {
        let _ = match kind {
            Operand::None | Operand::Small | Operand::Half => Ok(()),
            Operand::Swapped if value == 0 => Ok(()),
            Operand::Swapped => write!(text, " swapped"),
            Operand::Byte => write!(text, " {value}"),
            Operand::SrcOrNone if value == NO_REGISTER => write!(text, " -"),
            _ => write!(text, " r{value}"),
        };
    }
    if layout.b == Operand::Small {
        let _ = write!(text, " {}", instruction.small());
    }
    if layout.b == Operand::Half {
        let _ = write!(text, " {:?}", instruction.half());
    }
    let imm = instruction.imm;
    let _ = match layout.imm {
        Immediate::None => Ok(()),
        Immediate::Swapped if imm == 0 => Ok(()),
        Immediate::Swapped => write!(text, " swapped"),
        Immediate::Int => write!(text, " {imm}"),
        Immediate::JumpOrNone if imm == 0 => write!(text, " -"),
        Immediate::Jump | Immediate::JumpOrNone => {
            write!(text, " -> {}", pc as i64 + i64::from(imm))
        }
        Immediate::Const | Immediate::Name | Immediate::Float => {
            let constant = module.constants.get(imm as usize);
            write!(text, " ; {}", constant.map_or("?".into(), constant_text))
        }
        Immediate::Slot => {
            let name = module.slots.get(imm as usize).map_or("", |name| name);
            write!(text, " {imm} ; {name}")
        }
        Immediate::Function => {
            let name = module.functions.get(imm as usize).map_or("?", |function| &function.name);
            write!(text, " {imm} ; {name}")
        }
        Immediate::Class => {
            let name = module.classes.get(imm as usize).map_or("?", |class| &class.name);
            write!(text, " {imm} ; {name}")
        }
        Immediate::Select => write!(text, " {imm}"),
    };
    text.truncate(text.trim_end().len());
    text
}

/// A constant as the listing shows it.
fn constant_text(constant: &Constant) -> String {
    match constant {
        Constant::Int(value) => value.to_string(),
        Constant::Float(value) => format!("{value:?}"),
        Constant::Duration(nanoseconds) => format!("{nanoseconds}ns"),
        Constant::Str(text) => format!("{text:?}"),
        Constant::Bytes(bytes) => format!("b\"{}\"", bytes.escape_ascii()),
        Constant::Prelude(name) => format!("prelude {name}"),
        Constant::Module(name) => format!("module {name}"),
        Constant::Member(module, name) => format!("{module}.{name}"),
        Constant::FileModule(index) => format!("file module {index}"),
    }
}
