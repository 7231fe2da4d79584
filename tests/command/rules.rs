//! Rules of the loop that only a whole process can show: named after D1, E1, E2.

use crate::process::{Kettle, fed, run, stderr, stdout};

#[test]
fn d1_a_deadlock_cleans_up_and_ends_with_status_13() {
    let program = "defer print(\"cleaned\")\nasync fn stuck() { await channel(0).recv() }\n\
        spawn stuck()\nspawn daemon stuck()\nawait channel(0).send(1)\n";
    let output = fed(&["-"], program);
    assert_eq!(stdout(&output), "cleaned\n");
    assert_eq!(output.status.code(), Some(13));
    let report = stderr(&output);
    assert_eq!(report.matches("DeadlockError").count(), 1, "{report}");
    for part in ["stuck", "a value from <channel 0/0>", "spawned in"] {
        assert!(report.contains(part), "{part} is missing: {report}");
    }
}

#[test]
fn d1_what_may_still_come_is_no_deadlock() {
    // A child process, a thread of the pool, a listener.
    let program = "import process\nimport fs\nlet child = await process.start(\"true\")\n\
        print((await child.wait()).ok)\nprint(await fs.exists(\"/\"))\n";
    assert_eq!(stdout(&fed(&["-"], program)), "true\ntrue\n");
    let mut kettle = Kettle::start(&[
        "-e",
        "import net\nlet l = await net.tcp.listen(\"127.0.0.1\", 0)\nprint(l.local)\nawait l.accept()",
    ]);
    assert!(kettle.line().starts_with("127.0.0.1:"));
    assert!(!kettle.is_over());
    kettle.signal("TERM");
    assert_eq!(kettle.finish().0, Some(143));
}

#[test]
fn e1_everything_written_arrives_also_on_pipes() {
    let lines = 20_000;
    for ending in ["", "exit(3)", "throw Error(\"end\")"] {
        let program = format!(
            "for n in 0..{lines} {{ print(\"line ${{n}}\"); if n % 1000 == 0 {{ eprint(\"error ${{n}}\") }} }}\n{ending}\n"
        );
        let output = fed(&["-"], &program);
        let shown = stdout(&output);
        assert_eq!(shown.lines().count(), lines, "{ending}");
        assert!(shown.ends_with(&format!("line {}\n", lines - 1)), "{ending}");
        assert!(stderr(&output).contains("error 19000\n"), "{ending}");
    }
}

#[test]
fn e1_the_program_waits_for_its_tasks_and_nothing_else() {
    let program = "spawn { await sleep(20ms); print(\"task\") }\n\
        spawn daemon { await sleep(1h) }\nprint(\"top\")\n";
    let output = fed(&["-"], program);
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("top\ntask\n", Some(0)));
}

#[test]
fn e1_the_status_of_exit_stands_although_a_clean_up_fails() {
    let program = "defer { throw Error(\"in the clean-up\") }\nexit(4)\n";
    let output = fed(&["-"], program);
    assert_eq!(output.status.code(), Some(4));
    assert!(stderr(&output).contains("in the clean-up"), "{}", stderr(&output));
    assert_eq!(run(&["-e", "defer exit(5)\nexit(6)"]).status.code(), Some(6));
    assert_eq!(
        run(&["-e", "fn leave() { exit(0) }\nleave()\nthrow Error(\"no\")"]).status.code(),
        Some(0)
    );
}

/// A program that waits, and whose clean-up waits for `clean_up` after it has said so.
fn waiting(clean_up: &str) -> Kettle {
    let program = format!(
        "defer print(\"outer\")\nscope {{\n  defer print(\"inner\")\n\
         try {{ print(\"ready\"); await sleep(1h) }}\n\
         catch e {{ print(\"caught\") }}\n\
         finally {{ print(\"cleaning\"); await {clean_up}; print(\"cleaned\") }}\n}}\nprint(\"never\")"
    );
    let mut kettle = Kettle::start(&["-e", &program]);
    assert_eq!(kettle.line(), "ready\n");
    kettle
}

#[test]
fn e2_an_interrupt_cancels_the_program_and_clean_ups_may_wait() {
    let kettle = waiting("sleep(1ms)");
    kettle.signal("INT");
    assert_eq!(kettle.finish(), (Some(130), "cleaning\ncleaned\ninner\nouter\n".to_owned()));
}

#[test]
fn e2_a_polite_end_has_status_143() {
    let kettle = waiting("sleep(1ms)");
    kettle.signal("TERM");
    assert_eq!(kettle.finish(), (Some(143), "cleaning\ncleaned\ninner\nouter\n".to_owned()));
}

#[test]
fn e2_a_second_interrupt_forces_and_clean_ups_around_still_run() {
    let mut kettle = waiting("sleep(1h)");
    kettle.signal("INT");
    assert_eq!(kettle.line(), "cleaning\n");
    kettle.signal("INT");
    assert_eq!(kettle.finish(), (Some(130), "inner\nouter\n".to_owned()));
}

#[test]
fn e2_the_reason_of_a_cancel_is_told() {
    // Clean-ups of the program, which the cancel is hidden from, see why a task of it was cancelled.
    for (signal, kind, status) in [("INT", "interrupt", 130), ("TERM", "shutdown", 143)] {
        let program = "var t = null\ndefer { try { await t } catch e is TaskCancelledError { print(e.reason.kind) } }\n\
            scope { t = spawn { await sleep(1h) }; print(\"ready\"); await sleep(1h) }";
        let mut kettle = Kettle::start(&["-e", program]);
        assert_eq!(kettle.line(), "ready\n");
        kettle.signal(signal);
        assert_eq!(kettle.finish(), (Some(status), format!("{kind}\n")));
    }
}
