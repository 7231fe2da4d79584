//! Classes and their instances.
#![expect(unsafe_code, reason = "slots follow the fixed part of an instance")]

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use super::{Body, Header, Owned, trailing};
use crate::bytecode::program::MemberKind;
use crate::vm::heap::Marker;
use crate::vm::value::{Kind, Value};

/// A method, getter, operator or static of a class.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// The function; for a [`MemberKind::StaticValue`] that has been computed, the value.
    pub value: Value,
}

/// A class. Instances have one slot per field, inherited ones first.
#[derive(Debug, Default)]
pub struct Class {
    /// Its name.
    pub name: Arc<str>,
    /// The class that it extends.
    pub parent: Option<Value>,
    /// All fields, inherited first: the slot of a field is its index.
    pub fields: Vec<Arc<str>>,
    /// The slot of each field.
    pub field_index: HashMap<Arc<str>, u16, foldhash::fast::FixedState>,
    /// What each slot of a new instance starts as; `Value::unset()` for a required field.
    pub template: Vec<Value>,
    /// Sets the fields whose defaults have to be computed.
    pub initializer: Option<Value>,
    /// Methods, getters and operators, inherited ones too.
    pub methods: HashMap<Arc<str>, Member, foldhash::fast::FixedState>,
    /// What is read of the class itself, inherited ones too.
    pub statics: HashMap<Arc<str>, Member, foldhash::fast::FixedState>,
    /// Number of the layout, unique in its heap; [`Heap::class`](crate::vm::heap::Heap::class)
    /// sets it.
    pub shape: u32,
    /// It has the operator `==`; [`Heap::class`](crate::vm::heap::Heap::class) looks.
    pub defines_equality: bool,
    /// Extends `Error`.
    pub is_error: bool,
    /// The module that declares it.
    pub module: Arc<str>,
}

impl Class {
    /// The method, getter or operator of that name.
    pub fn method(&self, name: &str) -> Option<Member> {
        self.methods.get(name).copied()
    }

    /// The slot of a field.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.field_index.get(name).map(|slot| usize::from(*slot))
    }
}

impl Body for Class {
    fn trace(&self, marker: &mut Marker) {
        marker.values(&self.template);
        for value in self.parent.iter().chain(&self.initializer) {
            marker.value(*value);
        }
        for member in self.methods.values().chain(self.statics.values()) {
            marker.value(member.value);
        }
    }

    fn external_bytes(&self) -> usize {
        let entry = size_of::<(Arc<str>, Member)>();
        self.template.capacity() * size_of::<Value>()
            + self.fields.capacity() * size_of::<Arc<str>>()
            + (self.field_index.capacity() + self.methods.capacity() + self.statics.capacity())
                * entry
    }
}

/// Fixed part of an instance; its slots follow. The header's word is the shape of its class.
#[repr(C)]
pub(in crate::vm) struct Instance {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) class: NonNull<Owned<Class>>,
}

/// An instance that is being looked at.
#[derive(Clone, Copy, Debug)]
pub struct InstanceRef<'h> {
    object: NonNull<Instance>,
    heap: PhantomData<&'h Header>,
}

impl<'h> InstanceRef<'h> {
    /// # Safety
    /// `object` is a live instance during `'h`, and nothing writes to its slots meanwhile.
    #[inline(always)]
    pub(in crate::vm) unsafe fn new(object: NonNull<Instance>) -> InstanceRef<'h> {
        InstanceRef { object, heap: PhantomData }
    }

    #[inline(always)]
    fn object(&self) -> &'h Instance {
        // SAFETY: the object is live during `'h`.
        unsafe { self.object.as_ref() }
    }

    /// Its class, as a value.
    #[inline(always)]
    pub fn class_value(&self) -> Value {
        // SAFETY: an instance keeps its class alive.
        unsafe { Value::from_object(Kind::Class, self.object().class.cast()) }
    }

    /// Its class.
    #[inline(always)]
    pub fn class(&self) -> &'h Class {
        // SAFETY: an instance keeps its class alive.
        unsafe { &(*self.object().class.as_ptr()).body }
    }

    /// The shape of its class.
    #[inline(always)]
    pub fn shape(&self) -> u32 {
        self.object().header.word()
    }

    /// Its fields.
    #[inline(always)]
    pub fn slots(&self) -> &'h [Value] {
        // SAFETY: the object is live during `'h` and has as many slots as its header says.
        unsafe { trailing(self.object.as_ptr().cast_const(), self.object().header.count()) }
    }

    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<Value> {
        self.slots().get(self.class().slot(name)?).copied()
    }
}
