//! Makers: one for each kind of object; those of strings are in `string.rs`.
//!
//! None of them fails and none collects. Those whose size a script decides have to be preceded by
//! [`Heap::reserve`].
#![expect(unsafe_code, reason = "objects are written into raw cells")]

use std::cell::Cell;
use std::ptr::NonNull;

use super::Heap;
use super::block::BlockRef;
use crate::vm::map::{Entry, Map};
use crate::vm::object::{
    Body, Bound, Class, Closure, Cut, Enum, Generator, Header, HostObject, Hosted, Instance, Items,
    List, Module, NativeId, Owned, Range, RangeObject, Trace, TraceEntry, TypeKind, TypeObject,
    VariableCell, Variant,
};
use crate::vm::value::{Kind, Value, copy_slot, write_slot};

/// The longest list that the fast path makes.
const AT_HAND_MAX: usize = 7;

impl Heap {
    /// A cell for an object of `size` bytes.
    #[inline(always)]
    pub(super) fn cell_for(&mut self, size: usize, owns: bool) -> NonNull<Header> {
        self.space.allocate(size, owns, &mut self.account, &mut self.stats)
    }

    /// The value of an object that was just written into its cell.
    ///
    /// # Safety
    /// `cell` holds a complete object of `kind`.
    #[inline(always)]
    pub(super) unsafe fn finish_object(&mut self, kind: Kind, cell: NonNull<Header>) -> Value {
        if self.marker.is_marking() {
            self.marker.made(cell);
        }
        // SAFETY: promised by the caller.
        unsafe { Value::from_object(kind, cell) }
    }

    /// An object without trailing parts that owns nothing.
    #[inline(always)]
    fn inline<T>(&mut self, kind: Kind, object: T) -> Value {
        let cell = self.cell_for(size_of::<T>(), false);
        // SAFETY: the cell has room for a `T`, which begins with a header of that kind.
        unsafe {
            cell.cast::<T>().write(object);
            self.finish_object(kind, cell)
        }
    }

    /// An inline object with slots behind its fixed part.
    #[inline(always)]
    fn with_slots<T>(&mut self, kind: Kind, object: T, slots: &[Value]) -> Value {
        let cell = self.cell_for(size_of::<T>() + size_of_val(slots), false);
        // SAFETY: the cell has room for the fixed part and the slots.
        unsafe {
            cell.cast::<T>().write(object);
            let first = cell.cast::<T>().add(1).cast::<Value>().as_ptr();
            for (index, value) in slots.iter().enumerate() {
                write_slot(first.add(index), *value);
            }
            self.finish_object(kind, cell)
        }
    }

    /// An object that may own memory outside its cell.
    fn owned<T: Body>(&mut self, kind: Kind, body: T) -> Value {
        let cell = self.cell_for(size_of::<Owned<T>>(), true);
        let header = Header::new(kind, 0, 0);
        // SAFETY: the cell has room for the object.
        unsafe {
            cell.cast::<Owned<T>>().write(Owned { header, counted: Cell::new(0), body });
            if !T::LAZY {
                BlockRef::of(cell).add_owner();
            }
            self.measure(cell);
            self.finish_object(kind, cell)
        }
    }

    /// A growable byte string.
    pub fn buffer(&mut self, bytes: Vec<u8>) -> Value {
        self.owned(Kind::Buffer, bytes)
    }

    /// A list.
    #[inline]
    pub fn list(&mut self, items: Vec<Value>) -> Value {
        if items.capacity() <= Items::INLINE_MAX {
            return self.short_list(&items, false);
        }
        self.owned(Kind::List, List::new(Items::buffered(items), false))
    }

    /// A list with a copy of these elements.
    #[inline]
    pub fn list_of(&mut self, items: &[Value]) -> Value {
        if items.len() <= Items::INLINE_MAX {
            return self.short_list(items, false);
        }
        self.list(items.to_vec())
    }

    /// A list that cannot be changed, for a key.
    pub(in crate::vm) fn frozen_list(&mut self, items: &[Value]) -> Value {
        if items.len() <= Items::INLINE_MAX {
            return self.short_list(items, true);
        }
        self.owned(Kind::List, List::new(Items::buffered(items.to_vec()), true))
    }

    /// A list that has its elements in its cell.
    #[inline]
    fn short_list(&mut self, items: &[Value], frozen: bool) -> Value {
        let cell = self.cell_for(size_of::<Owned<List>>() + size_of_val(items), true);
        // SAFETY: the cell has room for the fixed part and the elements.
        unsafe {
            write_list(cell, items.as_ptr(), items.len(), frozen);
            self.finish_object(Kind::List, cell)
        }
    }

    /// A list of the `count` values from `items` on, if that is as simple as it mostly is: few elements,
    /// a cell at hand, and no collector who wants to hear of it.
    ///
    /// # Safety
    /// There are so many values at `items`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn list_at_hand(
        &mut self,
        items: *const Value,
        count: usize,
    ) -> Option<Value> {
        if count > AT_HAND_MAX || self.marker.is_marking() || self.torture {
            return None;
        }
        let size = size_of::<Owned<List>>() + count * size_of::<Value>();
        let cell = self.space.bump(size, true)?;
        // SAFETY: the cell has room for the fixed part and the elements, and nobody marks.
        unsafe {
            write_list(cell, items, count, false);
            Some(Value::from_object(Kind::List, cell))
        }
    }

    /// A map.
    pub fn map(&mut self, map: Map) -> Value {
        self.table(Kind::Map, map)
    }

    /// A set: a map whose values do not count.
    pub fn set(&mut self, map: Map) -> Value {
        self.table(Kind::Set, map)
    }

    fn table(&mut self, kind: Kind, map: Map) -> Value {
        match map.short() {
            Some(entries) => self.short_map(kind, entries.len(), entries.iter().copied()),
            None => self.owned(kind, map),
        }
    }

    /// An empty map with room for so many entries.
    pub(in crate::vm) fn map_with_room(&mut self, count: usize) -> Value {
        if count <= Map::INLINE_MAX {
            return self.short_map(Kind::Map, count, std::iter::empty());
        }
        self.owned(Kind::Map, Map::with_capacity(count))
    }

    /// A map or set that has its entries in its cell, with room for `count`.
    #[inline]
    pub(in crate::vm) fn short_map(
        &mut self,
        kind: Kind,
        count: usize,
        entries: impl Iterator<Item = Entry>,
    ) -> Value {
        let count = count.min(Map::INLINE_MAX);
        let cell = self.cell_for(size_of::<Owned<Map>>() + count * size_of::<Entry>(), true);
        // SAFETY: the cell has room for the fixed part and the entries.
        unsafe {
            let mut map = cell.cast::<Owned<Map>>();
            let body = Map::with_items(Items::inline(map.add(1).cast(), 0, count));
            map.write(Owned { header: Header::new(kind, 0, 0), counted: Cell::new(0), body });
            map.as_mut().body.fill(entries);
            self.finish_object(kind, cell)
        }
    }

    /// A range.
    pub fn range(&mut self, range: Range) -> Value {
        self.inline(Kind::Range, RangeObject { header: Header::new(Kind::Range, 0, 0), range })
    }

    /// A closure of a function in the VM's table. At most 65 535 upvalues (the compiler allows
    /// fewer).
    #[inline]
    pub fn closure(&mut self, function: u32, upvalues: &[Value]) -> Value {
        let header = Header::new(Kind::Closure, slot_count(upvalues), function);
        self.with_slots(Kind::Closure, Closure { header }, upvalues)
    }

    /// The value of a native function.
    pub fn native(&mut self, native: NativeId) -> Value {
        let number = native.0 as usize;
        if let Some(value) = self.natives.get(number).filter(|value| value.is(Kind::Native)) {
            return *value;
        }
        let value = self.inline(Kind::Native, Header::new(Kind::Native, 0, native.0));
        if self.natives.len() <= number {
            self.natives.resize(number + 1, Value::null());
        }
        self.natives[number] = value;
        value
    }

    /// A method with its receiver.
    pub fn bound(&mut self, receiver: Value, callee: Value) -> Value {
        let header = Header::new(Kind::Bound, 0, 0);
        self.inline(Kind::Bound, Bound { header, receiver, callee })
    }

    /// A class; its shape is set here.
    pub fn class(&mut self, mut class: Class) -> Value {
        self.last_shape += 1;
        class.shape = self.last_shape;
        class.defines_equality = class.method("==").is_some();
        self.owned(Kind::Class, class)
    }

    /// An instance of a class, with its slots as the class' template has them. `null` if `class` is
    /// none.
    #[inline]
    pub fn instance(&mut self, class: Value) -> Value {
        if !class.is(Kind::Class) {
            return Value::null();
        }
        let owner: NonNull<Owned<Class>> = class.object().expect("classes are heap objects").cast();
        // SAFETY: the value is a live class; nothing writes to it while its template is copied.
        let body = unsafe { &(*owner.as_ptr()).body };
        let header = Header::new(Kind::Instance, slot_count(&body.template), body.shape);
        self.with_slots(Kind::Instance, Instance { header, class: owner }, &body.template)
    }

    /// An enum.
    pub fn enumeration(&mut self, enumeration: Enum) -> Value {
        self.owned(Kind::Enum, enumeration)
    }

    /// A value of an enum: its variant by number, with the payload. `null` if `enumeration` is none.
    pub fn variant(&mut self, enumeration: Value, index: u32, payload: &[Value]) -> Value {
        if !enumeration.is(Kind::Enum) {
            return Value::null();
        }
        let owner = enumeration.object().expect("enums are heap objects").cast();
        let header = Header::new(Kind::Variant, slot_count(payload), index);
        self.with_slots(Kind::Variant, Variant { header, enumeration: owner }, payload)
    }

    /// A captured variable.
    #[inline]
    pub fn cell(&mut self, value: Value) -> Value {
        self.inline(Kind::Cell, VariableCell { header: Header::new(Kind::Cell, 0, 0), value })
    }

    /// A module.
    pub fn module(&mut self, module: Module) -> Value {
        self.owned(Kind::Module, module)
    }

    /// The value of a built-in type.
    pub fn type_value(&mut self, kind: TypeKind) -> Value {
        let known = self.types.iter().find(|value| super::raw::type_of(**value) == kind);
        if let Some(value) = known {
            return *value;
        }
        let value =
            self.inline(Kind::Type, TypeObject { header: Header::new(Kind::Type, 0, 0), kind });
        self.types.push(value);
        value
    }

    /// A cancellation.
    pub fn cut(&mut self, cut: Cut) -> Value {
        self.owned(Kind::Cut, cut)
    }

    /// A stack trace.
    pub fn trace(&mut self, entries: Vec<TraceEntry>) -> Value {
        self.owned(Kind::Trace, Trace { entries })
    }

    /// A generator.
    pub(in crate::vm) fn generator(&mut self, generator: Generator) -> Value {
        self.owned(Kind::Generator, generator)
    }

    /// An object of the runtime or the host.
    pub fn object(&mut self, object: Box<dyn HostObject>) -> Value {
        self.owned(Kind::Object, Hosted::boxed(object))
    }
}

/// Writes a list with its elements behind its fixed part.
///
/// # Safety
/// There are `count` values at `items`, and `cell` has room for them and the fixed part.
#[inline(always)]
unsafe fn write_list(cell: NonNull<Header>, items: *const Value, count: usize, frozen: bool) {
    // SAFETY: promised by the caller.
    unsafe {
        let list = cell.cast::<Owned<List>>();
        let first = list.add(1).cast::<Value>();
        let body = List::new(Items::inline(first, count, count), frozen);
        let header = Header::new(Kind::List, 0, 0);
        list.write(Owned { header, counted: Cell::new(0), body });
        for index in 0..count {
            copy_slot(first.as_ptr().add(index), items.add(index));
        }
    }
}

fn slot_count(slots: &[Value]) -> u16 {
    u16::try_from(slots.len()).expect("the compiler allows fewer than 65 536 slots")
}
