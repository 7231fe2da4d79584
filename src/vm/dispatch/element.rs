//! The elements of lists and maps that are found without a call.

use super::*;

/// The elements of the list in a slot.
#[inline(always)]
pub(super) unsafe fn list<'a>(slot: *const Value) -> &'a List {
    // SAFETY: the caller has seen that the slot holds a list; it lives while a slot holds it.
    unsafe { &(*(*slot).address::<Owned<List>>()).body }
}

/// The elements of the list in a slot, for writing.
#[inline(always)]
pub(super) unsafe fn list_mut<'a>(slot: *const Value) -> &'a mut List {
    // SAFETY: as for `list`; nothing else looks at the list during an instruction.
    unsafe { &mut (*(*slot).address::<Owned<List>>()).body }
}

/// The element of a list at an int that is its index from the front.
#[inline(always)]
pub(super) unsafe fn item(container: *const Value, index: *const Value) -> Option<*const Value> {
    // SAFETY: promised by the caller; values of a kind point to live objects of that kind.
    unsafe {
        if tag(container) != LIST || tag(index) != INT {
            return None;
        }
        let items = &list(container).items;
        let is_inside = bits(index) < items.len() as u64;
        is_inside.then(|| items.as_ptr().add(bits(index) as usize))
    }
}

/// The same as `item` for writing: none if the list may not be changed.
#[inline(always)]
pub(super) unsafe fn free_item(container: *const Value, index: *const Value) -> Option<*mut Value> {
    // SAFETY: as for `item`.
    unsafe {
        if tag(container) != LIST || tag(index) != INT {
            return None;
        }
        let list = list_mut(container);
        let may = bits(index) < list.items.len() as u64 && !list.frozen;
        may.then(|| list.items.as_mut_ptr().add(bits(index) as usize))
    }
}

/// The same for two elements of one list.
#[inline(always)]
pub(super) unsafe fn free_items(
    container: *const Value,
    one: *const Value,
    other: *const Value,
) -> Option<(*mut Value, *mut Value)> {
    // SAFETY: as for `item`.
    unsafe {
        if tag(container) != LIST || tag(one) | tag(other) != INT {
            return None;
        }
        let (one, other) = (bits(one), bits(other));
        let list = list_mut(container);
        let length = list.items.len() as u64;
        let may = one < length && other < length && !list.frozen;
        let items = list.items.as_mut_ptr();
        may.then(|| (items.add(one as usize), items.add(other as usize)))
    }
}

/// The value at an int in a map whose values stand in an array, and whether there is one; no answer
/// for all other maps.
#[inline(always)]
pub(super) unsafe fn dense_entry(
    container: *const Value,
    key: *const Value,
) -> Option<Option<Value>> {
    // SAFETY: as for `item`.
    unsafe {
        if tag(container) != MAP || tag(key) != INT {
            return None;
        }
        let map = &(*(*container).address::<Owned<Map>>()).body;
        map.get_dense(bits(key) as i64)
    }
}

/// The map in a slot, for writing.
#[inline(always)]
pub(super) unsafe fn map_mut<'a>(slot: *const Value) -> &'a mut Map {
    // SAFETY: the caller has seen that the slot holds a map; nothing else looks at it during an
    // instruction.
    unsafe { &mut (*(*slot).address::<Owned<Map>>()).body }
}
