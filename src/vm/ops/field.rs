//! Fields: reading and writing `value.name`.

use super::index::BEGIN_WITH_DEFAULT;
use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::MemberKind;
use crate::diagnostics::nearest;
use crate::vm::Vm;
use crate::vm::error::{ErrorKind, SUPPRESSED, TRACE, Thrown};
use crate::vm::exit::Exit;
use crate::vm::hash::{HashProblem, Unhashable};
use crate::vm::value::{Kind, Value};

/// `GetField` and its cached form that found another shape
pub(in crate::vm) fn get(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let object = op.get(at.b);
    if at.op == Opcode::GetFieldCached && again(op, object) {
        return Ok(Flow::Stay);
    }
    let name = op.name();
    if object.is_map() {
        return get_entry(op, object, name, false);
    }
    get_member(op, object, name)
}

/// Writes into a cached instruction what it has found on an object of this shape before, if it has.
fn again(op: &mut Op<'_>, object: Value) -> bool {
    let at = op.instruction();
    let Some(shape) = op.vm.heap.instance_ref(object).map(|instance| instance.shape()) else {
        return false;
    };
    let Some(slot) = op.vm.sites.get(op.after(0), shape) else { return false };
    if shape == at.imm as u32 {
        return false;
    }
    // What is known here fitted into the byte.
    op.patch(Instruction::new(at.op, at.a, at.b, slot as u8, shape as i32));
    true
}

/// Writes a field of an object of this shape into the instruction. What it held for another shape
/// is kept beside it.
fn cache(op: &mut Op<'_>, quick: Opcode, slot: u8, shape: u32) {
    let at = op.instruction();
    if at.op == quick {
        let pc = op.after(0);
        op.vm.sites.put(pc, at.imm as u32, u32::from(at.c));
        op.vm.sites.put(pc, shape, u32::from(slot));
    }
    op.patch(Instruction::new(quick, at.a, at.b, slot, shape as i32));
}

/// `GetFieldOrNull`
pub(in crate::vm) fn get_or_null(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let object = op.get(at.b);
    let name = op.name();
    if object.is_map() {
        return get_entry(op, object, name, true);
    }
    get_member(op, object, name)
}

/// `GetMethod`
pub(in crate::vm) fn get_method(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let object = op.get(at.b);
    let name = op.name();
    let found = op.find(object, name)?;
    match found {
        Found::Missing => Err(op.missing_member(object, name, "method", at.b)),
        found => read(op, object, name, found),
    }
}

/// `SetField` and its cached form that found another shape
pub(in crate::vm) fn set(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (object, value) = (op.get(at.a), op.get(at.b));
    if at.op == Opcode::SetFieldCached && again(op, object) {
        return Ok(Flow::Stay);
    }
    let name = op.name();
    match object.kind() {
        Kind::Map => {
            op.map_insert(object, name, value)?;
            return Ok(Flow::Next);
        }
        Kind::Instance => {}
        Kind::Object => return set_property(op, object, name, value),
        _ => return Err(cannot_set(op, object, name)),
    }
    let instance = op.vm.heap.instance_ref(object).expect("the kind was looked at");
    let (class, shape) = (instance.class_value(), instance.shape());
    let text = op.vm.heap.str(name).unwrap_or_default();
    let (slot, private) = (instance.class().slot(text), text.starts_with('_'));
    let Some(slot) = slot else { return Err(cannot_set(op, object, name)) };
    if private {
        op.check_private(class, name)?;
    }
    if let Some(fields) = op.vm.heap.instance_for(object, &[value]) {
        fields[slot] = value;
    }
    if let Ok(slot) = u8::try_from(slot)
        && matches!(at.op, Opcode::SetField | Opcode::SetFieldCached)
    {
        cache(op, Opcode::SetFieldCached, slot, shape);
    }
    Ok(Flow::Next)
}

/// Gives a property of a host object another value: `t.name = x` calls `t.set_name(x)`.
fn set_property(op: &mut Op<'_>, object: Value, name: Value, value: Value) -> Step {
    let text = op.text(name);
    let setter = format!("set_{text}");
    match (op.vm.builtin_member(object, &text), op.vm.builtin_member(object, &setter)) {
        (Found::Property(_), Found::Native(setter)) => {
            let setter = op.vm.native_value(setter);
            op.call_operator(setter, &[object, value])
        }
        _ => Err(cannot_set(op, object, name)),
    }
}

/// Reads a member of anything but a map.
fn get_member(op: &mut Op<'_>, object: Value, name: Value) -> Step {
    let at = op.instruction();
    let found = op.find(object, name)?;
    match found {
        Found::Field(value) if object.is_instance() => {
            if let Some(value) = special_error_field(op, object, name)? {
                return value_or_call(op, value);
            }
            remember(op, object, name);
            op.set(at.a, value);
            Ok(Flow::Next)
        }
        Found::Property(_) if object.is(Kind::List) => {
            // Its length is the one property that a list has.
            let length = op.vm.heap.list_ref(object).map_or(0, |list| list.items.len());
            if matches!(at.op, Opcode::GetField | Opcode::GetFieldCached) {
                op.patch(Instruction::new(Opcode::GetLength, at.a, at.b, 0, 0));
            }
            op.set(at.a, Value::int(length as i64));
            Ok(Flow::Next)
        }
        Found::Missing => Err(op.missing_member(object, name, "field", at.b)),
        found => read(op, object, name, found),
    }
}

/// Writes what was found into the register of the instruction.
fn read(op: &mut Op<'_>, object: Value, name: Value, found: Found) -> Step {
    let at = op.instruction();
    let value = match found {
        Found::Field(value) => value,
        Found::Method(method) => op.vm.heap.bound(object, method),
        Found::Native(id) => {
            let native = op.vm.native_value(id);
            op.vm.heap.bound(object, native)
        }
        Found::Property(id) => {
            let native = op.vm.native_value(id);
            return op.call_operator(native, &[object]);
        }
        Found::Getter(getter) => return op.call_operator(getter, &[object]),
        Found::StaticGetter(getter) => {
            let site = op.operator_site();
            return op.call_value(getter, site, 0, None, false);
        }
        Found::Missing => return Err(op.missing_member(object, name, "field", at.b)),
    };
    op.set(at.a, value);
    Ok(Flow::Next)
}

/// A field of an error that is not what its slot holds.
enum Special {
    Value(Value),
    Trace(Value, Value),
}

/// `suppressed` is made when it is read first, and `trace` is shown as data.
fn special_error_field(
    op: &mut Op<'_>,
    object: Value,
    name: Value,
) -> Result<Option<Special>, Thrown> {
    let instance = op.vm.heap.instance_ref(object).expect("callers pass an instance");
    let text = op.vm.heap.str(name).unwrap_or_default();
    if !instance.class().is_error {
        return Ok(None);
    }
    Ok(match instance.class().slot(text) {
        Some(SUPPRESSED) => {
            let mut list = op.vm.error_slot(object, SUPPRESSED);
            if list.is_null() {
                list = op.vm.heap.list(Vec::new());
                op.vm.set_error_slot(object, SUPPRESSED, list);
            }
            Some(Special::Value(list))
        }
        Some(TRACE) => Some(match op.vm.registry.trace_reader {
            Some(reader) => Special::Trace(op.vm.native_value(reader), object),
            None => Special::Value(Value::null()),
        }),
        _ => None,
    })
}

fn value_or_call(op: &mut Op<'_>, special: Special) -> Step {
    match special {
        Special::Value(value) => {
            op.set(op.instruction().a, value);
            Ok(Flow::Next)
        }
        Special::Trace(reader, error) => op.call_operator(reader, &[error]),
    }
}

/// Writes a cache of the field over the instruction.
fn remember(op: &mut Op<'_>, object: Value, name: Value) {
    let at = op.instruction();
    if !matches!(at.op, Opcode::GetField | Opcode::GetFieldCached | Opcode::GetLength) {
        return;
    }
    let instance = op.vm.heap.instance_ref(object).expect("callers pass an instance");
    let slot = instance.class().slot(op.vm.heap.str(name).unwrap_or_default());
    if let Some(slot) = slot.and_then(|slot| u8::try_from(slot).ok()) {
        let shape = instance.shape();
        cache(op, Opcode::GetFieldCached, slot, shape);
        join(op);
    }
}

/// Makes a pair of a cached read and what stands beside it (`vm/pair.rs`).
fn join(op: &mut Op<'_>) {
    let (at, next) = (op.instruction(), op.next_instruction());
    if next.op == Opcode::Return && next.a == at.a {
        op.patch(Instruction { op: Opcode::GetFieldReturn, ..at });
        return;
    }
    op.patch_previous(Opcode::GetFieldCached, Opcode::GetFieldGetField);
}

/// Reads an entry of a map by its name.
fn get_entry(op: &mut Op<'_>, map: Value, name: Value, or_null: bool) -> Step {
    let at = op.instruction();
    if op.vm.heap.str(name) == Some("len") {
        let count = op.vm.heap.map_ref(map).map_or(0, |map| map.len());
        op.set(at.a, Value::int(count as i64));
        return Ok(Flow::Next);
    }
    match op.vm.heap.map_get(map, name) {
        Ok(Some(value)) => op.set(at.a, value),
        _ if or_null => op.set(at.a, Value::null()),
        _ => return Err(missing_name(op, map, name)),
    }
    Ok(Flow::Next)
}

#[cold]
fn missing_name(op: &mut Op<'_>, map: Value, name: Value) -> Thrown {
    let text = op.text(name);
    let is_method = matches!(op.find(map, name), Ok(Found::Native(_) | Found::Method(_)));
    let mut message = format!("the map has no key `{text}`");
    if is_method {
        message.push_str(&format!("; the method is called as `.{text}(…)`"));
    } else if let Some(near) = op.near_key(map, &text) {
        message.push_str(&format!("; did you mean `{near}`?"));
    } else if op.is_update() {
        message.push_str(BEGIN_WITH_DEFAULT);
    }
    op.vm.error(ErrorKind::KeyError, message)
}

#[cold]
fn cannot_set(op: &mut Op<'_>, object: Value, name: Value) -> Thrown {
    let at = op.instruction();
    let text = op.text(name);
    let message = match object.kind() {
        Kind::Null => return op.missing_member(object, name, "field", at.a),
        Kind::Class => {
            let class = op.vm.heap.class_ref(object).map(|class| class.name.clone());
            format!("`{}.{text}` cannot be assigned to", class.unwrap_or_default())
        }
        Kind::Enum => format!("`{}.{text}` cannot be assigned to", op.vm.show(object)),
        Kind::Variant => {
            let name = op.vm.type_name(object);
            format!(
                "values of enum {name} never change: make another one instead of setting `{text}`"
            )
        }
        Kind::Module => "the members of a module cannot be assigned to".to_owned(),
        Kind::Instance => {
            let instance = op.vm.heap.instance_ref(object).expect("the kind was looked at");
            let class = instance.class();
            match class.method(&text) {
                Some(found) if found.kind == MemberKind::Getter => {
                    format!("`{text}` of {} is a getter: it cannot be assigned to", class.name)
                }
                Some(_) => {
                    format!("`{text}` of {} is a method: it cannot be assigned to", class.name)
                }
                None => {
                    let near = nearest(&text, class.fields.iter().map(|name| &**name));
                    let way = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "declare it in the class, by its name alone".to_owned(),
                    };
                    format!("{} has no field `{text}`; {way}", class.name)
                }
            }
        }
        _ => format!("{} has no field `{text}` that can be set", op.vm.type_name(object)),
    };
    op.vm.error(ErrorKind::FieldError, message)
}

impl Op<'_> {
    /// The key of a map that a name was probably meant to be.
    pub(in crate::vm) fn near_key(&self, map: Value, name: &str) -> Option<String> {
        let map = self.vm.heap.map_ref(map)?;
        let keys = map.keys().filter_map(|key| self.vm.heap.str(key)).take(1000);
        nearest(name, keys).map(str::to_owned)
    }

    /// Puts an entry into a map.
    pub(in crate::vm) fn map_insert(
        &mut self,
        map: Value,
        key: Value,
        value: Value,
    ) -> Result<(), Thrown> {
        match self.vm.heap.map_put(map, key, value) {
            Ok(()) => Ok(()),
            Err(problem) => Err(self.vm.unhashable(problem)),
        }
    }

    /// Puts an entry into a map for an instruction that may wait for the key's class.
    pub(in crate::vm) fn map_write(&mut self, map: Value, key: Value, value: Value) -> Step {
        match self.vm.heap.map_put(map, key, value) {
            Ok(()) => Ok(Flow::Next),
            Err(problem) => self.by_hash(problem, "key_write", &[map, key, value]),
        }
    }

    /// Lets a function of the core module go on with a key of which a class has to be asked for its
    /// hash. An error if that is not what is wrong with the key.
    #[cold]
    pub(in crate::vm) fn by_hash(
        &mut self,
        problem: Unhashable,
        function: &str,
        args: &[Value],
    ) -> Step {
        if problem.problem != HashProblem::NeedsCall {
            return Err(self.vm.unhashable(problem));
        }
        match self.vm.core_function(function)? {
            Some(function) => self.call_operator(function, args),
            None => self.leave(Exit::NeedCore),
        }
    }
}

impl Vm {
    /// The error of a value that cannot be a key.
    #[cold]
    pub fn unhashable(&mut self, found: Unhashable) -> Thrown {
        let name = self.type_name(found.value);
        let text = match found.problem {
            HashProblem::Mutable => format!("a {name} cannot be a key, because it can change"),
            HashProblem::Cyclic if self.heap.instance_ref(found.value).is_some() => {
                format!("{name} cannot be a key: its `hash` is made from itself")
            }
            HashProblem::Cyclic => "a list that contains itself cannot be a key".to_owned(),
            HashProblem::EqualityWithoutHash => {
                format!("{name} cannot be a key: its class defines `==` but not `hash`")
            }
            HashProblem::NeedsCall => {
                format!(
                    "{name} cannot be a key here: its class would have to be asked for its `hash`"
                )
            }
        };
        self.error(ErrorKind::TypeError, text)
    }
}
