//! Layer 7: the prelude, the methods of the core types, and the native modules.
//!
//! A native is declared once, in a [`natives!`](crate::natives!) table; [`declaration`] shows the
//! form. [`TABLES`] lists the tables. From them come the names the compiler knows ([`names`]),
//! registration in a VM ([`install`]), argument errors, documentation and the test that runs every
//! example. Methods that call back into scripts are written in Kettle (`stdlib/core.ket`) and
//! declared here with the word `core`.
//!
//! A native knows the VM and its own arguments. One that waits, or that needs the loop, is a
//! `loop` or `async` native and gets the runtime's `Cx`. No native runs script code: it returns,
//! or it hands over to a function with `vm.tail_call`.

pub mod world;
