//! Calls of the host that end at once, and those that do something else: each leaves the VM as it should
//! be for the next one.

use kettle::engine::Limits;
use kettle::{Ctx, Engine, Error, Func, Value, Vm};

use super::vm;

const SCRIPT: &str = "
pub fn next(n) { n + 1 }
pub fn nothing() { }
pub fn sum(a, b, c, d) { a + b + c + d }
pub fn scaled(n, by = 3) { n * by }
pub fn first(...items) { items[0] }
pub async fn soon(n) { n + 1 }
pub async fn later(n) { await sleep(1ms); n + 1 }
pub async fn spawned(n) { let task = spawn later(n); await task }
pub fn thing() { object }
pub fn count(n) { for i in 0..n { yield i } }
pub fn deep(n) { if n == 0 { 0 } else { 1 + deep(n - 1) } }
pub fn busy(n) { var sum = 0; for i in 0..n { sum += \"${i}\".len }; sum }
pub fn fails(n) {
    try { inner(n) } finally { left += 1 }
}
fn inner(n) { throw Error(\"no ${n}\") }
pub fn catches(n) { try { inner(n) } catch error { error.message } }
pub fn sorted(items) { items.sorted(by: |x| { if x > 8 { throw Error(\"too large\") }; -x }) }
pub fn times(f, n) { f(n) + f(n) }
fn adds(more) { |n| n + more }
pub let adder = adds(10)
let object = spawn soon(1)
var left = 0
pub fn how_often() { left }
";

fn functions(torture: bool, fuel_slice: Option<i64>) -> Vm {
    let mut engine = Engine::new();
    engine.options().torture = torture;
    engine.options().fuel_slice = fuel_slice;
    engine.function("back", |cx: &mut Ctx, f: Func, n: i64| f.call::<i64>(cx, (n,)));
    vm(&engine, SCRIPT)
}

fn ways() -> [Vm; 3] {
    [functions(false, None), functions(true, None), functions(false, Some(7))]
}

fn func(vm: &Vm, name: &str) -> Func {
    vm.global(name).expect("it is public")
}

#[test]
fn calls_of_every_kind_follow_each_other() -> Result<(), Error> {
    for mut vm in ways() {
        let vm = &mut vm;
        for round in 0..30 {
            assert_eq!(func(vm, "next").call::<i64>(vm, (round,))?, round + 1);
            func(vm, "nothing").call::<()>(vm, ())?;
            assert_eq!(func(vm, "sum").call::<i64>(vm, (1, 2, 3, round))?, round + 6);
            assert_eq!(func(vm, "scaled").call::<i64>(vm, (round,))?, round * 3);
            assert_eq!(func(vm, "scaled").call::<i64>(vm, (round, 2))?, round * 2);
            assert_eq!(func(vm, "first").call::<i64>(vm, (round, 2))?, round);
            assert_eq!(func(vm, "soon").call::<i64>(vm, (round,))?, round + 1);
            assert_eq!(func(vm, "adder").call::<i64>(vm, (round,))?, round + 10);
            let next: Value = vm.global("next")?;
            assert_eq!(func(vm, "times").call::<i64>(vm, (next, round))?, 2 * round + 2);
            assert_eq!(vm.call_blocking::<String>("catches", (round,))?, format!("no {round}"));
            assert_eq!(vm.call_blocking::<i64>("deep", (100,))?, 100);
            assert_eq!(vm.call_blocking::<i64>("busy", (12,))?, 14);
            assert_eq!(vm.call_blocking::<Vec<i64>>("sorted", (vec![1, 3, 2],))?, [3, 2, 1]);
            let error = vm.call_blocking::<Value>("sorted", (vec![1, 9],)).expect_err("it throws");
            assert!(error.to_string().contains("too large"), "{error}");
        }
    }
    Ok(())
}

#[test]
fn what_a_call_gives_is_awaited_if_it_can_be() -> Result<(), Error> {
    for mut vm in ways() {
        for _ in 0..3 {
            assert_eq!(vm.call_blocking::<i64>("later", (1,))?, 2);
            assert_eq!(vm.call_blocking::<i64>("spawned", (2,))?, 3);
            assert_eq!(vm.call_blocking::<i64>("thing", ())?, 2);
            let made: Value = vm.call_blocking("count", (3,))?;
            assert_eq!(made.iter(&mut vm)?.count(), 3);
            assert_eq!(vm.call_blocking::<i64>("next", (1,))?, 2);
        }
    }
    Ok(())
}

#[test]
fn an_error_says_where_and_the_next_call_knows_nothing_of_it() -> Result<(), Error> {
    for mut vm in ways() {
        for round in 1..4 {
            let error = vm.call_blocking::<()>("fails", (round,)).expect_err("it throws");
            assert!(error.to_string().contains(&format!("no {round}")), "{error}");
            let place = error.place().expect("it has a place");
            assert_eq!(place.text(), "throw Error(\"no ${n}\")");
            let frames = error.frames();
            let names: Vec<&str> = frames.iter().map(|frame| &*frame.function).collect();
            assert_eq!(names, ["inner", "fails"]);
            assert_eq!(vm.call_blocking::<i64>("how_often", ())?, round);
            let error = vm.call_blocking::<()>("next", ()).expect_err("an argument is missing");
            assert!(error.to_string().contains("next"), "{error}");
            assert_eq!(vm.call_blocking::<i64>("next", (round,))?, round + 1);
        }
    }
    Ok(())
}

#[test]
fn a_deep_call_is_followed_by_others() -> Result<(), Error> {
    let mut vm = functions(false, None);
    for depth in [10, 5_000, 60, 20_000, 1] {
        assert_eq!(vm.call_blocking::<i64>("deep", (depth,))?, depth);
    }
    let error = vm.call_blocking::<i64>("deep", (1_000_000,)).expect_err("it is too deep");
    assert!(error.to_string().contains("too deeply"), "{error}");
    assert_eq!(vm.call_blocking::<i64>("deep", (3,))?, 3);
    Ok(())
}

#[test]
fn texts_of_the_host_are_collected_between_calls() -> Result<(), Error> {
    let mut engine = Engine::new();
    engine.options().limits = Limits::new().memory(4 << 20);
    let mut vm = vm(&engine, "pub fn length(text) { text.len }\npub fn drop(text) { null }");
    for round in 0..20_000 {
        let text = format!("{round:>400}");
        assert_eq!(func(&vm, "length").call::<i64>(&mut vm, (&*text,))?, 400);
        func(&vm, "drop").call::<()>(&mut vm, (text,))?;
    }
    Ok(())
}

#[test]
fn calls_under_limits_of_fuel_stop() -> Result<(), Error> {
    let mut engine = Engine::new();
    engine.options().limits = Limits::new().fuel(10_000);
    let mut vm = vm(&engine, "pub fn next(n) { n + 1 }\npub fn forever() { loop { } }");
    let before = vm.fuel().expect("it is limited");
    for round in 0..100 {
        assert_eq!(func(&vm, "next").call::<i64>(&mut vm, (round,))?, round + 1);
    }
    assert_eq!(before - vm.fuel().expect("it is limited"), 100);
    let error = vm.call_blocking::<()>("forever", ()).expect_err("it does not end");
    assert!(matches!(error, Error::Limit(_)), "{error}");
    Ok(())
}
