//! Methods of `range` that need no callback; the others come from the iterators of the core module.

use super::Outcome;
use super::argument::bad_value;
use super::kind::RangeValue;
use crate::natives;
use crate::vm::object::Range;
use crate::vm::{Elements, ErrorKind, Value, Vm};

natives! {
    /// Methods of `range`.
    pub const RANGE;

    /// How many numbers the range has.
    get range.len() => len, "(1..=3).len" => "3";
    /// The number it starts with.
    method range.start() => start, "(1..4).start()" => "1";
    /// The bound as it was written; null if it is endless.
    method range.end() => end, "(1..4).end()" => "4";
    /// Every `n`th number; down from the start if `n` is negative.
    method range.step(n: int) => step,
        "list((0..10).step(4))" => "[0, 4, 8]", "list((3..0).step(-1))" => "[3, 2, 1]";
    /// The same numbers in reverse order.
    method range.reversed() => reversed, "list((0..3).reversed())" => "[2, 1, 0]";
    /// Whether a number is one of them.
    method range.contains(value: any) => contains, "(1..4).contains(4)" => "false";

    /// An iterator over the numbers.
    core method range.iter() => list_iter, "(1..4).iter().next()" => "1";
    /// What `f` makes of each number, one at a time.
    core method range.map(f: fn) => iterator_map, "(1..4).map(|n| n * n).list()" => "[1, 4, 9]";
    /// The numbers for which `f` is true, one at a time.
    core method range.filter(f: fn) => iterator_filter, "(1..5).filter(|n| n % 2 == 0).list()" => "[2, 4]";
    /// The elements of what `f` makes of each number, one at a time.
    core method range.flat_map(f: fn) => iterator_flat_map, "(1..3).flat_map(|n| [n, n]).list()" => "[1, 1, 2, 2]";
    /// At most `n` numbers, one at a time.
    core method range.take(n: int) => iterator_take, "(1..).take(2).list()" => "[1, 2]";
    /// The numbers behind the first `n`, one at a time.
    core method range.skip(n: int) => iterator_skip, "(1..4).skip(2).list()" => "[3]";
    /// The numbers before the first for which `f` is false.
    core method range.take_while(f: fn) => iterator_take_while, "(1..).take_while(|n| n < 3).list()" => "[1, 2]";
    /// The numbers from the first for which `f` is false.
    core method range.skip_while(f: fn) => iterator_skip_while, "(1..4).skip_while(|n| n < 3).list()" => "[3]";
    /// Lists of a number and the elements of the others at the same place, until one ends.
    core method range.zip(others: any...) => iterator_zip, r#"(1..).zip(["a"]).list()"# => r#"[[1, "a"]]"#;
    /// Pairs of index and number.
    core method range.enumerate(start: int = 0) => iterator_enumerate, "(5..7).enumerate().list()" => "[[0, 5], [1, 6]]";
    /// The numbers, then the elements of others.
    core method range.chain(others: any...) => iterator_chain, "(1..3).chain([9]).list()" => "[1, 2, 9]";
    /// The numbers in lists of `n`.
    core method range.chunk(n: int) => iterator_chunk, "(1..4).chunk(2).list()" => "[[1, 2], [3]]";
    /// Every `n` neighbours as a list.
    core method range.window(n: int) => iterator_window, "(1..4).window(2).list()" => "[[1, 2], [2, 3]]";
    /// The numbers, each once by what `by` gives for them.
    core method range.unique(named by: fn?) => iterator_unique,
        "(1..7).unique(by: |n| n % 3).list()" => "[1, 2, 3]";
    /// An iterator over the numbers, for `peek`.
    core method range.peekable() => iterator_of, "(1..4).peekable().peek()" => "1";
    /// What `f(acc, n)` gives on the way, beginning with `start`.
    core method range.scan(f: fn, start: any) => iterator_scan, "(1..4).scan(|a, n| a + n, 0).list()" => "[1, 3, 6]";

    /// The numbers as a list.
    method range.list() => list, "(1..4).list()" => "[1, 2, 3]";
    /// The numbers as a set.
    core method range.set() => to_set, "(1..3).set()" => "set([1, 2])";
    /// The numbers as text, with `sep` between them.
    core method range.join(sep: str = "") => iterator_join, r#"(1..4).join("-")"# => "1-2-3";
    /// The sum of the numbers.
    method range.sum() => sum, "(1..=100).sum()" => "5050";
    /// The least number, by itself or by a key; null if there is none.
    core method range.min(named by: fn?) => iterator_min, "(1..4).min()" => "1";
    /// The greatest number, by itself or by a key; null if there is none.
    core method range.max(named by: fn?) => iterator_max, "(1..4).max()" => "3";
    /// Combines the numbers: `f(acc, n)` for each.
    core method range.reduce(f: fn, start: any?) => list_reduce, "(1..5).reduce(|a, n| a * n)" => "24";
    /// Whether one number, or what `f` gives for it, is true.
    core method range.any(f: fn?) => list_any, "(1..4).any(|n| n > 2)" => "true";
    /// Whether all numbers, or what `f` gives for them, are true.
    core method range.all(f: fn?) => list_all, "(1..4).all(|n| n > 2)" => "false";
    /// How many numbers there are, or for how many `f` is true.
    core method range.count(f: fn?) => iterator_count, "(1..4).count(|n| n > 1)" => "2";
    /// The first number for which `f` is true; null if there is none.
    core method range.find(f: fn) => list_find, "(1..).find(|n| n * n > 10)" => "4";
    /// The first number; null if there is none.
    core method range.first() => iterator_first, "(1..4).first()" => "1";
    /// The last number; null if there is none.
    core method range.last() => iterator_last, "(1..4).last()" => "3";
    /// Calls `f` with each number.
    core method range.each(f: fn) => list_each, "(1..3).each(|n| print(n))" => "1\n2";
    /// The numbers in lists, by what `f` gives for them.
    core method range.group_by(f: fn) => list_group_by, "(1..4).group_by(|n| n % 2)" => "{1: [1, 3], 0: [2]}";
    /// The numbers for which `f` is true, and the others.
    core method range.partition(f: fn) => list_partition, "(1..4).partition(|n| n > 1)" => "[[2, 3], [1]]";

    /// For the core module: the least number of a range, or the greatest; null if it has none.
    fn core.outermost(range: range, greatest: bool) => outermost;
}

fn endless(vm: &mut Vm, path: &str) -> Outcome {
    Err(vm.error(ErrorKind::ValueError, format!("{path}: the range is endless")))
}

fn len(vm: &mut Vm, range: RangeValue) -> Outcome {
    match range.get(&vm.heap).len() {
        Some(length) => match i64::try_from(length) {
            Ok(length) => Ok(Value::int(length)),
            Err(_) => {
                let message = format!("range.len: {length} does not fit in an int (64 bits)");
                Err(vm.error(ErrorKind::OverflowError, message))
            }
        },
        None => endless(vm, "range.len"),
    }
}

/// Not by a loop: how long the list becomes is known, so too long a one is refused at once.
fn list(vm: &mut Vm, range: RangeValue) -> Outcome {
    match vm.elements(range.0)? {
        Elements::Known(items) => Ok(vm.heap.list(items)),
        Elements::AskScript | Elements::None => Ok(Value::null()),
    }
}

/// In closed form: to add up the numbers one by one could take years.
fn sum(vm: &mut Vm, range: RangeValue) -> Outcome {
    let Some(sum) = range.get(&vm.heap).sum() else { return endless(vm, "range.sum") };
    i64::try_from(sum).map(Value::int).map_err(|_| {
        vm.error(ErrorKind::OverflowError, "range.sum: the sum does not fit in 64 bits")
    })
}

fn outermost(vm: &mut Vm, range: RangeValue, greatest: bool) -> Outcome {
    let range = *range.get(&vm.heap);
    let Some(last) = range.last() else { return Ok(Value::null()) };
    let wants_last = greatest == (range.step > 0);
    Ok(Value::int(if wants_last { last } else { range.start.unwrap_or(0) }))
}

fn start(vm: &mut Vm, range: RangeValue) -> Outcome {
    Ok(range.get(&vm.heap).start.map_or(Value::null(), Value::int))
}

fn end(vm: &mut Vm, range: RangeValue) -> Outcome {
    Ok(range.get(&vm.heap).end.map_or(Value::null(), Value::int))
}

fn step(vm: &mut Vm, range: RangeValue, n: i64) -> Outcome {
    if n == 0 {
        return Err(bad_value(vm, "range.step", "n must be another number", Value::int(0)));
    }
    let old = *range.get(&vm.heap);
    // A range that has a step already goes on in multiples of it; the direction is that of `n`.
    let step = if old.step == 1 { Some(n) } else { old.step.checked_mul(n) };
    match step {
        // The least int has no opposite, so the range could not be turned around.
        Some(step) if step != i64::MIN => Ok(vm.heap.range(Range { step, ..old })),
        _ => Err(bad_value(vm, "range.step", "n must keep the step in 64 bits", Value::int(n))),
    }
}

fn reversed(vm: &mut Vm, range: RangeValue) -> Outcome {
    let old = *range.get(&vm.heap);
    if old.end.is_none() {
        return endless(vm, "range.reversed");
    }
    let turned = match old.last() {
        Some(last) => Range { start: Some(last), end: old.start, inclusive: true, step: -old.step },
        None => Range { start: old.start, end: old.start, inclusive: false, step: 1 },
    };
    Ok(vm.heap.range(turned))
}

fn contains(vm: &mut Vm, range: RangeValue, value: Value) -> Outcome {
    let number = vm.heap.equal_int(value);
    Ok(Value::bool(number.is_some_and(|number| range.get(&vm.heap).contains(number))))
}
