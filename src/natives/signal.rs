//! Module `signal`: listening to signals of the operating system.

use std::task::Poll;

use super::argument::Rest;
use super::io_error::{Subject, io_error};
use super::process::signal_name;
use crate::natives;
use crate::runtime::driver::{SubscriptionId, Ticket};
use crate::runtime::{Answer, Cx, Loop, Source, Wait};
use crate::vm::heap::Marker;
use crate::vm::object::HostObject;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// Module `signal`, and the source that it makes.
    pub const SIGNAL;

    /// A source of signals: `for await name in signal.on("int", "usr1") { … }`. The names are those
    /// of the system in small letters without `sig`: `"int"` (Ctrl-C), `"term"`, `"hup"`, `"usr1"`,
    /// `"usr2"`, `"winch"` (the size of the terminal has changed) … While it is open these signals do
    /// not end the program. A signal that comes again before it was taken counts once.
    loop fn signal.on(names: str...) => on;

    /// Itself.
    host method signals.iter() => |_: &mut Vm, signals: Value| Ok(signals);
    /// Waits for the next signal and gives its name. When closed: `default`, or StopIteration.
    host async method signals.next(default: any...) => next;
    /// Ends it: the signals do again what they did before.
    host loop method signals.close() => close;
}

/// A source of signals.
struct Signals {
    id: SubscriptionId,
    names: String,
    closed: bool,
}

impl HostObject for Signals {
    fn type_name(&self) -> &'static str {
        "signals"
    }

    fn display(&self) -> String {
        format!("<signals {}{}>", self.names, if self.closed { ", closed" } else { "" })
    }
}

fn on(cx: &mut Cx<'_>, names: Rest) -> Result<Answer, Thrown> {
    let given = names.to_vec(cx.vm);
    let mut numbers = Vec::with_capacity(given.len());
    let mut written = Vec::with_capacity(given.len());
    for name in given {
        let Some(word) = cx.vm.heap.str(name).map(str::to_owned) else {
            return Err(super::argument::wrong_type(
                cx.vm,
                "signal.on",
                "names",
                "a str",
                name,
                None,
            ));
        };
        numbers.push(number(cx.vm, &word)?);
        written.push(word);
    }
    if numbers.is_empty() {
        return Err(cx
            .vm
            .error(ErrorKind::ArityError, "signal.on: the name of a signal is missing"));
    }
    let names = written.join(" ");
    let id = match cx.rt.driver.subscribe(&numbers) {
        Ok(id) => id,
        Err(error) => {
            let about = Subject::Named(&names);
            return Err(io_error(cx.vm, &error, "signal.on", "listen to the signals", about));
        }
    };
    let signals = cx.vm.heap.object(Box::new(Signals { id, names, closed: false }));
    cx.rt.own(cx.task, signals, close_signals);
    Ok(Answer::Value(signals))
}

fn number(vm: &mut Vm, word: &str) -> Result<i32, Thrown> {
    if let Some(number) = signal_name::number(word) {
        return Ok(number);
    }
    let plain = word.to_lowercase();
    let plain = plain.strip_prefix("sig").unwrap_or(&plain);
    let meant = signal_name::names()
        .find(|name| *name == plain)
        .or_else(|| crate::diagnostics::nearest(plain, signal_name::names()));
    let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant:?}?"));
    let text = format!("signal.on: there is no signal {word:?}{hint}");
    Err(vm.error(ErrorKind::ValueError, text))
}

fn signals_of(vm: &mut Vm, value: Value) -> Result<(SubscriptionId, bool), Thrown> {
    match vm.heap.object_ref::<Signals>(value) {
        Some(signals) => Ok((signals.id, signals.closed)),
        None => Err(vm.error(ErrorKind::TypeError, "this is a method of sources of signals")),
    }
}

fn close(cx: &mut Cx<'_>, value: Value) -> Result<Answer, Thrown> {
    signals_of(cx.vm, value)?;
    close_signals(cx.vm, cx.rt, value);
    Ok(Answer::Value(Value::null()))
}

fn close_signals(vm: &mut Vm, rt: &mut Loop, value: Value) {
    rt.disown_resource(value);
    if let Some(signals) = vm.heap.object_mut::<Signals>(value)
        && !std::mem::replace(&mut signals.closed, true)
    {
        rt.driver.unsubscribe(signals.id);
    }
}

fn next(cx: &mut Cx<'_>, value: Value, default: Rest) -> Result<Answer, Thrown> {
    signals_of(cx.vm, value)?;
    let at_end = default.first(cx.vm).unwrap_or(Value::unset());
    Ok(Answer::Wait(Wait::Source(Box::new(NextOp { signals: value, at_end }))))
}

struct NextOp {
    signals: Value,
    /// What there is when it is closed; unset for StopIteration.
    at_end: Value,
}

impl Source for NextOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let (id, closed) = match signals_of(cx.vm, self.signals) {
            Ok(found) => found,
            Err(thrown) => return Poll::Ready(Err(thrown)),
        };
        if closed {
            return Poll::Ready(if self.at_end.is_unset() {
                Err(cx.vm.error(ErrorKind::StopIteration, "the source of signals is closed"))
            } else {
                Ok(self.at_end)
            });
        }
        match cx.rt.driver.take_signal(id) {
            Some(number) => {
                let name = signal_name::name(number);
                Poll::Ready(Ok(cx.vm.heap.intern(&name)))
            }
            None => Poll::Pending,
        }
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(signals) = cx.vm.heap.object_ref::<Signals>(self.signals) {
            cx.rt.driver.wait_signal(signals.id, ticket);
        }
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(signals) = cx.vm.heap.object_ref::<Signals>(self.signals) {
            cx.rt.driver.unwait_signal(signals.id, ticket);
        }
    }

    fn trace(&self, marker: &mut Marker) {
        marker.value(self.signals);
        marker.value(self.at_end);
    }

    fn describe(&self, _: &Vm) -> String {
        "a signal".to_owned()
    }
}
