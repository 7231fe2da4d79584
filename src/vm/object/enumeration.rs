//! Enums and their values.
#![expect(unsafe_code, reason = "the payload follows the fixed part of a variant")]

use std::collections::HashMap;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

use super::{Body, Header, Member, Owned, trailing};
use crate::vm::heap::Marker;
use crate::vm::value::{Kind, Value};

/// A variant as its enum declares it.
#[derive(Clone, Debug, Default)]
pub struct VariantInfo {
    /// Its name.
    pub name: Arc<str>,
    /// The names of its payload's fields.
    pub fields: Vec<Arc<str>>,
    /// The last field collects the rest of the arguments.
    pub has_rest: bool,
    /// What its name stands for: the value itself, or the function that makes values with a payload.
    pub value: Value,
}

/// An enum.
#[derive(Debug, Default)]
pub struct Enum {
    /// Its name.
    pub name: Arc<str>,
    /// Its variants, in order.
    pub variants: Vec<VariantInfo>,
    /// Methods, getters and operators of its values.
    pub methods: HashMap<Arc<str>, Member, foldhash::fast::FixedState>,
    /// What is read of the enum itself, its variants too.
    pub statics: HashMap<Arc<str>, Member, foldhash::fast::FixedState>,
    /// The number of its declaration in the VM.
    pub number: u32,
    /// The module that declares it.
    pub module: Arc<str>,
}

impl Body for Enum {
    fn trace(&self, marker: &mut Marker) {
        for member in self.methods.values().chain(self.statics.values()) {
            marker.value(member.value);
        }
        for variant in &self.variants {
            marker.value(variant.value);
        }
    }

    fn external_bytes(&self) -> usize {
        self.variants.capacity() * size_of::<VariantInfo>()
            + (self.methods.capacity() + self.statics.capacity()) * size_of::<(Arc<str>, Member)>()
    }
}

impl Enum {
    /// The method, getter or operator of that name.
    pub fn method(&self, name: &str) -> Option<Member> {
        self.methods.get(name).copied()
    }
}

/// Fixed part of an enum's value; its payload follows. The header's word is the variant's number.
#[repr(C)]
pub(in crate::vm) struct Variant {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) enumeration: NonNull<Owned<Enum>>,
}

/// An enum's value that is being looked at.
#[derive(Clone, Copy, Debug)]
pub struct VariantRef<'h> {
    object: NonNull<Variant>,
    heap: PhantomData<&'h Header>,
}

impl<'h> VariantRef<'h> {
    /// # Safety
    /// `object` is a live variant during `'h`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn new(object: NonNull<Variant>) -> VariantRef<'h> {
        VariantRef { object, heap: PhantomData }
    }

    #[inline(always)]
    fn object(&self) -> &'h Variant {
        // SAFETY: the object is live during `'h`.
        unsafe { self.object.as_ref() }
    }

    /// Its enum, as a value.
    pub fn enum_value(&self) -> Value {
        // SAFETY: a variant keeps its enum alive.
        unsafe { Value::from_object(Kind::Enum, self.object().enumeration.cast()) }
    }

    /// Its enum.
    pub fn enumeration(&self) -> &'h Enum {
        // SAFETY: a variant keeps its enum alive.
        unsafe { &(*self.object().enumeration.as_ptr()).body }
    }

    /// Its number among the variants.
    pub fn index(&self) -> u32 {
        self.object().header.word()
    }

    /// How its enum declares it.
    pub fn info(&self) -> Option<&'h VariantInfo> {
        self.enumeration().variants.get(self.index() as usize)
    }

    /// The field of its payload of that name.
    pub fn field(&self, name: &str) -> Option<Value> {
        let index = self.info()?.fields.iter().position(|field| **field == *name)?;
        self.payload().get(index).copied()
    }

    /// Its payload.
    pub fn payload(&self) -> &'h [Value] {
        // SAFETY: the object is live during `'h` and has as many slots as its header says.
        unsafe { trailing(self.object.as_ptr().cast_const(), self.object().header.count()) }
    }
}
