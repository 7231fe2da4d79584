//! What is known of a function of the host besides its closure: names, documentation, defaults.
//!
//! The types come from the closure; the names of the parameters, which Rust does not keep, the
//! defaults and the documentation come from a [`ModuleBuilder`](super::ModuleBuilder), or from what
//! the macros of `kettle-derive` read.

use std::fmt;
use std::sync::Arc;

use super::convert::{Incoming, IntoValue, Parameter, raw_of};
use crate::natives::describe::describe;
use crate::vm::display::display_short;
use crate::vm::heap::Heap;
use crate::vm::{Args, ErrorKind, Kind, NativeParam, ParamKind, Thrown, Value, Vm as Machine};

/// More of a default than this is not shown.
const DEFAULT_MAX: usize = 40;
/// What parameters are called to which nobody has given names.
const PLACES: [&str; PARAMS_MAX] = [
    "argument 1",
    "argument 2",
    "argument 3",
    "argument 4",
    "argument 5",
    "argument 6",
    "argument 7",
    "argument 8",
];

/// No function of a host has more parameters.
pub const PARAMS_MAX: usize = 8;

/// A function of the host as scripts and documentation know it.
#[derive(Clone, Default)]
pub struct Signature {
    /// `name`, `module.name`, or `Type.name` for a method.
    pub path: String,
    /// What it takes.
    pub params: Vec<Param>,
    /// What it does, for `kettle doc` and completion.
    pub doc: String,
    /// It has to be awaited.
    pub waits: bool,
    /// It is read like a field, without a call.
    pub is_property: bool,
    /// It has a receiver, which stands before its arguments.
    pub has_receiver: bool,
}

/// A parameter of a function of the host.
#[derive(Clone)]
pub struct Param {
    /// Its name; scripts can pass the argument by it.
    pub name: &'static str,
    /// Its type, for documentation.
    pub type_name: String,
    /// How the argument is passed.
    pub kind: ParamKind,
    /// What stands for an argument that is not given.
    pub default: Option<DefaultValue>,
}

/// What stands for an argument that is not given.
#[derive(Clone)]
pub struct DefaultValue {
    text: String,
    make: Arc<MakeValue>,
}

/// Makes a value of the script out of one of Rust.
type MakeValue = dyn Fn(&mut Heap) -> Result<Value, String> + Send + Sync;

impl DefaultValue {
    /// A value of Rust.
    pub fn new<T: IntoValue + Clone + Send + Sync + 'static>(value: T) -> DefaultValue {
        let make = move |heap: &mut Heap| raw_of(heap, value.clone());
        let mut heap = Heap::default();
        let text = match make(&mut heap) {
            Ok(value) if value.is(Kind::Str) => {
                format!("{:?}", heap.str(value).unwrap_or_default())
            }
            Ok(value) => display_short(&heap, value, DEFAULT_MAX),
            Err(_) => "…".to_owned(),
        };
        DefaultValue { text, make: Arc::new(make) }
    }
}

impl fmt::Display for DefaultValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl DefaultValue {
    /// A new value of it.
    pub(super) fn make(&self, heap: &mut Heap) -> Result<Value, String> {
        (self.make)(heap)
    }
}

impl Param {
    /// A parameter of a type, not yet named.
    pub fn of<P: Parameter>(index: usize) -> Param {
        let kind = match () {
            () if P::IS_REST => ParamKind::Rest,
            () if P::is_optional() => ParamKind::Optional,
            () => ParamKind::Required,
        };
        let name = PLACES[index.min(PARAMS_MAX - 1)];
        Param { name, type_name: P::type_name(), kind, default: None }
    }

    /// Gives it a name.
    pub fn named(self, name: &'static str) -> Param {
        Param { name, ..self }
    }

    /// Gives it a default.
    pub fn or<T: IntoValue + Clone + Send + Sync + 'static>(mut self, value: T) -> Param {
        self.set_default(DefaultValue::new(value));
        self
    }

    pub(super) fn set_default(&mut self, default: DefaultValue) {
        self.default = Some(default);
        self.kind = ParamKind::Optional;
    }

    fn is_named(&self) -> bool {
        !self.name.starts_with("argument ")
    }
}

impl Signature {
    /// What the VM is told of its parameters.
    pub(super) fn native_params(&self) -> Vec<NativeParam> {
        self.params.iter().map(|it| NativeParam { name: it.name, kind: it.kind }).collect()
    }

    /// How many values stand before the first argument.
    #[inline]
    fn first(&self) -> usize {
        usize::from(self.has_receiver)
    }

    /// Whether there are arguments that a default stands for.
    pub(super) fn has_defaults(&self) -> bool {
        self.params.iter().any(|param| param.default.is_some())
    }

    /// What stands for the arguments that a call does not give: nothing if it needs no default.
    pub(super) fn defaults(&self, vm: &mut Machine, args: Args) -> Result<Vec<Value>, Thrown> {
        let is_left_out = |(index, param): (usize, &Param)| {
            param.default.is_some() && vm.arg(args, self.first() + index).is_unset()
        };
        if !self.params.iter().enumerate().any(is_left_out) {
            return Ok(Vec::new());
        }
        let mut values = Vec::with_capacity(self.params.len());
        for param in &self.params {
            values.push(match &param.default {
                None => Value::unset(),
                Some(default) => match default.make(&mut vm.heap) {
                    Ok(value) => value,
                    Err(why) => return Err(vm.error(ErrorKind::ValueError, why)),
                },
            });
        }
        Ok(values)
    }

    /// The arguments of a call.
    #[inline]
    pub(super) fn input<'a>(
        &self,
        vm: &'a Machine,
        args: Args,
        defaults: &'a [Value],
    ) -> Incoming<'a> {
        Incoming::new(vm, args, self.first(), defaults)
    }

    /// The error of a call whose argument is not what the function expects.
    #[cold]
    pub(super) fn refuse(&self, vm: &mut Machine, misfit: Misfit) -> Thrown {
        let Misfit { index, place, expected, came, fault } = misfit;
        let name = match self.params.get(index) {
            Some(param) if param.is_named() && place == index => format!("`{}`", param.name),
            _ => format!("argument {}", place + 1),
        };
        let fault = fault.map_or(String::new(), |fault| format!(": {fault}"));
        let text = format!("{}: {name} must be {expected}, not {came}{fault}", self.path);
        vm.error(ErrorKind::TypeError, text)
    }
}

/// Where an argument did not fit.
pub struct Misfit {
    /// Which parameter.
    index: usize,
    /// Which argument.
    place: usize,
    /// What it has to be.
    expected: String,
    /// What came, in words: a value must not be kept here.
    came: String,
    /// What exactly is wrong with it.
    fault: Option<String>,
}

impl Misfit {
    /// Finds that the argument for parameter `index` is not what `P` expects.
    pub fn of<P: Parameter>(input: &Incoming<'_>, index: usize) -> Misfit {
        let (place, value) = P::misfit(input, index);
        let mut came = describe(input.machine(), value.raw());
        if matches!(value.raw().kind(), Kind::List | Kind::Map | Kind::Set | Kind::Bytes) {
            came.push_str(&format!(" ({})", value.shown()));
        }
        Misfit { index, place, expected: P::wanted(), came, fault: P::fault(input, index) }
    }
}

impl fmt::Display for Signature {
    /// As documentation shows it: `async host.fetch(url: str, tries: int = 3)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.waits {
            f.write_str("async ")?;
        }
        f.write_str(&self.path)?;
        if self.is_property {
            return Ok(());
        }
        f.write_str("(")?;
        for (index, param) in self.params.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            let name =
                if param.is_named() { param.name.to_owned() } else { format!("_{}", index + 1) };
            let rest = if param.kind == ParamKind::Rest { "..." } else { "" };
            write!(f, "{rest}{name}: {}", param.type_name)?;
            if let Some(default) = &param.default {
                write!(f, " = {default}")?;
            }
        }
        f.write_str(")")
    }
}
