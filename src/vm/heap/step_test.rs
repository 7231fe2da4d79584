//! No step of the collector may be long, whatever there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vm::heap::{Heap, Marker};
use crate::vm::object::HostObject;
use crate::vm::value::Value;

/// An object that counts how often the collector asks it.
struct Asked(Arc<AtomicUsize>);

impl HostObject for Asked {
    fn type_name(&self) -> &'static str {
        "asked"
    }

    fn trace(&self, _: &mut Marker) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn what_is_always_written_to_does_not_wait_for_the_last_step() {
    let mut heap = Heap::default();
    let asked = Arc::new(AtomicUsize::new(0));
    let objects: Vec<Value> =
        (0..50_000).map(|_| heap.object(Box::new(Asked(asked.clone())))).collect();
    let list = heap.list(objects.clone());
    let (mut next, mut most, mut steps) = (0, 0, 0);
    while heap.stats().cycles < 2 {
        let before = asked.load(Ordering::Relaxed);
        heap.collect_step(&mut |marker| marker.value(list));
        most = most.max(asked.load(Ordering::Relaxed) - before);
        for _ in 0..500 {
            next = (next + 1) % objects.len();
            assert!(heap.object_in_place::<Asked>(objects[next]).is_some());
        }
        steps += 1;
        assert!(steps < 1000, "the cycle ends");
    }
    assert!(most < 5000, "{most} objects in one step");
}

#[test]
fn large_buffers_go_back_in_slices() {
    let mut heap = Heap::default();
    let kept = heap.list((0..100_000).map(Value::int).collect());
    for _ in 0..3 {
        heap.list(vec![Value::null(); 1 << 20]);
        heap.buffer(vec![1; 20 << 20]);
        heap.bytes(&vec![2; 16 << 20]);
    }
    heap.begin(&mut |marker| marker.value(kept));
    heap.marker.begin_step(usize::MAX);
    while !heap.mark(&mut |_| {}) {}
    heap.finish(&mut |marker| marker.value(kept));
    let mut steps = 0;
    while heap.idle_step() {
        steps += 1;
        // What is made meanwhile takes no memory of those that are being given back.
        let list = heap.list(vec![Value::int(7); 100]);
        assert!(heap.list_ref(list).is_some_and(|list| list.items[99].as_int() == Some(7)));
    }
    assert!(steps > 50, "{steps} steps for 156 MiB");
    let kept = &heap.list_ref(kept).expect("a list").items;
    assert!((0..).zip(kept).all(|(number, item)| item.as_int() == Some(number)));
    assert_eq!(heap.stats().large_bytes, 0);
    assert!(heap.stats().external_bytes < 3 << 20);
}

#[test]
fn many_roots_of_a_host_are_looked_at_in_slices() {
    let mut heap = Heap::default();
    let asked = Arc::new(AtomicUsize::new(0));
    let mut roots: Vec<_> = (0..20_000)
        .map(|_| {
            let object = heap.object(Box::new(Asked(asked.clone())));
            heap.root(object)
        })
        .collect();
    let mut most = 0;
    while heap.stats().cycles == 0 {
        let before = asked.load(Ordering::Relaxed);
        heap.collect_step(&mut |_| {});
        most = most.max(asked.load(Ordering::Relaxed) - before);
        // Some go and others come, in their slots, with objects that nobody else knows.
        for place in 0..5 {
            let object = heap.object(Box::new(Asked(asked.clone())));
            roots[place * 300] = heap.root(object);
        }
    }
    assert!(most < 5000, "{most} objects in one step");
    while heap.idle_step() {}
    heap.set_torture(true);
    heap.collect_full(&mut |_| {});
    for root in &roots {
        let object = heap.rooted(root).expect("it is kept");
        assert!(heap.object_ref::<Asked>(object).is_some());
    }
}

#[test]
fn a_long_text_keeps_its_memory() {
    let mut heap = Heap::default();
    heap.set_torture(true);
    for piece in ["plain ", "größer "] {
        let whole = piece.repeat(20_000);
        let mut text = String::with_capacity(1 << 20);
        text.push_str(&whole);
        let text = heap.string_owned(text);
        assert!((whole.len()..whole.len() + 4096).contains(&heap.stats().external_bytes));
        let longer = heap.append_str(text, "!").expect("there is memory");
        heap.collect_full(&mut |marker| marker.values(&[text, longer]));
        let string = heap.string_ref(text).expect("a string");
        assert!(string.text() == whole && string.char_count() == whole.chars().count());
        assert_eq!(heap.str(longer), Some(&*format!("{whole}!")));
        let part = heap.substring(text, 0..piece.len()).expect("between characters");
        heap.collect_full(&mut |marker| marker.value(part));
        assert_eq!(heap.str(part), Some(piece));
        assert_eq!(heap.stats().external_bytes, 0);
    }
}
