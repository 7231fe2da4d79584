//! The printed form of all kinds of values.

use std::sync::Arc;

use crate::bytecode::program::MemberKind;
use crate::vm::display::{Printed, Printer, display, display_quoted, display_short};
use crate::vm::heap::{Heap, HeapOptions};
use crate::vm::map::Map;
use crate::vm::object::{
    Class, Enum, HostObject, Member, Module, NativeId, Range, TypeKind, VariantInfo,
};
use crate::vm::value::Value;

fn text(heap: &Heap, value: Value) -> String {
    display(heap, value).expect("there is no limit")
}

fn class(heap: &mut Heap, name: &str, fields: &[&str], methods: &[&str]) -> Value {
    let member = Member { kind: MemberKind::Method, value: Value::null() };
    let fields: Vec<Arc<str>> = fields.iter().map(|field| Arc::from(*field)).collect();
    heap.class(Class {
        name: name.into(),
        field_index: fields.iter().cloned().zip(0..).collect(),
        template: vec![Value::null(); fields.len()],
        fields,
        methods: methods.iter().map(|name| ((*name).into(), member)).collect(),
        is_error: name.ends_with("Error"),
        ..Class::default()
    })
}

#[test]
fn simple_values() {
    let mut heap = Heap::default();
    let string = heap.string("a \"text\"\n");
    let bytes = heap.bytes(b"\x00a");
    let buffer = heap.buffer(b"ab".to_vec());
    assert_eq!(text(&heap, string), "a \"text\"\n");
    assert_eq!(display_quoted(&heap, string).ok().as_deref(), Some(r#""a \"text\"\n""#));
    for (value, expected) in [
        (Value::null(), "null"),
        (Value::bool(true), "true"),
        (Value::int(-12), "-12"),
        (Value::float(2.0), "2.0"),
        (Value::duration(1_500_000_000), "1.5s"),
        (bytes, r#"b"\x00a""#),
        (buffer, r#"buffer(b"ab")"#),
    ] {
        assert_eq!(text(&heap, value), expected);
    }
}

#[test]
fn containers() {
    let mut heap = Heap::default();
    let a = heap.string("a");
    let list = heap.list(vec![Value::int(1), a]);
    assert_eq!(text(&heap, list), r#"[1, "a"]"#);
    let map = heap.map(Map::new());
    assert_eq!(text(&heap, map), "{}");
    heap.map_insert_str(map, "x", Value::int(1));
    heap.map_insert_str(map, "b c", Value::int(2));
    let n = heap.string("n");
    for (key, value) in [
        (Value::int(3), n),
        (Value::int(-3), n),
        (Value::float(0.5), n),
        (Value::bool(true), Value::null()),
        (list, list),
    ] {
        heap.map_insert(map, key, value).expect("all are keys");
    }
    assert_eq!(
        text(&heap, map),
        r#"{x: 1, "b c": 2, 3: "n", [-3]: "n", [0.5]: "n", [true]: null, [[1, "a"]]: [1, "a"]}"#
    );
    let set = heap.set(Map::new());
    assert_eq!(text(&heap, set), "set([])");
    for member in [1, 2] {
        heap.set_add(set, Value::int(member)).expect("ints are members");
    }
    assert_eq!(text(&heap, set), "set([1, 2])");
}

#[test]
fn ranges() {
    let mut heap = Heap::default();
    let plain = Range { start: Some(1), end: Some(5), inclusive: false, step: 1 };
    for (range, expected) in [
        (plain, "1..5"),
        (Range { inclusive: true, ..plain }, "1..=5"),
        (Range { end: None, ..plain }, "1.."),
        (Range { step: -2, ..plain }, "(1..5).step(-2)"),
    ] {
        let value = heap.range(range);
        assert_eq!(text(&heap, value), expected);
    }
}

struct Handle;

impl HostObject for Handle {
    fn type_name(&self) -> &'static str {
        "handle"
    }
}

#[test]
fn functions_classes_and_objects() {
    let mut heap = Heap::default();
    heap.name_function(0, "area".into());
    heap.name_function(1, "<closure>".into());
    heap.name_native(NativeId(5), "print".into());
    let area = heap.closure(0, &[]);
    let closure = heap.closure(1, &[]);
    let native = heap.native(NativeId(5));
    let bound = heap.bound(Value::null(), area);
    let module = heap.module(Module { name: "fs".into(), ..Module::default() });
    let kind = heap.type_value(TypeKind::Int);
    let point = class(&mut heap, "Point", &["x", "_hidden", "y"], &[]);
    let instance = heap.instance(point);
    heap.instance_mut(instance).expect("an instance")[2] = Value::int(2);
    let hidden = class(&mut heap, "Hidden", &["_a", "b"], &[]);
    let hidden = heap.instance(hidden);
    let handle = heap.object(Box::new(Handle));
    for (value, expected) in [
        (area, "<fn area>"),
        (closure, "<fn>"),
        (native, "<fn print>"),
        (bound, "<fn area>"),
        (module, "<module fs>"),
        (kind, "int"),
        (point, "Point"),
        (instance, "Point(x: null, y: 2)"),
        (hidden, "Hidden(b: null)"),
        (handle, "<handle>"),
    ] {
        assert_eq!(text(&heap, value), expected);
    }
}

#[test]
fn enum_values() {
    let mut heap = Heap::default();
    let variants = ["Rect", "Empty"].map(|name| VariantInfo {
        name: name.into(),
        fields: vec![],
        ..VariantInfo::default()
    });
    let shape = heap.enumeration(Enum {
        name: "Shape".into(),
        variants: variants.to_vec(),
        ..Enum::default()
    });
    let rect = heap.variant(shape, 0, &[Value::int(1), Value::int(2)]);
    let empty = heap.variant(shape, 1, &[]);
    let both = heap.list(vec![rect, empty, empty]);
    assert_eq!(text(&heap, both), "[Shape.Rect(1, 2), Shape.Empty, Shape.Empty]");
    assert_eq!(text(&heap, shape), "Shape");
}

#[test]
fn errors() {
    let mut heap = Heap::default();
    let class = class(&mut heap, "ValueError", &["message", "cause"], &[]);
    let error = heap.instance(class);
    assert_eq!(text(&heap, error), "ValueError");
    let message = heap.string("not a number");
    heap.instance_mut(error).expect("an instance")[0] = message;
    let list = heap.list(vec![error]);
    assert_eq!(text(&heap, list), "[ValueError: not a number]");
    heap.instance_mut(error).expect("an instance")[0] = error;
    assert_eq!(text(&heap, error), "ValueError: …");
}

#[test]
fn cycles_depth_and_limits() {
    let mut heap = Heap::default();
    let list = heap.list(vec![Value::int(1)]);
    heap.list_mut(list).expect("a list").items.push(list);
    assert_eq!(text(&heap, list), "[1, …]");
    let map = heap.map(Map::new());
    heap.map_insert_str(map, "list", list);
    heap.list_mut(list).expect("a list").items[0] = map;
    assert_eq!(text(&heap, list), "[{list: …}, …]");
    // The same list twice is no cycle.
    let leaf = heap.list(vec![]);
    let pair = heap.list(vec![leaf, leaf]);
    assert_eq!(text(&heap, pair), "[[], []]");
    let mut tower = leaf;
    for _ in 0..1_000_000 {
        tower = heap.list(vec![tower]);
    }
    assert_eq!(text(&heap, tower).len(), 2_000_002);
    assert_eq!(display_short(&heap, tower, 5), "[[[[[…");
    let long = heap.string(&"é".repeat(100));
    assert_eq!(display_short(&heap, long, 4), "\"é…");
    assert_eq!(display_short(&heap, pair, 100), "[[], []]");
}

#[test]
fn text_that_would_pass_the_memory_limit_is_refused() {
    let mut heap = Heap::new(HeapOptions { limit: 4 << 20, torture: false });
    let mut list = heap.list(vec![]);
    for _ in 0..60 {
        list = heap.list(vec![list, list]);
    }
    assert!(display(&heap, list).is_err());
    assert_eq!(display_short(&heap, list, 3), "[[[…");
}

#[test]
fn own_text_is_asked_for() {
    let mut heap = Heap::default();
    let money = class(&mut heap, "Money", &["cents"], &["str"]);
    let (one, other) = (heap.instance(money), heap.instance(money));
    let list = heap.list(vec![one, Value::int(7), other]);
    assert_eq!(text(&heap, list), "[Money(cents: null), 7, Money(cents: null)]");
    let mut printer = Printer::new(list);
    for (instance, answer) in [(one, "5 €"), (other, "6 €")] {
        match printer.run(&heap) {
            Ok(Printed::NeedsCall(asked)) => assert!(asked.same(instance)),
            other => panic!("{other:?}"),
        }
        printer.answer(answer);
    }
    assert!(matches!(printer.run(&heap), Ok(Printed::Done)));
    assert_eq!(printer.into_text(), "[5 €, 7, 6 €]");
}
