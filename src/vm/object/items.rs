//! The elements of a list: in the list's own cell as long as they fit there, else in a buffer.
//!
//! ```text
//! short   header | counted | data ─┐ | length | capacity | … | elements, spare slots
//!                                  └──────────────────────────↑
//! long    header | counted | data ─→ buffer | length | capacity | … | (slots that nothing uses)
//! ```
//! `data` points at the elements wherever they are, so reading them needs no case distinction. A short
//! list owns nothing outside its cell: making it is one allocation, and its death needs no look at
//! it. Cells do not move, and nobody can move `Items` out of one, so the pointer stays valid.
#![expect(unsafe_code, reason = "elements are behind the fixed part of a list or in a raw buffer")]

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut, RangeBounds};
use std::ptr::NonNull;

use super::List;
use crate::vm::value::Value;

/// The elements of a list. They cannot be moved from one list to another: [`Items::set`] takes a
/// vector, `to_vec` gives one.
#[repr(C)]
pub struct Items {
    data: NonNull<Value>,
    len: usize,
    capacity: usize,
}

impl Items {
    /// A new list of up to so many elements has them in its cell.
    pub(in crate::vm) const INLINE_MAX: usize = 16;

    /// Elements that stand, or will be written, behind the fixed part of the list at `data`.
    #[inline(always)]
    pub(in crate::vm) fn inline(data: NonNull<Value>, len: usize, capacity: usize) -> Items {
        Items { data, len, capacity }
    }

    /// Elements in a buffer.
    pub(in crate::vm) fn buffered(items: Vec<Value>) -> Items {
        let mut items = ManuallyDrop::new(items);
        // A vector's address is never null, not even that of an empty one.
        let data = NonNull::from(items.as_mut_slice()).cast();
        Items { data, len: items.len(), capacity: items.capacity() }
    }

    /// The number of elements that there is room for.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The bytes of the buffer; 0 if there is none.
    pub(in crate::vm) fn buffer_bytes(&self) -> usize {
        if self.is_inline() { 0 } else { self.capacity * size_of::<Value>() }
    }

    #[inline(always)]
    fn is_inline(&self) -> bool {
        self.data.addr().get() == std::ptr::from_ref(self).addr() + size_of::<List>()
    }

    /// The elements as a vector, which leaves none here.
    fn take(&mut self) -> Vec<Value> {
        if self.is_inline() {
            let items = self.to_vec();
            self.len = 0;
            return items;
        }
        let Items { data, len, capacity } = *self;
        (self.data, self.len, self.capacity) = (NonNull::dangling(), 0, 0);
        // SAFETY: what is not inline came from a vector of these parts, and nobody else has it now.
        unsafe { Vec::from_raw_parts(data.as_ptr(), len, capacity) }
    }

    /// Replaces all elements.
    pub fn set(&mut self, items: Vec<Value>) {
        if self.is_inline() && items.capacity() <= self.capacity {
            self.len = items.len();
            self.copy_from_slice(&items);
            return;
        }
        drop(self.take());
        let new = ManuallyDrop::new(Items::buffered(items));
        (self.data, self.len, self.capacity) = (new.data, new.len, new.capacity);
    }

    /// Lets a vector of the elements be changed.
    fn change<T>(&mut self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        let mut items = self.take();
        let result = change(&mut items);
        self.set(items);
        result
    }

    /// Makes room for so many more, and for as many as there are if there is too little.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        let doubled = self.len.saturating_add(more).max(self.len * 2).max(4);
        self.change(|items| items.reserve_exact(doubled - items.len()));
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        if self.capacity - self.len < more {
            self.grow(more);
        }
    }

    /// Appends an element.
    #[inline]
    pub fn push(&mut self, item: Value) {
        if self.len == self.capacity {
            self.grow(1);
        }
        // SAFETY: there is room behind the last element.
        unsafe { self.data.add(self.len).write(item) };
        self.len += 1;
    }

    /// Appends elements.
    pub fn extend_from_slice(&mut self, items: &[Value]) {
        self.reserve(items.len());
        for item in items {
            self.push(*item);
        }
    }

    /// Removes the last element.
    #[inline]
    pub fn pop(&mut self) -> Option<Value> {
        let last = *self.last()?;
        self.len -= 1;
        Some(last)
    }

    /// Puts an element before the one at `index`, which is at most the length.
    pub fn insert(&mut self, index: usize, item: Value) {
        self.push(item);
        self[index..].rotate_right(1);
    }

    /// Removes the element at an index.
    pub fn remove(&mut self, index: usize) -> Value {
        let item = self[index];
        self.copy_within(index + 1.., index);
        self.len -= 1;
        item
    }

    /// Changes the number of elements.
    ///
    /// # Safety
    /// There is room for so many, and all of them have been written.
    #[inline(always)]
    pub(in crate::vm) unsafe fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Removes the elements that `keep` says no of.
    pub fn retain(&mut self, mut keep: impl FnMut(&Value) -> bool) {
        let mut kept = 0;
        for index in 0..self.len {
            let item = self[index];
            if keep(&item) {
                self[kept] = item;
                kept += 1;
            }
        }
        self.len = kept;
    }

    /// Puts other elements in place of some, which are given back.
    pub fn splice(&mut self, places: impl RangeBounds<usize>, items: Vec<Value>) -> Vec<Value> {
        self.change(|all| all.splice(places, items).collect())
    }
}

impl Drop for Items {
    #[inline]
    fn drop(&mut self) {
        if !self.is_inline() {
            drop(self.take());
        }
    }
}

impl Deref for Items {
    type Target = [Value];

    #[inline(always)]
    fn deref(&self) -> &[Value] {
        // SAFETY: `data` points at `len` elements, in the own cell or in the own buffer.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl DerefMut for Items {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [Value] {
        // SAFETY: as for `deref`, and elements are only reached through their list.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl Extend<Value> for Items {
    fn extend<T: IntoIterator<Item = Value>>(&mut self, items: T) {
        let items = items.into_iter();
        self.reserve(items.size_hint().0);
        items.for_each(|item| self.push(item));
    }
}

impl<'a> IntoIterator for &'a Items {
    type Item = &'a Value;
    type IntoIter = std::slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Debug for Items {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
#[path = "items_test.rs"]
mod tests;
