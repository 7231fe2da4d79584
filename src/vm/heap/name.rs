//! The names of functions, for printing: the heap's objects only know numbers.

use std::sync::Arc;

use super::Heap;
use crate::vm::object::NativeId;
use crate::vm::value::Value;

/// Names by number.
#[derive(Default)]
pub(super) struct FunctionNames {
    closures: Vec<Arc<str>>,
    natives: Vec<Arc<str>>,
}

impl Heap {
    /// Says what the function with that number is called; whoever loads functions does.
    pub fn name_function(&mut self, function: u32, name: Arc<str>) {
        put(&mut self.names.closures, function, name);
    }

    /// Says what a native is called; whoever adds natives does.
    pub fn name_native(&mut self, native: NativeId, name: Arc<str>) {
        put(&mut self.names.natives, native.0, name);
    }

    /// The name of a closure or native; empty if it has none.
    pub fn function_name(&self, callee: Value) -> &str {
        let name = if let Some(closure) = self.closure_ref(callee) {
            self.names.closures.get(closure.function() as usize)
        } else {
            self.native_id(callee).and_then(|native| self.names.natives.get(native.0 as usize))
        };
        name.map_or("", |name| name)
    }
}

fn put(names: &mut Vec<Arc<str>>, number: u32, name: Arc<str>) {
    let number = number as usize;
    if names.len() <= number {
        names.resize(number + 1, Arc::default());
    }
    names[number] = name;
}
