//! Handles, and calls back into the script from functions of the host.

use kettle::{Access, Ctx, Engine, Error, Func, List, Map, Value, Vm};

use super::vm;

#[test]
fn a_host_function_calls_back_and_what_the_script_throws_passes_through() {
    let mut engine = Engine::new();
    engine.function("twice", |cx: &mut Ctx, f: Func, x: i64| -> Result<i64, Error> {
        let once: i64 = f.call(cx, (x,))?;
        f.call(cx, (once,))
    });
    engine.function("greet", |cx: &mut Ctx, name: &str, f: Func| f.call::<String>(cx, (name,)));
    let mut vm = vm(
        &engine,
        "class Mine extends Error { }\n\
         pub fn quadruple(x) { twice(|n| n * 2, x) }\n\
         pub fn hello() { greet(\"ann\", |name| \"hello ${name}\") }\n\
         pub fn passes() { try { twice(|n| { throw Mine(\"no ${n}\") }, 7) } catch error { \
             [str(type(error)), error.message] } }\n\
         pub fn deep(n) { if n == 0 { 0 } else { twice(|x| deep(n - 1), 0) } }\n\
         async fn later(x) { await sleep(1ms); x }\n\
         pub fn waits() { try { twice(later, 1) } catch error { error.message } }\n\
         pub fn wrong() { try { twice(|n| \"text\", 1) } catch error { error.message } }",
    );
    assert_eq!(vm.call_blocking::<i64>("quadruple", (5,)).expect("it is called"), 20);
    assert_eq!(vm.call_blocking::<String>("hello", ()).expect("it is called"), "hello ann");
    let passed: (String, String) = vm.call_blocking("passes", ()).expect("it catches");
    assert_eq!(passed, ("Mine".to_owned(), "no 7".to_owned()));
    assert_eq!(vm.call_blocking::<i64>("deep", (5,)).expect("it is not too deep"), 0);
    let error = vm.call_blocking::<i64>("deep", (1000,)).expect_err("it is too deep");
    assert!(error.to_string().contains("inside each other"), "{error}");
    let said: String = vm.call_blocking("waits", ()).expect("it catches");
    assert!(
        said.contains("`later` has to be awaited") && said.contains("async_function"),
        "{said}"
    );
    let said: String = vm.call_blocking("wrong", ()).expect("it catches");
    assert_eq!(said, "`<closure>` gave \"text\" where the host expects an int");
}

#[test]
fn handles_keep_what_they_hold_and_are_the_same_object() {
    let mut engine = Engine::new();
    engine.options().torture = true;
    let mut vm = vm(
        &engine,
        "pub fn make() { [1, \"two\", {three: 3}] }\n\
         pub fn add(list) { list.push(4); list.len }\n\
         pub fn work() { var n = 0; for i in 0..200 { n += \"${i}\".len }; n }",
    );
    let list: List = vm.call_blocking("make", ()).expect("it makes one");
    assert_eq!(vm.call_blocking::<i64>("work", ()).expect("it works"), 490);
    assert_eq!(list.as_value().display(&vm).expect("it is there"), "[1, \"two\", {three: 3}]");
    assert_eq!(vm.call_blocking::<i64>("add", (&list,)).expect("it adds"), 4);
    assert_eq!(list.len(&vm).expect("it is there"), 4);
    let text: String =
        list.get(&vm, 1).expect("it is there").expect("it has two").get(&vm).expect("a str");
    assert_eq!(text, "two");
    list.push(&mut vm, "five").expect("there is room");
    let shown: Vec<String> =
        list.iter(&mut vm).expect("a list").map(|item| item.display(&vm).expect("shown")).collect();
    assert_eq!(shown, ["1", "two", "{three: 3}", "4", "five"]);
    let map = Map::new(&mut vm);
    map.insert(&mut vm, "list", &list).expect("it can be a value");
    assert_eq!(map.len(&vm).expect("it is there"), 1);
    let inner: List =
        map.get(&vm, "list").expect("a map").expect("an entry").get(&vm).expect("a list");
    assert_eq!(inner.len(&vm).expect("it is there"), 5);
    assert_eq!(map.entries(&vm).expect("a map").len(), 1);
}

#[test]
fn a_handle_of_another_vm_is_an_error() {
    let engine = Engine::new();
    let text = "pub fn echo(x) { x }\npub let f = |x| x";
    let (mut one, mut two) = (vm(&engine, text), vm(&engine, text));
    let value: Value = one.value("a text").expect("it fits");
    let wrong = "this value belongs to another VM";
    let error = two.call_blocking::<Value>("echo", (&value,)).expect_err("it is not its own");
    assert_eq!(error.to_string(), wrong);
    assert_eq!(value.display(&two).expect_err("it is not its own").to_string(), wrong);
    let f: Func = one.global("f").expect("it is public");
    assert_eq!(f.call::<i64>(&mut one, (1,)).expect("it is called"), 1);
    assert_eq!(f.call::<i64>(&mut two, (1,)).expect_err("not its own").to_string(), wrong);
    drop(one);
    assert_eq!(value.get::<String>(&two).expect_err("its VM is gone").to_string(), wrong);
    // What is no object is the same everywhere.
    assert_eq!(two.call_blocking::<i64>("echo", (Value::from(3),)).expect("an int"), 3);
}

#[test]
fn handles_travel_and_are_dropped_on_any_thread() {
    fn travels<T: Clone + Send + Sync + 'static>() {}
    travels::<Value>();
    travels::<Func>();
    travels::<List>();
    let engine = Engine::new();
    let mut vm = vm(&engine, "pub fn make(n) { \"text ${n}\" }");
    for round in 0..50 {
        let made: Vec<Value> =
            (0..20).map(|n| vm.call_blocking("make", (round * 20 + n,)).expect("a str")).collect();
        let first = made[0].clone();
        std::thread::spawn(move || drop(made)).join().expect("it drops them");
        assert_eq!(first.get::<String>(&vm).expect("it is kept"), format!("text {}", round * 20));
    }
}

#[test]
fn what_can_be_iterated_over_gives_its_elements() {
    let engine = Engine::new();
    let mut vm: Vm = vm(
        &engine,
        "pub let map = {a: 1, b: 2}\npub let range = 0..3\npub let none = 5\n\
         fn count() { yield 10; yield 20 }\npub fn generator() { count() }",
    );
    for (name, expected) in [("map", "[\"a\", 1] [\"b\", 2]"), ("range", "0 1 2")] {
        let value: Value = vm.global(name).expect("it is public");
        let items: Vec<String> =
            value.iter(&mut vm).expect(name).map(|item| item.display(&vm).expect(name)).collect();
        assert_eq!(items.join(" "), expected);
    }
    let generator: Value = vm.call_blocking("generator", ()).expect("it makes one");
    let items: Vec<i64> = generator
        .iter(&mut vm)
        .expect("it yields")
        .map(|item| item.get(&vm).expect("an int"))
        .collect();
    assert_eq!(items, [10, 20]);
    let none: Value = vm.global("none").expect("it is public");
    let error = none.iter(&mut vm).expect_err("an int has no elements");
    assert_eq!(error.to_string(), "a value of type int cannot be iterated over");
}
