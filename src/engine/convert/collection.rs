//! Conversions of what holds other values: options, lists, maps, sets, tuples.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use super::{Arguments, FromValue, IntoValue, room};
use crate::vm::Value;
use crate::vm::heap::Heap;

impl<T: FromValue> FromValue for Option<T> {
    fn expected() -> String {
        format!("{} or null", T::expected())
    }

    fn type_name() -> String {
        format!("{}?", T::type_name())
    }

    fn from_value(heap: &Heap, value: Value) -> Option<Option<T>> {
        if value.is_null() { Some(None) } else { T::from_value(heap, value).map(Some) }
    }

    fn missing() -> Option<Option<T>> {
        Some(None)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        match self {
            Some(inner) => inner.into_value(heap),
            None => Ok(Value::null()),
        }
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn expected() -> String {
        format!("a list, each element {}", T::expected())
    }

    fn type_name() -> String {
        "list".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<Vec<T>> {
        let list = heap.list_ref(value)?;
        list.items.iter().map(|&item| T::from_value(heap, item)).collect()
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.len() * size_of::<Value>())?;
        let items: Result<Vec<Value>, String> =
            self.into_iter().map(|item| item.into_value(heap)).collect();
        Ok(heap.list(items?))
    }
}

impl<K, V, S> FromValue for HashMap<K, V, S>
where
    K: FromValue + Eq + Hash,
    V: FromValue,
    S: BuildHasher + Default,
{
    fn expected() -> String {
        format!("a map, each key {}, each value {}", K::expected(), V::expected())
    }

    fn type_name() -> String {
        "map".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<HashMap<K, V, S>> {
        entries(heap, value)?.collect()
    }
}

impl<K: FromValue + Ord, V: FromValue> FromValue for BTreeMap<K, V> {
    fn expected() -> String {
        format!("a map, each key {}, each value {}", K::expected(), V::expected())
    }

    fn type_name() -> String {
        "map".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<BTreeMap<K, V>> {
        entries(heap, value)?.collect()
    }
}

/// The entries of a map; each is `None` if its key or value does not fit.
fn entries<'h, K: FromValue, V: FromValue>(
    heap: &'h Heap,
    value: Value,
) -> Option<impl Iterator<Item = Option<(K, V)>> + 'h> {
    let map = heap.map_ref(value)?;
    Some(
        map.iter()
            .map(|(key, value)| Some((K::from_value(heap, key)?, V::from_value(heap, value)?))),
    )
}

impl<K: IntoValue, V: IntoValue, S> IntoValue for HashMap<K, V, S> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        map_of(heap, self.len(), self.into_iter())
    }
}

impl<K: IntoValue, V: IntoValue> IntoValue for BTreeMap<K, V> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        map_of(heap, self.len(), self.into_iter())
    }
}

fn map_of<K: IntoValue, V: IntoValue>(
    heap: &mut Heap,
    length: usize,
    entries: impl Iterator<Item = (K, V)>,
) -> Result<Value, String> {
    room(heap, length * 2 * size_of::<Value>())?;
    let map = heap.map(Default::default());
    for (key, value) in entries {
        let key = key.into_value(heap)?;
        let value = value.into_value(heap)?;
        heap.map_insert(map, key, value).map_err(|_| "the key cannot be hashed".to_owned())?;
    }
    Ok(map)
}

macro_rules! tuples {
    ($( ($count:literal $($name:ident $part:ident)+) )+) => {$(
        impl<$($name: FromValue),+> FromValue for ($($name,)+) {
            fn expected() -> String {
                let parts = [$($name::expected()),+];
                format!("a list of {}: {}", $count, parts.join(", "))
            }

            fn type_name() -> String {
                "list".to_owned()
            }

            fn from_value(heap: &Heap, value: Value) -> Option<Self> {
                let [$($part),+] = heap.list_ref(value)?.items[..] else { return None };
                Some(($($name::from_value(heap, $part)?,)+))
            }
        }

        impl<$($name: IntoValue),+> IntoValue for ($($name,)+) {
            fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
                let ($($part,)+) = self;
                let items = vec![$($part.into_value(heap)?),+];
                Ok(heap.list(items))
            }
        }

        impl<$($name: IntoValue),+> Arguments for ($($name,)+) {
            fn into_values(self, heap: &mut Heap) -> Result<Vec<Value>, String> {
                let ($($part,)+) = self;
                Ok(vec![$($part.into_value(heap)?),+])
            }
        }
    )+};
}

tuples! {
    (1 A a)
    (2 A a B b)
    (3 A a B b C c)
    (4 A a B b C c D d)
    (5 A a B b C c D d E e)
    (6 A a B b C c D d E e F f)
}

impl Arguments for () {
    fn into_values(self, _heap: &mut Heap) -> Result<Vec<Value>, String> {
        Ok(Vec::new())
    }
}

impl<T, S> FromValue for HashSet<T, S>
where
    T: FromValue + Eq + Hash,
    S: BuildHasher + Default,
{
    fn expected() -> String {
        format!("a set, each element {}", T::expected())
    }

    fn type_name() -> String {
        "set".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<HashSet<T, S>> {
        heap.set_ref(value)?.iter().map(|(item, _)| T::from_value(heap, item)).collect()
    }
}

impl<T: FromValue + Ord> FromValue for BTreeSet<T> {
    fn expected() -> String {
        format!("a set, each element {}", T::expected())
    }

    fn type_name() -> String {
        "set".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<BTreeSet<T>> {
        heap.set_ref(value)?.iter().map(|(item, _)| T::from_value(heap, item)).collect()
    }
}

impl<T: IntoValue, S> IntoValue for HashSet<T, S> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        set_of(heap, self.len(), self.into_iter())
    }
}

impl<T: IntoValue> IntoValue for BTreeSet<T> {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        set_of(heap, self.len(), self.into_iter())
    }
}

fn set_of<T: IntoValue>(
    heap: &mut Heap,
    length: usize,
    items: impl Iterator<Item = T>,
) -> Result<Value, String> {
    room(heap, length * 2 * size_of::<Value>())?;
    let set = heap.set(Default::default());
    for item in items {
        let item = item.into_value(heap)?;
        heap.set_add(set, item).map_err(|_| "the element cannot be hashed".to_owned())?;
    }
    Ok(set)
}
