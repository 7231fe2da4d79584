//! Views: what an object holds, for reading (`…_ref`) and for writing (`…_mut`).
//!
//! All give `None` for values of another kind. Views for writing tell the collector that the object
//! changes and have what it owns measured afterwards.
#![expect(unsafe_code, reason = "objects are read by the kind in the value's tag")]

use std::any::Any;
use std::ptr::NonNull;

use super::{Heap, raw};
use crate::vm::map::Map;
use crate::vm::object::{
    BoundRef, Bytes, Class, ClosureRef, Cut, Enum, Generator, Header, HostObject, Hosted,
    InstanceRef, List, Module, NativeId, Owned, Range, RangeObject, Str, Trace, TraceEntry,
    TypeKind, TypeObject, VariableCell, VariantRef,
};
use crate::vm::value::{Kind, Value};

impl Heap {
    /// The address of the object if the value is of that kind.
    #[inline(always)]
    pub(super) fn as_kind(&self, value: Value, kind: Kind) -> Option<NonNull<Header>> {
        if !value.is(kind) {
            return None;
        }
        let object = value.object()?;
        // SAFETY: the object is live (heap/mod.rs, invariant 2), which is what is checked here; its
        // memory is readable even if it is not.
        let header = unsafe { object.as_ref() };
        debug_assert_eq!(
            header.kind_byte(),
            kind as u8,
            "a value was kept across a collection that no root reported"
        );
        Some(object)
    }

    #[inline(always)]
    fn fixed<T>(&self, value: Value, kind: Kind) -> Option<&T> {
        let object = self.as_kind(value, kind)?;
        // SAFETY: callers pass the layout of the kind; the borrow of the heap keeps it alive.
        Some(unsafe { object.cast::<T>().as_ref() })
    }

    #[inline(always)]
    fn body<T>(&self, value: Value, kind: Kind) -> Option<&T> {
        self.fixed::<Owned<T>>(value, kind).map(|owned| &owned.body)
    }

    #[inline(always)]
    fn body_mut<T>(&mut self, value: Value, kind: Kind) -> Option<&mut T> {
        let object = self.as_kind(value, kind)?;
        self.write_barrier(value);
        self.touch(object);
        // SAFETY: callers pass the layout of the kind; the exclusive borrow of the heap excludes
        // every other view.
        Some(unsafe { &mut object.cast::<Owned<T>>().as_mut().body })
    }

    /// The text of a string.
    #[inline]
    pub fn str(&self, value: Value) -> Option<&str> {
        self.string_ref(value).map(Str::text)
    }

    /// Whether a value is a string of source code, which stays for good: no other one has its text.
    pub(in crate::vm) fn is_interned(&self, value: Value) -> bool {
        self.string_ref(value).is_some_and(|text| text.header().has(Str::INTERNED))
    }

    /// A string with what is known of it.
    #[inline]
    pub fn string_ref(&self, value: Value) -> Option<&Str> {
        self.fixed(value, Kind::Str)
    }

    /// The bytes of a byte string.
    #[inline]
    pub fn bytes_ref(&self, value: Value) -> Option<&[u8]> {
        self.fixed(value, Kind::Bytes).map(Bytes::as_slice)
    }

    /// A buffer.
    pub fn buffer_ref(&self, value: Value) -> Option<&Vec<u8>> {
        self.body(value, Kind::Buffer)
    }

    /// A buffer.
    pub fn buffer_mut(&mut self, value: Value) -> Option<&mut Vec<u8>> {
        self.body_mut(value, Kind::Buffer)
    }

    /// A list.
    #[inline]
    pub fn list_ref(&self, value: Value) -> Option<&List> {
        self.body(value, Kind::List)
    }

    /// A list. Whether it is frozen is for the caller to ask.
    #[inline]
    pub fn list_mut(&mut self, value: Value) -> Option<&mut List> {
        self.body_mut(value, Kind::List)
    }

    /// A list in which only these values are going to be stored; others may be taken out or change their
    /// places. However long it is, the collector need not look at all of it again.
    pub fn list_for(&mut self, value: Value, stored: &[Value]) -> Option<&mut List> {
        let object = self.as_kind(value, Kind::List)?;
        for value in stored {
            self.store_barrier(*value);
        }
        self.move_barrier(value);
        self.touch(object);
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        Some(unsafe { &mut object.cast::<Owned<List>>().as_mut().body })
    }

    /// Appends to a list that is not frozen; `false` if the value is none.
    #[inline]
    pub fn list_push(&mut self, list: Value, item: Value) -> bool {
        let Some(object) = self.as_kind(list, Kind::List) else { return false };
        self.store_barrier(item);
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        let body = unsafe { &mut object.cast::<Owned<List>>().as_mut().body };
        if body.frozen {
            return false;
        }
        if body.items.len() == body.items.capacity() {
            // Only growth changes what the list owns.
            self.touch(object);
        }
        body.items.push(item);
        true
    }

    /// Takes the last element of a list that is not frozen, if there is one; `None` if the value is no
    /// such list. What is taken out needs no barrier.
    #[inline]
    pub fn list_pop(&mut self, list: Value) -> Option<Option<Value>> {
        let object = self.as_kind(list, Kind::List)?;
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        let body = unsafe { &mut object.cast::<Owned<List>>().as_mut().body };
        (!body.frozen).then(|| body.items.pop())
    }

    /// Appends to a list that is not frozen; `false` if the value is none.
    pub fn list_extend(&mut self, list: Value, items: &[Value]) -> bool {
        let Some(object) = self.as_kind(list, Kind::List) else { return false };
        for item in items {
            self.store_barrier(*item);
        }
        self.touch(object);
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        let body = unsafe { &mut object.cast::<Owned<List>>().as_mut().body };
        if !body.frozen {
            body.items.extend_from_slice(items);
        }
        !body.frozen
    }

    /// Lets `work` read a string while it makes objects in the heap that `owner` has. Nothing may be
    /// collected meanwhile.
    pub fn reading<O, R>(
        owner: &mut O,
        heap: impl FnOnce(&O) -> &Heap,
        string: Value,
        work: impl FnOnce(&mut O, &str) -> R,
    ) -> Option<R> {
        let text = NonNull::from(heap(owner).str(string)?);
        // SAFETY: the string is in use until the next collection (heap/mod.rs, invariant 2), and the bytes of
        // a live string neither move nor change.
        Some(work(owner, unsafe { text.as_ref() }))
    }

    /// A map.
    #[inline]
    pub fn map_ref(&self, value: Value) -> Option<&Map> {
        self.body(value, Kind::Map)
    }

    /// A map. Keys are added and removed through the heap, see `key.rs`.
    #[inline]
    pub fn map_mut(&mut self, value: Value) -> Option<&mut Map> {
        self.body_mut(value, Kind::Map)
    }

    /// A set.
    #[inline]
    pub fn set_ref(&self, value: Value) -> Option<&Map> {
        self.body(value, Kind::Set)
    }

    /// A set.
    #[inline]
    pub fn set_mut(&mut self, value: Value) -> Option<&mut Map> {
        self.body_mut(value, Kind::Set)
    }

    /// A map or a set.
    #[inline]
    pub(in crate::vm) fn table_ref(&self, value: Value) -> Option<&Map> {
        self.body(value, if value.is(Kind::Set) { Kind::Set } else { Kind::Map })
    }

    /// A map or a set in which only these values are going to be stored. If its layout changes, a
    /// [`Heap::move_barrier`] has to follow. With `grows`, what it owns is measured afterwards.
    #[inline]
    pub(in crate::vm) fn table_for(
        &mut self,
        table: Value,
        stored: [Value; 2],
        grows: bool,
    ) -> Option<&mut Map> {
        let kind = if table.is(Kind::Set) { Kind::Set } else { Kind::Map };
        let object = self.as_kind(table, kind)?;
        for value in stored {
            self.store_barrier(value);
        }
        if grows {
            self.touch(object);
        }
        // SAFETY: objects of both kinds own a map; the exclusive borrow of the heap excludes every
        // other view.
        Some(unsafe { &mut object.cast::<Owned<Map>>().as_mut().body })
    }

    /// A range.
    pub fn range_ref(&self, value: Value) -> Option<&Range> {
        self.fixed::<RangeObject>(value, Kind::Range).map(|object| &object.range)
    }

    /// A closure.
    #[inline]
    pub fn closure_ref(&self, value: Value) -> Option<ClosureRef<'_>> {
        let object = self.as_kind(value, Kind::Closure)?;
        // SAFETY: the borrow of the heap keeps the object alive.
        Some(unsafe { ClosureRef::new(object.cast()) })
    }

    /// The number of a native.
    #[inline]
    pub fn native_id(&self, value: Value) -> Option<NativeId> {
        self.fixed::<Header>(value, Kind::Native).map(|header| NativeId(header.word()))
    }

    /// A bound method.
    pub fn bound_ref(&self, value: Value) -> Option<BoundRef> {
        self.as_kind(value, Kind::Bound)?;
        // SAFETY: the kind was checked.
        Some(unsafe { raw::bound_parts(value) })
    }

    /// A class.
    pub fn class_ref(&self, value: Value) -> Option<&Class> {
        self.body(value, Kind::Class)
    }

    /// A class. Its fields must not change once it has instances.
    pub fn class_mut(&mut self, value: Value) -> Option<&mut Class> {
        self.body_mut(value, Kind::Class)
    }

    /// An instance.
    #[inline]
    pub fn instance_ref(&self, value: Value) -> Option<InstanceRef<'_>> {
        let object = self.as_kind(value, Kind::Instance)?;
        // SAFETY: the borrow of the heap keeps the object alive and excludes writers.
        Some(unsafe { InstanceRef::new(object.cast()) })
    }

    /// The slots of an instance.
    #[inline]
    pub fn instance_mut(&mut self, value: Value) -> Option<&mut [Value]> {
        let object = self.as_kind(value, Kind::Instance)?;
        self.write_barrier(value);
        // SAFETY: the exclusive borrow of the heap excludes every other view, and the header says
        // how many slots there are.
        unsafe {
            let count = object.as_ref().count();
            Some(std::slice::from_raw_parts_mut(raw::instance_slots(value), count))
        }
    }

    /// The slots of an instance in which only these values are going to be stored: the collector need not
    /// look at it again.
    #[inline]
    pub(in crate::vm) fn instance_for(
        &mut self,
        instance: Value,
        stored: &[Value],
    ) -> Option<&mut [Value]> {
        let object = self.as_kind(instance, Kind::Instance)?;
        for value in stored {
            self.store_barrier(*value);
        }
        // SAFETY: as for `instance_mut`.
        unsafe {
            let count = object.as_ref().count();
            Some(std::slice::from_raw_parts_mut(raw::instance_slots(instance), count))
        }
    }

    /// An enum.
    pub fn enum_ref(&self, value: Value) -> Option<&Enum> {
        self.body(value, Kind::Enum)
    }

    /// An enum.
    pub fn enum_mut(&mut self, value: Value) -> Option<&mut Enum> {
        self.body_mut(value, Kind::Enum)
    }

    /// A value of an enum.
    pub fn variant_ref(&self, value: Value) -> Option<VariantRef<'_>> {
        let object = self.as_kind(value, Kind::Variant)?;
        // SAFETY: the borrow of the heap keeps the object alive.
        Some(unsafe { VariantRef::new(object.cast()) })
    }

    /// The method or operator of that name that the class or enum of a value defines.
    pub fn method_of(&self, value: Value, name: &str) -> Option<Value> {
        let member = match value.kind() {
            Kind::Instance => self.instance_ref(value)?.class().method(name),
            Kind::Variant => self.variant_ref(value)?.enumeration().method(name),
            _ => None,
        };
        member.map(|member| member.value)
    }

    /// A module.
    pub fn module_ref(&self, value: Value) -> Option<&Module> {
        self.body(value, Kind::Module)
    }

    /// A module.
    pub fn module_mut(&mut self, value: Value) -> Option<&mut Module> {
        self.body_mut(value, Kind::Module)
    }

    /// What a type value stands for.
    pub fn type_ref(&self, value: Value) -> Option<TypeKind> {
        self.fixed::<TypeObject>(value, Kind::Type).map(|object| object.kind)
    }

    /// The content of a captured variable.
    #[inline]
    pub fn cell_ref(&self, value: Value) -> Option<Value> {
        self.fixed::<VariableCell>(value, Kind::Cell).map(|cell| cell.value)
    }

    /// Sets a captured variable; `false` if `cell` is none.
    #[inline]
    pub fn cell_set(&mut self, cell: Value, value: Value) -> bool {
        if self.as_kind(cell, Kind::Cell).is_none() {
            return false;
        }
        self.store_barrier(value);
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        unsafe { raw::cell_slot(cell).write(value) };
        true
    }

    /// A cancellation.
    pub fn cut_ref(&self, value: Value) -> Option<&Cut> {
        self.body(value, Kind::Cut)
    }

    /// A cancellation.
    pub fn cut_mut(&mut self, value: Value) -> Option<&mut Cut> {
        self.body_mut(value, Kind::Cut)
    }

    /// A generator.
    #[inline]
    pub fn generator_ref(&self, value: Value) -> Option<&Generator> {
        self.body(value, Kind::Generator)
    }

    /// A generator. What it owns never changes its size, so that is not measured again.
    #[inline]
    pub fn generator_mut(&mut self, value: Value) -> Option<&mut Generator> {
        let object = self.as_kind(value, Kind::Generator)?;
        self.write_barrier(value);
        // SAFETY: the kind was checked, and the exclusive borrow excludes every other view.
        Some(unsafe { &mut object.cast::<Owned<Generator>>().as_mut().body })
    }

    /// A stack trace.
    pub fn trace_ref(&self, value: Value) -> Option<&[TraceEntry]> {
        self.body::<Trace>(value, Kind::Trace).map(|trace| trace.entries.as_slice())
    }

    /// A stack trace.
    pub fn trace_mut(&mut self, value: Value) -> Option<&mut Vec<TraceEntry>> {
        self.body_mut::<Trace>(value, Kind::Trace).map(|trace| &mut trace.entries)
    }

    /// An object of the runtime or the host, whatever its type.
    #[inline]
    pub fn host_ref(&self, value: Value) -> Option<&dyn HostObject> {
        self.body::<Hosted>(value, Kind::Object).map(|object| &**object)
    }

    /// An object of the runtime or the host.
    pub fn object_ref<T: HostObject>(&self, value: Value) -> Option<&T> {
        self.body::<Hosted>(value, Kind::Object)?.downcast_ref()
    }

    /// What tells the type of a host object from others: the address and the length of its name.
    #[inline]
    pub(in crate::vm) fn host_type(&self, value: Value) -> Option<usize> {
        let of = self.host_ref(value)?.type_name();
        Some(of.as_ptr().addr().wrapping_add(of.len() << 48))
    }

    /// An object of the runtime or the host.
    pub fn object_mut<T: HostObject>(&mut self, value: Value) -> Option<&mut T> {
        let object = self.body_mut::<Hosted>(value, Kind::Object)?;
        let object: &mut dyn Any = &mut **object;
        object.downcast_mut()
    }

    /// Has what an object owns measured again.
    pub fn object_grew(&mut self, value: Value) {
        if let Some(object) = self.as_kind(value, Kind::Object) {
            self.touch(object);
        }
    }

    /// The same for a change that leaves the values that the object reports, and the size of what it
    /// owns, as they are: the collector need not know.
    #[inline]
    pub fn object_unseen<T: HostObject>(&mut self, value: Value) -> Option<&mut T> {
        self.object_for(value, &[])
    }

    /// The same for a change that leaves what the object owns as large as it is, and is often made:
    /// nothing is measured afterwards.
    #[inline]
    pub fn object_in_place<T: HostObject>(&mut self, value: Value) -> Option<&mut T> {
        self.write_barrier(value);
        self.object_for(value, &[])
    }

    /// The same for a change in which only these values are going to be stored in the object, and no other
    /// is put where a scan in slices would not come by: the collector need not look at it again.
    #[inline]
    pub fn object_for<T: HostObject>(&mut self, value: Value, stored: &[Value]) -> Option<&mut T> {
        let object = self.as_kind(value, Kind::Object)?;
        for value in stored {
            self.store_barrier(*value);
        }
        // SAFETY: an object of this kind owns a box of a host object; the exclusive borrow of the
        // heap excludes every other view.
        let owned = unsafe { object.cast::<Owned<Hosted>>().as_mut() };
        owned.body.downcast_mut()
    }
}
