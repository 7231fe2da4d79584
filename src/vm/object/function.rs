//! What can be called: closures, natives, bound methods; and the cells of captured variables.
#![expect(unsafe_code, reason = "upvalues follow the fixed part of a closure")]

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::{Header, trailing};
use crate::vm::value::Value;

/// The number of a native function in the VM's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NativeId(pub u32);

/// Fixed part of a closure; its upvalues follow. The header's word is the function's number.
#[repr(C)]
pub(in crate::vm) struct Closure {
    pub(in crate::vm) header: Header,
}

/// A closure that is being looked at.
#[derive(Clone, Copy, Debug)]
pub struct ClosureRef<'h> {
    object: NonNull<Closure>,
    heap: PhantomData<&'h Header>,
}

impl<'h> ClosureRef<'h> {
    /// # Safety
    /// `object` is a live closure during `'h`.
    #[inline(always)]
    pub(in crate::vm) unsafe fn new(object: NonNull<Closure>) -> ClosureRef<'h> {
        ClosureRef { object, heap: PhantomData }
    }

    #[inline(always)]
    fn header(&self) -> &'h Header {
        // SAFETY: the object is live during `'h`.
        unsafe { &(*self.object.as_ptr()).header }
    }

    /// The number of its function in the VM's table.
    #[inline(always)]
    pub fn function(&self) -> u32 {
        self.header().word()
    }

    /// What it captured: plain values, or cells of variables that are assigned to.
    #[inline(always)]
    pub fn upvalues(&self) -> &'h [Value] {
        // SAFETY: the object is live during `'h` and has as many upvalues as its header says.
        unsafe { trailing(self.object.as_ptr().cast_const(), self.header().count()) }
    }
}

/// A bound method.
#[repr(C)]
pub(in crate::vm) struct Bound {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) receiver: Value,
    pub(in crate::vm) callee: Value,
}

/// The parts of a bound method.
#[derive(Clone, Copy, Debug)]
pub struct BoundRef {
    /// What it is called on.
    pub receiver: Value,
    /// The method.
    pub callee: Value,
}

/// A variable that a closure captured.
#[repr(C)]
pub(in crate::vm) struct VariableCell {
    pub(in crate::vm) header: Header,
    pub(in crate::vm) value: Value,
}
