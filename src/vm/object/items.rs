//! The elements of a list or the entries of a map: in the container's own cell as long as they fit there,
//! else in a buffer.
//!
//! ```text
//! short   header | counted | data ─┐ | length | capacity | … | elements, spare slots
//!                                  └──────────────────────────↑
//! long    header | counted | data ─→ buffer | length | capacity | … | (slots that nothing uses)
//! ```
//! `data` points at the elements wherever they are, so reading them needs no case distinction. A short
//! list or map owns nothing outside its cell: making it is one allocation, and its death needs no look at
//! it. Cells do not move, and nobody can move `Items` out of one, so the pointer stays valid.
#![expect(
    unsafe_code,
    reason = "elements are behind the fixed part of a container or in a raw buffer"
)]

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut, RangeBounds};
use std::ptr::NonNull;

use super::List;
use crate::vm::value::Value;

/// What a container may have in its own cell.
pub trait Element: Copy {
    /// The bytes of the container, which begins with its [`Items`] and ends where they stand.
    const CONTAINER: usize;
}

impl Element for Value {
    const CONTAINER: usize = size_of::<List>();
}

/// The elements of a container. They cannot be moved from one to another: [`Items::set`] takes a
/// vector, `to_vec` gives one.
#[repr(C)]
pub struct Items<T: Element = Value> {
    data: NonNull<T>,
    len: usize,
    capacity: usize,
}

impl Items<Value> {
    /// A new list of up to so many elements has them in its cell.
    pub(in crate::vm) const INLINE_MAX: usize = 16;
}

impl<T: Element> Items<T> {
    /// Elements that stand, or will be written, behind the fixed part of the container at `data`.
    #[inline(always)]
    pub(in crate::vm) fn inline(data: NonNull<T>, len: usize, capacity: usize) -> Items<T> {
        Items { data, len, capacity }
    }

    /// Elements in a buffer.
    pub(in crate::vm) fn buffered(items: Vec<T>) -> Items<T> {
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
        if self.is_inline() { 0 } else { self.capacity * size_of::<T>() }
    }

    #[inline(always)]
    fn is_inline(&self) -> bool {
        self.data.addr().get() == std::ptr::from_ref(self).addr() + T::CONTAINER
    }

    /// The elements as a vector, which leaves none here.
    fn take(&mut self) -> Vec<T> {
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
    pub fn set(&mut self, items: Vec<T>) {
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
    fn change<R>(&mut self, change: impl FnOnce(&mut Vec<T>) -> R) -> R {
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
    pub fn push(&mut self, item: T) {
        if self.len == self.capacity {
            self.grow(1);
        }
        // SAFETY: there is room behind the last element.
        unsafe { self.data.add(self.len).write(item) };
        self.len += 1;
    }

    /// Appends elements.
    pub fn extend_from_slice(&mut self, items: &[T]) {
        self.reserve(items.len());
        for item in items {
            self.push(*item);
        }
    }

    /// Removes the last element.
    #[inline]
    pub fn pop(&mut self) -> Option<T> {
        let last = *self.last()?;
        self.len -= 1;
        Some(last)
    }

    /// Puts an element before the one at `index`, which is at most the length.
    pub fn insert(&mut self, index: usize, item: T) {
        self.push(item);
        self[index..].rotate_right(1);
    }

    /// Removes the element at an index.
    pub fn remove(&mut self, index: usize) -> T {
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
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
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

    /// Gives back room for more than so many elements.
    pub(in crate::vm) fn shrink_to(&mut self, capacity: usize) {
        self.change(|items| items.shrink_to(capacity));
    }

    /// Puts other elements in place of some, which are given back.
    pub fn splice(&mut self, places: impl RangeBounds<usize>, items: Vec<T>) -> Vec<T> {
        self.change(|all| all.splice(places, items).collect())
    }
}

impl<T: Element> Drop for Items<T> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_inline() {
            drop(self.take());
        }
    }
}

impl<T: Element> Deref for Items<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: `data` points at `len` elements, in the own cell or in the own buffer.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl<T: Element> DerefMut for Items<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as for `deref`, and elements are only reached through their list.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl<T: Element> Extend<T> for Items<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        let items = items.into_iter();
        self.reserve(items.size_hint().0);
        items.for_each(|item| self.push(item));
    }
}

impl<'a, T: Element> IntoIterator for &'a Items<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T: Element + fmt::Debug> fmt::Debug for Items<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Element> Default for Items<T> {
    fn default() -> Items<T> {
        Items::buffered(Vec::new())
    }
}

impl<T: Element> Clone for Items<T> {
    /// A copy in a buffer.
    fn clone(&self) -> Items<T> {
        Items::buffered(self.to_vec())
    }
}

#[cfg(test)]
#[path = "items_test.rs"]
mod tests;
