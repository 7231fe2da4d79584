//! Natives, names of the prelude, modules, methods of types: what the library has given so far, and
//! what hosts have added.
//!
//! The compiler knows the same names as plain data; here they have values. A name of the library gets
//! its value when it is asked for first. Nothing here knows what a native does.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::Vm;
use super::error::ErrorKind;
use super::heap::Marker;
use super::library::{Library, Offer, Offered};
use super::native::{Native, NativeBody, NativeId, Shortcut};
use super::object::{Module, ModuleMember, TypeKind};
use super::value::{Kind, Value};

/// Tables of what is registered. Scripts add nothing here, so a fixed hash does.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// What the library declares by a name that is borrowed, and the host by one of its own.
type Named<V> = HashMap<Cow<'static, str>, V>;

/// Whose methods and properties: all values of a kind, or the objects of a host type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum MethodOwner {
    /// Values of a kind.
    Kind(Kind),
    /// Host or runtime objects, by the name of their type.
    Host(&'static str),
}

impl MethodOwner {
    /// What the library calls it.
    fn name(self) -> Option<&'static str> {
        match self {
            MethodOwner::Kind(kind) => TypeKind::of(kind).map(TypeKind::name),
            MethodOwner::Host(name) => Some(name),
        }
    }
}

/// What a name means on a built-in value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Method {
    /// A native that is called with the value.
    Native(NativeId),
    /// A native that is called to read the name.
    Property(NativeId),
}

/// How many positional arguments a native takes without any being arranged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arity {
    least: u32,
    most: u32,
    /// It has to be awaited, and the loop carries it out.
    pub(super) waits: bool,
    /// All that it does is to let the others run.
    pub(super) gives_way: bool,
    /// Whoever runs the fiber can often carry it out where the fiber stands.
    pub(super) halts: bool,
}

impl Arity {
    fn of(native: &Native) -> Arity {
        let waits = native.waits && matches!(native.body, NativeBody::Loop(_));
        let (least, most) = match native.positional_max() {
            _ if native.takes_all() => (0, u32::MAX),
            Some(most) => (native.positional_min() as u32, most as u32),
            // What is left over goes into a list: always arranged.
            None => (1, 0),
        };
        Arity { least, most, waits, gives_way: false, halts: false }
    }

    /// Whether so many can be passed as they stand.
    #[inline(always)]
    pub(super) fn takes(self, given: usize) -> bool {
        self.least as usize <= given && given <= self.most as usize
    }
}

/// Everything registered.
#[derive(Debug, Default)]
pub(super) struct Registry {
    /// Where names are asked for that are not here yet.
    library: Option<&'static dyn Library>,
    natives: Vec<Native>,
    /// How many positional arguments each of them takes as they stand.
    arities: Vec<Arity>,
    native_values: Vec<Value>,
    prelude: Named<Value>,
    modules: HashMap<Arc<str>, Value>,
    methods: HashMap<MethodOwner, Named<Method>>,
    statics: HashMap<TypeKind, Named<Value>>,
    conversions: HashMap<TypeKind, Value>,
    /// Functions of the core module, once it has been loaded.
    pub(super) core: Option<HashMap<Arc<str>, Value>>,
    /// Reads `error.trace`.
    pub(super) trace_reader: Option<NativeId>,
}

impl Registry {
    /// Nothing but what the library has.
    pub(super) fn new(library: Option<&'static dyn Library>) -> Registry {
        Registry { library, ..Registry::default() }
    }

    /// Reports all values.
    pub(super) fn trace(&self, marker: &mut Marker) {
        marker.values(&self.native_values);
        let statics = self.statics.values().flat_map(HashMap::values);
        let values = self.prelude.values().chain(statics).chain(self.modules.values());
        let core = self.core.iter().flat_map(HashMap::values);
        for value in values.chain(core).chain(self.conversions.values()) {
            marker.value(*value);
        }
    }

    /// What `name` means on values of `owner`, if somebody has asked for it before.
    pub(super) fn method(&self, owner: MethodOwner, name: &str) -> Option<Method> {
        self.methods.get(&owner)?.get(name).copied()
    }

    /// The shortcut of a native with so many arguments.
    pub(super) fn shortcut(&self, native: &Native, given: usize) -> Option<Shortcut> {
        self.library?.shortcut(&native.name, given)
    }

    /// All names that mean something on values of `owner`.
    pub(super) fn method_names(&self, owner: MethodOwner) -> Vec<&'static str> {
        let known = self.library.zip(owner.name());
        known.map_or(Vec::new(), |(library, owner)| library.method_names(owner))
    }

    /// The names that a host has given to what means something on values of `owner`.
    pub(super) fn added_names(&self, owner: MethodOwner) -> impl Iterator<Item = &str> {
        self.methods.get(&owner).into_iter().flat_map(HashMap::keys).map(|name| &**name)
    }

    /// The names of what a host has given to a type of its own.
    pub(super) fn static_names(&self, of: TypeKind) -> impl Iterator<Item = &str> {
        self.statics.get(&of).into_iter().flat_map(HashMap::keys).map(|name| &**name)
    }

    /// The names of members that a module of the library, or a built-in type, has.
    pub(super) fn member_names(&self, owner: &str) -> Vec<&'static str> {
        self.library.map_or(Vec::new(), |library| library.member_names(owner))
    }

    /// How many arguments the native of a number takes.
    #[inline]
    pub(super) fn arity(&self, id: NativeId) -> Arity {
        self.arities[id.0 as usize]
    }

    /// The native of a number.
    #[inline]
    pub(super) fn native(&self, id: NativeId) -> &Native {
        &self.natives[id.0 as usize]
    }
}

impl Vm {
    /// Registers a function written in Rust.
    pub fn add_native(&mut self, native: Native) -> NativeId {
        let id = NativeId(self.registry.natives.len() as u32);
        let value = self.heap.native(id);
        self.heap.name_native(id, native.name.clone());
        self.registry.arities.push(Arity::of(&native));
        self.registry.natives.push(native);
        self.registry.native_values.push(value);
        id
    }

    /// Says that all a native does is to let the other fibers run.
    pub fn give_way_by(&mut self, native: NativeId) {
        self.registry.arities[native.0 as usize].gives_way = true;
    }

    /// Says that fibers shall [halt](Vm::halted_await) at the awaits of a method.
    pub fn halt_at(&mut self, native: NativeId) {
        self.registry.arities[native.0 as usize].halts = true;
    }

    /// What was registered.
    pub fn native(&self, id: NativeId) -> &Native {
        self.registry.native(id)
    }

    /// A native as a value.
    pub fn native_value(&self, id: NativeId) -> Value {
        self.registry.native_values[id.0 as usize]
    }

    /// Gives a name of the prelude its value.
    pub fn define_prelude(&mut self, name: impl Into<Cow<'static, str>>, value: Value) {
        self.registry.prelude.insert(name.into(), value);
    }

    /// Gives a member of a standard or host module its value, also one that the library has.
    pub fn define_member(&mut self, module: &str, name: &str, value: Value) {
        let module = self.module_value(module);
        if let Some(module) = self.heap.module_mut(module) {
            module.exports.insert(Arc::from(name), ModuleMember::Value(value));
        }
    }

    /// Gives the objects of a host type a method.
    pub fn define_method(&mut self, of: &'static str, name: Cow<'static, str>, native: NativeId) {
        let owner = MethodOwner::Host(of);
        self.registry.methods.entry(owner).or_default().insert(name, Method::Native(native));
    }

    /// Gives the objects of a host type something that is read like a field. What a method
    /// `set_NAME` does happens when it is assigned to.
    pub fn define_property(&mut self, of: &'static str, name: Cow<'static, str>, native: NativeId) {
        let owner = MethodOwner::Host(of);
        self.registry.methods.entry(owner).or_default().insert(name, Method::Property(native));
    }

    /// Gives a host type a member of its own: `Type.name`.
    pub fn define_static(&mut self, of: &'static str, name: Cow<'static, str>, value: Value) {
        self.registry.statics.entry(TypeKind::Host(of)).or_default().insert(name, value);
    }

    /// Says what calling a host type does.
    pub fn define_conversion(&mut self, of: &'static str, value: Value) {
        self.registry.conversions.insert(TypeKind::Host(of), value);
    }

    /// A host type as a value.
    pub fn host_type(&mut self, name: &'static str) -> Value {
        self.type_value(TypeKind::Host(name))
    }

    /// A standard or host module as a value; a new one if there is none of that name.
    pub fn module_value(&mut self, name: &str) -> Value {
        if let Some(module) = self.registry.modules.get(name) {
            return *module;
        }
        let name: Arc<str> = Arc::from(name);
        let module = Module { name: name.clone(), is_built_in: true, ..Module::default() };
        let module = self.heap.module(module);
        self.registry.modules.insert(name, module);
        module
    }

    /// The value of a member of a standard or host module; null if there is none.
    pub fn member(&mut self, module: &str, name: &str) -> Value {
        let module = self.module_value(module);
        match self.module_member(module, name) {
            Some(ModuleMember::Value(value)) => value,
            _ => Value::null(),
        }
    }

    /// What a module exports by a name.
    pub(super) fn module_member(&mut self, module: Value, name: &str) -> Option<ModuleMember> {
        let found = self.heap.module_ref(module)?;
        if let Some(member) = found.exports.get(name) {
            return Some(*member);
        }
        if !found.is_built_in {
            return None;
        }
        let (library, owner) = (self.registry.library?, found.name.clone());
        let value = match library.member(&owner, name) {
            Some(offer) => self.value_of(offer),
            // A module inside a module: `net.tcp`.
            None => self.module_value(library.module(&format!("{owner}.{name}"))?),
        };
        let member = ModuleMember::Value(value);
        self.heap.module_mut(module)?.exports.insert(Arc::from(name), member);
        Some(member)
    }

    /// The value of what the library has behind a name.
    fn value_of(&mut self, offer: Offer) -> Value {
        match offer.what {
            Offered::Native(native) | Offered::Property(native) => {
                let id = self.add_native(native);
                self.native_value(id)
            }
            Offered::Value(make) => make(self),
            Offered::Type(kind) => self.type_value(kind),
        }
    }

    /// What `name` means on values of `owner`.
    pub(super) fn method(&mut self, owner: MethodOwner, name: &str) -> Option<Method> {
        if let Some(method) = self.registry.method(owner, name) {
            return Some(method);
        }
        let offer = self.registry.library?.method(owner.name()?, name)?;
        let method = match offer.what {
            Offered::Native(native) => Method::Native(self.add_native(native)),
            Offered::Property(native) => Method::Property(self.add_native(native)),
            Offered::Value(_) | Offered::Type(_) => return None,
        };
        self.registry.methods.entry(owner).or_default().insert(offer.name.into(), method);
        Some(method)
    }

    /// The native that is a method of all values of a kind.
    pub(super) fn kind_method(&mut self, kind: Kind, name: &str) -> Option<NativeId> {
        match self.method(MethodOwner::Kind(kind), name) {
            Some(Method::Native(id)) => Some(id),
            _ => None,
        }
    }

    /// The value of `int.max` and its like.
    pub(super) fn static_member(&mut self, of: TypeKind, name: &str) -> Option<Value> {
        let known = self.registry.statics.get(&of).and_then(|members| members.get(name));
        if let Some(value) = known {
            return Some(*value);
        }
        if matches!(of, TypeKind::Host(_)) {
            return None;
        }
        let offer = self.registry.library?.member(of.name(), name)?;
        let name = offer.name;
        let value = self.value_of(offer);
        self.registry.statics.entry(of).or_default().insert(name.into(), value);
        Some(value)
    }

    /// What calling a type does: `int("5")`.
    pub(super) fn conversion(&mut self, to: TypeKind) -> Option<Value> {
        if let Some(value) = self.registry.conversions.get(&to) {
            return Some(*value);
        }
        let offer = self.registry.library?.conversion(to.name())?;
        let value = self.value_of(offer);
        self.registry.conversions.insert(to, value);
        Some(value)
    }

    /// A native that makes what scripts see of `error.trace`; the error is its argument 0.
    pub fn set_trace_reader(&mut self, native: NativeId) {
        self.registry.trace_reader = Some(native);
    }

    /// A built-in type as a value, the same one each time.
    pub fn type_value(&mut self, kind: TypeKind) -> Value {
        self.heap.type_value(kind)
    }

    /// The type of a value: a built-in type, or its class or enum.
    pub fn type_of(&mut self, value: Value) -> Value {
        match value.kind() {
            Kind::Instance => {
                let class = self.heap.instance_ref(value).map(|instance| instance.class_value());
                class.unwrap_or_default()
            }
            Kind::Variant => {
                let variant = self.heap.variant_ref(value);
                variant.map(|variant| variant.enum_value()).unwrap_or_default()
            }
            Kind::Object => {
                let name = self.heap.host_ref(value).map_or("object", |object| object.type_name());
                self.type_value(TypeKind::Host(name))
            }
            kind => self.type_value(TypeKind::of(kind).unwrap_or(TypeKind::Null)),
        }
    }

    /// The name of a value's type, for messages.
    pub fn type_name(&self, value: Value) -> String {
        match value.kind() {
            Kind::Instance => {
                let class =
                    self.heap.instance_ref(value).map(|found| found.class().name.to_string());
                class.unwrap_or_default()
            }
            Kind::Variant => {
                let variant = self.heap.variant_ref(value);
                variant.map(|variant| variant.enumeration().name.to_string()).unwrap_or_default()
            }
            Kind::Object => {
                self.heap.host_ref(value).map_or("object", |object| object.type_name()).to_owned()
            }
            kind => TypeKind::of(kind).map_or("value", TypeKind::name).to_owned(),
        }
    }

    /// The value of a name of the prelude.
    pub fn prelude(&mut self, name: &str) -> Option<Value> {
        if let Some(value) = self.registry.prelude.get(name) {
            return Some(*value);
        }
        let (name, value) = match ErrorKind::named(name) {
            Some(kind) => (kind.name(), self.error_class(kind)),
            None => {
                let offer = self.registry.library?.member("", name)?;
                (offer.name, self.value_of(offer))
            }
        };
        self.define_prelude(name, value);
        Some(value)
    }

    /// The value of a standard or host module, if there is one of that name.
    pub(super) fn known_module(&mut self, name: &str) -> Option<Value> {
        if let Some(module) = self.registry.modules.get(name) {
            return Some(*module);
        }
        let name = self.registry.library?.module(name)?;
        Some(self.module_value(name))
    }
}
