//! Random programs over everything that tasks can wait for, with failures, cancels and time-outs at
//! random. What they do is not known before, but what must hold of all of them is: who starts a task
//! has it ended when it goes on, permits and locks come back, values are not lost, nothing is left
//! behind, and a collection at every step or little fuel change nothing.
//!
//! `KETTLE_STORM=5000` tries that many programs.

use kettle::engine::{Engine, Output, Vm};
use kettle::runtime::Census;

use crate::dice::Dice;

/// How many programs are tried.
const PROGRAMS: u64 = 40;
/// How deep statements nest.
const DEPTH_MAX: usize = 5;

const PRELUDE: &str = r#"
import task, sync, time
fn log(text) { print("${time.monotonic()} ${text}") }
let permits = sync.semaphore(2)
let lock = sync.mutex("lock")
let gate = sync.event()
let meeting = sync.barrier(2)
let state = sync.watch(0)
let news = sync.broadcast(1)
let queue = channel(1)
let direct = channel(0)
var started = 0
var ended = 0
var sent = 0
var received = 0
fn fault(text) { log("FAULT ${text}") }

## A task of a group that is counted.
async fn job(group, f) {
    group[0] += 1
    started += 1
    defer { group[0] -= 1; ended += 1 }
    await f()
}

## What starts tasks has them all ended when it is over, however it is over.
async fn whole(f) {
    let group = [0]
    try { await f(group) } finally { if group[0] != 0 { fault("${group[0]} tasks run on") } }
}
async fn acquire(n, f) { await permits.acquire(n); try { await f() } finally { permits.release(n) } }
async fn send(c) { await c.send(1); sent += 1 }
async fn receive(c) { await c.recv(); received += 1 }
async fn listen() {
    let source = news.subscribe()
    try { for await x in source { log("heard ${x}") } } finally { source.close() }
}
"#;

const END: &str = r#"
if started != ended { fault("${started} started, ${ended} ended") }
if sent != received + queue.len { fault("${sent} sent, ${received} received, ${queue.len} left") }
if !permits.try_acquire(2) { fault("permits are lost") }
try { await lock.lock() } catch e { fault("the lock is lost: ${e.message}") }
log("end ${started} ${sent}")
"#;

#[test]
fn whatever_goes_wrong_nothing_is_lost() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("KETTLE_STORM_SEED").unwrap_or(0);
    let [mut plain_engine, mut explored, mut torture, mut fuel] = [(); 4].map(|()| Engine::new());
    torture.options().torture = true;
    fuel.options().fuel_slice = Some(3);
    for seed in first..first + number("KETTLE_STORM").unwrap_or(PROGRAMS) {
        let body = Storm { dice: Dice::new(seed), count: 0 }.program();
        let text = format!("{PRELUDE}\n{body}\n{END}");
        let plain = log(&mut plain_engine, &text);
        check(&plain, seed, &body);
        // In another order of what the rules leave open, other things happen, and the same must hold.
        explored.options().explore = Some(seed);
        check(&log(&mut explored, &text), seed, &body);
        assert_eq!(plain, log(&mut torture, &text), "seed {seed}, torture:\n{body}");
        assert_eq!(plain, log(&mut fuel, &text), "seed {seed}, little fuel:\n{body}");
    }
}

fn check(log: &str, seed: u64, body: &str) {
    let is_whole = log.contains(" end ") && !log.contains("FAULT") && !log.contains("left:");
    assert!(is_whole, "seed {seed}:\n{body}\n{log}");
}

/// What a program prints, and what it leaves behind.
fn log(engine: &mut Engine, text: &str) -> String {
    let stdout = Output::captured();
    engine.options().stdout = stdout.clone();
    engine.options().virtual_clock = true;
    let program = engine.compile_text("storm.ket", text);
    let program = program.unwrap_or_else(|error| panic!("{}\n{text}", error.render(false)));
    let mut vm = Vm::new(engine).expect("the options are right");
    let end = vm.run_blocking(&program);
    let census = vm.census();
    let left =
        if census == Census::default() { String::new() } else { format!("left: {census:?}") };
    let error = end.err().map(|error| error.report(false)).unwrap_or_default();
    format!("{}{error}{left}", stdout.text())
}

struct Storm {
    dice: Dice,
    count: usize,
}

impl Storm {
    fn program(mut self) -> String {
        let body = self.statements(0, 4);
        // Not in the program's own task: one that stops itself is to end alone.
        format!(
            "try {{ scope {{ let all = spawn try {{ timeout 99s {{\n{body}}} else {{ log(\"late\") }} }}\n\
             try {{ await all }} catch e {{ log(type(e)) }} }} }} catch e {{ log(type(e)) }}"
        )
    }

    fn statements(&mut self, depth: usize, count: usize) -> String {
        (0..count).map(|_| format!("{}\n", self.statement(depth))).collect()
    }

    /// A block's inside.
    fn some(&mut self, depth: usize) -> String {
        let count = 1 + self.dice.below(2);
        self.statements(depth + 1, count)
    }

    /// A function without parameters.
    fn action(&mut self, depth: usize) -> String {
        format!("|| {{ {} }}", self.some(depth))
    }

    /// Functions that are counted as tasks of the group `g`.
    fn jobs(&mut self, depth: usize) -> String {
        let count = 1 + self.dice.below(3);
        let jobs: Vec<String> =
            (0..count).map(|_| format!("|| await job(g, {})", self.action(depth))).collect();
        jobs.join(", ")
    }

    fn span(&mut self) -> &'static str {
        ["0s", "1s", "1s", "2s", "3s", "6s"][self.dice.below(6)]
    }

    fn statement(&mut self, depth: usize) -> String {
        self.count += 1;
        let id = self.count;
        let simple = depth >= DEPTH_MAX || self.count > 60 || self.dice.below(5) < 2;
        let code = if simple { self.simple() } else { self.compound(depth) };
        if self.dice.below(3) == 0 { format!("{code}; log(\"{id}\")") } else { code }
    }

    fn simple(&mut self) -> String {
        let span = self.span();
        let channel = ["queue", "direct"][self.dice.below(2)];
        match self.dice.below(20) {
            0..5 => format!("await sleep({span})"),
            5 => "await task.yield()".to_owned(),
            6 => format!("if {} {{ throw Error(\"e{}\") }}", self.dice.below(2) == 0, self.count),
            7 => format!("await send({channel})"),
            8 => format!("await receive({channel})"),
            9 => format!("timeout {span} {{ await receive({channel}) }} else {{ }}"),
            10 => "await gate.wait()".to_owned(),
            11 => ["gate.set()", "gate.clear()"][self.dice.below(2)].to_owned(),
            12 => format!("timeout {span} {{ await meeting.wait() }} else {{ }}"),
            13 => format!("state.set({})", self.count),
            14 => format!("timeout {span} {{ await state.changed() }} else {{ }}"),
            15 => format!("timeout {span} {{ await news.send({}) }} else {{ }}", self.count),
            16 => format!("timeout {span} {{ await listen() }} else {{ }}"),
            17 => "try { await task.current().stop() } finally { }".to_owned(),
            _ => format!(
                "select {{ await permits.acquire() => permits.release(), await lock.lock() => \
                 lock.unlock(), await queue.recv() => received += 1, await direct.send(1) => \
                 sent += 1, await gate.wait() => log(\"gate\"), await sleep({span}) => log(\"time\") }}"
            ),
        }
    }

    fn compound(&mut self, depth: usize) -> String {
        let span = self.span();
        match self.dice.below(19) {
            0 => format!("await whole(|g| {{ await task.all([{}]) }})", self.jobs(depth)),
            1 => format!("await whole(|g| {{ await task.race([{}]) }})", self.jobs(depth)),
            2 => format!("await whole(|g| {{ await task.any([{}]) }})", self.jobs(depth)),
            3 => format!("await whole(|g| {{ await task.settle([{}]) }})", self.jobs(depth)),
            4 => format!(
                "await whole(|g| {{ await task.map(0..4, |n| await job(g, {}), limit: 2) }})",
                self.action(depth)
            ),
            5 => format!(
                "await whole(|g| {{ scope {{ for await t in task.completed([{}]) {{ try {{ await t }} catch {{ }}; {} }} }} }})",
                self.jobs(depth),
                ["log(\"completed\")", "break"][self.dice.below(2)]
            ),
            6 => format!("await permits.with({})", self.action(depth)),
            7 => format!("await acquire({}, {})", 1 + self.dice.below(2), self.action(depth)),
            8 => format!("await lock.with({})", self.action(depth)),
            9 | 10 => format!("timeout {span} {{ {} }} else {{ }}", self.some(depth)),
            11 => format!("shield {span} {{ {} }}", self.some(depth)),
            12 => format!("try {{ {} }} catch {{ {} }}", self.some(depth), self.some(depth)),
            13 => format!("try {{ {} }} finally {{ {} }}", self.some(depth), self.some(depth)),
            14 => format!("defer {{ {} }}", self.some(depth)),
            15 => format!(
                "await whole(|g| {{ scope s {{ spawn job(g, {}); spawn try job(g, {}); {}; s.cancel() }} }})",
                self.action(depth),
                self.action(depth),
                self.some(depth)
            ),
            16 => format!(
                "await whole(|g| {{ scope (grace: {span}) {{ spawn daemon job(g, {}); {} }} }})",
                self.action(depth),
                self.some(depth)
            ),
            17 => format!(
                "await whole(|g| {{ let t = spawn try job(g, {}); {}; await t.stop() }})",
                self.action(depth),
                self.some(depth)
            ),
            _ => format!(
                "await whole(|g| {{ spawn job(g, {}); {} }})",
                self.action(depth),
                self.some(depth)
            ),
        }
    }
}
