//! Being stopped by the host: at once, from any thread, whatever the script does, however it is driven.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kettle::engine::{Engine, Error, Limits};
use kettle::{Ctx, Vm};

use super::drive::{Driven, WAYS, Way, engine};

/// Nothing here ends by itself, and each does what it can not to be ended. `begun` tells the host that
/// it may ask now.
const ENDLESS: &str = r#"
    import json
    import regex

    pub fn busy() { begun(); loop { } }
    pub fn stubborn() { begun(); loop { try { loop { } } catch error { } finally { } } }
    pub async fn parked() { begun(); await sleep(1h); 1 }
    pub async fn shielded() { begun(); shield 1h { await sleep(1h) }; 1 }
    pub async fn naps() { begun(); loop { try { await sleep(0s) } catch error { } } }
    pub fn cleans_up_for_ever() { begun(); defer { loop { } }; loop { } }
    pub async fn cleans_up_asleep() { defer { await sleep(1h) }; begun(); await sleep(1h); 1 }
    pub fn deep_clean_ups() {
        fn down(n) { defer { loop { } }; if n == 0 { begun(); loop { } }; down(n - 1) }
        down(500)
    }
    pub async fn many() {
        scope {
            for i in 0..200 { spawn { if i % 2 == 0 { await sleep(1h) } else { loop { await sleep(0s) } } } }
            begun()
            loop { await sleep(0s) }
        }
        1
    }
    pub fn generators() {
        fn count() { defer { loop { } }; var n = 0; loop { yield n; n += 1 } }
        begun()
        for n in count() { }
        1
    }
    pub fn through_the_host() { back(|| { begun(); loop { try { loop { } } catch error { } } }); 1 }
    pub fn through_a_deaf_host() { deaf(|| { begun(); loop { } }); loop { } }
    pub fn three_levels() { back(|| back(|| back(|| { begun(); defer { loop { } }; loop { } }))); 1 }
    pub fn sorts() { begun(); loop { try { list(0..3000).sorted(cmp: |a, b| b - a) } catch error { } } }
    let plenty = list(0..200_000).map(|i| (i * 7919) % 200_003)
    pub fn sorts_much() { begun(); loop { plenty.sorted() } }
    pub fn repeats() { begun(); loop { "x".repeat(3_000_000) } }
    pub fn parses() { let text = json.stringify(plenty); begun(); loop { try { json.parse(text) } catch error { } } }
    pub fn writes() { let deep = list(0..20_000).map(|i| {id: i, parts: [i, "part"]}); begun(); loop { try { json.stringify(deep) } catch error { } } }
    pub fn searches() { let text = "ab ".repeat(20_000); begun(); loop { regex.compile("a(b)").find_all(text) } }
    pub fn splits() { let text = "ab ".repeat(50_000); begun(); loop { text.split(" ") } }
    pub fn one() { 1 }
"#;

const NAMES: [&str; 20] = [
    "sorts_much",
    "repeats",
    "parses",
    "writes",
    "searches",
    "splits",
    "busy",
    "stubborn",
    "parked",
    "shielded",
    "naps",
    "cleans_up_for_ever",
    "cleans_up_asleep",
    "deep_clean_ups",
    "many",
    "generators",
    "through_the_host",
    "through_a_deaf_host",
    "three_levels",
    "sorts",
];

/// No machine is so slow; what it really takes is printed.
const PATIENCE: Duration = Duration::from_secs(10);

/// An engine whose scripts say when they have begun.
fn telling(limits: Limits) -> (Engine, mpsc::Receiver<()>) {
    let (tell, begun) = mpsc::channel();
    let mut engine = engine();
    engine.options().limits = limits;
    engine.function("begun", move || tell.send(()).map_err(|error| error.to_string()));
    (engine, begun)
}

/// Calls each, has it stopped once, and says how long that took.
fn stop_all(ways: &[Way], limits: &Limits) {
    for &way in ways {
        for name in NAMES {
            let (engine, begun) = telling(limits.clone());
            let program = engine.compile_text("endless.ket", ENDLESS);
            let program = program.unwrap_or_else(|error| panic!("{}", error.render(false)));
            let mut vm = Driven::new(way, &engine, &program);
            assert_eq!(vm.call("one").expect("it runs"), 1);
            let interrupter = vm.interrupter();
            let other = thread::spawn(move || {
                begun.recv().expect("it begins");
                thread::sleep(Duration::from_millis(2));
                let asked = Instant::now();
                interrupter.stop();
                asked
            });
            let end = vm.call(name);
            let ended = Instant::now();
            let took = ended.duration_since(other.join().expect("it stops"));
            println!("{way:?} {name}: {took:?}");
            assert!(matches!(end, Err(Error::Cancelled(_))), "{way:?} {name}: {end:?}");
            assert!(took < PATIENCE, "{way:?} {name}: {took:?}");
            for _ in 0..3 {
                assert_eq!(vm.call("one").expect("it is usable"), 1, "{way:?} {name}");
            }
            if let Driven::Here(_, vm) = &vm {
                let census = vm.census();
                assert_eq!((census.tasks, census.timers, census.waiters), (0, 0, 0), "{name}");
            }
        }
    }
}

#[test]
fn one_stop_ends_whatever_runs() {
    stop_all(&WAYS, &Limits::new());
}

#[test]
fn one_stop_ends_what_is_limited_too() {
    let limits = Limits::new().fuel(1 << 50).grace(100_000, Duration::from_millis(50));
    stop_all(&[Way::Turn], &limits);
}

#[test]
fn a_program_that_is_stopped_says_so() {
    let (engine, begun) = telling(Limits::new());
    let program = engine.compile_text("main.ket", "defer { loop { } }\nbegun()\nloop { }");
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    let interrupter = vm.interrupter();
    let other = thread::spawn(move || {
        begun.recv().expect("it begins");
        interrupter.stop();
    });
    let end = vm.run_blocking(&program.expect("it compiles"));
    assert!(matches!(end, Err(Error::Cancelled(_))), "{end:?}");
    other.join().expect("it ends");
    assert_eq!(vm.census().tasks, 0);
}

#[test]
fn clean_ups_of_what_is_stopped_run() {
    let mut engine = engine();
    let output = kettle::engine::Output::captured();
    engine.options().stdout = output.clone();
    engine.function("stop", |cx: &mut Ctx| cx.interrupter().stop());
    let text = "pub async fn work() {
        defer { print(\"one\"); try { await sleep(1h) } finally { print(\"two\") }; print(\"never\") }
        stop()
        for i in 0..10_000_000 { }
        print(\"never\")
    }
    pub fn one() { 1 }";
    let program = engine.compile_text("work.ket", text).expect("it compiles");
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    vm.load_blocking(&program).expect("it loads");
    assert!(matches!(vm.call_blocking::<()>("work", ()), Err(Error::Cancelled(_))));
    assert_eq!(output.text(), "one\ntwo\n");
    assert_eq!(vm.call_blocking::<i64>("one", ()).expect("it is usable"), 1);
}

#[test]
fn what_is_asked_for_while_nothing_runs_is_for_what_runs_next_or_taken_back() {
    let engine = engine();
    let text = "pub fn spin() { for i in 0..300_000 { } }\npub fn one() { 1 }";
    let program = engine.compile_text("spin.ket", text).expect("it compiles");
    let mut vm = Vm::new(&engine).expect("a VM can be made");
    vm.load_blocking(&program).expect("it loads");
    vm.interrupter().stop();
    assert!(matches!(vm.call_blocking::<()>("spin", ()), Err(Error::Cancelled(_))));
    vm.interrupter().stop();
    vm.interrupter().clear();
    vm.call_blocking::<()>("spin", ()).expect("nobody wants it to end");
}
