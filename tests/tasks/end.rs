//! How programs end: exit, interrupts, force, deadlock; and what hosts see.

use std::time::Duration;

use kettle::runtime::{CallEnd, CancelKind, Turn};
use kettle::vm::Value;

use crate::harness::{PRELUDE, Run, Setup, run_all, run_with};

fn top(body: &str) -> String {
    format!("{PRELUDE}\n{body}\n")
}

#[test]
fn exit_leaves_plain_functions_and_clean_ups_too() {
    let text = top(r#"
        fn leave(n) { exit(n) }
        defer log("top")
        try { defer { leave(4); log("never") }; leave(3) } finally { log("finally") }
        log("never")
    "#);
    assert_eq!(run_all(&text, Setup::default()), ["0 finally", "0 top", "status 3"]);
}

#[test]
fn a_third_interrupt_leaves_the_program_at_once() {
    let text = top(r#"
        defer { await sleep(1s); log("never") }
        defer { shield 50s { try { await sleep(40s) } finally { await sleep(9s) } } }
        await sleep(99s)
    "#);
    let setup = Setup { signals: &[1, 1, 1], ..Setup::default() };
    assert_eq!(run_all(&text, setup), ["Interrupt", "killed"]);
}

#[test]
fn force_stops_what_computes_and_clean_ups_run() {
    let text = top(r#"
        defer log("top")
        scope {
            spawn {
                defer log("clean")
                var n = 0
                while true {
                    n += 1
                    if n == 10 || n == 100_000 { press(1) }
                }
            }
        }
    "#);
    assert_eq!(run_with(&text, Setup::default()), ["0 clean", "0 top"]);
}

#[test]
fn loops_that_only_continue_are_stopped_too() {
    for body in [
        "loop { continue }",
        "while true { if n > 0 { continue } }",
        "while true { try { continue } finally { n = 2 } }",
        "outer: loop { loop { continue outer } }",
    ] {
        let text = top(&format!(
            "defer log(\"top\")\nvar n = 0\nwhile n < 100_000 {{ n += 1; if n % 50_000 == 1 {{ press(1) }} }}\n{body}"
        ));
        assert_eq!(run_with(&text, Setup::default()), ["0 top"], "{body}");
    }
}

#[test]
fn clean_ups_that_compute_forever_are_stopped_too() {
    let text = top(r#"
        defer log("top")
        var n = 0
        try { while n < 100_000 { n += 1; if n % 50_000 == 1 { press(1) } } } finally { while true { } }
    "#);
    assert_eq!(run_with(&text, Setup::default()), ["0 top"]);
}

#[test]
fn a_deadlock_says_what_every_task_waits_for() {
    let text = top(r#"
        async fn worker() { await c.recv() }
        scope { let t = spawn worker(); spawn { await t }; await c.recv() }
    "#);
    let log = run_all(&text, Setup::default());
    let report = log.join("\n");
    for part in [
        "uncaught every task waits for another one, and nothing else can happen",
        "task 1 (<module>) waits for a value from <channel 0/0>; it is the program",
        "task 2 (worker) waits for a value from <channel 0/0>; it belongs to a scope of task 1",
        "waits for task 2 (worker)",
        "spawned in <module> at example.ket",
    ] {
        assert!(report.contains(part), "{part:?} is missing in\n{report}");
    }
}

#[test]
fn an_error_knows_where_its_task_was_spawned_up_to_the_program() {
    let text = top(r#"
        async fn inner() { await sleep(1s); throw A }
        async fn middle() { scope { spawn inner() } }
        async fn outer() { await middle() }
        scope { spawn outer() }
    "#);
    let mut run = Run::new(&text, Setup::default());
    assert_eq!(run.finish(Setup::default()), ["uncaught A"]);
    let error = run.runtime.vm.global("example.ket", "A").expect("A is set");
    let frames = run.runtime.vm.error_trace(error);
    let frames: Vec<String> =
        frames.iter().map(|frame| format!("{} {:?}", frame.function, frame.kind)).collect();
    assert_eq!(frames, ["inner Spawn", "middle Await", "outer Spawn", "<module> Spawn"]);
}

#[test]
fn a_host_calls_into_a_program_that_has_ended() {
    let text = top("fn twice(n) { n * 2 }\nasync fn slow(n) { await sleep(1s); throw A }");
    let mut run = Run::new(&text, Setup::default());
    assert_eq!(run.finish(Setup::default()), [] as [&str; 0]);
    let twice = run.runtime.vm.global("example.ket", "twice").expect("it is a function");
    let slow = run.runtime.vm.global("example.ket", "slow").expect("it is a function");
    let runtime = &mut run.runtime;
    let calls = [runtime.call(twice, &[Value::int(21)]), runtime.call(slow, &[Value::int(1)])];
    let cancelled = runtime.call(slow, &[Value::int(1)]);
    assert!(runtime.call_end(calls[0]).is_none());
    // Without patience virtual time stands still.
    assert!(matches!(runtime.turn(Some(Duration::ZERO)), Turn::Waiting));
    runtime.cancel_call(cancelled);
    for _ in 0..3 {
        runtime.turn(None);
    }
    let ends = [calls[0], calls[1], cancelled].map(|call| runtime.call_end(call));
    match ends {
        [
            Some(CallEnd::Outcome(Ok(value))),
            Some(CallEnd::Outcome(Err(error))),
            Some(CallEnd::Cancelled(why)),
        ] => {
            assert_eq!(value.as_int(), Some(42));
            assert_eq!(runtime.vm.error_message(error), "A");
            assert_eq!(why.kind, CancelKind::Host);
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(runtime.turn(None), Turn::Idle));
}

#[test]
fn a_call_of_the_host_that_nobody_can_wake_is_told() {
    let text = top("async fn stuck() { await c.recv() }");
    let mut run = Run::new(&text, Setup::default());
    run.finish(Setup::default());
    let stuck = run.runtime.vm.global("example.ket", "stuck").expect("it is a function");
    let call = run.runtime.call(stuck, &[]);
    for _ in 0..3 {
        run.runtime.turn(None);
    }
    assert!(matches!(run.runtime.call_end(call), Some(CallEnd::Outcome(Err(_)))));
}

#[test]
fn thousands_of_nested_scopes_are_cancelled_in_no_time() {
    let text = top(r#"
        async fn deep(n) { if n > 0 { scope { spawn deep(n - 1) } } else { await sleep(9s) } }
        timeout 1s { await deep(3000) } else { log("cut") }
    "#);
    assert_eq!(run_with(&text, Setup::default()), ["1 cut"]);
}

#[test]
fn the_errors_of_many_tasks_are_each_listed_once() {
    let text = top(r#"
        let errors = []
        for i in 0..10_000 { errors.push(Error("${i}")) }
        let e = try {
            scope {
                for i in 0..20_000 { spawn { try { await sleep(9s) } finally { throw errors[i % 10_000] } } }
                await sleep(1s)
                throw A
            }
        } catch e { e }
        log("${e.message} ${e.suppressed.len} ${e.suppressed[9_999].message}")
    "#);
    assert_eq!(run_with(&text, Setup::default()), ["1 A 10000 9999"]);
}
