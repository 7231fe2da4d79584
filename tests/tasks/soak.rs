//! Crowds of connections that are made, broken, cut and given up at random, in virtual time: nothing
//! is left at the end, whatever the seed, and the same seed does the same.

use std::time::Duration;

use kettle::runtime::Census;
use kettle::runtime::driver::{Faults, SimDriver, SimOptions};

use super::harness::{Run, Setup};

/// How many worlds are tried, and how many visitors each has. Together they are many thousands.
const SEEDS: u64 = 200;

const CROWD: &str = r#"
import {tcp} from net
import random

let server = await tcp.listen("127.0.0.1", 0, backlog: 4)
let counts = {}
fn count(what) { counts[what] = counts.get(what, 0) + 1 }

## Sends back what comes, and now and then leaves without a word.
async fn serve(connection) {
    while random.int(0..20) > 0 {
        let data = await connection.read(300)
        if data == null { break }
        await connection.write(data)
    }
}

## Says something several times and wants to hear the same.
async fn visit(number) {
    let connection = await tcp.connect("localhost", server.local.port, timeout: 1500ms)
    defer connection.close()
    for round in 0..random.int(1..5) {
        let text = "${number}.${round} " * random.int(1..100)
        scope {
            spawn connection.write(text)
            let back = await connection.read_exact(text.len)
            if back == null { return "left alone" }
            if back != bytes(text) { log("WRONG ${back}") }
        }
        await sleep(random.int(0..30) * 1ms)
    }
    "done"
}

async fn guest(number) {
    await sleep(random.int(0..500) * 1ms)
    let patience = random.int(1..400) * 1ms
    let end = try {
        timeout patience { await visit(number) } else { "late" }
    } catch e { if e is IoError { e.kind } else { "${type(e)}" } }
    count(end)
}

scope {
    let door = spawn {
        scope (on_error: "isolate") {
            for await connection in server { spawn serve(connection) }
        }
    }
    scope {
        for number in 0..60 {
            let task = spawn guest(number)
            if random.int(0..6) == 0 {
                spawn { await sleep(random.int(0..400) * 1ms); task.cancel(); count("cut") }
            }
        }
    }
    server.close()
    await door
}
log("${counts}")
"#;

fn world(seed: u64, explore: Option<u64>) -> SimDriver {
    let faults = Faults {
        latency: Duration::from_micros(10)..=Duration::from_millis(20),
        short_io: 0.3,
        reset: 0.02,
        refuse: 0.05,
        ..Faults::default()
    };
    SimDriver::with(SimOptions { seed, explore, faults, ..SimOptions::default() })
}

/// What a program logs in a world, in which nothing may be left of it.
fn log(text: &str, world: SimDriver) -> Vec<String> {
    let mut run = Run::on(text, Setup::default(), world);
    let log = run.finish(Setup::default());
    // What is under way when the program ends still arrives, for nobody.
    let mut events = Vec::new();
    run.runtime.rt.driver.poll(Some(Duration::from_secs(3600)), &mut events);
    assert_eq!(run.runtime.rt.census(), Census::default(), "something is left; {log:#?}");
    let world = run.runtime.rt.driver.simulated().expect("the world is simulated");
    assert!(world.is_quiet(), "{} sockets are left; {log:#?}", world.open_sockets());
    log
}

#[test]
fn nothing_is_left_of_a_crowd() {
    let mut ends = String::new();
    for seed in 0..SEEDS {
        let log = log(CROWD, world(seed, None));
        assert!(!log.iter().any(|line| line.contains("WRONG")), "seed {seed}: {log:#?}");
        assert!(!log.iter().any(|line| line.contains("uncaught")), "seed {seed}: {log:#?}");
        ends.extend(log);
    }
    for end in ["done", "late", "left alone", "reset", "refused", "cut"] {
        assert!(ends.contains(end), "nobody met the end {end:?}");
    }
}

#[test]
fn the_same_seeds_do_the_same() {
    for seed in 0..5 {
        assert_eq!(log(CROWD, world(seed, None)), log(CROWD, world(seed, None)));
        assert_eq!(log(CROWD, world(seed, Some(7))), log(CROWD, world(seed, Some(7))));
    }
    assert_ne!(log(CROWD, world(1, None)), log(CROWD, world(2, None)), "seeds differ");
    assert_ne!(log(CROWD, world(1, None)), log(CROWD, world(1, Some(1))), "so does exploring");
}
