//! Objects that awaiting can bring to a value: it lies in a slot of their cell that only the heap writes,
//! where the run loop finds it without a call.
//!
//! The header says where: its count has how far into the cell the slot lies, and its word says the same
//! once awaiting gives at once what is there.
#![expect(unsafe_code, reason = "the slot is found by what the header says")]

use std::cell::Cell;
use std::mem::needs_drop;
use std::ptr::NonNull;

use super::Heap;
use crate::vm::object::{Header, HostObject, Hosted, Owned};
use crate::vm::value::{Kind, Value, write_slot};

impl Heap {
    /// An object of the runtime in a cell of its own, with a slot for what it comes to. It owns nothing,
    /// so nobody looks for it when it is dead.
    #[inline(always)]
    pub fn awaited_object<T: HostObject>(&mut self, object: T) -> Value {
        const { assert!(!needs_drop::<T>()) };
        const { assert!(align_of::<T>() <= align_of::<Owned<Hosted>>()) };
        const { assert!(size_of::<T>().is_multiple_of(align_of::<Value>())) };
        let slot = size_of::<Owned<Hosted>>() + size_of::<T>();
        let cell = self.cell_for(slot + size_of::<Value>(), false);
        let header = Header::new(Kind::Object, slot as u16, 0);
        // SAFETY: the cell has room for all three, one right behind the other.
        unsafe {
            let place = cell.cast::<Owned<Hosted>>().add(1).cast::<T>();
            place.write(object);
            write_slot(place.add(1).cast::<Value>().as_ptr(), Value::null());
            let body = Hosted::behind(place);
            cell.cast::<Owned<Hosted>>().write(Owned { header, counted: Cell::new(0), body });
            self.finish_object(Kind::Object, cell)
        }
    }

    /// Keeps what such an object has come to. If that `settles` it, awaiting gives it at once and without
    /// an effect from now on.
    #[inline]
    pub fn keep(&mut self, object: Value, value: Value, settles: bool) {
        if let Some((header, slot)) = self.kept_slot(object) {
            self.store_barrier(value);
            // SAFETY: the slot belongs to the object, and nothing refers into it.
            unsafe {
                write_slot(slot.as_ptr(), value);
                if settles {
                    header.as_ref().set_word(header.as_ref().count() as u32);
                }
            }
        }
    }

    /// What such an object has come to; null if it has not yet.
    pub fn kept(&self, object: Value) -> Value {
        // SAFETY: the slot was written when the object was made.
        self.kept_slot(object).map_or(Value::null(), |(_, slot)| unsafe { slot.as_ptr().read() })
    }

    /// What awaiting an object gives at once and without an effect.
    #[inline]
    pub(in crate::vm) fn settled(&self, value: Value) -> Option<Value> {
        match self.kept_slot(value) {
            // SAFETY: as for `kept`.
            Some((header, slot)) => unsafe {
                (header.as_ref().word() != 0).then(|| slot.as_ptr().read())
            },
            None => self.host_ref(value)?.settled(),
        }
    }

    #[inline]
    fn kept_slot(&self, object: Value) -> Option<(NonNull<Header>, NonNull<Value>)> {
        let header = self.as_kind(object, Kind::Object)?;
        // SAFETY: the object is live, and the count says how far into its cell the slot lies.
        unsafe {
            let offset = header.as_ref().count();
            (offset != 0).then(|| (header, header.byte_add(offset).cast()))
        }
    }
}
