//! Types of the host that scripts can hold: fields, methods, operators, iteration.
//!
//! `#[derive(kettle::Object)]` implements [`Object`] and `#[kettle::methods]` implements
//! [`Methods`]; both fill a [`ClassBuilder`], which each VM is told of when it is made. An object lies
//! in a [`Shared`] handle of its own, so the host can keep a hand on what it has given away.

mod call;
mod class;
mod element;
mod held;
mod operator;
mod shared;

pub use call::{Begin, Borrowed, Call, CallWith, Reply, begin};
pub(in crate::engine) use class::install_iterator;
pub use class::{ClassBuilder, HostType};
pub use operator::{Computed, OperatorCall, OperatorResult};
pub use shared::{Busy, Exclusive, Shared};

pub use crate::vm::object::{Operator, Unary};

use std::cmp::Ordering;

/// A Rust type whose values scripts can hold; use `#[derive(kettle::Object)]`.
///
/// A value of such a type can be the argument of a call and the result of a function. As a parameter a
/// function takes `Shared<T>`, a handle of the same object.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no type that scripts can hold",
    note = "add `#[derive(kettle::Object)]` to it"
)]
pub trait Object: Sized + Send + Sync + 'static {
    /// What scripts call the type.
    const NAME: &'static str;
    /// What the type is for.
    const DOC: &'static str;
    /// What `#[kettle::methods]` has added.
    const TABLE: Table<Self>;

    /// Adds the fields that scripts can see.
    fn fields(class: &mut ClassBuilder<Self>) {
        let _ = class;
    }
}

/// The methods of a type; use `#[kettle::methods]`.
pub trait Methods: Object {
    /// The methods and what the type does besides.
    const METHODS: Table<Self>;
}

/// What a type does, besides having fields. What is `None` it does not do.
pub struct Table<T> {
    /// Adds methods, statics and the constructor.
    pub methods: fn(&mut ClassBuilder<T>),
    /// How it prints.
    pub text: Option<fn(&T) -> String>,
    /// Whether it equals another one.
    pub equals: Option<fn(&T, &T) -> bool>,
    /// What it is as a key of a map: equal values have equal texts.
    pub key: Option<fn(&T) -> String>,
    /// Where it stands relative to another one.
    pub compare: Option<fn(&T, &T) -> Option<Ordering>>,
    /// What operators of two operands give.
    pub binary: Option<fn(&OperatorCall<'_>) -> Computed>,
    /// What operators of one operand give.
    pub unary: Option<fn(&T, Unary) -> Computed>,
}

impl<T> Table<T> {
    /// Nothing.
    pub const NONE: Table<T> = Table {
        methods: |_| {},
        text: None,
        equals: None,
        key: None,
        compare: None,
        binary: None,
        unary: None,
    };

    /// It is compared or calculated with by what it holds.
    const fn is_value(&self) -> bool {
        self.equals.is_some()
            || self.compare.is_some()
            || self.binary.is_some()
            || self.unary.is_some()
    }
}

/// Finds out whether a type has methods: what the derive macro asks.
pub struct Probe<T>(std::marker::PhantomData<T>);

/// The answer for a type without `#[kettle::methods]`.
pub trait WithoutMethods<T: 'static> {
    /// Nothing.
    const FOUND: Table<T> = Table::NONE;
}

impl<T: 'static> WithoutMethods<T> for Probe<T> {}

impl<T: Methods> Probe<T> {
    /// What the macro has made.
    pub const FOUND: Table<T> = T::METHODS;
}
