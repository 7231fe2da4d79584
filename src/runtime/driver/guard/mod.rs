//! A driver under a policy: whatever a program wants of the world passes here, after paths and names
//! have become real files and addresses, and before anything is done.
//!
//! - `permission`: what a host grants, what a program needs; `place`: what a grant names;
//! - `policy`: the decision; `audit`: who is told of it;
//! - `walk`, `confined`: files on Linux, held while they are asked about; `checked`: files elsewhere;
//!   `tree`: what both do step by step;
//! - `world`: names, watchers and programs; `quota`: how much may be open;
//! - `driver`: where it all comes together.

mod audit;
mod checked;
#[cfg(all(target_os = "linux", feature = "driver"))]
mod confined;
mod driver;
mod hook;
mod permission;
mod place;
mod policy;
mod quota;
mod tree;
#[cfg(all(target_os = "linux", feature = "driver"))]
mod walk;
mod world;

pub use audit::{AuditEntry, AuditHook};
pub use driver::Guard;
pub use hook::{ClockHook, RandomHook};
pub use permission::{Need, Permissions, Refusal, Right};
pub use policy::{LAYERS_MAX, Policy};
pub use quota::{Quota, TooMany};
