//! The value stack of a fiber: one buffer that grows by copying.
//!
//! Frames hold only distances and code addresses, so a copy needs no repair. All slots are null
//! when the buffer is made; later the collector makes null what lies above the running frame, so
//! no slot ever holds a pointer that missed a collection.
#![expect(unsafe_code, reason = "frames are addressed by pointers into the buffer")]

use std::cell::Cell;

use super::value::{Value, copy_slot};

/// Slots of the smallest stack: 96 bytes with what the allocator adds. It is enough for a function that
/// only waits.
pub const SMALLEST: usize = 5;

/// Buffers beyond this many slots are given back when they are hardly used.
const LARGE: usize = 1 << 14;

/// The registers and frame headers of one fiber.
#[derive(Debug)]
pub struct Stack {
    slots: Box<[Cell<Value>]>,
}

impl Stack {
    /// A stack with room for that many slots.
    pub fn new(capacity: usize) -> Stack {
        Stack { slots: vec![Cell::new(Value::null()); capacity].into_boxed_slice() }
    }

    /// How many slots it has.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Moves it to a new buffer of that many slots, at least as many as it has.
    pub fn grow(&mut self, capacity: usize) {
        let mut slots = Vec::with_capacity(capacity.max(self.slots.len()));
        slots.extend_from_slice(&self.slots);
        slots.resize(slots.capacity(), Cell::new(Value::null()));
        self.slots = slots.into_boxed_slice();
    }

    /// Gives half of a large buffer back of which only a small part is in use: after a deep
    /// recursion it would have to be cleared at every collection.
    pub fn shrink(&mut self, used: usize) {
        let capacity = self.slots.len();
        if capacity > LARGE && used < capacity / 4 {
            self.slots = self.slots[..capacity / 2].to_vec().into_boxed_slice();
        }
    }

    /// The address of its first slot.
    #[inline]
    pub fn start(&self) -> *mut Value {
        // A cell has the layout of its content, and writing through a shared cell is allowed.
        self.slots.as_ptr().cast_mut().cast()
    }

    /// The address one past its last slot.
    #[inline]
    pub fn end(&self) -> usize {
        self.slots.as_ptr_range().end.addr()
    }

    /// The index of the slot at an address inside it.
    #[inline]
    pub fn index_of(&self, slot: *const Value) -> usize {
        (slot.addr() - self.slots.as_ptr().addr()) / size_of::<Value>()
    }

    /// The value of a slot.
    #[inline]
    pub fn get(&self, index: usize) -> Value {
        self.slots[index].get()
    }

    /// Changes a slot.
    #[inline]
    pub fn set(&self, index: usize, value: Value) {
        self.slots[index].set(value);
    }

    /// A row of slots.
    #[inline]
    fn row(&self, start: usize, count: usize) -> &[Cell<Value>] {
        &self.slots[start..start + count]
    }

    /// Copies a row of slots of another stack to an index.
    #[inline]
    pub fn copy(&self, index: usize, from: &Stack, start: usize, count: usize) {
        let (to, from) = (self.row(index, count), from.row(start, count));
        for place in 0..count {
            // SAFETY: both rows have so many slots; a cell has the layout of its content and may be
            // written to.
            unsafe {
                copy_slot(to.as_ptr().add(place).cast_mut().cast(), from.as_ptr().add(place).cast())
            }
        }
    }

    /// Writes values to an index.
    #[inline]
    pub fn write(&self, index: usize, values: &[Value]) {
        let row = self.row(index, values.len());
        for (slot, value) in row.iter().zip(values) {
            slot.set(*value);
        }
    }

    /// The values of a row of slots.
    #[inline]
    pub fn slice(&self, start: usize, count: usize) -> &[Value] {
        let row = self.row(start, count);
        // SAFETY: `Cell<Value>` has the layout of `Value`, and while the VM is borrowed for this
        // slice nothing runs that writes to a stack.
        unsafe { std::slice::from_raw_parts(row.as_ptr().cast(), row.len()) }
    }

    /// Makes null what lies at and above an index.
    pub fn clear_from(&self, index: usize) {
        for slot in &self.slots[index.min(self.slots.len())..] {
            slot.set(Value::null());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_keeps_what_was_there_and_nulls_the_rest() {
        let mut stack = Stack::new(4);
        stack.set(3, Value::int(7));
        stack.grow(9);
        assert!(stack.capacity() >= 9);
        assert_eq!(stack.get(3).as_int(), Some(7));
        assert!(stack.get(8).is_null());
    }

    #[test]
    fn a_large_buffer_shrinks_when_little_of_it_is_used() {
        let mut stack = Stack::new(4 * LARGE);
        stack.set(7, Value::int(7));
        stack.shrink(3 * LARGE);
        assert_eq!(stack.capacity(), 4 * LARGE);
        for _ in 0..9 {
            stack.shrink(8);
        }
        assert_eq!(stack.capacity(), LARGE);
        assert_eq!(stack.get(7).as_int(), Some(7));
    }

    #[test]
    fn a_slice_shows_the_slots() {
        let stack = Stack::new(4);
        stack.set(1, Value::int(1));
        stack.set(2, Value::int(2));
        let ints: Vec<_> = stack.slice(1, 2).iter().filter_map(|value| value.as_int()).collect();
        assert_eq!(ints, [1, 2]);
    }

    #[test]
    fn an_address_gives_its_index() {
        let stack = Stack::new(8);
        assert_eq!(stack.index_of(stack.start().wrapping_add(5)), 5);
    }
}
