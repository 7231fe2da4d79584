//! Lists in random order. Chance comes from the driver, so that a run can be repeated.

use super::change::writable;
use crate::natives::kind::ListValue;
use crate::natives::random::shuffle_items;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value};

pub(super) fn shuffle(cx: &mut Cx<'_>, list: ListValue) -> Result<Answer, Thrown> {
    let items = &mut writable(cx.vm, list, &[])?.items;
    shuffle_items(items, &mut || cx.rt.driver.random());
    Ok(Answer::Value(Value::null()))
}

pub(super) fn shuffled(cx: &mut Cx<'_>, list: ListValue) -> Result<Answer, Thrown> {
    let length = list.get(&cx.vm.heap).items.len();
    cx.vm.reserve(length.saturating_mul(size_of::<Value>()))?;
    let mut items = list.get(&cx.vm.heap).items.to_vec();
    shuffle_items(&mut items, &mut || cx.rt.driver.random());
    Ok(Answer::Value(cx.vm.heap.list(items)))
}
