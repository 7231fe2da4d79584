//! Arithmetic beyond two small ints or two floats: overflow, mixed numbers, durations, strings,
//! lists, bytes, and operator methods of classes.

use super::{Flow, Op, Step};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::{Opcode, Operand};
use crate::vm::Vm;
use crate::vm::equal::float_as_int;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::object::{Computed as HostResult, Operator, Unary};
use crate::vm::value::{Kind, Value};

/// What an arithmetic operator gives; `None` if it is not defined for the two.
type Computed = Result<Option<Value>, Thrown>;

/// The operator of an instruction.
fn operator_of(op: Opcode) -> Operator {
    match op {
        Opcode::Add | Opcode::AddInt | Opcode::AddConst | Opcode::AddFloats => Operator::Add,
        Opcode::Sub | Opcode::SubInt | Opcode::SubConst | Opcode::SubFloats => Operator::Sub,
        Opcode::IntSub | Opcode::ConstSub => Operator::Sub,
        Opcode::Mul | Opcode::MulInt | Opcode::MulConst | Opcode::MulFloats => Operator::Mul,
        Opcode::Div | Opcode::DivInt | Opcode::DivConst | Opcode::DivFloats => Operator::Div,
        Opcode::IntDiv | Opcode::ConstDiv => Operator::Div,
        Opcode::FloorDiv | Opcode::FloorDivInt => Operator::FloorDiv,
        Opcode::Mod | Opcode::ModInt => Operator::Mod,
        Opcode::Pow => Operator::Pow,
        Opcode::BitAnd | Opcode::BitAndInt => Operator::BitAnd,
        Opcode::BitOr | Opcode::BitOrInt => Operator::BitOr,
        Opcode::BitXor | Opcode::BitXorInt => Operator::BitXor,
        Opcode::Shl | Opcode::ShlInt => Operator::Shl,
        _ => Operator::Shr,
    }
}

/// The operands of an arithmetic instruction, as they stand in the source.
fn operands(op: &Op<'_>) -> (Value, Value) {
    let at = op.instruction();
    let register = op.get(at.b);
    let (number, is_left) = match at.op {
        Opcode::AddInt | Opcode::MulInt => (Value::int(i64::from(at.imm)), at.c != 0),
        Opcode::SubInt
        | Opcode::DivInt
        | Opcode::FloorDivInt
        | Opcode::ModInt
        | Opcode::ShlInt
        | Opcode::ShrInt
        | Opcode::BitAndInt
        | Opcode::BitOrInt
        | Opcode::BitXorInt => (Value::int(i64::from(at.imm)), false),
        Opcode::IntSub | Opcode::IntDiv => (Value::int(i64::from(at.imm)), true),
        Opcode::AddConst | Opcode::MulConst => (op.vm.constants[at.imm as usize], at.c != 0),
        Opcode::SubConst | Opcode::DivConst => (op.vm.constants[at.imm as usize], false),
        Opcode::ConstSub | Opcode::ConstDiv => (op.vm.constants[at.imm as usize], true),
        _ => (op.get(at.c), false),
    };
    if is_left { (number, register) } else { (register, number) }
}

/// Makes a quickened instruction the general one again, and counts that.
fn unquicken(op: &mut Op<'_>) {
    let at = op.instruction();
    let general = match at.op {
        Opcode::AddFloats => Opcode::Add,
        Opcode::SubFloats => Opcode::Sub,
        Opcode::MulFloats => Opcode::Mul,
        Opcode::DivFloats => Opcode::Div,
        _ => return,
    };
    op.patch(Instruction::new(general, at.a, at.b, at.c, at.imm + 1));
}

/// `Add` of what are not two numbers: mostly of strings
#[inline]
pub(in crate::vm) fn add(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (lhs, rhs) = (op.get(at.b), op.get(at.c));
    if !(lhs.is_str() && rhs.is_str()) {
        return binary(op);
    }
    match op.vm.heap.append(lhs, rhs) {
        Ok(joined) => {
            op.set(at.a, joined);
            Ok(Flow::Next)
        }
        Err(_) => Err(op.vm.out_of_memory()),
    }
}

/// All arithmetic of two operands
#[inline(never)]
pub(in crate::vm) fn binary(op: &mut Op<'_>) -> Step {
    unquicken(op);
    let at = op.instruction();
    let sign = operator_of(at.op);
    let (lhs, rhs) = operands(op);
    if let Some(result) = compute(op.vm, sign, lhs, rhs)? {
        op.set(at.a, result);
        return Ok(Flow::Next);
    }
    if let Some(method) = op.method_of(lhs, sign.text()) {
        return op.call_operator(method, &[lhs, rhs]);
    }
    Err(undefined(op, sign, lhs, rhs))
}

/// `Neg`, `BitNot`
pub(in crate::vm) fn unary(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let value = op.get(at.b);
    let is_neg = at.op == Opcode::Neg;
    let result = match (value.kind(), is_neg) {
        (Kind::Int, true) => {
            let number = value.as_int().and_then(i64::checked_neg);
            Value::int(number.ok_or_else(|| overflow(op.vm, "-", value, None))?)
        }
        (Kind::Int, false) => Value::int(!(value.bits() as i64)),
        (Kind::Float, true) => Value::float(-f64::from_bits(value.bits())),
        (Kind::Duration, true) => {
            let length = value.as_duration().and_then(i64::checked_neg);
            Value::duration(length.ok_or_else(|| overflow(op.vm, "-", value, None))?)
        }
        (Kind::Object, _) => {
            let operator = if is_neg { Unary::Neg } else { Unary::BitNot };
            match op.vm.host_unary(value, operator)? {
                Some(result) => result,
                None => return Err(no_unary(op, is_neg, value)),
            }
        }
        _ => {
            if is_neg && let Some(method) = op.method_of(value, "neg") {
                return op.call_operator(method, &[value]);
            }
            return Err(no_unary(op, is_neg, value));
        }
    };
    op.set(at.a, result);
    Ok(Flow::Next)
}

#[cold]
fn no_unary(op: &mut Op<'_>, is_neg: bool, value: Value) -> Thrown {
    let sign = if is_neg { "-" } else { "~" };
    let name = op.vm.type_name(value);
    let text = format!("`{sign}` is not defined for a value of type {name}");
    op.vm.error(ErrorKind::TypeError, text)
}

impl Vm {
    /// `left operator right` for operands that need no script code; `None` if it is not defined.
    pub fn arithmetic(&mut self, operator: Operator, left: Value, right: Value) -> Computed {
        compute(self, operator, left, right)
    }

    /// What an operator or a conversion of a host object gives; `None` if it has none.
    pub fn host_unary(&mut self, object: Value, operator: Unary) -> Computed {
        match self.heap.host_value(object).map(|found| found.unary(operator)) {
            Some(result) => self.host_result(result),
            None => Ok(None),
        }
    }

    fn host_result(&mut self, result: HostResult) -> Computed {
        match result {
            HostResult::Undefined => Ok(None),
            HostResult::Value(value) => Ok(Some(value)),
            HostResult::Object(object) => {
                self.reserve(object.external_bytes())?;
                Ok(Some(self.heap.object(object)))
            }
            HostResult::Failed(kind, message) => Err(self.error(kind, message)),
        }
    }
}

fn compute(vm: &mut Vm, sign: Operator, lhs: Value, rhs: Value) -> Computed {
    match (lhs.kind(), rhs.kind()) {
        (Kind::Int, Kind::Int) => ints(vm, sign, lhs.bits() as i64, rhs.bits() as i64).map(Some),
        (Kind::Int | Kind::Float, Kind::Int | Kind::Float) => {
            let (x, y) = (lhs.as_number().unwrap_or(f64::NAN), rhs.as_number().unwrap_or(f64::NAN));
            Ok(sign.of_floats(x, y).map(Value::float))
        }
        (Kind::Object, _) | (_, Kind::Object) => {
            let result = vm.heap.host_binary(sign, lhs, rhs);
            vm.host_result(result)
        }
        (Kind::Duration, _) | (_, Kind::Duration) => durations(vm, sign, lhs, rhs),
        (Kind::Str | Kind::Bytes | Kind::List, _) if sign == Operator::Add => join(vm, lhs, rhs),
        (Kind::Str | Kind::Bytes | Kind::List, Kind::Int) if sign == Operator::Mul => {
            repeat(vm, lhs, rhs).map(Some)
        }
        (Kind::Int, Kind::Str | Kind::Bytes | Kind::List) if sign == Operator::Mul => {
            repeat(vm, rhs, lhs).map(Some)
        }
        _ => Ok(None),
    }
}

fn ints(vm: &mut Vm, sign: Operator, x: i64, y: i64) -> Result<Value, Thrown> {
    let (lhs, rhs) = (Value::int(x), Value::int(y));
    let result = match sign {
        Operator::Add => x.checked_add(y),
        Operator::Sub => x.checked_sub(y),
        Operator::Mul => x.checked_mul(y),
        Operator::Div | Operator::FloorDiv | Operator::Mod if y == 0 => {
            let text = format!("{x} {} 0 is division by zero", sign.text());
            return Err(vm.error(ErrorKind::ZeroDivisionError, text));
        }
        Operator::Div => return Ok(Value::float(x as f64 / y as f64)),
        Operator::FloorDiv => {
            x.checked_div(y).map(|quotient| quotient - i64::from(x % y != 0 && (x < 0) != (y < 0)))
        }
        Operator::Mod => {
            let rest = x.checked_rem(y).unwrap_or(0);
            Some(if rest != 0 && (rest < 0) != (y < 0) { rest + y } else { rest })
        }
        Operator::Pow => return power(vm, x, y),
        Operator::BitAnd => Some(x & y),
        Operator::BitOr => Some(x | y),
        Operator::BitXor => Some(x ^ y),
        Operator::Shl | Operator::Shr => {
            let Some(count) = u32::try_from(y).ok().filter(|count| *count < 64) else {
                let text = format!("a shift by {y}: the count has to be from 0 to 63");
                return Err(vm.error(ErrorKind::ValueError, text));
            };
            Some(if sign == Operator::Shl { x << count } else { x >> count })
        }
    };
    result.map(Value::int).ok_or_else(|| overflow(vm, sign.text(), lhs, Some(rhs)))
}

fn power(vm: &mut Vm, base: i64, exponent: i64) -> Result<Value, Thrown> {
    if exponent < 0 {
        if base == 0 {
            let text = format!("0 ** {exponent} is division by zero");
            return Err(vm.error(ErrorKind::ZeroDivisionError, text));
        }
        return Ok(Value::float((base as f64).powf(exponent as f64)));
    }
    let result = match base {
        0 | 1 => Some(if exponent == 0 { 1 } else { base }),
        -1 => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent)),
    };
    let overflow = |vm: &mut Vm| overflow(vm, "**", Value::int(base), Some(Value::int(exponent)));
    result.map(Value::int).ok_or_else(|| overflow(vm))
}

fn durations(vm: &mut Vm, sign: Operator, lhs: Value, rhs: Value) -> Computed {
    let result = match (lhs.as_duration(), rhs.as_duration(), sign) {
        (Some(x), Some(y), Operator::Add) => x.checked_add(y),
        (Some(x), Some(y), Operator::Sub) => x.checked_sub(y),
        (Some(x), Some(y), Operator::Div) => return Ok(Some(Value::float(x as f64 / y as f64))),
        (Some(_), Some(0), Operator::FloorDiv | Operator::Mod) => {
            let (lhs, rhs) = (vm.show(lhs), vm.show(rhs));
            let text = format!("{lhs} {} {rhs} is division by zero", sign.text());
            return Err(vm.error(ErrorKind::ZeroDivisionError, text));
        }
        (Some(x), Some(y), Operator::FloorDiv) => {
            return ints(vm, Operator::FloorDiv, x, y).map(Some);
        }
        (Some(x), Some(y), Operator::Mod) => {
            let rest = ints(vm, Operator::Mod, x, y)?;
            rest.as_int()
        }
        (Some(x), None, Operator::Mul) => scaled(x, rhs),
        (None, Some(y), Operator::Mul) => scaled(y, lhs),
        (Some(x), None, Operator::Div | Operator::FloorDiv) => match (rhs.as_int(), rhs.as_float())
        {
            (Some(0), _) => {
                let text = format!("{} {} 0 is division by zero", vm.show(lhs), sign.text());
                return Err(vm.error(ErrorKind::ZeroDivisionError, text));
            }
            (Some(y), _) if sign == Operator::FloorDiv => ints(vm, sign, x, y)?.as_int(),
            (Some(y), _) => rounded_quotient(x, y),
            (_, Some(y)) if sign == Operator::FloorDiv => {
                sign.of_floats(x as f64, y).and_then(nanoseconds)
            }
            (_, Some(y)) => nanoseconds(x as f64 / y),
            _ => return Ok(None),
        },
        _ => return Ok(None),
    };
    if result.is_none() && !(rhs.is_number() || rhs.is_duration()) {
        return Ok(None);
    }
    let result = result.ok_or_else(|| overflow(vm, sign.text(), lhs, Some(rhs)))?;
    Ok(Some(Value::duration(result)))
}

/// To the nearest nanosecond, half away from zero, as by a float.
fn rounded_quotient(length: i64, by: i64) -> Option<i64> {
    let (length, by) = (i128::from(length), i128::from(by));
    let rounded = (length.abs() + by.abs() / 2) / by.abs();
    i64::try_from(rounded * length.signum() * by.signum()).ok()
}

fn scaled(length: i64, by: Value) -> Option<i64> {
    // A float that is an int is taken as one: long durations have more digits than a float.
    let whole = by.as_int().or_else(|| by.as_float().and_then(float_as_int));
    match (whole, by.as_float()) {
        (Some(factor), _) => length.checked_mul(factor),
        (_, Some(factor)) => nanoseconds(length as f64 * factor),
        _ => None,
    }
}

fn nanoseconds(length: f64) -> Option<i64> {
    let rounded = length.round();
    let fits = rounded >= i64::MIN as f64 && rounded < i64::MAX as f64;
    fits.then_some(rounded as i64)
}

/// `+` of two strings, bytes or lists.
fn join(vm: &mut Vm, lhs: Value, rhs: Value) -> Computed {
    if lhs.kind() != rhs.kind() {
        return Ok(None);
    }
    match lhs.kind() {
        Kind::Str => match vm.heap.append(lhs, rhs) {
            Ok(joined) => Ok(Some(joined)),
            Err(_) => Err(vm.out_of_memory()),
        },
        Kind::Bytes => {
            let parts = [vm.heap.bytes_ref(lhs), vm.heap.bytes_ref(rhs)];
            let bytes = parts.into_iter().flatten().collect::<Vec<&[u8]>>().concat();
            vm.reserve(bytes.len())?;
            Ok(Some(vm.heap.bytes(&bytes)))
        }
        _ => {
            let parts = [vm.heap.list_ref(lhs), vm.heap.list_ref(rhs)];
            let length: usize = parts.iter().flatten().map(|list| list.items.len()).sum();
            let mut items = Vec::with_capacity(length);
            for list in parts.into_iter().flatten() {
                items.extend_from_slice(&list.items);
            }
            vm.reserve(length * size_of::<Value>())?;
            Ok(Some(vm.heap.list(items)))
        }
    }
}

/// A string or list, a number of times.
fn repeat(vm: &mut Vm, value: Value, count: Value) -> Result<Value, Thrown> {
    let Some(count) = count.as_int().and_then(|count| usize::try_from(count).ok()) else {
        let what = if value.kind() == Kind::Bytes { "" } else { "a " }.to_owned();
        let what = what + &vm.type_name(value);
        let text = format!("{what} cannot be repeated {} times", vm.show(count));
        return Err(vm.error(ErrorKind::ValueError, text));
    };
    let length = match value.kind() {
        Kind::Str => vm.heap.str(value).map_or(0, str::len),
        Kind::Bytes => vm.heap.bytes_ref(value).map_or(0, <[u8]>::len),
        _ => vm.heap.list_ref(value).map_or(0, |list| list.items.len() * size_of::<Value>()),
    };
    let bytes = length.checked_mul(count).filter(|bytes| *bytes < isize::MAX as usize / 2);
    let Some(bytes) = bytes else { return Err(vm.out_of_memory()) };
    vm.reserve(bytes)?;
    if let Some(text) = vm.heap.str(value) {
        let text = text.repeat(count);
        return Ok(vm.heap.string_owned(text));
    }
    if let Some(bytes) = vm.heap.bytes_ref(value) {
        let bytes = bytes.repeat(count);
        return Ok(vm.heap.bytes(&bytes));
    }
    let items = vm.heap.list_ref(value).map_or_else(Vec::new, |list| list.items.repeat(count));
    Ok(vm.heap.list(items))
}

#[cold]
fn overflow(vm: &mut Vm, sign: &str, lhs: Value, rhs: Option<Value>) -> Thrown {
    let what = match rhs {
        Some(rhs) => format!("{} {sign} {}", vm.show(lhs), vm.show(rhs)),
        None => format!("{sign}({})", vm.show(lhs)),
    };
    let kind = if lhs.is_int() { "an int" } else { "a duration" };
    vm.error(ErrorKind::OverflowError, format!("{what} does not fit into {kind}"))
}

/// The error of an operator that two types do not have.
#[cold]
fn undefined(op: &mut Op<'_>, sign: Operator, lhs: Value, rhs: Value) -> Thrown {
    let vm = &mut *op.vm;
    let (left, right) = (vm.type_name(lhs), vm.type_name(rhs));
    let sign = sign.text();
    let mut text = format!("`{sign}` is not defined for {left} and {right}");
    let swapped = rhs.is_instance() && {
        let class = vm.heap.instance_ref(rhs).map(|instance| instance.class());
        class.is_some_and(|class| class.method(sign).is_some())
    };
    if swapped {
        text.push_str(": operators are looked up on the left side, so swap the two");
    } else if sign == "+" && (lhs.is_str() || rhs.is_str()) {
        let part = |value: Value| match vm.heap.str(value) {
            Some(text) if text.len() <= 20 => text.to_owned(),
            Some(_) => "${…}".to_owned(),
            None => {
                let shown = vm.show(value);
                if shown.len() <= 20 { format!("${{{shown}}}") } else { "${…}".to_owned() }
            }
        };
        text.push_str(&format!(": to join them as text write \"{}{}\"", part(lhs), part(rhs)));
    } else if sign == "%" && lhs.is_str() {
        text.push_str(": to put values into a text write \"${value} items\"");
    } else if lhs.is_duration() && rhs.is_number() || lhs.is_number() && rhs.is_duration() {
        text.push_str(": a number becomes a duration by its unit, such as `5s`");
    } else if lhs.is_null() || rhs.is_null() {
        let at = op.instruction();
        let in_first = lhs.is_null() || at.op.layout().c != Operand::Src;
        let origin = op.origin(if in_first { at.b } else { at.c });
        text.push_str(&format!(": {} is null", origin.as_deref().unwrap_or("one side")));
    }
    op.vm.error(ErrorKind::TypeError, text)
}

impl Op<'_> {
    /// The method or operator of that name that the class or enum of a value defines.
    pub(in crate::vm) fn method_of(&self, value: Value, name: &str) -> Option<Value> {
        self.vm.heap.method_of(value, name)
    }
}
