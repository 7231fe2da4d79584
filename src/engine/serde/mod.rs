//! The bridge to serde: Rust values that are described by it, made into values of Kettle and back.
//!
//! | serde | Kettle |
//! |---|---|
//! | unit, `None` | `null` |
//! | numbers, bool, char, str, bytes | int, float, bool, str, bytes |
//! | sequence, tuple | list; a set is read, too |
//! | map, struct | map; an instance of a class is read by its fields |
//! | unit variant | its name; others are a map `{Name: content}` |
//! | `std::time::Duration` | duration |
//!
//! Values can be nested 128 deep, in both directions; a ring is refused for that reason. Errors
//! say where: `shelves[2].count: invalid type: string "x", expected u32`.

mod fault;
mod read;
mod write;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::context::Access;
use super::convert::{FromValue, Given, IntoValue, Made, Maker};
use super::error::Error;
use super::handle::Value as Handle;

/// Values can be nested so deep: serde calls itself for each level.
const DEPTH_MAX: usize = 128;

/// A Rust value that crosses by serde: as an argument, a result, a parameter of a host function.
///
/// ```
/// use kettle::engine::{Engine, Serde, Vm};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Order {
///     item: String,
///     count: u32,
/// }
///
/// let mut engine = Engine::new();
/// engine.function("double", |Serde(order): Serde<Order>| {
///     Serde(Order { count: order.count * 2, ..order })
/// });
/// let text = "pub fn change(order) { let o = double(order); o.item = \"pot\"; o }";
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&engine.compile_text("order.ket", text)?)?;
/// let order = Order { item: "tea".to_owned(), count: 2 };
/// let Serde(changed) = vm.call_blocking::<Serde<Order>>("change", (Serde(order),))?;
/// assert_eq!((changed.item.as_str(), changed.count), ("pot", 4));
/// # Ok::<(), kettle::engine::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Serde<T>(pub T);

impl<T: Serialize> IntoValue for Serde<T> {
    fn into_value<'v>(self, maker: &mut Maker<'v>) -> Result<Made<'v>, String> {
        write::value(maker.heap(), &self.0).map(Made::of)
    }
}

impl<T: DeserializeOwned> FromValue for Serde<T> {
    fn expected() -> String {
        format!("what a `{}` can be read from", short_name::<T>())
    }

    fn type_name() -> String {
        short_name::<T>().to_owned()
    }

    fn from_value(value: Given<'_>) -> Option<Serde<T>> {
        read::value(value.heap(), value.raw()).ok().map(Serde)
    }

    fn fault(value: Given<'_>) -> Option<String> {
        read::value::<T>(value.heap(), value.raw()).err()
    }
}

/// Makes a value of a script of a Rust value that serde describes.
///
/// # Errors
/// When there is no such value: a number too large, more than the memory limit allows, or too deep.
pub fn to_value<T: Serialize>(cx: &mut impl Access, value: &T) -> Result<Handle, Error> {
    cx.value(Serde(value))
}

/// Reads a value of a script as a Rust type that serde describes.
///
/// # Errors
/// When it is not of the form; the message says where.
pub fn from_value<T: DeserializeOwned>(cx: &impl Access, value: &Handle) -> Result<T, Error> {
    let Serde(read) = value.get(cx)?;
    Ok(read)
}

/// The name of a type without the path to it.
fn short_name<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    let path = name.split('<').next().unwrap_or(name);
    path.rfind("::").map_or(name, |end| &name[end + 2..])
}
