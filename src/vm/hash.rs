//! Hashes of values: equal keys have equal hashes.
//!
//! Numbers that are equal hash alike whatever their type; strings and frozen lists keep their hash;
//! lists and enum values are hashed from their parts (`hasher.rs`). What can change is not
//! hashable, except a list, of which the map keeps a frozen copy.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;

use super::hasher::{Hashed, Hasher};
use super::heap::Heap;
use super::object::KeyForm;
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
    /// Its class defines `hash`, which script code has to call: see [`Hasher`].
    NeedsCall,
}

/// Hashes ints. Seeded like all hashes, but known without the heap.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct IntHasher {
    seed: u64,
    factor: u64,
}

impl IntHasher {
    /// A hasher whose secrets come from another one.
    pub(in crate::vm) fn from_hasher(hasher: &impl BuildHasher) -> IntHasher {
        IntHasher { seed: hasher.hash_one(1_u64), factor: hasher.hash_one(2_u64) | 1 }
    }

    /// The hash of an int.
    #[inline]
    pub(in crate::vm) fn hash(self, number: i64) -> u32 {
        let product = u128::from(number.cast_unsigned() ^ self.seed) * u128::from(self.factor);
        let folded = (product >> 64) as u64 ^ product as u64;
        (folded >> 32) as u32 ^ folded as u32
    }
}

/// A value that cannot be a key as it is.
#[derive(Clone, Copy, Debug)]
pub struct Unhashable {
    /// The value, perhaps a part of the key.
    pub value: Value,
    /// Why.
    pub problem: HashProblem,
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
            Kind::Int => Ok(self.int_hasher().hash(value.bits().cast_signed())),
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

    pub(in crate::vm) fn hash_pair(&self, first: u64, second: u64) -> u32 {
        self.hasher().hash_one((first, second)) as u32
    }

    /// The hash of a value that has no parts.
    pub(in crate::vm) fn hash_flat(&self, value: Value) -> Result<u32, Unhashable> {
        let refuse = |problem| Err(Unhashable { value, problem });
        match value.kind() {
            Kind::Int => Ok(self.int_hasher().hash(value.bits().cast_signed())),
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
                if class.is_some_and(|class| class.method("hash").is_some()) {
                    refuse(HashProblem::NeedsCall)
                } else if class.is_some_and(|class| class.method("==").is_some()) {
                    refuse(HashProblem::EqualityWithoutHash)
                } else {
                    Ok(self.hash_pair(value.tag(), value.bits()))
                }
            }
            Kind::Object => Ok(self.hash_object(value)),
            _ => Ok(self.hash_pair(value.tag(), value.bits())),
        }
    }

    fn hash_object(&self, value: Value) -> u32 {
        match self.host_value(value).map(|object| object.key()) {
            None => self.hash_pair(value.tag(), value.bits()),
            Some(KeyForm::Int(number)) => self.int_hasher().hash(number),
            Some(KeyForm::Float(number)) => self.hash_float(number),
            Some(KeyForm::Bytes(bytes)) => self.hasher().hash_one(bytes) as u32,
        }
    }

    fn hash_float(&self, number: f64) -> u32 {
        // A float that is an int hashes as that int; all nans are one key.
        if let Some(int) = super::equal::float_as_int(number) {
            return self.int_hasher().hash(int);
        }
        let canonical = Value::float(if number.is_nan() { f64::NAN } else { number });
        self.hash_pair(canonical.tag(), canonical.bits())
    }

    /// The int that a key equals, if there is one.
    pub(in crate::vm) fn key_int(&self, key: Value) -> Option<i64> {
        match key.kind() {
            Kind::Int => key.as_int(),
            Kind::Float => super::equal::float_as_int(f64::from_bits(key.bits())),
            Kind::Object => match self.host_value(key)?.key() {
                KeyForm::Int(number) => Some(number),
                KeyForm::Float(number) => super::equal::float_as_int(number),
                KeyForm::Bytes(_) => None,
            },
            _ => None,
        }
    }

    /// The parts of a list or an enum value.
    pub(in crate::vm) fn parts(&self, node: Value) -> &[Value] {
        if let Some(list) = self.list_ref(node) {
            return &list.items;
        }
        self.variant_ref(node).map_or(&[], |variant| variant.payload())
    }

    fn hash_deep(&self, root: Value) -> Result<u32, Unhashable> {
        let mut hasher = Hasher::new(root);
        match hasher.run(self)? {
            Hashed::Known(hash) => Ok(hash),
            Hashed::NeedsCall(value) => Err(Unhashable { value, problem: HashProblem::NeedsCall }),
        }
    }
}
