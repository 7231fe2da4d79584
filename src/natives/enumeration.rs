//! What every enum has.

use super::Outcome;
use crate::natives;
use crate::vm::{Value, Vm};

natives! {
    /// Functions of enums.
    pub const ENUMERATION;

    /// A list of the variants without payload, in the order of their declaration.
    method enum.values() => values, "{ enum Dir { North, South }; Dir.values() }" => "[Dir.North, Dir.South]";
}

fn values(vm: &mut Vm, enumeration: Value) -> Outcome {
    let variants = vm.heap.enum_ref(enumeration).map_or(&[][..], |found| &found.variants);
    let plain = variants.iter().filter(|variant| variant.fields.is_empty());
    let values = plain.map(|variant| variant.value).collect();
    Ok(vm.heap.list(values))
}
