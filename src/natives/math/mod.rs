//! Module `math`: constants, functions of several numbers, statistics, bigints and decimals.
//!
//! What is a function of one number is a method of it: `x.sqrt()`, `x.sin()`, `n.sign()`.

mod counting;
mod decimal;
mod exact;
pub(in crate::natives) mod integer;
mod real;
mod statistic;

pub use counting::COUNTING;
pub use decimal::DECIMAL;
pub use integer::BIGINT;
pub use real::REAL;
pub use statistic::{Compensated, STATISTIC};
