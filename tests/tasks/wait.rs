//! Waiting: select, channels, promises, joins, and who is told when it makes no sense.

use crate::examples;

examples! {
    select_first_takes_the_source_order: r#"
        let q = channel(2)
        await q.send(1)
        await q.send(2)
        for _ in 0..2 {
            select first { await q.recv() => log("a"), await q.recv() => log("b") }
        }
    "# => ["0 a", "0 a"];

    select_takes_else_only_if_nothing_is_ready: r#"
        let q = channel(1)
        select { await q.recv() => log("value"), else => log("else") }
        await q.send(1)
        select { v = await q.recv() => log("value ${v}"), else => log("else") }
    "# => ["0 else", "0 value 1"];

    exactly_one_arm_happens: r#"
        let p = channel(0)
        let q = channel(0)
        spawn try { await sleep(1s); await p.send("p"); log("p taken") }
        spawn daemon { await sleep(1s); await q.send("q"); log("never") }
        select { v = await p.recv() => log(v), v = await q.recv() => log(v) }
        await sleep(1s)
    "# => ["1 p taken", "1 p"];

    select_waits_for_tasks_and_time: r#"
        let t = spawn { await sleep(2s); "task" }
        for _ in 0..2 {
            select { v = await t => log(v), await sleep(1500ms) => log("time") }
        }
    "# => ["1.5 time", "2 task"];

    guards_leave_arms_out: r#"
        let q = channel(1)
        await q.send(1)
        let open = false
        select { await q.recv() if open => log("never"), await sleep(1s) => log("time") }
        try { select { await q.recv() if open => log("never") } } catch e { log("${type(e)}") }
    "# => ["1 time", "1 MatchError"];

    an_arm_on_a_closed_channel_throws: r#"
        let q = channel(1)
        q.close()
        try { select { await q.recv() => log("never"), await sleep(1s) => log("never") } }
        catch e { log("${type(e)}") }
        select { v = await q.next("end") => log(v), await sleep(1s) => log("never") }
    "# => ["0 ClosedError", "0 end"];

    one_select_may_stand_twice_in_a_queue: r#"
        let q = channel(0)
        spawn try {
            select { await q.recv() => log("never"), await q.recv() => log("never") }
        }
        await task.yield()
        q.close()
    "# => ["0 caught ClosedError"];

    a_closed_channel_is_drained_first: r#"
        let q = channel(3)
        for i in 0..3 { await q.send(i) }
        q.close()
        q.close()
        for await v in q { log("${v}") }
        log("${q.try_recv() == null}")
    "# => ["0 0", "0 1", "0 2", "0 caught ClosedError"];

    leaving_a_loop_leaves_the_channel_open: r#"
        let q = channel(3)
        for i in 0..3 { await q.send(i) }
        for await v in q { log("${v}"); break }
        log("${await q.recv()} ${q.len} ${q.try_send(7)} ${q.try_recv()}")
    "# => ["0 0", "0 1 1 true 2"];

    a_sender_waits_for_room: r#"
        let q = channel(1)
        spawn { for i in 0..3 { await q.send(i); log("sent ${i}") } }
        for _ in 0..3 { await sleep(1s); log("got ${await q.recv()}") }
    "# => ["0 sent 0", "1 got 0", "1 sent 1", "2 got 1", "2 sent 2", "3 got 2"];

    a_promise_tells_everybody_once: r#"
        let p = sync.promise()
        for i in 0..2 { spawn { log("${i} ${await p}") } }
        await sleep(1s)
        p.resolve("v")
        p.resolve("w")
        p.reject(A)
        log("${await p}")
        let broken = sync.promise()
        broken.reject(A)
        await broken
    "# => ["1 v", "1 0 v", "1 1 v", "1 caught A"];

    stop_cancels_and_waits: r#"
        let t = spawn { try { await sleep(9s) } finally { await sleep(1s); log("clean") } }
        await task.yield()
        log("${await t.stop()} ${t.state}")
    "# => ["1 clean", "1 null cancelled"];

    a_task_that_stops_itself_unwinds: r#"
        let t = spawn { defer log("clean"); await task.current().stop(); log("never") }
        try { await t } catch e { log("${type(e)} ${e.reason.kind}") }
    "# => ["0 clean", "0 TaskCancelledError explicit"];

    the_reason_says_who_and_why: r#"
        async fn nap() { await sleep(9s) }
        let t = spawn try nap()
        await task.yield()
        t.cancel("enough")
        try { await t } catch e { log(e.message); log("${e.reason.message} ${e.reason.by != null}") }
    "# => ["0 task 2 (nap) was cancelled by <module>: enough", "0 enough true"];

    tasks_that_wait_for_each_other_are_told: r#"
        var a = null
        var b = null
        async fn one() { await task.yield(); await b }
        async fn other() { await a }
        a = spawn try one()
        b = spawn try other()
        await task.yield()
        try { await a } catch e { log(e.message) }
        try { await b } catch e { log("${type(e)}") }
    "# => [
        "0 these tasks would wait for each other: task 2 (one) → task 3 (other) → task 2 (one)",
        "0 DeadlockError",
    ];

    a_task_cannot_wait_for_one_it_is_part_of: r#"
        let me = task.current()
        async fn block() { try { await me } catch e { log(e.message) } }
        scope { spawn block() }
    "# => ["0 task 2 (block) would wait for task 1 (<module>), which it is part of and which waits for it"];

    a_mutex_knows_its_owner: r#"
        let m = sync.mutex()
        await m.lock()
        try { await m.lock() } catch e { log(e.message) }
        spawn { try { m.unlock() } catch e { log(e.message) } }
        await task.yield()
        m.unlock()
        try { m.unlock() } catch e { log(e.message) }
    "# => [
        "0 task 1 (<module>) holds mutex 1 already",
        "0 unlock: task 1 (<module>) holds mutex 1",
        "0 unlock: nobody holds mutex 1",
    ];

    awaiting_what_cannot_be_awaited: r#"
        let n = 5
        try { await n } catch e { log(e.message) }
        let s = channel(0)
        try { await s } catch e { log(e.message) }
    "# => [
        "0 5 cannot be awaited: only calls, tasks and promises are",
        "0 <channel 0/0> cannot be awaited: only calls, tasks and promises are",
    ];

    options_have_types: r#"
        try { timeout 5 { } } catch e { log(e.message) }
        try { scope (on_error: "ignore") { } } catch e { log(e.message) }
        try { channel() } catch e { log("${type(e)}") }
        try { channel(-1) } catch e { log("${type(e)}") }
    "# => [
        "0 `timeout` takes a duration, not 5; write `5s`",
        "0 `on_error` takes \"cancel\" or \"isolate\", not \"ignore\"",
        "0 ArityError",
        "0 ValueError",
    ];

    a_scope_that_has_ended_takes_no_tasks: r#"
        var kept = null
        scope s { kept = s }
        try { kept.spawn(|| 1) } catch e { log("${type(e)}") }
    "# => ["0 ClosedError"];
}
