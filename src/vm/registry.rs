//! What natives and hosts register: functions, names of the prelude, modules, methods of types.
//!
//! The compiler knows the same names as plain data; here they have values. Nothing here knows what a
//! native does.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::Vm;
use super::heap::Marker;
use super::native::{Native, NativeBody, NativeId, Shortcut};
use super::object::{Module, ModuleMember, TypeKind};
use super::value::{Kind, Value};

/// Tables of what is registered. Scripts add nothing here, so a fixed hash does.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// What the library declares by a name that is borrowed, and the host by one of its own.
type Named<V> = HashMap<Cow<'static, str>, V>;

/// Whose methods and properties: all values of a kind, or the objects of a host type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MethodOwner {
    /// Values of a kind.
    Kind(Kind),
    /// Host or runtime objects, by the name of their type.
    Host(&'static str),
}

impl From<Kind> for MethodOwner {
    fn from(kind: Kind) -> MethodOwner {
        MethodOwner::Kind(kind)
    }
}

impl From<&'static str> for MethodOwner {
    fn from(name: &'static str) -> MethodOwner {
        MethodOwner::Host(name)
    }
}

/// What a name means on a built-in value.
#[derive(Clone, Debug)]
pub(super) enum Method {
    /// A native that is called with the value.
    Native(NativeId),
    /// A native that is called to read the name.
    Property(NativeId),
}

/// How many positional arguments a native takes without any being arranged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arity {
    least: usize,
    most: usize,
    /// It has to be awaited, and the loop carries it out.
    pub(super) waits: bool,
}

impl Arity {
    fn of(native: &Native) -> Arity {
        let waits = native.waits && matches!(native.body, NativeBody::Loop);
        if native.takes_all() {
            return Arity { least: 0, most: usize::MAX, waits };
        }
        match native.positional_max() {
            Some(most) => Arity { least: native.positional_min(), most, waits },
            // What is left over goes into a list: always arranged.
            None => Arity { least: 1, most: 0, waits },
        }
    }

    /// Whether so many can be passed as they stand.
    pub(super) fn takes(self, given: usize) -> bool {
        self.least <= given && given <= self.most
    }
}

/// Everything registered.
#[derive(Debug, Default)]
pub(super) struct Registry {
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
    /// Shortcuts of methods, by name and number of arguments.
    pub(super) shortcuts: Option<fn(&str, usize) -> Option<Shortcut>>,
}

impl Registry {
    /// Reports all values.
    pub(super) fn trace(&self, marker: &mut Marker) {
        marker.values(&self.native_values);
        let names = [&self.prelude].into_iter().chain(self.statics.values());
        let values = names.flat_map(HashMap::values).chain(self.modules.values());
        let core = self.core.iter().flat_map(HashMap::values);
        for value in values.chain(core).chain(self.conversions.values()) {
            marker.value(*value);
        }
    }

    /// What `name` means on values of `owner`.
    pub(super) fn method(&self, owner: MethodOwner, name: &str) -> Option<&Method> {
        self.methods.get(&owner)?.get(name)
    }

    /// All names that mean something on values of `owner`.
    pub(super) fn method_names(&self, owner: MethodOwner) -> impl Iterator<Item = &str> {
        self.methods.get(&owner).into_iter().flat_map(HashMap::keys).map(|name| &**name)
    }

    /// The value of `int.max` and its like.
    pub(super) fn static_member(&self, of: TypeKind, name: &str) -> Option<Value> {
        self.statics.get(&of)?.get(name).copied()
    }

    /// The names of those.
    pub(super) fn static_names(&self, of: TypeKind) -> impl Iterator<Item = &str> {
        self.statics.get(&of).into_iter().flat_map(HashMap::keys).map(|name| &**name)
    }

    /// What calling a type does.
    pub(super) fn conversion(&self, to: TypeKind) -> Option<Value> {
        self.conversions.get(&to).copied()
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

    /// Gives a member of a standard or host module its value.
    pub fn define_member(&mut self, module: &str, name: &str, value: Value) {
        let module = self.module_value(module);
        if let Some(module) = self.heap.module_mut(module) {
            module.exports.insert(Arc::from(name), ModuleMember::Value(value));
        }
    }

    /// A standard or host module as a value; a new one if there is none of that name.
    pub fn module_value(&mut self, name: &str) -> Value {
        if let Some(module) = self.registry.modules.get(name) {
            return *module;
        }
        let name: Arc<str> = Arc::from(name);
        let module = Module { name: name.clone(), ..Module::default() };
        let module = self.heap.module(module);
        self.registry.modules.insert(name, module);
        module
    }

    /// The value of a member of a standard or host module; null if there is none.
    pub fn member(&self, module: &str, name: &str) -> Value {
        let module =
            self.registry.modules.get(module).and_then(|module| self.heap.module_ref(*module));
        match module.and_then(|module| module.exports.get(name)) {
            Some(ModuleMember::Value(value)) => *value,
            _ => Value::null(),
        }
    }

    /// Makes a native a method: `value.name(…)`. The value is its argument 0.
    pub fn add_method(
        &mut self,
        owner: impl Into<MethodOwner>,
        name: &'static str,
        native: NativeId,
    ) {
        self.insert_method(owner.into(), name, Method::Native(native));
    }

    /// Makes a native a property: `value.name`. The value is its argument 0.
    pub fn add_property(
        &mut self,
        owner: impl Into<MethodOwner>,
        name: &'static str,
        native: NativeId,
    ) {
        self.insert_method(owner.into(), name, Method::Property(native));
    }

    fn insert_method(&mut self, owner: MethodOwner, name: &'static str, method: Method) {
        self.registry.methods.entry(owner).or_default().insert(Cow::Borrowed(name), method);
        self.members.clear();
    }

    /// The native that is a method of all values of a kind.
    pub(super) fn kind_method(&self, kind: Kind, name: &str) -> Option<NativeId> {
        match self.registry.method(MethodOwner::Kind(kind), name) {
            Some(Method::Native(id)) => Some(*id),
            _ => None,
        }
    }

    /// Gives a member of a type its value: `int.max`, `str.from_code`.
    pub fn add_static(&mut self, of: TypeKind, name: &'static str, value: Value) {
        self.registry.statics.entry(of).or_default().insert(Cow::Borrowed(name), value);
    }

    /// Says what calling a type does: `int("5")`.
    pub fn set_conversion(&mut self, to: TypeKind, native: NativeId) {
        let value = self.native_value(native);
        self.registry.conversions.insert(to, value);
    }

    /// Says which methods have shortcuts, by name and number of arguments. A place that calls one asks
    /// once.
    pub fn set_shortcuts(&mut self, shortcuts: fn(&str, usize) -> Option<Shortcut>) {
        self.registry.shortcuts = Some(shortcuts);
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
    pub(super) fn prelude(&self, name: &str) -> Option<Value> {
        self.registry.prelude.get(name).copied()
    }

    /// The value of a standard or host module, if there is one of that name.
    pub(super) fn known_module(&self, name: &str) -> Option<Value> {
        self.registry.modules.get(name).copied()
    }
}
