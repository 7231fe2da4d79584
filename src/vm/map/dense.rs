//! Maps whose keys are ints that lie close together: values in an array addressed by the key.
//!
//! Looking up touches the value alone. Nothing is hashed, so nobody can make keys collide.

use crate::vm::heap::advise;
use crate::vm::value::Value;

/// Values by key, and the keys in the order of insertion.
#[derive(Clone, Debug)]
pub(super) struct Dense {
    /// The key of the first value.
    first: i64,
    /// Values by *offset*, which is key minus `first`; unset where there is no entry.
    values: Vec<Value>,
    /// Offsets by position.
    order: Vec<u32>,
    /// Positions by offset, from the first removal on; until then empty.
    positions: Vec<u32>,
}

/// The offset at the position of an entry that was removed.
const GONE: u32 = u32::MAX;
/// There are at most so many offsets for each entry: then this takes at most half as much memory again as
/// entries with an index that have just grown, and looking up touches one line of it instead of two.
const SPARSE_MAX: usize = 8;

/// Room for keys beyond those that there are: one offset for so many.
const SLACK: u64 = 16;

/// Whether `count` entries are enough for so many offsets.
fn is_dense(offsets: u64, count: usize) -> bool {
    offsets <= (count as u64).saturating_mul(SPARSE_MAX as u64) && offsets < u64::from(GONE)
}

impl Dense {
    /// For `count` entries with keys from `first` to `last`, if that is dense.
    pub(super) fn new(first: i64, last: i64, count: usize) -> Option<Dense> {
        let range = last.abs_diff(first).checked_add(1)?;
        // Keys in no order have mostly not brought the ends of their range yet.
        let slack = range / SLACK;
        let first = if first.unsigned_abs() <= slack { first.min(0) } else { first };
        let offsets = last.abs_diff(first).checked_add(1)?;
        if !is_dense(offsets, count) {
            return None;
        }
        let mut values = Vec::with_capacity((offsets + slack) as usize);
        advise(values.as_ptr(), values.capacity() * size_of::<Value>());
        values.resize(offsets as usize, Value::unset());
        let order = Vec::with_capacity(2 * count);
        Some(Dense { first, values, order, positions: Vec::new() })
    }

    /// Where the values are, and their bytes.
    pub(super) fn buffer(&self) -> (usize, usize) {
        super::body::buffer_of(&self.values)
    }

    /// The offset of a key that is there.
    #[inline]
    pub(super) fn find(&self, key: i64) -> Option<usize> {
        let offset = key.wrapping_sub(self.first) as u64;
        let value = self.values.get(usize::try_from(offset).ok()?)?;
        (!value.is_unset()).then_some(offset as usize)
    }

    /// The value of a key.
    #[inline]
    pub(super) fn get(&self, key: i64) -> Option<Value> {
        let offset = key.wrapping_sub(self.first) as u64;
        self.values.get(usize::try_from(offset).ok()?).copied().filter(|value| !value.is_unset())
    }

    /// Where the value of a key has to be written, and whether it is new, if nothing has to grow and no
    /// position has to be noted; new ones only if that is allowed.
    #[inline]
    pub(super) fn place(&mut self, key: i64, may_add: bool) -> Option<(&mut Value, bool)> {
        let offset = key.wrapping_sub(self.first) as u64;
        let slot = self.values.get_mut(usize::try_from(offset).ok()?)?;
        let is_new = slot.is_unset();
        if is_new {
            let has_room = self.order.len() < self.order.capacity() && self.positions.is_empty();
            if !(may_add && has_room) {
                return None;
            }
            self.order.push(offset as u32);
        }
        Some((slot, is_new))
    }

    /// The number of positions.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Key and value at an offset.
    #[inline]
    pub(super) fn at(&self, offset: usize) -> Option<(Value, Value)> {
        let value = *self.values.get(offset).filter(|value| !value.is_unset())?;
        Some((Value::int(self.first.wrapping_add(offset as i64)), value))
    }

    /// Key and value at a position.
    #[inline]
    pub(super) fn entry(&self, position: usize) -> Option<(Value, Value)> {
        // The offset of what is gone lies beyond all values.
        self.at(*self.order.get(position)? as usize)
    }

    /// Replaces the value at an offset that [`Dense::find`] gave.
    #[inline]
    pub(super) fn set_at(&mut self, offset: usize, value: Value) {
        if let Some(slot) = self.values.get_mut(offset) {
            *slot = value;
        }
    }

    /// Whether one more entry would make it allocate.
    #[inline]
    pub(super) fn would_grow(&self, key: Value) -> bool {
        let offset = key.bits().wrapping_sub(self.first as u64);
        offset >= self.values.len() as u64
            || self.order.len() == self.order.capacity()
            || (!self.positions.is_empty() && self.positions.len() == self.positions.capacity())
    }

    /// Appends an entry that is not there, one of `live` other ones; `false` if its key does not fit.
    #[inline]
    pub(super) fn push(&mut self, key: Value, value: Value, live: usize) -> bool {
        let Some(key) = key.as_int() else { return false };
        let offset = key.wrapping_sub(self.first) as u64;
        if offset >= self.values.len() as u64 {
            if key < self.first || !is_dense(offset.saturating_add(1), live + 1) {
                return false;
            }
            if offset >= self.values.capacity() as u64 {
                self.grow(offset as usize + 1);
            }
            self.values.resize(offset as usize + 1, Value::unset());
            if !self.positions.is_empty() {
                self.positions.resize(offset as usize + 1, 0);
            }
        }
        let offset = offset as usize;
        if !self.positions.is_empty() {
            self.positions[offset] = self.order.len() as u32;
        }
        self.order.push(offset as u32);
        self.values[offset] = value;
        true
    }

    #[cold]
    fn grow(&mut self, offsets: usize) {
        self.values.reserve(offsets - self.values.len());
        advise(self.values.as_ptr(), self.values.capacity() * size_of::<Value>());
    }

    /// Removes the entry at an offset; gives key and value.
    pub(super) fn remove_at(&mut self, offset: usize) -> Option<(Value, Value)> {
        let entry = self.at(offset)?;
        if self.positions.is_empty() {
            self.positions = vec![0; self.values.len()];
            self.number();
        }
        self.order[self.positions[offset] as usize] = GONE;
        self.values[offset] = Value::unset();
        Some(entry)
    }

    /// Writes the positions of all entries.
    fn number(&mut self) {
        for (position, offset) in self.order.iter().enumerate().filter(|(_, at)| **at != GONE) {
            self.positions[*offset as usize] = position as u32;
        }
    }

    /// Whether there is an entry at a position.
    #[inline]
    pub(super) fn is_live(&self, position: usize) -> bool {
        self.order.get(position).is_some_and(|offset| *offset != GONE)
    }

    /// Forgets the positions of removed entries; `false` if what is left is not dense.
    pub(super) fn squeeze(&mut self) -> bool {
        self.order.retain(|offset| *offset != GONE);
        if !self.positions.is_empty() {
            self.number();
        }
        is_dense(self.values.len() as u64, self.order.len())
    }

    /// The values, with unset ones among them.
    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The bytes that it owns.
    pub(super) fn bytes(&self) -> usize {
        self.values.capacity() * size_of::<Value>()
            + (self.order.capacity() + self.positions.capacity()) * size_of::<u32>()
    }
}
