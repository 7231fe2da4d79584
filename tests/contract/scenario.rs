//! What every awaitable goes through, as a program that says what came of it.

use super::table::{Awaitable, Completes, Cut};

/// What programs begin with.
const PRELUDE: &str = r#"
import fs
import json
import iter
import net
import os
import process
import signal
import sync
import task
import time

fn said(e) { "${type(e)}: ${e.message}" }
"#;

/// Pieces of setups that several awaitables need, by the word in braces that stands for them.
const PIECES: &[(&str, &str)] = &[
    (
        "{pair}",
        "let l = await net.tcp.listen(\"127.0.0.1\", 0)\n\
         let a = await net.tcp.connect(\"127.0.0.1\", l.local.port)\n\
         let b = await l.accept()",
    ),
    (
        "{udp}",
        "let a = await net.udp.bind(\"127.0.0.1\", 0)\n\
         let b = await net.udp.connect(\"127.0.0.1\", a.local.port)",
    ),
    ("{folder}", "let dir = await fs.temp_dir()\ndefer await fs.remove_all(dir)"),
    (
        "{file}",
        "let dir = await fs.temp_dir()\ndefer await fs.remove_all(dir)\n\
         await fs.write(\"${dir}/f\", \"one\\ntwo\\n\")",
    ),
];

/// The scenarios: a name, and the body of the function that plays it. `SETUP`, `OP`, `COMPLETE` (what
/// makes the op complete), `SHOWN(v)` (the value as it is compared) and `CLOSE` stand for what the
/// table says; `AGAIN` gives the op what it waits for and prints its value: nothing was lost.
const SCENARIOS: &[(&str, Applies, &str)] = &[
    (
        "at once",
        Applies::Kept,
        "SETUP
        spawn { COMPLETE }
        await task.yield()
        await task.yield()
        let v = timeout 1h { await OP } else { \"hangs\" }
        print(\"at once:\", SHOWN)",
    ),
    (
        "parked",
        Applies::Always,
        "SETUP
        let waiter = spawn { await OP }
        await task.yield()
        await task.yield()
        COMPLETE
        let v = await waiter
        print(\"parked:\", SHOWN)",
    ),
    (
        "cancelled before its start",
        Applies::Always,
        "SETUP
        let began = time.monotonic()
        scope around { spawn { await OP; print(\"never\") }; around.cancel() }
        assert time.monotonic() - began < 2s
        AFTER_CUT
        print(\"cancelled before its start:\", SHOWN)",
    ),
    (
        "cancelled while parked",
        Applies::Always,
        "SETUP
        let waiter = spawn { await OP }
        await task.yield()
        let began = time.monotonic()
        await waiter.stop()
        assert time.monotonic() - began < 2s
        print(\"cancelled while parked:\", waiter.state)",
    ),
    (
        "and then",
        Applies::Repeatable,
        "SETUP
        let waiter = spawn { await OP }
        await task.yield()
        await waiter.stop()
        AFTER_CUT
        print(\"and then:\", SHOWN)",
    ),
    (
        "cancelled after completion",
        Applies::Always,
        "SETUP
        var waiter = null
        EARLY
        waiter = spawn { let v = await OP; print(\"cancelled after completion:\", SHOWN) }
        await task.yield()
        await task.yield()
        LATE
        try { await waiter } catch e is TaskCancelledError { print(\"cancelled after completion: cut\") }",
    ),
    (
        "raced with what is ready",
        Applies::Arm,
        "SETUP
        spawn { COMPLETE }
        let first = select { v = await OP => [v], await sleep(0s) => null }
        WON
        print(\"raced with what is ready:\", SHOWN, ONCE)",
    ),
    (
        "raced with the same moment",
        Applies::Arm,
        "SETUP
        spawn { await sleep(1ms); COMPLETE }
        await task.yield()
        let first = select { v = await OP => [v], await sleep(1ms) => null }
        WON
        print(\"raced with the same moment:\", SHOWN, ONCE)",
    ),
    (
        "raced with a timeout",
        Applies::Race,
        "SETUP
        spawn { await sleep(1ms); COMPLETE }
        await task.yield()
        let first = timeout 1ms { [await OP] } else { null }
        WON
        print(\"raced with a timeout:\", SHOWN, ONCE)",
    ),
    (
        "closed while parked",
        Applies::Closes,
        "SETUP
        let waiter = spawn try { await OP }
        await task.yield()
        CLOSE
        CLOSE
        print(\"closed while parked:\", try { let v = await waiter; SHOWN } catch e { said(e) })",
    ),
    (
        "used after close",
        Applies::Closes,
        "SETUP
        CLOSE
        print(\"used after close:\", try { let v = await OP; SHOWN } catch e { said(e) })",
    ),
];

/// To which awaitables a scenario applies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Applies {
    Always,
    /// Its value is kept for those who come later.
    Kept,
    /// The op can be done again after a cancel of it.
    Repeatable,
    /// It can be an arm of a `select`, and there is a clock that stands still for the race.
    Arm,
    /// There is such a clock.
    Race,
    /// It can be closed.
    Closes,
}

fn applies(awaitable: &Awaitable, when: Applies) -> bool {
    match when {
        Applies::Always => true,
        Applies::Kept => !awaitable.edge,
        Applies::Repeatable => awaitable.repeats,
        Applies::Arm => awaitable.arm && awaitable.races(),
        Applies::Race => awaitable.races(),
        Applies::Closes => !awaitable.close.is_empty(),
    }
}

/// The program of an awaitable: every scenario in a task of its own, so that what it opened is closed.
pub fn program(awaitable: &Awaitable) -> String {
    let mut text = PRELUDE.to_owned();
    let mut setup = awaitable.setup.to_owned();
    for (word, piece) in PIECES {
        setup = setup.replace(word, piece);
    }
    let (complete, early, late) = match awaitable.completes {
        Completes::When(complete) => (complete, "", "COMPLETE\n        waiter.cancel()"),
        // Its timer is the older one, so it cancels what has completed and has not gone on.
        Completes::InTime => {
            ("", "spawn { await sleep(1ms); waiter.cancel() }\n        await task.yield()", "")
        }
        Completes::ByItself => ("", "", "waiter.cancel()"),
    };
    let again = "spawn { COMPLETE }\n        let v = timeout 1h { await OP } else { \"lost\" }";
    let after_cut = match awaitable.cut {
        Cut::Ends => "let v = try { await OP } catch e { said(e) }",
        _ => again,
    };
    // Who loses has left what the other would have got, unless only those get it who wait.
    let won = if awaitable.edge {
        "if first == null { spawn { COMPLETE } }\n        WAITS"
    } else {
        "WAITS"
    };
    let waits =
        "let v = if first == null { timeout 1h { await OP } else { \"lost\" } } else { first[0] }";
    let once = match awaitable.once {
        true => "timeout 1ms { await OP; \"twice\" } else { \"once\" }",
        false => "\"once\"",
    };
    for (place, (_, when, body)) in SCENARIOS.iter().enumerate() {
        if !applies(awaitable, *when) {
            continue;
        }
        let body = body.replace("WON", won).replace("WAITS", waits).replace("ONCE", once);
        let body = body.replace("EARLY", early).replace("LATE", late);
        let body = body.replace("AFTER_CUT", after_cut).replace("AGAIN", again);
        let body = body.replace("SETUP", &setup).replace("COMPLETE", complete);
        let body = body.replace("SHOWN", awaitable.shown).replace("CLOSE", awaitable.close);
        let body = body.replace("OP", awaitable.op);
        text += &format!(
            "async fn scenario_{place}() {{\n        {body}\n}}\nawait spawn scenario_{place}()\n"
        );
    }
    text
}

/// What the program has to print: for each scenario what is allowed behind its name.
pub fn expected(awaitable: &Awaitable) -> Vec<(&'static str, Vec<String>)> {
    let value = awaitable.value.to_owned();
    let raced = vec![format!("{value} once")];
    let mut expected = Vec::new();
    for (name, when, _) in SCENARIOS {
        if !applies(awaitable, *when) {
            continue;
        }
        let allowed = match *name {
            "cancelled while parked" => match awaitable.cut {
                Cut::Undone | Cut::Ends => vec!["cancelled".to_owned()],
                Cut::Done => vec!["done".to_owned()],
                Cut::Either => vec!["cancelled".to_owned(), "done".to_owned()],
            },
            "cancelled before its start" | "and then" if awaitable.cut == Cut::Ends => {
                vec![awaitable.closed.to_owned()]
            }
            "cancelled after completion" if awaitable.may_be_late() => {
                vec![value.clone(), "cut".to_owned()]
            }
            "raced with what is ready" | "raced with the same moment" | "raced with a timeout" => {
                raced.clone()
            }
            "closed while parked" => vec![awaitable.closed.to_owned()],
            "used after close" => vec![awaitable.used.to_owned()],
            _ => vec![value.clone()],
        };
        expected.push((*name, allowed));
    }
    expected
}
