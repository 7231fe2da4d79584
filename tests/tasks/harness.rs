//! Runs programs in virtual time and gives what they log.
//!
//! `log(text)` notes the virtual time and a text, `compute(d)` lets a computation take time,
//! `press(n)` is the host asking the program to end. What an isolating scope reports is logged as
//! `isolated`.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kettle::bytecode::program::{CORE_MODULE_NAME, ExportKind, Program};
use kettle::diagnostics::SourceId;
use kettle::runtime::driver::{Moment, Signal, SimDriver};
use kettle::runtime::{
    Answer, Cx, Host, INTERRUPT_HOST, LoopTable, Parts, Runtime, Step, TaskReport, Tracer, Turn,
};
use kettle::vm::{
    Args, NOT_OF_LIBRARY, Native, NativeBody, NativeParam, ParamKind, Thrown, Value, Vm, VmOptions,
};
use kettle::{compile, natives, syntax};

/// What the programs share.
pub const PRELUDE: &str = r#"
import task
import sync
let A = Error("A")
let B = Error("B")
let c = channel(0)
fn name(e) { if same(e, A) || same(e, B) { e.message } else { "${type(e)}" } }
fn note(e) {
    let others = []
    for other in e.suppressed { others.push(name(other)) }
    if others.len == 0 { log("caught ${name(e)}") } else { log("caught ${name(e)}, suppressed ${others}") }
}
"#;

type Log = Arc<Mutex<Vec<String>>>;

struct Listener {
    log: Log,
}

impl Host for Listener {
    fn isolated(&mut self, vm: &mut Vm, _: &TaskReport, error: Value) -> String {
        let name = name_of(vm, error);
        self.log.lock().expect("no test panics under this lock").push(format!("isolated {name}"));
        String::new()
    }

    fn report(&mut self, _: &mut Vm, _: &[TaskReport]) -> String {
        String::new()
    }

    fn load_core(&mut self, vm: &mut Vm) -> Result<(), Thrown> {
        let program = compiled(CORE_MODULE_NAME, natives::stdlib::CORE, &natives::library_names());
        vm.load_core(&program).expect("the library loads");
        Ok(())
    }
}

/// As logs call an error: by its message, or by its type where that says more.
pub fn name_of(vm: &Vm, error: Value) -> String {
    match vm.type_name(error).as_str() {
        "Error" => vm.error_message(error),
        other => other.to_owned(),
    }
}

fn compiled(name: &str, text: &str, names: &compile::Names) -> Program {
    let parsed = syntax::parse(text, SourceId(0));
    assert!(parsed.diagnostics.is_empty(), "{name}: {:#?}", parsed.diagnostics);
    let (code, found) = compile::compile(
        &parsed.module,
        name,
        SourceId(0),
        text,
        names,
        &HashMap::new(),
        compile::Purpose::Run,
    );
    let code = code.unwrap_or_else(|| panic!("{name}: {found:#?}"));
    Program { modules: vec![Arc::new(code)] }
}

/// Adds a native of one parameter.
fn define(
    vm: &mut Vm,
    table: &mut LoopTable,
    name: &'static str,
    body: impl Fn(&mut Cx<'_>, Value) + Send + Sync + 'static,
) {
    let param = NativeParam { name: "value", kind: ParamKind::Required };
    let native = Native {
        name: name.to_owned().into(),
        params: vec![param].into(),
        waits: false,
        body: NativeBody::Loop(NOT_OF_LIBRARY),
    };
    let id = vm.add_native(native);
    let value = vm.native_value(id);
    vm.define_prelude(name, value);
    let closure = move |cx: &mut Cx<'_>, args: Args| -> Result<Answer, Thrown> {
        let value = cx.vm.arg(args, 0);
        body(cx, value);
        Ok(Answer::Value(Value::null()))
    };
    table.set_closure(id, Arc::new(closure));
}

/// How a program is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup {
    /// Seconds at which the user presses Ctrl-C.
    pub signals: &'static [u64],
    /// A collection at every safepoint.
    pub torture: bool,
    /// The run stops each time so much fuel is used up, and goes on.
    pub fuel: Option<i64>,
    /// Somebody looks on: always, or every other time after so many passes of the host.
    pub watched: Option<Watched>,
    /// How many ops a task may complete at once, if not as many as usually.
    pub op_budget: Option<u32>,
}

/// When somebody is told of every step.
#[derive(Clone, Copy, Debug)]
pub enum Watched {
    /// From the beginning to the end.
    Always,
    /// For so many passes of the host, then not for as many, and so on.
    Now(u32),
}

/// Is told of every step, and does nothing with it.
struct Idle;

impl Tracer for Idle {
    fn record(&mut self, _: Moment, _: Step) {}
}

/// A program that can be run, and its log.
pub struct Run {
    /// VM and loop.
    pub runtime: Runtime,
    log: Log,
    entry: Value,
}

impl Run {
    /// Compiles and loads a program.
    pub fn new(text: &str, setup: Setup) -> Run {
        Run::on(text, setup, SimDriver::new(1))
    }

    /// The same in a world that was made before.
    pub fn on(text: &str, setup: Setup, mut driver: SimDriver) -> Run {
        let log: Log = Log::default();
        let mut vm = Vm::new(VmOptions {
            torture: setup.torture,
            library: Some(natives::LIBRARY),
            ..VmOptions::default()
        });
        let mut table = natives::loop_table();
        let lines = log.clone();
        define(&mut vm, &mut table, "log", move |cx, text| {
            let seconds = cx.rt.driver.now().nanos as f64 / 1e9;
            let text = cx.vm.heap.str(text).expect("log takes a text");
            lines.lock().expect("no test panics under this lock").push(format!("{seconds} {text}"));
        });
        define(&mut vm, &mut table, "compute", |cx, span| {
            let span = span.as_duration().expect("compute takes a duration");
            cx.rt.driver.advance(Duration::from_nanos(span as u64));
        });
        define(&mut vm, &mut table, "press", |cx, _| {
            cx.vm.interrupt.fetch_or(INTERRUPT_HOST, Ordering::AcqRel);
        });
        let mut names = natives::names();
        for name in ["log", "compute", "press"] {
            names.add(name, ExportKind::Function);
        }
        let program = compiled("example.ket", text, &names);
        let entry = vm.load(&program, 0).expect("the program loads")[0];
        for second in setup.signals {
            driver.raise_at(Moment { nanos: second * 1_000_000_000 }, Signal::Interrupt);
        }
        let listener = Listener { log: log.clone() };
        let runtime = Runtime::new(vm, Box::new(driver), Box::new(listener), table);
        Run { runtime, log, entry }
    }

    /// Runs it to its end; gives what it logged, its status, signal, and uncaught error.
    pub fn finish(&mut self, setup: Setup) -> Vec<String> {
        self.finish_with(setup, |vm, error| vm.error_message(error))
    }

    /// The same; the uncaught error is called as `name` says.
    pub fn finish_with(
        &mut self,
        setup: Setup,
        name: impl Fn(&Vm, Value) -> String,
    ) -> Vec<String> {
        if let Some(budget) = setup.op_budget {
            self.runtime.rt.set_op_budget(budget);
        }
        self.runtime.start(self.entry, &[], Parts::default());
        let mut passes = 0..;
        let end = loop {
            let pass = passes.next().unwrap_or(u32::MAX);
            let looks = match setup.watched {
                None => None,
                Some(Watched::Always) => (pass == 0).then_some(true),
                Some(Watched::Now(every)) => Some(pass / every % 2 == 1),
            };
            if let Some(looks) = looks {
                let tracer = looks.then(|| Box::new(Idle) as Box<dyn Tracer>);
                self.runtime.rt.set_tracer(tracer);
            }
            if let Some(fuel) = setup.fuel {
                self.runtime.vm.set_fuel(fuel);
            }
            if let Turn::Ended(end) = self.runtime.turn(None) {
                break end;
            }
        };
        let mut log = self.take_log();
        log.extend(end.status.map(|status| format!("status {status}")));
        log.extend(end.signal.map(|signal| format!("{signal:?}")));
        log.extend(end.killed.then(|| "killed".to_owned()));
        if let Err(error) = end.outcome {
            log.push(format!("uncaught {}", name(&self.runtime.vm, error)));
        }
        log
    }

    /// What was logged since the last time.
    pub fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().expect("no test panics under this lock"))
    }
}

/// Runs a program; gives its log.
pub fn run_with(text: &str, setup: Setup) -> Vec<String> {
    Run::new(text, setup).finish(setup)
}

/// The log of a program in all modes, which have to agree: as it is, with a collection at every
/// safepoint (nothing that the loop keeps may be lost), stopped and resumed every few calls, with somebody
/// who looks on (then the short ways are not taken), and with one who comes and goes.
pub fn run_all(text: &str, setup: Setup) -> Vec<String> {
    let log = run_with(text, setup);
    assert_eq!(log, run_with(text, Setup { torture: true, ..setup }), "in torture mode");
    assert_eq!(log, run_with(text, Setup { fuel: Some(3), ..setup }), "with little fuel");
    let watched = Setup { watched: Some(Watched::Always), ..setup };
    assert_eq!(log, run_with(text, watched), "with somebody who looks on");
    let now_and_then = Setup { watched: Some(Watched::Now(2)), fuel: Some(7), ..setup };
    assert_eq!(log, run_with(text, now_and_then), "with somebody who comes and goes");
    log
}

/// The log of a body inside a `try` whose `catch` notes what comes.
pub fn run(body: &str) -> Vec<String> {
    let text = format!(
        "{PRELUDE}\nasync fn run() {{\n{body}\n}}\ntry {{ await run() }} catch e {{ note(e) }}\n"
    );
    run_all(&text, Setup::default())
}

/// Makes a test of each body and its log.
#[macro_export]
macro_rules! examples {
    ($( $name:ident: $body:literal => [$($line:literal),* $(,)?]; )*) => {$(
        #[test]
        fn $name() {
            assert_eq!($crate::harness::run($body), [$($line),*] as [&str; _]);
        }
    )*};
}
