//! `#[derive(kettle::Object)]`: the name, the documentation and the fields of a type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Result};

use crate::attribute::{ON_FIELD, ON_TYPE, Options, combine, documentation};

/// The implementation of `Object`.
pub fn expand(item: &DeriveInput) -> Result<TokenStream> {
    if !item.generics.params.is_empty() {
        let text = "a type that scripts hold has no parameters: derive it for a type of its own, as \
                    `struct Names(List<String>)`";
        return Err(Error::new(item.generics.span(), text));
    }
    let ident = &item.ident;
    let name = Options::read(&item.attrs, ON_TYPE)?.name_or(ident)?;
    let doc = documentation(&item.attrs);
    let fields = fields(item)?;
    Ok(quote! {
        #[automatically_derived]
        impl ::kettle::engine::Object for #ident {
            const NAME: &'static str = #name;
            const DOC: &'static str = #doc;
            const TABLE: ::kettle::engine::Table<Self> = {
                #[expect(unused_imports, reason = "types with methods do not need it")]
                use ::kettle::engine::WithoutMethods as _;
                ::kettle::engine::Probe::<#ident>::FOUND
            };

            fn fields(class: &mut ::kettle::engine::ClassBuilder<Self>) {
                let _ = &class;
                #fields
            }
        }
    })
}

fn fields(item: &DeriveInput) -> Result<TokenStream> {
    let fields = match &item.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(_) => return Ok(TokenStream::new()),
        Data::Union(data) => {
            return Err(Error::new(data.union_token.span(), "scripts cannot hold a union"));
        }
    };
    let (mut code, mut errors) = (TokenStream::new(), None);
    for field in fields {
        match one_field(field, matches!(fields, Fields::Named(_))) {
            Ok(made) => code.extend(made),
            Err(error) => combine(&mut errors, error),
        }
    }
    errors.map_or(Ok(code), Err)
}

fn one_field(field: &Field, is_named: bool) -> Result<TokenStream> {
    let options = Options::read(&field.attrs, ON_FIELD)?;
    if !options.has("get") && !options.has("set") {
        return match options.name {
            Some(name) => Err(Error::new(
                name.span(),
                "say `get` or `set`, too: without one of them \
                                                       scripts do not see the field",
            )),
            None => Ok(TokenStream::new()),
        };
    }
    let Some(ident) = field.ident.as_ref().filter(|_| is_named) else {
        let text = "a field without a name cannot be seen by scripts: write a method with `#[kettle(get)]`";
        return Err(Error::new(field.span(), text));
    };
    if !options.has("get") {
        let text = "a field that can be set can be read, too: say `get, set`";
        return Err(Error::new(field.span(), text));
    }
    let (name, doc, of) = (options.name_or(ident)?, documentation(&field.attrs), &field.ty);
    let mut code = quote! {
        class.getter(#name, #doc, |call| {
            call.with_ref(|this: &Self, _| Ok(::core::clone::Clone::clone(&this.#ident)))
        });
    };
    if options.has("set") {
        code.extend(quote! {
            class.setter::<#of>(#name, |call| {
                call.with_mut(|this: &mut Self, input| {
                    this.#ident = input.take::<#of>(0)?;
                    Ok(())
                })
            });
        });
    }
    Ok(code)
}
