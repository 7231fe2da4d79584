//! Equality: deep for lists, maps, sets, byte strings, enum values; by identity
//! for instances unless their class defines `==`; never an error.
//!
//! A comparison keeps its open pairs in a work list. Two containers that are compared again while
//! they are being compared count as equal there, which ends cycles and visits shared parts once.
//! When it meets an instance whose class defines `==`, it stops and asks: the caller runs the
//! method, gives the [`answer`](Comparison::answer) and runs the comparison again.

use super::hash::AddressSet;
use super::heap::{Heap, Marker};
use super::value::{Kind, Value};

/// How a comparison ended or why it stopped.
#[derive(Clone, Copy, Debug)]
pub enum Equality {
    /// They are equal.
    Yes,
    /// They are not.
    No,
    /// `left`'s class defines `==`: call it with `right`.
    NeedsCall {
        /// The instance.
        left: Value,
        /// What it is compared with.
        right: Value,
    },
}

/// Whether `left == right`, as far as it can be said without calling script code.
#[inline]
pub fn equal(heap: &Heap, left: Value, right: Value) -> Equality {
    match flat(heap, left, right, Rule::Values) {
        Flat::Known(true) => Equality::Yes,
        Flat::Known(false) => Equality::No,
        Flat::Call => Equality::NeedsCall { left, right },
        Flat::Deep => Comparison::new(left, right).run(heap),
    }
}

/// Whether two values are one key: like `==`, but nan is one key and instances count by identity.
#[inline]
pub(in crate::vm) fn same_key(heap: &Heap, left: Value, right: Value) -> bool {
    match flat(heap, left, right, Rule::Keys) {
        Flat::Known(answer) => answer,
        Flat::Call => false,
        Flat::Deep => {
            let mut comparison = Comparison::new(left, right);
            comparison.rule = Rule::Keys;
            matches!(comparison.run(heap), Equality::Yes)
        }
    }
}

/// The int that a float is exactly, if it is one.
#[inline]
pub(in crate::vm) fn float_as_int(number: f64) -> Option<i64> {
    // 2^63 itself is no int, but the nearest float to the largest one.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    let fits = number.trunc() == number && (-LIMIT..LIMIT).contains(&number);
    fits.then_some(number as i64)
}

/// What counts as equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// `==`.
    Values,
    /// Keys of a map.
    Keys,
}

/// What can be said of two values without looking into containers.
enum Flat {
    Known(bool),
    Call,
    Deep,
}

#[inline]
fn flat(heap: &Heap, left: Value, right: Value, rule: Rule) -> Flat {
    Flat::Known(match (left.kind(), right.kind()) {
        (Kind::Int, Kind::Float) => {
            float_as_int(f64::from_bits(right.bits())) == Some(left.bits() as i64)
        }
        (Kind::Float, Kind::Int) => {
            float_as_int(f64::from_bits(left.bits())) == Some(right.bits() as i64)
        }
        (Kind::Float, Kind::Float) => {
            let (left, right) = (f64::from_bits(left.bits()), f64::from_bits(right.bits()));
            left == right || rule == Rule::Keys && left.is_nan() && right.is_nan()
        }
        (Kind::Instance, _) if rule == Rule::Values && defines_equality(heap, left) => {
            return Flat::Call;
        }
        (left_kind, right_kind) if left_kind != right_kind => {
            let host = left_kind == Kind::Object || right_kind == Kind::Object;
            host && heap.host_equal(left, right)
        }
        _ if left.bits() == right.bits() => {
            // A list that contains nan does not equal itself, so that identity is no answer there.
            let container =
                matches!(left.kind(), Kind::List | Kind::Map | Kind::Set | Kind::Variant);
            if container && rule == Rule::Values {
                return Flat::Deep;
            }
            true
        }
        (Kind::Str, _) => strings(heap, left, right),
        (Kind::Bytes, _) => heap.bytes_ref(left) == heap.bytes_ref(right),
        (Kind::Buffer, _) => heap.buffer_ref(left) == heap.buffer_ref(right),
        (Kind::Range, _) => heap.range_ref(left) == heap.range_ref(right),
        (Kind::Bound, _) => match (heap.bound_ref(left), heap.bound_ref(right)) {
            (Some(left), Some(right)) => {
                left.receiver.same(right.receiver) && left.callee.same(right.callee)
            }
            _ => false,
        },
        (Kind::List | Kind::Map | Kind::Set | Kind::Variant, _) => return Flat::Deep,
        (Kind::Object, _) => heap.host_equal(left, right),
        _ => false,
    })
}

#[inline]
fn strings(heap: &Heap, left: Value, right: Value) -> bool {
    let (Some(left), Some(right)) = (heap.string_ref(left), heap.string_ref(right)) else {
        return false;
    };
    let (one, other) = (left.header().word(), right.header().word());
    if left.byte_len() != right.byte_len() || one != 0 && other != 0 && one != other {
        return false;
    }
    left.as_bytes() == right.as_bytes()
}

fn defines_equality(heap: &Heap, instance: Value) -> bool {
    heap.instance_ref(instance).is_some_and(|instance| instance.class().defines_equality)
}

/// A pair of which parts are still to be compared.
#[derive(Debug)]
enum Open {
    /// Two values that have not been looked at.
    Values(Value, Value),
    /// Two lists or enum values, equal up to an index.
    Parts(Value, Value, usize),
    /// Two maps or sets, equal up to a cursor in the first.
    Entries(Value, Value, u64),
    /// An entry whose key only script code can find in the other map.
    Search(Search),
}

/// A key that is being looked for among those that have its hash.
#[derive(Debug)]
struct Search {
    key: Value,
    value: Value,
    /// Keys with their values, the next one last.
    others: Vec<(Value, Value)>,
    /// The comparison with that one.
    under_way: Option<Box<Comparison>>,
}

impl Search {
    /// Looks on; what `Yes` finds is the last of `others`.
    fn run(&mut self, heap: &Heap) -> Equality {
        while let Some((other, _)) = self.others.last() {
            let comparison =
                self.under_way.get_or_insert_with(|| Box::new(Comparison::new(self.key, *other)));
            match comparison.run(heap) {
                Equality::No => {
                    self.under_way = None;
                    self.others.pop();
                }
                found => return found,
            }
        }
        Equality::No
    }
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    work: Vec<Open>,
    /// Pairs of containers that are equal unless a difference is found elsewhere.
    assumed: AddressSet<(u64, u64)>,
    rule: Rule,
    failed: bool,
}

impl Comparison {
    /// A comparison that has not begun.
    pub fn new(left: Value, right: Value) -> Comparison {
        let work = vec![Open::Values(left, right)];
        Comparison { work, assumed: AddressSet::default(), rule: Rule::Values, failed: false }
    }

    /// Compares until the answer is known or script code has to be asked.
    pub fn run(&mut self, heap: &Heap) -> Equality {
        while !self.failed {
            let Some(open) = self.work.pop() else { return Equality::Yes };
            match open {
                Open::Values(left, right) => match flat(heap, left, right, self.rule) {
                    Flat::Known(equal) => self.failed = !equal,
                    Flat::Call => return Equality::NeedsCall { left, right },
                    Flat::Deep => self.enter(heap, left, right),
                },
                Open::Parts(left, right, index) => self.parts(heap, left, right, index),
                Open::Entries(left, right, cursor) => self.entry(heap, left, right, cursor),
                Open::Search(mut search) => match search.run(heap) {
                    Equality::Yes => {
                        let found = search.others.last().map_or(search.value, |found| found.1);
                        self.work.push(Open::Values(search.value, found));
                    }
                    Equality::No => self.failed = true,
                    ask => {
                        self.work.push(Open::Search(search));
                        return ask;
                    }
                },
            }
        }
        Equality::No
    }

    /// What the method `==` said that [`Comparison::run`] asked for.
    pub fn answer(&mut self, equal: bool) {
        match self.work.last_mut() {
            // A search stands here only while it asks.
            Some(Open::Search(Search { under_way: Some(comparison), .. })) => {
                comparison.failed |= !equal;
            }
            _ => self.failed |= !equal,
        }
    }

    /// Reports the values it holds, for whoever keeps it while script code runs.
    pub fn trace(&self, marker: &mut Marker) {
        for open in &self.work {
            match open {
                Open::Values(left, right)
                | Open::Parts(left, right, _)
                | Open::Entries(left, right, _) => marker.values(&[*left, *right]),
                Open::Search(search) => {
                    marker.values(&[search.key, search.value]);
                    for (key, value) in &search.others {
                        marker.values(&[*key, *value]);
                    }
                    if let Some(comparison) = &search.under_way {
                        comparison.trace(marker);
                    }
                }
            }
        }
    }

    /// Begins with two containers of one kind.
    fn enter(&mut self, heap: &Heap, left: Value, right: Value) {
        // The outermost pair is not noted: a cycle back to it costs one more round, and flat
        // containers, the usual case, need no set.
        if !self.work.is_empty() && !self.assumed.insert((left.bits(), right.bits())) {
            return;
        }
        if let (Some(one), Some(other)) = (heap.table_ref(left), heap.table_ref(right)) {
            self.failed = one.len() != other.len();
            self.work.push(Open::Entries(left, right, 0));
            return;
        }
        if let (Some(one), Some(other)) = (heap.variant_ref(left), heap.variant_ref(right)) {
            self.failed =
                one.index() != other.index() || !one.enum_value().same(other.enum_value());
        }
        self.failed |= heap.parts(left).len() != heap.parts(right).len();
        self.work.push(Open::Parts(left, right, 0));
    }

    /// Compares the parts of two lists or enum values until one has parts itself.
    fn parts(&mut self, heap: &Heap, left: Value, right: Value, from: usize) {
        let (ones, others) = (heap.parts(left), heap.parts(right));
        if ones.len() != others.len() {
            // Script code that was called meanwhile has changed one of them.
            self.failed = true;
            return;
        }
        for index in from..ones.len() {
            match flat(heap, ones[index], others[index], self.rule) {
                Flat::Known(true) => {}
                Flat::Known(false) => {
                    self.failed = true;
                    return;
                }
                Flat::Call | Flat::Deep => {
                    self.work.push(Open::Parts(left, right, index + 1));
                    self.work.push(Open::Values(ones[index], others[index]));
                    return;
                }
            }
        }
    }

    /// Looks for one entry of the first table in the second.
    fn entry(&mut self, heap: &Heap, left: Value, right: Value, cursor: u64) {
        let (Some(one), Some(other)) = (heap.table_ref(left), heap.table_ref(right)) else {
            return;
        };
        let Some((next, key, value)) = one.next(cursor) else { return };
        let hash = one.hash_before(next, heap.int_hasher()).unwrap_or(0);
        let found = heap.find_key(other, hash, key).and_then(|place| other.at(place));
        self.work.push(Open::Entries(left, right, next));
        match found {
            None if heap.hash_value(key).is_err() => {
                let alike = other.candidates(hash).into_iter().rev();
                let others = alike.filter_map(|place| other.at(place)).collect();
                self.work.push(Open::Search(Search { key, value, others, under_way: None }));
            }
            None => self.failed = true,
            Some(_) if left.is(Kind::Set) => {}
            Some((_, found)) => self.work.push(Open::Values(value, found)),
        }
    }
}

#[cfg(test)]
#[path = "equal_test.rs"]
mod tests;
