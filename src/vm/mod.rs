//! Layer 5: values, heap, stacks, dispatch, calls, unwinding, budget.
//!
//! Steps 3 and 6 of 6 on the way of a program: [`Vm::load`] makes values of compiled constants and
//! closures of modules, [`Vm::run`] executes a fiber until it leaves through an [`Exit`].
//!
//! - `value heap object map text display equal order hash key sorting`: what values are, where they
//!   live;
//! - `stack frame fiber`: where a computation stands;
//! - `memory elements`: asking for room, reading what can be iterated over;
//! - `code load reload registry library native error`: the tables that code refers to, and what fills them;
//! - `dispatch`: the run loop with the fast paths; `ops`: what instructions do beyond them;
//! - `unwind trace`: errors and cuts look for handlers and say where they come from;
//! - `exit resume`: how the loop is left and entered again;
//! - `profile`: where the time goes, for whoever watches.
//!
//! The VM never calls up: it knows no tasks, no clock, no files. No native (Rust) frame lies under a
//! suspended fiber, and no native runs the loop. The collector runs only in [`Vm::collect`].

mod code;
mod dispatch;
mod elements;
pub mod error;
mod exit;
mod fiber;
mod frame;
mod inspect;
mod library;
mod limit;
mod load;
mod memory;
mod native;
mod ops;
pub mod profile;
#[cfg(test)]
pub(crate) mod random_test;
mod registry;
mod reload;
mod resume;
mod session;
mod stack;
mod stub;
#[cfg(test)]
mod tests;
mod trace;
mod unwind;

pub mod display;
pub mod equal;
pub mod hash;
pub mod hasher;
pub mod heap;
pub mod key;
pub mod map;
pub mod object;
pub mod order;
mod pair;
mod patience;
pub mod sorting;
pub mod text;
pub mod value;

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

pub use dispatch::SpawnAsked;
pub use elements::Elements;
pub use error::{ErrorKind, Thrown};
pub use exit::{
    Args, Exit, FiberId, Left, NATIVE_AWAITED, NATIVE_WAITS, Request, ScopeRequest, SelectArm,
    SelectOperand,
};
pub use fiber::Start;
pub use inspect::InspectedFrame;
pub use library::{Library, Offer, Offered};
pub use limit::{Bell, Decide, INTERRUPT_LIMIT, INTERRUPT_STOP, Limit};
pub use load::LoadError;
pub use native::{
    HostFn, InlineFn, NOT_OF_LIBRARY, Native, NativeBody, NativeId, NativeParam, ParamKind,
    Shortcut,
};
pub use trace::TraceFrame;
pub use value::{Kind, Value};

use code::{Function, FunctionInfo};
use fiber::Fibers;
use heap::{Heap, HeapOptions, Marker, Pass};
use load::LoadedModule;
use registry::Registry;
use resume::TailCallee;

/// Instructions that cost fuel between two looks at the interrupt flag.
const FUEL_SLICE: i64 = 10_000;

/// Up to here the frames that may be inside each other are counted exactly.
const EXACT_DEPTH_MAX: usize = 10_000;

/// In torture mode heaps below this are collected at every safepoint.
const LARGE_BYTES: usize = 1 << 20;

/// What a VM is made with.
#[derive(Clone, Copy, Debug)]
pub struct VmOptions {
    /// Collect at every safepoint and move the stack at every call.
    pub torture: bool,
    /// The most bytes that the heap may use.
    pub memory_limit: usize,
    /// The most frames of one fiber.
    pub stack_depth_max: usize,
    /// So many more there may be each time that the host allows more.
    pub stack_depth_more: usize,
    /// The most bytes of one fiber's stack.
    pub stack_bytes_max: usize,
    /// Where names are asked for that nobody has registered.
    pub library: Option<&'static dyn Library>,
}

impl Default for VmOptions {
    fn default() -> VmOptions {
        VmOptions {
            torture: false,
            memory_limit: usize::MAX,
            stack_depth_max: 200_000,
            stack_depth_more: 0,
            stack_bytes_max: 64 << 20,
            library: None,
        }
    }
}

/// A virtual machine: a heap, tables of loaded code, and fibers.
pub struct Vm {
    /// Fuel of the running slice; below zero the run loop asks for more.
    pub(super) fuel: i64,
    /// One past the end of the running fiber's stack; 0 sends every call through the slow path.
    stack_end: usize,
    /// A fiber that goes on takes the slow path first.
    watches_stack: bool,
    /// Frames that are inside each other are counted one by one.
    counts_depth: bool,
    /// How many awaits of what has come already the running fiber may still carry out by itself, plus
    /// one; 0 if the loop wants to know of each.
    pub at_once: u32,
    functions: Vec<Function>,
    slots: Vec<Value>,
    constants: Vec<Value>,
    invoke_caches: Vec<ops::invoke::InvokeCache>,
    sites: ops::Sites,
    members: ops::MembersKnown,
    /// All objects.
    pub heap: Heap,
    /// Anything but 0 stops the run loop at the next look, with `Exit::Budget`.
    pub interrupt: Arc<AtomicU8>,
    /// Who wants to know when a limit is reached.
    bell: Option<Arc<Bell>>,
    /// Something was left in the middle, as the program has to end.
    has_given_up: Cell<bool>,
    fuel_reserve: i64,
    /// Bytes in use after the last collection.
    collected_at: usize,
    /// The fiber that has left for a collection, and the address of the instruction that made it due.
    safepoint: Option<(FiberId, usize)>,
    /// The last collection left more in use than the limit allows.
    starved: bool,
    running: FiberId,
    /// Where that one has halted.
    halt: dispatch::Halt,
    last_spawn: dispatch::LastSpawn,
    /// The fiber that is kept for calls of the host.
    entry: dispatch::Entry,
    /// The sorting that the run loop goes on with by itself.
    merging: dispatch::Merging,
    /// How the run loop was left, and what goes with that.
    left: Left,
    request: Request,
    scope_request: ScopeRequest,
    exit: Option<Exit>,
    tail: Option<resume::TailCall>,
    /// The error that a function of the host has thrown, until it has returned.
    thrown: Value,
    /// Where the tail call stands that waits for the core module.
    tail_site: Option<ops::call::Site>,
    fibers: Fibers,
    /// What the heap knows of their bytes.
    fiber_bytes: usize,
    infos: Vec<FunctionInfo>,
    modules: Vec<LoadedModule>,
    slot_names: Vec<Arc<str>>,
    class_count: u32,
    class_of_shape: HashMap<u32, u32>,
    constructors: HashMap<u32, u32>,
    stubs: stub::Stubs,
    /// By kind; null until it is first needed.
    error_classes: [Value; ErrorKind::ALL.len()],
    /// What makes instances of them.
    error_init: Value,
    registry: Registry,
    options: VmOptions,
    /// Somebody watches where the program is.
    profiler: Option<Box<profile::Profiler>>,
}

impl std::fmt::Debug for Vm {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let modules: Vec<_> = self.modules.iter().map(|module| &module.code.name).collect();
        out.debug_struct("Vm").field("modules", &modules).finish_non_exhaustive()
    }
}

impl Vm {
    /// A VM without code, that knows the built-in error classes.
    pub fn new(options: VmOptions) -> Vm {
        let heap = Heap::new(HeapOptions { limit: options.memory_limit, torture: options.torture });
        let mut vm = Vm {
            fuel: FUEL_SLICE,
            stack_end: 0,
            watches_stack: options.torture || options.stack_depth_max <= EXACT_DEPTH_MAX,
            counts_depth: options.stack_depth_max <= EXACT_DEPTH_MAX,
            at_once: 0,
            functions: Vec::new(),
            slots: Vec::new(),
            constants: Vec::new(),
            invoke_caches: Vec::new(),
            sites: ops::Sites::default(),
            members: Vec::new(),
            heap,
            interrupt: Arc::default(),
            has_given_up: Cell::default(),
            bell: None,
            fuel_reserve: i64::MAX,
            collected_at: 0,
            safepoint: None,
            starved: false,
            running: FiberId(0),
            halt: dispatch::Halt::default(),
            last_spawn: dispatch::LastSpawn::default(),
            entry: dispatch::Entry::default(),
            merging: dispatch::Merging::default(),
            left: Left::Other,
            request: Request::none(),
            scope_request: ScopeRequest::Program,
            exit: None,
            tail: None,
            thrown: Value::null(),
            tail_site: None,
            fibers: Fibers::default(),
            fiber_bytes: 0,
            infos: Vec::new(),
            modules: Vec::new(),
            slot_names: Vec::new(),
            class_count: 0,
            class_of_shape: HashMap::new(),
            constructors: HashMap::new(),
            stubs: stub::Stubs::default(),
            error_classes: [Value::null(); ErrorKind::ALL.len()],
            error_init: Value::null(),
            registry: Registry::new(options.library),
            options,
            profiler: None,
        };
        vm.load_own_code();
        vm
    }

    /// Gives the VM that much fuel: a unit is a call or a turn of a loop.
    pub fn set_fuel(&mut self, fuel: i64) {
        self.fuel = 0;
        self.fuel_reserve = fuel.max(0);
    }

    /// The fuel that is left.
    pub fn fuel_left(&self) -> i64 {
        self.fuel_reserve.saturating_add(self.fuel.max(0))
    }

    /// Goes on with the collection of garbage that is due. `roots` reports what is kept outside the
    /// VM's stacks and tables.
    pub fn collect(&mut self, roots: &mut dyn FnMut(&mut Marker)) {
        self.with_roots(roots, |heap, all| heap.collect_step(all));
    }

    /// Collects all garbage at once.
    pub fn collect_full(&mut self, roots: &mut dyn FnMut(&mut Marker)) {
        self.with_roots(roots, |heap, all| heap.collect_full(all));
    }

    fn with_roots(
        &mut self,
        roots: &mut dyn FnMut(&mut Marker),
        collect: impl FnOnce(&mut Heap, &mut dyn FnMut(&mut Marker)),
    ) {
        self.forget_halt();
        self.merging = dispatch::Merging::default();
        let Vm {
            heap, fibers, slots, constants, error_classes, error_init, registry, tail, ..
        } = self;
        let mut all = |marker: &mut Marker| {
            fibers.trace(marker);
            roots(marker);
            if marker.pass() == Pass::Some {
                return;
            }
            marker.values(slots);
            marker.values(constants);
            marker.values(error_classes);
            marker.value(*error_init);
            registry.trace(marker);
            for tail in tail.iter() {
                match tail.callee {
                    TailCallee::Value(value) | TailCallee::Close(value) => marker.value(value),
                    TailCallee::Next(generator, at_end) => marker.values(&[generator, at_end]),
                    TailCallee::Core(_) => {}
                }
                marker.values(&tail.args);
            }
        };
        collect(heap, &mut all);
        self.count_fibers();
        self.collected_at = self.heap.bytes_in_use();
        self.starved = self.heap.is_starved();
    }

    /// Whether a collection that is due shall be done now. In torture mode it is always due, and is
    /// done whenever anything was allocated, or memory was refused; in a large heap, whenever that was
    /// an eighth of it, or a program that fills one would never end.
    fn is_safepoint(&self) -> bool {
        let used = self.heap.bytes_in_use();
        let enough = if used < LARGE_BYTES { 1 } else { used / 8 };
        !self.options.torture || self.heap.is_urgent() || used.abs_diff(self.collected_at) >= enough
    }
}
