//! Random object graphs against a model, and the parts of the collector one by one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vm::heap::{Heap, HeapOptions, Marker};
use crate::vm::map::Map;
use crate::vm::object::{Class, Enum, HostObject, VariantInfo};
use crate::vm::value::{Kind, Value};

/// A generator that gives the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// A host object that counts how many of it are alive.
struct Counted {
    alive: Arc<AtomicUsize>,
    number: usize,
    links: Vec<Value>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

impl HostObject for Counted {
    fn type_name(&self) -> &'static str {
        "counted"
    }

    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.links);
    }

    fn external_bytes(&self) -> usize {
        self.links.capacity() * size_of::<Value>()
    }
}

/// What the model knows of an object: its links by slot.
type Links = Vec<Option<usize>>;

/// A heap, and next to it what should be in it.
struct Model {
    heap: Heap,
    random: Random,
    objects: HashMap<usize, (Value, Links)>,
    roots: Vec<usize>,
    next: usize,
    alive: Arc<AtomicUsize>,
    class: Value,
    enumeration: Value,
}

/// Links per object.
const WIDTH: usize = 4;

impl Model {
    fn new(seed: u64, options: HeapOptions) -> Model {
        let mut heap = Heap::new(options);
        let names: Vec<Arc<str>> = ["number", "a", "b", "c", "d"].map(Arc::from).to_vec();
        let field_index = names.iter().cloned().zip(0..).collect();
        let template = vec![Value::null(); names.len()];
        let class = heap.class(Class { fields: names, field_index, template, ..Class::default() });
        let variants = vec![VariantInfo { name: "V".into(), fields: Vec::new() }];
        let enumeration = heap.enumeration(Enum { variants, ..Enum::default() });
        Model {
            heap,
            random: Random(seed | 1),
            objects: HashMap::new(),
            roots: Vec::new(),
            next: 0,
            alive: Arc::default(),
            class,
            enumeration,
        }
    }

    /// Makes an object of a random kind whose links are those given.
    fn make(&mut self) -> usize {
        let number = self.next;
        self.next += 1;
        let links: Links = (0..WIDTH).map(|_| self.pick()).collect();
        let values: Vec<Value> = links.iter().map(|link| self.value(*link)).collect();
        let tag = Value::int(number as i64);
        let mut slots = vec![tag];
        slots.extend(&values);
        let value = match self.random.below(7) {
            0 => self.heap.list(slots),
            1 => {
                let object = self.heap.instance(self.class);
                let fields = self.heap.instance_mut(object).expect("an instance");
                fields.copy_from_slice(&slots);
                object
            }
            2 => {
                let map = self.heap.map(Map::new());
                for (key, value) in slots.iter().enumerate() {
                    let key = Value::int(key as i64);
                    self.heap.map_insert(map, key, *value).expect("ints are keys");
                }
                map
            }
            3 => self.heap.variant(self.enumeration, 0, &slots),
            4 => self.heap.closure(number as u32, &slots),
            5 => {
                // A large list, whose scan is cut into slices.
                slots.resize(3000, Value::null());
                self.heap.list(slots)
            }
            _ => {
                self.alive.fetch_add(1, Ordering::Relaxed);
                let alive = self.alive.clone();
                self.heap.object(Box::new(Counted { alive, number, links: values }))
            }
        };
        self.objects.insert(number, (value, links));
        number
    }

    fn value(&self, link: Option<usize>) -> Value {
        link.map_or(Value::null(), |number| self.objects[&number].0)
    }

    /// A random object that is reachable, or none.
    fn pick(&mut self) -> Option<usize> {
        let mut at = *self.roots.get(self.random.below(self.roots.len().max(1) + 1))?;
        for _ in 0..self.random.below(5) {
            let slot = self.random.below(WIDTH);
            at = self.objects[&at].1[slot].unwrap_or(at);
        }
        Some(at)
    }

    /// Changes a link of a reachable object.
    fn relink(&mut self) {
        let (Some(from), to) = (self.pick(), self.pick()) else { return };
        let slot = self.random.below(WIDTH);
        let (object, target) = (self.objects[&from].0, self.value(to));
        match object.kind() {
            Kind::List => {
                self.heap.list_mut(object).expect("a list").items[slot + 1] = target;
            }
            Kind::Instance => {
                self.heap.instance_mut(object).expect("an instance")[slot + 1] = target;
            }
            Kind::Map => {
                let key = Value::int(slot as i64 + 1);
                self.heap.map_insert(object, key, target).expect("ints are keys");
            }
            Kind::Object => {
                let counted = self.heap.object_mut::<Counted>(object).expect("a counted");
                counted.links[slot] = target;
            }
            // Closures and enum values do not change.
            _ => return,
        }
        self.objects.get_mut(&from).expect("picked from the model").1[slot] = to;
    }

    fn reachable(&self) -> HashSet<usize> {
        let mut found = HashSet::new();
        let mut stack = self.roots.clone();
        while let Some(number) = stack.pop() {
            if found.insert(number) {
                stack.extend(self.objects[&number].1.iter().flatten());
            }
        }
        found
    }

    fn collect(&mut self, full: bool) {
        let values: Vec<Value> = self.roots.iter().map(|root| self.value(Some(*root))).collect();
        let fixed = [self.class, self.enumeration];
        let mut roots = |marker: &mut Marker| {
            marker.values(&values);
            marker.values(&fixed);
        };
        if full {
            self.heap.collect_full(&mut roots);
        } else {
            self.heap.collect_step(&mut roots);
        }
    }

    /// Everything that the model reaches is in the heap with the right links.
    fn check(&mut self) {
        let reachable = self.reachable();
        for number in &reachable {
            let (value, links) = &self.objects[number];
            let slots: Vec<Value> = match value.kind() {
                Kind::List => self.heap.list_ref(*value).expect("a list").items.clone(),
                Kind::Instance => {
                    self.heap.instance_ref(*value).expect("an instance").slots().to_vec()
                }
                Kind::Map => self.heap.map_ref(*value).expect("a map").values().collect(),
                Kind::Variant => self.heap.variant_ref(*value).expect("one").payload().to_vec(),
                Kind::Closure => self.heap.closure_ref(*value).expect("one").upvalues().to_vec(),
                _ => {
                    let counted = self.heap.object_ref::<Counted>(*value).expect("a counted");
                    let mut slots = vec![Value::int(counted.number as i64)];
                    slots.extend(&counted.links);
                    slots
                }
            };
            assert_eq!(slots[0].as_int(), Some(*number as i64));
            for (slot, link) in links.iter().enumerate() {
                assert!(slots[slot + 1].same(self.value(*link)), "link {slot} of {number}");
            }
        }
        self.objects.retain(|number, _| reachable.contains(number));
    }

    fn run(&mut self, rounds: usize) {
        for round in 0..rounds {
            for _ in 0..self.random.below(60) {
                match self.random.below(8) {
                    0 => {
                        let made = self.make();
                        self.roots.push(made);
                    }
                    1 if self.roots.len() > 8 => {
                        let root = self.random.below(self.roots.len());
                        self.roots.swap_remove(root);
                    }
                    2..5 => {
                        // Hang a new object onto an old one.
                        let made = self.make();
                        self.roots.push(made);
                        self.relink();
                        self.roots.pop();
                    }
                    _ => self.relink(),
                }
            }
            self.heap.string("rubbish that nothing holds");
            let full = self.random.below(25) == 0;
            if self.random.below(3) > 0 || full {
                self.collect(full);
            }
            if round % 16 == 0 {
                self.check();
            }
        }
        self.check();
    }

    /// After a full collection exactly what is reachable is alive.
    fn check_exact(&mut self) {
        self.collect(true);
        self.check();
        let hosts = self.objects.values().filter(|(value, _)| value.is(Kind::Object)).count();
        assert_eq!(self.alive.load(Ordering::Relaxed), hosts);
        // The class and the enum are objects too, as are the heap's own.
        let stats = self.heap.stats();
        assert_eq!(stats.live_objects, self.objects.len() + 2);
        assert_eq!(stats.live_external, stats.external_bytes);
    }
}

#[test]
fn what_is_reachable_survives_and_the_rest_is_reclaimed() {
    for seed in 1..12 {
        let mut model = Model::new(seed * 0x9e37_79b9, HeapOptions::default());
        for _ in 0..3 {
            model.run(120);
            model.check_exact();
        }
        let alive = model.alive.clone();
        drop(model);
        assert_eq!(alive.load(Ordering::Relaxed), 0, "dropping the heap drops its objects");
    }
}

#[test]
fn small_steps_with_changes_in_between_lose_nothing() {
    for seed in 1..8 {
        let mut model = Model::new(seed * 0x1234_5677, HeapOptions::default());
        for _ in 0..200 {
            let made = model.make();
            model.roots.push(made);
        }
        for _ in 0..40 {
            // One object per step, with changes after each.
            let values: Vec<Value> =
                model.roots.iter().map(|root| model.value(Some(*root))).collect();
            let fixed = [model.class, model.enumeration];
            let mut roots = |marker: &mut Marker| {
                marker.values(&values);
                marker.values(&fixed);
            };
            model.heap.sweep(usize::MAX);
            model.heap.begin(&mut roots);
            for _ in 0..100 {
                model.heap.marker.work(1);
                model.relink();
                if model.random.below(4) == 0 {
                    let made = model.make();
                    model.roots.push(made);
                    model.relink();
                    model.roots.pop();
                }
            }
            model.heap.finish(&mut roots);
            model.heap.sweep(1);
            model.check();
        }
        model.check_exact();
    }
}

#[test]
fn torture_collects_at_every_step_and_poisons() {
    let mut model = Model::new(77, HeapOptions { torture: true, ..HeapOptions::default() });
    assert!(model.heap.due());
    model.run(60);
    model.check_exact();
}

/// Collects everything but the given values.
fn keep(heap: &mut Heap, values: &[Value]) {
    heap.collect_full(&mut |marker| marker.values(values));
}

#[test]
fn the_barrier_keeps_what_moves_behind_the_marker() {
    let mut heap = Heap::default();
    let inner = heap.string("in transit, not interned");
    let white = heap.list(vec![inner]);
    let black = heap.list(vec![]);
    heap.begin(&mut |marker| marker.values(&[black, white]));
    // Both lists are scanned when the string is taken out of one and a new list gets it.
    while !heap.marker.work(1) {}
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
    while !heap.marker.work(usize::MAX) {}
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
    let many: Vec<Value> = (0..200_000).map(|number| heap.list(vec![Value::int(number)])).collect();
    let peak = heap.bytes_in_use();
    assert!(peak > 200_000 * 48);
    keep(&mut heap, &many[..10]);
    assert!(heap.bytes_in_use() < peak / 50, "{} of {peak}", heap.bytes_in_use());
    assert_eq!(heap.stats().dropped, 200_000 - 10);
}

#[test]
fn external_memory_is_counted_as_it_changes() {
    let mut heap = Heap::default();
    let list = heap.list(Vec::new());
    let before = heap.bytes_in_use();
    heap.list_mut(list).expect("a list").items.reserve_exact(10_000);
    heap.due();
    assert_eq!(heap.bytes_in_use(), before + 160_000);
    heap.list_mut(list).expect("a list").items = Vec::new();
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
    heap.list_mut(list).expect("a list").items.reserve_exact(1 << 20);
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
        for (index, character) in characters.iter().enumerate() {
            assert_eq!(string.char_at(index), Some(*character));
            let offset = string.byte_offset(index).expect("within the string");
            assert!(text[offset..].starts_with(*character));
        }
        assert_eq!(string.char_at(characters.len()), None);
        assert_eq!(string.byte_offset(characters.len()), Some(text.len()));
        assert_eq!(string.byte_offset(characters.len() + 1), None);
    }
}
