//! Rust values into values of Kettle.

use std::time::Duration;

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::DEPTH_MAX;
use super::fault::{Fault, Step};
use crate::engine::convert::{Bytes, IntoValue, raw_of};
use crate::vm::Value;
use crate::vm::display::display_short;
use crate::vm::heap::Heap;

/// More of a key than this is not shown.
const SHOWN_MAX: usize = 60;

/// The value of Kettle that a Rust value is.
pub fn value<T: Serialize>(heap: &mut Heap, value: &T) -> Result<Value, String> {
    value.serialize(Writer { heap, depth: 0 }).map_err(|fault| fault.to_string())
}

/// Makes one value.
struct Writer<'h> {
    heap: &'h mut Heap,
    depth: usize,
}

impl<'h> Writer<'h> {
    fn make(self, value: impl IntoValue) -> Result<Value, Fault> {
        raw_of(self.heap, value).map_err(Fault::new)
    }

    /// A level deeper.
    fn inside(self) -> Result<Writer<'h>, Fault> {
        match self.depth {
            DEPTH_MAX.. => Err(Fault::new(format!("it is nested more than {DEPTH_MAX} deep"))),
            depth => Ok(Writer { heap: self.heap, depth: depth + 1 }),
        }
    }

    fn list(self, variant: Option<&'static str>) -> Result<ListWriter<'h>, Fault> {
        Ok(ListWriter { writer: self.inside()?, items: Vec::new(), variant })
    }

    fn map(self, variant: Option<&'static str>) -> Result<MapWriter<'h>, Fault> {
        let writer = self.inside()?;
        let map = writer.heap.map(Default::default());
        Ok(MapWriter { writer, map, key: None, variant, is_duration: false })
    }
}

/// `{variant: content}`, or the content of what is no variant.
fn wrapped(heap: &mut Heap, variant: Option<&'static str>, content: Value) -> Result<Value, Fault> {
    let Some(variant) = variant else { return Ok(content) };
    let map = heap.map(Default::default());
    insert(heap, map, variant, content)?;
    Ok(map)
}

fn insert(heap: &mut Heap, map: Value, name: &str, value: Value) -> Result<(), Fault> {
    let key = heap.intern(name);
    insert_value(heap, map, key, value)
}

fn insert_value(heap: &mut Heap, map: Value, key: Value, value: Value) -> Result<(), Fault> {
    room(heap, 1)?;
    let inserted = heap.map_insert(map, key, value);
    inserted.map(drop).map_err(|_| Fault::new("a key cannot be hashed"))
}

fn room(heap: &Heap, values: usize) -> Result<(), Fault> {
    let room = heap.reserve(values * 2 * size_of::<Value>());
    room.map_err(|_| Fault::new("it would pass the memory limit"))
}

macro_rules! plain {
    ($($name:ident $of:ty)+) => {$(
        fn $name(self, value: $of) -> Result<Value, Fault> {
            self.make(value)
        }
    )+};
}

impl<'h> Serializer for Writer<'h> {
    type Ok = Value;
    type Error = Fault;
    type SerializeSeq = ListWriter<'h>;
    type SerializeTuple = ListWriter<'h>;
    type SerializeTupleStruct = ListWriter<'h>;
    type SerializeTupleVariant = ListWriter<'h>;
    type SerializeMap = MapWriter<'h>;
    type SerializeStruct = MapWriter<'h>;
    type SerializeStructVariant = MapWriter<'h>;

    plain! {
        serialize_bool bool serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_i128 i128 serialize_u8 u8 serialize_u16 u16 serialize_u32 u32 serialize_u64 u64
        serialize_u128 u128 serialize_f32 f32 serialize_f64 f64 serialize_char char
        serialize_str &str
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<Value, Fault> {
        self.make(Bytes(bytes.to_vec()))
    }

    fn serialize_none(self) -> Result<Value, Fault> {
        Ok(Value::null())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Fault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Fault> {
        Ok(Value::null())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Value, Fault> {
        Ok(Value::null())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Fault> {
        self.make(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<Value, Fault> {
        value.serialize(self.inside()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Value, Fault> {
        let inside = self.inside()?;
        let writer = Writer { heap: &mut *inside.heap, depth: inside.depth };
        let content =
            value.serialize(writer).map_err(|it| it.behind(Step::Name(variant.to_owned())))?;
        wrapped(inside.heap, Some(variant), content)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ListWriter<'h>, Fault> {
        self.list(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<ListWriter<'h>, Fault> {
        self.list(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ListWriter<'h>, Fault> {
        self.list(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ListWriter<'h>, Fault> {
        self.list(Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapWriter<'h>, Fault> {
        self.map(None)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<MapWriter<'h>, Fault> {
        Ok(MapWriter { is_duration: name == "Duration", ..self.map(None)? })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<MapWriter<'h>, Fault> {
        self.map(Some(variant))
    }
}

/// Collects the elements of a list.
struct ListWriter<'h> {
    writer: Writer<'h>,
    items: Vec<Value>,
    variant: Option<&'static str>,
}

impl ListWriter<'_> {
    fn add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        room(self.writer.heap, self.items.len() + 1)?;
        let writer = Writer { heap: &mut *self.writer.heap, depth: self.writer.depth };
        let item = value.serialize(writer);
        self.items.push(item.map_err(|fault| fault.behind(Step::Index(self.items.len())))?);
        Ok(())
    }

    fn finish(self) -> Result<Value, Fault> {
        let list = self.writer.heap.list(self.items);
        wrapped(self.writer.heap, self.variant, list)
    }
}

/// Collects the entries of a map.
struct MapWriter<'h> {
    writer: Writer<'h>,
    map: Value,
    key: Option<Value>,
    variant: Option<&'static str>,
    /// It has the name of the type of the standard library.
    is_duration: bool,
}

impl MapWriter<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Value, Fault> {
        value.serialize(Writer { heap: &mut *self.writer.heap, depth: self.writer.depth })
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        let value = self.part(value).map_err(|it| it.behind(Step::Name(name.to_owned())))?;
        insert(self.writer.heap, self.map, name, value)
    }

    fn finish(self) -> Result<Value, Fault> {
        let heap = self.writer.heap;
        if self.is_duration {
            let mut part = |name: &str| {
                let key = heap.intern(name);
                heap.map_get(self.map, key).ok().flatten()?.as_int()
            };
            let parts = part("secs").zip(part("nanos"));
            let (seconds, nanos) =
                parts.ok_or_else(|| Fault::new("a `Duration` has `secs` and `nanos`"))?;
            let span = u64::try_from(seconds).ok().zip(u32::try_from(nanos).ok());
            let (seconds, nanos) = span.ok_or_else(|| Fault::new("a duration below zero"))?;
            return raw_of(heap, Duration::new(seconds, nanos)).map_err(Fault::new);
        }
        wrapped(heap, self.variant, self.map)
    }
}

macro_rules! lists {
    ($($of:ident $add:ident)+) => {$(
        impl ser::$of for ListWriter<'_> {
            type Ok = Value;
            type Error = Fault;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.add(value)
            }

            fn end(self) -> Result<Value, Fault> {
                self.finish()
            }
        }
    )+};
}

lists! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

impl ser::SerializeMap for MapWriter<'_> {
    type Ok = Value;
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        self.key = Some(self.part(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let key = self.key.take().ok_or_else(|| Fault::new("a value without a key"))?;
        let value = self.part(value).map_err(|fault| {
            let text = self.writer.heap.str(key).map(str::to_owned);
            let name = text.unwrap_or_else(|| display_short(self.writer.heap, key, SHOWN_MAX));
            fault.behind(Step::Name(name))
        })?;
        insert_value(self.writer.heap, self.map, key, value)
    }

    fn end(self) -> Result<Value, Fault> {
        self.finish()
    }
}

macro_rules! structs {
    ($($of:ident)+) => {$(
        impl ser::$of for MapWriter<'_> {
            type Ok = Value;
            type Error = Fault;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Fault> {
                self.field(name, value)
            }

            fn end(self) -> Result<Value, Fault> {
                self.finish()
            }
        }
    )+};
}

structs! { SerializeStruct SerializeStructVariant }
