//! Results of frames that an instruction pushed which is no call.

use super::{Flow, Op, Step, class, compare, index, invoke, iterate, text};
use crate::bytecode::op::Opcode;
use crate::vm::value::Value;

/// Gives the instruction what a method has returned on its behalf.
pub(in crate::vm) fn deliver(op: &mut Op<'_>, result: Value) -> Step {
    let at = op.instruction();
    match at.op {
        computed if is_for_register(computed) => {
            op.set(at.a, result);
            Ok(Flow::Next)
        }
        Opcode::GetIndexOrNull => index::deliver_or_null(op, result),
        Opcode::SetIndex
        | Opcode::SetEntry
        | Opcode::SetIndexInt
        | Opcode::SetField
        | Opcode::SetFieldCached
        | Opcode::MapPut
        | Opcode::MapExtend
        | Opcode::ListExtend
        | Opcode::EndIter => Ok(Flow::Next),
        Opcode::In => compare::deliver_contains(op, result),
        Opcode::Concat => text::deliver_concat(op, result),
        Opcode::Format | Opcode::FormatBy => text::deliver_format(op, result),
        Opcode::Statics => class::deliver_static(op, result),
        Opcode::Iter => iterate::deliver_iter(op, result),
        Opcode::Next | Opcode::NextPair => iterate::deliver_next(op, result),
        other if invoke::waits_for_getter(other) => op.call_gotten(result),
        _ => compare::deliver(op, result),
    }
}

/// Whether the result is what the instruction's register receives, as it is.
fn is_for_register(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::Add
            | Opcode::Sub
            | Opcode::Mul
            | Opcode::Div
            | Opcode::FloorDiv
            | Opcode::Mod
            | Opcode::Pow
            | Opcode::BitAnd
            | Opcode::BitOr
            | Opcode::BitXor
            | Opcode::Shl
            | Opcode::Shr
            | Opcode::AddInt
            | Opcode::SubInt
            | Opcode::MulInt
            | Opcode::DivInt
            | Opcode::IntSub
            | Opcode::IntDiv
            | Opcode::AddConst
            | Opcode::SubConst
            | Opcode::MulConst
            | Opcode::DivConst
            | Opcode::ConstSub
            | Opcode::ConstDiv
            | Opcode::AddFloats
            | Opcode::SubFloats
            | Opcode::MulFloats
            | Opcode::DivFloats
            | Opcode::FloorDivInt
            | Opcode::ModInt
            | Opcode::ShlInt
            | Opcode::ShrInt
            | Opcode::BitAndInt
            | Opcode::BitOrInt
            | Opcode::BitXorInt
            | Opcode::Neg
            | Opcode::BitNot
            | Opcode::GetIndex
            | Opcode::GetIndexInt
            | Opcode::GetField
            | Opcode::GetFieldCached
            | Opcode::GetFieldGetField
            | Opcode::GetFieldReturn
            | Opcode::GetLength
            | Opcode::GetFieldOrNull
            | Opcode::GetMethod
            | Opcode::GetSuper
            | Opcode::TryKey
    )
}
