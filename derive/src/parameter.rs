//! The parameters of a function: how each reads its argument and is passed on.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, Pat, PatType, Result, Type};

use crate::attribute::Options;

/// A parameter of a function that scripts call.
pub struct Parameter {
    name: Ident,
    of: Type,
    passed: Passed,
    /// The variable that holds what was read.
    variable: Ident,
}

/// How the function gets its argument.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// As it was read.
    AsItIs,
    /// Read as a `String`, passed as `&str`.
    Text,
    /// Read as `Bytes`, passed as `&[u8]`.
    Bytes,
    /// A handle of an object of the host, passed as `&T`.
    Object,
}

impl Parameter {
    /// Reads the parameters behind the receiver. In an async function all that is read is owned.
    pub fn all<'a>(
        inputs: impl Iterator<Item = &'a FnArg>,
        is_async: bool,
    ) -> Result<Vec<Parameter>> {
        let typed = inputs.filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        });
        typed.enumerate().map(|(index, input)| Parameter::read(index, input, is_async)).collect()
    }

    fn read(index: usize, input: &PatType, is_async: bool) -> Result<Parameter> {
        let Pat::Ident(pattern) = &*input.pat else {
            let text = "a parameter needs a name, by which scripts can pass the argument";
            return Err(Error::new(input.pat.span(), text));
        };
        let passed = match &*input.ty {
            of if is_context(of) => {
                let text = match is_async {
                    true => "a function that waits cannot hold the context: take a `Callback`",
                    false => "the context comes first, behind `self`",
                };
                return Err(Error::new(input.ty.span(), text));
            }
            Type::Reference(reference) if reference.mutability.is_some() => {
                let text = "an argument of a script cannot be borrowed to be changed: take `Shared<T>` \
                            and use `with_mut`";
                return Err(Error::new(input.ty.span(), text));
            }
            Type::Reference(reference) => match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") && is_async => Passed::Text,
                Type::Slice(_) if is_async => Passed::Bytes,
                Type::Path(path) if path.path.is_ident("str") => Passed::AsItIs,
                Type::Slice(_) => Passed::AsItIs,
                Type::Path(_) if is_async => {
                    let text = "an async function cannot borrow an object across an await: take \
                                `Shared<T>`";
                    return Err(Error::new(input.ty.span(), text));
                }
                _ => Passed::Object,
            },
            Type::ImplTrait(_) => {
                let text = "the type of an argument has to be said, as the script has to fit it";
                return Err(Error::new(input.ty.span(), text));
            }
            _ => Passed::AsItIs,
        };
        let variable = format_ident!("argument_{index}", span = Span::mixed_site());
        let of = (*input.ty).clone();
        Ok(Parameter { name: pattern.ident.clone(), of, passed, variable })
    }

    /// The type that the argument is read as.
    fn read_as(&self) -> TokenStream {
        let of = &self.of;
        match (self.passed, of) {
            (Passed::Text, _) => quote!(::std::string::String),
            (Passed::Bytes, _) => quote!(::kettle::engine::Bytes),
            (Passed::Object, Type::Reference(reference)) => {
                let of = &reference.elem;
                quote!(::kettle::engine::Shared<#of>)
            }
            _ => quote!(#of),
        }
    }

    /// What scripts and documentation are told of it.
    pub fn description(&self, index: usize, options: &Options) -> TokenStream {
        let (of, name) = (self.read_as(), self.name.to_string());
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let default = options.defaults.iter().find(|(known, _)| *known == self.name);
        let default = default.map(|(_, value)| quote!(.or(#value)));
        quote!(::kettle::engine::Param::of::<#of>(#index).named(#name)#default)
    }

    /// Reads the argument into its variable.
    pub fn reading(&self, index: usize) -> TokenStream {
        let (of, variable) = (self.read_as(), &self.variable);
        quote!(let #variable = input.take::<#of>(#index)?;)
    }

    /// Reads the argument into its variable so that it borrows nothing of the VM.
    pub fn holding(&self, index: usize) -> TokenStream {
        let (of, variable) = (self.read_as(), &self.variable);
        quote!(let #variable = input.hold::<#of>(#index)?;)
    }

    /// Makes of what was held in its variable what the function gets.
    pub fn lending(&self) -> TokenStream {
        let (of, variable) = (self.read_as(), &self.variable);
        quote!(
            let mut #variable = #variable;
            let #variable = <#of as ::kettle::engine::Parameter>::lend(&mut #variable);
        )
    }

    /// The variable that holds what was read.
    pub fn variable(&self) -> &Ident {
        &self.variable
    }

    /// The argument as it is passed on.
    pub fn passing(&self) -> TokenStream {
        let variable = &self.variable;
        match self.passed {
            Passed::AsItIs | Passed::Object => quote!(#variable),
            Passed::Text => quote!(&#variable),
            Passed::Bytes => quote!(&#variable.0),
        }
    }

    /// Its variable and type, if it is an object that is borrowed for the call.
    pub fn borrowed(&self) -> Option<(&Ident, &Type)> {
        match (&self.of, self.passed) {
            (Type::Reference(reference), Passed::Object) => Some((&self.variable, &reference.elem)),
            _ => None,
        }
    }

    /// Its type.
    pub fn of(&self) -> &Type {
        &self.of
    }
}

/// Whether a type is `&mut Ctx`.
pub fn is_context(of: &Type) -> bool {
    let Type::Reference(reference) = of else { return false };
    let Type::Path(path) = &*reference.elem else { return false };
    reference.mutability.is_some() && path.path.segments.last().is_some_and(|it| it.ident == "Ctx")
}

/// An error if a default is given to a parameter that there is not.
pub fn check_defaults(params: &[Parameter], options: &Options) -> Result<()> {
    match options.defaults.iter().find(|(name, _)| params.iter().all(|it| it.name != *name)) {
        Some((name, _)) => Err(Error::new(name.span(), format!("there is no parameter `{name}`"))),
        None => Ok(()),
    }
}
