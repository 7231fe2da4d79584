//! Methods of `duration`. Numbers are got out by division: `d / 1ms`, `d // 1s`.

use super::Outcome;
use super::argument::bad_value;
use crate::natives;
use crate::vm::{ErrorKind, Value, Vm};

natives! {
    /// Methods of `duration`.
    pub const DURATION;

    /// The duration without its sign.
    method duration.abs() => abs, "(-5s).abs()" => "5s";
    /// The nearest multiple of `unit`, half away from zero.
    method duration.round(unit: duration) => round, "1234ms.round(100ms)" => "1.2s";
}

fn abs(vm: &mut Vm, nanoseconds: i64) -> Outcome {
    match nanoseconds.checked_abs() {
        Some(nanoseconds) => Ok(Value::duration(nanoseconds)),
        None => Err(vm.error(ErrorKind::OverflowError, "duration.abs: the duration is too long")),
    }
}

fn round(vm: &mut Vm, nanoseconds: i64, unit: i64) -> Outcome {
    if unit <= 0 {
        return Err(bad_value(
            vm,
            "duration.round",
            "unit must be above 0s",
            Value::duration(unit),
        ));
    }
    let (n, unit) = (i128::from(nanoseconds), i128::from(unit));
    let rounded = (n.abs() + unit / 2) / unit * unit * n.signum();
    match i64::try_from(rounded) {
        Ok(rounded) => Ok(Value::duration(rounded)),
        Err(_) => Err(vm.error(ErrorKind::OverflowError, "duration.round: the result is too long")),
    }
}
