//! How an error speaks of a value: its type with an article, and the value itself, cut short.

use crate::vm::{Kind, Value, Vm};

/// A value in an error: `an int (3)`, `a str ("3")`, `null`, `a Point`.
pub fn describe(vm: &Vm, value: Value) -> String {
    match value.kind() {
        Kind::Null | Kind::Unset => "null".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::Closure | Kind::Native | Kind::Bound => "a function".to_owned(),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Duration
        | Kind::Str
        | Kind::Range
        | Kind::Class
        | Kind::Enum
        | Kind::Type => {
            format!("{} ({})", with_article(&vm.type_name(value)), vm.show(value))
        }
        _ => with_article(&vm.type_name(value)),
    }
}

/// A noun with `a` or `an` before it.
fn with_article(noun: &str) -> String {
    let article =
        if noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {noun}")
}
