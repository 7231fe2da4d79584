//! Reading what is not beyond doubt: serde_json calls the visitor here, which makes values of the heap without a tree in
//! between.
//!
//! serde_json goes one native call deeper with every list and object, so the depth is limited here,
//! to what the smallest stack of a thread holds. No collection runs meanwhile, so values may be kept
//! outside the heap.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::fault;
use super::number::{Numbers, TooLong, big};
use super::read::read;
use crate::vm::key::{KeyCache, TextKey};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// The deepest nesting that a script can ask for.
pub(super) const DEPTH_MAX: usize = 1000;

/// So many values are made between two looks at the limit of memory.
const CHECK_EVERY: u32 = 1024;

/// A document of so many bytes may have another key that comes again.
const BYTES_PER_KEY: usize = 64;

/// Strings of up to so many bytes are shared.
const WORD_MAX: usize = 8;

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// The function that reads, for messages.
    pub path: &'static str,
    /// How deep lists and objects may be nested.
    pub depth: usize,
    /// Ints beyond 64 bits keep their digits.
    pub bigints: bool,
}

/// Why reading stopped, beyond what is wrong with the text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stop {
    /// It is nested too deep.
    Depth,
    /// An int has more digits than a bigint can have.
    Digits,
    /// The values do not fit into memory.
    Memory,
}

/// The value of bytes that stand for a text.
pub(super) fn parse_bytes(vm: &mut Vm, content: &[u8], rules: Rules) -> Result<Value, Thrown> {
    match std::str::from_utf8(content) {
        Ok(text) => parse(vm, text, false, rules),
        Err(error) => Err(not_utf8(vm, content, error.valid_up_to(), rules.path)),
    }
}

/// The value of a text. `is_text` says that it came from a str.
pub(super) fn parse(vm: &mut Vm, text: &str, is_text: bool, rules: Rules) -> Result<Value, Thrown> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !rules.bigints {
        if let Some(value) = read(vm, text, rules.depth) {
            return Ok(value);
        }
        if vm.has_to_stop() || vm.heap.over_limit() {
            return Err(vm.out_of_memory());
        }
    }
    let numbers = rules.bigints.then(|| Numbers::new(text));
    let shortened = numbers.map(Numbers::shortened);
    let mut deserializer = serde_json::Deserializer::from_str(shortened.as_deref().unwrap_or(text));
    deserializer.disable_recursion_limit();
    let mut reader = Reader {
        vm,
        keys: KeyCache::with_room(text.len() / BYTES_PER_KEY),
        words: KeyCache::with_room(text.len() / BYTES_PER_KEY),
        items: Vec::new(),
        entries: Vec::new(),
        depth: 0,
        depth_max: rules.depth,
        numbers,
        made: 0,
        stop: None,
    };
    let result = Any(&mut reader).deserialize(&mut deserializer);
    let stop = reader.stop;
    match result.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) if matches!(stop, Some(Stop::Memory)) => Err(vm.out_of_memory()),
        Err(error) => Err(fault::error(vm, text, is_text, &error, (stop, rules))),
    }
}

#[cold]
fn not_utf8(vm: &mut Vm, content: &[u8], offset: usize, path: &str) -> Thrown {
    let byte = content[offset];
    let text = format!("{path}: the bytes are no UTF-8: 0x{byte:02x} at offset {offset}");
    let offset = Value::int(i64::try_from(offset).unwrap_or(i64::MAX));
    vm.error_with(ErrorKind::ParseError, text, &[("offset", offset)])
}

/// What all parts of one reading share.
struct Reader<'a> {
    vm: &'a mut Vm,
    keys: KeyCache,
    /// Short strings that are no keys: many documents have few words, but many times.
    words: KeyCache,
    /// The elements of the lists that are open, outermost first.
    items: Vec<Value>,
    /// The entries of the objects that are open.
    entries: Vec<(TextKey, Value)>,
    depth: usize,
    depth_max: usize,
    /// The texts of the numbers, where those of big ints are wanted.
    numbers: Option<Numbers<'a>>,
    made: u32,
    stop: Option<Stop>,
}

impl Reader<'_> {
    fn stopped<E: Error>(&mut self, stop: Stop) -> E {
        self.stop = Some(stop);
        E::custom("stopped")
    }

    /// Goes into a list or object.
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.depth == self.depth_max {
            return Err(self.stopped(Stop::Depth));
        }
        self.depth += 1;
        Ok(())
    }

    /// Looks at the limit of memory now and then, before an object of the heap is made.
    #[inline]
    fn make<E: Error>(&mut self) -> Result<(), E> {
        self.made += 1;
        if self.made.is_multiple_of(CHECK_EVERY)
            && (self.vm.heap.over_limit() || self.vm.has_to_stop())
        {
            return Err(self.stopped(Stop::Memory));
        }
        Ok(())
    }

    /// Goes past the text of a number that is not needed.
    #[inline]
    fn pass_number(&mut self) {
        if let Some(numbers) = &mut self.numbers {
            numbers.next();
        }
    }

    /// A number that serde_json gives as a float: a big int, where it is to keep its digits.
    fn number<E: Error>(&mut self, float: f64) -> Result<Value, E> {
        let text = self.numbers.as_mut().and_then(Numbers::next);
        match text.and_then(|text| big(self.vm, text)) {
            None => Ok(Value::float(float)),
            Some(Ok(number)) => Ok(number),
            Some(Err(TooLong)) => Err(self.stopped(Stop::Digits)),
        }
    }
}

/// Any value.
struct Any<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Any<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any<'_, '_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::null())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        self.0.pass_number();
        Ok(Value::int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.0.number(number as f64),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        self.0.number(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.0.make()?;
        if text.len() <= WORD_MAX {
            return Ok(self.0.vm.heap.text_key(&mut self.0.words, text).value());
        }
        Ok(self.0.vm.heap.string(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let reader = self.0;
        reader.enter()?;
        let first = reader.items.len();
        while let Some(item) = list.next_element_seed(Any(reader))? {
            reader.items.push(item);
        }
        reader.make()?;
        reader.depth -= 1;
        let items = reader.items.split_off(first);
        Ok(reader.vm.heap.list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let reader = self.0;
        reader.enter()?;
        let first = reader.entries.len();
        while let Some(key) = object.next_key_seed(Key(reader))? {
            let value = object.next_value_seed(Any(reader))?;
            reader.entries.push((key, value));
        }
        reader.make()?;
        reader.depth -= 1;
        let map = reader.vm.heap.map_of(&reader.entries[first..]);
        reader.entries.truncate(first);
        Ok(map)
    }
}

/// The key of an entry.
struct Key<'r, 'a>(&'r mut Reader<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = TextKey;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<TextKey, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = TextKey;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<TextKey, E> {
        self.0.make()?;
        Ok(self.0.vm.heap.text_key(&mut self.0.keys, text))
    }
}
