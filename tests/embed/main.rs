//! Kettle in a Rust host: registration, conversions, calls, errors, isolation.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use kettle::engine::{
    Bytes, Engine, Error, Memory, Output, Permissions, Program, Rest, StallHook, Vm,
};

mod call;
mod debug;
mod drive;
mod handle;
mod many;
mod reload;

#[path = "../../examples/embed/minimal.rs"]
mod minimal;

fn vm(engine: &Engine, text: &str) -> Vm {
    let program =
        engine.compile_text("test.ket", text).unwrap_or_else(|e| panic!("{}", e.render(false)));
    let mut vm = Vm::new(engine).expect("a VM can be made");
    let status =
        vm.run_blocking(&program).unwrap_or_else(|error| panic!("{}", error.report(false)));
    assert_eq!(status, 0);
    vm
}

fn captured() -> (Engine, Output) {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    engine.options().virtual_clock = true;
    (engine, output)
}

/// A future that another thread completes.
struct Elsewhere<T> {
    shared: Arc<Mutex<(Option<T>, Option<Waker>)>>,
}

impl<T: Send + 'static> Elsewhere<T> {
    fn new(work: impl FnOnce() -> T + Send + 'static) -> Elsewhere<T> {
        let shared = Arc::new(Mutex::new((None, None::<Waker>)));
        let theirs = shared.clone();
        thread::spawn(move || {
            let result = work();
            let mut state = theirs.lock().expect("nobody panics under the lock");
            state.0 = Some(result);
            if let Some(waker) = state.1.take() {
                waker.wake();
            }
        });
        Elsewhere { shared }
    }
}

impl<T> Future for Elsewhere<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let mut state = self.shared.lock().expect("nobody panics under the lock");
        match state.0.take() {
            Some(result) => Poll::Ready(result),
            None => {
                state.1 = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

#[test]
fn the_smallest_host_works() {
    minimal::main().expect("the example runs");
}

#[test]
fn engine_and_program_are_shared_and_a_vm_can_move() {
    fn is_shared<T: Send + Sync + Clone>() {}
    fn can_move<T: Send>() {}
    is_shared::<Engine>();
    is_shared::<Program>();
    can_move::<Vm>();
    let engine = Engine::new();
    let mut vm = vm(&engine, "var n = 0\npub fn count() { n += 1; n }");
    assert_eq!(vm.call_blocking::<i64>("count", ()).expect("it counts"), 1);
    let vm = thread::spawn(move || {
        let mut vm = vm;
        assert_eq!(vm.call_blocking::<i64>("count", ()).expect("it counts"), 2);
        vm
    });
    let mut vm = vm.join().expect("the thread ends");
    assert_eq!(vm.call_blocking::<i64>("count", ()).expect("it counts"), 3);
}

#[test]
fn values_go_both_ways() {
    let mut engine = Engine::new();
    engine.function("join", |parts: Vec<String>, by: &str| parts.join(by));
    engine.function("sum", |numbers: Rest<f64>| numbers.0.iter().sum::<f64>());
    engine.function("both", |a: bool, b: Option<i64>| (a, b));
    engine.function("count", |text: &str| {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for word in text.split(' ') {
            *counts.entry(word.to_owned()).or_default() += 1;
        }
        counts
    });
    engine.function("host.reverse", |bytes: Bytes| Bytes(bytes.0.into_iter().rev().collect()));
    engine.function("host.half", |span: Duration| span / 2);
    engine.function("nothing", || ());
    let mut vm = vm(
        &engine,
        "import host\n\
         pub fn joined() { join([\"a\", \"b\"], \"-\") }\n\
         pub fn summed() { sum(1, 2.5, 3) + sum() }\n\
         pub fn pairs() { [both(true, 3), both(false)] }\n\
         pub fn counted() { count(\"a b a\")[\"a\"] }\n\
         pub fn bytes() { host.reverse(b\"abc\") }\n\
         pub fn span() { host.half(3s) }\n\
         pub fn none() { nothing() }\n\
         pub fn echo(x) { x }",
    );
    assert_eq!(vm.call_blocking::<String>("joined", ()).expect("a str"), "a-b");
    assert_eq!(vm.call_blocking::<f64>("summed", ()).expect("a float"), 6.5);
    let pairs: Vec<(bool, Option<i64>)> = vm.call_blocking("pairs", ()).expect("a list of pairs");
    assert_eq!(pairs, [(true, Some(3)), (false, None)]);
    assert_eq!(vm.call_blocking::<u8>("counted", ()).expect("an int"), 2);
    assert_eq!(vm.call_blocking::<Bytes>("bytes", ()).expect("bytes").0, b"cba");
    assert_eq!(
        vm.call_blocking::<Duration>("span", ()).expect("a duration"),
        Duration::from_millis(1500)
    );
    vm.call_blocking::<()>("none", ()).expect("null");
    let map = HashMap::from([("k".to_owned(), vec![1_i64, 2])]);
    assert_eq!(
        vm.call_blocking::<HashMap<String, Vec<i64>>>("echo", (map.clone(),)).expect("a map"),
        map
    );
}

#[test]
fn wrong_arguments_are_errors_of_the_script() {
    let mut engine = Engine::new();
    engine.function("byte", |n: u8| n);
    engine.function("fail", |path: &str| std::fs::read_to_string(format!("/no/{path}")));
    engine.function("boom", || -> i64 { panic!("out of order") });
    let mut vm = vm(
        &engine,
        "pub fn catching(f) { try { f() } catch e { str(e) } }\n\
         pub fn wrong() { catching(|| byte(\"x\")) }\n\
         pub fn large() { catching(|| byte(256)) }\n\
         pub fn many() { catching(|| byte(1, 2)) }\n\
         pub fn failing() { catching(|| fail(\"x\")) }\n\
         pub fn panicking() { catching(|| boom()) }",
    );
    let mut said =
        |name: &str| vm.call_blocking::<String>(name, ()).expect("the script catches it");
    assert_eq!(
        said("wrong"),
        "TypeError: byte: argument 1 must be an int from 0 to 255, not a str (\"x\")"
    );
    assert_eq!(
        said("large"),
        "TypeError: byte: argument 1 must be an int from 0 to 255, not an int (256)"
    );
    assert!(said("many").starts_with("ArityError: "), "{}", said("many"));
    assert!(said("failing").contains("No such file"), "{}", said("failing"));
    assert_eq!(said("panicking"), "Error: the host function `boom` panicked: out of order");
}

#[test]
fn futures_complete_from_other_threads() {
    let mut engine = Engine::new();
    engine.async_function("double", |n: i64| Elsewhere::new(move || n * 2));
    engine.async_function("refuse", |why: String| async move { Err::<(), String>(why) });
    let mut vm = vm(
        &engine,
        "pub async fn doubled() {\n\
             let tasks = []\n\
             for n in 0..20 { tasks.push(spawn double(n)) }\n\
             let results = []\n\
             for task in tasks { results.push(await task) }\n\
             results\n\
         }\n\
         pub async fn refused() { try { await refuse(\"busy\") } catch e { e.message } }",
    );
    let expected: Vec<i64> = (0..20).map(|n| n * 2).collect();
    assert_eq!(vm.call_blocking::<Vec<i64>>("doubled", ()).expect("a list"), expected);
    assert_eq!(vm.call_blocking::<String>("refused", ()).expect("a str"), "busy");
}

#[test]
fn a_cancelled_future_is_dropped() {
    struct Guard(Arc<Mutex<Vec<&'static str>>>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.lock().expect("nobody panics under the lock").push("dropped");
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let (mut engine, output) = captured();
    let theirs = log.clone();
    engine.async_function("forever", move || {
        let guard = Guard(theirs.clone());
        async move {
            let _guard = guard;
            std::future::pending::<()>().await;
        }
    });
    vm(&engine, "timeout 1s { await forever() } else { null }\nprint(\"after\")");
    assert_eq!(output.text(), "after\n");
    assert_eq!(*log.lock().expect("nobody panics under the lock"), ["dropped"]);
}

#[test]
fn an_uncaught_error_says_where() {
    let engine = Engine::new();
    let text = "pub fn check(n) {\n    if n < 0 { throw ValueError(\"negative: ${n}\") }\n    n\n}";
    let mut vm = vm(&engine, text);
    let error = vm.call_blocking::<i64>("check", (-1,)).expect_err("it throws");
    assert_eq!(error.to_string(), "ValueError: negative: -1");
    assert_eq!(error.status(), 1);
    let Error::Uncaught { report, .. } = &error else { panic!("{error:?}") };
    assert_eq!(report.line(), Some(2));
    assert_eq!(vm.call_blocking::<i64>("check", (1,)).expect("the VM stays usable"), 1);
    let error = vm.call_blocking::<String>("check", (1,)).expect_err("an int is no str");
    assert_eq!(error.to_string(), "`check` gave 1 where the host expects a str");
    let error = vm.call_blocking::<i64>("chekc", (1,)).expect_err("there is none");
    assert_eq!(
        error.to_string(),
        "the program has no public function `chekc`; did you mean `check`?"
    );
}

#[test]
fn modules_come_from_memory() {
    let (mut engine, output) = captured();
    engine.set_loader(
        Memory::new()
            .with("app/main.ket", "import \"./lib/a.ket\" as a\nprint(a.name)")
            .with("app/lib/a.ket", "import {x} from \"../b.ket\"\npub let name = \"a${x}\"")
            .with("app/b.ket", "pub let x = 1\nprint(\"b once\")"),
    );
    let program = engine.compile_file("app/main.ket").expect("it compiles");
    Vm::new(&engine).expect("a VM can be made").run_blocking(&program).expect("it runs");
    assert_eq!(output.text(), "b once\na1\n");
}

#[test]
fn many_vms_share_a_program() {
    let engine = Engine::new();
    let program = engine
        .compile_text("p.ket", "var n = 0\npub fn add(k) { n += k; n }")
        .expect("it compiles");
    let mut vms: Vec<Vm> = (0..50).map(|_| Vm::new(&engine).expect("a VM can be made")).collect();
    for vm in &mut vms {
        vm.run_blocking(&program).expect("it runs");
    }
    for (index, vm) in vms.iter_mut().enumerate() {
        let index = index as i64;
        assert_eq!(vm.call_blocking::<i64>("add", (index,)).expect("it adds"), index);
        assert_eq!(vm.call_blocking::<i64>("add", (1,)).expect("it adds"), index + 1);
    }
}

#[test]
fn another_thread_can_stop_a_program() {
    let engine = Engine::new();
    let text = "pub async fn wait() { await sleep(1h) }\npub fn spin() { loop { } }";
    let mut vm = vm(&engine, text);
    for (name, times) in [("wait", 1), ("spin", 2)] {
        let stop = vm.interrupter();
        let stopped = Arc::new(AtomicBool::new(false));
        let seen = stopped.clone();
        let other = thread::spawn(move || {
            // Two wishes that arrive together count as one, so it asks until it is heard.
            for asked in 0.. {
                if seen.load(Ordering::Acquire) || (times == 1 && asked == 1) {
                    break;
                }
                stop.interrupt();
                thread::yield_now();
            }
        });
        let error = vm.call_blocking::<()>(name, ()).expect_err("it does not end by itself");
        stopped.store(true, Ordering::Release);
        other.join().expect("the thread ends");
        assert!(matches!(error, Error::Cancelled(_)), "{name}: {error:?}");
    }
    // What was asked for too late would be meant for what runs next.
    vm.interrupter().clear();
    let program = engine.compile_text("again.ket", "pub fn one() { 1 }").expect("it compiles");
    vm.run_blocking(&program).expect("the VM stays usable");
    assert_eq!(vm.call_blocking::<i64>("one", ()).expect("it is called"), 1);
}

#[test]
fn a_second_program_has_its_own_places() {
    let engine = Engine::new();
    let mut vm = vm(&engine, "pub fn first() { throw Error(\"one\") }");
    let second =
        engine.compile_text("second.ket", "\n\n\nthrow Error(\"two\")").expect("it compiles");
    let error = vm.run_blocking(&second).expect_err("it throws");
    assert!(error.report(false).contains("second.ket:4:1"), "{}", error.report(false));
}

#[test]
fn memory_and_depth_are_limited() {
    let mut engine = Engine::new();
    engine.options().memory_limit = 16 << 20;
    engine.options().depth_max = 100;
    let mut vm = vm(
        &engine,
        "pub fn fill() { let xs = []; loop { xs.push(\"x\".repeat(1000)) } }\n\
         pub fn deep(n) { 1 + deep(n + 1) }\n\
         pub fn fine() { 1 }",
    );
    let error = vm.call_blocking::<()>("fill", ()).expect_err("memory ends");
    assert!(error.to_string().starts_with("MemoryError"), "{error}");
    let error = vm.call_blocking::<()>("deep", (0,)).expect_err("the stack ends");
    assert!(error.to_string().starts_with("StackOverflowError"), "{error}");
    assert_eq!(vm.call_blocking::<i64>("fine", ()).expect("the VM stays usable"), 1);
}

#[test]
fn garbage_does_not_count_against_the_limit() {
    let mut engine = Engine::new();
    engine.options().memory_limit = 16 << 20;
    let mut vm = vm(
        &engine,
        "pub fn strings() { for i in 0..200 { let s = \"x\".repeat(3_000_000); if s.len != 3_000_000 { throw Error(\"?\") } } }\n\
         pub fn lists() { for i in 0..200 { let xs = []; for j in 0..20_000 { xs.push(j) } } }\n\
         pub fn maps() { for i in 0..2000 { let m = {}; for j in 0..100 { m[j] = \"${j}\" } } }\n\
         pub fn fill() { let xs = []; loop { xs.push(\"x\".repeat(1000)) } }\n\
         pub fn after() { \"y\".repeat(8_000_000).len }",
    );
    for name in ["strings", "lists", "maps"] {
        vm.call_blocking::<()>(name, ()).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    vm.call_blocking::<()>("fill", ()).expect_err("memory ends");
    assert_eq!(vm.call_blocking::<i64>("after", ()).expect("the list is garbage"), 8_000_000);
}

/// In a simulated world every run draws the same names, and one of them may be taken.
#[test]
fn temporary_files_find_names_that_are_free() {
    let name_beside = |folder: &str| {
        let (mut engine, output) = captured();
        engine.options().permissions = Permissions::all();
        let made = "print(await fs.temp_dir(prefix: \"kettle-taken-\"))";
        vm(&engine, &format!("import fs\nawait fs.mkdir({folder:?})\n{made}\n"));
        output.text().trim_end().to_owned()
    };
    let name = name_beside("/tmp/a");
    assert_eq!(name_beside("/tmp/b"), name);
    let other = name_beside(&name);
    assert!(other.starts_with("/tmp/kettle-taken-"), "{other}");
    assert_ne!(other, name);
}

/// A host is told of a task that holds the loop, and nothing is written.
#[test]
fn a_host_is_told_of_a_task_that_holds_the_loop() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = told.clone();
    let mut engine = Engine::new();
    engine.function("block", || std::thread::sleep(Duration::from_millis(200)));
    let (out, options) = (Output::captured(), engine.options());
    options.stderr = out.clone();
    options.watchdog = Some(Duration::from_millis(10));
    options.on_stall = Some(StallHook::new(move |stall, text| {
        let seen = (stall.task.name.clone(), stall.others, text.contains("stall.ket:1:"));
        notes.lock().expect("nobody panics").push(seen);
    }));
    let text = "async fn hold() { block(); await sleep(0s) }\nspawn hold()\n";
    let program = engine.compile_text("stall.ket", text).expect("it compiles");
    Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it runs");
    assert_eq!(*told.lock().expect("nobody panics"), [("hold".to_owned(), 1, true)]);
    assert_eq!(out.text(), "");
}

/// Each answer of the guide to a usual complaint names what shows it, and that is there.
#[test]
fn the_guide_names_tests_that_exist() {
    let guide = std::fs::read_to_string("docs/embedding.md").expect("the guide is there");
    let mut rows = 0;
    for line in guide.lines() {
        let cells: Vec<&str> = line.split(" | ").collect();
        let [number, _, _, shown] = cells[..] else { continue };
        if number.trim_matches(['|', ' ']).parse::<u32>().is_err() {
            continue;
        }
        rows += 1;
        for part in shown.split("tests/").skip(1) {
            let Some((file, names)) = part.split_once(".rs: ") else { continue };
            let text = std::fs::read_to_string(format!("tests/{file}.rs")).expect("it is there");
            let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
            assert!(!names.is_empty(), "{line}");
            for name in names {
                assert!(text.contains(&format!("fn {name}(")), "{name} is not in tests/{file}.rs");
            }
        }
    }
    assert_eq!(rows, 18, "the complaints of the guide");
}
