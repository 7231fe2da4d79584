//! Lists in random order. Chance comes from the driver, so that a run can be repeated.

use super::change::writable;
use crate::natives::kind::ListValue;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value};

/// Every order is equally likely (Fisher and Yates).
fn shuffle_items(items: &mut [Value], mut random: impl FnMut() -> u64) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last as u64 + 1, &mut random) as usize);
    }
}

/// A number below `bound`, each equally likely: the high half of a product, and another try where
/// the low half says that some numbers would come up more often (Lemire).
fn below(bound: u64, random: &mut impl FnMut() -> u64) -> u64 {
    let uneven = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(random()) * u128::from(bound);
        if product as u64 >= uneven {
            return (product >> 64) as u64;
        }
    }
}

pub(super) fn shuffle(cx: &mut Cx<'_>, list: ListValue) -> Result<Answer, Thrown> {
    let items = &mut writable(cx.vm, list)?.items;
    shuffle_items(items, || cx.rt.driver.random());
    Ok(Answer::Value(Value::null()))
}

pub(super) fn shuffled(cx: &mut Cx<'_>, list: ListValue) -> Result<Answer, Thrown> {
    let length = list.get(&cx.vm.heap).items.len();
    cx.vm.reserve(length.saturating_mul(size_of::<Value>()))?;
    let mut items = list.get(&cx.vm.heap).items.clone();
    shuffle_items(&mut items, || cx.rt.driver.random());
    Ok(Answer::Value(cx.vm.heap.list(items)))
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn numbers_stay_below_their_bound_and_all_come_up() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state ^ state >> 29
        };
        let mut counts = [0; 6];
        for _ in 0..6000 {
            counts[below(6, &mut random) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }
}
