//! The words of the command line: one table of commands and one of flags.
//!
//! The parser and the help read the same tables, so neither can know a flag that the other does
//! not. What comes out is a [`Request`]; doing it is the business of the other files here.

mod help;
mod table;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser};

use self::table::{COMMANDS, DUMPS, FLAGS, Flag, FlagId, name_of};
use super::bound::Bounds;
use super::sandbox::Sandbox;
use super::{limit, profile};
use crate::diagnostics::nearest;
use crate::engine::{Permissions, Right};
use crate::natives::read_duration;

pub use self::help::help;
pub use self::table::Command;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Run a program, or show what becomes of it.
    Run(Run),
    /// Enter code line by line.
    Repl(Repl),
    /// Look for mistakes in files without running them.
    Check(Check),
    /// Run the tests in files and folders.
    Test(Test),
    /// Show the manual of a name or a file, or all there is.
    Doc(Option<String>),
    /// Explain a diagnostic, or list them all.
    Explain(Option<String>),
    /// Print how to use the command, or one of its commands.
    Help(Option<Command>),
    /// Print the version.
    Version,
}

/// A program to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Where its text is.
    pub source: Source,
    /// What `os.args` will be.
    pub args: Vec<String>,
    /// Print this form of it instead of running it.
    pub dump: Option<Dump>,
    /// Time jumps to the next timer instead of passing.
    pub virtual_clock: bool,
    /// How long a task may hold the loop before that is told; zero: as long as it likes. None: what the
    /// environment says.
    pub watchdog: Option<Duration>,
    /// Where the timeline of its event loop goes.
    pub trace: Option<String>,
    /// How the files are called that say where its time went.
    pub profile: Option<String>,
    /// Say at the end what the garbage collector did.
    pub gc_stats: bool,
    /// What it may do.
    pub sandbox: Sandbox,
    /// The socket at which others may enter code while it runs.
    pub console: Option<String>,
    /// Enter code when it has run.
    pub interactive: bool,
}

/// A session.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Repl {
    /// What runs before the first prompt.
    pub source: Source,
    /// What `os.args` will be.
    pub args: Vec<String>,
    /// The socket of the program that it is a session with.
    pub attach: Option<String>,
    /// The user's own beginning of every session is left out.
    pub no_rc: bool,
    /// What the session may do.
    pub sandbox: Sandbox,
}

/// Files to look for mistakes in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Files, and folders of files.
    pub files: Vec<String>,
    /// Say it for machines.
    pub json: bool,
    /// Fail for warnings too.
    pub deny_warnings: bool,
}

/// Tests to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Test {
    /// Files, and folders with files.
    pub paths: Vec<String>,
    /// Only tests whose name contains this.
    pub filter: Option<String>,
    /// Begin no more tests after a failure.
    pub fail_fast: bool,
    /// How many files are tested at the same time.
    pub jobs: Option<usize>,
    /// How long a test may take by the real clock; zero is for ever.
    pub timeout: Option<Duration>,
    /// Store the snapshots as they are.
    pub update: bool,
    /// What random numbers and the simulated world follow from.
    pub seed: Option<u64>,
    /// Run each test with so many seeds, and orders of its tasks.
    pub explore: Option<u64>,
    /// Run each test so many times.
    pub repeat: Option<u64>,
    /// Say only which tests there are.
    pub list: bool,
    /// Say it for machines.
    pub json: bool,
    /// Where to write JUnit XML.
    pub junit: Option<String>,
    /// How the files are called that say where their time went.
    pub profile: Option<String>,
    /// What they may do.
    pub sandbox: Sandbox,
}

/// Where the text of a program is.
#[derive(Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// In a file.
    File(String),
    /// In the command line itself.
    Text(String),
    /// On standard input.
    Stdin,
    /// On standard input, unless that is a terminal: nothing was named.
    #[default]
    Unnamed,
}

/// A stage on the way from text to bytecode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dump {
    /// What the lexer and the layout filter make.
    Tokens,
    /// The syntax tree.
    Ast,
    /// The instructions.
    Bytecode,
}

/// Reads a command line; the error is a message for the user.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut parser = Parser::from_args(words);
    let mut command = None;
    let mut run = Run::default();
    let mut check = Check::default();
    let mut test = Test::default();
    let mut repl = Repl::default();
    let mut operands = Vec::new();
    loop {
        let flag = match parser.next().map_err(|error| error.to_string())? {
            None => break,
            Some(Arg::Short(short)) => {
                find(command, |flag| flag.short == Some(short), &format!("-{short}"))?
            }
            Some(Arg::Long(long)) => find(command, |flag| flag.long == long, &format!("--{long}"))?,
            Some(Arg::Value(word)) => {
                let word = text(word);
                let entry = COMMANDS.iter().find(|entry| entry.name == word);
                match (command, entry) {
                    (None, Some(entry)) => command = Some(entry.command),
                    (None | Some(Command::Run | Command::Repl), _) => {
                        run.source = if word == "-" { Source::Stdin } else { Source::File(word) };
                        return finish_run(command, run, repl, parser);
                    }
                    _ => operands.push(word),
                }
                continue;
            }
        };
        match flag.id {
            FlagId::Help => return Ok(Request::Help(command)),
            FlagId::Version => return Ok(Request::Version),
            FlagId::Watchdog => {
                let written = value(&mut parser, flag)?;
                run.watchdog = Some(limit::watchdog(&written)?);
            }
            FlagId::Profile => {
                let name = parser.optional_value().map_or(profile::NAME.to_owned(), text);
                if name.is_empty() {
                    return Err("`--profile=` needs a name".to_owned());
                }
                (run.profile, test.profile) = (Some(name.clone()), Some(name));
            }
            FlagId::Sandbox | FlagId::Allow(_) | FlagId::Audit | FlagId::Most(_) => {
                sandbox_flag(&mut run.sandbox, &mut parser, flag)?;
            }
            FlagId::Json if command == Some(Command::Test) => test.json = true,
            FlagId::Json => check.json = true,
            FlagId::DenyWarnings => check.deny_warnings = true,
            FlagId::Dump => run.dump = Some(dump(&value(&mut parser, flag)?)?),
            FlagId::Eval => {
                run.source = Source::Text(value(&mut parser, flag)?);
                return finish_run(command, run, repl, parser);
            }
            _ if flag.commands.contains(&Command::Test) => {
                test_flag(&mut test, &mut parser, flag)?;
            }
            _ => run_flag(&mut run, &mut repl, &mut parser, flag)?,
        }
    }
    match command {
        Some(Command::Test) => finish_test(Test { paths: operands, sandbox: run.sandbox, ..test }),
        Some(Command::Repl) => session(run, repl),
        _ => finish(command, run, check, operands),
    }
}

/// A flag that says what the program may do and use. What is allowed is allowed in a sandbox.
fn sandbox_flag(sandbox: &mut Sandbox, parser: &mut Parser, flag: &Flag) -> Result<(), String> {
    if flag.id == FlagId::Audit {
        sandbox.audit = Some(value(parser, flag)?);
        return Ok(());
    }
    if let FlagId::Most(limit) = flag.id {
        let written = value(parser, flag)?;
        let read = sandbox.bounds.set(limit, &written);
        return read.map_err(|what| format!("`--{} {written}`: it takes {what}", flag.long));
    }
    let granted = sandbox.permissions.take().unwrap_or_else(Permissions::none);
    let FlagId::Allow(right) = flag.id else {
        sandbox.permissions = Some(granted);
        return Ok(());
    };
    let what = if flag.value.is_some() { parser.optional_value().map(text) } else { None };
    if right == Right::FsRead {
        sandbox.folders.push(what.clone().unwrap_or_else(|| "/".to_owned()));
    }
    let granted = match what {
        None => granted.allow_all(right),
        Some(what) => granted.allow(right, &what),
    };
    granted.check().map_err(|why| format!("`--{}`: {why}", flag.long))?;
    sandbox.permissions = Some(granted);
    Ok(())
}

/// A flag of programs or of sessions.
fn run_flag(
    run: &mut Run,
    repl: &mut Repl,
    parser: &mut Parser,
    flag: &Flag,
) -> Result<(), String> {
    match flag.id {
        FlagId::VirtualClock => run.virtual_clock = true,
        FlagId::GcStats => run.gc_stats = true,
        FlagId::Trace => run.trace = Some(value(parser, flag)?),
        FlagId::Interactive => run.interactive = true,
        FlagId::NoRc => repl.no_rc = true,
        FlagId::Console => run.console = Some(value(parser, flag)?),
        _ => repl.attach = Some(value(parser, flag)?),
    }
    Ok(())
}

/// A flag that only `kettle test` has.
fn test_flag(test: &mut Test, parser: &mut Parser, flag: &Flag) -> Result<(), String> {
    match flag.id {
        FlagId::FailFast => test.fail_fast = true,
        FlagId::Update => test.update = true,
        FlagId::List => test.list = true,
        FlagId::Filter => test.filter = Some(value(parser, flag)?),
        FlagId::Junit => test.junit = Some(value(parser, flag)?),
        FlagId::Timeout => test.timeout = Some(span(parser, flag)?),
        FlagId::Seed => test.seed = Some(number(parser, flag, 0)?),
        FlagId::Explore => test.explore = Some(number(parser, flag, 1)?),
        FlagId::Repeat => test.repeat = Some(number(parser, flag, 1)?),
        FlagId::Jobs => {
            let jobs = number(parser, flag, 1)?;
            test.jobs = Some(usize::try_from(jobs).unwrap_or(usize::MAX));
        }
        _ => {}
    }
    Ok(())
}

fn finish_test(test: Test) -> Result<Request, String> {
    match (test.explore, test.repeat) {
        (Some(_), Some(_)) => Err("`--explore` and `--repeat` both say how often a test runs: \
                                   give one of them"
            .to_owned()),
        _ => Ok(Request::Test(test)),
    }
}

/// Everything behind the program belongs to the program.
fn finish_run(
    command: Option<Command>,
    mut run: Run,
    repl: Repl,
    mut parser: Parser,
) -> Result<Request, String> {
    let rest = parser.raw_args().map_err(|error| error.to_string())?;
    run.args = rest.map(text).collect();
    if matches!(run.source, Source::Text(_)) && run.args.first().is_some_and(|arg| arg == "-i") {
        run.args.remove(0);
        run.interactive = true;
    }
    if command != Some(Command::Repl) && !run.interactive {
        return match run.console {
            Some(_) if run.virtual_clock => {
                Err("who comes to `--console` comes in real time: it has no `--virtual-clock`"
                    .to_owned())
            }
            _ => Ok(Request::Run(run)),
        };
    }
    session(run, repl)
}

/// A session, with a program of its own before it or with one that runs already.
fn session(run: Run, repl: Repl) -> Result<Request, String> {
    if run.sandbox.bounds != Bounds::default() {
        return Err("a session goes on until it is left: it takes no `--max-…`".to_owned());
    }
    let session = Repl { source: run.source, args: run.args, sandbox: run.sandbox, ..repl };
    if session.attach.is_none() {
        return Ok(Request::Repl(session));
    }
    if session.source != Source::Unnamed {
        return Err("`--attach` is a session with a program that runs already".to_owned());
    }
    if session.sandbox != Sandbox::default() {
        return Err("what a session may do that `--attach` has is said where its program was \
                    started: beside `--console`"
            .to_owned());
    }
    Ok(Request::Repl(session))
}

fn finish(
    command: Option<Command>,
    run: Run,
    check: Check,
    operands: Vec<String>,
) -> Result<Request, String> {
    match command {
        None | Some(Command::Test | Command::Repl) => Ok(Request::Run(run)),
        Some(Command::Run) => Err("`kettle run` needs a file".to_owned()),
        Some(Command::Check) if operands.is_empty() => {
            Err("`kettle check` needs a file".to_owned())
        }
        Some(Command::Check) => Ok(Request::Check(Check { files: operands, ..check })),
        Some(Command::Doc) => match operands.len() {
            0 | 1 => Ok(Request::Doc(operands.into_iter().next())),
            _ => Err("`kettle doc` takes one name, as in `kettle doc fs.read`".to_owned()),
        },
        Some(Command::Explain) if operands.is_empty() => Ok(Request::Explain(None)),
        Some(Command::Explain) => match <[String; 1]>::try_from(operands) {
            Ok([code]) => Ok(Request::Explain(Some(code))),
            Err(_) => {
                Err("`kettle explain` takes one code, as in `kettle explain E0201`".to_owned())
            }
        },
    }
}

fn find(
    command: Option<Command>,
    fits: impl Fn(&Flag) -> bool,
    written: &str,
) -> Result<&'static Flag, String> {
    let entry = FLAGS.iter().find(|flag| fits(flag));
    match (entry, command) {
        (Some(flag), None) => Ok(flag),
        (Some(flag), Some(command)) if flag.commands.contains(&command) => Ok(flag),
        (Some(_), Some(command)) => {
            Err(format!("`kettle {}` does not take `{written}`", name_of(command)))
        }
        (None, _) => {
            let known = FLAGS.iter().filter(|flag| flag.help.is_some()).map(|flag| flag.long);
            let meant = nearest(written.trim_start_matches('-'), known);
            let hint = meant.map_or(String::new(), |long| format!("; did you mean `--{long}`?"));
            Err(format!("there is no flag `{written}`{hint}"))
        }
    }
}

fn value(parser: &mut Parser, flag: &Flag) -> Result<String, String> {
    let value = parser.value().map_err(|_| {
        format!("`--{}` needs a value: {}", flag.long, flag.value.unwrap_or_default())
    })?;
    Ok(text(value))
}

/// The value of a flag that takes a whole number, at least `least`.
fn number(parser: &mut Parser, flag: &Flag, least: u64) -> Result<u64, String> {
    let text = value(parser, flag)?;
    let number = text.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| {
        format!("`--{} {text}`: it takes a whole number, at least {least}", flag.long)
    })
}

/// The value of a flag that takes a duration.
fn span(parser: &mut Parser, flag: &Flag) -> Result<Duration, String> {
    let text = value(parser, flag)?;
    let nanos = read_duration(&text).and_then(|nanos| u64::try_from(nanos).ok());
    let span = nanos.map(Duration::from_nanos);
    span.ok_or_else(|| {
        format!("`--{} {text}`: it takes a duration, as in 500ms or 1m30s", flag.long)
    })
}

fn dump(form: &str) -> Result<Dump, String> {
    match DUMPS.iter().find(|(name, _)| *name == form) {
        Some((_, dump)) => Ok(*dump),
        None => Err(format!("`--dump {form}`: the forms are tokens, ast and bytecode")),
    }
}

/// Words that are not UTF-8 are taken as well as they can be.
fn text(word: OsString) -> String {
    word.to_string_lossy().into_owned()
}
