//! Drawing from numbers of 64 random bits. No result is more likely than it should be.

use std::collections::HashSet;

use crate::natives::Outcome;
use crate::natives::argument::{bad_value, wrong_type};
use crate::natives::kind::ListValue;
use crate::natives::list::writable;
use crate::vm::{Elements, ErrorKind, Kind, Thrown, Value, Vm};

/// Where random numbers come from.
type Next<'a> = &'a mut dyn FnMut() -> u64;

/// A number below `bound`, each equally likely: the high half of a product, and another try where
/// the low half says that some numbers would come up more often (Lemire).
fn below(bound: u64, next: Next<'_>) -> u64 {
    let uneven = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(next()) * u128::from(bound);
        if product as u64 >= uneven {
            return (product >> 64) as u64;
        }
    }
}

/// A float from 0 up to 1, which it does not reach: a multiple of 2^-53.
fn unit(next: Next<'_>) -> f64 {
    (next() >> 11) as f64 / (1_u64 << 53) as f64
}

/// Every order is equally likely (Fisher and Yates).
pub(in crate::natives) fn shuffle_items<T>(items: &mut [T], next: Next<'_>) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(last as u64 + 1, next) as usize);
    }
}

pub(super) fn int(vm: &mut Vm, next: Next<'_>, range: Value) -> Outcome {
    let Some(found) = vm.heap.range_ref(range).copied() else {
        let hint = range.as_int().filter(|n| *n > 0).map(|n| format!("write `0..{n}`"));
        return Err(wrong_type(vm, "random.int", "range", "a range", range, hint));
    };
    match found.len() {
        None => Err(bad_value(vm, "random.int", "the range must have an end", range)),
        Some(0) => Err(bad_value(vm, "random.int", "the range must not be empty", range)),
        Some(length) => {
            let place = below(length, next);
            Ok(found.get(place).map_or(Value::null(), Value::int))
        }
    }
}

pub(super) fn float(vm: &mut Vm, next: Next<'_>, low: f64, high: f64) -> Outcome {
    if !(low.is_finite() && high.is_finite() && low < high) {
        let rule = "high must be above low, and both must be finite";
        return Err(bad_value(vm, "random.float", rule, Value::float(high)));
    }
    let share = unit(next);
    // Not `low + (high - low) * share`: the difference may be beyond the largest float.
    let number = low * (1.0 - share) + high * share;
    Ok(Value::float(number.clamp(low, high.next_down())))
}

pub(super) fn chance(vm: &mut Vm, next: Next<'_>, p: f64) -> Outcome {
    if !(0.0..=1.0).contains(&p) {
        return Err(bad_value(vm, "random.bool", "p must be from 0 to 1", Value::float(p)));
    }
    Ok(Value::bool(unit(next) < p))
}

/// A collection whose elements have places.
enum Items {
    List(Value),
    Range(crate::vm::object::Range, u64),
    Copied(Vec<Value>),
}

impl Items {
    fn of(vm: &mut Vm, path: &str, items: Value) -> Result<Items, Thrown> {
        if items.kind() == Kind::List {
            return Ok(Items::List(items));
        }
        if let Some(range) = vm.heap.range_ref(items).copied() {
            return match range.len() {
                Some(length) => Ok(Items::Range(range, length)),
                None => Err(bad_value(vm, path, "the range must have an end", items)),
            };
        }
        match vm.elements(items)? {
            Elements::Known(found) => Ok(Items::Copied(found)),
            Elements::AskScript => {
                let hint = Some("collect its elements with `list(…)`".to_owned());
                Err(wrong_type(vm, path, "items", "a collection", items, hint))
            }
            Elements::None => Err(wrong_type(vm, path, "items", "a collection", items, None)),
        }
    }

    fn len(&self, vm: &Vm) -> u64 {
        match self {
            Items::List(list) => vm.heap.list_ref(*list).map_or(0, |list| list.items.len() as u64),
            Items::Range(_, length) => *length,
            Items::Copied(items) => items.len() as u64,
        }
    }

    fn get(&self, vm: &Vm, place: u64) -> Value {
        let index = place as usize;
        let found = match self {
            Items::List(list) => {
                vm.heap.list_ref(*list).and_then(|list| list.items.get(index)).copied()
            }
            Items::Range(range, _) => range.get(place).map(Value::int),
            Items::Copied(items) => items.get(index).copied(),
        };
        found.unwrap_or_default()
    }
}

pub(super) fn pick(
    vm: &mut Vm,
    next: Next<'_>,
    items: Value,
    weights: Option<ListValue>,
) -> Outcome {
    let items = Items::of(vm, "random.pick", items)?;
    let length = items.len(vm);
    let place = match weights {
        Some(weights) => weighted(vm, next, length, weights)?,
        None if length == 0 => None,
        None => Some(below(length, next)),
    };
    Ok(place.map_or(Value::null(), |place| items.get(vm, place)))
}

/// A place, as likely as its weight's share in the sum.
fn weighted(
    vm: &mut Vm,
    next: Next<'_>,
    length: u64,
    weights: ListValue,
) -> Result<Option<u64>, Thrown> {
    let given = weights.get(&vm.heap).items.to_vec();
    if given.len() as u64 != length {
        let text = format!("random.pick: there are {} weights for {length} items", given.len());
        return Err(vm.error(ErrorKind::ValueError, text));
    }
    let mut sums = Vec::with_capacity(given.len());
    let mut sum = 0.0;
    for weight in given {
        let Some(number) = weight.as_number() else {
            return Err(wrong_type(vm, "random.pick", "a weight", "a number", weight, None));
        };
        if !(number.is_finite() && number >= 0.0) {
            let rule = "a weight must be finite and not negative";
            return Err(bad_value(vm, "random.pick", rule, weight));
        }
        sum += number;
        sums.push(sum);
    }
    if length == 0 {
        return Ok(None);
    }
    if !(sum > 0.0 && sum.is_finite()) {
        let rule = "the sum of the weights must be above 0 and finite";
        return Err(bad_value(vm, "random.pick", rule, Value::float(sum)));
    }
    let drawn = unit(next) * sum;
    // Rounding may reach the sum itself: then it is the last one that has a weight.
    let place = sums.iter().position(|sum| drawn < *sum);
    Ok(place.or_else(|| sums.iter().position(|other| *other == sum)).map(|place| place as u64))
}

pub(super) fn sample(vm: &mut Vm, next: Next<'_>, items: Value, n: i64) -> Outcome {
    let items = Items::of(vm, "random.sample", items)?;
    let length = items.len(vm);
    let count = match u64::try_from(n) {
        Ok(count) if count <= length => count,
        Ok(_) => {
            let text =
                format!("random.sample: n must be at most {length}, the number of items, not {n}");
            return Err(vm.error(ErrorKind::ValueError, text));
        }
        Err(_) => {
            let rule = "n must not be negative";
            return Err(bad_value(vm, "random.sample", rule, Value::int(n)));
        }
    };
    let size = usize::try_from(count).unwrap_or(usize::MAX);
    vm.reserve(size.saturating_mul(4 * size_of::<Value>()))?;
    let mut places = distinct(length, count, next);
    shuffle_items(&mut places, next);
    let found = places.into_iter().map(|place| items.get(vm, place)).collect();
    Ok(vm.heap.list(found))
}

/// `count` different numbers below `length`, every set of them equally likely (Floyd).
fn distinct(length: u64, count: u64, next: Next<'_>) -> Vec<u64> {
    let mut taken: HashSet<u64, foldhash::fast::FixedState> = HashSet::default();
    let mut places = Vec::new();
    for last in length - count..length {
        let place = below(last + 1, next);
        let place = if taken.insert(place) { place } else { last };
        taken.insert(place);
        places.push(place);
    }
    places
}

pub(super) fn shuffle(vm: &mut Vm, next: Next<'_>, items: ListValue) -> Outcome {
    shuffle_items(&mut writable(vm, items, &[])?.items, next);
    Ok(Value::null())
}

pub(super) fn shuffled(vm: &mut Vm, next: Next<'_>, items: Value) -> Outcome {
    let items = Items::of(vm, "random.shuffled", items)?;
    let length = items.len(vm);
    let size = usize::try_from(length).unwrap_or(usize::MAX);
    vm.reserve(size.saturating_mul(size_of::<Value>()))?;
    let mut found: Vec<Value> = (0..length).map(|place| items.get(vm, place)).collect();
    shuffle_items(&mut found, next);
    Ok(vm.heap.list(found))
}

/// How many bytes are wanted, if there is room for them.
pub(super) fn byte_count(vm: &mut Vm, n: i64) -> Result<usize, Thrown> {
    let Ok(count) = usize::try_from(n) else {
        let rule = "n must not be negative";
        return Err(bad_value(vm, "random.bytes", rule, Value::int(n)));
    };
    vm.reserve(count.saturating_mul(2))?;
    Ok(count)
}

pub(super) fn bytes(vm: &mut Vm, next: Next<'_>, n: i64) -> Outcome {
    let count = byte_count(vm, n)?;
    let mut bytes = Vec::with_capacity(count);
    while bytes.len() < count {
        let word = next().to_le_bytes();
        bytes.extend_from_slice(&word[..word.len().min(count - bytes.len())]);
    }
    Ok(vm.heap.bytes(&bytes))
}

#[cfg(test)]
mod tests {
    use super::{below, distinct, shuffle_items, unit};
    use crate::runtime::driver::Random;

    #[test]
    fn numbers_stay_below_their_bound_and_all_come_up() {
        let mut random = Random::seeded(1);
        let mut counts = [0; 6];
        for _ in 0..6000 {
            counts[below(6, &mut || random.draw()) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn numbers_that_would_come_up_too_often_are_drawn_again() {
        // Of 2^64 numbers one is left over when they are divided among three.
        let mut numbers = [0, u64::MAX].into_iter();
        assert_eq!(below(3, &mut || numbers.next().expect("two are enough")), 2);
        assert_eq!(below(u64::MAX, &mut || 1 << 63), (1 << 63) - 1);
        assert_eq!(below(1, &mut || 77), 0);
    }

    #[test]
    fn units_are_below_one() {
        assert_eq!(unit(&mut || 0), 0.0);
        assert_eq!(unit(&mut || u64::MAX), 1.0 - f64::EPSILON / 2.0);
    }

    #[test]
    fn samples_have_different_places_and_every_set_comes_up() {
        let mut random = Random::seeded(2);
        let mut counts = [0; 16];
        for _ in 0..6000 {
            let places = distinct(4, 2, &mut || random.draw());
            let set: usize = places.iter().map(|place| 1 << place).sum();
            assert_eq!(set.count_ones(), 2, "{places:?}");
            counts[set] += 1;
        }
        let counts: Vec<i32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(counts.len(), 6, "so many pairs are there");
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(distinct(3, 3, &mut || u64::MAX).len(), 3);
    }

    #[test]
    fn every_order_comes_up() {
        let mut random = Random::seeded(3);
        let mut orders = std::collections::HashMap::new();
        for _ in 0..6000 {
            let mut items = [1, 2, 3];
            shuffle_items(&mut items, &mut || random.draw());
            *orders.entry(items).or_insert(0) += 1;
        }
        assert_eq!(orders.len(), 6);
        assert!(orders.values().all(|count| (850..1150).contains(count)), "{orders:?}");
    }
}
