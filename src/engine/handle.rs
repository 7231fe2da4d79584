//! Handles: values of a script that a host keeps.
//!
//! A handle keeps its value alive. It is `Clone`, `Send` and `Sync` and can be dropped on any thread, also
//! when its VM is gone. It names the value by VM, slot and generation, never by address, so using it
//! with another VM is an error and nothing worse.

use std::fmt;
use std::sync::Arc;

use super::call::unfit;
use super::context::Access;
use super::convert::{Arguments, FromValue, Given, IntoValue, Made, Maker, raw_of};
use super::error::Error;
use crate::vm::display::display;
use crate::vm::heap::{Heap, Root};
use crate::vm::{Elements, Kind, Value as Raw};

/// Any value of a script.
///
/// ```
/// use kettle::{Access, Engine, Value, Vm};
///
/// let engine = Engine::new();
/// let program = engine.compile_text("tea.ket", "pub let tea = {name: \"green\", cups: [1, 2]}")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&program)?;
/// let tea: Value = vm.global("tea")?;
/// assert_eq!(tea.display(&vm)?, "{name: \"green\", cups: [1, 2]}");
/// let other = vm.value(vec![tea.clone(), tea])?;
/// assert_eq!(other.iter(&mut vm)?.count(), 2);
/// # Ok::<(), kettle::Error>(())
/// ```
#[derive(Clone)]
pub struct Value(Held);

#[derive(Clone)]
enum Held {
    /// Null, a bool, a number or a duration: the same in every VM.
    Plain(Raw),
    /// An object of one VM.
    Object(Arc<Root>),
}

impl Value {
    /// `null`.
    pub fn null() -> Value {
        Value(Held::Plain(Raw::null()))
    }

    pub(super) fn hold(heap: &Heap, value: Raw) -> Value {
        // The kinds from strings on are objects.
        if value.kind() < Kind::Str {
            return Value(Held::Plain(value));
        }
        Value(Held::Object(Arc::new(heap.root(value))))
    }

    /// The value itself, for as long as nothing collects.
    #[inline]
    pub(super) fn raw(&self, heap: &Heap) -> Result<Raw, Error> {
        match &self.0 {
            Held::Plain(value) => Ok(*value),
            Held::Object(root) => heap
                .rooted(root)
                .ok_or_else(|| Error::Call("this value belongs to another VM".to_owned())),
        }
    }

    /// It as a Rust value.
    ///
    /// # Errors
    /// When it is of another type, or of another VM.
    pub fn get<T: FromValue>(&self, cx: &impl Access) -> Result<T, Error> {
        let heap = &cx.machine().heap;
        let raw = self.raw(heap)?;
        let given = Given::new(heap, raw);
        T::from_value(given).ok_or_else(|| {
            let fault = T::fault(given).map_or(String::new(), |fault| format!(": {fault}"));
            Error::Call(format!("{} is not {}{fault}", given.shown(), T::expected()))
        })
    }

    /// The text that `str(x)` gives, without asking a class for its own.
    ///
    /// # Errors
    /// When it belongs to another VM, or would take more memory than there may be.
    pub fn display(&self, cx: &impl Access) -> Result<String, Error> {
        let heap = &cx.machine().heap;
        display(heap, self.raw(heap)?).map_err(|error| Error::Call(error.to_string()))
    }

    /// What `type(x)` prints: `int`, `list`, or the name of its class.
    pub fn type_name(&self, cx: &impl Access) -> Result<String, Error> {
        let vm = cx.machine();
        Ok(vm.type_name(self.raw(&vm.heap)?))
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.0, Held::Plain(value) if value.is_null())
    }

    /// What a `for` loop over it gives: the elements of a list, the pairs of a map, … All of them are
    /// taken now, so the loop may change what it is taken from.
    ///
    /// # Errors
    /// When it cannot be iterated over, or that throws.
    pub fn iter(&self, cx: &mut impl Access) -> Result<Items, Error> {
        let mut raw = self.raw(&cx.machine().heap)?;
        let mut asked = false;
        loop {
            let vm = cx.machine_mut();
            let elements = vm.elements(raw);
            match elements {
                Ok(Elements::Known(items)) => {
                    let held: Vec<_> =
                        items.iter().map(|&item| Value::hold(&vm.heap, item)).collect();
                    return Ok(Items(held.into_iter()));
                }
                Ok(Elements::AskScript) if !asked => {
                    asked = true;
                    let list = vm.prelude("list").ok_or_else(|| not_iterable(vm.type_name(raw)))?;
                    raw = cx.call_raw(list, &[raw])?;
                }
                Ok(_) => return Err(not_iterable(vm.type_name(raw))),
                Err(error) => return Err(Error::Call(vm.error_message(error.0))),
            }
        }
    }
}

fn not_iterable(name: String) -> Error {
    Error::Call(format!("a value of type {name} cannot be iterated over"))
}

impl fmt::Debug for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Held::Plain(value) => write!(out, "Value({value:?})"),
            Held::Object(_) => out.write_str("Value(object)"),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value(Held::Plain(Raw::int(number)))
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value(Held::Plain(Raw::float(number)))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value(Held::Plain(Raw::bool(truth)))
    }
}

impl FromValue for Value {
    fn expected() -> String {
        "any value".to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<Value> {
        Some(value.hold())
    }
}

impl IntoValue for Value {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        self.raw(maker.heap()).map(Made::of).map_err(|error| error.to_string())
    }
}

impl IntoValue for &Value {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        self.raw(maker.heap()).map(Made::of).map_err(|error| error.to_string())
    }
}

/// The elements of a value; see [`Value::iter`].
#[derive(Debug)]
pub struct Items(std::vec::IntoIter<Value>);

impl Iterator for Items {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Items {}

macro_rules! typed {
    ($( $(#[$doc:meta])* $name:ident, $expected:literal, $kinds:pat, )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(Value);

        impl $name {
            /// It as a value of any type.
            pub fn as_value(&self) -> &Value {
                &self.0
            }
        }

        impl From<$name> for Value {
            fn from(typed: $name) -> Value {
                typed.0
            }
        }

        impl FromValue for $name {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn from_value(value: Given<'_>) -> Option<$name> {
                matches!(value.raw().kind(), $kinds).then(|| $name(value.hold()))
            }
        }

        impl IntoValue for $name {
            fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
                self.0.into_value(maker)
            }
        }

        impl IntoValue for &$name {
            fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
                (&self.0).into_value(maker)
            }
        }
    )+};
}

typed! {
    /// A function of a script: anything that it can call.
    Func, "a function", Kind::Closure | Kind::Native | Kind::Bound | Kind::Class | Kind::Type,
    /// A list of a script, the list itself and no copy.
    List, "a list", Kind::List,
    /// A map of a script, the map itself and no copy.
    Map, "a map", Kind::Map,
}

impl Func {
    /// A value that is known to be a function.
    pub(super) fn of(value: Value) -> Func {
        Func(value)
    }

    /// Calls it and runs it to its end.
    ///
    /// With a [`Ctx`](super::Ctx) nothing else of the script goes on meanwhile, so it cannot wait: a
    /// function that has to be awaited is an error that says what to do. With a [`Vm`](super::Vm) it may.
    ///
    /// # Errors
    /// When it throws, when an argument or the result does not fit, or when its task is cancelled.
    /// A function of the host that returns the error throws it on as it is.
    pub fn call<R: FromValue>(
        &self,
        cx: &mut impl Access,
        args: impl Arguments,
    ) -> Result<R, Error> {
        let heap = &mut cx.machine_mut().heap;
        let args = args.into_values(heap).map_err(Error::Call)?;
        let callee = self.0.raw(heap)?;
        let result = cx.call_raw(callee, args.as_ref())?;
        let vm = cx.machine();
        R::from_value(Given::new(&vm.heap, result))
            .ok_or_else(|| unfit::<R>(vm, Some(callee), result))
    }
}

impl List {
    /// An empty one.
    pub fn new(cx: &mut impl Access) -> List {
        let heap = &mut cx.machine_mut().heap;
        let list = heap.list(Vec::new());
        List(Value::hold(heap, list))
    }

    /// How many elements it has.
    pub fn len(&self, cx: &impl Access) -> Result<usize, Error> {
        let heap = &cx.machine().heap;
        Ok(heap.list_ref(self.0.raw(heap)?).map_or(0, |list| list.items.len()))
    }

    /// Whether it has none.
    pub fn is_empty(&self, cx: &impl Access) -> Result<bool, Error> {
        Ok(self.len(cx)? == 0)
    }

    /// The element at an index; none past the end.
    pub fn get(&self, cx: &impl Access, index: usize) -> Result<Option<Value>, Error> {
        let heap = &cx.machine().heap;
        let list = heap.list_ref(self.0.raw(heap)?);
        Ok(list.and_then(|list| list.items.get(index)).map(|&item| Value::hold(heap, item)))
    }

    /// Appends an element.
    pub fn push(&self, cx: &mut impl Access, item: impl IntoValue) -> Result<(), Error> {
        let heap = &mut cx.machine_mut().heap;
        let list = self.0.raw(heap)?;
        let item = raw_of(heap, item).map_err(Error::Call)?;
        if heap.list_push(list, item) {
            return Ok(());
        }
        Err(Error::Call("the list is being changed already, or memory has ended".to_owned()))
    }

    /// Its elements, as they are now.
    pub fn iter(&self, cx: &mut impl Access) -> Result<Items, Error> {
        self.0.iter(cx)
    }
}

impl Map {
    /// An empty one.
    pub fn new(cx: &mut impl Access) -> Map {
        let heap = &mut cx.machine_mut().heap;
        let map = heap.map(Default::default());
        Map(Value::hold(heap, map))
    }

    /// How many entries it has.
    pub fn len(&self, cx: &impl Access) -> Result<usize, Error> {
        let heap = &cx.machine().heap;
        Ok(heap.map_ref(self.0.raw(heap)?).map_or(0, |map| map.len()))
    }

    /// Whether it has none.
    pub fn is_empty(&self, cx: &impl Access) -> Result<bool, Error> {
        Ok(self.len(cx)? == 0)
    }

    /// The value of a key that is a str.
    pub fn get(&self, cx: &impl Access, key: &str) -> Result<Option<Value>, Error> {
        let heap = &cx.machine().heap;
        let Some(map) = heap.map_ref(self.0.raw(heap)?) else { return Ok(None) };
        let mut entries = map.iter();
        let found = entries.find(|(known, _)| heap.str(*known) == Some(key));
        Ok(found.map(|(_, value)| Value::hold(heap, value)))
    }

    /// Sets the value of a key.
    pub fn insert(
        &self,
        cx: &mut impl Access,
        key: impl IntoValue,
        value: impl IntoValue,
    ) -> Result<(), Error> {
        let heap = &mut cx.machine_mut().heap;
        let map = self.0.raw(heap)?;
        let key = raw_of(heap, key).map_err(Error::Call)?;
        let value = raw_of(heap, value).map_err(Error::Call)?;
        let inserted = heap.map_insert(map, key, value);
        inserted.map(|_| ()).map_err(|_| Error::Call("the key cannot be hashed".to_owned()))
    }

    /// Its entries, as they are now, in the order in which they were made.
    pub fn entries(&self, cx: &impl Access) -> Result<Vec<(Value, Value)>, Error> {
        let heap = &cx.machine().heap;
        let Some(map) = heap.map_ref(self.0.raw(heap)?) else { return Ok(Vec::new()) };
        let hold = |value| Value::hold(heap, value);
        Ok(map.iter().map(|(key, value)| (hold(key), hold(value))).collect())
    }
}
