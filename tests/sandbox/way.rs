//! Every limit in every way to drive a VM, at the top and inside calls of the host: it ends what runs,
//! nothing in the script sees anything of it, and the VM goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kettle::engine::{Error, Limit, Limits, OnLimit, Output, Permissions, Verdict};

use super::drive::{Driven, WAYS, Way, engine};

/// What holds on to itself with all there is, and says so to the host if it ever gets to.
const STUBBORN: &str = r#"
    import fs
    import net

    ## Does a step again and again.
    fn work(step) {
        loop {
            try { loop { step() } } catch error { escaped() } finally { }
        }
    }
    async fn waiting(step) {
        loop {
            try { loop { await step() } } catch error { escaped() } finally { }
        }
    }

    pub fn fuel() { work(|| 1) }
    pub fn fuel_nested() { back(|| work(|| 1)); 1 }
    pub fn deadline() { work(|| 1) }
    pub async fn deadline_parked() { try { await sleep(1h) } catch error { escaped() }; 1 }
    pub async fn deadline_shielded() { shield 1h { await sleep(1h) }; 1 }
    pub fn deadline_nested() { back(|| back(|| work(|| 1))); 1 }
    pub fn memory() { let xs = []; work(|| xs.push([1, 2, 3])) }
    pub fn memory_at_once() { work(|| "x".repeat(1_000_000_000)) }
    pub fn memory_nested() { let xs = []; back(|| work(|| xs.push("x".repeat(1000)))); 1 }
    pub async fn memory_of_stacks() {
        async fn deep(n) { if n == 0 { await sleep(1h); return 0 }; 1 + await deep(n - 1) }
        scope { loop { spawn deep(2000); await sleep(0s) } }
        1
    }
    pub async fn memory_of_tasks() { scope { loop { spawn sleep(1h) } }; 1 }
    pub fn depth() { fn down(n) { try { 1 + down(n + 1) } catch error { escaped() } }; loop { down(0) } }
    pub fn depth_nested() { fn down(n) { 1 + down(n + 1) }; back(|| { try { down(0) } catch error { escaped() } }); 1 }
    pub async fn tasks() { scope { await waiting(|| { spawn sleep(1h); 1 }) }; 1 }
    pub async fn tasks_nested() { scope s { back(|| work(|| s.spawn(sleep, 1h))) }; 1 }
    pub fn output() { work(|| print("x" * 100)) }
    pub fn output_nested() { back(|| work(|| eprint("x" * 100))); 1 }
    pub async fn sockets() { let all = []; await waiting(|| all.push(await net.tcp.listen("127.0.0.1", 0))) }
    pub async fn files() { let all = []; await waiting(|| all.push(await fs.open("/dev/null", "r"))) }
    pub fn one() { 1 }
"#;

const NAMES: &[(&str, Limit)] = &[
    ("fuel", Limit::Fuel),
    ("fuel_nested", Limit::Fuel),
    ("deadline", Limit::Deadline),
    ("deadline_parked", Limit::Deadline),
    ("deadline_shielded", Limit::Deadline),
    ("deadline_nested", Limit::Deadline),
    ("memory", Limit::Memory),
    ("memory_at_once", Limit::Memory),
    ("memory_nested", Limit::Memory),
    ("memory_of_stacks", Limit::Memory),
    ("memory_of_tasks", Limit::Memory),
    ("depth", Limit::Depth),
    ("depth_nested", Limit::Depth),
    ("tasks", Limit::Tasks),
    ("tasks_nested", Limit::Tasks),
    ("output", Limit::Output),
    ("output_nested", Limit::Output),
    ("sockets", Limit::Sockets),
    ("files", Limit::Files),
];

/// Bounds of all kinds that only what is named reaches.
fn limits(limit: Limit) -> Limits {
    let limits = Limits::new().grace(20_000, Duration::from_millis(40)).memory(16 << 20);
    match limit {
        Limit::Fuel => limits.fuel(100_000),
        Limit::Deadline => limits.deadline(Duration::from_millis(30)),
        Limit::Memory => limits,
        Limit::Depth => limits.depth(500),
        Limit::Tasks => limits.tasks(50),
        Limit::Output => limits.output(1000),
        Limit::Sockets => limits.sockets(3),
        Limit::Files => limits.files(3),
    }
}

#[test]
fn every_limit_holds_in_every_way_to_drive() {
    for way in WAYS {
        for &(name, limit) in NAMES {
            let escaped = Arc::new(AtomicU32::new(0));
            let count = escaped.clone();
            let mut engine = engine();
            engine.function("escaped", move || {
                count.fetch_add(1, Ordering::Relaxed);
            });
            let options = engine.options();
            options.limits = limits(limit);
            options.permissions = Permissions::all();
            (options.stdout, options.stderr) = (Output::captured(), Output::captured());
            let program = engine.compile_text("stubborn.ket", STUBBORN);
            let program = program.unwrap_or_else(|error| panic!("{}", error.render(false)));
            let mut vm = Driven::new(way, &engine, &program);
            match vm.call(name) {
                Err(Error::Limit(reached)) => assert_eq!(reached, limit, "{way:?} {name}"),
                Err(error) => panic!("{way:?} {name}: {}", error.report(false)),
                Ok(_) => panic!("{way:?} {name}: it ended by itself"),
            }
            assert_eq!(escaped.load(Ordering::Relaxed), 0, "{way:?} {name}: the script saw it");
            if limit == Limit::Fuel {
                vm.interrupter().add_fuel(1000);
            }
            for _ in 0..2 {
                assert_eq!(vm.call("one").expect("it goes on"), 1, "{way:?} {name}");
            }
        }
    }
}

#[test]
fn the_host_may_allow_more_in_every_way_to_drive() {
    let text = "import fs
        import net
        pub fn fuel() { for i in 0..30_000 { }; 1 }
        pub fn output() { for i in 0..30 { print(\"x\" * 50) }; 1 }
        pub async fn tasks() { scope { for i in 0..100 { spawn sleep(1ms) } }; 1 }
        pub async fn deadline() { await sleep(60ms); 1 }
        pub fn memory() { let xs = []; for i in 0..40_000 { xs.push([i]) }; xs.len // 40_000 }
        pub fn memory_at_once() { \"x\".repeat(3_000_000).len // 3_000_000 }
        pub fn depth() { fn down(n) { if n == 0 { 1 } else { down(n - 1) * 1 } }; down(900) }
        async fn many(make) {
            let all = []
            for i in 0..8 { all.push(await make()) }
            for one in all { one.close() }
            all.len // 8
        }
        pub async fn sockets() { await many(|| await net.tcp.listen(\"127.0.0.1\", 0)) }
        pub async fn files() { await many(|| await fs.open(\"/dev/null\")) }";
    for way in WAYS {
        for (name, limit) in [
            ("fuel", Limits::new().fuel(10_000)),
            ("output", Limits::new().output(500)),
            ("tasks", Limits::new().tasks(40)),
            ("deadline", Limits::new().deadline(Duration::from_millis(20))),
            ("memory", Limits::new().memory(1 << 20)),
            ("memory_at_once", Limits::new().memory(1 << 20)),
            ("depth", Limits::new().depth(200)),
            ("sockets", Limits::new().sockets(3)),
            ("files", Limits::new().files(3)),
        ] {
            let asked = Arc::new(AtomicU32::new(0));
            let count = asked.clone();
            let mut engine = engine();
            engine.options().stdout = Output::captured();
            engine.options().permissions = Permissions::all();
            engine.options().limits = limit.on_limit(OnLimit::ask(move |_| {
                count.fetch_add(1, Ordering::Relaxed);
                Verdict::Again
            }));
            let program = engine.compile_text("more.ket", text).expect("it compiles");
            let mut vm = Driven::new(way, &engine, &program);
            let end = vm.call(name);
            assert_eq!(end.unwrap_or_else(|e| panic!("{way:?} {name}: {e}")), 1);
            assert!(asked.load(Ordering::Relaxed) > 0, "{way:?} {name}");
        }
    }
}

#[test]
fn who_is_not_allowed_more_is_asked_once_and_sees_nothing_of_it() {
    for &(name, limit) in NAMES {
        let (asked, escaped) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (count, count_escaped) = (asked.clone(), escaped.clone());
        let mut engine = engine();
        engine.function("escaped", move || {
            count_escaped.fetch_add(1, Ordering::Relaxed);
        });
        let options = engine.options();
        options.limits = limits(limit).on_limit(OnLimit::ask(move |reached| {
            assert_eq!(reached, limit);
            count.fetch_add(1, Ordering::Relaxed);
            Verdict::Stop
        }));
        options.permissions = Permissions::all();
        (options.stdout, options.stderr) = (Output::captured(), Output::captured());
        let program = engine.compile_text("stubborn.ket", STUBBORN).expect("it compiles");
        let mut vm = Driven::new(Way::Blocking, &engine, &program);
        assert!(matches!(vm.call(name), Err(Error::Limit(reached)) if reached == limit), "{name}");
        let counts = (asked.load(Ordering::Relaxed), escaped.load(Ordering::Relaxed));
        assert_eq!(counts, (1, 0), "{name}: asked, and errors that the script has caught");
    }
}

#[test]
fn who_yields_goes_on_in_every_way_to_drive() {
    for way in [Way::Tokio, Way::Turn, Way::Worker, Way::Blocking] {
        let mut engine = engine();
        engine.options().limits = Limits::new().fuel(1_000).on_limit(OnLimit::Yield);
        let text = "pub fn spin() { var n = 0; for i in 0..50_000 { n += 1 }; n }";
        let program = engine.compile_text("spin.ket", text).expect("it compiles");
        let mut vm = Driven::new(way, &engine, &program);
        assert_eq!(vm.call("spin").expect("it goes on"), 50_000, "{way:?}");
    }
}
