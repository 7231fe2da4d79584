//! What a type of the host offers to scripts, and how a VM is told of it.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::sync::Arc;

use super::call::{Begin, Call, CallWith, Reply, no_receiver, receiver};
use super::{Object, Shared, element};
use crate::engine::context::Ctx;
use crate::engine::convert::{FromValue, Incoming};
use crate::engine::future;
use crate::engine::host::{HostBody, Outcome};
use crate::engine::library::Sources;
use crate::engine::signature::{Misfit, Param, Signature};
use crate::natives;
use crate::runtime::{Cx, LoopTable};
use crate::vm::text::is_name;
use crate::vm::{Args, Native, NativeBody, NativeParam, ParamKind, Value, Vm as Machine};

/// Fills a type of the host with what scripts can see of it. The macros `#[derive(kettle::Object)]` and
/// `#[kettle::methods]` write the calls.
pub struct ClassBuilder<T> {
    members: Vec<Member>,
    faults: Vec<String>,
    of: PhantomData<fn(T)>,
}

/// A type of the host, ready for VMs.
#[derive(Clone)]
pub struct HostType {
    /// The module that it belongs to; empty for the prelude.
    module: Arc<str>,
    name: &'static str,
    doc: &'static str,
    members: Arc<[Member]>,
    faults: Arc<[String]>,
}

/// A method, a property, a static function, the constructor.
#[derive(Clone)]
struct Member {
    role: Role,
    name: &'static str,
    signature: Arc<Signature>,
    body: HostBody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Method,
    Property,
    /// Called by the assignment to the property of the name.
    Setter,
    Static,
    Constructor,
}

impl<T: Object> ClassBuilder<T> {
    /// What calling the type does.
    pub fn constructor(&mut self, doc: &str, params: Vec<Param>, body: fn(Call<'_>) -> Reply) {
        self.call(Role::Constructor, T::NAME, doc, params, body);
    }

    /// A function that is called on the type itself: `Type.name()`.
    pub fn function(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(Call<'_>) -> Reply,
    ) {
        self.call(Role::Static, name, doc, params, body);
    }

    /// A method.
    pub fn method(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(Call<'_>) -> Reply,
    ) {
        self.call(Role::Method, name, doc, params, body);
    }

    /// What calling the type does, by a function that may call back.
    pub fn constructor_with(
        &mut self,
        doc: &str,
        params: Vec<Param>,
        body: fn(CallWith<'_, '_>) -> Reply,
    ) {
        self.call_with(Role::Constructor, T::NAME, doc, params, body);
    }

    /// A function that is called on the type itself, and may call back.
    pub fn function_with(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(CallWith<'_, '_>) -> Reply,
    ) {
        self.call_with(Role::Static, name, doc, params, body);
    }

    /// A method that may call back.
    pub fn method_with(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(CallWith<'_, '_>) -> Reply,
    ) {
        self.call_with(Role::Method, name, doc, params, body);
    }

    /// What is read like a field.
    pub fn getter(&mut self, name: &'static str, doc: &str, body: fn(Call<'_>) -> Reply) {
        self.call(Role::Property, name, doc, Vec::new(), body);
    }

    /// What an assignment to a property of the name does. There has to be a getter, too.
    pub fn setter<P: FromValue>(&mut self, name: &'static str, body: fn(Call<'_>) -> Reply) {
        let params = vec![Param::of::<P>(0).named("value")];
        self.call(Role::Setter, name, "", params, body);
    }

    /// Lets `for` go through the elements.
    pub fn iter(&mut self, doc: &str, body: fn(Call<'_>) -> Reply) {
        self.call(Role::Method, "iter", doc, Vec::new(), body);
    }

    /// A method that has to be awaited; its future holds a handle of the object, never a borrow.
    pub fn async_method<R: Outcome + 'static>(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(Shared<T>, &Incoming<'_>) -> Result<Begin<R>, Misfit>,
    ) {
        let signature = self.signature(Role::Method, name, doc, params, true);
        let known = signature.clone();
        let body = move |cx: &mut Cx<'_>, args: Args| {
            let Some(receiver) = receiver::<T>(cx.vm, args) else {
                return Err(no_receiver::<T>(cx.vm, &known.path));
            };
            future::start(&known, cx, args, |input| body(receiver, input))
        };
        let body = HostBody::Async(Arc::new(body));
        self.members.push(Member { role: Role::Method, name, signature, body });
    }

    /// A function of the type itself that has to be awaited.
    pub fn async_function<R: Outcome + 'static>(
        &mut self,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(&Incoming<'_>) -> Result<Begin<R>, Misfit>,
    ) {
        let signature = self.signature(Role::Static, name, doc, params, true);
        let known = signature.clone();
        let body = move |cx: &mut Cx<'_>, args: Args| future::start(&known, cx, args, body);
        let body = HostBody::Async(Arc::new(body));
        self.members.push(Member { role: Role::Static, name, signature, body });
    }

    fn call(
        &mut self,
        role: Role,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(Call<'_>) -> Reply,
    ) {
        let signature = self.signature(role, name, doc, params, false);
        let known = signature.clone();
        let body = move |vm: &mut Machine, args: Args| {
            let reply = body(Call { signature: &known, vm, args });
            vm.given(reply.0)
        };
        let body = HostBody::Plain(Arc::new(body));
        self.members.push(Member { role, name, signature, body });
    }

    fn call_with(
        &mut self,
        role: Role,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        body: fn(CallWith<'_, '_>) -> Reply,
    ) {
        let signature = self.signature(role, name, doc, params, false);
        let known = signature.clone();
        let body =
            move |cx: &mut Ctx<'_>, args: Args| body(CallWith { signature: &known, cx, args }).0;
        let body = HostBody::Context(Arc::new(body));
        self.members.push(Member { role, name, signature, body });
    }

    fn signature(
        &mut self,
        role: Role,
        name: &'static str,
        doc: &str,
        params: Vec<Param>,
        waits: bool,
    ) -> Arc<Signature> {
        let path = match role {
            Role::Constructor => T::NAME.to_owned(),
            _ => format!("{}.{name}", T::NAME),
        };
        if !is_name(name) {
            self.faults.push(format!("`{path}`: {name:?} is no name"));
        }
        let same =
            |it: &Member| it.name == name && (it.role == Role::Setter) == (role == Role::Setter);
        if self.members.iter().any(same) {
            self.faults.push(format!("`{path}` is there twice"));
        }
        let signature = Signature {
            path,
            params,
            doc: doc.to_owned(),
            waits,
            is_property: role == Role::Property,
            has_receiver: matches!(role, Role::Method | Role::Property | Role::Setter),
        };
        self.faults.extend(signature.fault());
        Arc::new(signature)
    }
}

impl HostType {
    /// What a Rust type offers, as a member of a module.
    pub(in crate::engine) fn of<T: Object>(module: &str) -> HostType {
        let mut class =
            ClassBuilder::<T> { members: Vec::new(), faults: Vec::new(), of: PhantomData };
        T::fields(&mut class);
        (T::TABLE.methods)(&mut class);
        if natives::has_type(T::NAME) {
            class.faults.push(format!("`{}` is a type of the library", T::NAME));
        }
        HostType {
            module: module.into(),
            name: T::NAME,
            doc: T::DOC,
            members: class.members.into(),
            faults: class.faults.into(),
        }
    }

    /// What scripts call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// `Type`, or `module.Type`.
    pub(in crate::engine) fn path(&self) -> String {
        if self.module.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{}", self.module, self.name)
        }
    }

    /// What the type is for.
    pub(in crate::engine) fn doc(&self) -> &'static str {
        self.doc
    }

    /// What is wrong with it.
    pub(in crate::engine) fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(|fault| &**fault)
    }

    /// What it offers, for documentation; true with what is called on the type itself.
    pub(in crate::engine) fn signatures(&self) -> impl Iterator<Item = (&Signature, bool)> {
        let shown = self.members.iter().filter(|member| member.role != Role::Setter);
        shown.map(|member| (&*member.signature, member.role == Role::Static))
    }

    /// Tells a VM of it; gives the type as a value.
    pub(in crate::engine) fn install(
        &self,
        vm: &mut Machine,
        table: &mut LoopTable,
        sources: &Sources,
    ) -> Value {
        for member in &*self.members {
            let id = vm.add_native(Native {
                name: Cow::Owned(member.signature.path.clone()),
                params: Cow::Owned(member.signature.native_params()),
                waits: member.signature.waits,
                body: member.body.native(),
            });
            member.body.attach(id, table, sources);
            let value = vm.native_value(id);
            match member.role {
                Role::Method => vm.define_method(self.name, member.name.into(), id),
                Role::Property => vm.define_property(self.name, member.name.into(), id),
                Role::Setter => {
                    vm.define_method(self.name, format!("set_{}", member.name).into(), id);
                }
                Role::Static => vm.define_static(self.name, member.name.into(), value),
                Role::Constructor => vm.define_conversion(self.name, value),
            }
        }
        vm.host_type(self.name)
    }
}

/// Tells a VM of the iterators that objects of the host give.
pub(in crate::engine) fn install_iterator(vm: &mut Machine) {
    let native = |name, params: &'static [NativeParam], body| Native {
        name: Cow::Borrowed(name),
        params: Cow::Borrowed(params),
        waits: false,
        body: NativeBody::Inline(body),
    };
    const NEXT: &[NativeParam] = &[NativeParam { name: "default", kind: ParamKind::Optional }];
    let next = vm.add_native(native("host_iterator.next", NEXT, element::next));
    let iter = vm.add_native(native("host_iterator.iter", &[], |vm, args| Ok(vm.arg(args, 0))));
    vm.define_method(element::NAME, "next".into(), next);
    vm.define_method(element::NAME, "iter".into(), iter);
}
