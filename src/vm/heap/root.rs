//! What hosts hold: values that stay alive although nothing in the VM refers to them.
//!
//! A [`Root`] names a slot of the heap's table by number and generation, never by address. It can be
//! dropped on any thread: it then leaves its slot's number in a mailbox, which the heap empties when
//! it next makes a root or collects. A root of another heap, or of one that is gone, finds nothing.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Heap, Marker, Unseen};
use crate::vm::value::Value;

/// Keeps one value alive.
#[derive(Debug)]
pub struct Root {
    mailbox: Arc<Mailbox>,
    slot: u32,
    generation: u32,
}

/// Where roots leave their slots when they are dropped. Its address is the name of the heap: it
/// stays as long as there is a root, so no other heap can have it meanwhile.
#[derive(Debug, Default)]
struct Mailbox {
    /// Whether there is anything, so that the heap need not lock for nothing.
    is_filled: AtomicBool,
    given_back: Mutex<Vec<(u32, u32)>>,
}

#[derive(Debug)]
struct Slot {
    value: Value,
    /// Counts the values that were here: a name with another number is stale.
    generation: u32,
}

/// The slots of a heap.
#[derive(Debug, Default)]
pub(super) struct Roots {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
    /// How many slots are in use.
    live: Cell<usize>,
    /// Those that the collector has to look at.
    unseen: RefCell<Unseen>,
    mailbox: Arc<Mailbox>,
}

impl Drop for Root {
    fn drop(&mut self) {
        let mut given_back = self.mailbox.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        given_back.push((self.slot, self.generation));
        self.mailbox.is_filled.store(true, Ordering::Release);
    }
}

impl Roots {
    fn add(&self, value: Value) -> Root {
        self.take_back();
        self.live.set(self.live.get() + 1);
        let mut slots = self.slots.borrow_mut();
        let mailbox = self.mailbox.clone();
        if let Some(slot) = self.free.borrow_mut().pop() {
            let place = &mut slots[slot as usize];
            place.value = value;
            self.unseen.borrow_mut().note(slot as usize);
            return Root { mailbox, slot, generation: place.generation };
        }
        let slot = u32::try_from(slots.len()).expect("memory ends before slots do");
        slots.push(Slot { value, generation: 0 });
        self.unseen.borrow_mut().note(slot as usize);
        Root { mailbox, slot, generation: 0 }
    }

    /// Frees the slots of roots that were dropped.
    fn take_back(&self) {
        if !self.mailbox.is_filled.load(Ordering::Acquire) {
            return;
        }
        let mut given_back = self.mailbox.given_back.lock().unwrap_or_else(PoisonError::into_inner);
        self.mailbox.is_filled.store(false, Ordering::Release);
        let mut slots = self.slots.borrow_mut();
        let mut free = self.free.borrow_mut();
        for (slot, generation) in given_back.drain(..) {
            let place = &mut slots[slot as usize];
            if place.generation == generation {
                place.value = Value::null();
                place.generation = generation.wrapping_add(1);
                self.live.set(self.live.get() - 1);
                free.push(slot);
            }
        }
    }

    #[inline]
    fn get(&self, root: &Root) -> Option<Value> {
        if !Arc::ptr_eq(&self.mailbox, &root.mailbox) {
            return None;
        }
        let slots = self.slots.borrow();
        let slot = slots.get(root.slot as usize)?;
        (slot.generation == root.generation).then_some(slot.value)
    }

    pub(super) fn trace(&self, marker: &mut Marker) {
        self.take_back();
        let (slots, mut unseen) = (self.slots.borrow(), self.unseen.borrow_mut());
        while let Some(index) = unseen.next(marker, slots.len()) {
            if let Some(slot) = slots.get(index) {
                marker.value(slot.value);
            }
        }
    }
}

impl Heap {
    /// Keeps a value alive until the root is dropped.
    pub fn root(&self, value: Value) -> Root {
        self.roots.add(value)
    }

    /// The value of a root; none if it belongs to another heap.
    #[inline]
    pub fn rooted(&self, root: &Root) -> Option<Value> {
        self.roots.get(root)
    }

    /// How many roots there are.
    pub fn root_count(&self) -> usize {
        self.roots.take_back();
        self.roots.live.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_text(heap: &Heap, root: &Root, text: &str) -> bool {
        heap.rooted(root).and_then(|value| heap.str(value)) == Some(text)
    }

    #[test]
    fn a_root_keeps_its_value_through_collections() {
        let mut heap = Heap::default();
        heap.set_torture(true);
        let text = heap.string("only a host knows of this");
        let root = heap.root(text);
        heap.collect_full(&mut |_| {});
        heap.collect_full(&mut |_| {});
        assert!(is_text(&heap, &root, "only a host knows of this"));
    }

    #[test]
    fn what_is_dropped_makes_room_and_is_garbage() {
        let mut heap = Heap::default();
        for round in 0..1000 {
            let text = heap.string_owned(format!("{round} is not kept for long"));
            let root = heap.root(text);
            assert_eq!(root.slot, 0, "the slot is used again");
            assert_eq!(root.generation, round);
        }
        assert_eq!(heap.root_count(), 0);
        heap.collect_full(&mut |_| {});
        let left = heap.stats().live_objects;
        let kept = heap.string("one that is kept");
        let _root = heap.root(kept);
        heap.collect_full(&mut |_| {});
        assert_eq!(heap.stats().live_objects, left + 1);
    }

    #[test]
    fn a_stale_name_and_one_of_another_heap_find_nothing() {
        let (mut one, two) = (Heap::default(), Heap::default());
        let text = one.string("of the first heap");
        let root = one.root(text);
        assert!(two.rooted(&root).is_none());
        let stale = Root { mailbox: root.mailbox.clone(), slot: root.slot, generation: 0 };
        drop(root);
        let other = one.string("of the first heap, too");
        let _other = one.root(other);
        assert!(one.rooted(&stale).is_none());
        drop(stale);
        assert_eq!(one.root_count(), 1, "giving back what is stale frees nothing");
    }

    #[test]
    fn roots_are_dropped_on_any_thread_while_the_heap_makes_others() {
        let mut heap = Heap::default();
        heap.set_torture(true);
        let (give, take) = std::sync::mpsc::channel::<Vec<Arc<Root>>>();
        let droppers: Vec<_> = {
            let take = Arc::new(Mutex::new(take));
            let dropper = |_| {
                let take = take.clone();
                std::thread::spawn(move || {
                    let next = || take.lock().expect("nobody panics").recv();
                    while let Ok(roots) = next() {
                        drop(roots);
                    }
                })
            };
            (0..4).map(dropper).collect()
        };
        let mut kept = Vec::new();
        for round in 0..200 {
            let made = (0..20).map(|index| {
                let text = heap.string_owned(format!("text {round} {index}"));
                Arc::new(heap.root(text))
            });
            let made: Vec<_> = made.collect();
            kept.push((made[3].clone(), format!("text {round} 3")));
            give.send(made).expect("the threads are there");
            heap.collect_full(&mut |_| {});
        }
        drop(give);
        droppers.into_iter().for_each(|dropper| dropper.join().expect("it ends"));
        assert!(kept.iter().all(|(root, text)| is_text(&heap, root, text)));
        assert_eq!(heap.root_count(), kept.len());
    }

    #[test]
    fn a_root_may_outlive_its_heap() {
        let mut heap = Heap::default();
        let text = heap.string("gone");
        let root = heap.root(text);
        drop(heap);
        assert!(Heap::default().rooted(&root).is_none());
    }
}
