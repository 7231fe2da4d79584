//! The value stack of a fiber: one buffer that grows by copying.
//!
//! Frames hold only distances and code addresses, so a copy needs no repair. All slots are null
//! when the buffer is made; later the collector makes null what lies above the running frame, so
//! no slot ever holds a pointer that missed a collection.
#![expect(unsafe_code, reason = "frames are addressed by pointers into the buffer")]

use std::cell::Cell;
use std::ptr::NonNull;

use super::value::{Value, copy_slot, write_slot};

/// Slots of the smallest stack, 80 bytes. It is enough for a function that only waits.
pub const SMALLEST: usize = 5;

/// So many smallest stacks lie side by side in one piece of memory.
const SIDE_BY_SIDE: usize = 64;

/// Buffers beyond this many slots are given back when they are hardly used.
const LARGE: usize = 1 << 14;

/// The registers and frame headers of one fiber.
#[derive(Debug)]
pub struct Stack {
    first: NonNull<Cell<Value>>,
    capacity: u32,
    /// The buffer belongs to a [`Nursery`].
    is_lent: bool,
}

// SAFETY: the values in it travel with the VM that they belong to, as those in a heap do.
unsafe impl Send for Stack {}

impl Drop for Stack {
    fn drop(&mut self) {
        if !self.is_lent {
            let slots = NonNull::slice_from_raw_parts(self.first, self.capacity());
            // SAFETY: one that is not lent came from a box of so many slots.
            drop(unsafe { Box::from_raw(slots.as_ptr()) });
        }
    }
}

/// The smallest stacks: there may be a million, so they are not asked of the allocator one by one. They
/// have to be dropped before it.
#[derive(Debug, Default)]
pub struct Nursery {
    pieces: Vec<Box<[Cell<Value>]>>,
}

impl Nursery {
    /// The smallest stack with a number, empty. Nobody else has that one, and none before was left out.
    pub fn lend(&mut self, number: usize) -> Stack {
        let (piece, place) = (number / SIDE_BY_SIDE, number % SIDE_BY_SIDE * SMALLEST);
        while self.pieces.len() <= piece {
            let slots = vec![Cell::new(Value::null()); SIDE_BY_SIDE * SMALLEST];
            self.pieces.push(slots.into_boxed_slice());
        }
        let slots = &self.pieces[piece][place..place + SMALLEST];
        slots.iter().for_each(|slot| slot.set(Value::null()));
        Stack { first: NonNull::from(slots).cast(), capacity: SMALLEST as u32, is_lent: true }
    }
}

impl Stack {
    /// A stack with room for that many slots.
    pub fn new(capacity: usize) -> Stack {
        Stack::of(vec![Cell::new(Value::null()); capacity])
    }

    fn of(slots: Vec<Cell<Value>>) -> Stack {
        let capacity = u32::try_from(slots.len()).expect("the bytes of a stack have a limit");
        let slots = NonNull::from(Box::leak(slots.into_boxed_slice()));
        Stack { first: slots.cast(), capacity, is_lent: false }
    }

    #[inline(always)]
    fn slots(&self) -> &[Cell<Value>] {
        // SAFETY: the buffer has so many slots and lives as long as this does: it is its own, or that of a
        // nursery.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.capacity as usize) }
    }

    /// Whether the buffer belongs to a [`Nursery`].
    #[inline]
    pub fn is_lent(&self) -> bool {
        self.is_lent
    }

    /// How many slots it has.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity as usize
    }

    /// Moves it to a new buffer of that many slots, at least as many as it has.
    pub fn grow(&mut self, capacity: usize) {
        let mut slots = Vec::with_capacity(capacity.max(self.capacity()));
        slots.extend_from_slice(self.slots());
        slots.resize(slots.capacity(), Cell::new(Value::null()));
        *self = Stack::of(slots);
    }

    /// Gives half of a large buffer back of which only a small part is in use: after a deep
    /// recursion it would have to be cleared at every collection.
    pub fn shrink(&mut self, used: usize) {
        let capacity = self.capacity();
        if capacity > LARGE && used < capacity / 4 {
            *self = Stack::of(self.slots()[..capacity / 2].to_vec());
        }
    }

    /// The address of its first slot.
    #[inline]
    pub fn start(&self) -> *mut Value {
        // A cell has the layout of its content, and writing through a shared cell is allowed.
        self.first.as_ptr().cast()
    }

    /// The address one past its last slot.
    #[inline]
    pub fn end(&self) -> usize {
        self.slots().as_ptr_range().end.addr()
    }

    /// The index of the slot at an address inside it.
    #[inline]
    pub fn index_of(&self, slot: *const Value) -> usize {
        (slot.addr() - self.first.as_ptr().addr()) / size_of::<Value>()
    }

    /// The value of a slot.
    #[inline]
    pub fn get(&self, index: usize) -> Value {
        self.slots()[index].get()
    }

    /// Changes a slot.
    #[inline]
    pub fn set(&self, index: usize, value: Value) {
        self.slots()[index].set(value);
    }

    /// A row of slots.
    #[inline]
    fn row(&self, start: usize, count: usize) -> &[Cell<Value>] {
        &self.slots()[start..start + count]
    }

    /// Writes the header of the first frame and the arguments behind it. There is room for them.
    #[inline(always)]
    pub fn begin(&self, header: Value, args: &[Value]) {
        assert!(args.len() < self.capacity(), "a new fiber has room for its arguments");
        let first: *mut Value = self.start();
        // SAFETY: the buffer has more slots than there are arguments; a cell has the layout of its content
        // and may be written to.
        unsafe {
            write_slot(first, header);
            // Few have more than one.
            let Some((one, rest)) = args.split_first() else { return };
            copy_slot(first.add(1), one);
            for (arg, place) in rest.iter().zip(2..) {
                copy_slot(first.add(place), arg);
            }
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
        for slot in &self.slots()[index.min(self.capacity())..] {
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
    fn lent_stacks_have_nothing_in_common_and_begin_empty() {
        let mut nursery = Nursery::default();
        let stacks: Vec<Stack> = (0..SIDE_BY_SIDE * 3).map(|n| nursery.lend(n)).collect();
        for (stack, number) in stacks.iter().zip(0..) {
            (0..SMALLEST).for_each(|slot| stack.set(slot, Value::int(number)));
        }
        for (stack, number) in stacks.iter().zip(0..) {
            let all = stack.slice(0, SMALLEST);
            assert!(all.iter().all(|value| value.as_int() == Some(number)));
        }
        drop(stacks);
        let mut again = nursery.lend(70);
        assert!(again.slice(0, SMALLEST).iter().all(|value| value.is_null()));
        again.set(4, Value::int(9));
        again.grow(SMALLEST + 1);
        assert!(!again.is_lent());
        assert_eq!(again.get(4).as_int(), Some(9));
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
