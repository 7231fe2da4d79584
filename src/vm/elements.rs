//! The elements of built-in iterables, all at once: for `...` and for natives that take "an
//! iterable".
//!
//! What a class or a generator yields has to be asked of script code; for those the natives hand
//! over to a function of the core module that first collects them into a list.

use super::Vm;
use super::error::{ErrorKind, Thrown};
use super::value::{Kind, Value};

/// After so many elements something long is left if the program has to end.
const PART: u64 = 1 << 18;

/// What iterating over a value gives.
pub enum Elements {
    /// These.
    Known(Vec<Value>),
    /// Script code has to be asked.
    AskScript,
    /// It cannot be iterated over.
    None,
}

impl Vm {
    /// The elements of a list, set, str, bytes, buffer or range; the pairs of a map.
    pub fn elements(&mut self, value: Value) -> Result<Elements, Thrown> {
        let items = match value.kind() {
            Kind::List => {
                let length = self.heap.list_ref(value).map_or(0, |list| list.items.len());
                self.reserve(length.saturating_mul(size_of::<Value>()))?;
                self.heap.list_ref(value).map_or_else(Vec::new, |list| list.items.to_vec())
            }
            Kind::Set => self.heap.set_ref(value).map_or_else(Vec::new, |set| set.keys().collect()),
            Kind::Map => {
                let entries: Vec<(Value, Value)> =
                    self.heap.map_ref(value).map_or_else(Vec::new, |map| map.iter().collect());
                self.reserve(entries.len().saturating_mul(4 * size_of::<Value>()))?;
                let mut items = Vec::with_capacity(entries.len());
                for some in entries.chunks(PART as usize) {
                    self.goes_on()?;
                    items.extend(some.iter().map(|pair| self.heap.list(vec![pair.0, pair.1])));
                }
                items
            }
            Kind::Str => {
                let chars: Vec<char> =
                    self.patiently(self.heap.str(value).unwrap_or_default().chars()).collect();
                self.reserve(chars.len().saturating_mul(2 * size_of::<Value>()))?;
                let mut items = Vec::with_capacity(chars.len());
                for some in chars.chunks(PART as usize) {
                    self.goes_on()?;
                    items.extend(some.iter().map(|c| self.heap.character_string(*c)));
                }
                items
            }
            Kind::Bytes | Kind::Buffer => {
                let content = match value.kind() {
                    Kind::Bytes => self.heap.bytes_ref(value),
                    _ => self.heap.buffer_ref(value).map(Vec::as_slice),
                };
                self.patiently(content.unwrap_or_default())
                    .map(|byte| Value::int(i64::from(*byte)))
                    .collect()
            }
            Kind::Range => return self.elements_of_range(value),
            Kind::Instance | Kind::Variant | Kind::Object | Kind::Generator => {
                return Ok(Elements::AskScript);
            }
            _ => return Ok(Elements::None),
        };
        self.goes_on()?;
        Ok(Elements::Known(items))
    }

    fn elements_of_range(&mut self, value: Value) -> Result<Elements, Thrown> {
        let Some(range) = self.heap.range_ref(value).copied() else { return Ok(Elements::None) };
        let Some(length) = range.len() else {
            let message =
                "an endless range has no last element: take some of it first, `(1..).take(10)`";
            return Err(self.error(ErrorKind::ValueError, message));
        };
        let bytes =
            usize::try_from(length).unwrap_or(usize::MAX).saturating_mul(size_of::<Value>());
        self.reserve(bytes)?;
        let mut items = Vec::with_capacity(usize::try_from(length).unwrap_or(usize::MAX));
        let mut from = 0;
        while from < length {
            if self.has_to_stop() {
                return Err(self.stopped());
            }
            let to = length.min(from + PART);
            items.extend((from..to).map_while(|i| range.get(i)).map(Value::int));
            from = to;
        }
        Ok(Elements::Known(items))
    }
}
