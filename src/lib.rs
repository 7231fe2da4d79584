//! Kettle: a small scripting language whose runtime is an event loop.
//!
//! # For hosts
//!
//! [`engine`] is all that a host needs: an [`Engine`](engine::Engine) knows options and the
//! functions that the host offers, a [`Program`](engine::Program) is what it compiles, a
//! [`Vm`](engine::Vm) runs it and can be called into. `examples/embed/` has whole hosts.
//!
//! ```
//! use kettle::engine::{Engine, Vm};
//!
//! let mut engine = Engine::new();
//! engine.function("shout", |text: &str| text.to_uppercase());
//! let program = engine.compile_text("hello.ket", "pub fn greet(who) { shout(\"hello ${who}\") }")?;
//! let mut vm = Vm::new(&engine)?;
//! vm.run_blocking(&program)?;
//! assert_eq!(vm.call_blocking::<String>("greet", ("you",))?, "HELLO YOU");
//! # Ok::<(), kettle::engine::Error>(())
//! ```
//!
//! # For those who read the source
//!
//! Ten layers, each a module that uses only those below it, from [`diagnostics`] (1) to `cli`
//! (10). Begin with `engine/spine.rs`: its one function is the way of every program from text to
//! exit status, and each file it leads to begins with "Step n of 6:". The layers are public so that
//! tools and tests can use them one by one; what they offer may change, the API of [`engine`] is
//! the one that is kept.

pub mod bytecode;
#[cfg(feature = "cli")]
pub mod cli;
pub mod compile;
pub mod diagnostics;
pub mod engine;
pub mod natives;
pub mod runtime;
pub mod syntax;
pub mod tools;
pub mod vm;

pub use engine::{
    Access, Bytes, Ctx, Engine, Error, FromValue, Func, IntoValue, Items, List, Map, Program, Rest,
    Value, Vm,
};

/// Makes doctests of the Rust blocks in the guide for hosts.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
