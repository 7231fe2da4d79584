//! Makers: one for each kind of object.
//!
//! None of them fails and none collects. Those whose size a script decides have to be preceded by
//! [`Heap::reserve`].
#![expect(unsafe_code, reason = "objects are written into raw cells")]

use std::cell::Cell;
use std::ptr::NonNull;

use super::Heap;
use super::block::BlockRef;
use super::space::CELL_MAX;
use crate::vm::map::{Entry, Map};
use crate::vm::object::{
    Body, Bound, Bytes, Class, Closure, Cut, Enum, Generator, Header, HostObject, Hosted, Instance,
    Items, List, Module, NativeId, Owned, Range, RangeObject, Str, StrParts, Trace, TraceEntry,
    TypeKind, TypeObject, VariableCell, Variant,
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

    /// A string.
    pub fn string(&mut self, text: &str) -> Value {
        if let [byte] = text.as_bytes() {
            return self.character(*byte);
        }
        self.plain_string(text.as_bytes(), text.is_ascii(), 0)
    }

    /// A part of a string, by bytes; `None` if it does not begin and end between characters.
    pub fn substring(&mut self, text: Value, part: std::ops::Range<usize>) -> Option<Value> {
        let string = self.string_ref(text)?;
        let is_ascii = string.is_ascii();
        let bytes = NonNull::from(string.text().get(part)?.as_bytes());
        // SAFETY: the bytes of a live string neither move nor change, and nothing is collected before
        // this returns.
        let bytes = unsafe { bytes.as_ref() };
        if let [byte] = bytes {
            return Some(self.character(*byte));
        }
        Some(self.plain_string(bytes, is_ascii || bytes.is_ascii(), 0))
    }

    /// A string. A long one keeps the memory that the text came in.
    pub fn string_owned(&mut self, text: String) -> Value {
        if text.len() > CELL_MAX { self.adopted_string(text) } else { self.string(&text) }
    }

    /// The string of one ASCII character, made only once.
    #[inline]
    fn character(&mut self, byte: u8) -> Value {
        let known = self.characters[usize::from(byte & 127)];
        if known.is_str() {
            return known;
        }
        let value = self.plain_string(&[byte], true, 0);
        self.characters[usize::from(byte & 127)] = value;
        value
    }

    /// The string of one character.
    #[inline]
    pub fn character_string(&mut self, character: char) -> Value {
        if character.is_ascii() {
            return self.character(character as u8);
        }
        self.string(character.encode_utf8(&mut [0; 4]))
    }

    /// A string with its bytes in its own cell. `text` has to be UTF-8.
    pub(super) fn plain_string(&mut self, text: &[u8], ascii: bool, flags: u8) -> Value {
        self.joined_string(text, &[], ascii, flags)
    }

    /// A string of two texts behind each other, in its own cell. Both have to be UTF-8.
    pub(super) fn joined_string(
        &mut self,
        first: &[u8],
        second: &[u8],
        ascii: bool,
        flags: u8,
    ) -> Value {
        let ascii_flag = if ascii { Str::ASCII } else { 0 };
        let head = size_of::<Str>() + if ascii { 0 } else { size_of::<usize>() };
        let cell = self.byte_object(Kind::Str, head, first, second, flags | ascii_flag);
        if !ascii {
            let characters =
                |text| std::str::from_utf8(text).map_or(0, |text| text.chars().count());
            let count = characters(first) + characters(second);
            // SAFETY: `head` left room for the word.
            unsafe { cell.byte_add(size_of::<Str>()).cast::<usize>().write(count) };
        }
        // SAFETY: the object is complete.
        unsafe { self.finish_object(Kind::Str, cell) }
    }

    /// A string or byte string whose bytes stand `head` bytes behind the start of its cell: some
    /// bytes and more behind them.
    fn byte_object(
        &mut self,
        kind: Kind,
        head: usize,
        bytes: &[u8],
        more: &[u8],
        flags: u8,
    ) -> NonNull<Header> {
        let len = bytes.len() + more.len();
        let cell = self.cell_for(head + len, false);
        // SAFETY: the cell has room for the head and the bytes.
        unsafe {
            let data = cell.cast::<u8>().add(head);
            data.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
            data.add(bytes.len()).copy_from_nonoverlapping(NonNull::from(more).cast(), more.len());
            cell.cast::<Str>().write(Str::new(kind, StrParts { flags, len, data }));
        }
        cell
    }

    /// The one string of that content that stays for good: for names and literals of code.
    pub fn intern(&mut self, text: &str) -> Value {
        use std::hash::BuildHasher;
        let hash = self.hasher().hash_one(text);
        let same = |value: &Value| super::raw::text_of(*value) == text;
        if let Some(value) = self.interned.find(hash, same) {
            return *value;
        }
        let value = self.string(text);
        let hasher = self.hasher.clone();
        self.interned
            .insert_unique(hash, value, |value| hasher.hash_one(super::raw::text_of(*value)));
        super::raw::add_flag(value, Str::INTERNED);
        value
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) -> Value {
        let cell = self.byte_object(Kind::Bytes, size_of::<Bytes>(), bytes, &[], 0);
        // SAFETY: the object is complete.
        unsafe { self.finish_object(Kind::Bytes, cell) }
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
