//! What library functions written in Kettle say to those who use them wrongly, in the wording of natives.

use super::Outcome;
use super::argument::{Argument, wrong_type};
use super::kind::{self, ListValue, TextValue};
use crate::natives;
use crate::vm::heap::Heap;
use crate::vm::{ErrorKind, Value, Vm};

natives! {
    /// The check of an argument.
    pub const CHECK;

    /// For the library: `value`, if it is of the type that `expects` names by a word of these
    /// tables (`"int"`, or `"int?"` where null will do), else a TypeError as natives throw it. `what`
    /// names function and parameter: `"deque.rotate: n"`.
    fn core.check(value: any, expects: str, what: str) => check;
    /// For the library: the one of the words that `word` probably stands for, or null.
    fn core.nearest(word: str, words: list) => nearest;
}

/// The type in an error, if the value is not of it, and a hint.
type Verdict = Result<(), (&'static str, Option<String>)>;

fn check(vm: &mut Vm, value: Value, expects: TextValue, what: TextValue) -> Outcome {
    let word = expects.get(&vm.heap);
    let verdict = match word.strip_suffix('?') {
        Some(_) if value.is_null() => return Ok(value),
        Some(word) => judge(&vm.heap, word, value),
        None => judge(&vm.heap, word, value),
    };
    let Some(verdict) = verdict else {
        let message = format!("core.check: there is no type {word:?}");
        return Err(vm.error(ErrorKind::ValueError, message));
    };
    let Err((expected, hint)) = verdict else { return Ok(value) };
    let what = what.get(&vm.heap).to_owned();
    let (path, param) = what.rsplit_once(": ").unwrap_or(("", &what));
    Err(wrong_type(vm, path, param, expected, value, hint))
}

fn nearest(vm: &mut Vm, word: TextValue, words: ListValue) -> Outcome {
    let words = words.get(&vm.heap).items.iter().filter_map(|known| vm.heap.str(*known));
    let found = crate::diagnostics::nearest(word.get(&vm.heap), words).map(str::to_owned);
    Ok(found.map_or(Value::null(), |found| vm.heap.string(&found)))
}

fn judge(heap: &Heap, word: &str, value: Value) -> Option<Verdict> {
    Some(match word {
        "int" => of::<kind::Int>(heap, value),
        "float" => of::<kind::Float>(heap, value),
        "number" => of::<kind::Number>(heap, value),
        "bool" => of::<kind::Bool>(heap, value),
        "duration" => of::<kind::Duration>(heap, value),
        "str" => of::<kind::Text>(heap, value),
        "bytes" => of::<kind::BytesLike>(heap, value),
        "data" => of::<kind::Data>(heap, value),
        "list" => of::<kind::List>(heap, value),
        "map" => of::<kind::Map>(heap, value),
        "set" => of::<kind::Set>(heap, value),
        "range" => of::<kind::Range>(heap, value),
        "fn" => of::<kind::Function>(heap, value),
        "type" => of::<kind::Type>(heap, value),
        _ => return None,
    })
}

fn of<A: Argument>(heap: &Heap, value: Value) -> Verdict {
    match A::take(heap, value) {
        Some(_) => Ok(()),
        None => Err((A::EXPECTED, A::hint(heap, value))),
    }
}
