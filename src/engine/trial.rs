//! Runs the `test` blocks of programs, each with its limits, and tells how they ended.

use std::time::Duration;

use super::error::Error;
use super::program::Program;
use super::vm::Vm;
use crate::runtime::driver::Signal;
use crate::runtime::{Examiner, Interrupt, LastCall, ProgramEnd, Trial, Turn};

/// So many calls and turns of loops lie between two looks at the clock.
const FUEL_SLICE: i64 = 2_000;
/// How long a test that has to end may take for its clean-ups before it is asked again.
const PATIENCE_AT_END: Duration = Duration::from_millis(500);
/// Of so many tasks is told what they were doing when the time was over.
const TASKS_SHOWN_MAX: usize = 12;

/// What a test is run under.
pub struct Terms<'a> {
    /// Who keeps its snapshots.
    pub examiner: Box<dyn Examiner>,
    /// How long it may take by its own clock, which in virtual time jumps.
    pub limit: Option<Duration>,
    /// How long it may take by a real clock.
    pub patience: Option<Duration>,
    /// How much real time has passed since it was begun. An engine has no real clock.
    pub elapsed: &'a dyn Fn() -> Duration,
}

/// How a test has ended.
#[derive(Debug)]
pub struct TrialEnd {
    /// Nothing if it has passed.
    pub failure: Option<TrialFailure>,
    /// It has asked for the real world, in which it has to be run again.
    pub wants_real: bool,
    /// How much time has passed by its own clock.
    pub time: Duration,
}

/// Why a test has failed.
#[derive(Debug)]
pub enum TrialFailure {
    /// It was never begun: the top level of its file, or of one that it imports, has failed.
    Load(Error),
    /// An error that nothing caught.
    Error(Error),
    /// It called `exit`.
    Exit(i32),
    /// A signal ended it that it did not listen to.
    Signal(Signal),
    /// It took too long.
    Slow {
        /// Longer than this.
        limit: Duration,
        /// By a real clock, not by its own.
        is_real: bool,
        /// What its tasks were doing.
        tasks: String,
    },
    /// It has left something behind.
    Leaks(Vec<Left>),
}

/// Something that a test has left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// What it is.
    pub what: String,
    /// It is a task, which runs on.
    pub is_task: bool,
    /// Where it was made, as `file:line:column`.
    pub place: Option<String>,
}

/// That a limit was passed.
struct Passed {
    limit: Duration,
    is_real: bool,
    tasks: String,
}

impl Vm {
    /// Runs the `test` block of that number, after the top level of each module and instead of
    /// `main`. The program has been compiled [with its tests](super::Engine::compile_tests).
    ///
    /// A test sees what those before it did to the state of the modules, unless each gets a VM of
    /// its own.
    pub fn run_test(&mut self, program: &Program, test: usize, terms: Terms<'_>) -> TrialEnd {
        let mut end = TrialEnd { failure: None, wants_real: false, time: Duration::ZERO };
        let closures = match self.add_program(program) {
            Ok(closures) => closures,
            Err(error) => return TrialEnd { failure: Some(TrialFailure::Load(error)), ..end },
        };
        self.started = program.code().modules.last().cloned();
        let module = self.started.clone();
        let body: LastCall =
            Box::new(move |vm| Some((vm.test_closure(&module?.name, test)?, Vec::new())));
        let Terms { examiner, limit, patience, elapsed } = terms;
        let trial = Trial::new(examiner, self.engine.settings().virtual_clock);
        self.runtime.rt.trial = Some(Box::new(trial));
        let begun = self.runtime.rt.driver.now();
        self.begin(closures, body);
        let (ended, passed) = self.drive_test(limit, patience, elapsed);
        end.time = self.runtime.rt.driver.now().since(begun);
        let Some(trial) = self.runtime.rt.trial.take() else { return end };
        end.wants_real = trial.wants_real;
        let (asked, signal) = (ended.status, ended.signal);
        let outcome = self.conclude(ended);
        end.failure = match (passed, asked, outcome) {
            _ if end.wants_real => None,
            (Some(Passed { limit, is_real, tasks }), ..) => {
                Some(TrialFailure::Slow { limit, is_real, tasks })
            }
            (None, _, Err(error)) if trial.has_begun => Some(TrialFailure::Error(error)),
            (None, _, Err(error)) => Some(TrialFailure::Load(error)),
            (None, Some(status), Ok(_)) if trial.has_begun => Some(TrialFailure::Exit(status)),
            (None, Some(status), Ok(_)) => {
                let why = format!("the top level called exit({status}), so no test was begun");
                Some(TrialFailure::Load(Error::Call(why)))
            }
            (None, None, Ok(_)) if signal.is_some() => signal.map(TrialFailure::Signal),
            (None, None, Ok(_)) if trial.leaks.is_empty() => None,
            (None, None, Ok(_)) => {
                let place = |frame| self.sources.describe(frame);
                let left = trial.leaks.iter().map(|leak| Left {
                    what: leak.what.clone(),
                    is_task: leak.is_task,
                    place: leak.made.as_ref().map(place),
                });
                Some(TrialFailure::Leaks(left.collect()))
            }
        };
        end
    }

    /// Turns until the program has ended. When a limit is passed it is asked to end, more firmly each
    /// time.
    fn drive_test(
        &mut self,
        limit: Option<Duration>,
        patience: Option<Duration>,
        elapsed: &dyn Fn() -> Duration,
    ) -> (ProgramEnd, Option<Passed>) {
        let begun = self.runtime.rt.driver.now();
        let is_simulated = self.engine.settings().virtual_clock;
        let slice = self.engine.settings().fuel_slice.unwrap_or(FUEL_SLICE).min(FUEL_SLICE);
        let (mut passed, mut asked_at) = (None, Duration::ZERO);
        loop {
            let real = elapsed();
            let own = self.runtime.rt.driver.now().since(begun);
            let over = match (patience, limit) {
                (Some(patience), _) if real >= patience => Some((patience, true)),
                (_, Some(limit)) if own >= limit => Some((limit, false)),
                _ => None,
            };
            if let Some((limit, is_real)) = over
                && (passed.is_none() || real >= asked_at + PATIENCE_AT_END)
            {
                passed.get_or_insert_with(|| Passed { limit, is_real, tasks: self.doings() });
                asked_at = real;
                self.runtime.rt.interrupt(&mut self.runtime.vm, Interrupt::Host);
            }
            let rest = |whole: Option<Duration>, spent| Some(whole?.saturating_sub(spent));
            let wait = match passed {
                Some(_) => Some(PATIENCE_AT_END),
                // How far virtual time jumps must not follow from how quick the machine is.
                None if is_simulated => rest(limit, own),
                None => [rest(patience, real), rest(limit, own)].into_iter().flatten().min(),
            };
            self.runtime.vm.set_fuel(slice);
            match self.runtime.turn(wait) {
                Turn::Ended(end) => return (end, passed),
                Turn::Idle => return (ProgramEnd::nothing(), passed),
                Turn::Ready | Turn::Waiting | Turn::OutOfFuel => {}
            }
        }
    }

    /// What every task is doing, for people.
    fn doings(&mut self) -> String {
        let (tasks, count) = self.runtime.rt.report(&self.runtime.vm, TASKS_SHOWN_MAX);
        let mut text = self.runtime.rt.host.report(&mut self.runtime.vm, &tasks);
        if count > tasks.len() {
            text.push_str(&format!("… and {} more tasks\n", count - tasks.len()));
        }
        text
    }
}
