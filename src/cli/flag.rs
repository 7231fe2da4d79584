//! The words of the command line: one table of commands and one of flags.
//!
//! The parser and the help read the same tables, so neither can know a flag that the other does
//! not. What comes out is a [`Request`]; doing it is the business of the other files here.

use std::ffi::OsString;

use lexopt::{Arg, Parser};

use crate::diagnostics::nearest;

/// What the user wants.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Run a program, or show what becomes of it.
    Run(Run),
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
    /// Where the timeline of its event loop goes.
    pub trace: Option<String>,
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
}

struct CommandEntry {
    command: Command,
    name: &'static str,
    operands: &'static str,
    help: &'static str,
}

const COMMANDS: &[CommandEntry] = &[
    CommandEntry {
        command: Command::Run,
        name: "run",
        operands: "FILE [ARGUMENT…]",
        help: "Run a program; the word `run` may be left out",
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
        help: "Run the tests in files and folders; here if none is named",
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum FlagId {
    Eval,
    Dump,
    VirtualClock,
    Trace,
    Json,
    DenyWarnings,
    Filter,
    Help,
    Version,
}

struct Flag {
    id: FlagId,
    short: Option<char>,
    long: &'static str,
    /// The name of its value, if it takes one.
    value: Option<&'static str>,
    /// The commands that take it; a file without a command counts as `run`.
    commands: &'static [Command],
    /// None for a flag that is only of use to the project's own tests.
    help: Option<&'static str>,
}

const ALL: &[Command] =
    &[Command::Run, Command::Check, Command::Test, Command::Doc, Command::Explain];

const FLAGS: &[Flag] = &[
    Flag {
        id: FlagId::Eval,
        short: Some('e'),
        long: "eval",
        value: Some("CODE"),
        commands: &[Command::Run],
        help: Some("Run CODE; the words behind it are its arguments"),
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
        commands: &[Command::Check],
        help: Some("With check: print one JSON document to standard output"),
    },
    Flag {
        id: FlagId::DenyWarnings,
        short: None,
        long: "deny-warnings",
        value: None,
        commands: &[Command::Check],
        help: Some("With check: exit with status 1 for warnings too"),
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

const DUMPS: &[(&str, Dump)] =
    &[("tokens", Dump::Tokens), ("ast", Dump::Ast), ("bytecode", Dump::Bytecode)];

/// Variables that the command line heeds.
const ENVIRONMENT: &[(&str, &str)] =
    &[("NO_COLOR", "No colours, if it is set to anything"), ("TERM=dumb", "No colours")];

/// Reads a command line; the error is a message for the user.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Request, String> {
    let mut parser = Parser::from_args(words);
    let mut command = None;
    let mut run = Run::default();
    let mut check = Check::default();
    let mut operands = Vec::new();
    let mut filter = None;
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
                    (None | Some(Command::Run), _) => {
                        run.source = if word == "-" { Source::Stdin } else { Source::File(word) };
                        return finish_run(run, parser);
                    }
                    _ => operands.push(word),
                }
                continue;
            }
        };
        match flag.id {
            FlagId::Help => return Ok(Request::Help(command)),
            FlagId::Version => return Ok(Request::Version),
            FlagId::VirtualClock => run.virtual_clock = true,
            FlagId::Trace => run.trace = Some(value(&mut parser, flag)?),
            FlagId::Json => check.json = true,
            FlagId::DenyWarnings => check.deny_warnings = true,
            FlagId::Filter => filter = Some(value(&mut parser, flag)?),
            FlagId::Dump => run.dump = Some(dump(&value(&mut parser, flag)?)?),
            FlagId::Eval => {
                run.source = Source::Text(value(&mut parser, flag)?);
                return finish_run(run, parser);
            }
        }
    }
    if command == Some(Command::Test) {
        return Ok(Request::Test(Test { paths: operands, filter }));
    }
    finish(command, run, check, operands)
}

/// Everything behind the program belongs to the program.
fn finish_run(mut run: Run, mut parser: Parser) -> Result<Request, String> {
    let rest = parser.raw_args().map_err(|error| error.to_string())?;
    run.args = rest.map(text).collect();
    Ok(Request::Run(run))
}

fn finish(
    command: Option<Command>,
    run: Run,
    check: Check,
    operands: Vec<String>,
) -> Result<Request, String> {
    match command {
        None | Some(Command::Test) => Ok(Request::Run(run)),
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

fn name_of(command: Command) -> &'static str {
    COMMANDS.iter().find(|entry| entry.command == command).map_or("", |entry| entry.name)
}

/// The help of the command line, or of one of its commands.
pub fn help(command: Option<Command>) -> String {
    let mut help = String::new();
    match command {
        None => {
            help.push_str("Kettle, a small scripting language whose runtime is an event loop\n\n");
            help.push_str(
                "Usage: kettle FILE [ARGUMENT…]
       kettle -e CODE [ARGUMENT…]
       kettle - [ARGUMENT…]         the program comes from standard input
       kettle COMMAND …

Flags stand before the program; what stands behind it is the program's own.

Commands:
",
            );
            for entry in COMMANDS {
                let usage = format!("{} {}", entry.name, entry.operands);
                help.push_str(&format!("  {usage:<22} {}\n", entry.help));
            }
        }
        Some(command) => {
            let entry = COMMANDS.iter().find(|entry| entry.command == command);
            let entry = entry.expect("every command stands in the table");
            help.push_str(&format!("{}\n\n", entry.help));
            help.push_str(&format!("Usage: kettle {} [FLAG…] {}\n", entry.name, entry.operands));
        }
    }
    help.push_str("\nFlags:\n");
    for flag in FLAGS {
        if let Some(text) = flag.help
            && command.is_none_or(|command| flag.commands.contains(&command))
        {
            let short = flag.short.map_or("    ".to_owned(), |short| format!("-{short}, "));
            let value = flag.value.map_or(String::new(), |value| format!(" {value}"));
            let written = format!("{short}--{}{value}", flag.long);
            help.push_str(&format!("  {written:<22} {text}\n"));
        }
    }
    help.push_str("\nEnvironment:\n");
    for (name, text) in ENVIRONMENT {
        help.push_str(&format!("  {name:<22} {text}\n"));
    }
    help
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Request, String> {
        parse(line.iter().map(OsString::from))
    }

    fn run(source: Source, args: &[&str]) -> Run {
        Run { source, args: args.iter().map(ToString::to_string).collect(), ..Run::default() }
    }

    #[test]
    fn what_stands_behind_the_program_is_the_programs() {
        let file = || Source::File("a.ket".to_owned());
        assert_eq!(
            read(&["a.ket", "-x", "--help"]),
            Ok(Request::Run(run(file(), &["-x", "--help"])))
        );
        assert_eq!(read(&["run", "a.ket", "run"]), Ok(Request::Run(run(file(), &["run"]))));
        assert_eq!(read(&["-", "x"]), Ok(Request::Run(run(Source::Stdin, &["x"]))));
        let code = Source::Text("print(1)".to_owned());
        assert_eq!(read(&["-e", "print(1)", "-e", "2"]), Ok(Request::Run(run(code, &["-e", "2"]))));
        let dumped = Run { dump: Some(Dump::Ast), ..run(file(), &[]) };
        assert_eq!(read(&["run", "--dump=ast", "a.ket"]), Ok(Request::Run(dumped)));
        assert_eq!(read(&[]), Ok(Request::Run(Run::default())));
    }

    #[test]
    fn mistakes_name_the_way_out() {
        let message = |line: &[&str]| read(line).expect_err("it is a mistake");
        assert_eq!(message(&["--hepl"]), "there is no flag `--hepl`; did you mean `--help`?");
        assert_eq!(message(&["check", "-e", "1"]), "`kettle check` does not take `-e`");
        assert_eq!(message(&["--dump", "x"]), "`--dump x`: the forms are tokens, ast and bytecode");
        assert_eq!(message(&["run"]), "`kettle run` needs a file");
        assert_eq!(message(&["-e"]), "`--eval` needs a value: CODE");
    }

    #[test]
    fn every_flag_that_is_no_secret_stands_in_the_help() {
        let help = help(None);
        for flag in FLAGS {
            assert_eq!(help.contains(&format!("--{}", flag.long)), flag.help.is_some());
        }
    }
}
