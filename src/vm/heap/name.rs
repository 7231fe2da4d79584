//! The names of functions, for printing: the heap's objects only know numbers.

use std::borrow::Cow;
use std::sync::Arc;

use super::Heap;
use crate::vm::object::NativeId;
use crate::vm::value::Value;

/// Names by number.
#[derive(Default)]
pub(super) struct FunctionNames {
    closures: Vec<Arc<str>>,
    natives: Vec<Cow<'static, str>>,
}

impl Heap {
    /// Says what the function with that number is called; whoever loads functions does.
    pub fn name_function(&mut self, function: u32, name: Arc<str>) {
        put(&mut self.names.closures, function, name);
    }

    /// Says what a native is called; whoever adds natives does.
    pub fn name_native(&mut self, native: NativeId, name: Cow<'static, str>) {
        put(&mut self.names.natives, native.0, name);
    }

    /// The name of a function by its number; empty if it has none.
    pub fn name_of(&self, function: u32) -> &str {
        self.names.closures.get(function as usize).map_or("", |name| &**name)
    }

    /// The name of a closure or native; empty if it has none.
    pub fn function_name(&self, callee: Value) -> &str {
        let name = if let Some(closure) = self.closure_ref(callee) {
            self.names.closures.get(closure.function() as usize).map(|name| &**name)
        } else {
            let native = self.native_id(callee);
            native.and_then(|native| self.names.natives.get(native.0 as usize)).map(|name| &**name)
        };
        name.unwrap_or_default()
    }
}

fn put<T: Clone + Default>(names: &mut Vec<T>, number: u32, name: T) {
    let number = number as usize;
    if names.len() <= number {
        names.resize(number + 1, T::default());
    }
    names[number] = name;
}
