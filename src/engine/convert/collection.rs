//! Conversions of what holds other values: options, lists, maps, sets, tuples.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};

use super::{FromValue, Given, IntoValue, Made, Maker, inner, raw_of, room};
use crate::vm::Value;
use crate::vm::heap::Heap;

impl<T: FromValue> FromValue for Option<T> {
    fn expected() -> String {
        format!("{} or null", T::expected())
    }

    fn type_name() -> String {
        format!("{}?", T::type_name())
    }

    fn from_value(value: Given<'_>) -> Option<Option<T>> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }

    fn missing() -> Option<Option<T>> {
        Some(None)
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        match self {
            Some(inner) => inner.into_value(maker),
            None => Ok(Made::of(Value::null())),
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

    fn from_value(value: Given<'_>) -> Option<Vec<T>> {
        value.items()?.map(T::from_value).collect()
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        room(maker.heap(), self.len() * size_of::<Value>())?;
        let items: Result<Vec<Value>, String> =
            self.into_iter().map(|item| raw_of(maker.heap(), item)).collect();
        Ok(Made::of(maker.heap().list(items?)))
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

    fn from_value(value: Given<'_>) -> Option<HashMap<K, V, S>> {
        entries(value)?.collect()
    }
}

impl<K: FromValue + Ord, V: FromValue> FromValue for BTreeMap<K, V> {
    fn expected() -> String {
        format!("a map, each key {}, each value {}", K::expected(), V::expected())
    }

    fn type_name() -> String {
        "map".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<BTreeMap<K, V>> {
        entries(value)?.collect()
    }
}

/// The entries of a map; each is `None` if its key or value does not fit.
fn entries<K: FromValue, V: FromValue>(
    map: Given<'_>,
) -> Option<impl Iterator<Item = Option<(K, V)>>> {
    let entries = map.entries()?;
    Some(entries.map(|(key, value)| Some((K::from_value(key)?, V::from_value(value)?))))
}

impl<K: IntoValue, V: IntoValue, S> IntoValue for HashMap<K, V, S> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        map_of(maker, self.len(), self.into_iter())
    }
}

impl<K: IntoValue, V: IntoValue> IntoValue for BTreeMap<K, V> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        map_of(maker, self.len(), self.into_iter())
    }
}

fn map_of<'v, K: IntoValue, V: IntoValue>(
    maker: &mut Maker<'v>,
    length: usize,
    entries: impl Iterator<Item = (K, V)>,
) -> Result<Made<'v>, String> {
    let heap = maker.heap();
    room(heap, length * 2 * size_of::<Value>())?;
    let map = heap.map(Default::default());
    for (key, value) in entries {
        let key = raw_of(heap, key)?;
        let value = raw_of(heap, value)?;
        heap.map_insert(map, key, value).map_err(|_| "the key cannot be hashed".to_owned())?;
    }
    Ok(Made::of(map))
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

            fn from_value(value: Given<'_>) -> Option<Self> {
                let list = value.heap().list_ref(value.raw())?;
                let [$($part),+] = list.items[..] else { return None };
                Some(($($name::from_value(value.other($part))?,)+))
            }
        }

        impl<$($name: IntoValue),+> IntoValue for ($($name,)+) {
            fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
                let ($($part,)+) = self;
                let heap = maker.heap();
                let items = vec![$(raw_of(heap, $part)?),+];
                Ok(Made::of(heap.list(items)))
            }
        }

        impl<$($name: IntoValue),+> inner::Arguments for ($($name,)+) {
            type Values = [Value; $count];

            #[inline]
            fn into_values(self, heap: &mut Heap) -> Result<[Value; $count], String> {
                let ($($part,)+) = self;
                Ok([$(raw_of(heap, $part)?),+])
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

impl inner::Arguments for () {
    type Values = [Value; 0];

    fn into_values(self, _heap: &mut Heap) -> Result<[Value; 0], String> {
        Ok([])
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

    fn from_value(value: Given<'_>) -> Option<HashSet<T, S>> {
        let set = value.heap().set_ref(value.raw())?;
        set.iter().map(|(item, _)| T::from_value(value.other(item))).collect()
    }
}

impl<T: FromValue + Ord> FromValue for BTreeSet<T> {
    fn expected() -> String {
        format!("a set, each element {}", T::expected())
    }

    fn type_name() -> String {
        "set".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<BTreeSet<T>> {
        let set = value.heap().set_ref(value.raw())?;
        set.iter().map(|(item, _)| T::from_value(value.other(item))).collect()
    }
}

impl<T: IntoValue, S> IntoValue for HashSet<T, S> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        set_of(maker, self.len(), self.into_iter())
    }
}

impl<T: IntoValue> IntoValue for BTreeSet<T> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        set_of(maker, self.len(), self.into_iter())
    }
}

fn set_of<'v, T: IntoValue>(
    maker: &mut Maker<'v>,
    length: usize,
    items: impl Iterator<Item = T>,
) -> Result<Made<'v>, String> {
    let heap = maker.heap();
    room(heap, length * 2 * size_of::<Value>())?;
    let set = heap.set(Default::default());
    for item in items {
        let item = raw_of(heap, item)?;
        heap.set_add(set, item).map_err(|_| "the element cannot be hashed".to_owned())?;
    }
    Ok(Made::of(set))
}
