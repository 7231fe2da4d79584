//! Method calls: the member is looked up, cached where it can be, and called.

use super::call::{Site, named_map};
use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::MemberKind;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::native::{InlineFn, NativeBody, NativeId, Shortcut};
use crate::vm::value::{Kind, Value};

/// What a method call has found before.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct InvokeCache {
    /// The shape of the receiver; for a native its kind.
    pub(in crate::vm) guard: u32,
    /// The function, or the native.
    pub(in crate::vm) target: u32,
    /// The closure of the function. The class keeps it alive as long as there are instances. For a
    /// native of host objects their type, as an int.
    pub(in crate::vm) closure: Value,
    /// What is tried before the native.
    pub(in crate::vm) shortcut: Option<Shortcut>,
    /// The body of a native that takes these arguments as they stand.
    body: Option<InlineFn>,
}

/// `Invoke`, `InvokeAwait` and their cached forms that found another receiver, `InvokeNativeAwait` too
pub(in crate::vm) fn invoke(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let site = op.call_site();
    let receiver = op.get(at.a + 1);
    if matches!(at.op, Opcode::InvokeCached | Opcode::InvokeAwaitCached) && again(op, receiver) {
        return Ok(Flow::Stay);
    }
    let name = op.name();
    if receiver.is(Kind::Enum)
        && let Some(made) =
            op.make_variant(receiver, name, usize::from(at.a) + 2, usize::from(at.c) - 1)
    {
        op.set(at.a, made);
        return op.go(site.next);
    }
    let found = op.find(receiver, name)?;
    match found {
        Found::Method(closure) if receiver.is_instance() => remember_method(op, receiver, closure),
        Found::Native(id) => remember_native(op, receiver, id),
        _ => {}
    }
    op.call_found(found, receiver, name, site, usize::from(at.c), None)
}

/// Gives a cached instruction what it has found on a receiver of this shape before, if it has. It is
/// carried out again, so it gets back what it has cost.
fn again(op: &mut Op<'_>, receiver: Value) -> bool {
    let at = op.instruction();
    let Some(shape) = op.vm.heap.instance_ref(receiver).map(|instance| instance.shape()) else {
        return false;
    };
    let Some(index) = op.vm.sites.get(op.after(0), shape) else { return false };
    if index as i32 == at.imm {
        return false;
    }
    op.patch(Instruction::new(at.op, at.a, at.b, at.c, index as i32));
    op.vm.fuel += 1;
    true
}

/// `InvokeNative` and the forms for single natives
pub(in crate::vm) fn native(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let InvokeCache { guard, target, shortcut, body, .. } = op.vm.invoke_caches[at.imm as usize];
    if u32::from(op.get(at.a + 1).kind_byte()) != guard {
        return invoke(op);
    }
    if let Some(shortcut) = shortcut {
        let argument = if at.c > 1 { op.get(at.a + 2) } else { Value::unset() };
        let receiver = op.get(at.a + 1);
        if let Some(result) = shortcut(&mut op.vm.heap, receiver, argument) {
            op.set(at.a, result);
            return Ok(Flow::Next);
        }
    }
    let count = usize::from(at.c);
    let Some(body) = body else {
        return op.call_native(NativeId(target), op.call_site(), count, None, true);
    };
    let args = op.window_args(usize::from(at.a) + 1, count);
    let result = body(op.vm, args)?;
    if result.is_tail_call() {
        return op.tail_call(op.call_site());
    }
    op.set(at.a, result);
    Ok(Flow::Next)
}

/// `InvokeSpread`, `InvokeSpreadAwait`
pub(in crate::vm) fn invoke_spread(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let site = op.call_site();
    let receiver = op.get(at.a + 1);
    let name = op.name();
    let found = op.find(receiver, name)?;
    let named = named_map(op.get(at.a + 3));
    let count = op.spread(usize::from(at.a) + 2, usize::from(at.a) + 2)? + 1;
    op.call_found(found, receiver, name, site, count, named)
}

/// `Super`, `SuperAwait`
pub(in crate::vm) fn super_call(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let site = op.call_site();
    call_super(op, site, usize::from(at.c), None)
}

/// `SuperSpread`, `SuperSpreadAwait`
pub(in crate::vm) fn super_spread(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let site = op.call_site();
    let named = named_map(op.get(at.a + 3));
    let count = op.spread(usize::from(at.a) + 2, usize::from(at.a) + 2)? + 1;
    call_super(op, site, count, named)
}

/// `GetSuper`
pub(in crate::vm) fn get_super(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let receiver = op.get(at.b);
    let (callee, is_getter) = super_member(op, op.get(at.c))?;
    if is_getter {
        return op.call_operator(callee, &[receiver]);
    }
    let bound = op.vm.heap.bound(receiver, callee);
    op.set(at.a, bound);
    Ok(Flow::Next)
}

fn call_super(op: &mut Op<'_>, site: Site, count: usize, named: Option<Value>) -> Step {
    let (callee, is_getter) = super_member(op, op.get(op.instruction().b))?;
    if is_getter {
        let name = op.name_text();
        let text = format!("`{name}` is no method but a getter: leave out the `()`");
        return Err(op.vm.error(ErrorKind::TypeError, text));
    }
    op.call_closure(callee, site, count, named, true, 0)
}

/// The member of a parent class that an instruction names, and whether it is a getter.
fn super_member(op: &mut Op<'_>, class: Value) -> Result<(Value, bool), Thrown> {
    let name = op.name_text();
    let Some(found) = op.vm.heap.class_ref(class) else {
        return Err(op.vm.error(ErrorKind::TypeError, "`super` needs a class to extend"));
    };
    let class_name = found.name.clone();
    match found.method(&name) {
        Some(member) => Ok((member.value, member.kind == MemberKind::Getter)),
        None if name == "init" => Ok((op.constructor(class)?, false)),
        None if found.slot(&name).is_some() => {
            let text = format!("`{name}` is a field of the instance: write `self.{name}`");
            Err(op.vm.error(ErrorKind::FieldError, text))
        }
        None => {
            let text = format!("{class_name} has no method `{name}`");
            Err(op.vm.error(ErrorKind::FieldError, text))
        }
    }
}

impl Op<'_> {
    /// Calls a member that was found on the receiver, which stands behind the site's slot.
    pub(in crate::vm) fn call_found(
        &mut self,
        found: Found,
        receiver: Value,
        name: Value,
        site: Site,
        count: usize,
        named: Option<Value>,
    ) -> Step {
        match found {
            Found::Method(callee) => self.call_closure(callee, site, count, named, true, 0),
            Found::Native(id) => self.call_native(id, site, count, named, true),
            Found::Field(callee) => {
                self.window_move(site.slot + 2, site.slot + 1, count - 1);
                self.call_value(callee, site, count - 1, named, false)
            }
            Found::Getter(getter) => {
                // What the getter gives is called when it has returned: see `deliver`.
                if named.is_some() || site.operator {
                    return Err(self.getter_is_no_method(name));
                }
                self.call_operator(getter, &[receiver])
            }
            Found::StaticGetter(getter) => {
                if named.is_some() || site.operator {
                    return Err(self.getter_is_no_method(name));
                }
                let site = self.operator_site();
                self.call_value(getter, site, 0, None, false)
            }
            Found::Property(_) => {
                let name = self.text(name);
                let text = format!("`{name}` is no method but a property: leave out the `()`");
                Err(self.vm.error(ErrorKind::TypeError, text))
            }
            Found::Missing => Err(self.missing_method(receiver, name)),
        }
    }

    #[cold]
    fn getter_is_no_method(&mut self, name: Value) -> Thrown {
        let name = self.text(name);
        let text = format!("`{name}` is no method but a getter: bind its value to a name first");
        self.vm.error(ErrorKind::TypeError, text)
    }

    /// Takes what a getter gave for a method call and calls it.
    pub(super) fn call_gotten(&mut self, callee: Value) -> Step {
        let site = self.call_site();
        let count = usize::from(self.instruction().c);
        self.window_move(site.slot + 2, site.slot + 1, count - 1);
        self.call_value(callee, site, count - 1, None, false)
    }
}

/// Writes a cache of a method over the instruction.
fn remember_method(op: &mut Op<'_>, receiver: Value, closure: Value) {
    let at = op.instruction();
    let quick = match at.op {
        Opcode::InvokeAwait | Opcode::InvokeAwaitCached | Opcode::InvokeNativeAwait => {
            Opcode::InvokeAwaitCached
        }
        op if waits_for_getter(op) => Opcode::InvokeCached,
        _ => return,
    };
    let shape = op.vm.heap.instance_ref(receiver).map(|instance| instance.shape());
    let target = op.vm.heap.closure_ref(closure).map(|closure| closure.function());
    if let (Some(guard), Some(target)) = (shape, target) {
        let cache = InvokeCache { guard, target, closure, shortcut: None, body: None };
        remember(op, quick, cache);
    }
}

/// Writes a cache of a native over the instruction, where the kind of the receiver decides alone.
fn remember_native(op: &mut Op<'_>, receiver: Value, id: NativeId) {
    let at = op.instruction();
    let is_await = matches!(
        at.op,
        Opcode::InvokeAwait | Opcode::InvokeAwaitCached | Opcode::InvokeNativeAwait
    );
    if is_await
        && op.vm.registry.arity(id).waits
        && let Some(of) = op.vm.heap.host_type(receiver)
    {
        let closure = Value::int(of as i64);
        let cache = InvokeCache { guard: 0, target: id.0, closure, shortcut: None, body: None };
        return remember(op, Opcode::InvokeNativeAwait, cache);
    }
    let by_kind = !matches!(
        receiver.kind(),
        Kind::Instance | Kind::Object | Kind::Module | Kind::Class | Kind::Type | Kind::Enum
    );
    if !by_kind || is_await {
        return;
    }
    let native = op.vm.registry.native(id);
    let NativeBody::Inline(body) = native.body else { return };
    let given = usize::from(at.c) - 1;
    let quick = match (&*native.name, given) {
        ("list.push", 1) => Opcode::InvokePush,
        ("list.pop", 0) => Opcode::InvokePop,
        ("float.sqrt", 0) => Opcode::InvokeSqrt,
        ("map.get", 1) => Opcode::InvokeGet,
        _ => Opcode::InvokeNative,
    };
    let body = native.is_exact(given).then_some(body);
    let shortcut = body.and_then(|_| op.vm.registry.shortcut(native, given));
    let guard = u32::from(receiver.kind_byte());
    let cache = InvokeCache { guard, target: id.0, closure: Value::null(), shortcut, body };
    remember(op, quick, cache);
}

fn remember(op: &mut Op<'_>, quick: Opcode, cache: InvokeCache) {
    let at = op.instruction();
    // A method of another shape keeps its cache, and both are found again by their shapes.
    let keeps = at.op == quick && cache.body.is_none() && !cache.closure.is_null();
    let held = op.vm.invoke_caches.get(at.imm as usize).filter(|_| at.op.is_quickened());
    let count = op.vm.invoke_caches.len();
    let index = match held.map(|held| held.guard) {
        Some(guard) if keeps && guard != cache.guard && count < CACHES_MAX => {
            let index = add(op, cache);
            let pc = op.after(0);
            op.vm.sites.put(pc, guard, at.imm as u32);
            op.vm.sites.put(pc, cache.guard, index as u32);
            index
        }
        Some(_) => {
            op.vm.invoke_caches[at.imm as usize] = cache;
            at.imm
        }
        None => add(op, cache),
    };
    op.patch(Instruction::new(quick, at.a, at.b, at.c, index));
}

/// With so many caches no instruction gets another one: classes may be made without end.
const CACHES_MAX: usize = 1 << 14;

fn add(op: &mut Op<'_>, cache: InvokeCache) -> i32 {
    op.vm.invoke_caches.push(cache);
    i32::try_from(op.vm.invoke_caches.len() - 1).expect("memory ends before caches do")
}

/// Whether a call of a member that is no call instruction waits for a getter.
pub(super) const fn waits_for_getter(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::Invoke
            | Opcode::InvokeAwait
            | Opcode::InvokeCached
            | Opcode::InvokeAwaitCached
            | Opcode::InvokeNative
            | Opcode::InvokePush
            | Opcode::InvokePop
            | Opcode::InvokeSqrt
            | Opcode::InvokeGet
            | Opcode::InvokeNativeAwait
    )
}
