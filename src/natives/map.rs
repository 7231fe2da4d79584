//! Methods of `map`. `m[k] = v` is how an entry is set; there is no method for it.

use super::Outcome;
use super::argument::wrong_type;
use super::describe::describe;
use super::kind::MapValue;
use super::list::{deep_copy, list_of_lists};
use super::script;
use crate::natives;
use crate::vm::{Elements, ErrorKind, Kind, Thrown, Value, Vm};

natives! {
    /// Methods of `map`.
    pub const MAP;

    /// How many entries the map has. A key of that name is read as `m["len"]`.
    get map.len() => len, "{a: 1}.len" => "1";
    /// The value of a key, or `default`.
    method map.get(key: any, default: any?) => get, r#"{a: 1}.get("a")"# => "1", r#"{a: 1}.get("b", 0)"# => "0";
    /// Removes a key and gives its value; null if it is not there.
    method map.remove(key: any) => remove, r#"{a: 1}.remove("a")"# => "1";
    /// Whether a key is there.
    method map.has(key: any) => has, r#"{a: null}.has("a")"# => "true";
    /// The value of a key, which is first set to `value` if it is not there.
    method map.or_insert(key: any, value: any) => or_insert,
        "let m = {}\nm.or_insert(\"a\", []).push(1)\nprint(m)" => "{a: [1]}";
    /// Sets a key to what `f` makes of its value, or of `start` if it is not there; gives that.
    core method map.update(key: any, f: fn, start: any) => map_update,
        "let m = {}\nm.update(\"a\", |n| n + 1, 0)\nprint(m)" => "{a: 1}";
    /// The keys, in the order in which they were set first.
    method map.keys() => keys, "{a: 1, b: 2}.keys()" => r#"["a", "b"]"#;
    /// The values.
    method map.values() => values, "{a: 1, b: 2}.values()" => "[1, 2]";
    /// Pairs of key and value.
    method map.entries() => entries, "{a: 1}.entries()" => r#"[["a", 1]]"#;
    /// Sets all entries of another map, or all pairs of an iterable.
    method map.extend(other: any) => extend, "let m = {a: 1}\nm.extend({a: 2, b: 3})\nprint(m)" => "{a: 2, b: 3}";
    /// Removes all entries.
    method map.clear() => clear, "let m = {a: 1}\nm.clear()\nprint(m)" => "{}";
    /// A new map of the same entries; with `deep`, lists, maps, sets and buffers in it are copied too.
    method map.copy(named deep: bool = false) => copy, "let m = {a: 1}\nlet c = m.copy()\nc.a = 2\nprint(m, c)" => "{a: 1} {a: 2}";
    /// The first entry as `[key, value]`; null if there is none.
    method map.first() => first, "{a: 1, b: 2}.first()" => r#"["a", 1]"#;
    /// The last entry as `[key, value]`; null if there is none.
    method map.last() => last, "{a: 1, b: 2}.last()" => r#"["b", 2]"#;

    /// What `f(key, value)` makes of each entry, as a list.
    core method map.map(f: fn) => map_map, "{a: 1}.map(|k, v| k.repeat(v + 1))" => r#"["aa"]"#;
    /// The entries for which `f(key, value)` is true, as a map.
    core method map.filter(f: fn) => map_filter, "{a: 1, b: 2}.filter(|k, v| v > 1)" => "{b: 2}";
    /// The same keys with what `f(value)` makes of their values.
    core method map.map_values(f: fn) => map_map_values, "{a: 1}.map_values(|v| v * 10)" => "{a: 10}";
    /// Whether `f(key, value)` is true for an entry; without `f`, whether there is one.
    core method map.any(f: fn?) => map_any, "{a: 1}.any(|k, v| v > 1)" => "false";
    /// Whether `f(key, value)` is true for all entries.
    core method map.all(f: fn) => map_all, "{a: 1}.all(|k, v| v > 0)" => "true";
    /// The first entry for which `f(key, value)` is true, as `[key, value]`; null if there is none.
    core method map.find(f: fn) => map_find, "{a: 1, b: 2}.find(|k, v| v > 1)" => r#"["b", 2]"#;
    /// How many entries there are, or for how many `f(key, value)` is true.
    core method map.count(f: fn?) => map_count, "{a: 1, b: 2}.count(|k, v| v > 1)" => "1";
    /// Calls `f(key, value)` for each entry.
    core method map.each(f: fn) => map_each, "{a: 1}.each(|k, v| print(k, v))" => "a 1";
    /// An iterator over pairs of key and value.
    core method map.iter() => list_iter, "{a: 1}.iter().next()" => r#"["a", 1]"#;
}

/// The entries, copied so that the heap may be used meanwhile.
fn pairs(vm: &Vm, map: MapValue) -> Vec<(Value, Value)> {
    map.get(&vm.heap).iter().collect()
}

fn len(vm: &mut Vm, map: MapValue) -> Outcome {
    Ok(Value::int(map.get(&vm.heap).len() as i64))
}

fn get(vm: &mut Vm, map: MapValue, key: Value, default: Option<Value>) -> Outcome {
    match vm.heap.map_get(map.0, key) {
        Ok(found) => Ok(found.or(default).unwrap_or_default()),
        Err(unhashable) => {
            let default = default.unwrap_or_default();
            script::unhashable(vm, &unhashable, "map_get", &[map.0, key, default])
        }
    }
}

fn remove(vm: &mut Vm, map: MapValue, key: Value) -> Outcome {
    match vm.heap.map_remove(map.0, key) {
        Ok(found) => Ok(found.unwrap_or_default()),
        Err(unhashable) => script::unhashable(vm, &unhashable, "map_remove", &[map.0, key]),
    }
}

fn has(vm: &mut Vm, map: MapValue, key: Value) -> Outcome {
    match vm.heap.map_get(map.0, key) {
        Ok(found) => Ok(Value::bool(found.is_some())),
        Err(unhashable) => script::unhashable(vm, &unhashable, "map_has", &[map.0, key]),
    }
}

fn or_insert(vm: &mut Vm, map: MapValue, key: Value, value: Value) -> Outcome {
    let found = match vm.heap.map_get(map.0, key) {
        Ok(None) => vm.heap.map_insert(map.0, key, value).map(|_| value),
        Ok(Some(found)) => Ok(found),
        Err(unhashable) => Err(unhashable),
    };
    found.or_else(|unhashable| {
        script::unhashable(vm, &unhashable, "map_or_insert", &[map.0, key, value])
    })
}

fn keys(vm: &mut Vm, map: MapValue) -> Outcome {
    let keys = vm.patiently(map.get(&vm.heap).keys()).collect();
    vm.goes_on()?;
    Ok(vm.heap.list(keys))
}

fn values(vm: &mut Vm, map: MapValue) -> Outcome {
    let values = vm.patiently(map.get(&vm.heap).values()).collect();
    vm.goes_on()?;
    Ok(vm.heap.list(values))
}

fn entries(vm: &mut Vm, map: MapValue) -> Outcome {
    let entries = map.get(&vm.heap).iter();
    let lists = vm.patiently(entries).map(|(key, value)| vec![key, value]).collect();
    list_of_lists(vm, lists)
}

/// The pairs that an iterable's elements are.
fn as_pairs(vm: &mut Vm, path: &str, items: &[Value]) -> Result<Vec<(Value, Value)>, Thrown> {
    let mut pairs = Vec::with_capacity(items.len());
    for item in items {
        match vm.heap.list_ref(*item).map(|list| &list.items[..]) {
            Some(&[key, value]) => pairs.push((key, value)),
            _ => {
                let came = describe(vm, *item);
                let message =
                    format!("{path}: every element must be a list [key, value], not {came}");
                return Err(vm.error(ErrorKind::TypeError, message));
            }
        }
    }
    Ok(pairs)
}

/// Sets entries of a map; `rest` is called by script code with what is left if a key needs it.
pub fn insert_all(
    vm: &mut Vm,
    map: Value,
    pairs: &[(Value, Value)],
) -> Result<Option<usize>, Thrown> {
    for (index, (key, value)) in pairs.iter().enumerate() {
        vm.goes_on_at(index)?;
        if let Err(unhashable) = vm.heap.map_insert(map, *key, *value) {
            script::hash_call(vm, &unhashable)?;
            return Ok(Some(index));
        }
    }
    Ok(None)
}

/// Sets all entries of `other` in a map and gives `result`.
pub fn extend_map(vm: &mut Vm, path: &str, map: Value, other: Value, result: Value) -> Outcome {
    let pairs = if other.kind() == Kind::Map {
        pairs(vm, MapValue(other))
    } else {
        match vm.elements(other)? {
            Elements::Known(items) => as_pairs(vm, path, &items)?,
            Elements::AskScript => return script::call(vm, "map_extend", &[map, other, result]),
            Elements::None => {
                let expected = "a map or an iterable of pairs";
                let param = if path == "map" { "pairs" } else { "other" };
                return Err(wrong_type(vm, path, param, expected, other, None));
            }
        }
    };
    match insert_all(vm, map, &pairs)? {
        None => Ok(result),
        Some(done) => {
            let rest = pairs[done..].iter().map(|(key, value)| vec![*key, *value]).collect();
            let rest = list_of_lists(vm, rest)?;
            script::call(vm, "map_extend", &[map, rest, result])
        }
    }
}

fn extend(vm: &mut Vm, map: MapValue, other: Value) -> Outcome {
    extend_map(vm, "map.extend", map.0, other, Value::null())
}

fn clear(vm: &mut Vm, map: MapValue) -> Outcome {
    vm.heap.map_mut(map.0).expect("the argument was checked").clear();
    Ok(Value::null())
}

fn copy(vm: &mut Vm, map: MapValue, deep: bool) -> Outcome {
    if deep {
        return deep_copy(vm, map.0);
    }
    vm.reserve(map.get(&vm.heap).len().saturating_mul(48))?;
    let copy = map.get(&vm.heap).clone();
    Ok(vm.heap.map(copy))
}

fn first(vm: &mut Vm, map: MapValue) -> Outcome {
    let pair = map.get(&vm.heap).iter().next();
    Ok(pair.map_or(Value::null(), |(key, value)| vm.heap.list(vec![key, value])))
}

fn last(vm: &mut Vm, map: MapValue) -> Outcome {
    let pair = map.get(&vm.heap).iter().next_back();
    Ok(pair.map_or(Value::null(), |(key, value)| vm.heap.list(vec![key, value])))
}
