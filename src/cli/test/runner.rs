//! Runs the tests of files, several files at the same time, each test in a VM of its own.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::interrupt::Running;
use super::outcome::{Event, FileEnd, Place, Tested, Verdict};
use super::search::Wanted;
use super::snapshot::{Mode, Snapshots};
use crate::bytecode::program::TestCode;
use crate::engine::{
    Engine, Error, Input, Output, Profiler, Program, Terms, TrialEnd, TrialFailure, Vm,
};
use crate::runtime::driver::Random;

/// A test in virtual time may take so much of it: one that waits for ever is noticed.
const TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Of what a test writes so much is kept.
const OUTPUT_MAX: usize = 1 << 20;
/// The stack of a thread, as large as that of the main thread.
const STACK: usize = 8 << 20;

/// How tests are run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Only those whose name contains this.
    pub filter: Option<String>,
    /// Begin no more after a failure.
    pub fail_fast: bool,
    /// How long one may take by a real clock.
    pub patience: Option<Duration>,
    /// What to do with snapshots.
    pub snapshots: Mode,
    /// The seed of the first run.
    pub seed: u64,
    /// How often each runs, each time with the next seed.
    pub runs: u64,
    /// Shuffle what runs first.
    pub explore: bool,
    /// The memory of a test.
    pub memory_limit: usize,
    /// How many files are tested at the same time.
    pub jobs: usize,
    /// Watches where the tests spend their time.
    pub profiler: Option<Profiler>,
}

/// Runs all tests of the files, and tells of them in the order of the files. `tell` says whether to go on.
pub fn run(
    files: &[Wanted],
    engine: Engine,
    settings: &Settings,
    running: &Running,
    tell: &mut dyn FnMut(Event) -> bool,
) {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let runner = Runner { settings, engine, running, stopped: &stopped };
    let (sender, events) = mpsc::channel();
    let work = |sender: mpsc::Sender<(usize, Event)>| {
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(file) = files.get(index)
        {
            runner.file(file, &mut |event| {
                // Whoever listened has gone when the output was closed.
                let _ = sender.send((index, event));
            });
        }
    };
    thread::scope(|scope| {
        let mut workers = 0;
        for _ in 0..settings.jobs.min(files.len()) {
            let sender = sender.clone();
            let builder = thread::Builder::new().stack_size(STACK);
            match builder.spawn_scoped(scope, || work(sender)) {
                Ok(_) => workers += 1,
                // With fewer it takes longer.
                Err(_) => break,
            }
        }
        if workers == 0 {
            work(sender.clone());
        }
        drop(sender);
        in_order(files.len(), &events, &mut |event| {
            if !tell(event) {
                stopped.store(true, Ordering::Relaxed);
            }
        });
    });
}

/// Hands on what is told of the first file at once, and keeps what is told of the others until it is their
/// turn.
fn in_order(files: usize, events: &mpsc::Receiver<(usize, Event)>, tell: &mut dyn FnMut(Event)) {
    let mut kept: Vec<VecDeque<Event>> = Vec::new();
    kept.resize_with(files, VecDeque::new);
    let mut first = 0;
    for (index, event) in events {
        kept[index].push_back(event);
        while let Some(event) = kept.get_mut(first).and_then(VecDeque::pop_front) {
            first += usize::from(matches!(event, Event::FileEnds(_)));
            tell(event);
        }
    }
}

struct Runner<'a> {
    settings: &'a Settings,
    engine: Engine,
    running: &'a Running,
    stopped: &'a AtomicBool,
}

/// A file that is being tested.
struct Subject<'a> {
    file: &'a str,
    program: Program,
    snapshots: Snapshots,
}

/// What a run of a test gives.
struct Run {
    end: TrialEnd,
    output: String,
}

impl Runner<'_> {
    /// Tests a file; the last event is its end.
    fn file(&self, wanted: &Wanted, tell: &mut dyn FnMut(Event)) {
        let end = match self.subject(&wanted.file) {
            Ok(subject) => self.tests(wanted, &subject, tell),
            Err(error) => {
                tell(Event::Broken(wanted.file.clone(), Box::new(error)));
                FileEnd::default()
            }
        };
        tell(Event::FileEnds(Box::new(end)));
    }

    fn subject<'a>(&self, file: &'a str) -> Result<Subject<'a>, Error> {
        let program = self.engine.compile_tests(file)?;
        let snapshots = Snapshots::of(file, self.settings.snapshots).map_err(Error::Call)?;
        Ok(Subject { file, program, snapshots })
    }

    fn tests(
        &self,
        wanted: &Wanted,
        subject: &Subject<'_>,
        tell: &mut dyn FnMut(Event),
    ) -> FileEnd {
        let tests = subject.program.tests();
        let broken = |error: Error| Event::Broken(subject.file.to_owned(), Box::new(error));
        for line in
            wanted.lines.iter().filter(|line| !tests.iter().any(|t| subject.is_at(t, **line)))
        {
            let file = subject.file;
            let why = format!(
                "no test stands at {file}:{line}; `kettle test --list {file}` says where they are"
            );
            tell(broken(Error::Call(why)));
        }
        let by_name = |test: &TestCode| match &self.settings.filter {
            Some(filter) => test.name.contains(&**filter),
            None => true,
        };
        let by_line = |test: &TestCode| {
            wanted.lines.is_empty() || wanted.lines.iter().any(|line| subject.is_at(test, *line))
        };
        // Whoever chooses by name or line does not mean those that the file chooses.
        let chooses = wanted.lines.is_empty()
            && self.settings.filter.is_none()
            && tests.iter().any(|test| test.options.only);
        let mut end = FileEnd::default();
        let mut passed = Vec::new();
        // A top level that fails in a world fails there for each test: it is told once.
        let mut broken_worlds = [false; 2];
        for (number, test) in tests.iter().enumerate().filter(|(_, t)| by_name(t) && by_line(t)) {
            if chooses && !test.options.only {
                end.left_out += 1;
                continue;
            }
            if self.stopped.load(Ordering::Relaxed) || self.running.signal().is_some() {
                break;
            }
            if broken_worlds[usize::from(test.options.real)] {
                continue;
            }
            tell(Event::Begun(subject.place(test), test.name.to_string()));
            match self.test(subject, number) {
                Ok(tested) => {
                    match tested.verdict {
                        Verdict::Passed => passed.push(&*test.name),
                        Verdict::Failed(_) => self.note_failure(),
                        Verdict::Skipped(_) => {}
                    }
                    tell(Event::Tested(Box::new(tested)));
                }
                Err(error) => {
                    broken_worlds[usize::from(test.options.real)] = true;
                    self.note_failure();
                    tell(broken(error));
                }
            }
        }
        let all: Vec<&str> = tests.iter().map(|test| &*test.name).collect();
        end.snapshots = subject.snapshots.finish(&all, &passed);
        end
    }

    fn note_failure(&self) {
        if self.settings.fail_fast {
            self.stopped.store(true, Ordering::Relaxed);
        }
    }

    /// Runs a test as often as is wanted, until it fails. The error is that of the top level of its file.
    fn test(&self, subject: &Subject<'_>, number: usize) -> Result<Tested, Error> {
        let test = &subject.program.tests()[number];
        let begun = Instant::now();
        let mut tested = Tested {
            place: subject.place(test),
            name: test.name.to_string(),
            verdict: Verdict::Passed,
            took: Duration::ZERO,
            time: Duration::ZERO,
            is_real: test.options.real,
            runs: 0,
            seed: self.settings.seed,
            output: String::new(),
        };
        if let Some(why) = &test.options.skip {
            return Ok(Tested { verdict: Verdict::Skipped(why.to_string()), ..tested });
        }
        // The order of what happens in the real world is its own.
        while tested.runs < self.settings.runs
            && !(self.settings.explore && tested.is_real && tested.runs > 0)
        {
            tested.seed = self.settings.seed.wrapping_add(tested.runs);
            let Run { end, output } = self.run(subject, number, tested.is_real, tested.seed);
            if end.wants_real {
                tested.is_real = true;
                continue;
            }
            tested.runs += 1;
            tested.time = end.time;
            tested.output = output;
            match end.failure {
                None => {}
                Some(TrialFailure::Load(error)) => return Err(error),
                Some(failure) => {
                    tested.verdict = Verdict::Failed(failure);
                    break;
                }
            }
        }
        tested.took = begun.elapsed();
        Ok(tested)
    }

    /// Runs a test once, in a VM of its own.
    fn run(&self, subject: &Subject<'_>, number: usize, is_real: bool, seed: u64) -> Run {
        let test = &subject.program.tests()[number];
        let output = Output::captured_up_to(OUTPUT_MAX);
        let mut engine = self.engine.clone();
        let options = engine.options();
        // Both go to one place, so that the order in which they were written is kept.
        options.stdout = output.clone();
        options.stderr = output.clone();
        options.stdin = Input::text("");
        options.virtual_clock = !is_real;
        options.seed = seed_of(&test.name, seed);
        options.explore = self.settings.explore.then_some(options.seed);
        options.fixtures = Path::new(subject.file).parent().map(Path::to_path_buf);
        options.memory_limit = self.settings.memory_limit;
        options.profiler = self.settings.profiler.clone();
        let own = test.options.timeout.map(Duration::from_nanos);
        let begun = Instant::now();
        let terms = Terms {
            examiner: subject.snapshots.examiner(&test.name),
            limit: if is_real { None } else { own.or(Some(TIME_MAX)) },
            // What a test in the real world says of its time is said of the real clock.
            patience: if is_real { own.or(self.settings.patience) } else { self.settings.patience },
            elapsed: &|| begun.elapsed(),
        };
        let end = match Vm::new(&engine) {
            Ok(mut vm) => {
                let _entered = self.running.enter(&vm);
                self.interrupted(vm.run_test(&subject.program, number, terms))
            }
            Err(error) => TrialEnd {
                failure: Some(TrialFailure::Error(error)),
                wants_real: false,
                time: Duration::ZERO,
            },
        };
        Run { end, output: output.text() }
    }

    /// A test that was cancelled since somebody asked all of them to end says so.
    fn interrupted(&self, mut end: TrialEnd) -> TrialEnd {
        if let Some(TrialFailure::Error(error) | TrialFailure::Load(error)) = &end.failure
            && let (Error::Cancelled(_), Some(signal)) = (error, self.running.signal())
        {
            end.failure = Some(TrialFailure::Signal(signal));
        }
        end
    }
}

impl Subject<'_> {
    fn lines(&self, test: &TestCode) -> (u32, u32) {
        let module = self.program.code().modules.last();
        let source = module.and_then(|module| self.program.sources().get(module.source));
        let line = |offset| source.map_or(0, |source| source.position(offset).0);
        (line(test.span.start), line(test.span.end))
    }

    fn place(&self, test: &TestCode) -> Place {
        Place { file: self.file.to_owned(), line: self.lines(test).0 }
    }

    fn is_at(&self, test: &TestCode, line: u32) -> bool {
        let (first, last) = self.lines(test);
        (first..=last).contains(&line)
    }
}

/// Each test has random numbers of its own, so that it runs alike alone and among others.
fn seed_of(name: &str, seed: u64) -> u64 {
    // FNV-1a: the same on every machine and in every version.
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Random::seeded(hash.wrapping_add(Random::seeded(seed).draw())).draw()
}

/// Tells where the tests are, without running them.
pub fn list(files: &[Wanted], settings: &Settings, tell: &mut dyn FnMut(Listed)) {
    let (running, stopped) = (Running::default(), AtomicBool::new(false));
    let runner = Runner { settings, engine: Engine::new(), running: &running, stopped: &stopped };
    for wanted in files {
        match runner.subject(&wanted.file) {
            Err(error) => tell(Listed::Broken(wanted.file.clone(), Box::new(error))),
            Ok(subject) => {
                for test in subject.program.tests() {
                    let by_name =
                        settings.filter.as_ref().is_none_or(|filter| test.name.contains(filter));
                    let mut lines = wanted.lines.iter();
                    let by_line = wanted.lines.is_empty() || lines.any(|l| subject.is_at(test, *l));
                    if by_name && by_line {
                        tell(Listed::Test(subject.place(test), test.clone()));
                    }
                }
            }
        }
    }
}

/// What a listing tells.
#[derive(Debug)]
pub enum Listed {
    /// A test.
    Test(Place, TestCode),
    /// A file that cannot be read or compiled.
    Broken(String, Box<Error>),
}
