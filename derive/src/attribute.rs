//! `#[kettle(…)]`: what may stand in it, and where.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{Attribute, Error, Expr, ExprLit, Ident, Lit, LitStr, Meta, Result, Token};

/// What an attribute says.
#[derive(Default)]
pub struct Options {
    /// `name = "…"`: what scripts call it.
    pub name: Option<LitStr>,
    /// Words without a value, in their order.
    words: Vec<(String, Span)>,
    /// `op("+")`.
    pub operator: Option<LitStr>,
    /// `op("+", right)`: the object is the right operand.
    pub is_right: bool,
    /// `default(n = 10)`: what stands for arguments that are not given.
    pub defaults: Vec<(Ident, Expr)>,
}

/// The words that may stand on a type.
pub const ON_TYPE: &[&str] = &["name"];
/// The words that may stand on a field.
pub const ON_FIELD: &[&str] = &["get", "set", "name"];
/// The words that may stand on a function.
pub const ON_FUNCTION: &[&str] =
    &["new", "get", "set", "iter", "text", "hash", "op", "default", "name", "skip"];

impl Options {
    /// Reads the attributes of an item on which these words may stand.
    pub fn read(attributes: &[Attribute], allowed: &[&str]) -> Result<Options> {
        let mut options = Options::default();
        for attribute in attributes.iter().filter(|it| it.path().is_ident("kettle")) {
            attribute.parse_nested_meta(|meta| options.word(&meta, allowed))?;
        }
        Ok(options)
    }

    fn word(&mut self, meta: &ParseNestedMeta<'_>, allowed: &[&str]) -> Result<()> {
        let word = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
        if !allowed.contains(&word.as_str()) {
            let known: Vec<String> = allowed.iter().map(|word| format!("`{word}`")).collect();
            return Err(meta.error(format!("expected one of {}", known.join(", "))));
        }
        match word.as_str() {
            "name" => self.name = Some(meta.value()?.parse()?),
            "op" => {
                let content;
                syn::parenthesized!(content in meta.input);
                self.operator = Some(content.parse()?);
                if content.parse::<Option<Token![,]>>()?.is_some() {
                    let word: Ident = content.parse()?;
                    if word != "right" {
                        return Err(Error::new(word.span(), "expected `right`"));
                    }
                    self.is_right = true;
                }
            }
            "default" => meta.parse_nested_meta(|inner| {
                let name = inner.path.require_ident()?.clone();
                self.defaults.push((name, inner.value()?.parse()?));
                Ok(())
            })?,
            _ => self.words.push((word, meta.path.span())),
        }
        Ok(())
    }

    /// Whether a word stands in it.
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|(known, _)| known == word)
    }

    /// The one word that says what the function is; an error if there are two.
    pub fn role(&self) -> Result<Option<&str>> {
        if let Some((_, span)) = self.words.get(1) {
            let words: Vec<String> =
                self.words.iter().map(|(word, _)| format!("`{word}`")).collect();
            return Err(Error::new(*span, format!("only one of {} can be said", words.join(", "))));
        }
        if let (Some((word, span)), Some(_)) = (self.words.first(), &self.operator) {
            return Err(Error::new(*span, format!("an operator cannot be `{word}`, too")));
        }
        Ok(self.words.first().map(|(word, _)| word.as_str()))
    }

    /// What scripts call an item of this name.
    pub fn name_or(&self, ident: &Ident) -> Result<String> {
        let Some(name) = &self.name else {
            let name = ident.to_string();
            return Ok(name.strip_prefix("r#").unwrap_or(&name).to_owned());
        };
        match syn::parse_str::<Ident>(&name.value()) {
            Ok(_) => Ok(name.value()),
            Err(_) => Err(Error::new(name.span(), "this is no name")),
        }
    }
}

/// The text of the doc comments.
pub fn documentation(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(meta) = &attribute.meta else { return None };
        let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &meta.value else { return None };
        meta.path.is_ident("doc").then(|| text.value().trim().to_owned())
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Both errors, or the one that there is.
pub fn combine(errors: &mut Option<Error>, error: Error) {
    match errors {
        Some(known) => known.combine(error),
        None => *errors = Some(error),
    }
}
