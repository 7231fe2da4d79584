//! The bridge to serde: every shape, both ways, and errors that say where.

use std::collections::BTreeMap;
use std::time::Duration;

use kettle::engine::{Engine, Serde, from_value, to_value};
use serde::{Deserialize, Serialize};

use super::vm;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Shape {
    Point,
    Circle(f64),
    Line(i64, i64),
    Rect { w: u32, h: u32 },
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Wrapper(String);

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Everything {
    flag: bool,
    small: i8,
    big: u64,
    ratio: f64,
    letter: char,
    text: String,
    nothing: Option<u8>,
    something: Option<u8>,
    shapes: Vec<Shape>,
    by_name: BTreeMap<String, Vec<u8>>,
    by_number: BTreeMap<i64, bool>,
    pair: (i64, String),
    wrapper: Wrapper,
    unit: (),
    span: Duration,
}

fn everything() -> Everything {
    Everything {
        flag: true,
        small: -8,
        big: 1 << 60,
        ratio: 0.5,
        letter: 'é',
        text: "text".to_owned(),
        nothing: None,
        something: Some(1),
        shapes: vec![
            Shape::Point,
            Shape::Circle(1.5),
            Shape::Line(1, 2),
            Shape::Rect { w: 3, h: 4 },
        ],
        by_name: BTreeMap::from([("a".to_owned(), vec![1, 2])]),
        by_number: BTreeMap::from([(7, true)]),
        pair: (1, "one".to_owned()),
        wrapper: Wrapper("inside".to_owned()),
        unit: (),
        span: Duration::from_millis(1500),
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Deep {
    inner: Option<Box<Deep>>,
}

fn deep(levels: usize) -> Deep {
    (0..levels).fold(Deep { inner: None }, |inner, _| Deep { inner: Some(Box::new(inner)) })
}

#[test]
fn every_shape_goes_both_ways() {
    let mut vm = vm(&Engine::new(), "pub fn echo(x) { x }\npub fn show(x) { str(x) }");
    let Serde(back): Serde<Everything> =
        vm.call_blocking("echo", (Serde(everything()),)).expect("it is the same");
    assert_eq!(back, everything());
    let shown: String = vm.call_blocking("show", (Serde(everything()),)).expect("a str");
    assert!(
        shown.contains("shapes: [\"Point\", {Circle: 1.5}, {Line: [1, 2]}, {Rect: {w: 3, h: 4}}]"),
        "{shown}"
    );
    assert!(shown.contains("span: 1.5s") && shown.contains("by_number: {7: true}"), "{shown}");
}

#[test]
fn handles_are_read_and_made() {
    let mut vm = vm(&Engine::new(), "pub fn count(s) { s.shapes.len }");
    let value = to_value(&mut vm, &everything()).expect("it can be made");
    assert_eq!(vm.call_blocking::<i64>("count", (&value,)).expect("an int"), 4);
    assert_eq!(from_value::<Everything>(&vm, &value).expect("it can be read"), everything());
    let error = from_value::<Wrapper>(&vm, &value).expect_err("it is a map");
    assert!(error.to_string().contains("invalid type: map, expected a string"), "{error}");
}

#[test]
fn instances_and_sets_are_read() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Point {
        x: i64,
        tags: Vec<String>,
    }
    let text = "class Point { x; tags }\npub fn make() { Point(1, set([\"a\", \"b\"])) }";
    let mut vm = vm(&Engine::new(), text);
    let Serde(point): Serde<Point> = vm.call_blocking("make", ()).expect("a point");
    assert_eq!(point, Point { x: 1, tags: vec!["a".to_owned(), "b".to_owned()] });
}

#[test]
fn errors_say_where() {
    #[derive(Deserialize, Debug)]
    struct Shop {
        #[expect(dead_code, reason = "it is only read")]
        shelves: Vec<Shelf>,
    }
    #[derive(Deserialize, Debug)]
    struct Shelf {
        #[expect(dead_code, reason = "it is only read")]
        count: u32,
    }
    let mut engine = Engine::new();
    engine.function("take", |shop: Serde<Shop>| drop(shop));
    let text = "pub fn ok() { {shelves: [{count: 1}]} }\n\
        pub fn wrong() { {shelves: [{count: 1}, {count: \"x\"}]} }\n\
        pub fn missing() { {shelves: [{}]} }\n\
        pub fn given() { try { take(wrong()) } catch e { str(e) } }\n\
        pub fn ring() { let m = {inner: null}; m.inner = m; m }\n\
        pub fn function() { {shelves: [|| 1]} }";
    let mut vm = vm(&engine, text);
    vm.call_blocking::<Serde<Shop>>("ok", ()).expect("it fits");
    let mut said = |name: &str| {
        vm.call_blocking::<Serde<Shop>>(name, ()).expect_err("it does not fit").to_string()
    };
    let wrong = said("wrong");
    assert!(
        wrong.ends_with("shelves[1].count: invalid type: string \"x\", expected u32"),
        "{wrong}"
    );
    let missing = said("missing");
    assert!(missing.ends_with("shelves[0]: missing field `count`"), "{missing}");
    assert!(said("function").contains("shelves[0]: invalid type"), "{}", said("function"));
    let given: String = vm.call_blocking("given", ()).expect("it is caught");
    assert!(
        given.starts_with(
            "TypeError: take: argument 1 must be what a `Shop` can be read from, not a map"
        ),
        "{given}"
    );
    let ring = vm.call_blocking::<Serde<Deep>>("ring", ()).expect_err("it has no end").to_string();
    assert!(ring.ends_with("it is nested more than 128 deep"), "{ring}");
}

#[test]
fn depth_is_limited_both_ways() {
    let mut vm = vm(&Engine::new(), "pub fn echo(x) { x }");
    let Serde(back): Serde<Deep> =
        vm.call_blocking("echo", (Serde(deep(100)),)).expect("it is not so deep");
    assert_eq!(back, deep(100));
    let error =
        vm.call_blocking::<Serde<Deep>>("echo", (Serde(deep(1000)),)).expect_err("it is too deep");
    assert!(error.to_string().contains("nested more than 128 deep"), "{error}");
}
