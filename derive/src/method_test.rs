//! What the macros say to code that is wrong.

use quote::quote;
use syn::parse_quote;

use super::*;
use crate::object;

fn said(error: Error) -> Vec<String> {
    error.into_iter().map(|error| error.to_string()).collect()
}

fn of_methods(block: ItemImpl) -> Vec<String> {
    expand(&TokenStream::new(), block).map_or_else(said, |_| Vec::new())
}

fn of_type(item: &syn::DeriveInput) -> Vec<String> {
    object::expand(item).map_or_else(said, |_| Vec::new())
}

#[test]
fn what_is_right_is_taken() {
    let right: ItemImpl = parse_quote! {
        impl Bucket {
            const MAX: u32 = 3;
            #[kettle(new, default(tokens = 10))]
            fn new(name: String, tokens: u32) -> Self { Bucket }
            fn left(&self) -> u32 { 1 }
            fn same(&self, other: &Bucket, text: &str, bytes: &[u8]) -> bool { true }
            async fn take(this: Shared<Self>, n: u32, why: &str) -> Result<(), Busy> { Ok(()) }
            async fn fill(this: kettle::engine::Exclusive<Self>) {}
            async fn find(name: &str) -> Self { Bucket }
            #[kettle(op("+"))] fn add(&self, other: &Self) -> Self { Bucket }
            #[kettle(op("=="))] fn eq(&self, other: &Self) -> bool { true }
            #[kettle(op("*", right))] fn times(&self, left: i64) -> Self { Bucket }
            fn each(&self, cx: &mut Ctx, f: Func) -> Result<(), Error> { Ok(()) }
            fn made(cx: &mut kettle::Ctx<'_>, text: &str, other: &Bucket) -> u32 { 1 }
            #[kettle(op("-"))] fn negative(&self) -> Self { Bucket }
            #[kettle(op("[]"))] fn at(&self, index: usize) -> u32 { 0 }
            #[kettle(skip)] fn helper<T>(self, x: &mut T) {}
        }
    };
    assert_eq!(of_methods(right), Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_explained() {
    let wrong: ItemImpl = parse_quote! {
        impl Bucket {
            async fn a(&self) {}
            fn b(self) {}
            fn c(&self, x: &mut u32) {}
            fn d(&self, (x, y): (u32, u32)) {}
            fn e<T>(&self) {}
            #[kettle(gett)] fn f(&self) {}
            #[kettle(get, new)] fn g(&self) {}
            #[kettle(new)] fn h(&self) -> Self { Bucket }
            #[kettle(get)] fn i(&self, n: u32) -> u32 { n }
            #[kettle(set)] fn j(&self, n: u32) {}
            #[kettle(op("+"))] fn k(&mut self, other: &Self) {}
            #[kettle(op("=>"))] fn l(&self, other: &Self) {}
            #[kettle(op("=="))] fn m(&self, other: u32) -> bool { true }
            #[kettle(default(n = 1))] fn n(&self, m: u32) {}
            async fn o(other: &Bucket) {}
            fn p(this: Exclusive<Self>) {}
            #[kettle(iter)] async fn q(this: Shared<Self>) {}
            fn r(&self, x: impl Into<String>) {}
            fn s(&self, x: u32, cx: &mut Ctx) {}
            async fn t(this: Shared<Self>, cx: &mut Ctx) {}
            #[kettle(get)] fn u(&self, cx: &mut Ctx) -> u32 { 1 }
            #[kettle(op("+", left))] fn v(&self, n: u32) -> u32 { n }
            #[kettle(op("==", right))] fn w(&self, other: &Self) -> bool { true }
        }
    };
    let expected = [
        "a borrow of `self` cannot live across an await: write `this: Shared<Self>`, or `this: Exclusive<Self>` if calls have to wait for each other",
        "scripts share their objects, so a method cannot take `self` away: write `&self` or `&mut self`",
        "an argument of a script cannot be borrowed to be changed: take `Shared<T>` and use `with_mut`",
        "a parameter needs a name, by which scripts can pass the argument",
        "scripts cannot call a generic function: say `#[kettle(skip)]`, or its types",
        "expected one of `new`, `get`, `set`, `iter`, `text`, `hash`, `op`, `default`, `name`, `skip`",
        "only one of `get`, `new` can be said",
        "a constructor has no `self`",
        "what is read like a field takes 0 arguments",
        "what sets a field is a method with `&mut self`",
        "an operator is a method with `&self` that does not wait",
        "no such operator: + - * / // % ** & | ^ << >> == <=> []",
        "`==` compares with another one: `fn m(&self, other: &Self)`",
        "there is no parameter `n`",
        "an async function cannot borrow an object across an await: take `Shared<T>`",
        "only an async method waits for its turn: write `&mut self`",
        "`iter` cannot wait: scripts do not await it",
        "the type of an argument has to be said, as the script has to fit it",
        "the context comes first, behind `self`",
        "a function that waits cannot hold the context: take a `Callback`",
        "only methods, functions and the constructor get a context",
        "expected `right`",
        "`==` means the same on both sides: leave out `right`",
    ];
    assert_eq!(of_methods(wrong), expected);
}

#[test]
fn the_block_itself_may_be_wrong() {
    let of_trait: ItemImpl = parse_quote!(impl Clone for Bucket {});
    assert_eq!(
        of_methods(of_trait),
        [
            "`#[kettle::methods]` stands before `impl Type { … }`, not before the implementation of a trait"
        ]
    );
    let generic: ItemImpl = parse_quote!(
        impl<T> Bucket<T> {}
    );
    assert_eq!(of_methods(generic), ["a type that scripts hold has no parameters"]);
    let plain: ItemImpl = parse_quote!(impl Bucket {});
    let error = expand(&quote!(async), plain).expect_err("it takes no arguments");
    assert_eq!(error.to_string(), "`#[kettle::methods]` takes no arguments");
}

#[test]
fn types_and_fields_may_be_wrong() {
    let cases: [(syn::DeriveInput, &str); 6] = [
        (
            parse_quote!(
                struct Bucket<T> {
                    content: T,
                }
            ),
            "a type that scripts hold has no parameters: derive it for a type of its own, as `struct Names(List<String>)`",
        ),
        (parse_quote!(union Bucket { a: u32, b: f32 }), "scripts cannot hold a union"),
        (
            parse_quote!(
                struct Bucket(#[kettle(get)] u32);
            ),
            "a field without a name cannot be seen by scripts: write a method with `#[kettle(get)]`",
        ),
        (
            parse_quote!(
                struct Bucket {
                    #[kettle(set)]
                    a: u32,
                }
            ),
            "a field that can be set can be read, too: say `get, set`",
        ),
        (
            parse_quote!(
                struct Bucket {
                    #[kettle(name = "b")]
                    a: u32,
                }
            ),
            "say `get` or `set`, too: without one of them scripts do not see the field",
        ),
        (
            parse_quote!(
                #[kettle(name = "a b")]
                struct Bucket;
            ),
            "this is no name",
        ),
    ];
    for (item, expected) in cases {
        assert_eq!(of_type(&item), [expected]);
    }
}
