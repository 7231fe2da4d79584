//! The hash of lists and enum values, from the hashes of their parts.
//!
//! Parts are visited with an explicit stack and every list once, so neither depth nor sharing makes
//! it slow. When a [`Hasher`] meets an instance whose class defines `hash`, it stops and asks: the
//! caller runs the method, gives the [`answer`](Hasher::answer) and runs the hasher again. The answer
//! may be any value that can be a key: its hash counts.

use super::hash::{AddressMap, AddressSet, HashProblem, Unhashable};
use super::heap::{Heap, Marker};
use super::value::{Kind, Value};

/// How hashing ended or why it stopped.
#[derive(Clone, Copy, Debug)]
pub enum Hashed {
    /// This is the hash.
    Known(u32),
    /// The class of this instance defines `hash`: call it.
    NeedsCall(Value),
}

/// A list, an enum value or an instance of which some parts have been hashed.
#[derive(Debug)]
struct Open {
    node: Value,
    next: usize,
    part: Part,
}

/// The hash of something.
#[derive(Clone, Copy, Debug)]
struct Part {
    hash: u32,
    /// Script code had a say in it, so that it may change.
    asked: bool,
}

/// Hashing under way.
#[derive(Debug)]
pub struct Hasher {
    /// What is hashed next, before the innermost open node goes on.
    pending: Option<Value>,
    open: Vec<Open>,
    on_path: AddressSet,
    done: AddressMap<Part>,
    result: Option<Part>,
}

impl Hasher {
    /// Hashing that has not begun.
    pub fn new(value: Value) -> Hasher {
        Hasher {
            pending: Some(value),
            open: Vec::new(),
            on_path: AddressSet::default(),
            done: AddressMap::default(),
            result: None,
        }
    }

    /// Hashes until the hash is known or script code has to be asked.
    pub fn run(&mut self, heap: &Heap) -> Result<Hashed, Unhashable> {
        loop {
            if let Some(value) = self.pending.take()
                && let Some(instance) = self.begin(heap, value)?
            {
                return Ok(Hashed::NeedsCall(instance));
            }
            if let Some(result) = self.result {
                return Ok(Hashed::Known(result.hash));
            }
            let Some(top) = self.open.last_mut() else { return Ok(Hashed::Known(0)) };
            match heap.parts(top.node).get(top.next) {
                Some(part) => {
                    top.next += 1;
                    self.pending = Some(*part);
                }
                None => self.close(heap),
            }
        }
    }

    /// What the method `hash` gave that [`Hasher::run`] asked for.
    pub fn answer(&mut self, value: Value) {
        self.pending = Some(value);
    }

    /// Reports the values it holds, for whoever keeps it while script code runs.
    pub fn trace(&self, marker: &mut Marker) {
        for value in self.pending.iter().chain(self.open.iter().map(|open| &open.node)) {
            marker.value(*value);
        }
    }

    /// Begins with a value; gives the instance whose `hash` has to be called.
    fn begin(&mut self, heap: &Heap, value: Value) -> Result<Option<Value>, Unhashable> {
        if !matches!(value.kind(), Kind::List | Kind::Variant | Kind::Instance) {
            self.add(heap, Part { hash: heap.hash_flat(value)?, asked: false });
            return Ok(None);
        }
        let kept = heap.kept_hash(value).map(|hash| Part { hash, asked: false });
        if let Some(part) = kept.or_else(|| self.done.get(&value.bits()).copied()) {
            self.add(heap, part);
            return Ok(None);
        }
        let is_instance = value.is_instance();
        if is_instance {
            match heap.hash_flat(value) {
                Err(found) if found.problem == HashProblem::NeedsCall => {}
                hash => {
                    self.add(heap, Part { hash: hash?, asked: false });
                    return Ok(None);
                }
            }
        }
        if !self.on_path.insert(value.bits()) {
            return Err(Unhashable { value, problem: HashProblem::Cyclic });
        }
        let label = heap.variant_ref(value).map_or(0, |variant| {
            u64::from(variant.index()) ^ variant.enum_value().bits().rotate_left(32)
        });
        let hash = heap.hash_pair(label, heap.parts(value).len() as u64);
        self.open.push(Open { node: value, next: 0, part: Part { hash, asked: is_instance } });
        Ok(is_instance.then_some(value))
    }

    /// Adds the hash of a part to the innermost open node; it is the result if there is none.
    fn add(&mut self, heap: &Heap, part: Part) {
        match self.open.last_mut() {
            Some(top) => {
                let hash = heap.hash_pair(u64::from(top.part.hash), u64::from(part.hash));
                top.part = Part { hash, asked: top.part.asked || part.asked };
            }
            None => self.result = Some(part),
        }
    }

    /// Ends the innermost open node.
    fn close(&mut self, heap: &Heap) {
        let Some(Open { node, part, .. }) = self.open.pop() else { return };
        let part = Part { hash: part.hash.max(1), ..part };
        if !part.asked
            && let Some(list) = heap.list_ref(node).filter(|list| list.frozen)
        {
            list.hash.set(part.hash);
        }
        self.on_path.remove(&node.bits());
        if !self.open.is_empty() {
            self.done.insert(node.bits(), part);
        }
        self.add(heap, part);
    }
}

impl Heap {
    /// The hash that a frozen list has kept, if it has.
    fn kept_hash(&self, node: Value) -> Option<u32> {
        let hash = self.list_ref(node).filter(|list| list.frozen)?.hash.get();
        (hash != 0).then_some(hash)
    }
}
