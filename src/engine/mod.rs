//! Layer 8: the host API.
//!
//! - [`Engine`]: options, functions of the host, where modules come from. `Send + Sync`.
//! - [`Program`]: compiled modules with their sources. `Send + Sync`.
//! - [`Vm`]: heap, tasks, event loop. `Send`; it runs a program and can then be called into.
//!
//! - [`Console`]: a VM to which entries are submitted, one after the other; no terminal.
//!
//! `spine` is the way of a program from text to exit status, the place to begin reading. `graph`
//! follows imports with a [`Loader`]; `convert`, `host` and `future` let Rust closures be called
//! by scripts; `uncaught` and `report` tell the story of an error; `library` is what the loop asks
//! of this layer; `profile` gives names to where the time goes; `stdlib` has the standard modules that are written in
//! Kettle. Nothing here reads the command line or ends the process.

mod api;
mod arity;
mod call;
mod callback;
pub mod console;
mod context;
mod convert;
mod debug;
mod drive;
#[expect(clippy::module_inception, reason = "the engine is the first of the layer's three objects")]
mod engine;
mod error;
mod error_json;
mod foreign;
mod future;
mod graph;
mod handle;
mod host;
mod import;
mod library;
pub mod loader;
mod local;
mod module;
mod object;
mod option;
mod profile;
mod program;
mod remote;
mod report;
mod scope;
#[cfg(feature = "serde")]
mod serde;
mod signature;
mod spine;
mod stdlib;
mod swap;
mod task_report;
mod trace;
mod trial;
mod uncaught;
mod vm;
#[cfg(all(unix, feature = "driver"))]
mod watch;

pub use api::read_api;
pub use call::{CallFuture, Callee, LoadFuture, RunFuture, Task};
pub use callback::Callback;
pub use console::Console;
pub use context::{Access, Ctx};
pub use convert::{
    Arguments, AsyncParameter, Bytes, FromValue, Given, Incoming, IntoValue, Made, Maker,
    Parameter, Rest,
};
pub use debug::{StackFrame, TaskStack};
pub use drive::{Drive, Progress};
pub use engine::Engine;
pub use error::{CallFrame, Error, Place};
pub use foreign::ForeignError;
pub use future::AsyncFunction;
pub use handle::{Func, Items, List, Map, Value};
pub use host::{Function, Outcome};
pub use loader::{Directory, Files, Loader, Memory, ReadError};
pub use local::{LocalEngine, LocalModule, LocalVm};
pub use module::{FunctionBuilder, ModuleBuilder};
pub use object::{
    Begin, Borrowed, Busy, Call, CallWith, ClassBuilder, Computed, Exclusive, Methods, Object,
    Operator, OperatorCall, OperatorResult, Probe, Reply, Shared, Table, Unary, WithoutMethods,
    begin,
};
pub use option::{
    Capture, HeapReport, Input, Options, Output, Reader, SignalHook, StallHook, TracerHook,
};
pub use profile::{Profile, ProfileFrame, ProfileTask, Profiler};
pub use program::{CompileError, Findings, Program};
pub use remote::{Remote, RemoteCall, RemoteCallee, Worker};
pub use report::{Entered, Entry, Frame, Relation, Report};
pub use scope::{Lendable, Scope};
#[cfg(feature = "serde")]
pub use serde::{Serde, from_value, to_value};
pub use signature::{DefaultValue, Misfit, Param, Signature};
pub use stdlib::library_archive;
pub use trial::{Left, Terms, TrialEnd, TrialFailure};
pub use vm::Vm;

pub use crate::vm::heap::{HeapStats, Part, PartTime};

pub use crate::runtime::driver::{
    AuditEntry, AuditHook, ClockHook, JobSpan, Moment, Permissions, RandomHook, Refusal, Right,
    Signal,
};
pub use crate::runtime::timeline::Timeline;
pub use crate::runtime::{
    Examiner, Interrupter, Limits, OnLimit, Stall, Step, TaskReport, Tracer, Verdict,
};
pub use crate::vm::Limit;
pub use crate::vm::object::Local;
