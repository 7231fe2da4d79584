//! Who runs when: the order of the loop is part of the language.

use crate::examples;
use crate::harness::{PRELUDE, Setup, run_all};

examples! {
    a_child_never_runs_before_its_parent_suspends: r#"
        spawn { log("first") }
        spawn { log("second") }
        log("parent")
        await task.yield()
        log("parent again")
    "# => ["0 parent", "0 first", "0 second", "0 parent again"];

    an_op_that_completes_at_once_does_not_switch: r#"
        let q = channel(2)
        spawn { log("other") }
        await q.send(1)
        log("${await q.recv()}")
    "# => ["0 1", "0 other"];

    a_task_gives_way_after_its_budget_of_ops: r#"
        let q = channel(unbounded: true)
        spawn { log("${q.len}") }
        for i in 0..200 { await q.send(i) }
        log("done")
    "# => ["0 128", "0 done"];

    equal_deadlines_fire_in_the_order_of_creation: r#"
        for i in 0..3 { spawn { await sleep(1s); log("a${i}") } }
        spawn { await sleep(500ms); await sleep(500ms); log("b") }
        await sleep(1s)
        log("body")
    "# => ["1 body", "1 a0", "1 a1", "1 a2", "1 b"];

    a_sleep_of_nothing_lets_the_others_run: r#"
        spawn { log("other") }
        await sleep(0s)
        log("body")
        await sleep(-1s)
        log("still at zero")
    "# => ["0 other", "0 body", "0 still at zero"];

    a_sleep_is_over_in_the_first_turn_after_its_deadline: r#"
        spawn { await sleep(2s); log("slept") }
        await task.yield()
        compute(5s)
        await sleep(1s)
        log("body")
    "# => ["5 slept", "6 body"];

    values_go_to_who_has_waited_longest: r#"
        let q = channel(0)
        for i in 0..3 { spawn { log("${i} got ${await q.recv()}") } }
        await task.yield()
        for value in ["x", "y", "z"] { await q.send(value) }
        log("sent")
    "# => ["0 sent", "0 0 got x", "0 1 got y", "0 2 got z"];

    joiners_are_told_in_the_order_of_asking: r#"
        let t = spawn { await sleep(1s); "v" }
        for i in 0..3 { spawn { log("${i} ${await t}") } }
    "# => ["1 0 v", "1 1 v", "1 2 v"];

    ids_count_up: r#"
        let a = spawn { await sleep(1s) }
        let b = spawn { }
        log("${a.id} ${b.id} ${task.current().id}")
    "# => ["0 2 3 1"];
}

/// What happens in one turn: I/O in the order in which the ops started (not in which anything was
/// opened), then timers, however old.
#[test]
fn io_comes_before_timers_in_the_order_of_the_ops() {
    let text = format!(
        "{PRELUDE}import signal\n\
         let one = signal.on(\"int\")\nlet two = signal.on(\"int\")\n\
         spawn {{ await sleep(1s); log(\"timer\") }}\n\
         spawn {{ await two.next(); log(\"waits first\") }}\n\
         spawn {{ await one.next(); log(\"waits second\") }}\n\
         await sleep(2s)"
    );
    let log = run_all(&text, Setup { signals: &[1], ..Setup::default() });
    assert_eq!(log, ["1 waits first", "1 waits second", "1 timer"]);
}

#[test]
fn signals_come_last_in_a_turn() {
    let text = format!(
        "{PRELUDE}spawn {{ await sleep(1s); log(\"slept\"); await sleep(0s); log(\"never\") }}\n\
         await sleep(2s)\nlog(\"never\")"
    );
    let log = run_all(&text, Setup { signals: &[1], ..Setup::default() });
    assert_eq!(log, ["1 slept", "Interrupt"]);
}
