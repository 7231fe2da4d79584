//! Equality, hashes, keys and order of all kinds of values.

use std::cmp::Ordering;

use crate::bytecode::program::MemberKind;
use crate::vm::equal::{Comparison, Equality, equal};
use crate::vm::hash::HashProblem;
use crate::vm::heap::Heap;
use crate::vm::map::Map;
use crate::vm::object::{Class, Enum, Member, Range, VariantInfo};
use crate::vm::order::{Order, Ordered, compare};
use crate::vm::value::Value;

fn same(heap: &Heap, left: Value, right: Value) -> bool {
    match equal(heap, left, right) {
        Equality::Yes => true,
        Equality::No => false,
        Equality::NeedsCall { .. } => panic!("no class here defines =="),
    }
}

/// A class with some operators, whose functions are never called here.
fn class(heap: &mut Heap, methods: &[&str]) -> Value {
    let member = Member { kind: MemberKind::Method, value: Value::null() };
    let methods = methods.iter().map(|name| ((*name).into(), member)).collect();
    heap.class(Class { name: "C".into(), methods, ..Class::default() })
}

/// A list that holds itself, `depth` levels down.
fn ring(heap: &mut Heap, depth: usize) -> Value {
    let first = heap.list(Vec::new());
    let mut last = first;
    for _ in 1..depth {
        last = heap.list(vec![last]);
    }
    heap.list_mut(first).expect("a list").items.push(last);
    first
}

/// Lists in lists: `[[[…]]]`.
fn tower(heap: &mut Heap, height: usize) -> Value {
    let mut list = heap.list(Vec::new());
    for _ in 0..height {
        list = heap.list(vec![list]);
    }
    list
}

/// `[x, x]` of `[y, y]` of …: as text or path 2^height elements.
fn doubled(heap: &mut Heap, height: usize) -> Value {
    let mut list = heap.list(Vec::new());
    for _ in 0..height {
        list = heap.list(vec![list, list]);
    }
    list
}

#[test]
fn numbers_are_compared_exactly() {
    let heap = Heap::default();
    let big = 1_i64 << 53;
    for (left, right, expected) in [
        (Value::int(1), Value::float(1.0), true),
        (Value::int(big + 1), Value::float(big as f64), false),
        (Value::int(big), Value::float(big as f64), true),
        (Value::int(i64::MAX), Value::float(9_223_372_036_854_775_808.0), false),
        (Value::int(i64::MIN), Value::float(-9_223_372_036_854_775_808.0), true),
        (Value::float(0.0), Value::float(-0.0), true),
        (Value::float(f64::NAN), Value::float(f64::NAN), false),
        (Value::int(1), Value::bool(true), false),
        (Value::int(0), Value::duration(0), false),
        (Value::null(), Value::bool(false), false),
    ] {
        assert_eq!(same(&heap, left, right), expected, "{left:?} {right:?}");
        assert_eq!(same(&heap, right, left), expected, "{right:?} {left:?}");
        if expected {
            assert_eq!(heap.hash_value(left).ok(), heap.hash_value(right).ok(), "{left:?}");
        }
    }
}

#[test]
fn containers_are_equal_by_content() {
    let mut heap = Heap::default();
    let text = heap.string("a text");
    let same_text = heap.string("a text");
    let one = heap.list(vec![Value::int(1), text]);
    let other = heap.list(vec![Value::float(1.0), same_text]);
    assert!(same(&heap, one, other));
    assert_eq!(heap.hash_value(one).ok(), heap.hash_value(other).ok());
    let shorter = heap.list(vec![Value::int(1)]);
    assert!(!same(&heap, one, shorter));
    // Maps ignore order, values count; sets ignore order.
    let (left, right) = (heap.map(Map::new()), heap.map(Map::new()));
    let (ones, others) = (heap.set(Map::new()), heap.set(Map::new()));
    for key in 0..20 {
        for (map, key) in [(left, key), (right, 19 - key)] {
            let value = heap.list(vec![Value::int(key)]);
            heap.map_insert(map, Value::int(key), value).expect("an int is a key");
        }
        heap.set_add(ones, Value::int(key)).expect("an int is a member");
        heap.set_add(others, Value::float(19.0 - key as f64)).expect("a float is a member");
    }
    assert!(same(&heap, left, right) && same(&heap, ones, others));
    assert!(!same(&heap, left, ones));
    heap.map_insert(right, Value::int(3), Value::null()).expect("an int is a key");
    assert!(!same(&heap, left, right));
    heap.map_remove(others, Value::int(3)).expect("an int is a member");
    assert!(!same(&heap, ones, others));
    let bytes = [heap.bytes(b"x"), heap.bytes(b"x"), heap.bytes(b"y")];
    assert!(same(&heap, bytes[0], bytes[1]) && !same(&heap, bytes[0], bytes[2]));
}

#[test]
fn a_list_with_nan_does_not_equal_itself_but_is_one_key() {
    let mut heap = Heap::default();
    let list = heap.list(vec![Value::float(f64::NAN)]);
    assert!(!same(&heap, list, list));
    let set = heap.set(Map::new());
    assert!(heap.set_add(set, list).expect("a list is a member"));
    assert!(!heap.set_add(set, list).expect("a list is a member"));
    assert!(heap.set_add(set, Value::float(f64::NAN)).expect("nan is a member"));
    assert!(!heap.set_add(set, Value::float(-f64::NAN)).expect("nan is a member"));
}

#[test]
fn the_rest_is_equal_by_value_or_identity() {
    let mut heap = Heap::default();
    let range = Range { start: Some(1), end: Some(5), inclusive: false, step: 1 };
    let (one, other) = (heap.range(range), heap.range(range));
    assert!(same(&heap, one, other));
    assert_eq!(heap.hash_value(one).ok(), heap.hash_value(other).ok());
    let class = class(&mut heap, &[]);
    let (one, other) = (heap.instance(class), heap.instance(class));
    assert!(same(&heap, one, one) && !same(&heap, one, other));
    let (bound, again) = (heap.bound(one, class), heap.bound(one, class));
    assert!(same(&heap, bound, again));
    assert_eq!(heap.hash_value(bound).ok(), heap.hash_value(again).ok());
    let variants = ["A", "B"].map(|name| VariantInfo {
        name: name.into(),
        fields: Vec::new(),
        ..VariantInfo::default()
    });
    let shape = heap.enumeration(Enum { variants: variants.to_vec(), ..Enum::default() });
    let part = heap.list(vec![Value::int(1)]);
    let part_too = heap.list(vec![Value::int(1)]);
    let (one, other) = (heap.variant(shape, 0, &[part]), heap.variant(shape, 0, &[part_too]));
    assert!(same(&heap, one, other));
    assert_eq!(heap.hash_value(one).ok(), heap.hash_value(other).ok());
    let different = heap.variant(shape, 1, &[part]);
    assert!(!same(&heap, one, different));
}

#[test]
fn deep_cyclic_and_shared_data_is_compared() {
    let mut heap = Heap::default();
    let (one, other) = (tower(&mut heap, 1_000_000), tower(&mut heap, 1_000_000));
    assert!(same(&heap, one, other));
    assert!(heap.hash_value(one).is_ok());
    assert!(matches!(compare(&heap, one, other), Order::Known(Ordering::Equal)));
    let (one, other) = (ring(&mut heap, 2), ring(&mut heap, 3));
    assert!(same(&heap, one, other));
    assert!(matches!(compare(&heap, one, other), Order::Known(Ordering::Equal)));
    let refused = heap.hash_value(one).expect_err("it contains itself");
    assert_eq!(refused.problem, HashProblem::Cyclic);
    let (one, other) = (doubled(&mut heap, 200), doubled(&mut heap, 200));
    assert!(same(&heap, one, other));
    assert_eq!(heap.hash_value(one).ok(), heap.hash_value(other).ok());
    assert!(matches!(compare(&heap, one, other), Order::Known(Ordering::Equal)));
}

#[test]
fn a_map_that_holds_itself_can_be_compared() {
    let mut heap = Heap::default();
    let maps = [heap.map(Map::new()), heap.map(Map::new())];
    for map in maps {
        heap.map_insert_str(map, "self", map);
    }
    assert!(same(&heap, maps[0], maps[1]));
}

#[test]
fn lists_become_frozen_keys() {
    let mut heap = Heap::default();
    let map = heap.map(Map::new());
    let inner = heap.list(vec![Value::int(2)]);
    let key = heap.list(vec![Value::int(1), inner]);
    heap.map_insert(map, key, Value::int(10)).expect("a list is a key");
    heap.list_mut(inner).expect("a list").items.push(Value::int(3));
    // The key in the map is a copy: what happened to the list does not reach it.
    assert!(heap.map_get(map, key).expect("a list is a key").is_none());
    let inner = heap.list(vec![Value::float(2.0)]);
    let again = heap.list(vec![Value::int(1), inner]);
    let found = heap.map_get(map, again).expect("a list is a key");
    assert_eq!(found.and_then(Value::as_int), Some(10));
    let stored = heap.map_ref(map).and_then(|map| map.keys().next()).expect("one key");
    let stored = heap.list_ref(stored).expect("a list");
    assert!(stored.frozen && heap.list_ref(stored.items[1]).is_some_and(|list| list.frozen));
    // A frozen list is kept as it is, and remembers its hash.
    let stored = heap.map_ref(map).and_then(|map| map.keys().next()).expect("one key");
    let other = heap.map(Map::new());
    heap.map_insert(other, stored, Value::null()).expect("a list is a key");
    let kept = heap.map_ref(other).and_then(|map| map.keys().next()).expect("one key");
    assert!(kept.same(stored));
    let deep = tower(&mut heap, 100_000);
    heap.map_insert(map, deep, Value::int(11)).expect("a list is a key");
    let shared = doubled(&mut heap, 100);
    heap.map_insert(map, shared, Value::int(12)).expect("a list is a key");
    let found = heap.map_get(map, deep).expect("a list is a key");
    assert_eq!(found.and_then(Value::as_int), Some(11));
}

#[test]
fn what_changes_is_no_key() {
    let mut heap = Heap::default();
    let map = heap.map(Map::new());
    let (set, buffer) = (heap.set(Map::new()), heap.buffer(Vec::new()));
    let wrapped = heap.list(vec![set]);
    for key in [map, set, buffer, wrapped] {
        let refused = heap.map_insert(map, key, Value::null()).expect_err("it can change");
        assert_eq!(refused.problem, HashProblem::Mutable);
    }
    let plain = class(&mut heap, &[]);
    let odd = class(&mut heap, &["=="]);
    let full = class(&mut heap, &["==", "hash"]);
    let [plain, odd, full] = [plain, odd, full].map(|class| heap.instance(class));
    assert!(heap.hash_value(plain).is_ok());
    let problem = |value| heap.hash_value(value).expect_err("its class defines ==").problem;
    assert_eq!(problem(odd), HashProblem::EqualityWithoutHash);
    assert_eq!(problem(full), HashProblem::NeedsCall);
}

#[test]
fn keys_with_own_equality_are_found_through_candidates() {
    let mut heap = Heap::default();
    let class = class(&mut heap, &["==", "hash"]);
    let map = heap.map(Map::new());
    for number in 0..30 {
        let key = heap.instance(class);
        heap.map_push(map, number % 3, key, Value::int(number as i64));
    }
    let found = heap.map_candidates(map, 1);
    assert_eq!(found.len(), 10);
    let (position, key) = found[4];
    let (stored, value) = heap.map_at(map, position).expect("a candidate is there");
    assert!(stored.same(key));
    assert_eq!(value.as_int(), Some(13));
    assert!(heap.map_set_at(map, position, Value::null()).is_some());
    assert!(heap.map_remove_at(map, position).is_some_and(Value::is_null));
    assert_eq!(heap.map_candidates(map, 1).len(), 9);
}

#[test]
fn own_equality_is_asked_for() {
    let mut heap = Heap::default();
    let class = class(&mut heap, &["=="]);
    let [a, b, c, d] = [(); 4].map(|()| heap.instance(class));
    assert!(matches!(equal(&heap, a, b), Equality::NeedsCall { .. }));
    // Operators are looked up on the left only.
    assert!(!same(&heap, Value::int(1), a));
    let (left, right) = (heap.list(vec![a, c]), heap.list(vec![b, d]));
    for answers in [[true, true], [true, false], [false, true]] {
        let mut comparison = Comparison::new(left, right);
        let mut asked = Vec::new();
        let result = loop {
            match comparison.run(&heap) {
                Equality::Yes => break true,
                Equality::No => break false,
                Equality::NeedsCall { left, right } => {
                    comparison.answer(answers[asked.len()]);
                    asked.push((left.bits(), right.bits()));
                }
            }
        };
        assert_eq!(result, answers == [true, true]);
        assert_eq!(asked[0], (a.bits(), b.bits()));
        assert_eq!(asked.len(), if answers[0] { 2 } else { 1 });
    }
}

#[test]
fn values_are_ordered() {
    let mut heap = Heap::default();
    let texts = ["", "a", "ab", "b", "é"].map(|text| heap.string(text));
    let bytes = [&b""[..], b"\x00", b"a"].map(|bytes| heap.bytes(bytes));
    let numbers = [
        Value::float(f64::NEG_INFINITY),
        Value::int(i64::MIN),
        Value::float(-1.5),
        Value::int(-1),
        Value::float(0.5),
        Value::int(1),
        Value::float(9_007_199_254_740_992.0),
        Value::int(9_007_199_254_740_993),
        Value::int(i64::MAX),
        Value::float(9_223_372_036_854_775_808.0),
    ];
    let lists = [vec![], vec![Value::bool(false)], vec![Value::bool(false), texts[1]]];
    let lists = lists.map(|items| heap.list(items));
    let durations = [Value::duration(-1), Value::duration(5)];
    for values in [&texts[..], &bytes, &numbers, &lists, &durations] {
        for (one, left) in values.iter().enumerate() {
            for (other, right) in values.iter().enumerate() {
                let order = compare(&heap, *left, *right);
                assert!(
                    matches!(order, Order::Known(found) if found == one.cmp(&other)),
                    "{left:?} {right:?} {order:?}"
                );
            }
        }
    }
}

#[test]
fn what_has_no_order_says_so() {
    let mut heap = Heap::default();
    let text = heap.string("x");
    let nan = Value::float(f64::NAN);
    assert!(matches!(compare(&heap, nan, Value::int(1)), Order::Nan));
    assert!(matches!(compare(&heap, Value::null(), Value::null()), Order::None { .. }));
    assert!(matches!(compare(&heap, text, Value::int(1)), Order::None { .. }));
    let (left, right) = (heap.list(vec![text]), heap.list(vec![Value::int(1)]));
    match compare(&heap, left, right) {
        Order::None { left, right } => {
            assert!(left.same(text));
            assert_eq!(right.as_int(), Some(1));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn own_order_is_asked_for_in_both_directions() {
    let mut heap = Heap::default();
    let class = class(&mut heap, &["<"]);
    let [a, b] = [(); 2].map(|()| heap.instance(class));
    for (answers, expected) in [
        (vec![true], Ordering::Less),
        (vec![false, true], Ordering::Greater),
        (vec![false, false], Ordering::Equal),
    ] {
        let mut order = Ordered::new(a, b);
        for (turn, answer) in answers.iter().enumerate() {
            let Order::NeedsCall { left, right, .. } = order.run(&heap) else {
                panic!("it has to ask");
            };
            let pair = if turn == 0 { (a, b) } else { (b, a) };
            assert!(left.same(pair.0) && right.same(pair.1));
            order.answer(*answer);
        }
        assert!(matches!(order.run(&heap), Order::Known(found) if found == expected));
    }
}
