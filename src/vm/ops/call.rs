//! Calls: whatever can be called, from whatever instruction calls it.

use super::{Flow, Op, Step};
use crate::bytecode::op::Opcode;
use crate::bytecode::program::CLOSURE_NAME;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::exit::{Args, Exit, Left, NATIVE_AWAITED, NATIVE_WAITS};
use crate::vm::fiber::State;
use crate::vm::frame::{AWAITED, BOTTOM, CONSTRUCTOR, FrameWord, GENERATOR, OPERATOR};
use crate::vm::native::NativeId;
use crate::vm::resume::TailCallee;
use crate::vm::value::{Kind, Value};

/// Where a call stands: its result slot, behind which its arguments stand, and how it goes on.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Site {
    /// Distance of the result slot from the base.
    pub(in crate::vm) slot: usize,
    /// The call is awaited.
    pub(in crate::vm) awaited: bool,
    /// The calling instruction is no call and gets the result through `deliver`.
    pub(in crate::vm) operator: bool,
    /// Where it goes on.
    pub(in crate::vm) next: usize,
    /// Where it goes on behind an async callee.
    pub(in crate::vm) next_async: usize,
}

impl Site {
    pub(in crate::vm) fn flags(self) -> u64 {
        (if self.awaited { AWAITED } else { 0 }) | if self.operator { OPERATOR } else { 0 }
    }
}

/// `Call`, `CallAwait`, `CallEither`
pub(in crate::vm) fn call(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let callee = op.get(at.b);
    let site = op.call_site();
    op.call_value(callee, site, usize::from(at.c), None, false)
}

/// `CallKnown`, `CallKnownAwait` where the stack is too small
pub(in crate::vm) fn call_known(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let word = FrameWord::of_call(at, at.op);
    let site = Site { slot: word.distance() / size_of::<Value>() - 1, ..op.call_site() };
    let number = word.function();
    let is_async = op.vm.functions[number as usize].await_step > 1;
    let back = if is_async { site.next_async } else { site.next };
    op.push(number, site.slot, site.flags(), back)?;
    Ok(Flow::Stay)
}

/// `ReadBody`
pub(in crate::vm) fn read_body(op: &mut Op<'_>) -> Step {
    match op.vm.read_body(op.function()) {
        // Here stands now what is to be carried out.
        Ok(()) => Ok(Flow::Stay),
        Err(why) => Err(op.vm.error(ErrorKind::NameError, format!("the function is lost: {why}"))),
    }
}

/// `CallSpread`, `CallSpreadAwait`
pub(in crate::vm) fn call_spread(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let site = op.call_site();
    let callee = op.get(at.a);
    let named = op.get(at.a + 2);
    let count = op.spread(usize::from(at.a) + 1, usize::from(at.a) + 1)?;
    op.call_value(callee, site, count, named_map(named), false)
}

/// `Return` and `ReturnNull` of a frame whose result is more than a copy
pub(in crate::vm) fn special_return(op: &mut Op<'_>) -> Step {
    let at = op.instruction();
    let (word, _) = op.header();
    let flags = word.flags();
    let result = if flags & CONSTRUCTOR != 0 {
        op.get(0)
    } else if at.op == Opcode::ReturnNull {
        Value::null()
    } else {
        op.get(at.a)
    };
    if flags & GENERATOR != 0 {
        return super::generator::returned(op);
    }
    if flags & BOTTOM != 0 {
        op.vm.request.value = result;
        return op.leave_for(Left::Return);
    }
    op.pop();
    if flags & OPERATOR != 0 {
        op.step_back();
        return super::deliver(op, result);
    }
    op.window_set(word.distance() / size_of::<Value>() - 1, result);
    Ok(Flow::Stay)
}

/// The map of named arguments of a spread window, if there are any.
pub(super) fn named_map(value: Value) -> Option<Value> {
    value.is_map().then_some(value)
}

impl Op<'_> {
    /// Where the call instruction stands.
    pub(in crate::vm) fn call_site(&self) -> Site {
        let at = self.instruction();
        let (awaited, step) = match at.op {
            Opcode::CallAwait
            | Opcode::CallKnownAwait
            | Opcode::InvokeAwait
            | Opcode::InvokeAwaitCached
            | Opcode::InvokeNativeAwait
            | Opcode::CallSpreadAwait
            | Opcode::InvokeSpreadAwait
            | Opcode::SuperAwait
            | Opcode::SuperSpreadAwait => (true, 2),
            Opcode::CallEither => (self.header().0.flags() & AWAITED != 0, 1),
            _ => (false, 1),
        };
        Site {
            slot: usize::from(at.a),
            awaited,
            operator: false,
            next: self.after(1),
            next_async: self.after(step),
        }
    }

    /// Where an instruction that is no call lets something be called.
    pub(in crate::vm) fn operator_site(&self) -> Site {
        let next = self.after(1);
        let slot = self.scratch();
        Site { slot, awaited: false, operator: true, next, next_async: next }
    }

    /// Calls something on behalf of an instruction that is no call.
    pub(in crate::vm) fn call_operator(&mut self, callee: Value, args: &[Value]) -> Step {
        let site = self.operator_site();
        self.reserve(site.slot + 1 + args.len())?;
        for (value, slot) in args.iter().zip(site.slot + 1..) {
            self.window_set(slot, *value);
        }
        self.call_value(callee, site, args.len(), None, true)
    }

    /// Puts the elements of the list in `slot` at `to` and behind; gives their number.
    pub(in crate::vm) fn spread(&mut self, slot: usize, to: usize) -> Result<usize, Thrown> {
        let Some(list) = self.vm.heap.list_ref(self.window_get(slot)) else { return Ok(0) };
        let items = list.items.to_vec();
        self.reserve(to + items.len())?;
        for (value, slot) in items.iter().zip(to..) {
            self.window_set(slot, *value);
        }
        Ok(items.len())
    }

    /// Calls any value with the `count` arguments that stand behind the site's slot. With `receiver`
    /// the first one is what a method is called on.
    pub(in crate::vm) fn call_value(
        &mut self,
        mut callee: Value,
        site: Site,
        mut count: usize,
        named: Option<Value>,
        mut receiver: bool,
    ) -> Step {
        loop {
            match callee.kind() {
                Kind::Closure => {
                    return self.call_closure(callee, site, count, named, receiver, 0);
                }
                Kind::Native => {
                    let id = self.vm.heap.native_id(callee).expect("the kind was looked at");
                    return self.call_native(id, site, count, named, receiver);
                }
                Kind::Bound => {
                    let bound = self.vm.heap.bound_ref(callee).expect("the kind was looked at");
                    if receiver {
                        // A bound method that is read as a member keeps its own receiver.
                        count -= 1;
                        self.window_move(site.slot + 2, site.slot + 1, count);
                    }
                    self.insert_receiver(bound.receiver, site.slot, count)?;
                    count += 1;
                    receiver = true;
                    callee = bound.callee;
                }
                Kind::Class => return self.construct(callee, site, count, named),
                Kind::Type => {
                    let kind = self.vm.heap.type_ref(callee).expect("the kind was looked at");
                    callee = match self.vm.conversion(kind) {
                        Some(conversion) => conversion,
                        None => return Err(self.not_callable(callee)),
                    };
                }
                Kind::Instance | Kind::Variant => {
                    let method = self.vm.heap.method_of(callee, "call");
                    let Some(method) = method else { return Err(self.not_callable(callee)) };
                    self.insert_receiver(callee, site.slot, count)?;
                    count += 1;
                    receiver = true;
                    callee = method;
                }
                _ => return Err(self.not_callable(callee)),
            }
        }
    }

    /// Puts a receiver before the arguments behind a slot.
    pub(in crate::vm) fn insert_receiver(
        &mut self,
        receiver: Value,
        slot: usize,
        count: usize,
    ) -> Result<(), Thrown> {
        self.reserve(slot + 2 + count)?;
        self.window_move(slot + 1, slot + 2, count);
        self.window_set(slot + 1, receiver);
        Ok(())
    }

    /// Calls a function written in Kettle.
    pub(in crate::vm) fn call_closure(
        &mut self,
        callee: Value,
        site: Site,
        count: usize,
        named: Option<Value>,
        receiver: bool,
        flags: u64,
    ) -> Step {
        let closure = self.vm.heap.closure_ref(callee).expect("callers pass a closure");
        let number = closure.function();
        let function = &self.vm.functions[number as usize];
        let is_async = function.await_step > 1;
        let closure_register = function.closure_register;
        let exact = usize::from(function.await_count) == count && named.is_none();
        if is_async && !site.awaited {
            let name = self.vm.infos[number as usize].code().name.clone();
            return Err(self.missing_await(&name));
        }
        if !exact {
            self.bind_closure(number, site.slot, count, named, receiver)?;
        }
        let back = if is_async { site.next_async } else { site.next };
        self.push(number, site.slot, site.flags() | flags, back)?;
        if closure_register != 255 {
            self.set(closure_register, callee);
        }
        Ok(Flow::Stay)
    }

    /// Calls a function written in Rust.
    pub(in crate::vm) fn call_native(
        &mut self,
        id: NativeId,
        site: Site,
        count: usize,
        named: Option<Value>,
        receiver: bool,
    ) -> Step {
        let native = self.vm.registry.native(id);
        let waits = native.waits;
        if waits && !site.awaited {
            let name = native.name.clone();
            return Err(self.missing_await(&name));
        }
        let count = self.bind_native(id, site.slot, count, named, receiver)?;
        let args = self.window_args(site.slot + 1, count);
        match self.vm.run_native(id, args) {
            Some(result) => self.take_result(result?, site),
            None => {
                let awaited = if site.awaited { NATIVE_AWAITED } else { 0 };
                self.vm.request.native = id;
                self.vm.request.flags = awaited | if waits { NATIVE_WAITS } else { 0 };
                let next = if waits { site.next_async } else { site.next };
                if site.operator {
                    self.vm.request.args = self.window_args(site.slot + 1, count);
                    self.vm.fibers.get_mut(self.vm.running).state = State::Operator;
                    return self.leave_for(Left::Native);
                }
                self.suspend_slot(site.slot, count, next, Left::Native)
            }
        }
    }

    /// Goes on with what the native that a `Call` has called has given.
    pub(in crate::vm) fn take_given(&mut self, given: Value) -> Step {
        let result = self.vm.result_of(given)?;
        self.take_result(result, self.call_site())
    }

    /// Goes on with what an inline native has given.
    #[inline]
    fn take_result(&mut self, result: Value, site: Site) -> Step {
        if result.is_tail_call() {
            return self.tail_call(site);
        }
        if site.operator {
            return super::deliver(self, result);
        }
        self.window_set(site.slot, result);
        self.go(site.next)
    }

    /// Calls what a native has asked for, with its call site. If that is a function of the core
    /// module, which is not loaded yet, the fiber goes on here after it is.
    pub(in crate::vm) fn tail_call(&mut self, site: Site) -> Step {
        let Some(tail) = self.vm.tail.take() else {
            return Err(self.vm.error(ErrorKind::TypeError, "a native asked for no tail call"));
        };
        let callee = match &tail.callee {
            TailCallee::Next(generator, at_end) => {
                return self.resume_generator(*generator, *at_end, site);
            }
            TailCallee::Close(generator) => return self.close_generator(*generator, site),
            TailCallee::Value(callee) => *callee,
            TailCallee::Core(name) => match self.vm.core_function(name)? {
                Some(callee) => callee,
                None => {
                    self.vm.tail = Some(tail);
                    self.vm.tail_site = Some(site);
                    self.vm.fibers.get_mut(self.vm.running).state = State::Tail;
                    return self.leave(Exit::NeedCore);
                }
            },
        };
        let count = tail.args.len();
        self.reserve(site.slot + 1 + count)?;
        for (value, slot) in tail.args.iter().zip(site.slot + 1..) {
            self.window_set(slot, *value);
        }
        self.call_value(callee, site, count, None, false)
    }

    /// Arguments that stand on the stack.
    pub(in crate::vm) fn window_args(&mut self, slot: usize, count: usize) -> Args {
        self.keep(slot + count);
        let start = self.slot_index(slot);
        Args::new(self.vm.running, start, count as u32)
    }

    /// The register of what the instruction calls.
    fn callee_register(&self) -> u8 {
        let at = self.instruction();
        match at.op {
            Opcode::Call | Opcode::CallAwait | Opcode::CallEither => at.b,
            _ => at.a,
        }
    }

    #[cold]
    fn not_callable(&mut self, callee: Value) -> Thrown {
        let name = match callee.kind() {
            Kind::Enum => self.vm.show(callee),
            _ => self.vm.type_name(callee),
        };
        let what = match callee.kind() {
            Kind::Null => match self.origin(self.callee_register()) {
                Some(origin) => format!("{origin} is null, not a function"),
                None => "null is not a function".to_owned(),
            },
            Kind::Enum => {
                let found = self.vm.heap.enum_ref(callee);
                let form = found.and_then(|found| found.variants.first()).map(|variant| {
                    match variant.fields.is_empty() {
                        true => variant.name.to_string(),
                        false => format!("{}({})", variant.name, variant.fields.join(", ")),
                    }
                });
                let form = form.unwrap_or_default();
                format!("enum {name} cannot be called: name a variant, `{name}.{form}`")
            }
            Kind::Type => {
                let text = self.vm.show(callee);
                let hint = if text == "range" { ": write `0..n`, or `a..b`" } else { "" };
                format!("{text} cannot be called{hint}")
            }
            Kind::Variant => {
                let text = self.vm.show(callee);
                format!("{text} is a value of {name} and no function: leave out the `()`")
            }
            Kind::Instance => format!("{name} has no method `call`, so it is not a function"),
            _ => {
                let text = self.vm.show(callee);
                format!("{text} is not a function but a value of type {name}")
            }
        };
        self.vm.error(ErrorKind::TypeError, what)
    }

    #[cold]
    pub(in crate::vm) fn missing_await(&mut self, name: &str) -> Thrown {
        let is_either = self.instruction().op == Opcode::CallEither;
        let (word, _) = self.header();
        let outer = self.vm.infos[word.function() as usize].code().name.clone();
        let text = if is_either {
            format!("{name} is async: write `await` before the call of {outer} that it is given to")
        } else if &*outer == CLOSURE_NAME {
            format!(
                "{name} is async: write `|| await {name}(…)`, which makes the closure async, too, or \
                 `|| spawn {name}(…)`"
            )
        } else {
            format!("{name} is async: write `await {name}(…)` or `spawn {name}(…)`")
        };
        self.vm.error(ErrorKind::MissingAwaitError, text)
    }
}
