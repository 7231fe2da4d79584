//! Tasks, scopes, cancellation and the loop, by programs that run in virtual time.

mod calls;
mod dice;
mod end;
mod example;
mod fair;
mod harness;
mod model;
mod newborn;
mod rule;
mod schedule;
mod soak;
mod storm;
mod switch;
mod wait;
