//! Values of Kettle into Rust values.

use serde::de::value::{StrDeserializer, StringDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::DEPTH_MAX;
use super::fault::{Fault, Step};
use crate::vm::display::display_short;
use crate::vm::heap::Heap;
use crate::vm::{Kind, Value};

/// More of a key than this is not shown.
const SHOWN_MAX: usize = 60;
const NANOS: i64 = 1_000_000_000;

/// The Rust value that a value of Kettle is; an error is a message.
pub fn value<T: DeserializeOwned>(heap: &Heap, value: Value) -> Result<T, String> {
    T::deserialize(Reader { heap, value, depth: 0 }).map_err(|fault| fault.to_string())
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'h> {
    heap: &'h Heap,
    value: Value,
    depth: usize,
}

impl<'h> Reader<'h> {
    /// Another value, a level deeper.
    fn inside(self, value: Value) -> Result<Reader<'h>, Fault> {
        match self.depth {
            DEPTH_MAX.. => Err(Fault::new(format!("it is nested more than {DEPTH_MAX} deep"))),
            depth => Ok(Reader { value, depth: depth + 1, ..self }),
        }
    }

    fn shown(self) -> String {
        display_short(self.heap, self.value, SHOWN_MAX)
    }

    fn elements(self) -> Option<Vec<Value>> {
        match self.value.kind() {
            Kind::List => self.heap.list_ref(self.value).map(|list| list.items.to_vec()),
            _ => self.heap.set_ref(self.value).map(|set| set.iter().map(|(it, _)| it).collect()),
        }
    }

    fn entries(self) -> Option<Vec<(Key, Value)>> {
        if let Some(instance) = self.heap.instance_ref(self.value) {
            let names = instance.class().fields.iter().map(|name| Key::Name(name.to_string()));
            return Some(names.zip(instance.slots().iter().copied()).collect());
        }
        let map = self.heap.map_ref(self.value)?;
        Some(map.iter().map(|(key, value)| (Key::Value(key), value)).collect())
    }
}

/// A key of a map, or the name of a field.
enum Key {
    Value(Value),
    Name(String),
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value = self.value;
        match value.kind() {
            Kind::Null | Kind::Unset => visitor.visit_unit(),
            Kind::Bool => visitor.visit_bool(value.truthy()),
            Kind::Int => visitor.visit_i64(value.as_int().unwrap_or_default()),
            Kind::Float => visitor.visit_f64(value.as_number().unwrap_or_default()),
            Kind::Str => visitor.visit_str(self.heap.str(value).unwrap_or_default()),
            Kind::Bytes => visitor.visit_bytes(self.heap.bytes_ref(value).unwrap_or_default()),
            Kind::Buffer => {
                visitor.visit_bytes(self.heap.buffer_ref(value).map_or(&[], Vec::as_slice))
            }
            Kind::Duration => visitor.visit_map(Parts::of(self)?),
            Kind::List | Kind::Set => {
                let items = self.elements().unwrap_or_default().into_iter();
                visitor.visit_seq(Items { reader: self, items, index: 0 })
            }
            Kind::Map | Kind::Instance => {
                let entries = self.entries().unwrap_or_default().into_iter();
                visitor.visit_map(Entries { reader: self, entries, next: None })
            }
            _ => Err(Fault::invalid_type(Unexpected::Other(&self.shown()), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self.inside(self.value)?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Some(name) = self.heap.str(self.value) {
            return visitor.visit_enum(IntoDeserializer::<Fault>::into_deserializer(name));
        }
        let entries = self.entries();
        match entries.as_deref() {
            Some([(Key::Value(key), content)]) if self.heap.str(*key).is_some() => {
                let name = self.heap.str(*key).unwrap_or_default();
                visitor.visit_enum(Variant { name, content: self.inside(*content)? })
            }
            _ => Err(Fault::invalid_type(
                Unexpected::Other(&self.shown()),
                &"the name of a variant, or a map with its content",
            )),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The elements of a list.
struct Items<'h> {
    reader: Reader<'h>,
    items: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        let read = seed.deserialize(self.reader.inside(item)?);
        read.map(Some).map_err(|fault| fault.behind(Step::Index(index)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map, or the fields of an instance.
struct Entries<'h> {
    reader: Reader<'h>,
    entries: std::vec::IntoIter<(Key, Value)>,
    /// What stands behind the key that was read last.
    next: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        match key {
            Key::Value(key) => {
                let reader = self.reader.inside(key)?;
                let name = reader.heap.str(key).map_or_else(|| reader.shown(), str::to_owned);
                self.next = Some((name, value));
                seed.deserialize(reader).map(Some)
            }
            Key::Name(name) => {
                let reader: StringDeserializer<Fault> = name.clone().into_deserializer();
                self.next = Some((name, value));
                seed.deserialize(reader).map(Some)
            }
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let (name, value) =
            self.next.take().ok_or_else(|| Fault::new("a value was asked for before its key"))?;
        let read = seed.deserialize(self.reader.inside(value)?);
        read.map_err(|fault| fault.behind(Step::Name(name)))
    }
}

/// A duration as serde knows it: seconds and nanoseconds.
struct Parts {
    rest: std::vec::IntoIter<(&'static str, u64)>,
    next: u64,
}

impl Parts {
    fn of(reader: Reader<'_>) -> Result<Parts, Fault> {
        let total = reader.value.as_duration().unwrap_or_default();
        let parts = u64::try_from(total / NANOS).ok().zip(u64::try_from(total % NANOS).ok());
        let Some((seconds, nanos)) = parts else {
            return Err(Fault::new(format!("{} is below zero", reader.shown())));
        };
        Ok(Parts { rest: vec![("secs", seconds), ("nanos", nanos)].into_iter(), next: 0 })
    }
}

impl<'de> MapAccess<'de> for Parts {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some((name, part)) = self.rest.next() else { return Ok(None) };
        self.next = part;
        let reader: StrDeserializer<'_, Fault> = name.into_deserializer();
        seed.deserialize(reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        seed.deserialize(self.next.into_deserializer())
    }
}

/// A variant with content.
struct Variant<'h> {
    name: &'h str,
    content: Reader<'h>,
}

impl<'de, 'h> EnumAccess<'de> for Variant<'h> {
    type Error = Fault;
    type Variant = Reader<'h>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Reader<'h>), Fault> {
        let reader: StrDeserializer<'_, Fault> = self.name.into_deserializer();
        Ok((seed.deserialize(reader)?, self.content))
    }
}

impl<'de> VariantAccess<'de> for Reader<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value.is_null() {
            true => Ok(()),
            false => Err(Fault::invalid_type(Unexpected::Other(&self.shown()), &"null")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }
}
