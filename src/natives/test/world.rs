//! What the natives of the simulated world have in common: reaching it, and reading spans of time.

use std::time::Duration;

use crate::natives::argument::bad_value;
use crate::runtime::driver::SimDriver;
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// The simulated world, if this is one. `path` is the function that asks.
pub(super) fn world<'a>(cx: &'a mut Cx<'_>, path: &str) -> Result<&'a mut SimDriver, Thrown> {
    let Cx { vm, rt, .. } = cx;
    rt.driver.simulated().ok_or_else(|| {
        let text = format!(
            "{path}: this is the real world: take `real: true` or `test.real()` out of the test"
        );
        vm.error(ErrorKind::ValueError, text)
    })
}

/// The answer of a function that has nothing to say.
pub(super) fn done() -> Result<Answer, Thrown> {
    Ok(Answer::Value(Value::null()))
}

/// The shortest and the longest of what was given as a duration, or as a list of two.
pub(super) fn span_of(
    vm: &mut Vm,
    path: &str,
    given: Value,
) -> Result<(Duration, Duration), Thrown> {
    let nanos = |value: Value| value.as_duration().and_then(|nanos| u64::try_from(nanos).ok());
    let span = match vm.heap.list_ref(given).map(|list| &list.items[..]) {
        None => nanos(given).map(|span| (span, span)),
        Some([least, most]) => nanos(*least).zip(nanos(*most)),
        Some(_) => None,
    };
    match span {
        Some((least, most)) if least <= most => {
            Ok((Duration::from_nanos(least), Duration::from_nanos(most)))
        }
        _ => {
            let rule = "latency must be a duration that is not negative, or a list of the shortest \
                        and the longest";
            Err(bad_value(vm, path, rule, given))
        }
    }
}
