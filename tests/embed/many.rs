//! Many VMs, many calls, and what stops them.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use kettle::engine::{Limit, Limits, Memory};
use kettle::{Callback, Ctx, Engine, Error, Func, Program, Value, Vm};

use super::vm;

const COUNT: &str =
    "var n = 0\npub fn add(x) { n += x; n }\npub async fn nap(x) { await sleep(1ms); add(x) }";

#[test]
fn a_thousand_vms_live_on_one_thread() {
    let engine = Engine::new();
    let program = engine.compile_text("count.ket", COUNT).expect("it compiles");
    let mut vms: Vec<Vm> = (0..1000)
        .map(|_| {
            let mut vm = Vm::new(&engine).expect("a VM can be made");
            vm.load_blocking(&program).expect("it loads");
            vm
        })
        .collect();
    for round in 1..=2 {
        for (index, vm) in vms.iter_mut().enumerate() {
            let sum: i64 = vm.call_blocking("add", (index,)).expect("it adds");
            assert_eq!(sum, round * index as i64);
        }
    }
    let tasks: Vec<_> =
        vms.iter_mut().map(|vm| vm.start::<i64>("nap", (1,)).expect("it begins")).collect();
    for (index, (task, vm)) in tasks.into_iter().zip(&mut vms).enumerate() {
        assert_eq!(task.join_blocking(vm).expect("it naps"), 2 * index as i64 + 1);
    }
}

#[test]
fn a_hundred_threads_have_vms_of_their_own() {
    let engine = Engine::new();
    let program = engine.compile_text("count.ket", COUNT).expect("it compiles");
    let threads: Vec<_> = (0..100)
        .map(|index| {
            let (engine, program) = (engine.clone(), program.clone());
            thread::spawn(move || -> Result<(), Error> {
                let (mut one, mut two) = (Vm::new(&engine)?, Vm::new(&engine)?);
                one.load_blocking(&program)?;
                two.load_blocking(&program)?;
                for n in 1..=20 {
                    assert_eq!(one.call_blocking::<i64>("nap", (index,))?, n * index);
                    assert_eq!(two.call_blocking::<i64>("add", (1,))?, n);
                }
                Ok(())
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("it does not panic").expect("it works");
    }
}

#[test]
fn a_million_calls_leave_nothing_behind() {
    let mut engine = Engine::new();
    engine.options().memory_limit = 16 << 20;
    engine.function("again", |cx: &mut Ctx, f: Func, x: i64| f.call::<i64>(cx, (x,)));
    let mut vm = vm(
        &engine,
        "pub fn next(x) { x + 1 }\npub fn text(x) { \"number ${x}\" }\n\
         pub fn through(x) { again(next, x) }",
    );
    let calls = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
    for n in 0..calls {
        assert_eq!(vm.call_blocking::<i64>("next", (n,)).expect("it counts"), n + 1);
        if n % 10 == 0 {
            let text: Value = vm.call_blocking("text", (n,)).expect("a str");
            assert_eq!(text.get::<String>(&vm).expect("a str"), format!("number {n}"));
            assert_eq!(vm.call_blocking::<i64>("through", (n,)).expect("it counts"), n + 1);
        }
    }
    let census = vm.census();
    assert_eq!(census.tasks, 0, "{census:?}");
}

#[test]
fn an_interrupt_reaches_a_busy_loop_and_a_parked_await() {
    let engine = Engine::new();
    let mut vm = vm(
        &engine,
        "pub fn busy() { loop { } }\npub async fn parked() { await sleep(1h) }\n\
         pub fn stubborn() { loop { try { loop { } } catch { } } }\npub fn one() { 1 }",
    );
    for name in ["busy", "parked", "stubborn"] {
        let stop = vm.interrupter();
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = is_over.clone();
        let other = thread::spawn(move || {
            while !seen.load(Ordering::Acquire) {
                stop.interrupt();
                thread::sleep(Duration::from_micros(100));
            }
        });
        let error = vm.call_blocking::<()>(name, ()).expect_err("it does not end by itself");
        is_over.store(true, Ordering::Release);
        other.join().expect("it ends");
        assert!(matches!(error, Error::Cancelled(_)), "{name}: {error}");
    }
    // A wish that came after the end is not for what comes next.
    let _ = vm.call_blocking::<i64>("one", ());
    assert_eq!(vm.call_blocking::<i64>("one", ()).expect("it is usable"), 1);
}

#[test]
fn a_panic_in_a_host_function_is_an_error_that_names_it() {
    let mut engine = Engine::new();
    engine.function("plain", || -> i64 { panic!("first") });
    engine.function("back", |cx: &mut Ctx, f: Func| -> Result<i64, Error> {
        f.call::<i64>(cx, ())?;
        panic!("second")
    });
    engine.async_function("later", || async {
        if true {
            panic!("third")
        }
    });
    let mut vm = vm(
        &engine,
        "pub fn one() { try { plain() } catch error { error.message } }\n\
         pub fn two() { try { back(|| 1) } catch error { error.message } }\n\
         pub fn both() { try { back(|| plain()) } catch error { error.message } }\n\
         pub async fn three() { try { await later() } catch error { error.message } }",
    );
    for (name, said) in [
        ("one", "the host function `plain` panicked: first"),
        ("two", "the host function `back` panicked: second"),
        ("both", "the host function `plain` panicked: first"),
        ("three", "the host function `later` panicked: third"),
    ] {
        assert_eq!(vm.call_blocking::<String>(name, ()).expect("it is caught"), said);
    }
}

#[test]
fn a_newer_program_takes_over_while_tasks_run() {
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    let compile = |text: &str| engine.compile_text("app.ket", text).expect("it compiles");
    let first = compile(
        "let name = \"old\"\nvar hits = 0\nvar table = {}\n\
         pub fn hit(key) { hits += 1; table[key] = hits; \"${name} ${hits}\" }\n\
         pub fn replace() { table = {} }\n\
         pub async fn slow() { await sleep(1s); hit(\"slow\") }",
    );
    let second = compile(
        "let name = \"new\"\nvar hits = 0\nvar table = {}\n\
         pub fn hit(key) { hits += 10; table[key] = hits; \"${name} ${hits}\" }\n\
         pub fn replace() { table = {} }\npub fn size() { table.len }",
    );
    let mut vm = Vm::new(&engine).expect("a VM");
    vm.load_blocking(&first).expect("it loads");
    assert_eq!(vm.call_blocking::<String>("hit", ("a",)).expect("it counts"), "old 1");
    let slow = vm.start::<String>("slow", ()).expect("it begins");
    vm.turn(Duration::ZERO);
    vm.swap_blocking(&second).expect("it takes over");
    assert_eq!(vm.call_blocking::<String>("hit", ("b",)).expect("it counts"), "new 11");
    assert_eq!(slow.join_blocking(&mut vm).expect("it ends"), "old 2");
    assert_eq!(vm.call_blocking::<i64>("size", ()).expect("they share the table"), 3);

    let broken = compile("pub fn hit(key) { 1 }\nthrow ValueError(\"not today\")");
    assert!(vm.swap_blocking(&broken).is_err());
    assert_eq!(vm.call_blocking::<String>("hit", ("c",)).expect("the old one"), "new 21");

    let third = compile(
        "var total = 0\npub fn reload(old) { total = old.size() * 100 }\npub fn hit(key) { total }",
    );
    vm.swap_blocking(&third).expect("it takes over");
    assert_eq!(vm.call_blocking::<i64>("hit", ("d",)).expect("it counts"), 400);
}

#[test]
fn a_program_that_fails_to_take_over_leaves_nothing_behind() {
    fn program(engine: &mut Engine, table: &str, app: &str) -> Program {
        let loader = Memory::new().with("app.ket", app).with("table.ket", table);
        engine.set_loader(loader);
        engine.compile_file("app.ket").expect("it compiles")
    }
    let mut engine = Engine::new();
    let table = "var hits = 0\npub fn hit() { hits += 1; hits }";
    let app = "import {hit} from \"./table.ket\"\npub fn go() { hit() }";
    let first = program(&mut engine, table, app);
    let broken = program(&mut engine, table, &format!("{app}\nthrow ValueError(\"no\")"));
    let slow = program(&mut engine, table, &format!("{app}\nawait sleep(1h)"));
    let second = program(&mut engine, &format!("{table}\nhits += 0"), &format!("{app}\n"));
    let mut vm = Vm::new(&engine).expect("a VM");
    vm.load_blocking(&first).expect("it loads");
    assert_eq!(vm.call_blocking::<i64>("go", ()).expect("it counts"), 1);
    assert!(vm.swap_blocking(&broken).is_err());
    assert_eq!(vm.call_blocking::<i64>("go", ()).expect("it counts"), 2);
    {
        let mut swap = pin!(vm.swap(&slow));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(swap.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(vm.call_blocking::<i64>("go", ()).expect("it counts"), 3);
    // The state is that of the version that was in use, not of those that came to nothing.
    vm.swap_blocking(&second).expect("it takes over");
    assert_eq!(vm.call_blocking::<i64>("go", ()).expect("it counts"), 4);
}

#[test]
fn short_calls_under_limits_are_measured_like_all_others() {
    let mut engine = Engine::new();
    engine.options().limits = Limits::new().fuel(10_000).memory(4 << 20);
    let mut vm = vm(
        &engine,
        "pub fn step(n) { for i in 0..9 { n += 1 }; n }\npub fn spin() { loop { } }\n\
         pub fn hoard() { let all = []; loop { try { all.push(\"x\" * 100_000) } catch { } } }",
    );
    let before = vm.fuel().expect("it is limited");
    assert_eq!(vm.call_blocking::<i64>("step", (1,)).expect("it counts"), 10);
    let used = before - vm.fuel().expect("it is limited");
    assert!((9..20).contains(&used), "{used}");
    let mut calls = 0;
    let error = loop {
        match vm.call_blocking::<i64>("step", (1,)) {
            Ok(_) => calls += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, Error::Limit(Limit::Fuel)), "{error}");
    assert!(calls > 10_000 / 20 && calls < 10_000 / 9, "{calls}");
    vm.interrupter().add_fuel(10_000);
    assert_eq!(vm.call_blocking::<i64>("step", (1,)).expect("there is more"), 10);
    let error = vm.call_blocking::<()>("spin", ()).expect_err("it is stopped");
    assert!(matches!(error, Error::Limit(Limit::Fuel)), "{error}");
    vm.interrupter().add_fuel(100_000);
    let error = vm.call_blocking::<()>("hoard", ()).expect_err("it is stopped");
    assert!(matches!(error, Error::Limit(Limit::Memory)), "{error}");
    assert_eq!(vm.call_blocking::<i64>("step", (1,)).expect("it is usable"), 10);
}

#[test]
fn a_function_of_the_host_calls_back_while_it_waits() {
    let mut engine = Engine::new();
    engine.async_function("both", async |f: Callback, g: Callback| -> Result<i64, Error> {
        // Both are under way at once.
        let (one, two) = (f.call::<i64>((1,)), g.call::<i64>((2,)));
        Ok(two.await? + one.await?)
    });
    engine.async_function("never", async |f: Callback| {
        let waits = f.call::<()>(());
        std::future::pending::<()>().await;
        drop(waits);
    });
    let mut vm = vm(
        &engine,
        "async fn slow(n) { await sleep(1ms); n * 10 }\n\
         var ended = []\n\
         async fn parked() { defer { ended.push(\"parked\") }; await sleep(1h) }\n\
         pub async fn sum() { await both(slow, |n| n) }\n\
         pub async fn thrown() { \
             try { await both(slow, |n| { throw ValueError(\"no ${n}\") }) } \
             catch error { error.message } }\n\
         pub async fn dropped() { \
             try { timeout(2ms) { await never(parked) } } catch error { }; \
             while ended.len == 0 { await sleep(1ms) }; ended }",
    );
    assert_eq!(vm.call_blocking::<i64>("sum", ()).expect("it adds"), 12);
    assert_eq!(vm.call_blocking::<String>("thrown", ()).expect("it catches"), "no 2");
    let ended: Vec<String> = vm.call_blocking("dropped", ()).expect("it is cancelled");
    assert_eq!(ended, ["parked"]);
}
