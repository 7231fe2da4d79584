//! Sorting by questions: order, stability, the number of questions, answers that make no sense.

use super::Sorting;
use crate::vm::value::Value;

/// Numbers that look random and are always the same.
fn numbers(count: usize) -> Vec<i64> {
    let mut state = 12345_u32;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(state >> 8)
    };
    (0..count).map(step).collect()
}

/// The numbers as `compare` has them sorted, and how often it was asked.
fn sorted(
    numbers: &[i64],
    descending: bool,
    mut compare: impl FnMut(i64, i64) -> i64,
) -> (Vec<i64>, usize) {
    let items = numbers.iter().map(|number| Value::int(*number)).collect();
    let mut sorting = Sorting::new(Value::null(), items, descending);
    let mut asked = 0;
    let mut question = sorting.begin();
    while let Some((earlier, later)) = question {
        asked += 1;
        let number = |value: Value| value.as_int().expect("an int");
        let order = compare(number(earlier), number(later));
        question = sorting.answer(order <= 0, order >= 0);
    }
    let items = sorting.items().iter().map(|item| item.as_int().expect("an int")).collect();
    (items, asked)
}

#[test]
fn sorts_stably_in_both_directions() {
    for count in [0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 64, 65, 100, 1000, 1027] {
        // The upper half decides, the lower half says where an element was.
        let tagged: Vec<i64> =
            numbers(count).iter().zip(0..).map(|(number, at)| ((number % 17) << 32) | at).collect();
        let by_key = |a: i64, b: i64| (a >> 32) - (b >> 32);
        let mut expected = tagged.clone();
        expected.sort_by_key(|number| number >> 32);
        assert_eq!(sorted(&tagged, false, by_key).0, expected);
        expected = tagged.clone();
        expected.sort_by_key(|number| -(number >> 32));
        assert_eq!(sorted(&tagged, true, by_key).0, expected);
    }
}

#[test]
fn asks_little() {
    let plain = |a: i64, b: i64| a - b;
    let ascending: Vec<i64> = (0..1000).collect();
    assert_eq!(sorted(&ascending, false, plain), (ascending.clone(), 999));
    let descending: Vec<i64> = (0..1000).rev().collect();
    assert_eq!(sorted(&descending, false, plain), (ascending.clone(), 999));
    assert_eq!(sorted(&[7; 100], false, plain), (vec![7; 100], 99));
    // Two halves in order are merged once.
    let halves: Vec<i64> = (500..1000).chain(0..500).collect();
    let (items, asked) = sorted(&halves, false, plain);
    assert_eq!(items, ascending);
    assert!(asked <= 2000, "{asked}");
    // The least that is possible for 4096 elements is 43 250 or so.
    let (_, asked) = sorted(&numbers(4096), false, plain);
    assert!(asked < 45_500, "{asked}");
}

#[test]
fn senseless_answers_leave_a_permutation() {
    let items = numbers(500);
    let mut expected = items.clone();
    expected.sort_unstable();
    let mut coin = numbers(1 << 15).into_iter().cycle();
    for modulus in 1..8 {
        let lie = |_, _| coin.next().map_or(0, |number| number % modulus - 1);
        let (mut lied, _) = sorted(&items, false, lie);
        lied.sort_unstable();
        assert_eq!(lied, expected);
    }
}

#[test]
fn answers_after_the_end_change_nothing() {
    let mut sorting = Sorting::new(Value::null(), vec![Value::int(1)], false);
    assert!(sorting.begin().is_none());
    assert!(sorting.answer(true, false).is_none());
    assert!(sorting.answer(false, true).is_none());
    assert_eq!(sorting.items().len(), 1);
}
