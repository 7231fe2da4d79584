//! The tables of commands and flags, and the help that is made from them.

use super::Dump;
use crate::engine::{Limit, Right};

/// The commands; a command line without one runs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `kettle run`
    Run,
    /// `kettle check`
    Check,
    /// `kettle test`
    Test,
    /// `kettle doc`
    Doc,
    /// `kettle explain`
    Explain,
    /// `kettle repl`
    Repl,
}

/// A command, as the parser and the help see it.
pub(super) struct CommandEntry {
    pub command: Command,
    pub name: &'static str,
    pub operands: &'static str,
    pub help: &'static str,
}

/// All commands.
pub(super) const COMMANDS: &[CommandEntry] = &[
    CommandEntry {
        command: Command::Run,
        name: "run",
        operands: "FILE [ARGUMENT…]",
        help: "Run a program; the word `run` may be left out",
    },
    CommandEntry {
        command: Command::Repl,
        name: "repl",
        operands: "[FILE [ARGUMENT…]]",
        help: "Enter code line by line, with the names of FILE; `kettle` alone does that, too",
    },
    CommandEntry {
        command: Command::Check,
        name: "check",
        operands: "FILE…",
        help: "Report mistakes in files and folders without running them",
    },
    CommandEntry {
        command: Command::Test,
        name: "test",
        operands: "[PATH…]",
        help: "Run the tests in files and folders, or at FILE:LINE; here if none is named",
    },
    CommandEntry {
        command: Command::Doc,
        name: "doc",
        operands: "[NAME]",
        help: "Show the manual of a module, a function, a file",
    },
    CommandEntry {
        command: Command::Explain,
        name: "explain",
        operands: "[CODE]",
        help: "Explain a diagnostic, as in `kettle explain E0201`, or list all",
    },
];

/// What a flag means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagId {
    Eval,
    Interactive,
    Console,
    Attach,
    NoRc,
    Dump,
    VirtualClock,
    Trace,
    Profile,
    GcStats,
    Watchdog,
    Sandbox,
    Allow(Right),
    Most(Limit),
    Audit,
    Json,
    DenyWarnings,
    Filter,
    FailFast,
    Jobs,
    Timeout,
    Update,
    Seed,
    Explore,
    Repeat,
    List,
    Junit,
    Help,
    Version,
}

/// A flag, as the parser and the help see it.
pub(super) struct Flag {
    pub id: FlagId,
    pub short: Option<char>,
    pub long: &'static str,
    /// The name of its value, if it takes one.
    pub value: Option<&'static str>,
    /// The commands that take it; a file without a command counts as `run`.
    pub commands: &'static [Command],
    /// None for a flag that is only of use to the project's own tests.
    pub help: Option<&'static str>,
}

/// The commands whose programs can be put into a sandbox.
const SANDBOXED: &[Command] = &[Command::Run, Command::Repl, Command::Test];

pub(super) const ALL: &[Command] =
    &[Command::Run, Command::Check, Command::Test, Command::Doc, Command::Explain, Command::Repl];

/// The flag of a limit.
const fn most(limit: Limit, long: &'static str, value: &'static str, help: &'static str) -> Flag {
    let commands = &[Command::Run, Command::Test];
    Flag {
        id: FlagId::Most(limit),
        short: None,
        long,
        value: Some(value),
        commands,
        help: Some(help),
    }
}

/// All flags.
pub(super) const FLAGS: &[Flag] = &[
    Flag {
        id: FlagId::Eval,
        short: Some('e'),
        long: "eval",
        value: Some("CODE"),
        commands: &[Command::Run],
        help: Some("Run CODE; the words behind it are its arguments"),
    },
    Flag {
        id: FlagId::Interactive,
        short: Some('i'),
        long: "interactive",
        value: None,
        commands: &[Command::Run],
        help: Some("Then enter code line by line, with the names of the program"),
    },
    Flag {
        id: FlagId::Console,
        short: None,
        long: "console",
        value: Some("SOCKET"),
        commands: &[Command::Run],
        help: Some("Let `kettle repl --attach SOCKET` of the same user into the running program"),
    },
    Flag {
        id: FlagId::Attach,
        short: None,
        long: "attach",
        value: Some("SOCKET"),
        commands: &[Command::Repl],
        help: Some("Enter code in a program that was started with `--console SOCKET`"),
    },
    Flag {
        id: FlagId::NoRc,
        short: None,
        long: "no-rc",
        value: None,
        commands: &[Command::Repl],
        help: Some("Do not begin with the user's own `kettle/rc.ket`"),
    },
    Flag {
        id: FlagId::Dump,
        short: None,
        long: "dump",
        value: Some("FORM"),
        commands: &[Command::Run],
        help: Some("Print the program's tokens, ast or bytecode instead of running it"),
    },
    Flag {
        id: FlagId::Trace,
        short: None,
        long: "trace",
        value: Some("FILE"),
        commands: &[Command::Run],
        help: Some("Write the timeline of the event loop to FILE, for ui.perfetto.dev"),
    },
    Flag {
        id: FlagId::Profile,
        short: None,
        long: "profile",
        value: Some("[=NAME]"),
        commands: &[Command::Run, Command::Test],
        help: Some("Tell where the time went, and write NAME.svg and NAME.folded (profile)"),
    },
    Flag {
        id: FlagId::GcStats,
        short: None,
        long: "gc-stats",
        value: None,
        commands: &[Command::Run],
        help: Some("Say at the end what the garbage collector did, and how long its steps took"),
    },
    Flag {
        id: FlagId::Watchdog,
        short: None,
        long: "watchdog",
        value: Some("TIME"),
        commands: &[Command::Run],
        help: Some("Tell of tasks that hold the event loop for longer than TIME (100ms), or `off`"),
    },
    Flag {
        id: FlagId::Sandbox,
        short: None,
        long: "sandbox",
        value: None,
        commands: SANDBOXED,
        help: Some("The program may do nothing but compute, print and wait, unless it is allowed"),
    },
    Flag {
        id: FlagId::Allow(Right::FsRead),
        short: None,
        long: "allow-read",
        value: Some("[=PATH]"),
        commands: SANDBOXED,
        help: Some("It may read PATH and what is in it, or everything"),
    },
    Flag {
        id: FlagId::Allow(Right::FsWrite),
        short: None,
        long: "allow-write",
        value: Some("[=PATH]"),
        commands: SANDBOXED,
        help: Some("It may change PATH and what is in it, or everything"),
    },
    Flag {
        id: FlagId::Allow(Right::NetConnect),
        short: None,
        long: "allow-net",
        value: Some("[=PLACE]"),
        commands: SANDBOXED,
        help: Some("It may connect to PLACE (api.example.com:443, 10.0.0.0/8, *), or anywhere"),
    },
    Flag {
        id: FlagId::Allow(Right::NetListen),
        short: None,
        long: "allow-listen",
        value: Some("[=PLACE]"),
        commands: SANDBOXED,
        help: Some("It may listen at PLACE (localhost:8080), or anywhere"),
    },
    Flag {
        id: FlagId::Allow(Right::Env),
        short: None,
        long: "allow-env",
        value: Some("[=NAME]"),
        commands: SANDBOXED,
        help: Some("It may see the environment variable NAME (APP_*), or all"),
    },
    Flag {
        id: FlagId::Allow(Right::Process),
        short: None,
        long: "allow-run",
        value: Some("[=PROGRAM]"),
        commands: SANDBOXED,
        help: Some("It may start PROGRAM, or any: what it starts is in no sandbox"),
    },
    Flag {
        id: FlagId::Allow(Right::Signal),
        short: None,
        long: "allow-signal",
        value: None,
        commands: SANDBOXED,
        help: Some("It may listen to signals"),
    },
    Flag {
        id: FlagId::Allow(Right::System),
        short: None,
        long: "allow-system",
        value: None,
        commands: SANDBOXED,
        help: Some("It may know the names of machine and user, and its process number"),
    },
    Flag {
        id: FlagId::Audit,
        short: None,
        long: "audit",
        value: Some("FILE"),
        commands: SANDBOXED,
        help: Some("Write to FILE, as lines of JSON, what the program asks for and is refused"),
    },
    most(Limit::Memory, "max-memory", "SIZE", "End the program when it uses more memory (64mb)"),
    most(Limit::Fuel, "max-fuel", "N", "… more calls and turns of loops"),
    most(Limit::Deadline, "max-time", "SPAN", "… more time (10s)"),
    most(Limit::Depth, "max-depth", "N", "… calls further inside each other"),
    most(Limit::Tasks, "max-tasks", "N", "… more tasks at a time"),
    most(Limit::Sockets, "max-sockets", "N", "… more sockets at a time"),
    most(Limit::Files, "max-files", "N", "… more open files at a time"),
    most(Limit::Output, "max-output", "SIZE", "… prints more"),
    Flag {
        id: FlagId::VirtualClock,
        short: None,
        long: "virtual-clock",
        value: None,
        commands: &[Command::Run],
        help: None,
    },
    Flag {
        id: FlagId::Json,
        short: None,
        long: "json",
        value: None,
        commands: &[Command::Check, Command::Test],
        help: Some("Say it for machines, as JSON on standard output"),
    },
    Flag {
        id: FlagId::DenyWarnings,
        short: None,
        long: "deny-warnings",
        value: None,
        commands: &[Command::Check],
        help: Some("Exit with status 1 for warnings too"),
    },
    Flag {
        id: FlagId::Filter,
        short: None,
        long: "filter",
        value: Some("TEXT"),
        commands: &[Command::Test],
        help: Some("Run only the tests whose name contains TEXT"),
    },
    Flag {
        id: FlagId::FailFast,
        short: None,
        long: "fail-fast",
        value: None,
        commands: &[Command::Test],
        help: Some("Begin no more tests after the first that fails"),
    },
    Flag {
        id: FlagId::Jobs,
        short: Some('j'),
        long: "jobs",
        value: Some("N"),
        commands: &[Command::Test],
        help: Some("How many files are tested at a time; one per core unless given"),
    },
    Flag {
        id: FlagId::Timeout,
        short: None,
        long: "timeout",
        value: Some("SPAN"),
        commands: &[Command::Test],
        help: Some("How long a test may take by a real clock, 30s; 0s is for ever"),
    },
    Flag {
        id: FlagId::Update,
        short: Some('u'),
        long: "update",
        value: None,
        commands: &[Command::Test],
        help: Some("Store the snapshots as they are now"),
    },
    Flag {
        id: FlagId::Seed,
        short: None,
        long: "seed",
        value: Some("N"),
        commands: &[Command::Test],
        help: Some("What the random numbers and the simulated world follow from"),
    },
    Flag {
        id: FlagId::Explore,
        short: None,
        long: "explore",
        value: Some("N"),
        commands: &[Command::Test],
        help: Some("Run each test in N different orders of its tasks, N seeds"),
    },
    Flag {
        id: FlagId::Repeat,
        short: None,
        long: "repeat",
        value: Some("N"),
        commands: &[Command::Test],
        help: Some("Run each test N times, each with a seed of its own"),
    },
    Flag {
        id: FlagId::List,
        short: None,
        long: "list",
        value: None,
        commands: &[Command::Test],
        help: Some("Print where the tests are instead of running them"),
    },
    Flag {
        id: FlagId::Junit,
        short: None,
        long: "junit",
        value: Some("FILE"),
        commands: &[Command::Test],
        help: Some("Write the results to FILE too, as JUnit XML"),
    },
    Flag {
        id: FlagId::Help,
        short: Some('h'),
        long: "help",
        value: None,
        commands: ALL,
        help: Some("Print this help"),
    },
    Flag {
        id: FlagId::Version,
        short: Some('V'),
        long: "version",
        value: None,
        commands: &[Command::Run],
        help: Some("Print the version"),
    },
];

/// The stages that can be printed.
pub(super) const DUMPS: &[(&str, Dump)] =
    &[("tokens", Dump::Tokens), ("ast", Dump::Ast), ("bytecode", Dump::Bytecode)];

/// What a command is called.
pub(super) fn name_of(command: Command) -> &'static str {
    COMMANDS.iter().find(|entry| entry.command == command).map_or("", |entry| entry.name)
}
