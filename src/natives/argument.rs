//! Typed arguments of natives: what a declared parameter type accepts, what the body gets, and the
//! one wording of the error when something else came.
//!
//! Each type here stands for a word in a `natives!` table. Heap values come as a newtype around
//! [`Value`] whose `get` borrows the content from the heap.

use super::declaration::Signature;
use super::describe::describe;
use crate::vm::heap::Heap;
use crate::vm::{Args, ErrorKind, Thrown, Value, Vm};

/// Whether an argument must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Required,
    /// Missing and null mean the same.
    Optional,
    /// Missing means this literal.
    Default(&'static str),
    /// It takes all arguments that are left.
    Rest,
}

/// A word for a type in a `natives!` table.
pub trait Argument {
    /// What the body gets.
    type Given: Copy;
    /// The type in an error, with its article.
    const EXPECTED: &'static str;
    /// What to write instead of `value`, where there is a usual mistake.
    fn hint(_heap: &Heap, _value: Value) -> Option<String> {
        None
    }
    /// The argument, if it is of the type.
    fn take(heap: &Heap, value: Value) -> Option<Self::Given>;
}

/// A literal that can stand as a default in a `natives!` table.
pub trait Literal<A: Argument> {
    /// The argument it stands for.
    fn given(self, heap: &mut Heap) -> A::Given;
}

/// Reads the arguments of one call in the order of the declaration.
#[derive(Debug)]
pub struct Call {
    signature: &'static Signature,
    args: Args,
    slot: u32,
    param: u32,
}

/// The arguments a rest parameter has taken.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    args: Args,
    first: u32,
    list: Option<Value>,
}

impl Call {
    /// A call that has read nothing yet.
    pub fn new(signature: &'static Signature, args: Args) -> Self {
        Call { signature, args, slot: 0, param: 0 }
    }

    /// A call of a function of the core module, whose receiver, if it has one, can be anything.
    pub fn behind_receiver(signature: &'static Signature, args: Args) -> Self {
        let slot = u32::from(signature.has_receiver());
        Call { signature, args, slot, param: 0 }
    }

    /// Makes a function of the core module go on with all arguments, which have been checked.
    pub fn hand_over(&self, vm: &mut Vm, function: &str) -> Value {
        let receiver = usize::from(self.signature.has_receiver());
        let mut args = Vec::with_capacity(receiver + self.signature.params.len());
        args.extend((0..receiver).map(|index| vm.arg(self.args, index)));
        let alone = self.signature.params.len() == 1;
        for (index, param) in self.signature.params.iter().enumerate() {
            match param.need {
                Need::Rest if alone => args.extend_from_slice(&vm.args(self.args)[receiver..]),
                Need::Rest => {
                    let rest = vm.heap.list_ref(vm.arg(self.args, receiver + index));
                    args.extend_from_slice(rest.map_or(&[], |list| &list.items));
                }
                _ => args.push(vm.arg(self.args, receiver + index)),
            }
        }
        vm.tail_call_core(function, &args)
    }

    /// The value a method or property belongs to.
    #[inline]
    pub fn receiver<A: Argument>(&mut self, vm: &mut Vm) -> Result<A::Given, Thrown> {
        let value = vm.arg(self.args, 0);
        self.slot = 1;
        match A::take(&vm.heap, value) {
            Some(given) => Ok(given),
            None => Err(wrong_type(vm, self.signature.path, "self", A::EXPECTED, value, None)),
        }
    }

    /// An argument that must be there.
    #[inline]
    pub fn required<A: Argument>(&mut self, vm: &mut Vm) -> Result<A::Given, Thrown> {
        let value = self.next(vm);
        match A::take(&vm.heap, value) {
            Some(given) => Ok(given),
            None => Err(self.wrong::<A>(vm, value)),
        }
    }

    /// An argument that may be missing or null.
    #[inline]
    pub fn optional<A: Argument>(&mut self, vm: &mut Vm) -> Result<Option<A::Given>, Thrown> {
        let value = self.next(vm);
        if value.is_unset() || value.is_null() {
            return Ok(None);
        }
        match A::take(&vm.heap, value) {
            Some(given) => Ok(Some(given)),
            None => Err(self.wrong::<A>(vm, value)),
        }
    }

    /// An argument for which a literal stands when it is missing.
    #[inline]
    pub fn or<A: Argument, L: Literal<A>>(
        &mut self,
        vm: &mut Vm,
        default: L,
    ) -> Result<A::Given, Thrown> {
        let value = self.next(vm);
        if value.is_unset() {
            return Ok(default.given(&mut vm.heap));
        }
        match A::take(&vm.heap, value) {
            Some(given) => Ok(given),
            None => Err(self.wrong::<A>(vm, value)),
        }
    }

    /// All arguments that are left, except the named ones.
    #[inline]
    pub fn rest(&mut self, vm: &Vm) -> Rest {
        let first = self.slot;
        // The VM passes the arguments as they stand where there is no other parameter, else a list.
        let alone = self.signature.params.len() == 1;
        let list = if alone { None } else { Some(self.next(vm)) };
        Rest { args: self.args, first, list }
    }

    #[inline]
    fn next(&mut self, vm: &Vm) -> Value {
        let value = vm.arg(self.args, self.slot as usize);
        self.slot += 1;
        self.param += 1;
        value
    }

    /// The error for the argument read last.
    #[cold]
    fn wrong<A: Argument>(&self, vm: &mut Vm, value: Value) -> Thrown {
        let param = self.signature.params[self.param as usize - 1].name;
        wrong_type(vm, self.signature.path, param, A::EXPECTED, value, A::hint(&vm.heap, value))
    }
}

impl Rest {
    /// How many arguments it took.
    pub fn len(self, vm: &Vm) -> usize {
        match self.list {
            Some(list) => vm.heap.list_ref(list).map_or(0, |list| list.items.len()),
            None => self.args.count().saturating_sub(self.first as usize),
        }
    }

    /// Whether it took none.
    pub fn is_empty(self, vm: &Vm) -> bool {
        self.len(vm) == 0
    }

    /// One of them.
    pub fn get(self, vm: &Vm, index: usize) -> Value {
        match self.list {
            Some(list) => vm.heap.list_ref(list).map_or(Value::unset(), |list| list.items[index]),
            None => vm.arg(self.args, self.first as usize + index),
        }
    }

    /// The first of them: for a parameter that may be left out and may be null.
    pub fn first(self, vm: &Vm) -> Option<Value> {
        (!self.is_empty(vm)).then(|| self.get(vm, 0))
    }

    /// All of them.
    pub fn to_vec(self, vm: &Vm) -> Vec<Value> {
        (0..self.len(vm)).map(|index| self.get(vm, index)).collect()
    }
}

/// The one wording for an argument of the wrong type.
#[cold]
pub fn wrong_type(
    vm: &mut Vm,
    path: &str,
    param: &str,
    expected: &str,
    value: Value,
    hint: Option<String>,
) -> Thrown {
    let came = describe(vm, value);
    let hint = hint.map_or(String::new(), |hint| format!(": {hint}"));
    vm.error(ErrorKind::TypeError, format!("{path}: {param} must be {expected}, not {came}{hint}"))
}

/// The one wording for an argument whose type is right and whose value is not:
/// `str.repeat: n must not be negative, not -1` is `bad_value(vm, "str.repeat", "n must not be negative", v)`.
#[cold]
pub fn bad_value(vm: &mut Vm, path: &str, rule: &str, value: Value) -> Thrown {
    let came = vm.show(value);
    vm.error(ErrorKind::ValueError, format!("{path}: {rule}, not {came}"))
}
