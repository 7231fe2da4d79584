//! Methods and constants of `int` and `float`.

mod integer;
mod real;

pub use integer::{INTEGER, round_int};
pub use real::{REAL, float_to_int, round_float};
