//! Sums of numbers and of durations, for `sum`: of ints exactly, of floats with their rounding
//! corrected. What has a `+` of its own is added by script code.

use super::Outcome;
use super::describe::describe;
use super::math::Compensated;
use crate::natives;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// Sums of what iterators give, for the core module.
    pub const TOTAL;

    /// For the core module: a sum of nothing yet.
    fn core.total() => begin;
    /// For the core module: adds a value; false if script code has to add it.
    fn core.total_add(total: any, value: any) => add;
    /// For the core module: the sum, or `none` if nothing was added.
    fn core.total_result(total: any, none: any) => result;
}

/// A sum under way.
#[derive(Debug, Default)]
pub struct Total {
    /// So many values can be counted, but not added up beyond 128 bits.
    ints: i128,
    floats: Option<Compensated>,
    durations: Option<i128>,
    has_ints: bool,
}

/// Why a value cannot be added here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It may have a `+` of its own.
    AskScript,
    /// It is a number among durations, or a duration among numbers.
    Mixed,
    /// It is neither.
    NoNumber,
}

impl Total {
    /// Adds a value.
    pub fn add(&mut self, value: Value) -> Result<(), Refused> {
        match value.kind() {
            Kind::Int | Kind::Float if self.durations.is_some() => return Err(Refused::Mixed),
            Kind::Int => {
                self.ints += i128::from(value.as_int().unwrap_or_default());
                self.has_ints = true;
            }
            Kind::Float => {
                let number = value.as_float().unwrap_or_default();
                self.floats.get_or_insert_default().add(number);
            }
            Kind::Duration if self.has_ints || self.floats.is_some() => return Err(Refused::Mixed),
            Kind::Duration => {
                let time = i128::from(value.as_duration().unwrap_or_default());
                *self.durations.get_or_insert_default() += time;
            }
            Kind::Instance | Kind::Variant | Kind::Object => return Err(Refused::AskScript),
            _ => return Err(Refused::NoNumber),
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        !self.has_ints && self.floats.is_none() && self.durations.is_none()
    }

    /// The sum, for the function `path`.
    pub fn result(&self, vm: &mut Vm, path: &str) -> Outcome {
        if let Some(mut floats) = self.floats {
            floats.add(self.ints as f64);
            return Ok(Value::float(floats.sum()));
        }
        let found = match self.durations {
            Some(time) => i64::try_from(time).map(Value::duration).map_err(|_| "is too long"),
            None => i64::try_from(self.ints).map(Value::int).map_err(|_| "does not fit in 64 bits"),
        };
        found.map_err(|why| vm.error(ErrorKind::OverflowError, format!("{path}: the sum {why}")))
    }
}

/// The error of a value that was refused and that no script can add either.
#[cold]
pub fn refused(vm: &mut Vm, path: &str, why: Refused, value: Value) -> Thrown {
    let what = match why {
        Refused::Mixed => "numbers and durations cannot be added".to_owned(),
        _ if value.is_str() => "strings are joined with `join()`, not added up".to_owned(),
        _ => format!("{} cannot be added up", describe(vm, value)),
    };
    vm.error(ErrorKind::TypeError, format!("{path}: {what}"))
}

impl HostObject for Total {
    fn type_name(&self) -> &'static str {
        "total"
    }
}

fn begin(vm: &mut Vm) -> Outcome {
    Ok(vm.heap.object(Box::new(Total::default())))
}

fn add(vm: &mut Vm, total: Value, value: Value) -> Outcome {
    match vm.heap.object_mut::<Total>(total).map_or(Ok(()), |total| total.add(value)) {
        Ok(()) => Ok(Value::bool(true)),
        Err(Refused::AskScript) => Ok(Value::bool(false)),
        Err(why) => Err(refused(vm, "iterator.sum", why, value)),
    }
}

fn result(vm: &mut Vm, total: Value, none: Value) -> Outcome {
    let total = vm.heap.object_mut::<Total>(total).map(std::mem::take).unwrap_or_default();
    if total.is_empty() { Ok(none) } else { total.result(vm, "iterator.sum") }
}
