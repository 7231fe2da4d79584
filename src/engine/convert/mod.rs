//! Rust values out of Kettle values and back: what host functions take and give.
//!
//! The conversions are strict, as the language is: no number out of a text, no int out of a float.
//! [`FromValue`] copies, so nothing that a host holds points into the heap; the exceptions are
//! parameters of type `&str` and `&[u8]`, which borrow for the length of the call ([`Parameter`]).
//! A type of the host that converts by itself sees values as [`Given`] and [`Made`], which are bound to
//! that one conversion.

mod collection;
mod given;
mod maker;
mod parameter;
mod scalar;

pub use given::Given;
pub(super) use maker::raw_of;
pub use maker::{Made, Maker};
pub use parameter::{AsyncParameter, Incoming, Parameter, Rest};

use crate::vm::Value;
use crate::vm::heap::Heap;

/// A Rust type that can be made out of a Kettle value. [`Given`] has an example.
pub trait FromValue: Sized {
    /// What a value has to be, for messages: "an int from 0 to 255".
    fn expected() -> String;

    /// Its type in the documentation of a function: "int".
    fn type_name() -> String {
        let expected = Self::expected();
        let noun = expected.strip_prefix("a ").or_else(|| expected.strip_prefix("an "));
        noun.unwrap_or(&expected).to_owned()
    }

    /// The Rust value, if the Kettle value fits.
    fn from_value(value: Given<'_>) -> Option<Self>;

    /// What exactly is wrong with a value that does not fit, if more can be said than that.
    fn fault(value: Given<'_>) -> Option<String> {
        let _ = value;
        None
    }

    /// What stands for an argument that was not given, if it may be left out.
    fn missing() -> Option<Self> {
        None
    }
}

/// A Rust type that can be made into a Kettle value. [`Maker`] has an example.
pub trait IntoValue {
    /// The Kettle value; an error is a message for the script.
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String>;
}

/// The arguments of a call into a script: a tuple, `(x,)` for one.
pub trait Arguments: inner::Arguments {}

impl<T: inner::Arguments> Arguments for T {}

/// What nobody outside can call, so that no address of a heap gets out.
pub(super) mod inner {
    use super::{Heap, Value};

    pub trait Arguments {
        /// The Kettle values, one after the other.
        type Values: AsRef<[Value]>;

        /// The Kettle values; an error is a message for the host.
        fn into_values(self, heap: &mut Heap) -> Result<Self::Values, String>;
    }
}

/// A byte string. (`Vec<u8>` is a list of ints.)
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

/// Refuses what would pass the memory limit.
fn room(heap: &Heap, bytes: usize) -> Result<(), String> {
    heap.reserve(bytes).map_err(|_| format!("{bytes} bytes would pass the memory limit"))
}
