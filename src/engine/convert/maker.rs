//! Values that are being made for a script: what [`IntoValue`] writes.

use std::marker::PhantomData;

use super::{IntoValue, room};
use crate::vm::Value;
use crate::vm::heap::Heap;

/// Makes values of a script for the length of one conversion: what a type of the host that implements
/// [`IntoValue`] makes its value with.
///
/// ```
/// use kettle::engine::{IntoValue, Made, Maker};
/// use kettle::{Engine, Vm};
///
/// struct Point(f64, f64);
///
/// impl IntoValue for Point {
///     fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
///         let (x, y) = (maker.make(self.0)?, maker.make(self.1)?);
///         let kind = maker.make("point")?;
///         maker.map([("kind", kind), ("x", x), ("y", y)])
///     }
/// }
///
/// let mut engine = Engine::new();
/// engine.function("home", || Point(1.0, 2.0));
/// let program = engine.compile_text("point.ket", "pub fn where() { \"${home()}\" }")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.load_blocking(&program)?;
/// assert_eq!(vm.call_blocking::<String>("where", ())?, "{kind: \"point\", x: 1.0, y: 2.0}");
/// # Ok::<(), kettle::Error>(())
/// ```
///
/// What it makes cannot be kept beyond that:
///
/// ```compile_fail
/// use std::sync::Mutex;
/// use kettle::engine::{IntoValue, Made, Maker};
///
/// static KEPT: Mutex<Vec<Made<'static>>> = Mutex::new(Vec::new());
/// struct Thief;
///
/// impl IntoValue for Thief {
///     fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
///         KEPT.lock().unwrap().push(maker.make("mine")?);
///         maker.make(())
///     }
/// }
/// ```
pub struct Maker<'v> {
    heap: &'v mut Heap,
    brand: Brand<'v>,
}

/// A value of a script that a [`Maker`] has made. It belongs to that one conversion.
#[derive(Clone, Copy)]
pub struct Made<'v> {
    value: Value,
    brand: Brand<'v>,
}

/// A lifetime that can be made neither longer nor shorter.
type Brand<'v> = PhantomData<fn(&'v ()) -> &'v ()>;

impl Made<'_> {
    #[inline]
    pub(in crate::engine) fn of<'v>(value: Value) -> Made<'v> {
        Made { value, brand: PhantomData }
    }
}

impl std::fmt::Debug for Made<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Made(…)")
    }
}

impl<'v> Maker<'v> {
    #[inline]
    pub(in crate::engine) fn heap(&mut self) -> &mut Heap {
        self.heap
    }

    /// The value that something is made into.
    ///
    /// # Errors
    /// A message for the script, when there is no such value or no room for it.
    pub fn make(&mut self, value: impl IntoValue) -> Result<Made<'v>, String> {
        value.into_value(self)
    }

    /// A list of values.
    ///
    /// # Errors
    /// When it would pass the memory limit.
    pub fn list(&mut self, items: impl IntoIterator<Item = Made<'v>>) -> Result<Made<'v>, String> {
        let items: Vec<Value> = items.into_iter().map(|made| made.value).collect();
        room(self.heap, items.len() * size_of::<Value>())?;
        Ok(Made::of(self.heap.list(items)))
    }

    /// A map whose keys are names.
    ///
    /// # Errors
    /// When it would pass the memory limit.
    pub fn map<'k>(
        &mut self,
        entries: impl IntoIterator<Item = (&'k str, Made<'v>)>,
    ) -> Result<Made<'v>, String> {
        let map = self.heap.map(Default::default());
        for (name, Made { value, .. }) in entries {
            room(self.heap, 2 * size_of::<Value>() + name.len())?;
            let key = self.heap.intern(name);
            let inserted = self.heap.map_insert(map, key, value);
            inserted.map_err(|_| "the key cannot be hashed".to_owned())?;
        }
        Ok(Made::of(map))
    }
}

/// The value that something is made into, for the engine itself: nothing collects until it has put that
/// where it is found.
#[inline]
pub(in crate::engine) fn raw_of(heap: &mut Heap, value: impl IntoValue) -> Result<Value, String> {
    let mut maker = Maker { heap, brand: PhantomData };
    value.into_value(&mut maker).map(|made| made.value)
}
