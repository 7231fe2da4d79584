//! What a debugger sees of a suspended fiber: its calls with their variables.

use std::sync::Arc;

use super::Vm;
use super::exit::FiberId;
use super::frame::AWAITED;
use super::object::{TraceEntry, TraceKind};
use super::trace::{FrameAt, TraceFrame};
use super::value::Value;

/// A call of a suspended fiber.
#[derive(Debug)]
pub struct InspectedFrame {
    /// Where it is.
    pub frame: TraceFrame,
    /// The variables that have a value there, in the order of their declarations.
    pub variables: Vec<(Arc<str>, Value)>,
}

impl Vm {
    /// The calls of a suspended fiber with their variables, innermost first. Code of the VM itself and
    /// of core methods is left out. The values are good until something runs.
    pub fn inspect(&self, fiber: FiberId) -> Vec<InspectedFrame> {
        let fiber = self.fibers.get(fiber);
        let frames = self.frames(fiber).filter_map(|frame| {
            let awaited = frame.word.flags() & AWAITED != 0;
            let entry = TraceEntry {
                function: frame.word.function(),
                instruction: frame.instruction? as u32,
                kind: if awaited { TraceKind::Await } else { TraceKind::Call },
                left_out: 0,
            };
            let shown = self.describe_trace(&[entry]).pop()?;
            let read = |register: usize| fiber.stack.get(frame.base + register);
            Some(InspectedFrame { frame: shown, variables: self.variables(frame, read) })
        });
        frames.collect()
    }

    fn variables(&self, frame: FrameAt, read: impl Fn(usize) -> Value) -> Vec<(Arc<str>, Value)> {
        let code = self.infos[frame.word.function() as usize].code();
        let at = frame.instruction.unwrap_or(0) as u32;
        let first = usize::from(code.has_self);
        let own = code.has_self.then(|| (Arc::from("self"), 0));
        let params = code.params.iter().zip(first..).map(|(it, place)| (it.name.clone(), place));
        let alive = code.body.locals.iter().filter(|local| local.from <= at && at < local.until);
        let locals = alive.map(|local| (local.name.clone(), usize::from(local.register)));
        let mut variables: Vec<(Arc<str>, Value)> = Vec::new();
        for (name, register) in own.into_iter().chain(params).chain(locals) {
            let held = read(register);
            // A variable that a closure has captured lies in a cell.
            let value = self.heap.cell_ref(held).unwrap_or(held);
            if name.is_empty() || value.is_unset() {
                continue;
            }
            // One that hides another of its name is the one that is meant there.
            variables.retain(|(known, _)| *known != name);
            variables.push((name, value));
        }
        variables
    }
}
