//! Constants and literals.

use std::sync::Arc;

use super::Emitter;
use crate::bytecode::assembler::Reg;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::Constant;
use crate::syntax::ast::{BinaryOp, ExprId, ExprKind, Symbol, UnaryOp};

/// A constant in a form that can be compared and hashed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum ConstantKey {
    Int(i64),
    Float(u64),
    Duration(i64),
    Str(Arc<str>),
    Bytes(Arc<[u8]>),
    Prelude(Arc<str>),
    Module(Arc<str>),
    Member(Arc<str>, Arc<str>),
    FileModule(u32),
}

fn key(constant: &Constant) -> ConstantKey {
    match constant {
        Constant::Int(value) => ConstantKey::Int(*value),
        Constant::Float(value) => ConstantKey::Float(value.to_bits()),
        Constant::Duration(value) => ConstantKey::Duration(*value),
        Constant::Str(text) => ConstantKey::Str(text.clone()),
        Constant::Bytes(bytes) => ConstantKey::Bytes(bytes.clone()),
        Constant::Prelude(name) => ConstantKey::Prelude(name.clone()),
        Constant::Module(name) => ConstantKey::Module(name.clone()),
        Constant::Member(module, name) => ConstantKey::Member(module.clone(), name.clone()),
        Constant::FileModule(index) => ConstantKey::FileModule(*index),
    }
}

impl Emitter<'_> {
    /// Number of a constant.
    pub(super) fn constant(&mut self, constant: Constant) -> i32 {
        let next = self.constants.len() as u32;
        let index = *self.constant_index.entry(key(&constant)).or_insert(next);
        if index == next {
            self.constants.push(constant);
        }
        index as i32
    }

    /// Number of the constant that is this text.
    pub(super) fn name_constant(&mut self, text: &str) -> i32 {
        self.constant(Constant::Str(text.into()))
    }

    pub(super) fn symbol_constant(&mut self, symbol: Symbol) -> i32 {
        let ast = self.ast;
        if let Some(known) = self.symbol_index[symbol.0 as usize] {
            return known as i32;
        }
        let index = self.name_constant(ast.text(symbol));
        self.symbol_index[symbol.0 as usize] = Some(index as u32);
        index
    }

    pub(super) fn load_constant(&mut self, dst: Reg, constant: Constant) {
        let index = self.constant(constant);
        self.op_imm(Opcode::LoadConst, dst, Reg(0), index);
    }

    pub(super) fn load_int(&mut self, dst: Reg, value: i64) {
        match i32::try_from(value) {
            Ok(small) => self.op_imm(Opcode::LoadInt, dst, Reg(0), small),
            Err(_) => self.load_constant(dst, Constant::Int(value)),
        }
    }

    /// The int that an expression is, with its sign.
    pub(super) fn int_literal(&self, id: ExprId) -> Option<i64> {
        match self.ast[id].kind {
            ExprKind::Int(value) => Some(value),
            ExprKind::Unary { op: UnaryOp::Neg, operand } => match self.ast[operand].kind {
                ExprKind::Int(value) => value.checked_neg(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The float that an expression is, with its sign.
    pub(super) fn float_literal(&self, id: ExprId) -> Option<f64> {
        match self.ast[id].kind {
            ExprKind::Float(value) => Some(value),
            ExprKind::Unary { op: UnaryOp::Neg, operand } => match self.ast[operand].kind {
                ExprKind::Float(value) => Some(-value),
                _ => None,
            },
            _ => None,
        }
    }

    /// The constant that a literal is, with its sign; none for what has an instruction of its own.
    pub(super) fn literal_constant(&self, id: ExprId) -> Option<Constant> {
        Some(match &self.ast[id].kind {
            ExprKind::Int(value) => Constant::Int(*value),
            ExprKind::Float(value) => Constant::Float(*value),
            ExprKind::Duration(value) => Constant::Duration(*value),
            ExprKind::Str(symbol) => Constant::Str(self.ast.text(*symbol).into()),
            ExprKind::Bytes(bytes) => Constant::Bytes((**bytes).into()),
            ExprKind::Unary { op: UnaryOp::Neg, operand } => match self.ast[*operand].kind {
                ExprKind::Int(value) => Constant::Int(value.checked_neg()?),
                ExprKind::Float(value) => Constant::Float(-value),
                ExprKind::Duration(value) => Constant::Duration(value.checked_neg()?),
                ExprKind::Binary { op: BinaryOp::Pow, lhs, rhs } => self.least_int(lhs, rhs)?,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// `-2**63`, whose power alone is no int: the one negated power that is an int only as a whole.
    fn least_int(&self, base: ExprId, exponent: ExprId) -> Option<Constant> {
        let (ExprKind::Int(base), ExprKind::Int(exponent)) =
            (&self.ast[base].kind, &self.ast[exponent].kind)
        else {
            return None;
        };
        let power = i128::from(*base).checked_pow(u32::try_from(*exponent).ok()?)?;
        (power == -i128::from(i64::MIN)).then_some(Constant::Int(i64::MIN))
    }

    /// Loads a literal, if the expression is one.
    pub(super) fn literal(&mut self, id: ExprId, dst: Reg) -> bool {
        match self.ast[id].kind {
            ExprKind::Null => self.load_null(dst),
            ExprKind::Bool(value) => {
                self.op2(Opcode::LoadBool, dst, Reg(u8::from(value)));
            }
            ExprKind::Str(symbol) => {
                let index = self.symbol_constant(symbol);
                self.op_imm(Opcode::LoadConst, dst, Reg(0), index);
            }
            _ => match self.literal_constant(id) {
                Some(Constant::Int(value)) => self.load_int(dst, value),
                Some(constant) => self.load_constant(dst, constant),
                None => return false,
            },
        }
        true
    }
}
