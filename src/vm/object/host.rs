//! Objects of the runtime and of the host: tasks, channels, sockets, user types.
#![expect(unsafe_code, reason = "small ones lie in their cells")]

use std::any::Any;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::{Body, Buffers, HostValue};
use crate::vm::heap::{Heap, Marker};
use crate::vm::value::Value;

/// A Rust value that scripts can hold.
pub trait HostObject: Any + Send {
    /// What `type(x)` prints.
    fn type_name(&self) -> &'static str;

    /// Reports the values it holds. A host object that is changed has to be fetched through
    /// [`Heap::object_mut`](crate::vm::heap::Heap::object_mut) each time, never through a lock or
    /// cell behind the heap's back: the collector learns of the change there.
    fn trace(&self, marker: &mut Marker) {
        let _ = marker;
    }

    /// Reports about `count` of the values it holds, from an index on; gives the index to go on from. An
    /// object that may hold very many does this, so that one step of the collector stays short. It may
    /// change between two calls: then either the index is of a kind that stays right, or it was fetched
    /// through [`Heap::object_mut`](crate::vm::heap::Heap::object_mut), after which the first index is 0.
    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        let _ = (from, count);
        self.trace(marker);
        None
    }

    /// How it prints.
    fn display(&self) -> String {
        format!("<{}>", self.type_name())
    }

    /// The same for one whose name stands in the heap.
    fn display_in(&self, heap: &Heap) -> String {
        let _ = heap;
        self.display()
    }

    /// What awaiting it gives at once and without an effect; none if that takes more.
    fn settled(&self) -> Option<Value> {
        None
    }

    /// The memory it owns, for the limit and the pace of collection.
    fn external_bytes(&self) -> usize {
        0
    }

    /// It holds something of the world outside, which somebody has to give back. A test that leaves
    /// it open fails.
    fn is_held(&self) -> bool {
        true
    }

    /// What it is as a value; `None` for a handle, which equals only itself.
    fn as_value(&self) -> Option<&dyn HostValue> {
        None
    }
}

/// A host object as its cell holds it: in memory of its own, or right behind this in the same cell.
/// Cells never move.
pub(in crate::vm) struct Hosted {
    object: NonNull<dyn HostObject>,
}

impl Hosted {
    /// In memory of its own.
    pub(in crate::vm) fn boxed(object: Box<dyn HostObject>) -> Hosted {
        Hosted { object: NonNull::from(Box::leak(object)) }
    }

    /// In the cell of this itself.
    ///
    /// # Safety
    /// `object` is valid, lies right behind the place that this is written to, and belongs to it.
    #[inline]
    pub(in crate::vm) unsafe fn behind(object: NonNull<dyn HostObject>) -> Hosted {
        Hosted { object }
    }

    /// The object, if it is a `T`.
    #[inline]
    pub(in crate::vm) fn downcast_mut<T: HostObject>(&mut self) -> Option<&mut T> {
        // SAFETY: this owns the object, which is a `T`.
        self.is_a::<T>().then(|| unsafe { &mut *self.object.as_ptr().cast::<T>() })
    }

    /// The same, to look at.
    #[inline]
    pub(in crate::vm) fn downcast_ref<T: HostObject>(&self) -> Option<&T> {
        // SAFETY: as for `downcast_mut`.
        self.is_a::<T>().then(|| unsafe { &*self.object.as_ptr().cast::<T>() })
    }

    /// Whether its table of methods is that of a `T`, or gives that type.
    #[inline(always)]
    fn is_a<T: HostObject>(&self) -> bool {
        let object = self.object.as_ptr();
        // One table of methods says one type, so most often there is nobody to be asked; a type may have
        // more than one table.
        let as_such: *mut dyn HostObject = object.cast::<T>();
        let asked = || {
            let object: &dyn Any = &**self;
            object.is::<T>()
        };
        std::ptr::eq(object, as_such) || asked()
    }

    fn is_behind(&self) -> bool {
        self.object.addr().get() == (&raw const *self).addr() + size_of::<Hosted>()
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        // SAFETY: this owns the object, which is either in its cell or came from a box; memory of a
        // box never begins inside a cell.
        unsafe {
            if self.is_behind() {
                self.object.drop_in_place();
            } else {
                drop(Box::from_raw(self.object.as_ptr()));
            }
        }
    }
}

impl Deref for Hosted {
    type Target = dyn HostObject;

    #[inline]
    fn deref(&self) -> &dyn HostObject {
        // SAFETY: this owns the object.
        unsafe { self.object.as_ref() }
    }
}

impl DerefMut for Hosted {
    #[inline]
    fn deref_mut(&mut self) -> &mut dyn HostObject {
        // SAFETY: this owns the object.
        unsafe { self.object.as_mut() }
    }
}

impl Body for Hosted {
    fn trace(&self, marker: &mut Marker) {
        HostObject::trace(&**self, marker);
    }

    fn trace_slice(&self, marker: &mut Marker, from: usize, count: usize) -> Option<usize> {
        HostObject::trace_slice(&**self, marker, from, count)
    }

    fn external_bytes(&self) -> usize {
        let own = if self.is_behind() { 0 } else { size_of_val(&**self) };
        own + HostObject::external_bytes(&**self)
    }
}

/// What a buffer is made of.
impl Body for Vec<u8> {
    const LAZY: bool = true;

    fn trace(&self, _: &mut Marker) {}

    fn external_bytes(&self) -> usize {
        self.capacity()
    }

    fn buffers(&self) -> Buffers {
        let buffer = (self.as_ptr().addr(), self.capacity());
        [buffer, Default::default(), Default::default(), Default::default()]
    }
}
