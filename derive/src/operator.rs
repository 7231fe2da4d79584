//! Operators: which words mean which, and the functions that a type's table has for them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Error, Ident, LitStr, Result};

use crate::parameter::Parameter;

/// The operators of two operands, with the names of the library for them.
const BINARY: &[(&str, &str)] = &[
    ("+", "Add"),
    ("-", "Sub"),
    ("*", "Mul"),
    ("/", "Div"),
    ("//", "FloorDiv"),
    ("%", "Mod"),
    ("**", "Pow"),
    ("&", "BitAnd"),
    ("|", "BitOr"),
    ("^", "BitXor"),
    ("<<", "Shl"),
    (">>", "Shr"),
];

/// What the operators of an `impl` block come to.
#[derive(Default)]
pub struct Operators {
    binary: TokenStream,
    negate: Option<TokenStream>,
    equals: Option<TokenStream>,
    compare: Option<TokenStream>,
    /// How it prints.
    pub text: Option<TokenStream>,
    /// What it is as a key.
    pub key: Option<TokenStream>,
}

impl Operators {
    /// Adds the operator that a method is; of the right operand, if `is_right`.
    pub fn add(
        &mut self,
        (sign, is_right): (&LitStr, bool),
        method: &Ident,
        params: &[Parameter],
    ) -> Result<()> {
        let text = sign.value();
        match (text.as_str(), params) {
            ("==" | "<=>", _) | ("-", []) if is_right => {
                let text = format!("`{text}` means the same on both sides: leave out `right`");
                return Err(Error::new(sign.span(), text));
            }
            ("-", []) => {
                self.negate = Some(quote! {
                    if operator == ::kettle::engine::Unary::Neg {
                        return ::kettle::engine::OperatorResult::computed(Self::#method(this));
                    }
                });
            }
            ("==" | "<=>", [other]) if other.borrowed().is_some() => {
                let call =
                    quote!(|this, other| ::core::convert::Into::into(Self::#method(this, other)));
                let place = if text == "==" { &mut self.equals } else { &mut self.compare };
                *place = Some(call);
            }
            ("==" | "<=>", _) => {
                let text = format!(
                    "`{text}` compares with another one: `fn {method}(&self, other: &Self)`"
                );
                return Err(Error::new(method.span(), text));
            }
            (_, [other]) => {
                let Some((_, name)) = BINARY.iter().find(|(known, _)| *known == text) else {
                    let known: Vec<&str> = BINARY.iter().map(|(known, _)| *known).collect();
                    let text = format!("no such operator: {} == <=> []", known.join(" "));
                    return Err(Error::new(sign.span(), text));
                };
                let operator = format_ident!("{name}");
                let (attempt, of) = match (other.borrowed(), is_right) {
                    (Some((_, of)), false) => (quote!(try_binary_ref), of),
                    (Some((_, of)), true) => (quote!(try_right_ref), of),
                    (None, false) => (quote!(try_binary), other.of()),
                    (None, true) => (quote!(try_right), other.of()),
                };
                self.binary.extend(quote! {
                    if let Some(done) = call.#attempt::<Self, #of, _>(
                        ::kettle::engine::Operator::#operator,
                        |this, other| Self::#method(this, other),
                    ) {
                        return done;
                    }
                });
            }
            _ => {
                let text = "an operator is a method with one operand: `fn add(&self, other: &Self) -> Self`";
                return Err(Error::new(method.span(), text));
            }
        }
        Ok(())
    }

    /// The fields of the table that are not those of a type without operators.
    pub fn table(self) -> TokenStream {
        let Operators { binary, negate, equals, compare, text, key } = self;
        let mut table = TokenStream::new();
        if !binary.is_empty() {
            table.extend(quote! {
                binary: Some(|call| {
                    #binary
                    ::kettle::engine::Computed::undefined()
                }),
            });
        }
        if let Some(negate) = negate {
            table.extend(quote! {
                unary: Some(|this, operator| {
                    #negate
                    ::kettle::engine::Computed::undefined()
                }),
            });
        }
        let rest = [("equals", equals), ("compare", compare), ("text", text), ("key", key)];
        for (field, function) in rest {
            let field = format_ident!("{field}");
            table.extend(function.map(|function| quote!(#field: Some(#function),)));
        }
        table
    }
}
