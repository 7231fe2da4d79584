//! Maps against a model, with deletion and insertion during iteration.

use crate::vm::heap::Heap;
use crate::vm::map::Map;
use crate::vm::random_test::Random;
use crate::vm::value::Value;

/// The model: entries in order.
type Model = Vec<(i64, i64)>;

fn entries(heap: &Heap, map: Value) -> Model {
    let number = |value: Value| value.as_int().expect("an int");
    let map = heap.map_ref(map).expect("a map");
    map.iter().map(|(key, value)| (number(key), number(value))).collect()
}

fn insert(heap: &mut Heap, map: Value, model: &mut Model, key: i64, value: i64) {
    let old = heap.map_insert(map, Value::int(key), Value::int(value)).expect("an int is a key");
    match model.iter_mut().find(|(known, _)| *known == key) {
        Some(entry) => {
            assert_eq!(old.and_then(Value::as_int), Some(entry.1));
            entry.1 = value;
        }
        None => {
            assert!(old.is_none());
            model.push((key, value));
        }
    }
}

fn remove(heap: &mut Heap, map: Value, model: &mut Model, key: i64) {
    let old = heap.map_remove(map, Value::int(key)).expect("an int is a key");
    let position = model.iter().position(|(known, _)| *known == key);
    let expected = position.map(|position| model.remove(position).1);
    assert_eq!(old.and_then(Value::as_int), expected);
}

#[test]
fn large_maps_of_strings_keep_their_entries() {
    const COUNT: usize = 100_000;
    let mut heap = Heap::default();
    let map = heap.map_with_room(0);
    let put = |heap: &mut Heap, number: usize| {
        let key = heap.string(&format!("key{number}"));
        heap.map_put(map, key, Value::int(number as i64)).expect("a string is a key");
    };
    let is_there = |heap: &Heap, number: usize| {
        let found = heap.map_get_str(map, &format!("key{number}")).and_then(Value::as_int);
        assert!(found.is_none_or(|found| found == number as i64));
        found.is_some()
    };
    (0..COUNT).for_each(|number| put(&mut heap, number));
    // Few are left, so that the index is made anew in between.
    for number in (0..COUNT).filter(|number| number % 7 != 0) {
        let key = heap.string(&format!("key{number}"));
        assert!(heap.map_remove(map, key).expect("a string is a key").is_some());
    }
    assert!((0..COUNT).all(|number| is_there(&heap, number) == (number % 7 == 0)));
    // Other keys come in as well.
    for number in (0..COUNT).filter(|number| number % 3 == 0) {
        put(&mut heap, number);
        heap.map_put(map, Value::int(number as i64), Value::null()).expect("an int is a key");
    }
    assert!(
        (0..COUNT).all(|number| is_there(&heap, number) == (number % 7 == 0 || number % 3 == 0))
    );
    let ints = (0..COUNT).filter(|at| heap.map_has(map, Value::int(*at as i64)).unwrap_or(false));
    assert_eq!(ints.count(), COUNT.div_ceil(3));
}

#[test]
fn maps_agree_with_a_model() {
    for seed in 1..20 {
        let mut random = Random(seed * 0x51ed_270b);
        let mut heap = Heap::default();
        let map = heap.map_with_room(seed as usize % 10);
        let mut model = Model::new();
        for round in 0..3000 {
            // The number of keys wanders, so that maps grow, shrink, squeeze and lose their index.
            let keys = [5, 12, 40, 300][(round / 400) % 4];
            let key = random.below(keys) as i64;
            if random.below(2) == 0 {
                insert(&mut heap, map, &mut model, key, round as i64);
            } else {
                remove(&mut heap, map, &mut model, key);
            }
            let found = heap.map_get(map, Value::int(key)).expect("an int is a key");
            let expected = model.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
            assert_eq!(found.and_then(Value::as_int), expected);
            if round % 50 == 0 {
                assert_eq!(entries(&heap, map), model);
                assert_eq!(heap.map_ref(map).map(Map::len), Some(model.len()));
            }
        }
        heap.map_mut(map).expect("a map").clear();
        assert!(entries(&heap, map).is_empty());
    }
}

/// Iterates while the map changes, and compares with what JavaScript would visit: entries in order
/// of insertion, without those removed before their turn, with those added.
#[test]
fn iteration_skips_what_is_removed_and_visits_what_is_added() {
    for seed in 1..60 {
        let mut random = Random(seed * 0x2545_f491);
        let mut heap = Heap::default();
        let map = heap.map(Map::new());
        let mut model = Model::new();
        for key in 0..random.below(100) as i64 {
            insert(&mut heap, map, &mut model, key, key);
        }
        // Values are serial numbers of insertion, so the order of visits must be increasing.
        let mut serial = 1000;
        let (mut cursor, mut last) = (0, -1);
        let mut visits = 0;
        while let Some((next, key, value)) = heap.map_ref(map).expect("a map").next(cursor) {
            let (key, value) = (key.as_int().expect("a key"), value.as_int().expect("a value"));
            let expected = model.iter().find(|(_, value)| *value > last);
            assert_eq!(Some(&(key, value)), expected);
            (cursor, last, visits) = (next, value, visits + 1);
            for _ in 0..random.below(4) {
                let key = random.below(150) as i64;
                let known = model.iter().any(|(known, _)| *known == key);
                if visits < 300 && !known {
                    serial += 1;
                    insert(&mut heap, map, &mut model, key, serial);
                } else {
                    remove(&mut heap, map, &mut model, key);
                }
            }
            if random.below(80) == 0 {
                heap.map_mut(map).expect("a map").clear();
                model.clear();
            }
        }
        assert!(!model.iter().any(|(_, value)| *value > last), "iteration ended early");
        assert_eq!(entries(&heap, map), model);
    }
}

#[test]
fn iteration_runs_backwards_too() {
    let mut heap = Heap::default();
    let map = heap.map(Map::new());
    let mut model = Model::new();
    for key in 0..50 {
        insert(&mut heap, map, &mut model, key, key);
    }
    for key in 0..50 {
        if key % 3 != 0 {
            remove(&mut heap, map, &mut model, key);
        }
    }
    let table = heap.map_ref(map).expect("a map");
    let mut cursor = table.end();
    let mut seen = Vec::new();
    while let Some((next, key, _)) = table.previous(cursor) {
        seen.push(key.as_int().expect("an int"));
        cursor = next;
    }
    let expected: Vec<i64> = model.iter().rev().map(|(key, _)| *key).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_map_used_as_a_queue_stays_small_and_fast() {
    let mut heap = Heap::default();
    let map = heap.map(Map::new());
    for number in 0..50_000 {
        heap.map_insert(map, Value::int(number), Value::null()).expect("an int is a key");
        if number >= 10 {
            let table = heap.map_ref(map).expect("a map");
            let (_, first, _) = table.next(0).expect("it is not empty");
            assert_eq!(first.as_int(), Some(number - 10));
            heap.map_remove(map, first).expect("an int is a key");
        }
    }
    heap.due();
    assert!(heap.stats().external_bytes < 64 << 10, "{:?}", heap.stats());
}

#[test]
fn string_keys_are_found_by_text() {
    let mut heap = Heap::default();
    let map = heap.map(Map::new());
    for number in 0..100 {
        heap.map_insert_str(map, &format!("key {number}"), Value::int(number));
    }
    for number in 0..100 {
        let text = format!("key {number}");
        assert_eq!(heap.map_get_str(map, &text).and_then(Value::as_int), Some(number));
        let key = heap.string(&text);
        let found = heap.map_get(map, key).expect("a string is a key");
        assert_eq!(found.and_then(Value::as_int), Some(number));
    }
    assert!(heap.map_get_str(map, "key").is_none());
    heap.map_insert_str(map, "key 7", Value::int(-7));
    assert_eq!(heap.map_ref(map).map(Map::len), Some(100));
    assert_eq!(heap.map_get_str(map, "key 7").and_then(Value::as_int), Some(-7));
}

#[test]
fn a_copy_is_independent() {
    let mut heap = Heap::default();
    let mut map = Map::new();
    for key in 0..20 {
        heap.fill(&mut map, Value::int(key), Value::int(key)).expect("an int is a key");
    }
    let copy = map.clone();
    let (copy, map) = (heap.map(copy), heap.map(map));
    heap.map_remove(map, Value::int(3)).expect("an int is a key");
    assert_eq!(heap.map_ref(map).map(Map::len), Some(19));
    assert_eq!(heap.map_get(copy, Value::int(3)).ok().flatten().and_then(Value::as_int), Some(3));
}

#[test]
fn dense_maps_agree_with_a_model() {
    for seed in 1..12 {
        let mut random = Random(seed * 0x9e37_79b1);
        let mut heap = Heap::default();
        let map = heap.map(Map::new());
        let mut model = Model::new();
        let first = [0, -40, i64::MAX - 200, i64::MIN][seed as usize % 4];
        for round in 0..3000 {
            // The keys come closer and go apart, so that the map changes its form both ways.
            let keys = [80, 150, 30, 20_000][(round / 300) % 4];
            let key = first.saturating_add(random.below(keys) as i64);
            if random.below(5) < [4, 1, 3, 2][(round / 300) % 4] {
                insert(&mut heap, map, &mut model, key, round as i64);
            } else {
                remove(&mut heap, map, &mut model, key);
            }
            if round % 50 == 0 {
                assert_eq!(entries(&heap, map), model);
                for (key, value) in &model {
                    let found = heap.map_get(map, Value::int(*key)).expect("an int is a key");
                    assert_eq!(found.and_then(Value::as_int), Some(*value));
                }
            }
        }
    }
}

#[test]
fn close_ints_take_little_memory() {
    let bytes = |step: i64| {
        let mut heap = Heap::default();
        let map = heap.map(Map::new());
        for number in 0..100_000 {
            heap.map_insert(map, Value::int(number * step), Value::null()).expect("a key");
        }
        heap.due();
        heap.stats().external_bytes
    };
    // Values and order, with what their vectors keep to grow into.
    assert!(bytes(1) < 3_500_000, "{}", bytes(1));
    assert!(bytes(1000) < 8_500_000, "{}", bytes(1000));
    assert!(bytes(1) < bytes(1000));
}
