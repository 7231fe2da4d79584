//! The worked examples of the rules of tasks and scopes: each a program and what it logs, when.
//! What a program throws is logged as `caught`.

use crate::examples;
use crate::harness::{PRELUDE, Setup, run_all};

examples! {
    f1_the_first_error_is_thrown_and_the_others_are_suppressed: r#"
        scope {
            spawn { await sleep(1s); throw A }
            spawn { try { await sleep(9s) } finally { await sleep(1s); log("b clean"); throw B } }
            await sleep(9s)
            log("never")
        }
    "# => ["2 b clean", r#"2 caught A, suppressed ["B"]"#];

    f2_a_child_s_error_passes_by_the_catch_of_the_body: r#"
        scope {
            let t = spawn { await sleep(1s); throw A }
            try { await t } catch { log("inner") }
        }
    "# => ["1 caught A"];

    f3_awaiting_a_cancelled_task_of_another_scope_throws: r#"
        var t = null
        scope {
            spawn { await task.yield(); try { await t } catch e { log("${type(e)}") } }
            scope s {
                t = spawn { await sleep(9s) }
                spawn { await sleep(1s); s.cancel() }
            }
        }
    "# => ["1 TaskCancelledError"];

    s4_the_error_of_a_try_task_goes_to_who_awaits_it: r#"
        scope {
            let t = spawn try { await sleep(1s); throw A }
            try { await t } catch { log("inner") }
        }
        log("end")
    "# => ["1 inner", "1 end"];

    s4b_what_nobody_awaited_the_scope_throws: r#"
        scope { spawn try { throw A }; await sleep(1s); log("body done") }
    "# => ["1 body done", "1 caught A"];

    s4c_daemons_are_cancelled_when_the_rest_is_done: r#"
        scope {
            spawn daemon { defer log("daemon cut"); await sleep(99s) }
            spawn { await sleep(2s); log("child") }
            await sleep(1s)
            log("body")
        }
        log("after")
    "# => ["1 body", "2 child", "2 daemon cut", "2 after"];

    s5_cancel_ends_a_scope_early: r#"
        scope s { spawn { await sleep(1s); s.cancel() }; await sleep(9s); log("never") }
        log("after")
    "# => ["1 after"];

    s5b_a_body_that_ended_by_itself_keeps_its_return: r#"
        async fn body() {
            scope s { spawn { defer log("cut"); await sleep(9s) }; s.cancel(); return 5 }
            log("never")
        }
        log("returns ${await body()}")
    "# => ["0 cut", "0 returns 5"];

    s5c_errors_after_cancel_are_thrown: r#"
        scope s {
            spawn { defer { throw A }; await sleep(9s) }
            await sleep(1s)
            s.cancel()
            await sleep(1s)
            log("never")
        }
    "# => ["1 caught A"];

    s5d_isolation_reports_and_goes_on: r#"
        scope (on_error: "isolate") {
            spawn { throw A }
            spawn { await sleep(1s); log("sibling") }
        }
        log("after")
    "# => ["isolated A", "1 sibling", "1 after"];

    s5e_a_scope_s_defers_run_after_its_children: r#"
        scope { defer log("close"); spawn { await sleep(2s); log("uses it") }; log("body") }
        log("after")
    "# => ["0 body", "2 uses it", "2 close", "2 after"];

    s5f_a_task_cancelled_before_it_ran_runs_to_its_first_op: r#"
        scope s {
            spawn { log("started"); defer log("clean"); await sleep(0s); log("never") }
            s.cancel()
        }
        log("after")
    "# => ["0 started", "0 clean", "0 after"];

    x2_what_was_received_is_never_lost: r#"
        scope {
            let t = spawn { await c.recv(); log("got"); await sleep(0s); log("never") }
            await task.yield()
            await c.send(1)
            t.cancel()
        }
    "# => ["0 got"];

    x3_clean_up_is_shielded_for_the_grace: r#"
        scope (timeout: 1s) {
            defer { try { await sleep(9s); log("never") } finally { log("unwound") } }
            await sleep(99s)
        }
    "# => ["6 unwound", "6 caught TimeoutError"];

    x3b_a_shield_hides_a_cancel_for_its_time: r#"
        timeout 1s { shield 2s { try { await sleep(9s) } finally { log("shield over") } } }
    "# => ["3 shield over", "3 caught TimeoutError"];

    x3c_a_timeout_inside_a_clean_up_works: r#"
        try {
            timeout 1s {
                defer { try { timeout 2s { await sleep(99s) } } catch { log("inner") } }
                await sleep(99s)
            }
        } catch e { log(e.message) }
    "# => ["3 inner", "3 timed out after 1s"];

    x3d_a_timeout_inside_a_clean_up_does_not_outlive_the_grace: r#"
        timeout 1s {
            defer { try { timeout 9s { await sleep(99s) } } catch { log("never") } }
            await sleep(99s)
        }
    "# => ["6 caught TimeoutError"];

    x3e_a_clean_up_may_spawn: r#"
        scope s {
            spawn { await sleep(1s); s.cancel() }
            try { await sleep(9s) } finally { spawn { await sleep(1s); log("flushed") } }
        }
        log("after")
    "# => ["2 flushed", "2 after"];

    x5_the_outer_of_two_equal_timeouts_throws: r#"
        timeout 5s { try { timeout 5s { await sleep(9s) } } catch { log("never") } }
    "# => ["5 caught TimeoutError"];

    x5b_an_outer_deadline_during_the_clean_up_of_an_inner_one: r#"
        timeout 6s {
            try { timeout 5s { try { await sleep(9s) } finally { await sleep(2s); log("clean") } } }
            catch { log("inner") }
            await sleep(1s)
            log("never")
        }
    "# => ["7 clean", "7 inner", "7 caught TimeoutError"];

    x5c_a_child_that_is_cut_counts_as_the_body: r#"
        timeout 5s { spawn { await sleep(9s) }; log("body") }
    "# => ["0 body", "5 caught TimeoutError"];

    x5d_no_normal_code_follows_work_that_was_cut_from_outside: r#"
        timeout 1s { scope { spawn { defer log("cut"); await sleep(9s) } }; log("never") }
    "# => ["1 cut", "1 caught TimeoutError"];

    x5e_what_completes_at_the_deadline_is_in_time: r#"
        timeout 5s { await sleep(5s); log("done") }
    "# => ["5 done"];

    x5f_a_body_that_finished_late_is_not_cut: r#"
        timeout 1s { compute(3s); log("done") }
    "# => ["3 done"];

    x5g_else_stands_in_for_the_value: r#"
        timeout 1s { await sleep(9s) } else { log("else") }
    "# => ["1 else"];

    x5h_an_error_under_way_is_not_replaced: r#"
        timeout 1s { try { throw A } finally { await sleep(3s); log("clean") } }
    "# => ["3 clean", "3 caught A"];

    h1_close_reaches_both_ends: r#"
        scope {
            let t = spawn try { await c.recv(); await c.recv() }
            await c.send(1)
            c.close()
            try { await t } catch { log("recv") }
            try { await c.send(2) } catch { log("send") }
        }
    "# => ["0 recv", "0 send"];

    h2_a_mutex_is_given_in_the_order_of_asking: r#"
        let m = sync.mutex()
        scope {
            spawn { await m.lock(); await sleep(1s); m.unlock() }
            spawn try { timeout 1s { await m.lock(); log("b") } }
            spawn { await m.lock(); log("c") }
        }
    "# => ["1 c", "1 caught TimeoutError"];

    h2b_a_task_that_waits_for_itself_is_told: r#"
        spawn { try { await task.current() } catch e { log("cycle ${type(e)}") } }
    "# => ["0 cycle DeadlockError"];

    l1_select_takes_its_arms_in_turn: r#"
        let q = channel(4)
        for i in 0..4 { await q.send(i) }
        for _ in 0..4 {
            select {
                await q.recv() => log("a"),
                await q.recv() => log("b"),
            }
        }
    "# => ["0 a", "0 b", "0 a", "0 b"];

    d1_at_rest_the_scope_that_waits_gets_the_error: r#"
        scope { spawn { defer log("cut"); await c.recv() } }
    "# => ["0 cut", "0 caught DeadlockError"];
}

#[test]
fn e1_exit_cleans_up_and_never_returns() {
    let text = format!(
        "{PRELUDE}
        defer log(\"top\")
        scope {{
            spawn {{ defer {{ await sleep(1s); log(\"clean\") }}; await sleep(99s) }}
            await task.yield()
            exit(3)
            log(\"never\")
        }}"
    );
    let log = run_all(&text, Setup::default());
    assert_eq!(log, ["1 clean", "1 top", "status 3"]);
}

#[test]
fn e2_a_second_interrupt_forces() {
    let text = format!(
        "{PRELUDE}
        defer log(\"top\")
        scope {{
            spawn {{
                defer {{ try {{ await sleep(9s) }} finally {{ log(\"forced\") }} }}
                await sleep(99s)
            }}
        }}"
    );
    let log = run_all(&text, Setup { signals: &[1, 2], ..Setup::default() });
    assert_eq!(log, ["2 forced", "2 top", "Interrupt"]);
}
