//! Crowds of connections that are made, broken, cut and given up at random, in virtual time: nothing
//! is left at the end, whatever the seed, and the same seed does the same.

use std::time::Duration;

use kettle::runtime::Census;
use kettle::runtime::driver::{Faults, SimDriver, SimOptions};

use super::harness::{Run, Setup};

/// How many worlds are tried. Each has sixty visitors.
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

/// Messages of all kinds between three hosts, over a network that is parted and healed meanwhile.
const MESSAGES: &str = r#"
import {tcp, udp, unix} from net
import random
import test

for host in ["a", "b", "c"] { test.host(host) }
let counts = {}
fn count(what) { counts[what] = counts.get(what, 0) + 1 }
fn some(most) { random.int(0..most) * 1ms }

## Counts how what `f` does ends.
async fn tell(f) {
    count(try {
        timeout 1s + some(2000) { await f() } else { "late" }
    } catch e { if e is IoError { e.kind } else { "${type(e)}" } })
}

async fn call(host) {
    let connection = await tcp.connect(host, 80, timeout: 3s)
    defer connection.close()
    await connection.write("question")
    await connection.shutdown()
    let answer = await connection.read_all()
    if answer.len > 0 && answer != b"answer to question" { log("WRONG ${answer}") }
    "answered"
}

async fn message(host) {
    let socket = await udp.connect(host, 53)
    defer socket.close()
    await socket.send("ping")
    let answer = await socket.recv()
    if answer != b"pong" { log("WRONG ${answer}") }
    "heard"
}

async fn word() {
    let stream = await unix.connect("/tmp/place")
    defer stream.close()
    await stream.write("word")
    await sleep(some(3))
    "said"
}

scope {
    spawn daemon {
        scope (on_error: "isolate") {
            for host in ["a", "b", "c"] {
                let server = await tcp.listen(host, 80)
                spawn server.serve(|connection| {
                    let question = await connection.read_text()
                    await connection.write("answer to ${question}")
                }, max: 3)
                let socket = await udp.bind(host, 53)
                spawn { for await [_, from] in socket { await socket.send_to("pong", from) } }
            }
            let place = await unix.listen("/tmp/place", backlog: 1)
            spawn { for await stream in place { if random.int(0..2) == 0 { await stream.read_all() }; stream.close() } }
        }
    }
    spawn daemon {
        loop {
            await sleep(some(300))
            let [one, other] = random.sample(["a", "b", "c", "localhost"], 2)
            test.partition(one, if random.bool() { other } else { null })
            await sleep(some(700))
            test.heal()
        }
    }
    scope {
        for _ in 0..40 {
            let host = random.pick(["a", "b", "c"])
            spawn { await sleep(some(3000)); await tell(random.pick([|| await call(host), || await message(host), || await word()])) }
        }
    }
}
test.heal()
log("${counts}")
"#;

fn world(seed: u64, explore: Option<u64>) -> SimDriver {
    let faults = Faults {
        latency: Duration::from_micros(10)..=Duration::from_millis(20),
        short_io: 0.3,
        reset: 0.02,
        refuse: 0.05,
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
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

/// Runs a program in many worlds; all these ends have to be met.
fn soak(text: &str, seeds: u64, wanted: &[&str]) {
    let mut ends = String::new();
    for seed in 0..seeds {
        // Every other world is explored as well.
        let log = log(text, world(seed, (seed % 2 == 1).then_some(seed)));
        let is_fault = |line: &String| line.contains("WRONG") || line.contains("uncaught");
        assert!(!log.iter().any(is_fault), "seed {seed}: {log:#?}");
        ends.extend(log);
    }
    for end in wanted {
        assert!(ends.contains(end), "nobody met the end {end:?}");
    }
}

#[test]
fn nothing_is_left_of_a_crowd() {
    soak(CROWD, SEEDS, &["done", "late", "left alone", "reset", "refused", "cut"]);
}

#[test]
fn nothing_is_left_of_messages_of_all_kinds() {
    soak(
        MESSAGES,
        SEEDS / 2,
        &["answered", "heard", "said", "late", "reset", "refused", "broken_pipe"],
    );
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
