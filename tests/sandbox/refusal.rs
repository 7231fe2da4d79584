//! Memory that is refused at exactly one request: each way of growing is walked, request by request. The
//! program ends with an error or does not need it, and the VM is as good as before.

use std::time::Duration;

use kettle::engine::console::{Console, Event};
use kettle::engine::{Engine, Error, Limit, Limits, Output, Permissions, Program, Vm};

/// What grows, and a program that does it.
const PATHS: &[(&str, &str)] = &[
    (
        "strings",
        r#"var s = ""; for i in 0..300 { s += "piece ${i} " }; print(s.len, s.repeat(50).len, s.upper().len)"#,
    ),
    (
        "substrings",
        r#"let s = "abc ".repeat(3000); print(s.split(" ").len, s[1..9000].len, s.replace("b", "xyz").len, s.lines().len)"#,
    ),
    (
        "graphemes",
        r#"let s = "äöü".repeat(2000); print(s.chars().len, s.bytes().len, s.reversed().len)"#,
    ),
    (
        "lists",
        r#"let xs = []; for i in 0..3000 { xs.push(i) }; print([...xs, ...xs].len, (xs + xs).len, (xs * 3).len, xs[1..].len)"#,
    ),
    (
        "nested lists",
        r#"let xs = []; for i in 0..300 { xs.push([i, [i]]); xs.insert(0, []) }; print(xs.flat().len, xs.map(|x| [x]).len)"#,
    ),
    (
        "maps",
        r#"let m = {}; for i in 0..700 { m["k${i}"] = i; m[i] = [i] }; print(m.len, {...m, more: 1}.len, m.keys().len, m.entries().len)"#,
    ),
    (
        "sets",
        r#"let s = set(); for i in 0..700 { s.add("e${i}") }; print(s.len, s.union(set(0..500)).len)"#,
    ),
    (
        "buffers",
        r#"let b = buffer(); for i in 0..400 { b.push(bytes([i % 256]) * 20) }; print(b.len, bytes(b).len, bytes(b).hex().len)"#,
    ),
    (
        "big ints",
        "import math\nvar n = math.bigint(1); for i in 1..150 { n = n * math.bigint(i * 1000003) }; print(\"${n}\".len, (math.bigint(3) ** 5000).bit_len())",
    ),
    (
        "decimals and dates",
        "import math\nimport time\nvar d = math.decimal(\"1.5\"); for i in 0..60 { d = d + math.decimal(\"0.25\") }; print(d)",
    ),
    (
        "json",
        "import json\nlet rows = list(0..60).map(|i| {id: i, name: \"row ${i}\", tags: [\"a\", i / 3]}); let text = json.stringify(rows, indent: 2); print(text.len, json.parse(text).len)",
    ),
    (
        "regex",
        "import regex\nlet r = regex.compile(\"(w)(o)rd\"); let text = \"a word \".repeat(2000); print(r.find_all(text).len, r.replace(text, \"$2\").len, r.split(text).len)",
    ),
    (
        "sort",
        "let xs = list(0..900).map(|i| (i * 7919) % 1009); print(xs.sorted()[0], xs.sorted(by: |x| -x)[0], xs.sorted(cmp: |a, b| b - a)[0], xs.map(|x| \"k${x}\").sorted()[0])",
    ),
    (
        "ranges",
        "print(list(0..5000).len, (0..5000).map(|x| x * 2).filter(|x| x > 5).list().len, list(0..500).sum())",
    ),
    (
        "channels",
        "let c = channel(500); for i in 0..400 { await c.send([i]) }; c.close(); var n = 0; for await x in c { n += x[0] }; print(n)",
    ),
    (
        "tasks",
        "async fn work(i) { await sleep(1ms); [i] }\nlet tasks = list(0..120).map(|i| spawn work(i)); var n = 0; for t in tasks { n += (await t)[0] }; print(n)",
    ),
    (
        "scopes",
        "var n = 0; scope { for i in 0..80 { spawn { scope { spawn { n += 1 } }; timeout 1s { await sleep(1ms) } } } }; print(n)",
    ),
    (
        "stacks",
        "fn deep(n) { if n == 0 { return [] }; let below = deep(n - 1); below.push(n); below }; print(deep(3000).len)",
    ),
    (
        "many stacks",
        "async fn deep(n) { if n == 0 { await sleep(1ms); return 0 }; 1 + await deep(n - 1) }\nlet ts = list(0..30).map(|i| spawn deep(60)); var n = 0; for t in ts { n += await t }; print(n)",
    ),
    (
        "timers",
        "let ts = list(0..100).map(|i| spawn { await sleep(1s * i); i }); var n = 0; for t in ts { n += await t }; print(n)",
    ),
    (
        "select and sync",
        "import sync\nlet m = sync.mutex(); let c = channel(0); var n = 0\nscope { for i in 0..30 { spawn { await m.lock(); n += 1; m.unlock(); await c.send(i) } }; for i in 0..30 { select { v = await c.recv() => { n += v }, await sleep(1s) => { n += 0 } } } }\nprint(n)",
    ),
    (
        "closures",
        "let fs = []; for i in 0..300 { var k = i; fs.push(|| { k += 1; k }) }; var n = 0; for f in fs { n += f() }; print(n)",
    ),
    (
        "classes",
        "class Node { value; next; fn init(value, next) { self.value = value; self.next = next } }\nvar node = null; for i in 0..800 { node = Node(\"n${i}\", node) }; print(node.value)",
    ),
    (
        "enums",
        "enum Shape { Dot, Box(w, h), Many(parts) }\nvar s = Shape.Dot; for i in 0..300 { s = Shape.Many([s, Shape.Box(i, i)]) }; print(type(s))",
    ),
    (
        "generators",
        "fn count(n) { for i in 0..n { yield [i] } }; var n = 0; for i in 0..40 { for x in count(20) { n += x[0] } }; print(n, list(count(400)).len)",
    ),
    (
        "errors",
        "var n = 0; for i in 0..60 { try { throw ValueError(\"x\".repeat(200), cause: Error(\"why ${i}\")) } catch error { n += 1 } }; print(n)",
    ),
    (
        "formatting",
        "var s = []; for i in 0..100 { s.push(\"${i:>40} ${[i, {a: i}]} ${3.5 * i:.3}\") }; print(s.join(\"\").len, \"${list(0..2000)}\".len)",
    ),
    (
        "spread calls",
        "fn f(...rest) { rest.len }; var n = 0; for i in 0..60 { n += f(...list(0..i)) }; print(n)",
    ),
    (
        "objects of the host",
        "var n = 0; for i in 0..100 { n += keep(\"x\".repeat(i)).len + twice(|| [i])[0] }; print(n)",
    ),
    (
        "encoding",
        "import encoding\nlet b = bytes(list(0..256)) * 30; print(b.hex().len, b.base64().len)",
    ),
    (
        "random and collections",
        "import random\nimport collections\nlet d = collections.deque(list(0..500)); for i in 0..200 { d.push(i) }; print(d.len, random.shuffled(list(0..500)).len)",
    ),
    (
        "files in memory",
        "import fs\nawait fs.write(\"/tmp/a\", \"line\\n\".repeat(3000)); var n = 0; for await line in fs.lines(\"/tmp/a\") { n += line.len }; print(n, (await fs.read(\"/tmp/a\")).len)",
    ),
    (
        "sockets in memory",
        "import net\nlet server = await net.tcp.listen(\"127.0.0.1\", 80)\nscope { spawn { let c = await server.accept(); await c.write(\"y\".repeat(20000)); c.close() }; let c = await net.tcp.connect(\"127.0.0.1\", 80); var n = 0; loop { let part = await c.read(); if part == null { break }; n += part.len }; print(n); c.close() }\nserver.close()",
    ),
    (
        "caught",
        "var kept = []; var caught = 0; for i in 0..200 { try { kept.push([\"k\".repeat(i), {a: [i]}]) } catch error { caught += 1 } finally { kept.push(i) } }; print(kept.len > 200, caught < 3)",
    ),
];

/// What shows that a VM is usable.
const AFTER: &str = "pub async fn after() { let xs = []; for i in 0..50 { xs.push(\"n${i}\") }; let t = spawn sleep(1ms); await t; xs.len }";

struct Walk {
    engine: Engine,
    output: Output,
    after: Program,
}

/// How a program has ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Printed(String),
    Refused,
}

impl Walk {
    fn new(limits: Limits) -> Walk {
        let mut engine = Engine::new();
        let output = Output::captured();
        engine.function("keep", |text: String| vec![text.clone(), text]);
        engine.function("twice", |cx: &mut kettle::Ctx, f: kettle::Func| {
            f.call::<kettle::Value>(cx, ())?;
            f.call::<kettle::Value>(cx, ())
        });
        let options = engine.options();
        options.stdout = output.clone();
        options.virtual_clock = true;
        options.permissions = Permissions::all();
        options.limits = limits;
        let after = engine.compile_text("after.ket", AFTER).expect("it compiles");
        Walk { engine, output, after }
    }

    fn program(&self, text: &str) -> Program {
        let program = self.engine.compile_text("walk.ket", text);
        program.unwrap_or_else(|error| panic!("{}", error.render(false)))
    }

    /// Runs a program that is refused memory there, and looks whether the VM is usable then.
    fn run(&mut self, name: &str, program: &Program, refuse: Option<(u64, u64)>) -> End {
        self.engine.options().refuse = refuse;
        let before = self.output.text().len();
        let mut vm = Vm::new(&self.engine).expect("a VM can be made");
        let end = match vm.run_blocking(program) {
            Ok(_) => End::Printed(self.output.text()[before..].to_owned()),
            Err(Error::Limit(Limit::Memory)) => End::Refused,
            Err(error) => {
                let report = error.report(false);
                assert!(report.contains("emory"), "{name} {refuse:?}: {report}");
                End::Refused
            }
        };
        if refuse.is_none_or(|(_, every)| every == 0) {
            // The request may have been one of these: it is the only one.
            let count = self.look(&mut vm).or_else(|_| self.look(&mut vm));
            assert_eq!(
                count.unwrap_or_else(|e| panic!("{name} {refuse:?}: {}", e.report(false))),
                50
            );
            assert_eq!(vm.census().tasks, 0, "{name} {refuse:?}");
        }
        end
    }

    /// What a VM gives that is usable.
    fn look(&self, vm: &mut Vm) -> Result<i64, Error> {
        vm.load_blocking(&self.after)?;
        vm.call_blocking::<i64>("after", ())
    }

    /// Refuses one request after the other, until the program does not make so many.
    fn walk(&mut self, name: &str, text: &str) -> u64 {
        let program = self.program(text);
        let whole = self.run(name, &program, None);
        let End::Printed(_) = &whole else { panic!("{name} does not run") };
        let (mut refused, mut enough, mut at) = (0, 0, 1_u64);
        while enough < 4 {
            match self.run(name, &program, Some((at, 0))) {
                End::Refused => (refused, enough) = (refused + 1, 0),
                // What was refused is nothing that it prints depends on.
                printed => {
                    assert_eq!(printed, whole, "{name}: request {at}");
                    enough += 1;
                }
            }
            // Every one of the first; of many, some, and others of each program.
            at += 1 + at * (7 + name.len() as u64 % 5) / 100;
        }
        refused
    }
}

#[test]
fn each_request_for_memory_may_be_refused() {
    let mut walked = 0;
    for limits in [Limits::new(), Limits::new().memory(1 << 40)] {
        let mut walk = Walk::new(limits);
        for (name, text) in PATHS {
            let refused = walk.walk(name, text);
            println!("{name}: {refused}");
            walked += refused;
        }
    }
    println!("refused in all: {walked}");
    assert!(walked > 500, "memory was refused only {walked} times");
}

/// Refusals that follow each other, also while the error of the one before is on its way.
#[test]
fn requests_may_be_refused_again_and_again() {
    let mut state = 0x6b65_7474_u64;
    let mut next = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for limits in [Limits::new(), Limits::new().memory(1 << 40).fuel(5_000_000)] {
        let mut walk = Walk::new(limits);
        for _ in 0..60 {
            let (name, text) = PATHS[next(PATHS.len() as u64) as usize];
            let program = walk.program(text);
            walk.run(name, &program, Some((1 + next(40), 1 + next(9))));
        }
    }
}

/// Entries of a console are compiled and run where memory is refused.
#[test]
fn a_console_that_is_refused_memory_goes_on() {
    let mut refused = 0;
    for at in 1..60 {
        let mut engine = Engine::new();
        engine.options().virtual_clock = true;
        engine.options().refuse = Some((at, 0));
        let mut console = Console::new(&engine).expect("a console can be made");
        let mut values = Vec::new();
        for line in [
            "let xs = list(0..3000)",
            "fn f(n) { [n, ...xs] }",
            "f(1).len",
            "\"ab\".repeat(9000).len",
            "f(2).len",
        ] {
            console.submit(line);
            console.turn(Some(Duration::ZERO));
            while console.is_busy() {
                console.turn(None);
            }
            for event in console.take_events() {
                match event {
                    Event::Value { text, .. } => values.push(text),
                    Event::Failed { text, .. } => {
                        let told = text.contains("emory") || text.contains("NameError");
                        assert!(told, "{at}: {text}");
                        refused += 1;
                    }
                    _ => {}
                }
            }
        }
        assert!(values.len() >= 2 || refused > 0, "{at}: {values:?}");
    }
    assert!(refused > 5, "memory was refused only {refused} times");
}
