//! Handing over to functions of the core module: what needs script code to be run is written there.

use super::Outcome;
use crate::vm::hash::{HashProblem, Unhashable};
use crate::vm::{Thrown, Value, Vm};

/// Makes the result of a function of the core module the native's result.
pub fn call(vm: &mut Vm, function: &str, args: &[Value]) -> Outcome {
    Ok(vm.tail_call_core(function, args))
}

/// What to do about a key whose hash is not known: call a function of the core module that asks the
/// key's class, or throw.
pub fn unhashable(vm: &mut Vm, problem: &Unhashable, function: &str, args: &[Value]) -> Outcome {
    hash_call(vm, problem)?;
    call(vm, function, args)
}

/// An error unless the key's class can be asked for its hash.
pub fn hash_call(vm: &mut Vm, problem: &Unhashable) -> Result<(), Thrown> {
    match problem.problem {
        HashProblem::NeedsCall => Ok(()),
        _ => Err(vm.unhashable(*problem)),
    }
}
