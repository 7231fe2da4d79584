//! Modules made of Rust functions and types, with their documentation.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::convert::IntoValue;
use super::future::{self, AsyncFunction};
use super::host::{self, Function, HostFunction, MakeBody};
use super::object::{HostType, Object};
use super::signature::{DefaultValue, PARAMS_MAX, Signature};
use crate::vm::ParamKind;
use crate::vm::text::is_name;

/// What a host puts into a module: made by [`Engine::module`](super::Engine::module) and
/// [`Engine::globals`](super::Engine::globals).
///
/// ```
/// use kettle::engine::{Engine, Vm};
///
/// let mut engine = Engine::new();
/// engine.module("shop", |m| {
///     m.doc("What we sell.");
///     m.function("price", |item: &str, count: i64| match item {
///         "tea" => Ok(count * 350),
///         _ => Err(format!("we do not sell `{item}`")),
///     })
///     .params(["item", "count"])
///     .default("count", 1)
///     .doc("What so many of an item cost, in cents.");
///     m.value("currency", "EUR");
/// })?;
/// let text = "import shop\npub fn price() { [shop.price(\"tea\"), shop.price(\"tea\", count: 2)] }";
/// let mut vm = Vm::new(&engine)?;
/// vm.run_blocking(&engine.compile_text("shop.ket", text)?)?;
/// assert_eq!(vm.call_blocking::<Vec<i64>>("price", ())?, [350, 700]);
/// # Ok::<(), kettle::engine::Error>(())
/// ```
pub struct ModuleBuilder {
    /// Empty for the prelude.
    name: String,
    doc: String,
    functions: Vec<(Signature, MakeBody)>,
    types: Vec<HostType>,
    values: Vec<(String, DefaultValue)>,
    faults: Vec<String>,
}

/// What a [`ModuleBuilder`] has been told.
pub struct BuiltModule {
    pub(super) name: String,
    pub(super) doc: String,
    pub(super) functions: Vec<HostFunction>,
    pub(super) types: Vec<HostType>,
    pub(super) values: Vec<HostValue>,
}

/// A constant of a module of the host.
#[derive(Clone)]
pub struct HostValue {
    /// `name`, or `module.name`.
    pub path: String,
    /// Makes the value.
    pub make: DefaultValue,
}

impl ModuleBuilder {
    pub(super) fn new(name: &str) -> ModuleBuilder {
        ModuleBuilder {
            name: name.to_owned(),
            doc: String::new(),
            functions: Vec::new(),
            types: Vec::new(),
            values: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Says what the module is for.
    pub fn doc(&mut self, text: &str) -> &mut ModuleBuilder {
        text.clone_into(&mut self.doc);
        self
    }

    /// Adds a function: a closure over Rust types, whose result may be a `Result` with any error.
    pub fn function<M, F: Function<M>>(&mut self, name: &str, function: F) -> FunctionBuilder<'_> {
        let made = host::plain(self.path(name), function);
        self.add(name, made)
    }

    /// Adds a function that gives a future: scripts have to await it.
    pub fn async_function<M, F: AsyncFunction<M>>(
        &mut self,
        name: &str,
        function: F,
    ) -> FunctionBuilder<'_> {
        let made = future::waiting(self.path(name), function);
        self.add(name, made)
    }

    /// Adds a type of the host: scripts call it by its name to make one, if it has a constructor.
    pub fn object<T: Object>(&mut self) -> &mut ModuleBuilder {
        let made = HostType::of::<T>(&self.name);
        self.check_name(made.name());
        self.faults.extend(made.faults().map(str::to_owned));
        self.types.push(made);
        self
    }

    /// Adds a constant. Each VM makes its own value of it.
    pub fn value<T>(&mut self, name: &str, value: T) -> &mut ModuleBuilder
    where
        T: IntoValue + Clone + Send + Sync + 'static,
    {
        self.check_name(name);
        self.values.push((self.path(name), DefaultValue::new(value)));
        self
    }

    fn add(&mut self, name: &str, made: (Signature, MakeBody)) -> FunctionBuilder<'_> {
        self.check_name(name);
        self.functions.push(made);
        let Some((signature, _)) = self.functions.last_mut() else {
            unreachable!("it was just added")
        };
        FunctionBuilder { signature, faults: &mut self.faults }
    }

    fn path(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }

    fn check_name(&mut self, name: &str) {
        if !is_name(name) {
            self.faults.push(format!("{name:?} is no name"));
        }
    }

    /// What it has been told, if that makes sense.
    pub(super) fn finish(mut self) -> Result<BuiltModule, String> {
        if !self.name.is_empty() && !is_name(&self.name) {
            self.faults.insert(0, format!("{:?} is no name of a module", self.name));
        }
        let mut seen = BTreeMap::new();
        let functions = self.functions.iter().map(|(signature, _)| signature.path.clone());
        let values = self.values.iter().map(|(path, _)| path.clone());
        let types = self.types.iter().map(|it| self.path(it.name()));
        for path in functions.chain(values).chain(types).collect::<Vec<_>>() {
            if seen.insert(path.clone(), ()).is_some() {
                self.faults.push(format!("`{path}` is registered twice"));
            }
        }
        for (signature, _) in &self.functions {
            self.faults.extend(signature.fault());
        }
        match self.faults.first() {
            Some(fault) => Err(fault.clone()),
            None => Ok(BuiltModule {
                name: self.name,
                doc: self.doc,
                functions: self.functions.into_iter().map(HostFunction::new).collect(),
                types: self.types,
                values: self
                    .values
                    .into_iter()
                    .map(|(path, make)| HostValue { path, make })
                    .collect(),
            }),
        }
    }
}

/// Says more about a function that was just registered.
pub struct FunctionBuilder<'m> {
    signature: &'m mut Signature,
    faults: &'m mut Vec<String>,
}

impl FunctionBuilder<'_> {
    /// Names the parameters: scripts can pass arguments by these names, and errors use them.
    pub fn params<const N: usize>(self, names: [&'static str; N]) -> Self {
        let count = self.signature.params.len();
        if N != count {
            let path = &self.signature.path;
            self.faults.push(format!("`{path}` has {count} parameters, and {N} names were given"));
        }
        for (param, name) in self.signature.params.iter_mut().zip(names) {
            if !is_name(name) {
                self.faults.push(format!("{name:?} is no name of a parameter"));
            }
            param.name = name;
        }
        self
    }

    /// What stands for the argument of that name where it is not given.
    pub fn default<T>(self, name: &str, value: T) -> Self
    where
        T: IntoValue + Clone + Send + Sync + 'static,
    {
        match self.signature.params.iter_mut().find(|param| param.name == name) {
            Some(param) if param.kind == ParamKind::Rest => {
                self.faults.push(format!("`{name}` takes all that follow: it has no default"));
            }
            Some(param) => param.set_default(DefaultValue::new(value)),
            None => {
                let path = &self.signature.path;
                self.faults
                    .push(format!("`{path}` has no parameter `{name}` to give a default to"));
            }
        }
        self
    }

    /// What `kettle doc`, the REPL and completion say of it.
    pub fn doc(self, text: &str) -> Self {
        text.clone_into(&mut self.signature.doc);
        self
    }
}

impl Signature {
    /// What is wrong with the order of its parameters.
    pub(super) fn fault(&self) -> Option<String> {
        let path = &self.path;
        if self.params.len() > PARAMS_MAX {
            return Some(format!("`{path}` has more than {PARAMS_MAX} parameters"));
        }
        let kinds = || self.params.iter().map(|param| param.kind);
        if kinds().rev().skip(1).any(|kind| kind == ParamKind::Rest) {
            return Some(format!("`{path}`: only the last parameter can take all that follow"));
        }
        let optional = kinds().position(|kind| kind == ParamKind::Optional)?;
        let required = kinds().rposition(|kind| kind == ParamKind::Required)?;
        (optional < required).then(|| {
            format!("`{path}`: a parameter without a default follows one that may be left out")
        })
    }
}

/// What a module of the host says of itself.
pub type ModuleDocs = BTreeMap<Arc<str>, Arc<str>>;
