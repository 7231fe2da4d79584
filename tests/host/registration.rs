//! Functions and modules of the host: every type of argument and result, names, defaults, docs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use kettle::engine::{Bytes, Engine, Error, Rest, read_api};

use super::{printed, vm};

fn shop() -> Engine {
    let mut engine = Engine::new();
    let built = engine.module("shop", |m| {
        m.doc("What we sell.");
        m.function("price", |item: &str, count: i64, gift: bool| {
            format!("{count} {item}{}", if gift { ", wrapped" } else { "" })
        })
        .params(["item", "count", "gift"])
        .default("count", 1)
        .default("gift", false)
        .doc("What so many cost.\nA second line.");
        m.async_function("order", async |item: String, to: Option<String>| {
            format!("{item} for {}", to.unwrap_or_else(|| "me".to_owned()))
        })
        .params(["item", "to"]);
        m.value("currency", "EUR");
        m.value("sizes", vec![1, 2, 3]);
    });
    built.expect("the module makes sense");
    engine
}

#[test]
fn arguments_have_names_and_defaults() {
    let text = "import shop\n\
        print(shop.price(\"tea\"))\n\
        print(shop.price(\"tea\", 2))\n\
        print(shop.price(\"tea\", gift: true))\n\
        print(shop.price(gift: true, count: 3, item: \"pot\"))\n\
        print(await shop.order(\"tea\"), await shop.order(\"pot\", to: \"ann\"))\n\
        print(shop.currency, shop.sizes)\n\
        for bad in [|| shop.price(), || shop.price(\"tea\", cuont: 1), || shop.price(\"tea\", [1, 2])] {\n\
            try { bad() } catch error { print(error) }\n\
        }";
    let expected = "1 tea\n2 tea\n1 tea, wrapped\n3 pot, wrapped\ntea for me pot for ann\n\
        EUR [1, 2, 3]\n\
        ArityError: shop.price takes 1 to 3 arguments (item, count?, gift?), but none was given\n\
        ArityError: shop.price has no parameter `cuont`; did you mean `count`?\n\
        TypeError: shop.price: `count` must be an int, not a list ([1, 2])\n";
    assert_eq!(printed(shop(), text), expected);
}

#[test]
fn every_type_goes_both_ways() {
    let mut engine = Engine::new();
    engine.function("ints", |a: i8, b: u16, c: i32, d: u64, e: usize, f: i128| (a, b, c, d, e, f));
    engine.function("floats", |a: f32, b: f64| (a, b));
    engine.function("texts", |a: &str, b: String, c: char| format!("{a}{b}{c}"));
    engine.function("bytes", |a: &[u8], b: Bytes| Bytes([a, &b.0].concat()));
    engine.function("maybe", |a: Option<Vec<Option<i64>>>| a);
    engine.function("maps", |a: HashMap<String, i64>, b: BTreeMap<i64, bool>| (a.len(), b));
    engine.function("sets", |a: HashSet<i64>, b: BTreeSet<String>| (a.len(), b));
    engine.function("pair", |(a, (b, c)): (i64, (String, bool))| ((c, b), a));
    engine.function("span", |a: Duration| a * 2);
    engine.function("rest", |first: &str, rest: Rest<i64>| {
        format!("{first} {}", rest.iter().sum::<i64>())
    });
    engine.function("unit", |(): ()| ());
    let text = "print(ints(-1, 2, -3, 4, 5, 6))\n\
        print(floats(1, 0.5))\n\
        print(texts(\"a\", \"b\", \"é\"))\n\
        print(bytes(b\"ab\", b\"c\"))\n\
        print(maybe(), maybe(null), maybe([1, null]))\n\
        print(maps({a: 1}, {1: true}))\n\
        print(sets(set([1, 1, 2]), set([\"b\", \"a\"])))\n\
        print(pair([1, [\"x\", true]]))\n\
        print(span(2s), rest(\"sum\"), rest(\"sum\", 1, 2, 3), unit(null))";
    let expected = "[-1, 2, -3, 4, 5, 6]\n[1.0, 0.5]\nabé\nb\"abc\"\nnull null [1, null]\n\
        [1, {1: true}]\n[2, set([\"a\", \"b\"])]\n[[true, \"x\"], 1]\n4s sum 0 sum 6 null\n";
    assert_eq!(printed(engine, text), expected);
}

#[test]
fn errors_name_the_function_the_argument_and_the_value() {
    let mut engine = Engine::new();
    engine.function("byte", |n: u8| n);
    engine.function("letter", |c: char| c);
    engine.function("all", |xs: Vec<i64>| xs.len());
    engine.function("sum", |xs: Rest<f64>| xs.iter().sum::<f64>());
    engine.function("tag", |name: &str, xs: Rest<i64>| format!("{name}{}", xs.len()));
    let mut vm = vm(
        &engine,
        "pub fn said(n) {\n\
         let calls = [|| byte(-1), || byte(\"x\"), || letter(\"ab\"), || all([1, \"b\"]), || sum(1, 2, \"c\"), || tag(\"t\", 1, null), || tag(2)]\n\
         try { calls[n]() } catch e { str(e) } }",
    );
    let expected = [
        "TypeError: byte: argument 1 must be an int from 0 to 255, not an int (-1)",
        "TypeError: byte: argument 1 must be an int from 0 to 255, not a str (\"x\")",
        "TypeError: letter: argument 1 must be a str of one character, not a str (\"ab\")",
        "TypeError: all: argument 1 must be a list, each element an int, not a list ([1, \"b\"])",
        "TypeError: sum: argument 3 must be a number, not a str (\"c\")",
        "TypeError: tag: argument 3 must be an int, not null",
        "TypeError: tag: argument 1 must be a str, not an int (2)",
    ];
    for (n, expected) in expected.iter().enumerate() {
        assert_eq!(vm.call_blocking::<String>("said", (n,)).expect("it is caught"), *expected);
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    type Build = fn(&mut kettle::engine::ModuleBuilder);
    let cases: [(&str, Build, &str); 7] = [
        ("a b", |_| {}, "\"a b\" is no name of a module"),
        (
            "m",
            |m| {
                m.function("1", || 1);
            },
            "\"1\" is no name",
        ),
        (
            "m",
            |m| {
                m.function("f", |a: i64| a).params(["a", "b"]);
            },
            "`m.f` has 1 parameters, and 2 names were given",
        ),
        (
            "m",
            |m| {
                m.function("f", |a: i64| a).params(["a"]).default("b", 1);
            },
            "`m.f` has no parameter `b` to give a default to",
        ),
        (
            "m",
            |m| {
                m.function("f", |a: i64, b: i64| a + b).params(["a", "b"]).default("a", 1);
            },
            "`m.f`: a parameter without a default follows one that may be left out",
        ),
        (
            "m",
            |m| {
                m.function("f", |a: Rest<i64>, b: i64| a[0] + b);
            },
            "`m.f`: only the last parameter can take all that follow",
        ),
        (
            "m",
            |m| {
                m.function("f", || 1);
                m.value("f", 1);
            },
            "`m.f` is registered twice",
        ),
    ];
    for (name, build, expected) in cases {
        let mut engine = Engine::new();
        match engine.module(name, build) {
            Err(Error::Call(why)) => assert_eq!(why, expected),
            _ => panic!("it is not refused: {expected}"),
        };
    }
}

#[test]
fn the_documentation_knows_the_host() {
    let engine = shop();
    let api = engine.api();
    let shown: Vec<String> = api.iter().map(kettle::tools::manual::entry).collect();
    let shown = shown.join("\n");
    assert!(shown.contains("shop.price(item: str, count: int = 1, gift: bool = false)"), "{shown}");
    assert!(shown.contains("What so many cost."), "{shown}");
    assert!(shown.contains("async shop.order(item: str, to: str?)"), "{shown}");
    assert_eq!(engine.module_docs().collect::<Vec<_>>(), [("shop", "What we sell.")]);
    let read = read_api(&engine.api_json()).expect("it can be read again");
    let again: Vec<String> = read.iter().map(kettle::tools::manual::entry).collect();
    assert_eq!(again.join("\n"), shown);
    assert!(read_api("{}").is_err() && read_api("[").is_err());
    let unknown = engine.compile_text("t.ket", "import shop\nshop.pirce(1)").unwrap_err();
    assert!(unknown.render(false).contains("did you mean `price`?"), "{}", unknown.render(false));
}
