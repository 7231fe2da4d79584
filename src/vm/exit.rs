//! How the run loop is left: the closed list of requests that a fiber makes of the event loop.
//!
//! The VM never calls up. After every exit but `Return`, `Throw` and `Cut` the fiber is suspended
//! inside an instruction. `Budget`, `Collect` and `NeedCore` go on by running the fiber again; all
//! others wait for one of the `resume` functions of [`Vm`](super::Vm).

use super::native::NativeId;
use super::value::Value;
use crate::bytecode::op::ScopeKind;

/// The name of a fiber inside its VM. It is reused after [`Vm::free_fiber`](super::Vm::free_fiber).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FiberId(pub u32);

impl FiberId {
    /// The name of no fiber.
    pub const NONE: FiberId = FiberId(u32::MAX);
}

/// Arguments that stand on the stack of a fiber.
///
/// They are valid until the native returns or, for [`Exit::Native`] and its like, until the fiber is
/// resumed. Read them with [`Vm::arg`](super::Vm::arg) and [`Vm::args`](super::Vm::args).
#[derive(Clone, Copy, Debug)]
pub struct Args {
    /// Whose stack.
    pub fiber: FiberId,
    /// Index of the first one's stack slot and their number: one word, as it is written and read
    /// right after each other.
    place: u64,
}

impl Args {
    /// So many arguments from a slot on.
    #[inline]
    pub fn new(fiber: FiberId, start: u32, count: u32) -> Args {
        Args { fiber, place: u64::from(count) << 32 | u64::from(start) }
    }

    /// Index of the first one's stack slot.
    #[inline]
    pub fn start(self) -> usize {
        self.place as u32 as usize
    }

    /// How many there are; parameters from here on are missing.
    #[inline]
    pub fn count(self) -> usize {
        (self.place >> 32) as usize
    }
}

/// Why the run loop was left, as far as one word says it: the exits that are taken by the million
/// leave the rest in the [`Request`], and are never put together as an [`Exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// A native that needs the loop was called.
    Native,
    /// A host or runtime object is awaited.
    Await,
    /// A native was awaited that only gives way, by a fiber whose awaits the loop need not know: the fiber
    /// has its result.
    Yield,
    /// A task is wanted.
    Spawn,
    /// Something about a scope record: [`Vm::scope_request`](super::Vm::scope_request).
    Scope,
    /// The body of a scope has come to its end, and the next instruction is the end of the scope: the
    /// value is the scope's handle, the flags are its register.
    Leave,
    /// The fiber has ended with a value.
    Return,
    /// Another one: [`Vm::take_exit`](super::Vm::take_exit) gives it.
    Other,
}

/// What goes with the most frequent exits. Which fields mean something depends on the exit; see
/// [`Exit`] for what they are.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Result, awaited object or callee.
    pub value: Value,
    /// The scope that a task is to belong to.
    pub owner: Value,
    /// Arguments.
    pub args: Args,
    /// The native that was called.
    pub native: NativeId,
    /// The flags of a spawn; 1 for an optional await; [`NATIVE_AWAITED`] and [`NATIVE_WAITS`].
    pub flags: i32,
}

/// The native was called with `await`.
pub const NATIVE_AWAITED: i32 = 1;
/// The native is one that waits.
pub const NATIVE_WAITS: i32 = 2;

impl Request {
    /// Nothing yet.
    pub(super) fn none() -> Request {
        Request {
            value: Value::null(),
            owner: Value::null(),
            args: Args::new(FiberId(0), 0, 0),
            native: NativeId(0),
            flags: 0,
        }
    }
}

/// Why the run loop was left.
#[derive(Debug)]
pub enum Exit {
    /// The fiber has ended with a value.
    Return(Value),
    /// The fiber has ended with an error.
    Throw(Value),
    /// The fiber has ended by a cut that nothing in it stopped.
    Cut(Value),
    /// A native that needs the loop was called; resume with its result.
    Native {
        /// Which one.
        native: NativeId,
        /// What it was given.
        args: Args,
        /// It was called with `await`.
        awaited: bool,
    },
    /// A host or runtime object is awaited; resume with its result. Where `optional` is set, an
    /// object that is no awaitable is itself the result.
    Await {
        /// An object.
        value: Value,
        /// It is what an awaited plain function has returned.
        optional: bool,
    },
    /// A task is wanted; resume with its handle, or with null if nobody takes that.
    Spawn {
        /// What it calls.
        callee: Value,
        /// With what.
        args: Args,
        /// A map of named arguments.
        named: Option<Value>,
        /// The scope it belongs to.
        owner: Value,
        /// `SPAWN_DAEMON`, `SPAWN_TRY`, `SPAWN_UNNAMED`.
        flags: i32,
    },
    /// Something about a scope record.
    Scope(ScopeRequest),
    /// A `select`; resume with [`Vm::resume_select`](super::Vm::resume_select).
    Select {
        /// The arms whose guards allow them.
        arms: Vec<SelectArm>,
        /// `select first`: source order.
        first: bool,
        /// The number of the `else` arm.
        else_arm: Option<u32>,
        /// The place in the program: the same for the same `select`.
        site: u64,
    },
    /// The fuel is used up or the VM was interrupted. Runs on from the same place.
    Budget,
    /// A collection is due: call [`Vm::collect`](super::Vm::collect) and run again.
    Collect,
    /// A core method written in Kettle is wanted: call [`Vm::load_core`](super::Vm::load_core) and
    /// run again.
    NeedCore,
}

/// What the code asks of its scope records. Registers are those of the innermost Kettle frame and
/// are read and written with [`Vm::register`](super::Vm::register).
#[derive(Clone, Copy, Debug)]
pub enum ScopeRequest {
    /// Enter a scope; its handle goes to `R[register]`.
    Enter {
        /// What it is for.
        kind: ScopeKind,
        /// First of three registers: handle and pending pair.
        register: u8,
        /// Its options, null where not given.
        options: [Value; 3],
    },
    /// The body has ended as the pending pair behind the handle says.
    Join {
        /// First of three registers.
        register: u8,
    },
    /// A defer has ended as another pending pair says.
    Absorb {
        /// First of three registers.
        register: u8,
        /// First register of that pair.
        pending: u8,
    },
    /// Leave the scope.
    End {
        /// First of three registers.
        register: u8,
        /// Register of the scope's value.
        value: u8,
        /// Where the else block of a timeout begins, for
        /// [`Vm::resume_jump`](super::Vm::resume_jump).
        else_target: Option<u32>,
    },
    /// The handle of the program's scope is wanted; resume with it.
    Program,
    /// An async generator was made: its scope has to close it. Runs on.
    Adopt {
        /// The generator.
        generator: Value,
    },
    /// A fiber wants the next element of a generator that it has not run yet. Runs on if its task is
    /// in the generator's scope and that has been noted in the generator.
    Consume {
        /// The generator.
        generator: Value,
    },
}

/// An arm of a `select` whose guard allows it.
#[derive(Debug)]
pub struct SelectArm {
    /// Its number in the source.
    pub number: u32,
    /// What it waits for.
    pub operand: SelectOperand,
}

/// What an arm of a `select` waits for.
#[derive(Debug)]
pub enum SelectOperand {
    /// A task, a promise or another object.
    Value(Value),
    /// A native that waits, with its arguments.
    Native(NativeId, Args),
    /// Nothing: this value is its result.
    Ready(Value),
}
