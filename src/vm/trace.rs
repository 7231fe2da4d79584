//! Traces: which calls led to a place.
//!
//! Taking one costs a few words per frame; names and places are looked up when it is shown.

use std::sync::Arc;

use super::Vm;
use super::error::TRACE;
use super::exit::FiberId;
use super::fiber::{Fiber, State};
use super::frame::{AWAITED, BOTTOM, FrameWord};
use super::object::{TraceEntry, TraceKind};
use super::value::Value;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{
    CORE_MODULE_NAME, ClassCode, FunctionCode, LIBRARY_PREFIX, ModuleCode,
};
use crate::diagnostics::{SourceId, Span};

/// Of a deeper stack this many innermost frames are kept …
const INNERMOST_MAX: usize = 96;
/// … and this many outermost ones.
const OUTERMOST_MAX: usize = 32;

/// A call of a trace, with names.
#[derive(Clone, Debug)]
pub struct TraceFrame {
    /// The function, as traces show it.
    pub function: Arc<str>,
    /// Its module.
    pub module: Arc<str>,
    /// The source of the module.
    pub source: SourceId,
    /// The place in it.
    pub span: Span,
    /// How the function was entered.
    pub kind: TraceKind,
    /// How many calls between it and the one before are left out, of a very deep stack.
    pub left_out: u32,
}

impl TraceFrame {
    /// Whether it belongs to the standard library.
    pub fn is_library(&self) -> bool {
        self.module.starts_with(LIBRARY_PREFIX)
    }
}

/// A frame on a stack.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameAt {
    /// Index of its `R[0]`.
    pub(super) base: usize,
    /// Its header.
    pub(super) word: FrameWord,
    /// The index of its instruction; `None` if it has not begun yet.
    pub(super) instruction: Option<usize>,
}

impl Vm {
    /// The frames of a suspended fiber, innermost first.
    pub(super) fn frames<'v>(&'v self, fiber: &'v Fiber) -> impl Iterator<Item = FrameAt> + 'v {
        let base = fiber.base as usize;
        let word = FrameWord(fiber.stack.get(base - 1).tag());
        let index = self.functions[word.function() as usize].index_of(fiber.pc);
        let function = &self.functions[word.function() as usize];
        let instruction = Some(index).filter(|index| *index < function.code.len());
        let first = FrameAt { base, word, instruction };
        std::iter::successors(Some(first), |frame| self.caller(fiber, *frame))
    }

    /// The frame that called another one.
    pub(super) fn caller(&self, fiber: &Fiber, frame: FrameAt) -> Option<FrameAt> {
        if frame.word.flags() & BOTTOM != 0 {
            return None;
        }
        let back = fiber.stack.get(frame.base - 1).bits() as usize;
        let base = frame.base - frame.word.distance() / size_of::<Value>();
        let word = FrameWord(fiber.stack.get(base - 1).tag());
        let function = &self.functions[word.function() as usize];
        let next = function.index_of(back);
        // An async function returns behind the `AwaitResult` that follows its call.
        let is_await =
            |index: usize| function.at(index).is_some_and(|at| at.op == Opcode::AwaitResult);
        let instruction = match next.checked_sub(1) {
            Some(last) if is_await(last) => last.checked_sub(1),
            last => last,
        };
        Some(FrameAt { base, word, instruction })
    }

    /// The calls of a suspended fiber, innermost first.
    pub fn trace_entries(&self, fiber: FiberId) -> Vec<TraceEntry> {
        let mut entries: Vec<TraceEntry> = Vec::new();
        for frame in self.frames(self.fibers.get(fiber)) {
            let is_first = frame.word.flags() & BOTTOM != 0;
            if is_first && (frame.instruction.is_none() || self.is_stub(frame.word)) {
                break;
            }
            if entries.len() == INNERMOST_MAX + OUTERMOST_MAX {
                let gone = entries.remove(INNERMOST_MAX);
                entries[INNERMOST_MAX].left_out = gone.left_out + 1;
            }
            let awaited = frame.word.flags() & AWAITED != 0;
            entries.push(TraceEntry {
                function: frame.word.function(),
                instruction: frame.instruction.unwrap_or(0) as u32,
                kind: if awaited { TraceKind::Await } else { TraceKind::Call },
                left_out: 0,
            });
        }
        if let Some(last) = entries.last_mut() {
            last.kind = TraceKind::Spawn;
        }
        entries
    }

    /// Whether a frame is that of the VM's own code with which a fiber begins.
    pub(super) fn is_stub(&self, word: FrameWord) -> bool {
        self.infos[word.function() as usize].module_index.is_none()
    }

    /// The innermost call of a suspended fiber; none if it has not begun.
    #[inline]
    pub fn site(&self, fiber: FiberId) -> Option<TraceEntry> {
        let fiber = self.fibers.get(fiber);
        let word = FrameWord(fiber.stack.get(fiber.base as usize - 1).tag());
        if word.flags() & BOTTOM != 0 && (matches!(fiber.state, State::Begin) || self.is_stub(word))
        {
            return None;
        }
        let function = word.function();
        let instruction = self.functions[function as usize].index_of(fiber.pc) as u32;
        Some(TraceEntry { function, instruction, kind: TraceKind::Call, left_out: 0 })
    }

    /// Whether the top level of a module, by its number, runs in a suspended fiber.
    pub fn runs_top_level(&self, fiber: FiberId, module: u32) -> bool {
        self.frames(self.fibers.get(fiber)).any(|frame| {
            let info = &self.infos[frame.word.function() as usize];
            info.module_index == Some(module) && info.index == 0
        })
    }

    /// The name of the innermost function of a suspended fiber.
    pub fn function_name(&self, fiber: FiberId) -> Arc<str> {
        let function = self.site(fiber).and_then(|site| self.infos.get(site.function as usize));
        function.map(|info| info.code().name.clone()).unwrap_or_default()
    }

    /// What a callee is called in reports: the name of its function, or its type.
    pub fn callee_name(&self, callee: Value) -> Arc<str> {
        let mut callee = callee;
        // A bound method may hold another one; ten are more than anybody nests.
        for _ in 0..10 {
            let Some(bound) = self.heap.bound_ref(callee) else { break };
            callee = bound.callee;
        }
        if let Some(closure) = self.heap.closure_ref(callee) {
            let info = self.infos.get(closure.function() as usize);
            return info.map_or_else(|| Arc::from("fn"), |info| info.code().name.clone());
        }
        match self.heap.native_id(callee) {
            Some(native) => Arc::from(&*self.native(native).name),
            None => Arc::from(self.type_name(callee)),
        }
    }

    /// Names and places of calls. Code of the VM itself and of core methods is left out.
    pub fn describe_trace(&self, entries: &[TraceEntry]) -> Vec<TraceFrame> {
        let shown = entries.iter().filter_map(|entry| {
            let info = self.infos.get(entry.function as usize)?;
            info.module_index?;
            if &*info.module.name == CORE_MODULE_NAME {
                return None;
            }
            let code = info.code();
            let span = code.body.places.get(entry.instruction as usize);
            Some(TraceFrame {
                function: code.name.clone(),
                module: info.module.name.clone(),
                source: info.module.source,
                span: span.unwrap_or(code.span),
                kind: entry.kind,
                left_out: entry.left_out,
            })
        });
        shown.collect()
    }

    /// Where a function is declared, as the place of an error that came before it began.
    pub fn declaration(&self, callee: Value) -> Option<TraceEntry> {
        let function = self.heap.closure_ref(callee)?.function();
        // No instruction has this number, so the place is that of the whole function.
        Some(TraceEntry { function, instruction: u32::MAX, kind: TraceKind::Call, left_out: 0 })
    }

    /// What was compiled of a function, bound or not, and the module that it came with.
    pub fn function_of(&self, callee: Value) -> Option<(&Arc<ModuleCode>, &FunctionCode)> {
        let callee = self.heap.bound_ref(callee).map_or(callee, |bound| bound.callee);
        let function = self.heap.closure_ref(callee)?.function();
        let info = self.infos.get(function as usize)?;
        Some((&info.module, info.code()))
    }

    /// What was compiled of the class or enum that was declared last under that name.
    pub fn class_of(&self, name: &str) -> Option<(&Arc<ModuleCode>, &ClassCode)> {
        self.modules.iter().rev().find_map(|module| {
            let class = module.code.classes.iter().rfind(|class| &*class.name == name)?;
            Some((&module.code, class))
        })
    }

    /// The calls of a suspended fiber with names and places, innermost first.
    pub fn trace(&self, fiber: FiberId) -> Vec<TraceFrame> {
        self.describe_trace(&self.trace_entries(fiber))
    }

    /// The calls that led to where an error was thrown first. An error of a function of the standard
    /// library belongs to whoever called that function: the calls inside the library come last.
    pub fn error_trace(&self, error: Value) -> Vec<TraceFrame> {
        let trace = self.error_slot(error, TRACE);
        let Some(entries) = self.heap.trace_ref(trace) else { return Vec::new() };
        let mut frames = self.describe_trace(entries);
        if let Some(inside) = frames.iter().position(|frame| !frame.is_library()) {
            frames.rotate_left(inside);
        }
        frames
    }

    /// Adds calls to the trace of an error that leaves a task: where the task was started.
    pub fn extend_trace(&mut self, error: Value, entries: &[TraceEntry]) {
        let trace = self.error_slot(error, TRACE);
        if let Some(known) = self.heap.trace_mut(trace) {
            known.extend_from_slice(entries);
        } else if self.is_error(error) {
            let trace = self.heap.trace(entries.to_vec());
            self.set_error_slot(error, TRACE, trace);
        }
    }

    /// Notes in an error where it is thrown, unless it was thrown before.
    pub(super) fn note_trace(&mut self, error: Value, fiber: FiberId) {
        if self.is_error(error) && self.error_slot(error, TRACE).is_null() {
            let entries = self.trace_entries(fiber);
            let trace = self.heap.trace(entries);
            self.set_error_slot(error, TRACE, trace);
        }
    }
}
