//! Tasks, scopes and `select`: all of it is asked of the loop.

use super::call::named_map;
use super::lookup::Found;
use super::{Flow, Op, Step};
use crate::bytecode::op::{Opcode, ScopeKind};
use crate::bytecode::program::{SelectArmCode, SelectArmKind};
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::exit::{Exit, Left, ScopeRequest, SelectArm, SelectOperand};
use crate::vm::fiber::State;
use crate::vm::value::{Kind, Value};

/// `AwaitValue`
pub(in crate::vm) fn await_value(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let value = op.get(at.b);
    if value.is(Kind::Object) {
        return suspend_await(op, value, false);
    }
    let shown = op.vm.show(value);
    let hint = match value.kind() {
        Kind::Closure | Kind::Native | Kind::Bound => ": call it, `await f()`",
        _ => ": only calls, tasks and promises are",
    };
    let text = format!("{shown} cannot be awaited{hint}");
    Err(op.vm.error(ErrorKind::TypeError, text))
}

/// `AwaitResult` of an object
pub(in crate::vm) fn await_result(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let value = op.get(at.a);
    suspend_await(op, value, true)
}

fn suspend_await(op: &mut Op<'_>, value: Value, optional: bool) -> Step {
    let (slot, next) = (usize::from(op.instruction().a), op.after(1));
    if op.vm.at_once > 1
        && let Some(result) = op.vm.heap.settled(value)
    {
        op.vm.at_once -= 1;
        op.window_set(slot, result);
        return Ok(Flow::Next);
    }
    op.vm.request.value = value;
    op.vm.request.flags = i32::from(optional);
    op.suspend_slot(slot, 0, next, Left::Await)
}

/// An instruction that a fiber has halted at, and that has to be carried out in the usual way.
pub(in crate::vm) fn settle(op: &mut Op<'_>) -> Step {
    match op.instruction().op {
        Opcode::Spawn => spawn(op),
        Opcode::ScopeEnter => scope_enter(op),
        Opcode::ScopeJoin => scope_join(op),
        Opcode::InvokeNativeAwait => super::invoke::invoke(op),
        _ => super::call::special_return(op),
    }
}

/// `Spawn`
fn spawn(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    op.vm.request.value = op.get(at.a);
    op.vm.request.owner = op.get(at.b);
    op.vm.request.flags = at.imm;
    let next = op.after(1);
    op.suspend_slot(usize::from(at.a), usize::from(at.c), next, Left::Spawn)
}

/// `SpawnSpread`
pub(in crate::vm) fn spawn_spread(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (callee, owner, named) = (op.get(at.a), op.get(at.b), op.get(at.a + 2));
    let named = named_map(named);
    // The list may be longer than the window, so its elements go above the frame.
    let to = op.scratch();
    let count = op.spread(usize::from(at.a) + 1, to)?;
    let args = op.window_args(to, count);
    op.suspend_for(Exit::Spawn { callee, args, named, owner, flags: at.imm }, at.a)
}

/// `ProgramScope`
pub(in crate::vm) fn program_scope(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    op.suspend_for(Exit::Scope(ScopeRequest::Program), at.a)
}

/// `ScopeEnter`
fn scope_enter(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let kind = match at.imm {
        0 => ScopeKind::Scope,
        1 => ScopeKind::Timeout,
        2 => ScopeKind::Shield,
        3 => ScopeKind::Body,
        _ => ScopeKind::CleanUp,
    };
    let mut options = [Value::null(); 3];
    for (option, register) in options.iter_mut().zip(at.b..at.b.saturating_add(at.c)) {
        *option = op.get(register);
    }
    let request = ScopeRequest::Enter { kind, register: at.a, options };
    op.suspend_scope(request)
}

/// `ScopeJoin`
fn scope_join(op: &mut Op<'_>) -> Step {
    let register = op.instruction().a;
    let end = op.next_instruction();
    // Nearly always the body has not been left early, and the scope has no clean-ups of its own.
    if end.op == Opcode::ScopeEnd && end.a == register && op.get(register + 1).is_null() {
        op.vm.request.value = op.get(register);
        op.vm.request.flags = i32::from(register);
        op.save();
        op.vm.fibers.get_mut(op.vm.running).state = State::Step;
        op.vm.left = Left::Leave;
        return Ok(Flow::Left);
    }
    op.suspend_scope(ScopeRequest::Join { register })
}

/// `ScopeAbsorb`
pub(in crate::vm) fn scope_absorb(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let request = ScopeRequest::Absorb { register: at.a, pending: at.b };
    op.suspend_scope(request)
}

/// `ScopeEnd`
pub(in crate::vm) fn scope_end(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let target = op.index() as i64 + i64::from(at.imm);
    let else_target = if at.imm == 0 { None } else { u32::try_from(target).ok() };
    let request = ScopeRequest::End { register: at.a, value: at.b, else_target };
    op.suspend_scope(request)
}

/// `Select`
pub(in crate::vm) fn select(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let function = op.function();
    let site = u64::from(function) << 32 | op.index() as u64;
    let module = op.vm.infos[function as usize].module.clone();
    let code = &module.selects[at.imm as usize];
    let mut arms = Vec::with_capacity(code.arms.len());
    // Arguments are arranged above the frame, where there is room for missing ones.
    let mut free = op.scratch();
    for (arm, number) in code.arms.iter().zip(0..) {
        if op.get(arm.enabled).is_unset() {
            // A `?.` has come to null, which is there at once.
            arms.push(SelectArm { number, operand: SelectOperand::Ready(Value::null()) });
        } else if op.get(arm.enabled).truthy() {
            let operand = operand(op, arm, &mut free)?;
            arms.push(SelectArm { number, operand });
        }
    }
    let else_arm = code.has_else.then_some(code.arms.len() as u32);
    let exit = Exit::Select { arms, first: code.first, else_arm, site };
    op.suspend(exit, State::Arm)
}

/// What an arm waits for; `None` while the core methods are not loaded.
fn operand(
    op: &mut Op<'_>,
    arm: &SelectArmCode,
    free: &mut usize,
) -> Result<SelectOperand, Thrown> {
    let register = usize::from(arm.register);
    let (name, first, count, is_spread) = match arm.kind {
        SelectArmKind::Value => {
            let value = op.get(arm.register);
            if value.is(Kind::Object) {
                return Ok(SelectOperand::Value(value));
            }
            return Err(no_operation(op, value));
        }
        SelectArmKind::Call(count) => (None, register + 1, usize::from(count), false),
        SelectArmKind::CallSpread => (None, register + 1, 0, true),
        SelectArmKind::Invoke(name, count) => {
            (Some(name), register + 2, usize::from(count) - 1, false)
        }
        SelectArmKind::InvokeSpread(name) => (Some(name), register + 2, 0, true),
    };
    if let Some(name) = name
        && op.get(arm.register + 1).is(Kind::Generator)
    {
        return Err(no_source(op, op.get(arm.register + 1), op.module_constant(name)));
    }
    let (callee, receiver) = match name {
        None => {
            let callee = op.get(arm.register);
            op.vm
                .heap
                .bound_ref(callee)
                .map_or((callee, None), |bound| (bound.callee, Some(bound.receiver)))
        }
        Some(name) => {
            let receiver = op.get(arm.register + 1);
            let name = op.module_constant(name);
            match op.find(receiver, name)? {
                Found::Native(id) => (op.vm.native_value(id), Some(receiver)),
                Found::Method(method) => (method, Some(receiver)),
                Found::Field(callee) => (callee, None),
                _ => return Err(op.missing_method(receiver, name)),
            }
        }
    };
    let id = op.vm.heap.native_id(callee).filter(|id| op.vm.native(*id).waits);
    let Some(id) = id else { return Err(no_operation(op, callee)) };
    let slot = *free;
    let shift = usize::from(receiver.is_some());
    let mut named = None;
    let count = if is_spread {
        named = named_map(op.window_get(first + 1));
        op.spread(first, slot + 1 + shift)?
    } else {
        op.reserve(slot + 2 + count)?;
        op.window_move(first, slot + 1 + shift, count);
        count
    };
    if let Some(receiver) = receiver {
        op.reserve(slot + 2)?;
        op.window_set(slot + 1, receiver);
    }
    let count = op.bind_native(id, slot, count + shift, named, receiver.is_some())?;
    *free = slot + 1 + count;
    let args = op.window_args(slot + 1, count);
    Ok(SelectOperand::Native(id, args))
}

/// The error of an async generator in an arm: it is code of the task that asks, not an operation.
#[cold]
fn no_source(op: &mut Op<'_>, generator: Value, method: Value) -> Thrown {
    let (name, method) = (op.vm.generator_name(generator), op.text(method));
    let text = format!(
        "`{method}` of the generator {name} runs in the task that asks, so it cannot be an arm of a \
         select: spawn a task that sends its elements into a channel, and receive from that"
    );
    op.vm.error(ErrorKind::TypeError, text)
}

#[cold]
fn no_operation(op: &mut Op<'_>, value: Value) -> Thrown {
    let shown = op.vm.show(value);
    let text = format!(
        "a select waits for operations such as `recv` or `sleep`, for tasks and promises, not for \
         {shown}: for functions there is `task.race`"
    );
    op.vm.error(ErrorKind::TypeError, text)
}
