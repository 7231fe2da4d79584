//! The parts of the collector and of allocation one by one.

use crate::vm::heap::{Heap, HeapOptions};
use crate::vm::value::Value;

/// Collects everything but the given values.
fn keep(heap: &mut Heap, values: &[Value]) {
    heap.collect_full(&mut |marker| marker.values(values));
}

/// Marks so many objects; `true` if none is left.
fn work(heap: &mut Heap, budget: usize) -> bool {
    heap.marker.begin_step(budget);
    heap.marker.work()
}

#[test]
fn the_barrier_keeps_what_moves_behind_the_marker() {
    let mut heap = Heap::default();
    let inner = heap.string("in transit, not interned");
    let white = heap.list(vec![inner]);
    let black = heap.list(vec![]);
    heap.begin(&mut |marker| marker.values(&[black, white]));
    // Both lists are scanned when the string is taken out of one and a new list gets it.
    while !work(&mut heap, 1) {}
    let other = heap.string("made while marking");
    heap.list_mut(white).expect("a list").items.clear();
    heap.list_mut(black).expect("a list").items.extend([inner, other]);
    heap.finish(&mut |marker| marker.value(black));
    heap.sweep(usize::MAX);
    let kept = &heap.list_ref(black).expect("a list").items;
    assert_eq!(heap.str(kept[0]), Some("in transit, not interned"));
    assert_eq!(heap.str(kept[1]), Some("made while marking"));
}

#[test]
fn a_new_object_keeps_what_it_took_from_an_unscanned_one() {
    let mut heap = Heap::default();
    let inner = heap.list(vec![Value::int(7)]);
    let old = heap.list(vec![inner]);
    heap.begin(&mut |marker| marker.value(old));
    let fresh = heap.bound(inner, Value::null());
    heap.list_mut(old).expect("a list").items.clear();
    heap.finish(&mut |marker| marker.values(&[old, fresh]));
    heap.sweep(usize::MAX);
    let kept = heap.bound_ref(fresh).expect("a bound method").receiver;
    assert_eq!(heap.list_ref(kept).expect("a list").items[0].as_int(), Some(7));
}

#[test]
fn a_long_list_may_be_rearranged_while_it_is_scanned() {
    const LENGTH: usize = 5000;
    for stop in 1..8 {
        for change in 0..5 {
            let mut heap = Heap::default();
            let texts: Vec<Value> =
                (0..LENGTH).map(|n| heap.string(&format!("text {n}"))).collect();
            let late = heap.string("late");
            let list = heap.list(texts);
            heap.begin(&mut |marker| marker.value(list));
            for _ in 0..stop {
                work(&mut heap, 1);
            }
            let items = &mut heap.list_for(list, &[late]).expect("a list").items;
            match change {
                0 => items.reverse(),
                1 => drop(items.remove(0)),
                2 => items.insert(0, late),
                3 => drop(items.splice(10..2000, vec![late])),
                _ => items.clear(),
            }
            items.push(late);
            let expected: Vec<Value> = items.to_vec();
            heap.finish(&mut |marker| marker.value(list));
            heap.sweep(usize::MAX);
            // What was lost would be overwritten now.
            for n in 0..LENGTH {
                heap.string(&format!("other {n}"));
            }
            let items = &heap.list_ref(list).expect("a list").items;
            assert_eq!(items.len(), expected.len());
            for (item, value) in items.iter().zip(expected) {
                let text = heap.str(*item).expect("a string");
                assert!(item.same(value) && (text.starts_with("text") || text == "late"), "{text}");
            }
            // Nothing is left of it for the next cycle.
            keep(&mut heap, &[list]);
            assert_eq!(heap.stats().live_objects, 1 + items_of(&heap, list));
        }
    }
}

fn items_of(heap: &Heap, list: Value) -> usize {
    let items = &heap.list_ref(list).expect("a list").items;
    let mut known: Vec<u64> = items.iter().map(|item| item.bits()).collect();
    known.sort_unstable();
    known.dedup();
    known.len()
}

#[test]
fn one_large_object_makes_no_long_step() {
    let mut heap = Heap::default();
    let list = heap.list((0..1 << 20).map(Value::int).collect());
    let mut steps = 0;
    while heap.stats().cycles == 0 {
        heap.collect_step(&mut |marker| marker.value(list));
        steps += 1;
    }
    assert!(steps > 50, "{steps} steps");
}

#[test]
fn a_cycle_can_be_given_up_and_started_anew() {
    let mut heap = Heap::default();
    let list = heap.list(vec![Value::int(1)]);
    for _ in 0..5 {
        heap.begin(&mut |marker| marker.value(list));
        heap.list_mut(list).expect("a list").items.push(Value::null());
        keep(&mut heap, &[list]);
        assert_eq!(heap.stats().live_objects, 1);
    }
    keep(&mut heap, &[]);
    assert_eq!(heap.stats().live_objects, 0);
    assert_eq!(heap.stats().external_bytes, 0);
}

#[test]
fn large_objects_come_and_go() {
    let mut heap = Heap::default();
    let text = "x".repeat(1 << 20);
    let mut kept = Vec::new();
    for number in 0..20 {
        let value = heap.string(&format!("{number}{text}"));
        if number % 4 == 0 {
            kept.push(value);
        }
    }
    assert!(heap.bytes_in_use() > 20 << 20);
    keep(&mut heap, &kept);
    assert!((5 << 20..6 << 20).contains(&heap.stats().large_bytes), "{:?}", heap.stats());
    for (index, value) in kept.iter().enumerate() {
        let text = heap.str(*value).expect("a string");
        assert!(text.starts_with(&format!("{}x", index * 4)));
    }
    // A large object made while a sweep is under way survives it.
    heap.begin(&mut |marker| marker.values(&kept));
    while !work(&mut heap, usize::MAX) {}
    heap.finish(&mut |marker| marker.values(&kept));
    let late = heap.string(&text);
    heap.sweep(usize::MAX);
    assert_eq!(heap.str(late).map(str::len), Some(1 << 20));
    keep(&mut heap, &[]);
    assert_eq!(heap.stats().large_bytes, 0);
}

#[test]
fn memory_goes_back_after_a_spike() {
    let mut heap = Heap::default();
    let long = |number: i64| number % 4 == 0;
    let make = |number| heap.list(vec![Value::int(number); if long(number) { 20 } else { 1 }]);
    let many: Vec<Value> = (0..200_000).map(make).collect();
    let peak = heap.bytes_in_use();
    assert!(peak > 200_000 * 48);
    keep(&mut heap, &many[..10]);
    assert!(heap.bytes_in_use() < peak / 50, "{} of {peak}", heap.bytes_in_use());
    // Only what has a buffer has to be looked at; three of those are kept.
    assert_eq!(heap.stats().dropped, 50_000 - 3);
}

#[test]
fn short_lists_own_something_as_long_as_they_have_outgrown_their_cell() {
    let mut heap = Heap::default();
    let lists: Vec<Value> = (0..100).map(|_| heap.list(vec![Value::null(); 3])).collect();
    assert_eq!(heap.stats().external_bytes, 0);
    for list in &lists {
        heap.list_mut(*list).expect("a list").items.push(Value::int(1));
    }
    heap.due();
    assert_eq!(heap.stats().external_bytes, 100 * 6 * size_of::<Value>());
    for list in &lists[..50] {
        heap.list_mut(*list).expect("a list").items.set(Vec::new());
    }
    heap.due();
    assert_eq!(heap.stats().external_bytes, 50 * 6 * size_of::<Value>());
    keep(&mut heap, &lists[..75]);
    assert_eq!(heap.stats().dropped, 25);
    keep(&mut heap, &[]);
    assert_eq!(heap.stats().dropped, 50);
    assert_eq!(heap.stats().external_bytes, 0);
}

#[test]
fn external_memory_is_counted_as_it_changes() {
    let mut heap = Heap::default();
    let list = heap.list(Vec::new());
    let before = heap.bytes_in_use();
    heap.list_mut(list).expect("a list").items.reserve(10_000);
    heap.due();
    assert_eq!(heap.bytes_in_use(), before + 160_000);
    heap.list_mut(list).expect("a list").items.set(Vec::new());
    heap.due();
    assert_eq!(heap.bytes_in_use(), before);
    heap.external(500);
    heap.external(-200);
    assert_eq!(heap.bytes_in_use(), before + 300);
}

#[test]
fn growing_lists_make_a_collection_due() {
    let mut heap = Heap::default();
    let list = heap.list(Vec::new());
    assert!(!heap.due());
    heap.list_mut(list).expect("a list").items.reserve(1 << 20);
    assert!(heap.due());
}

#[test]
fn the_limit_is_felt() {
    let mut heap = Heap::new(HeapOptions { limit: 8 << 20, torture: false });
    assert!(heap.reserve(1 << 20).is_ok());
    let refused = heap.reserve(9 << 20).expect_err("it is more than the limit");
    assert_eq!(refused.wanted, 9 << 20);
    assert!(heap.reserve(usize::MAX).is_err());
    let mut kept = Vec::new();
    let mut steps = 0;
    while !heap.over_limit() {
        kept.push(heap.list(vec![Value::int(1); 100]));
        // Garbage never counts as a breach, as collections come before.
        heap.string("garbage, garbage, garbage, garbage");
        if heap.due() {
            steps += 1;
            heap.collect_step(&mut |marker| marker.values(&kept));
        }
    }
    assert!(steps > 10);
    let live = kept.len() * 1600;
    assert!(live > 6 << 20, "only {live} bytes were live when the limit was passed");
    kept.clear();
    keep(&mut heap, &kept);
    assert!(!heap.over_limit());
}

#[test]
fn a_program_with_garbage_stays_small() {
    let mut heap = Heap::default();
    let mut ring = vec![Value::null(); 1000];
    let mut peak = 0;
    for number in 0..600_000_usize {
        ring[number % 1000] = heap.cell(ring[(number * 7) % 1000]);
        if number % 3 == 0 {
            ring[number % 1000] = Value::null();
        }
        if heap.due() {
            heap.collect_step(&mut |marker| marker.values(&ring));
        }
        peak = peak.max(heap.bytes_in_use());
    }
    assert!(heap.stats().cycles > 3, "{:?}", heap.stats());
    assert!(peak < 16 << 20, "{peak}");
}

#[test]
fn a_list_of_a_million_levels_is_marked_and_dropped() {
    let mut heap = Heap::default();
    let mut list = heap.list(Vec::new());
    for _ in 0..1_000_000 {
        list = heap.list(vec![list]);
    }
    keep(&mut heap, &[list]);
    assert_eq!(heap.stats().live_objects, 1_000_001);
    keep(&mut heap, &[]);
    assert_eq!(heap.stats().live_objects, 0);
}

#[test]
fn natives_types_characters_and_names_are_made_once() {
    use crate::vm::object::{NativeId, TypeKind};
    let mut heap = Heap::default();
    let native = heap.native(NativeId(3));
    let kind = heap.type_value(TypeKind::Host("task"));
    let letter = heap.string("a");
    let name = heap.intern("name");
    keep(&mut heap, &[]);
    assert!(native.same(heap.native(NativeId(3))) && !native.same(heap.native(NativeId(4))));
    assert!(kind.same(heap.type_value(TypeKind::Host("task"))));
    assert!(letter.same(heap.string("a")) && letter.same(heap.character_string('a')));
    assert!(name.same(heap.intern("name")));
    assert_eq!(heap.str(name), Some("name"));
}

#[test]
fn appending_shares_a_room_and_changes_nobody() {
    let mut heap = Heap::default();
    let mut text = heap.string("é");
    let mut model = String::from("é");
    let mut earlier = Vec::new();
    for number in 0..3000 {
        let piece = if number % 100 == 0 { "ü".to_owned() } else { number.to_string() };
        let right = heap.string(&piece);
        if number % 500 == 0 {
            // Two continuations of one string: the second must not see the first.
            let fork = heap.append_str(text, "fork").expect("there is memory");
            earlier.push((fork, format!("{model}fork")));
        }
        text = heap.append(text, right).expect("there is memory");
        model.push_str(&piece);
        if number % 700 == 0 {
            earlier.push((text, model.clone()));
            let mut roots = vec![text];
            roots.extend(earlier.iter().map(|(value, _)| *value));
            keep(&mut heap, &roots);
        }
    }
    earlier.push((text, model));
    for (value, model) in &earlier {
        let string = heap.string_ref(*value).expect("a string");
        assert_eq!(string.text(), model);
        assert_eq!(string.char_count(), model.chars().count());
        assert_eq!(string.is_ascii(), model.is_ascii());
    }
}

#[test]
fn appending_in_a_loop_copies_little() {
    let mut heap = Heap::default();
    let mut text = heap.string("");
    for _ in 0..200_000 {
        text = heap.append_str(text, "0123456789").expect("there is memory");
        if heap.due() {
            heap.collect_step(&mut |marker| marker.value(text));
        }
    }
    assert_eq!(heap.str(text).map(str::len), Some(2_000_000));
    // Copying each time would have allocated two hundred gigabytes.
    assert!(heap.stats().cycles < 200, "{:?}", heap.stats());
}

#[test]
fn strings_know_their_characters() {
    let mut heap = Heap::default();
    for text in ["", "a", "abc", "grün", "日本語", "a\u{1f600}b"] {
        let value = heap.string(text);
        let string = heap.string_ref(value).expect("a string");
        let characters: Vec<char> = text.chars().collect();
        assert_eq!(string.char_count(), characters.len());
    }
}
