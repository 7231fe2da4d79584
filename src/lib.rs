//! Kettle: a small scripting language whose runtime is an event loop.
//!
//! # For hosts
//!
//! [`engine`] is all that a host needs: an [`Engine`] knows options and the
//! functions that the host offers, a [`Program`] is what it compiles, a
//! [`Vm`] runs it and can be called into. `examples/embed/` has whole hosts.
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
//! exit status, and each file it leads to begins with "Step n of 6:". The layers in between are public
//! so that the project's tools and tests can use them one by one, and are not shown here: what they
//! offer may change, the API of [`engine`] is the one that is kept.

#[doc(hidden)]
pub mod bytecode;
#[cfg(feature = "cli")]
pub mod cli;
#[doc(hidden)]
pub mod compile;
pub mod diagnostics;
pub mod engine;
#[doc(hidden)]
pub mod natives;
#[doc(hidden)]
pub mod runtime;
#[doc(hidden)]
pub mod syntax;
pub mod tools;
#[doc(hidden)]
pub mod vm;

pub use engine::{
    Access, Bytes, Callback, Ctx, Engine, Error, FromValue, Func, IntoValue, Items, List, Local,
    LocalEngine, LocalVm, Map, Program, Remote, Rest, Task, Value, Vm, Worker,
};

/// Makes a Rust type one that scripts can hold.
///
/// Scripts see the fields with `#[kettle(get)]`, and can assign to those with `#[kettle(get, set)]`; the
/// field's doc comment is its documentation. `#[kettle(name = "…")]`, on the type or a field, is the
/// name that scripts use. What else the type does stands in an `impl` block with
/// [`methods`](macro@methods).
///
/// ```
/// use kettle::engine::{Engine, Shared, Vm};
///
/// /// A point of the map.
/// #[derive(kettle::Object)]
/// struct Point {
///     #[kettle(get, set)]
///     x: f64,
///     #[kettle(get)]
///     name: String,
///     visits: u32,
/// }
///
/// let mut engine = Engine::new();
/// engine.module("map", |m| {
///     m.object::<Point>();
///     m.function("home", || Point { x: 1.0, name: "home".to_owned(), visits: 0 });
/// })?;
/// let text = "import map\npub fn place() { let p = map.home(); p.x += 2; [p.name, \"${p.x}\"] }";
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&engine.compile_text("map.ket", text)?)?;
/// assert_eq!(vm.call_blocking::<Vec<String>>("place", ())?, ["home", "3.0"]);
/// # Ok::<(), kettle::engine::Error>(())
/// ```
///
/// A type of the host can be looked at from other threads, so it has to be `Send` and `Sync`:
///
/// ```compile_fail,E0277
/// #[derive(kettle::Object)]
/// struct Local {
///     shared: std::rc::Rc<u32>,
/// }
/// ```
#[cfg(feature = "derive")]
pub use {engine::Object, kettle_derive::Object};

/// Gives scripts the functions of an `impl` block.
///
/// - `fn f(&self, …)` and `fn f(&mut self, …)` are methods; `fn f(…)` is called on the type, `Type.f(…)`.
/// - `async fn f(this: Shared<Self>, …)` has to be awaited. It holds a handle and borrows the object
///   only inside [`with`](engine::Shared::with), so that other calls go on meanwhile. With
///   `this: Exclusive<Self>` calls wait for each other, in the order in which they came.
/// - Arguments are of the types that closures can have, and `&T` of a type of the host. `Option<T>`
///   and those with a default may be left out; all can be given by name.
/// - A function that takes a `&mut Ctx`, first or behind `self`, may call functions of the script; see
///   [`Ctx`].
/// - Doc comments are the documentation.
///
/// | attribute | meaning |
/// |---|---|
/// | `#[kettle(new)]` | called by `Type(…)` |
/// | `#[kettle(default(n = 10))]` | what stands for an argument that is not given |
/// | `#[kettle(get)]`, `#[kettle(set)]` | read, assigned to like a field; `set_x` sets `x` |
/// | `#[kettle(iter)]` | what `for` goes through: anything that is `IntoIterator` |
/// | `#[kettle(op("+"))]` | an operator: `+ - * / // % ** & \| ^ << >> == <=> []` |
/// | `#[kettle(op("*", right))]` | the same where the object is the right operand: `2 * v` |
/// | `#[kettle(text)]`, `#[kettle(hash)]` | how it prints; what makes it the same key as another one |
/// | `#[kettle(name = "…")]`, `#[kettle(skip)]` | another name; not for scripts |
///
/// ```
/// use kettle::engine::{Engine, Shared, Vm};
///
/// #[derive(kettle::Object)]
/// struct Bucket {
///     tokens: u32,
/// }
///
/// #[kettle::methods]
/// impl Bucket {
///     /// A bucket with so many tokens.
///     #[kettle(new, default(tokens = 10))]
///     fn new(tokens: u32) -> Bucket {
///         Bucket { tokens }
///     }
///
///     fn left(&self) -> u32 {
///         self.tokens
///     }
///
///     /// Takes a token as soon as there is one.
///     async fn take(this: Shared<Self>) -> Result<u32, String> {
///         let taken = this.with_mut(|bucket| {
///             bucket.tokens = bucket.tokens.checked_sub(1)?;
///             Some(bucket.tokens)
///         });
///         taken.map_err(|busy| busy.to_string())?.ok_or("the bucket is empty".to_owned())
///     }
/// }
///
/// let mut engine = Engine::new();
/// engine.globals(|m| {
///     m.object::<Bucket>();
/// })?;
/// let text = "pub async fn run() { let b = Bucket(); await b.take(); await b.take(); b.left() }";
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&engine.compile_text("bucket.ket", text)?)?;
/// assert_eq!(vm.call_blocking::<u32>("run", ())?, 8);
/// # Ok::<(), kettle::engine::Error>(())
/// ```
///
/// A borrow cannot live across an await:
///
/// ```compile_fail
/// #[derive(kettle::Object)]
/// struct Counter(u32);
///
/// #[kettle::methods]
/// impl Counter {
///     async fn add(&mut self) {
///         self.0 += 1;
///     }
/// }
/// ```
#[cfg(feature = "derive")]
pub use kettle_derive::methods;

/// Makes doctests of the Rust blocks in the guide for hosts.
#[cfg(doctest)]
#[doc = include_str!("../docs/embedding.md")]
struct Embedding;
