//! A value of a script while it is being converted: what [`FromValue`] reads.

use super::FromValue;
use crate::engine::handle::Value as Handle;
use crate::vm::Value;
use crate::vm::display::display_short;
use crate::vm::heap::Heap;

/// More of a value than this is not quoted in a message.
const QUOTED_MAX: usize = 60;

/// A value of a script, for the length of one conversion: what a type of the host that implements
/// [`FromValue`] is made of.
///
/// It cannot be kept beyond that, as the collector may come by later; [`hold`](Given::hold) gives a
/// handle that can.
///
/// ```
/// use kettle::engine::{FromValue, Given};
/// use kettle::{Engine, Vm};
///
/// struct Point(f64, f64);
///
/// impl FromValue for Point {
///     fn expected() -> String {
///         "a point, [x, y]".to_owned()
///     }
///
///     fn from_value(value: Given<'_>) -> Option<Point> {
///         let (x, y) = value.get()?;
///         Some(Point(x, y))
///     }
/// }
///
/// let mut engine = Engine::new();
/// engine.function("length", |p: Point| p.0.hypot(p.1));
/// let program = engine.compile_text("point.ket", "pub fn five() { length([3, 4]) }")?;
/// let mut vm = Vm::new(&engine)?;
/// vm.load_blocking(&program)?;
/// assert_eq!(vm.call_blocking::<f64>("five", ())?, 5.0);
/// # Ok::<(), kettle::Error>(())
/// ```
///
/// ```compile_fail,E0521
/// use std::sync::Mutex;
/// use kettle::engine::{FromValue, Given};
///
/// static KEPT: Mutex<Vec<Given<'static>>> = Mutex::new(Vec::new());
/// struct Thief;
///
/// impl FromValue for Thief {
///     fn expected() -> String {
///         "anything".to_owned()
///     }
///
///     fn from_value(value: Given<'_>) -> Option<Thief> {
///         KEPT.lock().unwrap().push(value);
///         Some(Thief)
///     }
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Given<'v> {
    heap: &'v Heap,
    value: Value,
}

impl<'v> Given<'v> {
    #[inline]
    pub(in crate::engine) fn new(heap: &'v Heap, value: Value) -> Given<'v> {
        Given { heap, value }
    }

    #[inline]
    pub(in crate::engine) fn heap(self) -> &'v Heap {
        self.heap
    }

    #[inline]
    pub(in crate::engine) fn raw(self) -> Value {
        self.value
    }

    /// Another value of the same heap.
    #[inline]
    pub(in crate::engine) fn other(self, value: Value) -> Given<'v> {
        Given { value, ..self }
    }

    /// It as a Rust value, if it fits.
    pub fn get<T: FromValue>(self) -> Option<T> {
        T::from_value(self)
    }

    /// A handle of it, which can be kept.
    pub fn hold(self) -> Handle {
        Handle::hold(self.heap, self.value)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.value.is_null()
    }

    /// The text, if it is a str.
    pub fn as_str(self) -> Option<&'v str> {
        self.heap.str(self.value)
    }

    /// The elements, if it is a list.
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Given<'v>>> {
        let list = self.heap.list_ref(self.value)?;
        Some(list.items.iter().map(move |&item| self.other(item)))
    }

    /// Keys and values, if it is a map.
    pub fn entries(self) -> Option<impl Iterator<Item = (Given<'v>, Given<'v>)>> {
        let map = self.heap.map_ref(self.value)?;
        Some(map.iter().map(move |(key, value)| (self.other(key), self.other(value))))
    }

    /// What stands in a map behind a key that is a str.
    pub fn field(self, name: &str) -> Option<Given<'v>> {
        let mut entries = self.entries()?;
        entries.find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    }

    /// The beginning of what `str(x)` gives, for a message.
    pub fn shown(self) -> String {
        display_short(self.heap, self.value, QUOTED_MAX)
    }
}

impl std::fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Given({})", self.shown())
    }
}
