//! Hashes of values: equal keys have equal hashes.
//!
//! Numbers that are equal hash alike whatever their type; strings and frozen lists keep their hash;
//! lists and enum values are hashed from their parts with an explicit stack, every list once, so
//! neither depth nor sharing makes it slow. What can change is not hashable, except a list, of
//! which the map keeps a frozen copy.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use super::heap::Heap;
use super::value::{Kind, Value};

/// Objects that were met on the way through a graph, by address. Scripts do not choose addresses,
/// so a fixed hash does.
pub(in crate::vm) type AddressSet<T = u64> = HashSet<T, foldhash::fast::FixedState>;
/// What was found out about objects, by address.
pub(in crate::vm) type AddressMap<T> = HashMap<u64, T, foldhash::fast::FixedState>;

/// Why a value cannot be a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashProblem {
    /// It can be changed: maps, sets, buffers.
    Mutable,
    /// It is a list that contains itself.
    Cyclic,
    /// Its class defines `==` but not `hash`.
    EqualityWithoutHash,
    /// Its class defines `hash`, which the caller has to call; see `Heap::map_probe`.
    NeedsCall,
}

/// A value that cannot be a key as it is.
#[derive(Clone, Copy, Debug)]
pub struct Unhashable {
    /// The value, perhaps a part of the key.
    pub value: Value,
    /// Why.
    pub problem: HashProblem,
}

/// A list or enum value of which some parts have been hashed.
struct Open {
    node: Value,
    next: usize,
    hash: u32,
}

impl Heap {
    /// The hash of a value as a key.
    #[inline]
    pub fn hash_value(&self, value: Value) -> Result<u64, Unhashable> {
        self.key_hash(value).map(u64::from)
    }

    /// The hash of a value as maps keep it.
    #[inline]
    pub(in crate::vm) fn key_hash(&self, value: Value) -> Result<u32, Unhashable> {
        match value.kind() {
            Kind::Str => Ok(self.string_hash(value)),
            Kind::List | Kind::Variant => self.hash_deep(value),
            _ => self.hash_flat(value),
        }
    }

    /// The hash of a string as maps keep it.
    #[inline]
    pub(in crate::vm) fn text_hash(&self, text: &str) -> u32 {
        // 0 stands for "not known yet" in the header.
        (self.hasher().hash_one(text) as u32).max(1)
    }

    #[inline]
    fn string_hash(&self, value: Value) -> u32 {
        let Some(string) = self.string_ref(value) else { return 0 };
        let known = string.header().word();
        if known != 0 {
            return known;
        }
        let hash = self.text_hash(string.text());
        string.header().set_word(hash);
        hash
    }

    fn hash_pair(&self, first: u64, second: u64) -> u32 {
        self.hasher().hash_one((first, second)) as u32
    }

    /// The hash of a value that has no parts.
    fn hash_flat(&self, value: Value) -> Result<u32, Unhashable> {
        let refuse = |problem| Err(Unhashable { value, problem });
        match value.kind() {
            Kind::Float => Ok(self.hash_float(f64::from_bits(value.bits()))),
            Kind::Str => Ok(self.string_hash(value)),
            Kind::Bytes => {
                Ok(self.hasher().hash_one(self.bytes_ref(value).unwrap_or_default()) as u32)
            }
            Kind::Range => {
                let range = self.range_ref(value);
                Ok(self.hasher().hash_one(
                    range.map(|range| (range.start, range.end, range.inclusive, range.step)),
                ) as u32)
            }
            Kind::Bound => {
                let (receiver, callee) = self
                    .bound_ref(value)
                    .map_or((0, 0), |bound| (bound.receiver.bits(), bound.callee.bits()));
                Ok(self.hash_pair(receiver, callee))
            }
            Kind::Map | Kind::Set | Kind::Buffer => refuse(HashProblem::Mutable),
            Kind::Instance => {
                let class = self.instance_ref(value).map(|instance| instance.class());
                if class.is_some_and(|class| class.methods.contains_key("hash")) {
                    refuse(HashProblem::NeedsCall)
                } else if class.is_some_and(|class| class.methods.contains_key("==")) {
                    refuse(HashProblem::EqualityWithoutHash)
                } else {
                    Ok(self.hash_pair(value.tag(), value.bits()))
                }
            }
            _ => Ok(self.hash_pair(value.tag(), value.bits())),
        }
    }

    fn hash_float(&self, number: f64) -> u32 {
        // A float that is an int hashes as that int; all nans are one key.
        let canonical = if let Some(int) = super::equal::float_as_int(number) {
            Value::int(int)
        } else if number.is_nan() {
            Value::float(f64::NAN)
        } else {
            Value::float(number)
        };
        self.hash_pair(canonical.tag(), canonical.bits())
    }

    /// The parts of a list or an enum value.
    pub(in crate::vm) fn parts(&self, node: Value) -> &[Value] {
        if let Some(list) = self.list_ref(node) {
            return &list.items;
        }
        self.variant_ref(node).map_or(&[], |variant| variant.payload())
    }

    /// The hash that a frozen list has kept, if it has.
    fn kept_hash(&self, node: Value) -> Option<u32> {
        let hash = self.list_ref(node).filter(|list| list.frozen)?.hash.get();
        (hash != 0).then_some(hash)
    }

    fn open(&self, node: Value) -> Open {
        let label = self.variant_ref(node).map_or(0, |variant| {
            u64::from(variant.index()) ^ variant.enum_value().bits().rotate_left(32)
        });
        Open { node, next: 0, hash: self.hash_pair(label, self.parts(node).len() as u64) }
    }

    fn hash_deep(&self, root: Value) -> Result<u32, Unhashable> {
        if let Some(hash) = self.kept_hash(root) {
            return Ok(hash);
        }
        let mut stack = vec![self.open(root)];
        let mut on_path = AddressSet::from_iter([root.bits()]);
        let mut done: AddressMap<u32> = AddressMap::default();
        loop {
            let Some(top) = stack.last_mut() else { return Ok(0) };
            if let Some(&part) = self.parts(top.node).get(top.next) {
                top.next += 1;
                let hash = match part.kind() {
                    Kind::List | Kind::Variant => {
                        let known =
                            self.kept_hash(part).or_else(|| done.get(&part.bits()).copied());
                        let Some(hash) = known else {
                            if !on_path.insert(part.bits()) {
                                let problem = HashProblem::Cyclic;
                                return Err(Unhashable { value: part, problem });
                            }
                            stack.push(self.open(part));
                            continue;
                        };
                        hash
                    }
                    _ => self.hash_flat(part)?,
                };
                top.hash = self.hash_pair(u64::from(top.hash), u64::from(hash));
                continue;
            }
            let hash = top.hash.max(1);
            let node = top.node;
            if let Some(list) = self.list_ref(node).filter(|list| list.frozen) {
                list.hash.set(hash);
            }
            on_path.remove(&node.bits());
            stack.pop();
            let Some(parent) = stack.last_mut() else { return Ok(hash) };
            done.insert(node.bits(), hash);
            parent.hash = self.hash_pair(u64::from(parent.hash), u64::from(hash));
        }
    }
}
