//! Profiles: where programs spend their time, by line and by task.
//!
//! A [`Profiler`] is an option of an engine: every VM that is made is watched, and all of them add
//! to one [`Profile`]. The VM says where it was by numbers; here they become names and lines, each
//! once. What the loop does is heard as a [`Tracer`] hears it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::Error;
use super::library::Sources;
use crate::bytecode::program::{CORE_MODULE_NAME, LIBRARY_PREFIX};
use crate::runtime::driver::Moment;
use crate::runtime::{Step, Tracer, ticker};
use crate::vm::object::{TraceEntry, TraceKind};
use crate::vm::profile::{Pulse, Region, Sample, SampleCall, Sampler};
use crate::vm::{NativeId, Vm as Machine};

/// So many names of tasks are told apart; what comes after them is `others`.
const NAMES_MAX: usize = 1000;
/// A native has no instruction: its place in the table of what is known.
const NATIVE: u32 = u32::MAX;
/// A function that was just called has none yet.
const CALLED: u32 = u32::MAX - 1;

/// What was seen of all programs together.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The time between two ticks.
    pub every: Duration,
    /// Places in functions, each once.
    pub frames: Vec<ProfileFrame>,
    /// The ways to where time was spent: a task, then the numbers of frames, outermost first.
    pub stacks: HashMap<(usize, Vec<u32>), u64>,
    /// The tasks by their names.
    pub tasks: Vec<ProfileTask>,
    /// Ticks in which garbage was collected …
    pub collector: u64,
    /// … the event loop looked what is next …
    pub event_loop: u64,
    /// … all tasks waited …
    pub waiting: u64,
    /// … and the profiler took notes.
    pub profiler: u64,
}

/// A place in a function.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ProfileFrame {
    /// The function.
    pub function: String,
    /// Its file; empty for a native.
    pub file: String,
    /// The line, counted from 1; 0 for a native.
    pub line: u32,
}

/// All tasks of one name.
#[derive(Clone, Debug)]
pub struct ProfileTask {
    /// What they are called.
    pub name: String,
    /// How many there were.
    pub count: u64,
    /// Ticks in which one of them ran.
    pub ticks: u64,
    /// For how long they waited, all together, by the clock of their world.
    pub waited: Duration,
}

impl Profile {
    /// The number of a task's name.
    fn task(&mut self, name: &str) -> usize {
        if let Some(known) = self.tasks.iter().position(|task| task.name == name) {
            return known;
        }
        let is_full = self.tasks.len() >= NAMES_MAX;
        if is_full && self.tasks[NAMES_MAX - 1].name == "others" {
            return NAMES_MAX - 1;
        }
        let name = if self.tasks.len() + 1 >= NAMES_MAX { "others" } else { name };
        let (count, ticks, waited) = (0, 0, Duration::ZERO);
        self.tasks.push(ProfileTask { name: name.to_owned(), count, ticks, waited });
        self.tasks.len() - 1
    }

    fn frame(&mut self, frame: ProfileFrame) -> u32 {
        let known = self.frames.iter().position(|other| *other == frame);
        let number = known.unwrap_or_else(|| {
            self.frames.push(frame);
            self.frames.len() - 1
        });
        number as u32
    }
}

/// What a task goes by that began before anybody listened.
const UNKNOWN: &str = "main";

/// What watches programs.
#[derive(Clone)]
pub struct Profiler {
    profile: Arc<Mutex<Profile>>,
    every: Duration,
}

impl Profiler {
    /// One that looks about every so often.
    pub fn new(every: Duration) -> Profiler {
        let profile = Profile { every, ..Profile::default() };
        Profiler { profile: Arc::new(Mutex::new(profile)), every }
    }

    /// What it has seen until now.
    pub fn profile(&self) -> Profile {
        self.lock().clone()
    }

    /// Watches a VM from now on; gives who has to be told what its loop does, besides `other`.
    pub(super) fn attach(
        &self,
        vm: &mut Machine,
        sources: &Sources,
        other: Option<Box<dyn Tracer>>,
    ) -> Result<Box<dyn Tracer>, Error> {
        let pulse = Arc::new(Pulse::default());
        pulse.enter(Region::Loop);
        ticker::start(&pulse, self.every)
            .map_err(|error| Error::Os(format!("the profiler has no thread: {error}")))?;
        let profiler = self.clone();
        let sampler = Namer { profiler, sources: sources.clone(), known: HashMap::new() };
        vm.watch(pulse.clone(), Box::new(sampler));
        let (names, waits) = (HashMap::new(), HashMap::new());
        Ok(Box::new(Listener { pulse, profiler: self.clone(), names, waits, other }))
    }

    /// Nothing panics under this lock, so a poisoned one still holds a whole profile.
    fn lock(&self) -> MutexGuard<'_, Profile> {
        self.profile.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Profiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiler").field("every", &self.every).finish_non_exhaustive()
    }
}

/// Finds the names of what the VM has seen.
struct Namer {
    profiler: Profiler,
    sources: Sources,
    /// Functions with their instructions, and the frames that those are; none for code of the VM itself.
    known: HashMap<(u32, u32), Option<u32>>,
}

impl Sampler for Namer {
    fn sample(&mut self, vm: &Machine, sample: &Sample<'_>) {
        let profiler = self.profiler.clone();
        let mut profile = profiler.lock();
        let task = match sample.task.checked_sub(1) {
            Some(number) => number as usize,
            None => profile.task(UNKNOWN),
        };
        let mut frames = Vec::with_capacity(sample.calls.len() + 1);
        for call in sample.calls {
            frames.extend(self.frame_of(vm, &mut profile, *call));
        }
        frames.extend(sample.native.map(|id| self.native(vm, &mut profile, id)));
        profile.tasks[task].ticks += u64::from(sample.ticks);
        *profile.stacks.entry((task, frames)).or_default() += u64::from(sample.ticks);
    }
}

impl Namer {
    fn frame_of(&mut self, vm: &Machine, profile: &mut Profile, call: SampleCall) -> Option<u32> {
        let key = (call.function, call.instruction.unwrap_or(CALLED));
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let frame = self.describe(vm, call).map(|frame| profile.frame(frame));
        self.known.insert(key, frame);
        frame
    }

    fn describe(&self, vm: &Machine, call: SampleCall) -> Option<ProfileFrame> {
        let (name, module) = vm.function_label(call.function)?;
        if module == CORE_MODULE_NAME {
            return Some(ProfileFrame { function: name.to_owned(), ..ProfileFrame::default() });
        }
        // No instruction has the largest number: then the place is that of the whole function.
        let instruction = call.instruction.unwrap_or(u32::MAX);
        let (function, kind) = (call.function, TraceKind::Call);
        let entry = TraceEntry { function, instruction, kind, left_out: 0 };
        let frame = vm.describe_trace(&[entry]).pop()?;
        let map = self.sources.map();
        let source = map.get(self.sources.locate(&frame));
        let line = source.map_or(0, |source| source.position(frame.span.start).0);
        let file = source.map_or(&*frame.module, |source| &source.name);
        // Of the library its module is enough.
        let file = file.strip_prefix(LIBRARY_PREFIX).unwrap_or(file).to_owned();
        Some(ProfileFrame { function: frame.function.to_string(), file, line })
    }

    fn native(&mut self, vm: &Machine, profile: &mut Profile, id: NativeId) -> u32 {
        let known = self.known.entry((id.0, NATIVE)).or_insert_with(|| {
            let function = vm.native(id).name.to_string();
            Some(profile.frame(ProfileFrame { function, ..ProfileFrame::default() }))
        });
        known.unwrap_or_default()
    }
}

/// Hears what the loop does.
struct Listener {
    pulse: Arc<Pulse>,
    profiler: Profiler,
    /// The tasks that live, and the numbers of their names. A sample may be told of when its task has ended, so
    /// it is these numbers that the pulse is given, counted from 1.
    names: HashMap<u64, usize>,
    /// Since when the tasks that wait do so.
    waits: HashMap<u64, Moment>,
    other: Option<Box<dyn Tracer>>,
}

impl Tracer for Listener {
    fn record(&mut self, at: Moment, step: Step) {
        match &step {
            Step::TaskRuns { task } => self.pulse.run(self.name(*task) as u64 + 1),
            Step::CollectBegins => self.pulse.enter(Region::Collector),
            Step::CollectEnds { .. } => self.pulse.enter(Region::Program),
            Step::PollBegins { timeout } if *timeout != Some(Duration::ZERO) => {
                self.pulse.enter(Region::Waiting);
            }
            Step::TaskRests { .. } | Step::PollEnds { .. } => self.pulse.enter(Region::Loop),
            Step::TaskSpawned { task, name, .. } => {
                let mut profile = self.profiler.lock();
                let number = profile.task(name);
                profile.tasks[number].count += 1;
                self.names.insert(*task, number);
            }
            Step::OpStarts { task, .. } => {
                self.waits.insert(*task, at);
            }
            Step::OpEnds { task, .. } => {
                if let Some(begun) = self.waits.remove(task) {
                    let number = self.name(*task);
                    self.profiler.lock().tasks[number].waited += at.since(begun);
                }
            }
            Step::TaskEnded { task, .. } => {
                self.names.remove(task);
            }
            _ => {}
        }
        if let Some(other) = &mut self.other {
            other.record(at, step);
        }
    }
}

impl Listener {
    /// The number of a task's name.
    fn name(&self, task: u64) -> usize {
        let known = self.names.get(&task).copied();
        known.unwrap_or_else(|| self.profiler.lock().task(UNKNOWN))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut profile = self.profiler.lock();
        profile.collector += self.pulse.ticks(Region::Collector);
        profile.event_loop += self.pulse.ticks(Region::Loop);
        profile.waiting += self.pulse.ticks(Region::Waiting);
        profile.profiler += self.pulse.ticks(Region::Profiler);
    }
}
