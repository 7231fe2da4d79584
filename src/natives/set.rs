//! Methods of `set`.

use super::Outcome;
use super::argument::wrong_type;
use super::kind::SetValue;
use super::script;
use crate::natives;
use crate::vm::map::Map;
use crate::vm::object::Range;
use crate::vm::{Elements, Kind, Thrown, Value, Vm};

natives! {
    /// Methods of `set`.
    pub const SET;

    /// How many members the set has.
    get set.len() => len, "set([1, 1]).len" => "1";
    /// Makes a value a member; says whether it was none before.
    method set.add(value: any) => add, "set([1]).add(1)" => "false";
    /// Takes a member out; says whether it was one.
    method set.remove(value: any) => remove, "set([1]).remove(1)" => "true";
    /// Whether a value is a member.
    method set.contains(value: any) => contains, "set([1]).contains(1.0)" => "true";
    /// Makes all elements of an iterable members.
    method set.extend(iterable: any) => extend, "let s = set([1])\ns.extend([2])\nprint(s)" => "set([1, 2])";
    /// Removes all members.
    method set.clear() => clear, "let s = set([1])\ns.clear()\nprint(s)" => "set([])";
    /// A new set of the same members.
    method set.copy() => copy, "set([1]).copy() == set([1])" => "true";
    /// The members of both together.
    method set.union(other: any) => union, "set([1]).union([2])" => "set([1, 2])";
    /// The members that the other has too.
    method set.intersect(other: any) => intersect, "set([1, 2]).intersect([2, 3])" => "set([2])";
    /// The members that the other does not have.
    method set.minus(other: any) => minus, "set([1, 2]).minus([2])" => "set([1])";
    /// The members that only one of them has.
    method set.symmetric_minus(other: any) => symmetric_minus, "set([1, 2]).symmetric_minus([2, 3])" => "set([1, 3])";
    /// Whether the other has all members.
    method set.is_subset(other: any) => is_subset, "set([1]).is_subset([1, 2])" => "true";
    /// Whether all elements of the other are members.
    method set.is_superset(other: any) => is_superset, "set([1]).is_superset([1, 2])" => "false";
    /// Whether they have no member in common.
    method set.is_disjoint(other: any) => is_disjoint, "set([1]).is_disjoint([2])" => "true";
    /// The first member; null if there is none.
    method set.first() => first, "set([3, 1]).first()" => "3";
    /// The last member; null if there is none.
    method set.last() => last, "set([3, 1]).last()" => "1";

    /// What `f` makes of each member, as a list.
    core method set.map(f: fn) => list_map, "set([1, 2]).map(|x| x * 2)" => "[2, 4]";
    /// The members for which `f` is true, as a set.
    core method set.filter(f: fn) => set_filter, "set([1, 2]).filter(|x| x > 1)" => "set([2])";
    /// The elements of what `f` makes of each member, as a list.
    core method set.flat_map(f: fn) => list_flat_map, "set([1]).flat_map(|x| [x, x])" => "[1, 1]";
    /// Calls `f` with each member.
    core method set.each(f: fn) => list_each, "set([1]).each(|x| print(x))" => "1";
    /// Combines the members: `f(acc, x)` for each.
    core method set.reduce(f: fn, start: any?) => list_reduce, "set([1, 2]).reduce(|a, x| a + x)" => "3";
    /// Whether a member, or what `f` gives for one, is true.
    core method set.any(f: fn?) => list_any, "set([1]).any(|x| x > 1)" => "false";
    /// Whether all members, or what `f` gives for them, are true.
    core method set.all(f: fn?) => list_all, "set([1]).all(|x| x > 0)" => "true";
    /// The first member for which `f` is true; null if there is none.
    core method set.find(f: fn) => list_find, "set([1, 2]).find(|x| x > 1)" => "2";
    /// How many members there are, or for how many `f` is true.
    core method set.count(f: fn?) => list_count, "set([1, 2]).count(|x| x > 1)" => "1";
    /// The members in lists, by what `f` gives for them.
    core method set.group_by(f: fn) => list_group_by, "set([1, 2]).group_by(|x| x % 2)" => "{1: [1], 0: [2]}";
    /// The members for which `f` is true, and the others, as lists.
    core method set.partition(f: fn) => list_partition, "set([1, 2]).partition(|x| x > 1)" => "[[2], [1]]";
    /// The sum of the members.
    core method set.sum() => iterator_sum, "set([1, 2]).sum()" => "3";
    /// The least member, by itself or by a key; null if there is none.
    core method set.min(named by: fn?) => list_min, "set([2, 1]).min()" => "1";
    /// The greatest member, by itself or by a key; null if there is none.
    core method set.max(named by: fn?) => list_max, "set([2, 1]).max()" => "2";
    /// The members in order, as a list.
    core method set.sorted(named by: fn?, named cmp: fn?, named reverse: bool = false) => list_sorted, "set([2, 1]).sorted()" => "[1, 2]";
    /// The members as text, with `sep` between them.
    core method set.join(sep: str = "") => iterator_join, r#"set([1, 2]).join("-")"# => "1-2";
    /// An iterator over the members.
    core method set.iter() => list_iter, "set([1]).iter().next()" => "1";
}

fn len(vm: &mut Vm, set: SetValue) -> Outcome {
    Ok(Value::int(set.get(&vm.heap).len() as i64))
}

fn add(vm: &mut Vm, set: SetValue, value: Value) -> Outcome {
    match vm.heap.set_add(set.0, value) {
        Ok(added) => Ok(Value::bool(added)),
        Err(unhashable) => script::unhashable(vm, &unhashable, "set_add", &[set.0, value]),
    }
}

fn remove(vm: &mut Vm, set: SetValue, value: Value) -> Outcome {
    match vm.heap.map_remove(set.0, value) {
        Ok(removed) => Ok(Value::bool(removed.is_some())),
        Err(unhashable) => script::unhashable(vm, &unhashable, "set_remove", &[set.0, value]),
    }
}

fn contains(vm: &mut Vm, set: SetValue, value: Value) -> Outcome {
    match vm.heap.map_has(set.0, value) {
        Ok(found) => Ok(Value::bool(found)),
        Err(unhashable) => script::unhashable(vm, &unhashable, "set_contains", &[set.0, value]),
    }
}

fn clear(vm: &mut Vm, set: SetValue) -> Outcome {
    vm.heap.set_mut(set.0).expect("the argument was checked").clear();
    Ok(Value::null())
}

fn copy(vm: &mut Vm, set: SetValue) -> Outcome {
    vm.reserve(set.get(&vm.heap).len().saturating_mul(48))?;
    let copy = set.get(&vm.heap).clone();
    Ok(vm.heap.set(copy))
}

fn first(vm: &mut Vm, set: SetValue) -> Outcome {
    Ok(set.get(&vm.heap).keys().next().unwrap_or_default())
}

fn last(vm: &mut Vm, set: SetValue) -> Outcome {
    Ok(set.get(&vm.heap).keys().next_back().unwrap_or_default())
}

/// A range that ends, and how many numbers it has.
fn numbers(vm: &Vm, iterable: Value) -> Option<(Range, u64)> {
    let range = *vm.heap.range_ref(iterable)?;
    Some((range, range.len()?))
}

/// Adds all elements of an iterable to a set and gives `result`.
pub fn extend_set(vm: &mut Vm, path: &str, set: Value, iterable: Value, result: Value) -> Outcome {
    if let Some((range, length)) = numbers(vm, iterable) {
        vm.reserve(
            usize::try_from(length).unwrap_or(usize::MAX).saturating_mul(size_of::<Value>()),
        )?;
        for (count, number) in (0..length).map_while(|index| range.get(index)).enumerate() {
            vm.goes_on_at(count)?;
            if let Err(unhashable) = vm.heap.set_add(set, Value::int(number)) {
                script::hash_call(vm, &unhashable)?;
            }
        }
        return Ok(result);
    }
    let items = match vm.elements(iterable)? {
        Elements::Known(items) => items,
        Elements::AskScript => return script::call(vm, "set_extend", &[set, iterable, result]),
        Elements::None => {
            let param = if path == "set.union" { "other" } else { "iterable" };
            return Err(wrong_type(vm, path, param, "an iterable", iterable, None));
        }
    };
    for (index, item) in items.iter().enumerate() {
        vm.goes_on_at(index)?;
        if let Err(unhashable) = vm.heap.set_add(set, *item) {
            script::hash_call(vm, &unhashable)?;
            let rest = vm.heap.list(items[index..].to_vec());
            return script::call(vm, "set_extend", &[set, rest, result]);
        }
    }
    Ok(result)
}

fn extend(vm: &mut Vm, set: SetValue, iterable: Value) -> Outcome {
    extend_set(vm, "set.extend", set.0, iterable, Value::null())
}

/// The other operand as a set; `None` if script code has to go over it first.
fn operand(vm: &mut Vm, path: &str, other: Value) -> Result<Option<Value>, Thrown> {
    if other.kind() == Kind::Set {
        return Ok(Some(other));
    }
    let items = match vm.elements(other)? {
        Elements::Known(items) => items,
        Elements::AskScript => return Ok(None),
        Elements::None => {
            return Err(wrong_type(vm, path, "other", "a set or an iterable", other, None));
        }
    };
    let set = vm.heap.set(Map::new());
    for (count, item) in items.into_iter().enumerate() {
        vm.goes_on_at(count)?;
        if let Err(unhashable) = vm.heap.set_add(set, item) {
            script::hash_call(vm, &unhashable)?;
            return Ok(None);
        }
    }
    Ok(Some(set))
}

/// Whether each member of `set` is one of `other`; `None` if script code has to say so.
fn members_in(vm: &mut Vm, set: Value, other: Value) -> Result<Option<Vec<(Value, bool)>>, Thrown> {
    let members: Vec<Value> = SetValue(set).get(&vm.heap).keys().collect();
    let mut answers = Vec::with_capacity(members.len());
    for (count, member) in members.into_iter().enumerate() {
        vm.goes_on_at(count)?;
        match vm.heap.map_has(other, member) {
            Ok(found) => answers.push((member, found)),
            Err(unhashable) => {
                script::hash_call(vm, &unhashable)?;
                return Ok(None);
            }
        }
    }
    Ok(Some(answers))
}

/// A set of values that are members of another set already.
fn set_of(vm: &mut Vm, members: impl IntoIterator<Item = Value>) -> Result<Option<Value>, Thrown> {
    let set = vm.heap.set(Map::new());
    for (count, member) in members.into_iter().enumerate() {
        vm.goes_on_at(count)?;
        if let Err(unhashable) = vm.heap.set_add(set, member) {
            script::hash_call(vm, &unhashable)?;
            return Ok(None);
        }
    }
    Ok(Some(set))
}

fn union(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    let copy = copy(vm, set)?;
    extend_set(vm, "set.union", copy, other, copy)
}

/// The members of `set` whose membership in `other` is `wanted`.
fn selected(vm: &mut Vm, name: &'static str, set: SetValue, other: Value, wanted: bool) -> Outcome {
    if let Some(operand) = operand(vm, &format!("set.{name}"), other)?
        && let Some(answers) = members_in(vm, set.0, operand)?
    {
        let members = answers.into_iter().filter(|(_, found)| *found == wanted);
        if let Some(selected) = set_of(vm, members.map(|(member, _)| member))? {
            return Ok(selected);
        }
    }
    script::call(vm, "set_selected", &[set.0, other, Value::bool(wanted)])
}

fn intersect(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    selected(vm, "intersect", set, other, true)
}

fn minus(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    selected(vm, "minus", set, other, false)
}

fn symmetric_minus(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    if let Some(operand) = operand(vm, "set.symmetric_minus", other)?
        && let Some(own) = members_in(vm, set.0, operand)?
        && let Some(others) = members_in(vm, operand, set.0)?
    {
        let members = own.into_iter().chain(others).filter(|(_, found)| !found);
        if let Some(selected) = set_of(vm, members.map(|(member, _)| member))? {
            return Ok(selected);
        }
    }
    script::call(vm, "set_symmetric_minus", &[set.0, other])
}

fn is_subset(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    if let Some(operand) = operand(vm, "set.is_subset", other)?
        && let Some(answers) = members_in(vm, set.0, operand)?
    {
        return Ok(Value::bool(answers.iter().all(|(_, found)| *found)));
    }
    script::call(vm, "set_is_subset", &[set.0, other])
}

fn is_superset(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    if let Some(operand) = operand(vm, "set.is_superset", other)?
        && let Some(answers) = members_in(vm, operand, set.0)?
    {
        return Ok(Value::bool(answers.iter().all(|(_, found)| *found)));
    }
    script::call(vm, "set_is_superset", &[set.0, other])
}

fn is_disjoint(vm: &mut Vm, set: SetValue, other: Value) -> Outcome {
    if let Some(operand) = operand(vm, "set.is_disjoint", other)?
        && let Some(answers) = members_in(vm, set.0, operand)?
    {
        return Ok(Value::bool(answers.iter().all(|(_, found)| !found)));
    }
    script::call(vm, "set_is_disjoint", &[set.0, other])
}
