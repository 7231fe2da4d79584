//! Switches from task to task with nothing in between: whatever comes just then, all is as if the loop had
//! turned. Every program here runs in all modes, also with somebody who looks on: then the loop does turn.

use kettle::runtime::Tracer;

use crate::examples;
use crate::harness::{PRELUDE, Run, Setup, Watched, run_all, run_with};

examples! {
    tasks_that_give_way_take_turns: r#"
        for name in ["a", "b", "c"] { spawn { for n in 0..3 { log("${name}${n}"); await task.yield() } } }
        await task.yield()
        log("body")
        await task.yield()
        log("body again")
    "# => ["0 a0", "0 b0", "0 c0", "0 body", "0 a1", "0 b1", "0 c1", "0 body again", "0 a2", "0 b2", "0 c2"];

    giving_way_by_another_name_is_the_same: r#"
        let way = task.yield
        spawn { for n in 0..2 { log("other ${n}"); await way() } }
        for n in 0..2 { log("${await way()} ${n}") }
    "# => ["0 other 0", "0 null 0", "0 other 1", "0 null 1"];

    a_task_that_is_cancelled_while_it_is_ready_meets_that_at_its_next_op: r#"
        scope s {
            spawn { defer log("clean"); for n in 0..9 { log("${n}"); await task.yield() } }
            spawn { for _ in 0..2 { await task.yield() }; log("cancels"); s.cancel() }
            spawn { for n in 0..9 { await task.yield() }; log("never") }
        }
        log("after")
    "# => ["0 0", "0 1", "0 2", "0 cancels", "0 3", "0 clean", "0 after"];

    a_cancel_after_the_hand_over_leaves_the_value_with_the_receiver: r#"
        scope s {
            spawn { defer log("clean"); log("got ${await c.recv()}"); await task.yield(); log("never") }
            await task.yield()
            await c.send(1)
            s.cancel()
        }
    "# => ["0 got 1", "0 clean"];

    clean_ups_switch_while_their_scope_is_cancelled: r#"
        scope s {
            spawn {
                defer { for n in 0..2 { await task.yield(); log("clean ${n}") } }
                await c.recv()
            }
            spawn { for n in 0..2 { log("works ${n}"); await task.yield() } }
            await task.yield()
            s.cancel()
        }
    "# => ["0 works 0", "0 works 1", "0 clean 0", "0 clean 1"];

    timers_are_due_between_turns_of_tasks_that_give_way: r#"
        scope s {
            spawn { await sleep(3s); log("time"); s.cancel() }
            loop { await task.yield(); compute(1s) }
        }
    "# => ["4 time"];

    senders_and_receivers_keep_their_order: r#"
        let q = channel(1)
        for n in 0..4 { spawn { await q.send(n); log("sent ${n}") } }
        for _ in 0..4 { log("got ${await q.recv()}") }
    "# => ["0 sent 0", "0 sent 1", "0 got 0", "0 got 1", "0 got 2", "0 got 3", "0 sent 2", "0 sent 3"];

    a_loop_over_a_channel_ends_with_it: r#"
        let q = channel(0)
        spawn { for n in 0..3 { await q.send(n) }; q.close(); try { await q.send(9) } catch e { log(name(e)) } }
        for await n in q { log("${n}") }
        log("end ${await q.next("default")}")
    "# => ["0 0", "0 1", "0 ClosedError", "0 2", "0 end default"];

    a_select_and_a_receiver_share_a_channel: r#"
        let q = channel(0)
        let r = channel(0)
        async fn some() { for _ in 0..2 { log("some ${select { v = await q.recv() => v, w = await r.recv() => w }}") } }
        spawn some()
        spawn { log("alone ${await q.recv()}") }
        await task.yield()
        for n in 0..2 { await q.send(n) }
        await r.send(2)
    "# => ["0 some 0", "0 some 2", "0 alone 1"];
}

/// A program whose tasks switch all the time, and log who runs.
const BUSY: &str = r#"
let q = channel(3)
async fn turns(name) { for n in 0..40 { if n % 8 == 0 { log("${name}${n}") }; await task.yield() } }
async fn sends() { for n in 0..100 { await q.send(n) }; q.close() }
async fn takes(name) { for await n in q { if n % 10 == 0 { log("${name} ${n}") } } }
scope {
    for name in ["a", "b"] { spawn turns(name) }
    spawn sends()
    for name in ["x", "y"] { spawn takes(name) }
}
"#;

fn busy() -> String {
    format!("{PRELUDE}\n{BUSY}")
}

#[test]
fn every_budget_gives_the_same_order_to_those_who_look_on() {
    for op_budget in [1, 2, 3, 7, 128] {
        let setup = Setup { op_budget: Some(op_budget), ..Setup::default() };
        let log = run_all(&busy(), setup);
        assert!(log.len() > 10, "{log:?}");
    }
}

#[test]
fn the_fuel_may_end_at_any_switch() {
    let log = run_with(&busy(), Setup::default());
    for fuel in 1..40 {
        let setup = Setup { fuel: Some(fuel), ..Setup::default() };
        assert_eq!(log, run_with(&busy(), setup), "{fuel}");
    }
}

#[test]
fn somebody_may_begin_and_cease_to_look_on_at_any_switch() {
    let log = run_with(&busy(), Setup::default());
    for (fuel, every) in (1..20).flat_map(|fuel| [(fuel, 1), (fuel, 3)]) {
        let watched = Some(Watched::Now(every));
        let setup = Setup { fuel: Some(fuel), watched, ..Setup::default() };
        assert_eq!(log, run_with(&busy(), setup), "{fuel} {every}");
    }
}

#[test]
fn a_switch_costs_the_same_fuel_whoever_looks_on() {
    let left = |tracer: Option<Box<dyn Tracer>>| {
        let mut run = Run::new(&busy(), Setup::default());
        run.runtime.rt.set_tracer(tracer);
        run.runtime.vm.set_fuel(1_000_000);
        run.finish(Setup::default());
        run.runtime.vm.fuel_left()
    };
    struct Idle;
    impl Tracer for Idle {
        fn record(&mut self, _: kettle::runtime::driver::Moment, _: kettle::runtime::Step) {}
    }
    assert_eq!(left(None), left(Some(Box::new(Idle))));
}

#[test]
fn the_host_may_interrupt_at_any_switch() {
    for at in [0, 1, 2, 5, 63, 64, 65, 200] {
        let text = format!(
            r#"{PRELUDE}
            defer log("program")
            var a = 0
            var b = 0
            scope {{
                defer log("${{a}} ${{b}}")
                spawn {{ loop {{ if a == {at} {{ press(0) }}; a += 1; await task.yield() }} }}
                spawn {{ loop {{ b += 1; await task.yield() }} }}
            }}
            "#
        );
        // It is heard when the turn is over, and met at the next op. (On little fuel it is heard earlier.)
        let expected = format!("0 {} {}", at + 2, at + 2);
        let watched = Setup { watched: Some(Watched::Always), ..Setup::default() };
        for setup in [Setup::default(), Setup { torture: true, ..Setup::default() }, watched] {
            assert_eq!(run_with(&text, setup), [&*expected, "0 program"], "{at} {setup:?}");
        }
    }
}

#[test]
fn a_million_switches_take_no_native_stack() {
    let text = format!(
        "{PRELUDE}\nscope {{ for _ in 0..4 {{ spawn {{ for _ in 0..50_000 {{ await task.yield() }} }} }} }}\nlog(\"end\")"
    );
    let thread = std::thread::Builder::new().stack_size(1 << 20);
    let run = thread.spawn(move || run_with(&text, Setup::default())).expect("a thread starts");
    assert_eq!(run.join().expect("it ends by itself"), ["0 end"]);
}
