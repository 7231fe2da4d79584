//! The macros of [Kettle](https://docs.rs/kettle) for types of a Rust host.
//!
//! A host uses them as `kettle::Object` and `kettle::methods`, where their documentation with examples
//! stands. Each is one function from tokens to tokens (`object`, `method`); what an attribute
//! `#[kettle(…)]` may say is in one table (`attribute`). All mistakes of one item are reported
//! together, each at the words that are wrong.

mod attribute;
mod method;
mod object;
mod operator;
mod parameter;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Makes a type one that scripts can hold; fields with `#[kettle(get)]` and `#[kettle(set)]` are seen
/// by them.
#[proc_macro_derive(Object, attributes(kettle))]
pub fn derive_object(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::DeriveInput);
    object::expand(&item).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Gives scripts the functions of an `impl` block: methods, static functions, a constructor,
/// operators, iteration.
#[proc_macro_attribute]
pub fn methods(args: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as syn::ItemImpl);
    method::expand(&args.into(), item).unwrap_or_else(|error| error.to_compile_error()).into()
}
