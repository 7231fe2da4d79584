//! The form in bytes of what [`program`](crate::bytecode::program) declares.

use super::coded::{Coded, choice, record};
use super::reader::Reader;
use super::writer::Writer;
use super::{Corrupt, Packed};
use crate::bytecode::body::{Body, BodyCode};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::{Immediate, Opcode, Operand};
use crate::bytecode::place::Places;
use crate::bytecode::program::{
    Capture, ClassCode, Constant, EnumShape, Export, ExportKind, FieldCode, FieldDefault,
    FunctionCode, Handler, HandlerKind, ImportedSlot, LocalCode, MemberCode, MemberKind,
    ModuleCode, ParamCode, SelectArmCode, SelectArmKind, SelectCode, TestCode, TestOptions,
    VariantCode, VariantShape,
};

record! {
    ModuleCode {
        name, source, functions, constants, classes, selects, slots, imports, exports, main, tests,
    }
    TestCode { name, function, span, options }
    TestOptions { real, timeout, skip, only }
    ImportedSlot { module, slot }
    Export { name, slot, kind, enumeration }
    EnumShape { name, variants, statics, methods }
    VariantShape { name, fields }
    FunctionCode {
        name, params, has_rest, has_self, is_async, class, registers, closure_register,
        generator_register, captures, body, span,
    }
    BodyCode { code, places, handlers, locals, doc }
    LocalCode { name, register, from, until }
    ParamCode { name, optional }
    Handler { start, end, kind, register, target }
    ClassCode { name, fields, initializer, members, variants, doc, span }
    VariantCode { name, fields, has_rest, constructor }
    FieldCode { name, default }
    MemberCode { name, function, kind }
    SelectCode { arms, first, has_else }
    SelectArmCode { enabled, register, kind }
}

choice! {
    ExportKind {
        0 Value,
        1 Function,
        2 AsyncFunction,
    }
    Constant {
        0 Int(number),
        1 Float(number),
        2 Duration(nanoseconds),
        3 Str(text),
        4 Bytes(bytes),
        5 Prelude(name),
        6 Module(name),
        7 Member(module, name),
        8 FileModule(number),
    }
    Capture {
        0 Register(register),
        1 Upvalue(index),
    }
    HandlerKind {
        0 Catch,
        1 CleanUp,
        2 Guard,
    }
    FieldDefault {
        0 Required,
        1 Null,
        2 Bool(value),
        3 Int(value),
        4 Constant(index),
        5 Computed,
    }
    MemberKind {
        0 Method,
        1 Getter,
        2 Static,
        3 StaticValue,
        4 StaticGetter,
    }
    SelectArmKind {
        0 Value,
        1 Call(count),
        2 Invoke(name, count),
        3 CallSpread,
        4 InvokeSpread(name),
    }
}

/// Its opcode, and what of operands that has.
impl Coded for Instruction {
    fn write(&self, out: &mut Writer) {
        let layout = self.op.layout();
        out.byte(self.op as u8);
        for (kind, value) in [(layout.a, self.a), (layout.b, self.b), (layout.c, self.c)] {
            if kind != Operand::None {
                out.byte(value);
            }
        }
        match layout.imm {
            Immediate::None => {}
            Immediate::Int | Immediate::Jump | Immediate::JumpOrNone => {
                out.signed(i64::from(self.imm));
            }
            _ => out.number(u64::from(self.imm as u32)),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Instruction, Corrupt> {
        let op = *Opcode::ALL.get(usize::from(from.byte()?)).ok_or(Corrupt)?;
        let layout = op.layout();
        let mut operand = |kind| if kind == Operand::None { Ok(0) } else { from.byte() };
        let (a, b, c) = (operand(layout.a)?, operand(layout.b)?, operand(layout.c)?);
        let imm = match layout.imm {
            Immediate::None => 0,
            Immediate::Int | Immediate::Jump | Immediate::JumpOrNone => from.small_signed()?,
            _ => from.small()? as i32,
        };
        Ok(Instruction::new(op, a, b, c, imm))
    }
}

/// How many instructions there are, and a block with all the rest, which is left as it is until somebody asks.
impl Coded for Body {
    fn write(&self, out: &mut Writer) {
        out.count(self.code.len());
        out.nested(|out| BodyCode::write(self, out));
    }

    fn read(from: &mut Reader<'_>) -> Result<Body, Corrupt> {
        let instructions = from.count()?;
        Packed::take(instructions, from).map(Body::packed)
    }
}

impl Coded for Places {
    fn write(&self, out: &mut Writer) {
        let (count, packed) = self.packed();
        count.write(out);
        out.block(packed);
    }

    fn read(from: &mut Reader<'_>) -> Result<Places, Corrupt> {
        Ok(Places::from_packed(u32::read(from)?, from.block()?))
    }
}
