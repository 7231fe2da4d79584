//! What a name means on a value, and what to say when it means nothing.

use super::Op;
use crate::bytecode::op::{Opcode, Operand};
use crate::bytecode::program::{MemberKind, VARIANT_NAME};
use crate::diagnostics::{foreign_member, nearest};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::native::NativeId;
use crate::vm::object::{Member, ModuleMember, VariantInfo};
use crate::vm::registry::{Method, MethodOwner};
use crate::vm::value::{Kind, Value};

/// What names meant on host objects lately: type and name, by their addresses.
pub(in crate::vm) type MembersKnown = Vec<((usize, u64), Found)>;
/// How many of them are remembered.
const MEMBERS_KNOWN: usize = 64;

/// What a name means on a value.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) enum Found {
    /// A value that is stored there.
    Field(Value),
    /// A function written in Kettle that is called with the value.
    Method(Value),
    /// A native that is called with the value.
    Native(NativeId),
    /// A native that reads it.
    Property(NativeId),
    /// A function that reads it.
    Getter(Value),
    /// A function that reads it, called without the value.
    StaticGetter(Value),
    /// Nothing.
    Missing,
}

impl Op<'_> {
    /// What a name means on a value. Keys of maps are no members.
    pub(in crate::vm) fn find(&mut self, value: Value, name: Value) -> Result<Found, Thrown> {
        let heap = &self.vm.heap;
        let text = heap.str(name).unwrap_or_default();
        let found = match value.kind() {
            Kind::Instance => {
                let instance = heap.instance_ref(value).expect("the kind was looked at");
                let class = instance.class();
                let found = class.method(text).map(member).or_else(|| {
                    let slot = class.slot(text)?;
                    instance.slots().get(slot).copied().map(Found::Field)
                });
                if found.is_some() && text.starts_with('_') {
                    self.check_private(instance.class_value(), name)?;
                }
                found
            }
            Kind::Class | Kind::Enum => {
                let found = match heap.class_ref(value) {
                    Some(class) => class.statics.get(text).copied(),
                    None => heap.enum_ref(value).and_then(|found| found.statics.get(text).copied()),
                };
                if found.is_some() && text.starts_with('_') {
                    self.check_private(value, name)?;
                }
                if found.is_some_and(|found| found.value.is_unset()) {
                    let text = format!("`{}` is used before it has been set", self.text(name));
                    return Err(self.vm.error(ErrorKind::NameError, text));
                }
                found.map(member)
            }
            Kind::Module => self.exported(value, name)?,
            Kind::Type => {
                let kind = heap.type_ref(value).expect("the kind was looked at");
                let text = text.to_owned();
                self.vm.static_member(kind, &text).map(Found::Field)
            }
            Kind::Variant => {
                let variant = heap.variant_ref(value).expect("the kind was looked at");
                let method = variant.enumeration().method(text).map(member);
                let found = method.or_else(|| variant.field(text).map(Found::Field));
                if found.is_some() && text.starts_with('_') {
                    self.check_private(variant.enum_value(), name)?;
                } else if found.is_none() && text == VARIANT_NAME {
                    let name = variant.info().map_or_else(Default::default, |i| i.name.clone());
                    return Ok(Found::Field(self.vm.heap.intern(&name)));
                }
                found
            }
            _ => None,
        };
        Ok(found.unwrap_or_else(|| self.vm.known_member(value, name)))
    }

    /// What a module exports under a name.
    fn exported(&mut self, value: Value, name: Value) -> Result<Option<Found>, Thrown> {
        let module = self.vm.heap.module_ref(value).expect("the kind was looked at");
        let text = self.vm.heap.str(name).unwrap_or_default();
        let member = match module.exports.get(text) {
            Some(ModuleMember::Value(member)) => *member,
            Some(ModuleMember::Slot(slot)) => {
                let member = self.vm.slots[*slot as usize];
                if member.is_unset() {
                    let text = format!("`{text}` is used before it has been set");
                    return Err(self.vm.error(ErrorKind::NameError, text));
                }
                member
            }
            None if module.is_built_in => {
                let text = text.to_owned();
                match self.vm.module_member(value, &text) {
                    Some(ModuleMember::Value(member)) => member,
                    _ => return Ok(None),
                }
            }
            None => return Ok(None),
        };
        Ok(Some(Found::Field(member)))
    }

    /// Lets code reach a private member only from the body of a class of the object.
    pub(in crate::vm) fn check_private(&mut self, class: Value, name: Value) -> Result<(), Thrown> {
        if self.vm.is_inside(self.function(), class) {
            return Ok(());
        }
        let (name, owner) = (self.text(name), self.vm.show(class));
        let text = format!("`{name}` is private: only the methods of {owner} can reach it");
        Err(self.vm.error(ErrorKind::FieldError, text))
    }

    /// The text of a name.
    pub(in crate::vm) fn text(&self, name: Value) -> String {
        self.vm.heap.str(name).unwrap_or_default().to_owned()
    }

    /// The error of a call of a method that is not there.
    #[cold]
    pub(in crate::vm) fn missing_method(&mut self, value: Value, name: Value) -> Thrown {
        let text = self.text(name);
        if value.is_map() && matches!(self.vm.heap.map_get(value, name), Ok(Some(_))) {
            let message = format!(
                "map has no method `{text}`; a function stored under that key is called as \
                 `m[\"{text}\"](…)`"
            );
            return self.vm.error(ErrorKind::FieldError, message);
        }
        if matches!(&*text, "[]" | "[]=") && value.kind() != Kind::Instance && !value.is_null() {
            let message = format!(
                "{} takes one index: parts are `x[a..b]`, deeper ones `x[i][j]`",
                self.vm.type_name(value)
            );
            return self.vm.error(ErrorKind::TypeError, message);
        }
        let register = self.instruction().a.wrapping_add(1);
        self.missing_member(value, name, "method", register)
    }

    /// The error of a member that is not there; `register` held the value.
    #[cold]
    pub(in crate::vm) fn missing_member(
        &mut self,
        value: Value,
        name: Value,
        what: &str,
        register: u8,
    ) -> Thrown {
        let name = self.text(name);
        if let Some(text) = self.vm.belongs_elsewhere(value, &name, what) {
            return self.vm.error(ErrorKind::FieldError, text);
        }
        let mut text = self.missing_text(value, &name, what);
        if value.is_null()
            && let Some(origin) = self.origin(register)
        {
            text = format!("{origin} is null, which has no {what} `{name}`");
        }
        let known = self.vm.member_names(value);
        // What a class of the program is like is not known from elsewhere.
        let of_type = match value.kind() {
            Kind::Null
            | Kind::Instance
            | Kind::Class
            | Kind::Module
            | Kind::Enum
            | Kind::Variant => None,
            _ => Some(self.vm.type_name(value)),
        };
        if let Some(ours) = of_type.and_then(|of_type| foreign_member(&of_type, &name)) {
            text.push_str(&format!("; Kettle writes `{ours}`"));
        } else if let Some(near) = nearest(&name, known.iter().map(String::as_str)) {
            text.push_str(&format!("; did you mean `{near}`?"));
        }
        self.vm.error(ErrorKind::FieldError, text)
    }

    fn missing_text(&self, value: Value, name: &str, what: &str) -> String {
        let heap = &self.vm.heap;
        match value.kind() {
            Kind::Module => {
                let module = heap.module_ref(value).map(|module| module.name.clone());
                format!("module {} exports no `{name}`", module.unwrap_or_default())
            }
            Kind::Class => format!("class {} has no static `{name}`", self.vm.show(value)),
            Kind::Enum => format!("enum {} has no variant or static `{name}`", self.vm.show(value)),
            Kind::Variant => format!("{} has no {what} `{name}`", self.vm.variant_path(value)),
            Kind::Type => format!("{} has no member `{name}`", self.vm.show(value)),
            _ => format!("{} has no {what} `{name}`", self.vm.type_name(value)),
        }
    }

    /// Whether what this instruction reads is set again by the same expression, as `m[k] += 1` does.
    pub(super) fn is_update(&self) -> bool {
        let info = &self.vm.infos[self.function() as usize];
        let (code, places) = (&info.code().body.code, &info.code().body.places);
        let is_set = |op| matches!(op, Opcode::SetIndex | Opcode::SetIndexInt | Opcode::SetField);
        let place = places.get(self.index());
        let mut behind = code.iter().zip(places.iter()).skip(self.index() + 1);
        behind.any(|(at, other)| is_set(at.op) && Some(other) == place)
    }

    /// What the code calls the value of a register, as far as the instructions before tell.
    pub(super) fn origin(&self, register: u8) -> Option<String> {
        let info = &self.vm.infos[self.function() as usize];
        let module = self.vm.modules.get(info.module_index? as usize)?;
        let code = &info.code().body.code;
        let writes = |at: &crate::bytecode::instruction::Instruction| {
            let layout = at.op.layout().a;
            matches!(layout, Operand::Dst | Operand::Window | Operand::Mut) && at.a == register
        };
        // A register that has not been written holds a parameter.
        let param = |register: u8| {
            let place = register.checked_sub(u8::from(info.code().has_self))?;
            let name = &info.code().params.get(usize::from(place))?.name;
            (!name.is_empty()).then(|| format!("`{name}`"))
        };
        // A register of a variable, or a copy of one.
        let local = |register: u8| {
            let at = self.index() as u32;
            let mut locals = info.code().body.locals.iter().rev();
            let holds = |local: &&crate::bytecode::program::LocalCode| {
                local.register == register && local.from <= at && at < local.until
            };
            locals.find(holds).map(|local| format!("`{}`", local.name))
        };
        if let Some(name) = local(register) {
            return Some(name);
        }
        let written = code[..self.index()].iter().rfind(|at| writes(at));
        let Some(&(mut register_of)) = written else { return param(register) };
        if register_of.op == Opcode::Move {
            let source = register_of.b;
            if let Some(name) = local(source) {
                return Some(name);
            }
            let from = |at: &&crate::bytecode::instruction::Instruction| {
                at.op.layout().a == Operand::Dst && at.a == source
            };
            match code[..self.index()].iter().rfind(from) {
                Some(write) => register_of = *write,
                None => return param(source),
            }
        }
        let constant = |index: i32| {
            let constant = self.vm.constants[module.first_constant as usize + index as usize];
            self.vm.heap.str(constant).unwrap_or_default().to_owned()
        };
        match register_of.op {
            Opcode::GetSlot | Opcode::GetSlotChecked => {
                module.code.slots.get(register_of.imm as usize).map(|name| format!("`{name}`"))
            }
            Opcode::GetCell | Opcode::GetUpvalue | Opcode::GetUpvalueCell => {
                Some(format!("`{}`", constant(register_of.imm)))
            }
            Opcode::GetField | Opcode::GetFieldOrNull => {
                Some(format!("`.{}`", constant(register_of.imm)))
            }
            Opcode::Invoke | Opcode::InvokeAwait => {
                Some(format!("the result of `.{}(…)`", constant(register_of.imm)))
            }
            Opcode::GetIndex | Opcode::GetIndexInt | Opcode::GetIndexOrNull => {
                Some("the element".to_owned())
            }
            Opcode::CallKnown | Opcode::CallKnownAwait => {
                let function = module.code.functions.get(register_of.imm as usize)?;
                Some(format!("the result of `{}(…)`", function.name))
            }
            _ => None,
        }
    }
}

fn member(member: Member) -> Found {
    match member.kind {
        MemberKind::Method => Found::Method(member.value),
        MemberKind::Getter => Found::Getter(member.value),
        MemberKind::Static | MemberKind::StaticValue => Found::Field(member.value),
        MemberKind::StaticGetter => Found::StaticGetter(member.value),
    }
}

impl Method {
    fn found(self) -> Found {
        match self {
            Method::Native(id) => Found::Native(id),
            Method::Property(id) => Found::Property(id),
        }
    }
}

impl crate::vm::Vm {
    /// The same by a name of the program, and remembered for host objects.
    fn known_member(&mut self, value: Value, name: Value) -> Found {
        let Some(of) = self.heap.host_type(value) else {
            let text = self.heap.str(name).unwrap_or_default();
            if let Some(method) = self.registry.method(MethodOwner::Kind(value.kind()), text) {
                return method.found();
            }
            let text = text.to_owned();
            return self.builtin_member(value, &text);
        };
        let key = (of, name.bits());
        let place = (key.0 >> 3 ^ key.1 as usize >> 4) % MEMBERS_KNOWN;
        if let Some((known, found)) = self.members.get(place)
            && *known == key
        {
            return *found;
        }
        let text = self.heap.str(name).unwrap_or_default().to_owned();
        let found = self.builtin_member(value, &text);
        // Other strings may come to lie where this one is now.
        if self.heap.is_interned(name) {
            self.members.resize(MEMBERS_KNOWN, ((0, 0), Found::Missing));
            self.members[place] = (key, found);
        }
        found
    }

    /// What a name means on all values of a built-in type.
    pub(super) fn builtin_member(&mut self, value: Value, name: &str) -> Found {
        let host = self.heap.host_ref(value).map(|object| MethodOwner::Host(object.type_name()));
        let of_host = host.and_then(|owner| self.method(owner, name));
        let kind = MethodOwner::Kind(value.kind());
        of_host.or_else(|| self.method(kind, name)).map_or(Found::Missing, Method::found)
    }

    /// Whether a function stands in the body of a class or of one that it extends.
    fn is_inside(&self, function: u32, class: Value) -> bool {
        let Some(around) = self.infos[function as usize].class else { return false };
        if let Some(enumeration) = self.heap.enum_ref(class) {
            return enumeration.number == around;
        }
        let mut next = Some(class);
        while let Some(class) = next.and_then(|class| self.heap.class_ref(class)) {
            if self.class_of_shape.get(&class.shape) == Some(&around) {
                return true;
            }
            next = class.parent;
        }
        false
    }

    /// What is said of a name that is known, but not on this value: on the instances of a class, on
    /// the values of an enum, on another variant.
    fn belongs_elsewhere(&self, value: Value, name: &str, what: &str) -> Option<String> {
        if let Some(instance) = self.heap.instance_ref(value) {
            let owner = &instance.class().name;
            instance.class().statics.get(name)?;
            return Some(format!("`{name}` is a static of {owner}: write `{owner}.{name}`"));
        }
        if let Some(variant) = self.heap.variant_ref(value) {
            let owner = variant.enumeration();
            if owner.statics.contains_key(name) {
                let owner = &owner.name;
                return Some(format!("`{name}` belongs to enum {owner}: write `{owner}.{name}`"));
            }
            let has = |info: &&VariantInfo| info.fields.iter().any(|field| **field == *name);
            let other = owner.variants.iter().find(has)?;
            let this = self.variant_path(value);
            return Some(format!(
                "{this} has no {what} `{name}`; {}.{} has it",
                owner.name, other.name
            ));
        }
        if let Some(found) = self.heap.enum_ref(value) {
            found.method(name)?;
            let owner = &found.name;
            return Some(format!(
                "`{name}` belongs to the values of enum {owner}, not to {owner} itself"
            ));
        }
        let class = self.heap.class_ref(value)?;
        let what = match class.method(name) {
            Some(member) if member.kind == MemberKind::Getter => "a getter",
            Some(_) => "a method",
            None => class.slot(name).map(|_| "a field")?,
        };
        let owner = &class.name;
        Some(format!("`{name}` is {what} of the instances of {owner}, not of {owner} itself"))
    }

    /// `Shape.Circle`
    fn variant_path(&self, value: Value) -> String {
        let Some(variant) = self.heap.variant_ref(value) else { return String::new() };
        let name = variant.info().map_or("", |info| &info.name);
        format!("{}.{name}", variant.enumeration().name)
    }

    /// The names that mean something on a value.
    fn member_names(&self, value: Value) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !name.starts_with('_') {
                names.push(name.to_owned());
            }
        };
        match value.kind() {
            Kind::Instance => {
                if let Some(instance) = self.heap.instance_ref(value) {
                    instance.class().fields.iter().for_each(|name| add(name));
                    instance.class().methods.keys().for_each(|name| add(name));
                }
            }
            Kind::Class => {
                if let Some(class) = self.heap.class_ref(value) {
                    class.statics.keys().for_each(|name| add(name));
                }
            }
            Kind::Enum => {
                if let Some(found) = self.heap.enum_ref(value) {
                    found.statics.keys().for_each(|name| add(name));
                }
            }
            Kind::Variant => {
                if let Some(variant) = self.heap.variant_ref(value) {
                    let fields = variant.info().map_or(&[][..], |info| &info.fields);
                    fields.iter().for_each(|name| add(name));
                    variant.enumeration().methods.keys().for_each(|name| add(name));
                    add(VARIANT_NAME);
                }
            }
            Kind::Module => {
                if let Some(module) = self.heap.module_ref(value) {
                    module.exports.keys().for_each(|name| add(name));
                    if module.is_built_in {
                        self.registry.member_names(&module.name).into_iter().for_each(&mut add);
                    }
                }
            }
            Kind::Type => {
                if let Some(kind) = self.heap.type_ref(value) {
                    self.registry.member_names(kind.name()).into_iter().for_each(&mut add);
                    self.registry.static_names(kind).for_each(&mut add);
                }
            }
            _ => {}
        }
        if let Some(object) = self.heap.host_ref(value) {
            let owner = MethodOwner::Host(object.type_name());
            self.registry.method_names(owner).into_iter().for_each(&mut add);
            self.registry.added_names(owner).for_each(&mut add);
        }
        let owner = MethodOwner::Kind(value.kind());
        self.registry.method_names(owner).into_iter().for_each(&mut add);
        names.sort_unstable();
        names.dedup();
        names
    }
}
