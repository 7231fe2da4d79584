//! Order: numbers, strings by code point, byte strings, bools, durations, lists of
//! ordered values, and values whose class or enum defines `<`. Everything else has no order.
//!
//! Lists are compared from the front with an explicit stack. Like equality, a comparison that meets
//! an instance stops and asks the caller to run `<`, first with the left value, then with the right
//! one. Where the right one has no `<`, it asks whether the two are equal.

use std::cmp::Ordering;

use super::equal::{Equality, equal, float_as_int};
use super::hash::AddressSet;
use super::heap::{Heap, Marker};
use super::object::NoOrder;
use super::value::{Kind, Value};

/// How a comparison ended or why it stopped.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// The first is less, equal or greater.
    Known(Ordering),
    /// A nan is involved: no operator holds, and sorting is a ValueError.
    Nan,
    /// These two have no order: a TypeError.
    None {
        /// From the first value.
        left: Value,
        /// From the second.
        right: Value,
    },
    /// `left`'s class defines the operator: call it with `right`.
    NeedsCall {
        /// `<`, or `==` where only one of two values can be asked for `<`.
        operator: &'static str,
        /// The instance.
        left: Value,
        /// What it is compared with.
        right: Value,
    },
}

/// How two values are ordered, as far as it can be said without calling script code.
#[inline]
pub fn compare(heap: &Heap, left: Value, right: Value) -> Order {
    if let (Some(left), Some(right)) = (left.as_int(), right.as_int()) {
        return Order::Known(left.cmp(&right));
    }
    Ordered::new(left, right).run(heap)
}

/// Which question was asked about a pair of instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// Whether the left one is less.
    Left,
    /// Whether the right one is less; the left one is not.
    Right,
    /// Whether they are equal; the left one is not less, and the right one has no `<`.
    Equal,
}

/// A comparison under way.
#[derive(Debug)]
pub struct Ordered {
    /// Values that are still to be compared, if any: the pair that comes next.
    next: Option<(Value, Value)>,
    /// Lists that are equal up to an index, innermost last.
    lists: Vec<(Value, Value, usize)>,
    /// Pairs of lists that are being or were compared, beyond the outermost.
    assumed: AddressSet<(u64, u64)>,
    asked: Option<(Value, Value, Asked)>,
    found: Option<Ordering>,
}

impl Ordered {
    /// A comparison that has not begun.
    pub fn new(left: Value, right: Value) -> Ordered {
        Ordered {
            next: Some((left, right)),
            lists: Vec::new(),
            assumed: AddressSet::default(),
            asked: None,
            found: None,
        }
    }

    /// Compares until the order is known or script code has to be asked.
    pub fn run(&mut self, heap: &Heap) -> Order {
        loop {
            if let Some(found) = self.found {
                return Order::Known(found);
            }
            if let Some((left, right, asked)) = self.asked {
                match asked {
                    Asked::Left => return less(left, right),
                    Asked::Right if heap.method_of(right, "<").is_some() => {
                        return less(right, left);
                    }
                    Asked::Right => self.asked = Some((left, right, Asked::Equal)),
                    Asked::Equal => match equal(heap, left, right) {
                        Equality::NeedsCall { left, right } => {
                            return Order::NeedsCall { operator: "==", left, right };
                        }
                        known => self.answer(matches!(known, Equality::Yes)),
                    },
                }
                continue;
            }
            let Some((left, right)) = self.next.take().or_else(|| self.step(heap)) else {
                return Order::Known(self.found.unwrap_or(Ordering::Equal));
            };
            if left.is_list() && right.is_list() {
                if self.lists.is_empty() || self.assumed.insert((left.bits(), right.bits())) {
                    self.lists.push((left, right, 0));
                }
                continue;
            }
            match flat(heap, left, right) {
                Order::Known(Ordering::Equal) => {}
                Order::Known(order) => self.found = Some(order),
                Order::NeedsCall { left, right, .. } => {
                    self.asked = Some((left, right, Asked::Left));
                }
                other => return other,
            }
        }
    }

    /// What the operator said that [`Ordered::run`] asked for.
    pub fn answer(&mut self, holds: bool) {
        match (self.asked.take(), holds) {
            (Some((_, _, Asked::Left)), true) => self.found = Some(Ordering::Less),
            (Some((_, _, Asked::Right)), true) => self.found = Some(Ordering::Greater),
            (Some((left, right, Asked::Left)), false) => {
                self.asked = Some((left, right, Asked::Right));
            }
            (Some((_, _, Asked::Equal)), false) => self.found = Some(Ordering::Greater),
            (Some((_, _, Asked::Right)), false)
            | (Some((_, _, Asked::Equal)), true)
            | (None, _) => {}
        }
    }

    /// Reports the values it holds, for whoever keeps it while script code runs.
    pub fn trace(&self, marker: &mut Marker) {
        let asked = self.asked.iter().map(|(left, right, _)| (left, right));
        let next = self.next.iter().map(|(left, right)| (left, right));
        let lists = self.lists.iter().map(|(left, right, _)| (left, right));
        for (left, right) in asked.chain(next).chain(lists) {
            marker.value(*left);
            marker.value(*right);
        }
    }

    /// The next pair of elements of the innermost lists; sets `found` where a list ends first.
    fn step(&mut self, heap: &Heap) -> Option<(Value, Value)> {
        while let Some((left, right, index)) = self.lists.last_mut() {
            let one = heap.parts(*left).get(*index).copied();
            let other = heap.parts(*right).get(*index).copied();
            *index += 1;
            match (one, other) {
                (Some(one), Some(other)) => return Some((one, other)),
                (None, None) => {
                    self.lists.pop();
                }
                (one, _) => {
                    let order = if one.is_none() { Ordering::Less } else { Ordering::Greater };
                    self.found = Some(order);
                    return None;
                }
            }
        }
        None
    }
}

/// Asks the class of `left` whether it is less.
fn less(left: Value, right: Value) -> Order {
    Order::NeedsCall { operator: "<", left, right }
}

/// The order of two values that are not both lists.
fn flat(heap: &Heap, left: Value, right: Value) -> Order {
    let order = match (left.kind(), right.kind()) {
        (Kind::Int | Kind::Duration | Kind::Bool, kind) if kind == left.kind() => {
            (left.bits() as i64).cmp(&(right.bits() as i64))
        }
        (Kind::Int | Kind::Float, Kind::Int | Kind::Float) => {
            return compare_numbers(left, right).map_or(Order::Nan, Order::Known);
        }
        (Kind::Str, Kind::Str) => heap.str(left).cmp(&heap.str(right)),
        (Kind::Bytes, Kind::Bytes) => heap.bytes_ref(left).cmp(&heap.bytes_ref(right)),
        (Kind::Instance | Kind::Variant, _) if heap.method_of(left, "<").is_some() => {
            return less(left, right);
        }
        (Kind::Object, _) | (_, Kind::Object) => {
            return match heap.host_order(left, right) {
                Ok(order) => Order::Known(order),
                Err(NoOrder::Nan) => Order::Nan,
                Err(NoOrder::Types) => Order::None { left, right },
            };
        }
        _ => return Order::None { left, right },
    };
    Order::Known(order)
}

/// The exact order of two numbers; `None` for nan.
pub fn compare_numbers(left: Value, right: Value) -> Option<Ordering> {
    match (left.as_int(), right.as_int()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => compare_mixed(left, right.as_float()?),
        (None, Some(right)) => compare_mixed(right, left.as_float()?).map(Ordering::reverse),
        (None, None) => left.as_float()?.partial_cmp(&right.as_float()?),
    }
}

fn compare_mixed(int: i64, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    // Beyond the ints the sign decides; within, the whole part and then the fraction.
    let Some(whole) = float_as_int(float.trunc()) else {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    };
    let fraction = float - float.trunc();
    Some(int.cmp(&whole).then_with(|| 0.0_f64.partial_cmp(&fraction).unwrap_or(Ordering::Equal)))
}
