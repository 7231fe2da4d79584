//! The timeline of a loop as a file that Perfetto and Chrome's `about:tracing` show.
//!
//! Written as it happens: what is kept in memory grows with the tasks that wait, not with time. After each piece the end
//! of the document is written, too, and the next piece overwrites that: however the process ends,
//! what stands in the file is a whole JSON document.
//!
//! The loop is one track: its turns, and inside them polls and collections. Each task is a track of
//! its own, with a slice wherever it ran; what it waited for is an async slice beside it. Each
//! thread of the pool is a track with the jobs that it did.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::driver::{Event, JobSpan, Moment, Signal};
use super::tracer::{Step, Tracer};

/// How much is gathered before it is written …
const GATHERED_MAX: usize = 64 * 1024;
/// … unless it has been kept so long, in nanoseconds, and the loop is about to wait a little …
const KEPT_MAX: u64 = 100_000_000;
/// … or so long, and the loop is about to wait for longer than the time above.
const KEPT_MIN: u64 = 10_000_000;

/// The document begins and ends so.
const HEAD: &str = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
const TAIL: &str = "\n]}\n";

/// What the tracks belong to: "processes", as the format calls them.
const LOOP: u64 = 1;
const TASKS: u64 = 2;
const POOL: u64 = 3;

/// A timeline on its way into a file.
pub struct Timeline<W: Write + Seek + Send> {
    file: W,
    gathered: String,
    /// Where the end of the document stands in the file; none if it cannot be overwritten, and comes
    /// last.
    end: Option<u64>,
    /// When something was written last.
    written: Option<Moment>,
    is_empty: bool,
    /// When what is under way began.
    turn: Moment,
    poll: Moment,
    collect: Moment,
    run: Moment,
    /// How many tasks have run in this turn.
    ran: u32,
    /// What those who wait now wait for, by the op.
    waits: HashMap<u64, String>,
    /// Threads of the pool that have a name.
    threads: HashSet<u64>,
    /// Why nothing is written any more.
    failed: Option<io::Error>,
}

impl<W: Write + Seek + Send> Timeline<W> {
    /// Begins the document.
    pub fn new(mut file: W) -> Timeline<W> {
        let end = file.stream_position().ok();
        let start = Moment::default();
        let mut timeline = Timeline {
            file,
            gathered: HEAD.to_owned(),
            end,
            written: None,
            is_empty: true,
            turn: start,
            poll: start,
            collect: start,
            run: start,
            ran: 0,
            waits: HashMap::new(),
            threads: HashSet::new(),
            failed: None,
        };
        for (group, name) in [(LOOP, "loop"), (TASKS, "tasks"), (POOL, "pool")] {
            timeline.name("process", group, 0, name);
        }
        timeline.name("thread", LOOP, 0, "turns");
        timeline.flush();
        timeline
    }

    /// Writes what was gathered, and the end of the document behind it.
    pub fn flush(&mut self) {
        if self.failed.is_some() || (self.gathered.is_empty() && self.end.is_some()) {
            return;
        }
        let mut piece = std::mem::take(&mut self.gathered);
        let length = piece.len() as u64;
        if self.end.is_some() {
            piece.push_str(TAIL);
        }
        self.failed = self.write(&piece).err();
        self.end = self.end.map(|end| end + length);
        piece.clear();
        self.gathered = piece;
    }

    /// Ends the document. An error is why it is not whole.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        if self.end.is_none() && self.failed.is_none() {
            self.failed = self.write(TAIL).err();
        }
        self.failed.take().map_or(Ok(()), Err)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if let Some(end) = self.end {
            self.file.seek(SeekFrom::Start(end))?;
        }
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }

    /// Adds an entry: its phase and place, then what else it has.
    fn entry(&mut self, phase: &str, group: u64, track: u64, rest: std::fmt::Arguments<'_>) {
        let comma = if std::mem::take(&mut self.is_empty) { "" } else { ",\n" };
        let text = &mut self.gathered;
        write!(text, "{comma}{{\"ph\":\"{phase}\",\"pid\":{group},\"tid\":{track},{rest}}}")
            .expect("a string takes any text");
        if self.gathered.len() >= GATHERED_MAX {
            self.flush();
        }
    }

    /// Names a group or a track.
    fn name(&mut self, what: &str, group: u64, track: u64, name: &str) {
        let name = quoted(name);
        let rest = format_args!("\"name\":\"{what}_name\",\"args\":{{\"name\":{name}}}");
        self.entry("M", group, track, rest);
    }

    /// Adds something that took from `begun` to `ended`.
    fn slice(&mut self, group: u64, track: u64, name: &str, span: (Moment, Moment), more: &str) {
        let (at, took) = (Micros(span.0.nanos), Micros(span.1.nanos.saturating_sub(span.0.nanos)));
        let rest = format_args!("\"name\":\"{name}\",\"ts\":{at},\"dur\":{took}{more}");
        self.entry("X", group, track, rest);
    }

    fn op(&mut self, phase: &str, at: Moment, (op, task): (u64, u64), what: &str, how: &str) {
        let (what, at) = (quoted(what), Micros(at.nanos));
        let more = match how {
            "" => String::new(),
            how => format!(",\"args\":{{\"how\":\"{how}\"}}"),
        };
        let rest = format_args!("\"cat\":\"op\",\"id\":{op},\"name\":{what},\"ts\":{at}{more}");
        self.entry(phase, TASKS, task, rest);
    }

    fn job(&mut self, job: &JobSpan) {
        let track = (job.lane as u64 + 1) * 1000 + job.thread as u64;
        let name = job.lane.name();
        if self.threads.insert(track) {
            self.name("thread", POOL, track, &format!("{name} {}", job.thread + 1));
        }
        self.slice(POOL, track, name, (job.begun, job.ended), "");
    }

    fn polled(&mut self, at: Moment, events: &[Event]) {
        let more = format!(",\"args\":{{\"events\":{}}}", events.len());
        self.slice(LOOP, 0, "poll", (self.poll, at), &more);
        for event in events {
            if let Event::Signal(signal) = event {
                let name = match signal {
                    Signal::Interrupt => "SIGINT",
                    Signal::Terminate => "SIGTERM",
                    Signal::Quit => "SIGQUIT",
                };
                self.instant(LOOP, 0, name, at, "");
            }
        }
    }

    /// Adds something that took no time.
    fn instant(&mut self, group: u64, track: u64, name: &str, at: Moment, more: &str) {
        let at = Micros(at.nanos);
        let rest = format_args!("\"name\":\"{name}\",\"s\":\"t\",\"ts\":{at}{more}");
        self.entry("i", group, track, rest);
    }
}

impl<W: Write + Seek + Send> Tracer for Timeline<W> {
    fn record(&mut self, at: Moment, step: Step) {
        match step {
            Step::TurnBegins { .. } => (self.turn, self.ran) = (at, 0),
            Step::TurnEnds => {
                let more = format!(",\"args\":{{\"ran\":{}}}", self.ran);
                self.slice(LOOP, 0, "turn", (self.turn, at), &more);
            }
            Step::PollBegins { timeout } => {
                self.poll = at;
                let timeout = timeout.map_or(u64::MAX, |timeout| timeout.as_nanos() as u64);
                let kept_max = if timeout > KEPT_MAX { KEPT_MIN } else { KEPT_MAX };
                let kept = self.written.map_or(u64::MAX, |written| at.nanos - written.nanos);
                if timeout > 0 && kept >= kept_max {
                    self.written = Some(at);
                    self.flush();
                }
            }
            Step::PollEnds { events } => self.polled(at, &events),
            Step::TaskSpawned { task, name, parent } => {
                self.name("thread", TASKS, task, &format!("task {task} {name}"));
                let args = format!(",\"args\":{{\"parent\":{parent}}}");
                self.instant(TASKS, task, "spawned", at, &args);
            }
            Step::TaskRuns { .. } => {
                self.run = at;
                self.ran += 1;
            }
            Step::TaskRests { task } => self.slice(TASKS, task, "run", (self.run, at), ""),
            Step::TaskEnded { task, how } => self.instant(TASKS, task, how, at, ""),
            Step::OpStarts { op, task, what } => {
                self.op("b", at, (op, task), &what, "");
                self.waits.insert(op, what);
            }
            Step::OpEnds { op, task, how } => {
                // What it waits for may be put otherwise by now; the two ends need the same name.
                let what = self.waits.remove(&op).unwrap_or_default();
                self.op("e", at, (op, task), &what, how);
            }
            Step::Cancelled { task, reason } => {
                let args = format!(",\"args\":{{\"reason\":\"{reason}\"}}");
                self.instant(TASKS, task, "scope cancelled", at, &args);
            }
            Step::CollectBegins => self.collect = at,
            Step::CollectEnds { bytes } => {
                let more = format!(",\"args\":{{\"bytes\":{bytes}}}");
                self.slice(LOOP, 0, "collect", (self.collect, at), &more);
            }
            Step::Job { span } => self.job(&span),
            Step::OpAtOnce { .. } | Step::TimerFires | Step::Written { .. } => {}
        }
    }
}

/// A tracer that somebody else holds, too.
impl<T: Tracer> Tracer for Arc<Mutex<T>> {
    fn record(&mut self, at: Moment, step: Step) {
        // A tracer that has panicked under this lock has lost a step, and goes on.
        self.lock().unwrap_or_else(PoisonError::into_inner).record(at, step);
    }
}

/// Nanoseconds, written as microseconds.
struct Micros(u64);

impl std::fmt::Display for Micros {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A text as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("every text can be written as JSON")
}
