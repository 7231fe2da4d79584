//! `#[kettle::methods]`: the functions of an `impl` block as scripts call them.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, GenericParam, ImplItem, ImplItemFn, ItemImpl, Result, ReturnType, Type};

use crate::attribute::{ON_FUNCTION, Options, combine, documentation};
use crate::operator::Operators;
use crate::parameter::{Parameter, check_defaults, is_context};

/// The block as it is, and the implementation of `Methods`.
pub fn expand(args: &TokenStream, mut block: ItemImpl) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new(args.span(), "`#[kettle::methods]` takes no arguments"));
    }
    if let Some((_, path, _)) = &block.trait_ {
        let text = "`#[kettle::methods]` stands before `impl Type { … }`, not before the \
                    implementation of a trait";
        return Err(Error::new(path.span(), text));
    }
    if !block.generics.params.is_empty() {
        let text = "a type that scripts hold has no parameters";
        return Err(Error::new(block.generics.span(), text));
    }
    let (mut code, mut operators, mut errors) = (TokenStream::new(), Operators::default(), None);
    for item in &mut block.items {
        let ImplItem::Fn(function) = item else { continue };
        match one_function(function, &mut operators) {
            Ok(made) => code.extend(made),
            Err(error) => combine(&mut errors, error),
        }
        function.attrs.retain(|attribute| !attribute.path().is_ident("kettle"));
    }
    if let Some(errors) = errors {
        return Err(errors);
    }
    let (of, table) = (&block.self_ty, operators.table());
    Ok(quote! {
        #block

        #[automatically_derived]
        impl ::kettle::engine::Methods for #of {
            const METHODS: ::kettle::engine::Table<Self> = ::kettle::engine::Table {
                methods: |class| {
                    let _ = &class;
                    #code
                },
                #table
                ..::kettle::engine::Table::NONE
            };
        }
    })
}

/// What stands before the parameters of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Receiver {
    None,
    Ref,
    Mut,
    Shared,
    Exclusive,
}

fn one_function(function: &ImplItemFn, operators: &mut Operators) -> Result<TokenStream> {
    let options = Options::read(&function.attrs, ON_FUNCTION)?;
    let role = options.role()?;
    if role == Some("skip") {
        return Ok(TokenStream::new());
    }
    let signature = &function.sig;
    if let Some(generic) =
        signature.generics.params.iter().find(|it| !matches!(it, GenericParam::Lifetime(_)))
    {
        let text = "scripts cannot call a generic function: say `#[kettle(skip)]`, or its types";
        return Err(Error::new(generic.span(), text));
    }
    let is_async = signature.asyncness.is_some();
    let receiver = receiver(function)?;
    let behind = usize::from(matches!(receiver, Receiver::Shared | Receiver::Exclusive));
    let mut inputs: Vec<&FnArg> = signature.inputs.iter().skip(behind).collect();
    inputs.retain(|input| matches!(input, FnArg::Typed(_)));
    let in_context =
        !is_async && matches!(inputs.first(), Some(FnArg::Typed(input)) if is_context(&input.ty));
    if in_context {
        inputs.remove(0);
    }
    let params = Parameter::all(inputs.into_iter(), is_async)?;
    check_defaults(&params, &options)?;
    let one = Function { function, options: &options, receiver, params: &params, in_context };
    if in_context && (options.operator.is_some() || !matches!(role, None | Some("new"))) {
        let text = "only methods, functions and the constructor get a context";
        return Err(Error::new(signature.inputs.span(), text));
    }
    if let Some(sign) = options.operator.as_ref().filter(|sign| sign.value() != "[]") {
        one.must_be(Receiver::Ref, "an operator")?;
        operators.add((sign, options.is_right), &signature.ident, &params)?;
        return Ok(TokenStream::new());
    }
    let ident = &signature.ident;
    match role {
        Some("text") => {
            one.must_be(Receiver::Ref, "what it prints as")?;
            operators.text = Some(quote!(|this| ::core::convert::Into::into(Self::#ident(this))));
            return Ok(TokenStream::new());
        }
        Some("hash") => {
            one.must_be(Receiver::Ref, "what it is as a key")?;
            operators.key =
                Some(quote!(|this| ::std::string::ToString::to_string(&Self::#ident(this))));
            return Ok(TokenStream::new());
        }
        _ => {}
    }
    one.registration(role)
}

/// What a function is called on. An async one has a handle, never a borrow.
fn receiver(function: &ImplItemFn) -> Result<Receiver> {
    let is_async = function.sig.asyncness.is_some();
    match function.sig.inputs.first() {
        Some(FnArg::Receiver(receiver)) if is_async => Err(Error::new(
            receiver.span(),
            "a borrow of `self` cannot live across an await: write `this: Shared<Self>`, or \
             `this: Exclusive<Self>` if calls have to wait for each other",
        )),
        Some(FnArg::Receiver(receiver)) if receiver.reference.is_none() => Err(Error::new(
            receiver.span(),
            "scripts share their objects, so a method cannot take `self` away: write `&self` or \
             `&mut self`",
        )),
        Some(FnArg::Receiver(receiver)) if receiver.mutability.is_some() => Ok(Receiver::Mut),
        Some(FnArg::Receiver(_)) => Ok(Receiver::Ref),
        Some(FnArg::Typed(input)) => Ok(match handle_of_self(&input.ty) {
            Some("Shared") => Receiver::Shared,
            Some("Exclusive") if is_async => Receiver::Exclusive,
            Some(_) => {
                let text = "only an async method waits for its turn: write `&mut self`";
                return Err(Error::new(input.ty.span(), text));
            }
            None => Receiver::None,
        }),
        None => Ok(Receiver::None),
    }
}

/// `Shared` or `Exclusive`, if a type is such a handle of `Self`.
fn handle_of_self(of: &Type) -> Option<&'static str> {
    let Type::Path(path) = of else { return None };
    let last = path.path.segments.last()?;
    let name = ["Shared", "Exclusive"].into_iter().find(|name| last.ident == name)?;
    let syn::PathArguments::AngleBracketed(args) = &last.arguments else { return None };
    let is_self = |it: &syn::GenericArgument| matches!(it, syn::GenericArgument::Type(Type::Path(path)) if path.path.is_ident("Self"));
    args.args.iter().any(is_self).then_some(name)
}

/// A function on its way to its registration.
struct Function<'a> {
    function: &'a ImplItemFn,
    options: &'a Options,
    receiver: Receiver,
    params: &'a [Parameter],
    /// It gets the VM for the length of the call.
    in_context: bool,
}

impl Function<'_> {
    fn must_be(&self, receiver: Receiver, what: &str) -> Result<()> {
        if self.receiver == receiver && self.function.sig.asyncness.is_none() {
            return Ok(());
        }
        let text = format!("{what} is a method with `&self` that does not wait");
        Err(Error::new(self.function.sig.ident.span(), text))
    }

    fn must_take(&self, count: usize, what: &str) -> Result<()> {
        if self.params.len() == count {
            return Ok(());
        }
        let text = format!("{what} takes {} argument{}", count, if count == 1 { "" } else { "s" });
        Err(Error::new(self.function.sig.inputs.span(), text))
    }

    /// The call of the builder that registers it.
    fn registration(&self, role: Option<&str>) -> Result<TokenStream> {
        let ident = &self.function.sig.ident;
        let mut name = self.options.name_or(ident)?;
        let doc = documentation(&self.function.attrs);
        let descriptions = self.params.iter().enumerate();
        let descriptions = descriptions.map(|(index, it)| it.description(index, self.options));
        let descriptions = quote!(::std::vec![#(#descriptions),*]);
        let is_async = self.function.sig.asyncness.is_some();
        if let (Some(role), true) = (role, is_async) {
            let text = format!("`{role}` cannot wait: scripts do not await it");
            return Err(Error::new(ident.span(), text));
        }
        if self.options.operator.is_some() {
            // The VM calls a method of this name for `object[index]`.
            self.must_be(Receiver::Ref, "`[]`")?;
            self.must_take(1, "`[]`")?;
            name = "at".to_owned();
        }
        let body = if self.in_context { self.body_in_context() } else { self.body() };
        let with = |name: &str| match self.in_context {
            true => format_ident!("{name}_with"),
            false => format_ident!("{name}"),
        };
        let (constructor, static_function, method) =
            (with("constructor"), with("function"), with("method"));
        Ok(match role {
            Some("new") if self.receiver != Receiver::None => {
                return Err(Error::new(ident.span(), "a constructor has no `self`"));
            }
            Some("new") => quote!(class.#constructor(#doc, #descriptions, #body);),
            Some("get") => {
                self.must_be(Receiver::Ref, "what is read like a field")?;
                self.must_take(0, "what is read like a field")?;
                quote!(class.getter(#name, #doc, #body);)
            }
            Some("set") => {
                self.must_be(Receiver::Mut, "what sets a field").map_err(|error| {
                    Error::new(error.span(), "what sets a field is a method with `&mut self`")
                })?;
                self.must_take(1, "what sets a field")?;
                let name = name.strip_prefix("set_").unwrap_or(&name);
                let of = self.params[0].of();
                quote!(class.setter::<#of>(#name, #body);)
            }
            Some("iter") => {
                self.must_be(Receiver::Ref, "what `for` goes through")?;
                self.must_take(0, "what `for` goes through")?;
                quote!(class.iter(#doc, |call| call.elements(|this: &Self| Self::#ident(this)));)
            }
            _ => match (self.receiver, is_async) {
                (Receiver::None, false) => {
                    quote!(class.#static_function(#name, #doc, #descriptions, #body);)
                }
                (Receiver::None, true) => {
                    quote!(class.async_function(#name, #doc, #descriptions, #body);)
                }
                (_, true) => quote!(class.async_method(#name, #doc, #descriptions, #body);),
                (_, false) => quote!(class.#method(#name, #doc, #descriptions, #body);),
            },
        })
    }

    /// The closure that carries a call out.
    fn body(&self) -> TokenStream {
        let ident = &self.function.sig.ident;
        let reading = self.params.iter().enumerate().map(|(index, it)| it.reading(index));
        let passing = self.params.iter().map(Parameter::passing);
        let is_async = self.function.sig.asyncness.is_some();
        let this = (self.receiver != Receiver::None).then(|| quote!(this,));
        let call = quote!(Self::#ident(#this #(#passing),*));
        if is_async {
            let turn = (self.receiver == Receiver::Exclusive)
                .then(|| quote!(let this = this.lock().await;));
            let this = this.map(|_| quote!(this,));
            return quote! {
                |#this input| {
                    let _ = input;
                    #(#reading)*
                    Ok(::kettle::engine::begin(move || async move {
                        #turn
                        #call.await
                    }))
                }
            };
        }
        let result = self.result(call);
        let result = quote!(Ok(#result));
        let (of, with) = self.receiving();
        quote! {
            |call| call.#with(|#of input| {
                let _ = input;
                #(#reading)*
                #result
            })
        }
    }

    /// The same for a function that gets the context: its arguments borrow nothing of that.
    fn body_in_context(&self) -> TokenStream {
        let ident = &self.function.sig.ident;
        let holding = self.params.iter().enumerate().map(|(index, it)| it.holding(index));
        let lending = self.params.iter().map(Parameter::lending);
        let passing = self.params.iter().map(Parameter::passing);
        let variables: Vec<_> = self.params.iter().map(Parameter::variable).collect();
        let this = (self.receiver != Receiver::None).then(|| quote!(this,));
        let result = self.result(quote!(Self::#ident(#this cx, #(#passing),*)));
        let (of, with) = self.receiving();
        quote! {
            |call| call.#with(
                |input| {
                    let _ = input;
                    #(#holding)*
                    Ok((#(#variables,)*))
                },
                |#of cx, (#(#variables,)*)| {
                    #(#lending)*
                    #result
                },
            )
        }
    }

    /// What a call gives as a value of its own, with the objects that it borrows.
    fn result(&self, call: TokenStream) -> TokenStream {
        let result = self.owned(call);
        let objects: Vec<_> = self.params.iter().filter_map(Parameter::borrowed).collect();
        if objects.is_empty() {
            return result;
        }
        let mut nested = quote!(Ok::<_, ::kettle::engine::Busy>(#result));
        for (variable, of) in objects.iter().rev() {
            nested = quote! {
                #variable.with(|#variable: &#of| #nested).and_then(|result| result)
            };
        }
        quote!(::kettle::engine::Borrowed::from(#nested))
    }

    /// The parameter for the receiver, and the way to call with it.
    fn receiving(&self) -> (Option<TokenStream>, TokenStream) {
        match self.receiver {
            Receiver::None => (None, quote!(with)),
            Receiver::Ref => (Some(quote!(this: &Self,)), quote!(with_ref)),
            Receiver::Mut => (Some(quote!(this: &mut Self,)), quote!(with_mut)),
            Receiver::Shared | Receiver::Exclusive => {
                (Some(quote!(this: ::kettle::engine::Shared<Self>,)), quote!(with_handle))
            }
        }
    }

    /// The result as a value of its own: what it borrows of the object is copied.
    fn owned(&self, call: TokenStream) -> TokenStream {
        match &self.function.sig.output {
            ReturnType::Type(_, of) if matches!(&**of, Type::Reference(_)) => {
                quote!(::std::borrow::ToOwned::to_owned(#call))
            }
            _ => call,
        }
    }
}

#[cfg(test)]
#[path = "method_test.rs"]
mod tests;
