//! Iterators: generators of scripts, and those that the lazy methods make, which are generators of
//! the core module.

use super::Outcome;
use super::argument::{Rest, wrong_type};
use super::kind::TextValue;
use super::script;
use crate::natives;
use crate::vm::{Elements, ErrorKind, Kind, Value, Vm};

natives! {
    /// Methods of iterators. Those that give an iterator are lazy: nothing happens until it is
    /// asked for an element. An iterator can be run through once.
    pub const ITERATOR;

    /// An iterator over a collection, or over an object that has a method `iter` or `next`.
    convert iterator(iterable: any) => iterator_of,
        "iterator([1, 2]).map(|x| x * 2).list()" => "[2, 4]";

    /// The next element. At the end it is `default`; without one, StopIteration is thrown.
    method iterator.next(default: any...) => next,
        "[7].iter().next()" => "7", "[].iter().next(0)" => "0";
    /// Ends it early, so that the `defer` and `finally` blocks of a generator run. A `for` loop
    /// that is left does this by itself.
    method iterator.close() => close, "[1].iter().close()" => "null";
    /// The iterator itself.
    method iterator.iter() => itself, "(1..3).iter().iter().list()" => "[1, 2]";
    /// The next element, which stays in the iterator; at the end `default`.
    core method iterator.peek(default: any?) => iterator_peek,
        "[1].iter().peek()" => "1", "[].iter().peek(0)" => "0";
    /// The iterator itself, as each can be asked for `peek`.
    core method iterator.peekable() => iterator_peekable, "(1..3).iter().peekable().peek()" => "1";

    /// What `f` makes of each element.
    core method iterator.map(f: fn) => iterator_map, "[1, 2].iter().map(|x| x * 10).list()" => "[10, 20]";
    /// The elements for which `f` is true.
    core method iterator.filter(f: fn) => iterator_filter, "[1, 2].iter().filter(|x| x > 1).list()" => "[2]";
    /// The elements of what `f` makes of each element.
    core method iterator.flat_map(f: fn) => iterator_flat_map,
        "[1, 2].iter().flat_map(|x| [x, x]).list()" => "[1, 1, 2, 2]";
    /// At most `n` elements.
    core method iterator.take(n: int) => iterator_take, "[1, 2, 3].iter().take(2).list()" => "[1, 2]";
    /// The elements behind the first `n`.
    core method iterator.skip(n: int) => iterator_skip, "[1, 2, 3].iter().skip(2).list()" => "[3]";
    /// The elements before the first for which `f` is false.
    core method iterator.take_while(f: fn) => iterator_take_while,
        "[1, 5, 2].iter().take_while(|x| x < 3).list()" => "[1]";
    /// The elements from the first for which `f` is false.
    core method iterator.skip_while(f: fn) => iterator_skip_while,
        "[1, 5, 2].iter().skip_while(|x| x < 3).list()" => "[5, 2]";
    /// Lists of an element and those of the others at the same place, until one ends.
    core method iterator.zip(others: any...) => iterator_zip,
        r#"[1, 2].iter().zip("ab").list()"# => r#"[[1, "a"], [2, "b"]]"#;
    /// Pairs of index and element.
    core method iterator.enumerate(start: int = 0) => iterator_enumerate,
        r#"["a", "b"].iter().enumerate(1).list()"# => r#"[[1, "a"], [2, "b"]]"#;
    /// The elements, then those of others.
    core method iterator.chain(others: any...) => iterator_chain, "[1].iter().chain([2], 3..5).list()" => "[1, 2, 3, 4]";
    /// The elements in lists of `n`; the last one may be shorter.
    core method iterator.chunk(n: int) => iterator_chunk, "[1, 2, 3].iter().chunk(2).list()" => "[[1, 2], [3]]";
    /// Every `n` neighbours as a list.
    core method iterator.window(n: int) => iterator_window, "[1, 2, 3].iter().window(2).list()" => "[[1, 2], [2, 3]]";
    /// The first of every `n` elements.
    core method iterator.step(n: int) => iterator_step, "[1, 2, 3].iter().step(2).list()" => "[1, 3]";
    /// The elements, each once, by itself or by what `by` gives.
    core method iterator.unique(named by: fn?) => iterator_unique, "[1, 2, 1].iter().unique().list()" => "[1, 2]";
    /// What `f(acc, x)` gives on the way, beginning with `start`.
    core method iterator.scan(f: fn, start: any) => iterator_scan,
        "[1, 2, 3].iter().scan(|a, x| a + x, 0).list()" => "[1, 3, 6]";

    /// The elements as a list.
    core method iterator.list() => to_list, "(1..3).map(|n| -n).list()" => "[-1, -2]";
    /// The elements as a set.
    core method iterator.set() => to_set, "[1, 1].iter().set()" => "set([1])";
    /// The elements as text, with `sep` between them.
    core method iterator.join(sep: str = "") => iterator_join, r#"[1, 2].iter().join("-")"# => "1-2";
    /// The sum of the elements; 0 if there are none.
    core method iterator.sum() => iterator_sum, "[1, 2].iter().sum()" => "3";
    /// The least element, by itself or by a key; null if there is none.
    core method iterator.min(named by: fn?) => iterator_min, "[2, 1].iter().min()" => "1";
    /// The greatest element, by itself or by a key; null if there is none.
    core method iterator.max(named by: fn?) => iterator_max, "[2, 1].iter().max(by: |x| -x)" => "1";
    /// Combines the elements: `f(acc, x)` for each.
    core method iterator.reduce(f: fn, start: any?) => list_reduce, "[1, 2, 3].iter().reduce(|a, x| a + x)" => "6";
    /// Whether one element, or what `f` gives for it, is true.
    core method iterator.any(f: fn?) => list_any, "[1, 2].iter().any(|x| x > 1)" => "true";
    /// Whether all elements, or what `f` gives for them, are true.
    core method iterator.all(f: fn?) => list_all, "[1, 2].iter().all(|x| x > 1)" => "false";
    /// How many elements there are, or for how many `f` is true.
    core method iterator.count(f: fn?) => iterator_count, "[1, 2].iter().count()" => "2";
    /// The first element for which `f` is true; null if there is none.
    core method iterator.find(f: fn) => list_find, "[1, 2].iter().find(|x| x > 1)" => "2";
    /// The first element; null if there is none.
    core method iterator.first() => iterator_first, "[1, 2].iter().first()" => "1";
    /// The last element; null if there is none.
    core method iterator.last() => iterator_last, "[1, 2].iter().last()" => "2";
    /// Calls `f` with each element.
    core method iterator.each(f: fn) => list_each, "[1, 2].iter().each(|x| print(x))" => "1\n2";
    /// The elements in lists, by what `f` gives for them.
    core method iterator.group_by(f: fn) => list_group_by,
        "[1, 2, 3].iter().group_by(|x| x % 2)" => "{1: [1, 3], 0: [2]}";
    /// The elements for which `f` is true, and the others.
    core method iterator.partition(f: fn) => list_partition, "[1, 2, 3].iter().partition(|x| x > 1)" => "[[2, 3], [1]]";

    /// For the core module: a callback of a lazy method, which must not wait.
    fn core.callback(path: str, f: any) => callback;
    /// For the core module: lets loops that are left early leave an iterator open.
    fn core.stay_open(iterator: any) => stay_open;
    /// For the core module: closes an iterator unless it stays open.
    fn core.leave(iterator: any) => leave;
    /// For the core module: the element that was put back, which stays there, or `none`.
    fn core.ahead(iterator: any, none: any) => ahead;
    /// For the core module: refuses an endless range.
    fn core.bounded(source: any) => bounded;
    /// For the core module: puts an element back.
    fn core.put_back(iterator: any, element: any) => put_back;
}

fn iterator_of(vm: &mut Vm, iterable: Value) -> Outcome {
    if iterable.is(Kind::Generator) {
        return Ok(iterable);
    }
    match iterable.kind() {
        Kind::Range => script::call(vm, "list_iter", &[iterable]),
        _ => match vm.elements(iterable)? {
            Elements::Known(_) => script::call(vm, "list_iter", &[iterable]),
            Elements::AskScript => script::call(vm, "iterator_of", &[iterable]),
            Elements::None => {
                Err(wrong_type(vm, "iterator", "iterable", "an iterable", iterable, None))
            }
        },
    }
}

fn next(vm: &mut Vm, iterator: Value, default: Rest) -> Outcome {
    let at_end = match default.len(vm) {
        0 => Value::unset(),
        1 => default.get(vm, 0),
        given => {
            let text =
                format!("iterator.next takes 0 to 1 argument (default?), but {given} were given");
            return Err(vm.error(ErrorKind::ArityError, text));
        }
    };
    Ok(vm.next_of_generator(iterator, at_end))
}

fn close(vm: &mut Vm, iterator: Value) -> Outcome {
    Ok(vm.close_generator(iterator))
}

fn itself(_: &mut Vm, iterator: Value) -> Outcome {
    Ok(iterator)
}

fn callback(vm: &mut Vm, path: TextValue, f: Value) -> Outcome {
    if vm.must_be_awaited(f) {
        let (path, name) = (path.get(&vm.heap).to_owned(), vm.callee_name(f));
        let text = format!(
            "{path}: {name} is async, and a lazy iterator cannot wait: use an async generator, or \
             `await` the method of a list"
        );
        return Err(vm.error(ErrorKind::MissingAwaitError, text));
    }
    Ok(f)
}

fn stay_open(vm: &mut Vm, iterator: Value) -> Outcome {
    if let Some(generator) = vm.heap.generator_mut(iterator) {
        generator.stays_open = true;
    }
    Ok(iterator)
}

fn leave(vm: &mut Vm, iterator: Value) -> Outcome {
    match vm.heap.generator_ref(iterator) {
        Some(generator) if !generator.stays_open => Ok(vm.close_generator(iterator)),
        _ => Ok(Value::null()),
    }
}

fn ahead(vm: &mut Vm, iterator: Value, none: Value) -> Outcome {
    let ahead = vm.heap.generator_ref(iterator).map(|generator| generator.ahead);
    Ok(ahead.filter(|ahead| !ahead.is_unset()).unwrap_or(none))
}

fn bounded(vm: &mut Vm, source: Value) -> Outcome {
    if vm.heap.range_ref(source).is_some_and(|range| range.len().is_none()) {
        // An error, as it has no list of elements.
        vm.elements(source)?;
    }
    Ok(source)
}

fn put_back(vm: &mut Vm, iterator: Value, element: Value) -> Outcome {
    if let Some(generator) = vm.heap.generator_mut(iterator) {
        generator.ahead = element;
    }
    Ok(Value::null())
}
