//! Rust values out of Kettle values and back: what host functions take and give.
//!
//! The conversions are strict, as the language is: no number out of a text, no int out of a float.
//! [`FromValue`] copies, so nothing that a host holds points into the heap; the one exception is a
//! parameter of type `&str`, which borrows for the length of the call ([`Parameter`]).

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use crate::vm::heap::Heap;
use crate::vm::{Args, Kind, Value, Vm as Machine};

/// A Rust type that can be made out of a Kettle value.
pub trait FromValue: Sized {
    /// What a value has to be, for messages: "an int".
    fn expected() -> String;

    /// The Rust value, if the Kettle value fits.
    fn from_value(heap: &Heap, value: Value) -> Option<Self>;

    /// What stands for an argument that was not given, if it may be left out.
    fn missing() -> Option<Self> {
        None
    }
}

/// A Rust type that can be made into a Kettle value.
pub trait IntoValue {
    /// The Kettle value; an error is a message for the script.
    fn into_value(self, heap: &mut Heap) -> Result<Value, String>;
}

/// The arguments of a call into a script: a tuple, `(x,)` for one.
pub trait Arguments {
    /// The Kettle values; an error is a message for the host.
    fn into_values(self, heap: &mut Heap) -> Result<Vec<Value>, String>;
}

/// A byte string. (`Vec<u8>` is a list of ints.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

/// All arguments from this place on. Only the last parameter can be one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub Vec<T>);

/// A type that a host function can have as a parameter: what [`FromValue`] makes, and `&str`.
pub trait Parameter {
    /// What the function gets.
    type Given<'a>;
    /// It takes all arguments that are left.
    const IS_REST: bool = false;

    /// What the argument has to be, for messages.
    fn wanted() -> String;

    /// What the function gets for the argument of that number, if it fits.
    fn take(vm: &Machine, args: Args, index: usize) -> Option<Self::Given<'_>>;

    /// Whether the argument may be left out.
    fn is_optional() -> bool;
}

impl<T: FromValue> Parameter for T {
    type Given<'a> = T;

    fn wanted() -> String {
        T::expected()
    }

    fn take(vm: &Machine, args: Args, index: usize) -> Option<T> {
        let value = vm.arg(args, index);
        if value.is_unset() { T::missing() } else { T::from_value(&vm.heap, value) }
    }

    fn is_optional() -> bool {
        T::missing().is_some()
    }
}

impl Parameter for &str {
    type Given<'a> = &'a str;

    fn wanted() -> String {
        "a str".to_owned()
    }

    fn take(vm: &Machine, args: Args, index: usize) -> Option<&str> {
        vm.heap.str(vm.arg(args, index))
    }

    fn is_optional() -> bool {
        false
    }
}

impl<T: FromValue> Parameter for Rest<T> {
    type Given<'a> = Rest<T>;
    const IS_REST: bool = true;

    fn wanted() -> String {
        T::expected()
    }

    /// The VM hands the arguments over as a list, unless they are all there are: then they stand
    /// as they were given.
    fn take(vm: &Machine, args: Args, index: usize) -> Option<Rest<T>> {
        let values = match index {
            0 => vm.args(args),
            _ => &vm.heap.list_ref(vm.arg(args, index))?.items,
        };
        values.iter().map(|&value| T::from_value(&vm.heap, value)).collect::<Option<_>>().map(Rest)
    }

    fn is_optional() -> bool {
        true
    }
}

macro_rules! ints {
    ($($int:ident)+) => {$(
        impl FromValue for $int {
            fn expected() -> String {
                match (i64::try_from($int::MIN), i64::try_from($int::MAX)) {
                    (Ok(i64::MIN), Ok(i64::MAX)) => "an int".to_owned(),
                    (Ok(low), Ok(high)) => format!("an int from {low} to {high}"),
                    _ => "an int that is not negative".to_owned(),
                }
            }

            fn from_value(_heap: &Heap, value: Value) -> Option<$int> {
                value.as_int().and_then(|number| $int::try_from(number).ok())
            }
        }

        impl IntoValue for $int {
            fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
                match i64::try_from(self) {
                    Ok(number) => Ok(Value::int(number)),
                    Err(_) => Err(format!("{self} is beyond the ints of Kettle, which have 64 bits")),
                }
            }
        }
    )+};
}

ints! { i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

impl FromValue for f64 {
    fn expected() -> String {
        "a number".to_owned()
    }

    /// An int is taken too, as arithmetic does.
    fn from_value(_heap: &Heap, value: Value) -> Option<f64> {
        value.as_number()
    }
}

impl IntoValue for f64 {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::float(self))
    }
}

impl FromValue for f32 {
    fn expected() -> String {
        f64::expected()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<f32> {
        f64::from_value(heap, value).map(|number| number as f32)
    }
}

impl IntoValue for f32 {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        f64::from(self).into_value(heap)
    }
}

impl FromValue for bool {
    fn expected() -> String {
        "a bool".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<bool> {
        value.as_bool()
    }
}

impl IntoValue for bool {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::bool(self))
    }
}

impl FromValue for () {
    fn expected() -> String {
        "null".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<()> {
        value.is_null().then_some(())
    }
}

impl IntoValue for () {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        Ok(Value::null())
    }
}

impl FromValue for String {
    fn expected() -> String {
        "a str".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<String> {
        heap.str(value).map(str::to_owned)
    }
}

impl IntoValue for String {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.len())?;
        Ok(heap.string_owned(self))
    }
}

impl IntoValue for &str {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.len())?;
        Ok(heap.string(self))
    }
}

impl FromValue for Bytes {
    fn expected() -> String {
        "bytes".to_owned()
    }

    fn from_value(heap: &Heap, value: Value) -> Option<Bytes> {
        match value.kind() {
            Kind::Buffer => heap.buffer_ref(value).map(|buffer| Bytes(buffer.to_vec())),
            _ => heap.bytes_ref(value).map(|bytes| Bytes(bytes.to_vec())),
        }
    }
}

impl IntoValue for Bytes {
    fn into_value(self, heap: &mut Heap) -> Result<Value, String> {
        room(heap, self.0.len())?;
        Ok(heap.bytes(&self.0))
    }
}

impl FromValue for Duration {
    fn expected() -> String {
        "a duration that is not negative".to_owned()
    }

    fn from_value(_heap: &Heap, value: Value) -> Option<Duration> {
        let nanoseconds = value.as_duration()?;
        u64::try_from(nanoseconds).ok().map(Duration::from_nanos)
    }
}

impl IntoValue for Duration {
    fn into_value(self, _heap: &mut Heap) -> Result<Value, String> {
        match i64::try_from(self.as_nanos()) {
            Ok(nanoseconds) => Ok(Value::duration(nanoseconds)),
            Err(_) => Err(format!("{self:?} is beyond the durations of Kettle (292 years)")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn expected() -> String {
        format!("{} or null", T::expected())
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

    fn from_value(heap: &Heap, value: Value) -> Option<HashMap<K, V, S>> {
        entries(heap, value)?.collect()
    }
}

impl<K: FromValue + Ord, V: FromValue> FromValue for BTreeMap<K, V> {
    fn expected() -> String {
        format!("a map, each key {}, each value {}", K::expected(), V::expected())
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

/// Refuses what would pass the memory limit.
fn room(heap: &Heap, bytes: usize) -> Result<(), String> {
    heap.reserve(bytes).map_err(|_| format!("{bytes} bytes would pass the memory limit"))
}
