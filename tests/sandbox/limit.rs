//! Limits: each ends the program, nothing in it can catch that, and the VM stays usable.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use kettle::engine::{
    Engine, Error, Limit, Limits, OnLimit, Output, Permissions, Program, Verdict, Vm,
};

struct Bounded {
    engine: Engine,
    output: Output,
}

impl Bounded {
    fn new(limits: Limits) -> Bounded {
        let mut engine = Engine::new();
        let output = Output::captured();
        engine.options().stdout = output.clone();
        engine.options().limits = limits;
        engine.options().permissions = Permissions::all();
        Bounded { engine, output }
    }

    fn program(&self, text: &str) -> Program {
        let program = self.engine.compile_text("test.ket", text);
        program.unwrap_or_else(|error| panic!("{}", error.render(false)))
    }

    /// The limit that ends a program, and what it has printed.
    fn limit_of(&self, text: &str) -> (Limit, String) {
        let mut vm = Vm::new(&self.engine).expect("a VM can be made");
        match vm.run_blocking(&self.program(text)) {
            Err(Error::Limit(limit)) => (limit, self.output.text()),
            Err(error) => panic!("{}", error.report(false)),
            Ok(status) => panic!("it ended with {status}, having printed {}", self.output.text()),
        }
    }
}

/// Tries everything that a program has to hold on to itself.
const STUBBORN: &str = r#"
fn work(step) {
    defer { print("deferred") }
    loop {
        try { loop { step() } } catch error { print("caught") } finally { print("finally") }
    }
}
"#;

#[test]
fn fuel_ends_a_loop_that_catches_everything() {
    let bounded = Bounded::new(Limits::new().fuel(200_000));
    let (limit, printed) = bounded.limit_of(&format!("{STUBBORN}work(|| 1)"));
    assert_eq!(limit, Limit::Fuel);
    assert_eq!(printed, "finally\ndeferred\n");
}

#[test]
fn fuel_is_counted_to_the_unit_and_the_same_each_time() {
    let left = || {
        let bounded = Bounded::new(Limits::new().fuel(1_000_000));
        let program = bounded.program("var n = 0\nfor i in 0..1000 { n += i }\nprint(n)");
        let mut vm = Vm::new(&bounded.engine).expect("a VM can be made");
        vm.run_blocking(&program).expect("it has enough");
        vm.fuel().expect("it is limited")
    };
    assert_eq!(left(), left());
    assert!((998_000..999_100).contains(&left()), "{}", left());
}

#[test]
fn a_deadline_ends_a_busy_loop_and_a_wait() {
    let limits = || Limits::new().deadline(Duration::from_millis(60));
    let (limit, printed) = Bounded::new(limits()).limit_of(&format!("{STUBBORN}work(|| 1)"));
    assert_eq!((limit, &*printed), (Limit::Deadline, "finally\ndeferred\n"));
    let text =
        "defer { print(\"deferred\") }\ntry { await sleep(1h) } catch e { print(\"caught\") }";
    let (limit, printed) = Bounded::new(limits()).limit_of(text);
    assert_eq!((limit, &*printed), (Limit::Deadline, "deferred\n"));
}

#[test]
fn clean_ups_that_do_not_end_are_left() {
    let limits = Limits::new().fuel(100_000).grace(10_000, Duration::from_millis(100));
    let bounded = Bounded::new(limits.clone());
    assert_eq!(bounded.limit_of("defer { loop { } }\nloop { }").0, Limit::Fuel);
    let waits = "defer { await sleep(1h) }\nloop { }";
    assert_eq!(Bounded::new(limits).limit_of(waits).0, Limit::Fuel);
}

#[test]
fn memory_ends_the_program_wherever_it_grows() {
    let grow = [
        "let xs = []\nwork(|| xs.push([1, 2, 3]))",
        "var text = \"a\"\nwork(|| { text = text + text })",
        "var text = \"a\"\nwork(|| { text = \"${text}${text}\" })",
        "let map = {}\nwork(|| { map[map.len] = \"x${map.len}\" })",
        "let seen = set()\nwork(|| seen.add(seen.len))",
        "let b = buffer()\nwork(|| b.push(bytes([1]) * 1000))",
        "var xs = [1]\nwork(|| { xs = xs + xs })",
        "var xs = [1]\nwork(|| { xs = [...xs, ...xs] })",
        "var f = || 1\nlet keep = []\nwork(|| { let g = f; f = || g(); keep.push(f) })",
        "work(|| \"x\".repeat(1000000000))",
        "work(|| list(0..100000000))",
    ];
    for text in grow {
        let bounded = Bounded::new(Limits::new().memory(8 << 20).fuel(50_000_000));
        let (limit, _) = bounded.limit_of(&format!("{STUBBORN}{text}"));
        assert_eq!(limit, Limit::Memory, "{text}");
    }
}

#[test]
fn a_vm_goes_on_after_each_limit() {
    let limits = Limits::new().memory(8 << 20).depth(500).tasks(50).output(1000);
    let bounded = Bounded::new(limits);
    let program = bounded.program(
        r#"
        pub fn memory() { let xs = []; loop { try { xs.push([1]) } catch e { } } }
        pub fn depth() { fn down(n) { try { down(n + 1) } catch e { 0 } }; loop { down(0) } }
        pub async fn tasks() { loop { try { spawn sleep(1h) } catch e { } } }
        pub fn output() { loop { print("x" * 100) } }
        pub fn fine(n) { n + 1 }
        "#,
    );
    let mut vm = Vm::new(&bounded.engine).expect("a VM can be made");
    vm.run_blocking(&program).expect("it runs");
    // Short calls need no record of the program, others do.
    assert!(matches!(vm.call_blocking::<()>("depth", ()), Err(Error::Limit(Limit::Depth))));
    let before = vm.census();
    for (name, expected) in [
        ("memory", Limit::Memory),
        ("depth", Limit::Depth),
        ("tasks", Limit::Tasks),
        ("output", Limit::Output),
        ("memory", Limit::Memory),
    ] {
        match vm.call_blocking::<()>(name, ()) {
            Err(Error::Limit(limit)) => assert_eq!(limit, expected),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(vm.call_blocking::<i64>("fine", (1,)).expect("it goes on"), 2, "{name}");
    }
    assert_eq!(bounded.output.text().len(), 1000);
    assert_eq!(format!("{before:?}"), format!("{:?}", vm.census()));
}

#[test]
fn what_is_open_is_counted() {
    let folder = tempfile::tempdir().expect("a place for files");
    let path = folder.path().join("f");
    std::fs::write(&path, "x").expect("it can be written");
    let text = format!(
        "import fs\nlet all = []\nfor i in 0..3 {{ all.push(await fs.open({path:?}, \"r\")) }}\nprint(all.len)"
    );
    let closing = format!(
        "import fs\nfor i in 0..9 {{ let f = await fs.open({path:?}, \"r\"); f.close() }}\nprint(9)"
    );
    assert_eq!(Bounded::new(Limits::new().files(2)).limit_of(&text), (Limit::Files, String::new()));
    let bounded = Bounded::new(Limits::new().files(2));
    let program = bounded.program(&closing);
    Vm::new(&bounded.engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it runs");
    let text =
        "import net\nlet all = []\nloop { all.push(await net.tcp.listen(\"127.0.0.1\", 0)) }";
    assert_eq!(Bounded::new(Limits::new().sockets(3)).limit_of(text).0, Limit::Sockets);
}

#[test]
fn calls_inside_each_other_are_counted_one_by_one() {
    let text = "fn narrow(n) { if n == 0 { 0 } else { 1 + narrow(n - 1) } }
        fn wide(n, a, b, c) { let d = [a, b, c]; if n == 0 { 0 } else { 1 + wide(n - 1, d, b, c) } }
        pub fn try_narrow(n) { narrow(n) }
        pub fn try_wide(n) { wide(n, 1, 2, 3) }
        pub async fn try_after_a_wait(n) { await sleep(0s); narrow(n) }";
    for depth in [5, 50, 700, 9_000] {
        let bounded = Bounded::new(Limits::new().depth(depth));
        let mut vm = Vm::new(&bounded.engine).expect("a VM can be made");
        vm.run_blocking(&bounded.program(text)).expect("it runs");
        for name in ["try_narrow", "try_wide", "try_after_a_wait"] {
            // The function that is called and the last one, for which `n` is 0, count, too.
            let fits = depth as i64 - 2;
            for _ in 0..2 {
                let end = vm.call_blocking::<i64>(name, (fits,));
                assert!(matches!(end, Ok(n) if n == fits), "{name} {depth}: {end:?}");
                let end = vm.call_blocking::<i64>(name, (fits + 1,));
                assert!(matches!(end, Err(Error::Limit(Limit::Depth))), "{name} {depth}: {end:?}");
            }
        }
    }
}

#[test]
fn the_host_decides() {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = asked.clone();
    let decide = move |limit| {
        assert_eq!(limit, Limit::Fuel);
        let times = counter.fetch_add(1, Ordering::Relaxed);
        if times < 3 { Verdict::Again } else { Verdict::Stop }
    };
    let limits = Limits::new().fuel(10_000).on_limit(OnLimit::ask(decide));
    let bounded = Bounded::new(limits);
    let text = "var n = 0\ndefer { print(n / 1000) }\nloop { n += 1 }";
    let (limit, printed) = bounded.limit_of(text);
    assert_eq!(limit, Limit::Fuel);
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let turns: f64 = printed.trim().parse().expect("a number");
    assert!((39.0..41.0).contains(&turns), "{printed}");
}

#[test]
fn a_program_that_yields_goes_on() {
    let limits = Limits::new().fuel(1_000).on_limit(OnLimit::Yield);
    let bounded = Bounded::new(limits);
    let program = bounded.program("var n = 0\nfor i in 0..100000 { n += 1 }\nprint(n)");
    Vm::new(&bounded.engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it ends");
    assert_eq!(bounded.output.text(), "100000\n");
}

#[test]
fn another_thread_adds_fuel_and_stops() {
    let bounded = Bounded::new(Limits::new().fuel(1_000_000));
    let program =
        bounded.program("pub fn spin(n) { for i in 0..n { } }\npub fn forever() { loop { } }");
    let mut vm = Vm::new(&bounded.engine).expect("a VM can be made");
    vm.run_blocking(&program).expect("it runs");
    vm.interrupter().add_fuel(5_000_000);
    vm.call_blocking::<()>("spin", (4_000_000,)).expect("it has enough now");
    vm.interrupter().add_fuel(u64::MAX);
    let interrupter = vm.interrupter();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let other = std::thread::spawn(move || {
        // The first time asks, the second insists: the loop waits for nothing.
        while !over.load(Ordering::Relaxed) {
            interrupter.interrupt();
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let stopped = vm.call_blocking::<()>("forever", ());
    assert!(matches!(stopped, Err(Error::Cancelled(_))), "{stopped:?}");
    is_over.store(true, Ordering::Relaxed);
    other.join().expect("it ends");
}

#[test]
fn a_program_without_limits_meets_none() {
    assert!(Limits::new().is_none() && !Limits::new().fuel(1).is_none());
    let bounded = Bounded::new(Limits::new());
    let vm = Vm::new(&bounded.engine).expect("a VM can be made");
    assert_eq!(vm.fuel(), None);
}
