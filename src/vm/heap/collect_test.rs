//! Random object graphs against a model.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::vm::heap::{Heap, HeapOptions, Marker};
use crate::vm::map::Map;
use crate::vm::object::{Class, Enum, HostObject, VariantInfo};
use crate::vm::random_test::Random;
use crate::vm::value::{Kind, Value};

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
        let variants =
            vec![VariantInfo { name: "V".into(), fields: Vec::new(), ..VariantInfo::default() }];
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
            // What a native does between safepoints.
            self.heap.assist(self.random.below(3) << 14);
        }
    }

    /// Everything that the model reaches is in the heap with the right links.
    fn check(&mut self) {
        let reachable = self.reachable();
        for number in &reachable {
            let (value, links) = &self.objects[number];
            let slots: Vec<Value> = match value.kind() {
                Kind::List => self.heap.list_ref(*value).expect("a list").items.to_vec(),
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
                model.heap.marker.begin_step(1);
                model.heap.marker.work();
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
