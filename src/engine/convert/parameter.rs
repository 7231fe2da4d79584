//! What a function of the host can have as a parameter, and how it reads the arguments of a call.

use std::ops::{Deref, DerefMut};

use super::{FromValue, Given};
use crate::engine::remote::{Line, Remote};
use crate::vm::{Args, Kind, Value, Vm as Machine};

/// The arguments of one call of a function or method of the host.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    vm: &'a Machine,
    /// All that was given.
    values: &'a [Value],
    /// How many stand before the first parameter: the receiver of a method.
    first: usize,
    /// What stands for arguments that were not given.
    defaults: &'a [Value],
    /// A way back to the VM, for a function that waits.
    line: Option<&'a Line>,
}

impl<'a> Incoming<'a> {
    /// The arguments of a call, without the receiver if there is one.
    #[inline]
    pub(in crate::engine) fn new(
        vm: &'a Machine,
        args: Args,
        first: usize,
        defaults: &'a [Value],
    ) -> Incoming<'a> {
        Incoming { vm, values: vm.args(args), first, defaults, line: None }
    }

    /// The same for a function that waits.
    pub(in crate::engine) fn with_line(self, line: Option<&'a Line>) -> Incoming<'a> {
        Incoming { line, ..self }
    }

    /// Calls functions of the VM, for a function that waits.
    pub(in crate::engine) fn remote(&self) -> Option<Remote> {
        self.line?.remote()
    }

    pub(in crate::engine) fn machine(&self) -> &'a Machine {
        self.vm
    }

    /// The argument of a number; the mark of none if it was not given and has no default.
    #[inline]
    pub(super) fn value(&self, index: usize) -> Given<'a> {
        let value = self.values.get(self.first + index).copied().unwrap_or(Value::unset());
        let value = match self.defaults.get(index) {
            Some(default) if value.is_unset() => *default,
            _ => value,
        };
        Given::new(&self.vm.heap, value)
    }

    /// All arguments from a number on. The VM hands them over as a list, unless they are all there
    /// are: then they stand as they were given.
    fn rest(&self, index: usize) -> impl Iterator<Item = Given<'a>> + use<'a> {
        let heap = &self.vm.heap;
        let values: &'a [Value] = match index {
            0 => self.values.get(self.first..).unwrap_or_default(),
            _ => heap.list_ref(self.value(index).raw()).map_or(&[], |list| &list.items),
        };
        values.iter().map(|&value| Given::new(heap, value))
    }
}

/// A type that a function of the host can have as a parameter: what [`FromValue`] makes, `&str`,
/// `&[u8]` and [`Rest`].
pub trait Parameter {
    /// What the function gets.
    type Given<'a>;
    /// It takes all arguments that are left.
    const IS_REST: bool = false;

    /// What the argument has to be, for messages.
    fn wanted() -> String;

    /// Its type in the documentation of the function.
    fn type_name() -> String;

    /// What the function gets for the argument of that number, if it fits.
    fn take<'a>(input: &Incoming<'a>, index: usize) -> Option<Self::Given<'a>>;

    /// What exactly is wrong with an argument that does not fit, if more can be said than that.
    fn fault(input: &Incoming<'_>, index: usize) -> Option<String> {
        let _ = (input, index);
        None
    }

    /// The value that did not fit, with its place among the arguments.
    fn misfit<'a>(input: &Incoming<'a>, index: usize) -> (usize, Given<'a>) {
        (index, input.value(index))
    }

    /// What is kept of the argument while the function may call back into the script.
    type Held;

    /// The same as [`take`](Parameter::take), without a borrow of the VM.
    fn hold(input: &Incoming<'_>, index: usize) -> Option<Self::Held>;

    /// What the function gets of what is held. It is asked for once.
    fn lend(held: &mut Self::Held) -> Self::Given<'_>;

    /// Whether the argument may be left out.
    fn is_optional() -> bool {
        false
    }
}

impl<T: FromValue> Parameter for T {
    type Given<'a> = T;

    fn wanted() -> String {
        T::expected()
    }

    fn type_name() -> String {
        <T as FromValue>::type_name()
    }

    #[inline]
    fn take(input: &Incoming<'_>, index: usize) -> Option<T> {
        let value = input.value(index);
        if value.raw().is_unset() { T::missing() } else { T::from_value(value) }
    }

    type Held = Option<T>;

    fn hold(input: &Incoming<'_>, index: usize) -> Option<Option<T>> {
        <T as Parameter>::take(input, index).map(Some)
    }

    fn lend(held: &mut Option<T>) -> T {
        held.take().expect("an argument is lent once")
    }

    fn fault(input: &Incoming<'_>, index: usize) -> Option<String> {
        T::fault(input.value(index))
    }

    fn is_optional() -> bool {
        T::missing().is_some()
    }
}

/// A type that a function of the host that waits can have as a parameter: what [`FromValue`] makes, and
/// [`Callback`](crate::engine::Callback). Nothing is borrowed across an await.
pub trait AsyncParameter: Parameter + Sized + Send + 'static {
    /// What the function gets for the argument of that number, if it fits.
    fn take_owned(input: &Incoming<'_>, index: usize) -> Option<Self>;
}

impl<T: FromValue + Send + 'static> AsyncParameter for T {
    fn take_owned(input: &Incoming<'_>, index: usize) -> Option<T> {
        <T as Parameter>::take(input, index)
    }
}

impl Parameter for &str {
    type Given<'a> = &'a str;

    fn wanted() -> String {
        "a str".to_owned()
    }

    fn type_name() -> String {
        "str".to_owned()
    }

    fn take<'a>(input: &Incoming<'a>, index: usize) -> Option<&'a str> {
        input.value(index).as_str()
    }

    type Held = String;

    fn hold(input: &Incoming<'_>, index: usize) -> Option<String> {
        Self::take(input, index).map(str::to_owned)
    }

    fn lend(held: &mut String) -> &str {
        held
    }
}

impl Parameter for &[u8] {
    type Given<'a> = &'a [u8];

    fn wanted() -> String {
        "bytes".to_owned()
    }

    fn type_name() -> String {
        "bytes".to_owned()
    }

    fn take<'a>(input: &Incoming<'a>, index: usize) -> Option<&'a [u8]> {
        let value = input.value(index).raw();
        match value.kind() {
            Kind::Buffer => input.vm.heap.buffer_ref(value).map(Vec::as_slice),
            _ => input.vm.heap.bytes_ref(value),
        }
    }

    type Held = Vec<u8>;

    fn hold(input: &Incoming<'_>, index: usize) -> Option<Vec<u8>> {
        Self::take(input, index).map(<[u8]>::to_vec)
    }

    fn lend(held: &mut Vec<u8>) -> &[u8] {
        held
    }
}

/// All arguments from this place on. Only the last parameter can be one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest<T>(pub Vec<T>);

impl<T: FromValue> Parameter for Rest<T> {
    type Given<'a> = Rest<T>;
    const IS_REST: bool = true;

    fn wanted() -> String {
        T::expected()
    }

    fn type_name() -> String {
        T::type_name()
    }

    fn take(input: &Incoming<'_>, index: usize) -> Option<Rest<T>> {
        input.rest(index).map(T::from_value).collect::<Option<_>>().map(Rest)
    }

    type Held = Option<Rest<T>>;

    fn hold(input: &Incoming<'_>, index: usize) -> Option<Option<Rest<T>>> {
        Self::take(input, index).map(Some)
    }

    fn lend(held: &mut Option<Rest<T>>) -> Rest<T> {
        held.take().expect("an argument is lent once")
    }

    fn misfit<'a>(input: &Incoming<'a>, index: usize) -> (usize, Given<'a>) {
        let mut values = input.rest(index).enumerate();
        let misfit = values.find(|(_, value)| T::from_value(*value).is_none());
        let (place, value) = misfit.unwrap_or((0, input.value(index)));
        (index + place, value)
    }

    fn is_optional() -> bool {
        true
    }
}

impl<T: FromValue + Send + 'static> AsyncParameter for Rest<T> {
    fn take_owned(input: &Incoming<'_>, index: usize) -> Option<Rest<T>> {
        <Rest<T> as Parameter>::take(input, index)
    }
}

impl<T> Deref for Rest<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Rest<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> IntoIterator for Rest<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
