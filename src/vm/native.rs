//! Functions written in Rust, as the VM knows them.
//!
//! The VM knows a native's name, its parameters, whether it waits, and for an inline one its body.
//! What a native that needs the loop does is known to the runtime alone: it is reached through
//! `Exit::Native`.

use std::borrow::Cow;
use std::sync::Arc;

use super::Vm;
use super::error::Thrown;
use super::exit::Args;
use super::heap::Heap;
use super::value::Value;

pub use super::object::NativeId;

/// A native that never waits and never needs the loop.
///
/// Returning what [`Vm::tail_call`] gave makes the callee's result the native's.
pub type InlineFn = fn(&mut Vm, Args) -> Result<Value, Thrown>;

/// The same with state of its own: a function of the host. It gives a value in two words, so an error is
/// what [`Vm::given`] has made of it.
pub type HostFn = Arc<dyn Fn(&mut Vm, Args) -> Value + Send + Sync>;

/// What a method with at most one argument does in the usual case, without what a call costs: it gets
/// the receiver and the argument, or the mark of none. `None` is for all other cases and has changed
/// nothing: the method itself is called then.
pub type Shortcut = fn(&mut Heap, Value, Value) -> Option<Value>;

/// What a native does.
#[derive(Clone)]
pub enum NativeBody {
    /// Called by the run loop.
    Inline(InlineFn),
    /// Called by the run loop, like an inline one.
    Host(HostFn),
    /// Leaves the run loop through `Exit::Native`. The loop knows one of the library by this number.
    Loop(u32),
}

impl std::fmt::Debug for NativeBody {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            NativeBody::Inline(_) => "inline",
            NativeBody::Host(_) => "host",
            NativeBody::Loop(_) => "loop",
        })
    }
}

/// What a parameter of a native takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// An argument that has to be given, by position.
    Required,
    /// One that may be left out, by position or by name.
    Optional,
    /// All other positional ones: a list, unless it is the only parameter.
    Rest,
    /// An option, by name only.
    Named,
}

/// A parameter of a native.
#[derive(Clone, Copy, Debug)]
pub struct NativeParam {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
}

/// The number of a native of the loop that is not one of the library.
pub const NOT_OF_LIBRARY: u32 = u32::MAX;

/// A function written in Rust.
///
/// Arguments arrive in the order of the parameters. A method has its receiver before them: it is
/// argument 0 and not among `params`. Missing arguments are `UNSET`. A rest parameter is one
/// argument that holds a list, unless it is the only parameter: then all arguments stand as they
/// were given. What the library declares is borrowed.
#[derive(Clone, Debug)]
pub struct Native {
    /// As errors and traces show it: `fs.read`, `list.push`, `print`.
    pub name: Cow<'static, str>,
    /// Its parameters, without a receiver.
    pub params: Cow<'static, [NativeParam]>,
    /// It has to be awaited.
    pub waits: bool,
    /// What it does.
    pub body: NativeBody,
}

impl Native {
    /// The one parameter is a rest parameter: arguments are passed as they stand.
    pub(super) fn takes_all(&self) -> bool {
        matches!(&*self.params, [only] if only.kind == ParamKind::Rest)
    }

    /// So many positional arguments can be passed as they stand.
    pub(super) fn is_exact(&self, given: usize) -> bool {
        if self.takes_all() {
            return true;
        }
        let plain =
            |param: &NativeParam| matches!(param.kind, ParamKind::Required | ParamKind::Optional);
        given <= self.params.len()
            && self.params[..given].iter().all(plain)
            && self.params[given..]
                .iter()
                .all(|param| matches!(param.kind, ParamKind::Optional | ParamKind::Named))
    }

    /// The most arguments that may stand by position, if there is a limit.
    pub(super) fn positional_max(&self) -> Option<usize> {
        if self.params.iter().any(|param| param.kind == ParamKind::Rest) {
            return None;
        }
        let positional = |param: &&NativeParam| param.kind != ParamKind::Named;
        Some(self.params.iter().filter(positional).count())
    }

    /// The fewest arguments that have to stand by position.
    pub(super) fn positional_min(&self) -> usize {
        let required = |param: &&NativeParam| param.kind == ParamKind::Required;
        self.params.iter().filter(required).count()
    }
}

impl Value {
    /// What a native gives that wants a function called in its place.
    pub const fn tail_call() -> Value {
        Value::mark(1)
    }

    /// Whether a native has asked for a tail call.
    #[inline(always)]
    pub const fn is_tail_call(self) -> bool {
        self.is_mark() && self.bits() == 1
    }
}

impl Vm {
    /// What a function of the host gives for a result.
    #[inline(always)]
    pub fn given(&mut self, result: Result<Value, Thrown>) -> Value {
        match result {
            Ok(value) => value,
            Err(thrown) => self.note_thrown(thrown),
        }
    }

    #[cold]
    fn note_thrown(&mut self, Thrown(error): Thrown) -> Value {
        self.thrown = error;
        Value::mark(2)
    }

    /// The result for what a function of the host has given: right after its call, before anything runs.
    #[inline(always)]
    pub(super) fn result_of(&mut self, given: Value) -> Result<Value, Thrown> {
        if given.is_mark() && given.bits() == 2 {
            return Err(Thrown(std::mem::take(&mut self.thrown)));
        }
        Ok(given)
    }

    /// Whether a call of a function has to be awaited.
    pub fn must_be_awaited(&self, function: Value) -> bool {
        let mut callee = function;
        // A bound method may hold another one; ten are more than anybody nests.
        for _ in 0..10 {
            let Some(bound) = self.heap.bound_ref(callee) else { break };
            callee = bound.callee;
        }
        if let Some(closure) = self.heap.closure_ref(callee) {
            return self.infos[closure.function() as usize].code().is_async;
        }
        self.heap.native_id(callee).is_some_and(|native| self.native(native).waits)
    }
}
