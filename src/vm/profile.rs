//! Where a program spends its time: samples that are taken at safepoints.
//!
//! A safepoint is a call or a turn of a loop. While somebody watches, fuel is given unit by unit, so
//! each of them asks for more and comes by here. What has been ticking since the last one belongs to
//! where the program was then, so that is what is noted: the calls, and what the instruction calls. A
//! function is seen that does nothing but compute and return, and a native that takes long.
//!
//! Ticks come from another thread through a [`Pulse`]; those that fall into the profiler's own work are
//! counted apart. A program that nobody watches pays nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};

use super::Vm;
use super::dispatch::op::Op;
use super::exit::FiberId;
use super::native::NativeId;
use super::trace::FrameAt;
use crate::bytecode::op::Opcode;

/// Of a deeper stack this many innermost calls are kept in a sample …
const INNERMOST_MAX: usize = 96;
/// … and this many outermost ones.
const OUTERMOST_MAX: usize = 32;

/// What the thread of a VM is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Region {
    /// It runs the program.
    Program,
    /// It notes where the program is.
    Profiler,
    /// It collects garbage.
    Collector,
    /// It looks which task is next.
    Loop,
    /// It waits until something happens.
    Waiting,
}

/// How many regions there are.
const REGIONS: usize = 5;

/// What a VM shares with the thread that ticks.
#[derive(Debug, Default)]
pub struct Pulse {
    region: AtomicU8,
    /// Ticks of the program that no sample has been taken for.
    due: AtomicU32,
    /// Those of them from before the task was switched.
    carried: AtomicU32,
    /// The number that the task that runs goes by; 0 as long as none has run.
    task: AtomicU64,
    ticks: [AtomicU64; REGIONS],
}

impl Pulse {
    /// Time has passed: called by the thread that ticks.
    pub fn tick(&self) {
        let region = self.region.load(Ordering::Relaxed);
        if let Some(ticks) = self.ticks.get(usize::from(region)) {
            ticks.fetch_add(1, Ordering::Relaxed);
        }
        if region == Region::Program as u8 {
            self.due.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The VM's thread begins with something else.
    #[inline]
    pub fn enter(&self, region: Region) {
        self.region.store(region as u8, Ordering::Relaxed);
    }

    /// A task goes on; samples say by this number which one it was.
    pub fn run(&self, task: u64) {
        let before = self.due.swap(0, Ordering::Relaxed);
        self.carried.fetch_add(before, Ordering::Relaxed);
        self.task.store(task, Ordering::Relaxed);
        self.enter(Region::Program);
    }

    /// How many ticks have fallen into a region.
    pub fn ticks(&self, region: Region) -> u64 {
        self.ticks[region as usize].load(Ordering::Relaxed)
    }

    fn take(&self, of: &AtomicU32) -> u32 {
        // Reading is cheap, and mostly there is nothing.
        if of.load(Ordering::Relaxed) == 0 { 0 } else { of.swap(0, Ordering::Relaxed) }
    }
}

/// A call on the way to where a sample was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SampleCall {
    /// The function, as a number of the VM.
    pub function: u32,
    /// The index of its instruction; none: it was just called.
    pub instruction: Option<u32>,
}

/// Where a program was.
#[derive(Debug)]
pub struct Sample<'a> {
    /// For so many ticks.
    pub ticks: u32,
    /// The number that the task that ran went by.
    pub task: u64,
    /// The calls, outermost first; those in the middle of a very deep stack are left out.
    pub calls: &'a [SampleCall],
    /// The native that the innermost one had called.
    pub native: Option<NativeId>,
}

/// Is told of every sample.
pub trait Sampler: Send {
    /// A sample was taken.
    fn sample(&mut self, vm: &Vm, sample: &Sample<'_>);
}

/// What is called by the instruction at a safepoint.
#[derive(Clone, Copy, Debug)]
enum Callee {
    Function(u32),
    Native(NativeId),
}

/// A call that has passed a safepoint.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// The index of its frame's `R[0]`.
    base: usize,
    call: SampleCall,
}

/// What is noted of the safepoint that was passed last.
pub(super) struct Profiler {
    pulse: Arc<Pulse>,
    sampler: Box<dyn Sampler>,
    fiber: Option<FiberId>,
    task: u64,
    /// The calls in that fiber, outermost first.
    places: Vec<Place>,
    callee: Option<Callee>,
}

impl Vm {
    /// From now on `sampler` is told where the program is whenever `pulse` ticks.
    pub fn watch(&mut self, pulse: Arc<Pulse>, sampler: Box<dyn Sampler>) {
        let fuel = self.fuel_left();
        self.set_fuel(fuel);
        self.profiler = Some(Box::new(Profiler {
            pulse,
            sampler,
            fiber: None,
            task: 0,
            places: Vec::new(),
            callee: None,
        }));
    }

    /// Nobody watches any more; what has ticked since the last safepoint is still told.
    pub fn end_watch(&mut self) {
        if let Some(mut profiler) = self.profiler.take() {
            let pulse = profiler.pulse.clone();
            pulse.enter(Region::Loop);
            profiler.tell(self, pulse.take(&pulse.carried) + pulse.take(&pulse.due));
        }
    }

    /// The name of a function, and where it comes from: its module, if it is not of the VM itself.
    pub fn function_label(&self, function: u32) -> Option<(&str, &str)> {
        let info = self.infos.get(function as usize)?;
        info.module_index?;
        Some((&info.code().name, &info.module.name))
    }
}

/// A safepoint is passed.
#[cold]
pub(super) fn visit(op: &mut Op<'_>) {
    if let Some(mut profiler) = op.vm.profiler.take() {
        profiler.pulse.enter(Region::Profiler);
        profiler.visit(op);
        profiler.pulse.enter(Region::Program);
        op.vm.profiler = Some(profiler);
    }
}

impl Profiler {
    fn visit(&mut self, op: &mut Op<'_>) {
        let pulse = self.pulse.clone();
        let has_moved = self.fiber != Some(op.vm.running);
        let before = pulse.take(&pulse.carried);
        if has_moved {
            self.tell(op.vm, before);
            self.fiber = Some(op.vm.running);
            self.task = pulse.task.load(Ordering::Relaxed);
            self.places.clear();
            self.callee = None;
            self.place(op);
            self.tell(op.vm, pulse.take(&pulse.due));
        } else {
            self.tell(op.vm, before + pulse.take(&pulse.due));
            self.place(op);
        }
        self.callee = callee(op);
    }

    /// Notes the frame that runs, and those of its callers that are not known yet.
    fn place(&mut self, op: &mut Op<'_>) {
        let base = op.slot_index(0) as usize;
        self.drop_above(base);
        if let Some(last) = self.places.last_mut()
            && last.base == base
        {
            let instruction = Some(op.index() as u32);
            last.call = SampleCall { function: op.function(), instruction };
            return;
        }
        op.save();
        let known = self.places.len();
        let vm = &*op.vm;
        let mut fresh = Vec::new();
        for frame in vm.frames(vm.fibers.get(vm.running)) {
            self.drop_above(frame.base);
            let place = Place::of(&frame);
            if let Some(last) = self.places.last_mut()
                && last.base == frame.base
            {
                *last = place;
                break;
            }
            fresh.push(place);
        }
        debug_assert!(self.places.len() <= known, "the search only forgets");
        self.places.extend(fresh.into_iter().rev());
    }

    /// Frames above a base have returned.
    fn drop_above(&mut self, base: usize) {
        while self.places.last().is_some_and(|last| last.base > base) {
            self.places.pop();
        }
    }

    /// Tells of the place that is noted.
    fn tell(&mut self, vm: &Vm, ticks: u32) {
        if ticks == 0 {
            return;
        }
        let count = self.places.len();
        let is_shown = |index: usize| index < OUTERMOST_MAX || index + INNERMOST_MAX >= count;
        let shown = self.places.iter().enumerate().filter(|(index, _)| is_shown(*index));
        let mut calls: Vec<SampleCall> = shown.map(|(_, place)| place.call).collect();
        let mut native = None;
        match self.callee {
            Some(Callee::Function(function)) => {
                calls.push(SampleCall { function, instruction: None });
            }
            Some(Callee::Native(id)) => native = Some(id),
            None => {}
        }
        self.sampler.sample(vm, &Sample { ticks, task: self.task, calls: &calls, native });
    }
}

impl Place {
    fn of(frame: &FrameAt) -> Place {
        let instruction = frame.instruction.map(|index| index as u32);
        let call = SampleCall { function: frame.word.function(), instruction };
        Place { base: frame.base, call }
    }
}

/// What the instruction is about to call, where that can be told at a glance.
fn callee(op: &Op<'_>) -> Option<Callee> {
    let at = op.instruction();
    match at.op {
        Opcode::CallKnown | Opcode::CallKnownAwait => Some(Callee::Function(at.imm as u32)),
        Opcode::InvokeCached | Opcode::InvokeAwaitCached => {
            let cache = op.vm.invoke_caches.get(at.imm as usize)?;
            Some(Callee::Function(cache.target))
        }
        Opcode::InvokeNative
        | Opcode::InvokePush
        | Opcode::InvokePop
        | Opcode::InvokeSqrt
        | Opcode::InvokeGet => {
            let cache = op.vm.invoke_caches.get(at.imm as usize)?;
            Some(Callee::Native(NativeId(cache.target)))
        }
        Opcode::Call | Opcode::CallAwait => {
            let callee = op.get(at.b);
            if let Some(closure) = op.vm.heap.closure_ref(callee) {
                return Some(Callee::Function(closure.function()));
            }
            op.vm.heap.native_id(callee).map(Callee::Native)
        }
        _ => None,
    }
}
