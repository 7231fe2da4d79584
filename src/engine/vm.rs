//! VMs: a heap, tasks and a loop of their own, driven by the thread that calls.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::call::Forgotten;
use super::context::inner;
use super::convert::{FromValue, Given};
use super::engine::Engine;
use super::error::Error;
use super::library::{Library, Sources};
use super::option::{Options, SignalHook, TracerHook};
use super::program::Program;
use super::remote::{Asked, Desk, Line};
use super::uncaught;
#[cfg(all(unix, feature = "driver"))]
use super::watch::Watch;
use crate::bytecode::program::ModuleCode;
use crate::diagnostics::nearest;
use crate::natives;
use crate::natives::world::World;
use crate::runtime::driver::{
    Calls, Driver, Faults, Guard, Quota, Signal, SimDriver, SimOptions, environment,
    explored_budget,
};
use crate::runtime::{
    Census, INTERRUPT_SIGNAL, Interrupter, LastCall, LoopTable, Parts, ProgramEnd, Runtime, Turn,
};
use crate::vm::display::display_short;
use crate::vm::{Bell, ErrorKind, NativeId, Value, Vm as Machine, VmOptions};

/// The exit status after a deadlock.
const STATUS_DEADLOCK: i32 = 13;
/// The exit status after a write to a pipe that nobody reads any more.
const STATUS_CLOSED_PIPE: i32 = 141;
/// More of a value than this is not quoted in an error.
const QUOTED_MAX: usize = 60;

/// A virtual machine that runs one program and can then be called into.
///
/// `Send` but not `Sync`: it may move between threads, one of which drives it at a time. Its tasks
/// go on only while [`run_blocking`](Vm::run_blocking) or [`call_blocking`](Vm::call_blocking) drives them.
pub struct Vm {
    /// Watches the descriptor of the loop's poll, so it has to go before that.
    #[cfg(all(unix, feature = "driver"))]
    pub(super) watch: Watch,
    pub(super) runtime: Runtime,
    pub(super) engine: Engine,
    pub(super) sources: Sources,
    /// The module that calls of the host look in: the one that was started last.
    pub(super) started: Option<Arc<ModuleCode>>,
    /// What has come of the program that ended while the host drove the VM.
    pub(super) finished: Option<Result<i32, Error>>,
    /// The fuel that is left is that of a slice.
    pub(super) is_sliced: bool,
    /// Calls whose handles were dropped.
    pub(super) forgotten: Forgotten,
    /// Where others leave what they want.
    pub(super) desk: Desk,
    /// Calls that others wait for.
    pub(super) asked: Vec<Asked>,
    /// What carries out functions that are lent, once there was one.
    pub(super) lent_native: Option<NativeId>,
}

const _: () = {
    const fn can_move<T: Send>() {}
    can_move::<Vm>();
};

impl Vm {
    /// A VM that has not loaded anything.
    pub fn new(engine: &Engine) -> Result<Vm, Error> {
        let options = engine.settings();
        let mut machine = Machine::new(VmOptions {
            torture: options.torture,
            memory_limit: options.memory_limit.min(options.limits.memory.unwrap_or(usize::MAX)),
            stack_depth_max: options.depth_max.min(options.limits.depth.unwrap_or(usize::MAX)),
            stack_depth_more: options.limits.depth.unwrap_or(0),
            library: Some(natives::LIBRARY),
            ..VmOptions::default()
        });
        if let Some((first, every)) = options.refuse {
            machine.heap.refuse(first, every);
        }
        let mut table = natives::loop_table();
        let world = world(options);
        if let Some(report) = options.heap_report {
            machine.heap.set_clock(report.clock);
        }
        natives::stdio::install(&mut machine, &world);
        let sources = Sources::default();
        register(&mut machine, &mut table, engine, &sources)?;
        super::trace::install(&mut machine, &sources);
        let line = Arc::new(Line::default());
        let library = Library::new(engine.clone(), sources.clone(), line.clone());
        let limits = &options.limits;
        let bell = Bell::new(machine.interrupt.clone(), limits.output.unwrap_or(u64::MAX));
        let bell = Arc::new(bell.asking(limits.on_limit.decide()));
        let none = usize::MAX;
        let (sockets, files) = (limits.sockets.unwrap_or(none), limits.files.unwrap_or(none));
        let quota = Arc::new(Quota::new(sockets, files, bell.clone()));
        let driver = guarded(options, quota.clone())?;
        let mut runtime = Runtime::new(machine, driver, Box::new(library), table);
        runtime.rt.output = Box::new(natives::stdio::Console::new(&world, &runtime.vm.interrupt));
        if !limits.is_none() {
            runtime.limit(limits.clone(), bell);
        }
        runtime.rt.set_op_budget(options.explore.map_or(options.op_budget, explored_budget));
        runtime.rt.set_watchdog(options.watchdog);
        let mut tracer = options.tracer.as_ref().map(TracerHook::make);
        if let Some(profiler) = &options.profiler {
            tracer = Some(profiler.attach(&mut runtime.vm, &sources, tracer)?);
        }
        runtime.rt.set_tracer(tracer);
        if options.signals {
            listen(&mut runtime, options.on_signal.clone())?;
        }
        let desk = Desk::new(runtime.rt.driver.waker(), runtime.interrupter());
        line.connect(&desk);
        Ok(Vm {
            #[cfg(all(unix, feature = "driver"))]
            watch: Watch::default(),
            runtime,
            engine: engine.clone(),
            sources,
            started: None,
            finished: None,
            is_sliced: false,
            forgotten: Forgotten::default(),
            desk,
            asked: Vec::new(),
            lent_native: None,
        })
    }

    /// Runs a program to its end: the top level of each module, then `main`, then the tasks that
    /// are left. Gives the exit status; an error that nothing caught is an [`Error::Uncaught`].
    pub fn run_blocking(&mut self, program: &Program) -> Result<i32, Error> {
        let closures = self.add_program(program)?;
        self.begin_program(program, closures);
        loop {
            if let Some(end) = self.pass_blocking() {
                return self.conclude(end);
            }
        }
    }

    /// The value of a public name of the module that was started.
    pub fn global<T: FromValue>(&self, name: &str) -> Result<T, Error> {
        let value = self.find(name)?;
        let heap = &self.runtime.vm.heap;
        T::from_value(Given::new(heap, value)).ok_or_else(|| {
            let shown = display_short(heap, value, QUOTED_MAX);
            Error::Call(format!("`{name}` is {shown} where the host expects {}", T::expected()))
        })
    }

    /// Runs the top level of a module to its end, and blocks meanwhile.
    pub(super) fn run_top_level(&mut self, callee: Value) -> Result<(), Error> {
        #[cfg(feature = "tokio")]
        let handle = self.engine.settings().tokio.clone();
        #[cfg(feature = "tokio")]
        let _inside = handle.as_ref().map(|handle| handle.enter());
        let call = self.runtime.call(callee, &[]);
        self.runtime.leave_open(call);
        self.wait_for(call, Some(callee)).map(drop)
    }

    /// What its loop still holds, for tests that nothing is left behind.
    pub fn census(&self) -> Census {
        self.runtime.rt.census()
    }

    /// How often its driver has called the system, for tests that it does no more than it has to.
    pub fn calls(&self) -> Calls {
        self.runtime.rt.driver.calls()
    }

    /// The fuel that is left to its programs; none where that is not limited.
    pub fn fuel(&self) -> Option<u64> {
        self.runtime.fuel()
    }

    /// What asks the running program to end, from any thread, also while it computes.
    pub fn interrupter(&self) -> Interrupter {
        self.runtime.interrupter()
    }

    /// Makes code, constants and closures of a program: one closure for each module's top level.
    pub(super) fn add_program(&mut self, program: &Program) -> Result<Vec<Value>, Error> {
        self.sources.add(program);
        self.sources.load_library(&mut self.runtime.vm, program).map_err(Error::Call)?;
        let closures = self.runtime.vm.load(program.code(), 0);
        closures.map_err(|error| Error::Call(format!("the program cannot be loaded: {error}")))
    }

    /// Makes the main task: it runs the closures in order, then `main` of the last module.
    pub(super) fn begin_program(&mut self, program: &Program, closures: Vec<Value>) {
        self.started = program.code().modules.last().cloned();
        let main = self.started.clone().filter(|module| module.main.is_some());
        let args = self.engine.settings().args.clone();
        self.begin(closures, Box::new(move |vm| call_of_main(vm, &*main?, &args)));
    }

    pub(super) fn begin(&mut self, closures: Vec<Value>, last: LastCall) {
        let mut rest = VecDeque::from(closures);
        let Some(first) = rest.pop_front() else { return };
        self.runtime.start(first, &[], Parts { rest, last: Some(last) });
    }

    /// One pass of the loop, which waits as long as it takes; gives the end of the program when that
    /// has come.
    pub(super) fn pass_blocking(&mut self) -> Option<ProgramEnd> {
        #[cfg(feature = "tokio")]
        let handle = self.engine.settings().tokio.clone();
        #[cfg(feature = "tokio")]
        let _inside = handle.as_ref().map(|handle| handle.enter());
        if let Some(slice) = self.engine.settings().fuel_slice {
            self.runtime.vm.set_fuel(slice);
        } else if std::mem::take(&mut self.is_sliced) {
            self.runtime.vm.set_fuel(i64::MAX);
        }
        self.serve_remote();
        let turn = self.runtime.turn(None);
        self.answer_remote();
        match turn {
            Turn::Ended(end) => Some(end),
            // Nothing is left to do and nothing was ever begun: a program without modules.
            Turn::Idle => Some(ProgramEnd::nothing()),
            Turn::Ready | Turn::Waiting | Turn::OutOfFuel => None,
        }
    }

    /// The exit status that follows from the end of a program, or the error that it ended with.
    pub(super) fn conclude(&mut self, mut end: ProgramEnd) -> Result<i32, Error> {
        self.runtime.vm.end_watch();
        if let Some(limit) = self.runtime.take_limit(end.outcome.is_err()) {
            if !end.killed {
                // That a limit was reached says more than that the output was not read.
                let _ = self.runtime.finish_output(&mut end);
            }
            return Err(Error::Limit(limit));
        }
        if end.by_host && end.status.is_none() && end.signal.is_none() && end.outcome.is_ok() {
            if !end.killed {
                // That the host has stopped it says more than that the output was not read.
                let _ = self.runtime.finish_output(&mut end);
            }
            return Err(Error::Cancelled("host".to_owned()));
        }
        if end.killed {
            // Whoever asked three times does not want to wait for a slow reader of the output.
            return Ok(status_of(end.signal).or(end.status).unwrap_or(1));
        }
        let written = self.runtime.finish_output(&mut end);
        let signalled = status_of(end.signal);
        let asked = signalled.or(end.status);
        if self.runtime.rt.output.is_broken() {
            return Ok(signalled.unwrap_or(STATUS_CLOSED_PIPE));
        }
        match end.outcome {
            Err(error) => {
                let module = self.started.clone();
                if let Some(main) = module.and_then(|it| self.runtime.vm.global(&it.name, "main")) {
                    self.place_call(error, main);
                }
                Err(self.uncaught(error, asked))
            }
            Ok(_) if written.is_err() => {
                let why = written.err().map_or(String::new(), |error| error.to_string());
                Err(Error::Os(format!("standard output cannot be written: {why}")))
            }
            Ok(value) => asked.map_or_else(|| self.status_of_main(value), Ok),
        }
    }
}

impl Vm {
    /// Ends the loop with its threads and processes, and the heap unless that is left as it is.
    pub(super) fn close(self) {
        self.desk.close();
        let Vm { runtime, engine, sources, started, .. } = self;
        let Runtime { vm, mut rt } = runtime;
        if engine.settings().keep_heap {
            rt.leave_places();
        }
        drop(rt);
        if let Some(report) = engine.settings().heap_report {
            (report.tell)(&vm.heap.stats());
        }
        if engine.settings().keep_heap {
            std::mem::forget((vm, engine, sources, started));
        }
    }

    /// A public function of the module that was started.
    pub(super) fn find(&self, name: &str) -> Result<Value, Error> {
        let Some(module) = &self.started else {
            return Err(Error::Call("no program has been run on this VM yet".to_owned()));
        };
        if let Some(value) = self.runtime.vm.export_of(module, name) {
            return Ok(value);
        }
        let known = module.exports.iter().map(|export| &*export.name);
        let mut why = format!("the program has no public function `{name}`");
        if module.slots.iter().any(|slot| &**slot == name) {
            why.push_str(&format!("; write `pub` before the declaration of `{name}`"));
        } else if let Some(meant) = nearest(name, known) {
            why.push_str(&format!("; did you mean `{meant}`?"));
        }
        Err(Error::Call(why))
    }

    /// What an `int` that `main` returns means.
    fn status_of_main(&self, value: Value) -> Result<i32, Error> {
        let has_main = self.started.as_ref().is_some_and(|module| module.main.is_some());
        let status = value.as_int().filter(|_| has_main).unwrap_or(0);
        // A shell sees eight bits; cut down to them, 256 would be a success.
        match u8::try_from(status) {
            Ok(status) => Ok(i32::from(status)),
            Err(_) => {
                let why = format!("main returned {status}: an exit status is from 0 to 255");
                Err(Error::Call(why))
            }
        }
    }

    /// Arguments that do not fit, of a call that stands nowhere in the program: the error gets the
    /// declaration of the function as its place.
    pub(super) fn place_call(&mut self, error: Value, callee: Value) {
        let vm = &mut self.runtime.vm;
        if vm.is_error_kind(error, ErrorKind::ArityError)
            && vm.error_trace(error).is_empty()
            && let Some(place) = vm.declaration(callee)
        {
            vm.extend_trace(error, &[place]);
        }
    }

    pub(super) fn uncaught(&self, error: Value, asked: Option<i32>) -> Error {
        let vm = &self.runtime.vm;
        let status = asked.unwrap_or_else(|| {
            if vm.is_error_kind(error, ErrorKind::DeadlockError) { STATUS_DEADLOCK } else { 1 }
        });
        uncaught::error(vm, error, &self.sources, status)
    }
}

impl inner::Access for Vm {
    #[inline]
    fn machine(&self) -> &Machine {
        &self.runtime.vm
    }

    #[inline]
    fn machine_mut(&mut self) -> &mut Machine {
        &mut self.runtime.vm
    }

    #[inline]
    fn call_raw(&mut self, callee: Value, args: &[Value]) -> Result<Value, Error> {
        self.call_to_end(callee, args)
    }
}

/// The exit status after a signal has ended the program.
pub(super) fn status_of(signal: Option<Signal>) -> Option<i32> {
    signal.map(|signal| match signal {
        Signal::Terminate => 143,
        Signal::Interrupt | Signal::Quit => 130,
    })
}

/// The call of `main`, which takes the arguments of the program or nothing.
fn call_of_main(
    vm: &mut Machine,
    module: &ModuleCode,
    args: &[String],
) -> Option<(Value, Vec<Value>)> {
    let main = vm.global(&module.name, "main")?;
    if vm.parameter_count(main) == Some(0) {
        return Some((main, Vec::new()));
    }
    let args = args.iter().map(|arg| vm.heap.string(arg)).collect();
    Some((main, vec![vm.heap.list(args)]))
}

/// Gives the VM the functions, types and constants of the host.
fn register(
    vm: &mut Machine,
    table: &mut LoopTable,
    engine: &Engine,
    sources: &Sources,
) -> Result<(), Error> {
    let define = |vm: &mut Machine, path: &str, value: Value| match path.rsplit_once('.') {
        Some((module, name)) => vm.define_member(module, name, value),
        None => vm.define_prelude(path.to_owned(), value),
    };
    for function in engine.functions() {
        let id = vm.add_native(function.native());
        function.body.attach(id, table, sources);
        let value = vm.native_value(id);
        define(vm, &function.signature.path, value);
    }
    if !engine.types().is_empty() {
        super::object::install_iterator(vm);
    }
    for added in engine.types() {
        let value = added.install(vm, table, sources);
        define(vm, &added.path(), value);
    }
    for constant in engine.values() {
        let value = constant.make.make(&mut vm.heap).map_err(Error::Call)?;
        define(vm, &constant.path, value);
    }
    Ok(())
}

fn world(options: &Options) -> World {
    World {
        args: options.args.clone(),
        stdin: options.stdin.clone(),
        stdout: options.stdout.clone(),
        stderr: options.stderr.clone(),
    }
}

/// The driver under what the host has granted; where everything is granted and nobody is told there is
/// nothing to ask.
fn guarded(options: &Options, quota: Arc<Quota>) -> Result<Box<dyn Driver>, Error> {
    let driver = driver(options)?;
    let (permissions, audit) = (options.permissions.clone(), options.audit.clone());
    let (clock, random) = (options.clock.clone(), options.random.clone());
    let is_plain = permissions.is_all() && audit.is_none() && quota.is_unlimited();
    if is_plain && clock.is_none() && random.is_none() {
        return Ok(driver);
    }
    permissions.check().map_err(Error::Call)?;
    Ok(Box::new(Guard::new(driver, permissions, audit, quota).with(clock, random)))
}

#[cfg(feature = "driver")]
fn driver(options: &Options) -> Result<Box<dyn Driver>, Error> {
    if options.virtual_clock {
        return Ok(simulated(options));
    }
    match crate::runtime::driver::MioDriver::new() {
        Ok(driver) => Ok(Box::new(driver)),
        Err(error) => Err(Error::Os(format!("the event loop cannot be made: {error}"))),
    }
}

/// Without the driver of the operating system time is always virtual.
#[cfg(not(feature = "driver"))]
fn driver(options: &Options) -> Result<Box<dyn Driver>, Error> {
    Ok(simulated(options))
}

fn simulated(options: &Options) -> Box<dyn Driver> {
    let mut driver = SimDriver::with(SimOptions {
        seed: options.seed,
        explore: options.explore,
        faults: Faults::default(),
        variables: environment(),
    });
    if let Some(dir) = &options.fixtures {
        driver.show_files(dir);
    }
    Box::new(driver)
}

/// Signals end the program, or show what it is doing.
fn listen(runtime: &mut Runtime, hook: Option<SignalHook>) -> Result<(), Error> {
    let flag = runtime.vm.interrupt.clone();
    // A task that computes looks at the flag long before the loop turns again.
    let urgent = move |signal| {
        flag.fetch_or(INTERRUPT_SIGNAL, Ordering::AcqRel);
        if let Some(hook) = &hook {
            hook.call(signal);
        }
    };
    let signals = [Signal::Interrupt, Signal::Terminate, Signal::Quit];
    let listens = runtime.listen(&signals, urgent);
    listens.map_err(|error| Error::Os(format!("signals cannot be heard: {error}")))
}
