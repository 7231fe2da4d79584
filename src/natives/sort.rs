//! A stable merge sort whose comparison may fail or lie.
//!
//! The standard library's sort may panic when an order is not total, and cannot stop at an error.
//! This one does neither: whatever the comparison says, the result is a permutation.

use std::cmp::Ordering;

/// Runs of this length are sorted by insertion.
const RUN: usize = 12;
/// Parts of this length are sorted without a look at whether that is still wanted.
const PART: usize = 1 << 17;

/// Sorts stably by `less`; after an error the order of `items` is not specified.
pub fn merge_sort<T: Copy, E>(
    items: &mut Vec<T>,
    mut less: impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    for run in items.chunks_mut(RUN) {
        insertion_sort(run, &mut less)?;
    }
    merge_runs(items, RUN, less)
}

/// Merges neighbours, beginning with runs of that length that are in order.
fn merge_runs<T: Copy, E>(
    items: &mut Vec<T>,
    mut width: usize,
    mut less: impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    let mut merged = Vec::with_capacity(items.len());
    while width < items.len() {
        merged.clear();
        for pair in items.chunks(width * 2) {
            let (left, right) = pair.split_at(width.min(pair.len()));
            merge(left, right, &mut merged, &mut less)?;
        }
        std::mem::swap(items, &mut merged);
        width *= 2;
    }
    Ok(())
}

/// The program has to end, so nobody wants the order any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenUp;

/// Sorts stably by a total order, with a look at `has_to_stop` now and then.
pub fn sort_patiently<T: Copy>(
    items: &mut Vec<T>,
    order: impl Fn(&T, &T) -> Ordering,
    has_to_stop: impl Fn() -> bool,
) -> Result<(), GivenUp> {
    for part in items.chunks_mut(PART) {
        if has_to_stop() {
            return Err(GivenUp);
        }
        part.sort_by(&order);
    }
    if items.len() <= PART {
        return Ok(());
    }
    let mut steps = 0_usize;
    let less = |a: T, b: T| {
        steps += 1;
        if steps.is_multiple_of(PART) && has_to_stop() {
            return Err(GivenUp);
        }
        Ok(order(&a, &b) == Ordering::Less)
    };
    merge_runs(items, PART, less)
}

fn insertion_sort<T: Copy, E>(
    run: &mut [T],
    less: &mut impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    for sorted in 1..run.len() {
        let item = run[sorted];
        let mut place = sorted;
        while place > 0 && less(item, run[place - 1])? {
            run[place] = run[place - 1];
            place -= 1;
        }
        run[place] = item;
    }
    Ok(())
}

fn merge<T: Copy, E>(
    mut left: &[T],
    mut right: &[T],
    merged: &mut Vec<T>,
    less: &mut impl FnMut(T, T) -> Result<bool, E>,
) -> Result<(), E> {
    while let ([first, left_rest @ ..], [second, right_rest @ ..]) = (left, right) {
        // The right one goes first only if it is less: equal ones keep their order.
        if less(*second, *first)? {
            merged.push(*second);
            right = right_rest;
        } else {
            merged.push(*first);
            left = left_rest;
        }
    }
    merged.extend_from_slice(left);
    merged.extend_from_slice(right);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{GivenUp, PART, merge_sort, sort_patiently};
    use std::cell::Cell;
    use std::convert::Infallible;

    /// Numbers that look random and are always the same.
    fn numbers(count: usize) -> Vec<u32> {
        let mut state = 12345_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn sorts_stably() {
        for count in [0, 1, 2, 11, 12, 13, 24, 25, 100, 1000] {
            let mut pairs: Vec<(u32, usize)> =
                numbers(count).into_iter().enumerate().map(|(i, n)| (n % 17, i)).collect();
            let mut expected = pairs.clone();
            expected.sort();
            let result: Result<(), Infallible> = merge_sort(&mut pairs, |a, b| Ok(a.0 < b.0));
            assert!(result.is_ok());
            assert_eq!(pairs, expected);
        }
    }

    #[test]
    fn a_lying_comparison_leaves_a_permutation() {
        let mut items = numbers(500);
        let mut expected = items.clone();
        let mut coin = numbers(1 << 16).into_iter().cycle();
        let result: Result<(), Infallible> =
            merge_sort(&mut items, |_, _| Ok(coin.next().is_some_and(|n| n % 2 == 0)));
        assert!(result.is_ok());
        items.sort_unstable();
        expected.sort_unstable();
        assert_eq!(items, expected);
    }

    #[test]
    fn many_are_sorted_in_parts_and_left_in_the_middle() {
        let sorted = |count| {
            let mut pairs: Vec<_> = numbers(count).into_iter().map(|n| n % 999).zip(0..).collect();
            let mut expected: Vec<(u32, usize)> = pairs.clone();
            expected.sort();
            assert_eq!(sort_patiently(&mut pairs, |a, b| a.0.cmp(&b.0), || false), Ok(()));
            pairs == expected
        };
        assert!(sorted(1000) && sorted(PART) && sorted(PART + 1) && sorted(3 * PART + 7));
        let looks = Cell::new(0);
        let third_look = || looks.replace(looks.get() + 1) == 2;
        let given_up = sort_patiently(&mut numbers(5 * PART), u32::cmp, third_look);
        assert_eq!((given_up, looks.get()), (Err(GivenUp), 3));
    }

    #[test]
    fn stops_at_an_error() {
        let mut items = numbers(100);
        let mut calls = 0;
        let result = merge_sort(&mut items, |_, _| {
            calls += 1;
            if calls == 50 { Err("stop") } else { Ok(true) }
        });
        assert_eq!((result, calls), (Err("stop"), 50));
    }
}
