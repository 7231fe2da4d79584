//! From the arguments of `process.start` to a command of the system.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, Stdio};

use crate::natives::kind::{ListValue, MapValue, TextValue};
use crate::runtime::driver::NewChild;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

const PATH: &str = "process.start";

/// Where one of the standard streams of a child leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To a stream of the handle.
    Pipe,
    /// Where that of this program leads.
    Inherit,
    /// Nowhere.
    Null,
    /// Where standard output leads; only for standard error.
    Output,
}

/// A program to start.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) stdin: Way,
    pub(super) stdout: Way,
    pub(super) stderr: Way,
    /// The whole environment.
    pub(super) env: BTreeMap<OsString, OsString>,
    pub(super) cwd: Option<PathBuf>,
}

/// The word for a way.
pub(super) fn way(vm: &mut Vm, param: &str, word: TextValue) -> Result<Way, Thrown> {
    let word = word.get(&vm.heap);
    match word {
        "pipe" => Ok(Way::Pipe),
        "inherit" => Ok(Way::Inherit),
        "null" => Ok(Way::Null),
        "stdout" if param == "stderr" => Ok(Way::Output),
        _ => {
            let also = if param == "stderr" { ", \"stdout\"" } else { "" };
            let text = format!(
                "{PATH}: {param} must be \"pipe\", \"inherit\", \"null\"{also}, not {word:?}"
            );
            Err(vm.error(ErrorKind::ValueError, text))
        }
    }
}

/// A text for the system: without NUL, which would end it there.
pub(super) fn plain(vm: &mut Vm, what: &str, text: &str) -> Result<String, Thrown> {
    if text.contains('\0') {
        let text = format!("{PATH}: {what} must not contain a NUL, {text:?} does");
        return Err(vm.error(ErrorKind::ValueError, text));
    }
    Ok(text.to_owned())
}

/// The arguments: text, numbers as their text.
pub(super) fn args(vm: &mut Vm, list: Option<ListValue>) -> Result<Vec<String>, Thrown> {
    let Some(list) = list else { return Ok(Vec::new()) };
    let items = list.get(&vm.heap).items.to_vec();
    let mut args = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        args.push(written(vm, &format!("args[{index}]"), item)?);
    }
    Ok(args)
}

/// The environment of the child: `inherited` with the changes of `changes`.
pub(super) fn environment(
    vm: &mut Vm,
    mut inherited: BTreeMap<OsString, OsString>,
    changes: Option<MapValue>,
) -> Result<BTreeMap<OsString, OsString>, Thrown> {
    let entries: Vec<_> =
        changes.map_or(Vec::new(), |changes| changes.get(&vm.heap).iter().collect());
    for (key, value) in entries {
        let name = written(vm, "a name in env", key)?;
        if name.is_empty() || name.contains('=') {
            let text = format!("{PATH}: {name:?} cannot be the name of an environment variable");
            return Err(vm.error(ErrorKind::ValueError, text));
        }
        if value.is_null() {
            inherited.remove(&OsString::from(name));
        } else {
            let value = written(vm, &format!("env[{name:?}]"), value)?;
            inherited.insert(name.into(), value.into());
        }
    }
    Ok(inherited)
}

fn written(vm: &mut Vm, what: &str, value: Value) -> Result<String, Thrown> {
    if let Some(text) = vm.heap.str(value) {
        let text = text.to_owned();
        return plain(vm, what, &text);
    }
    if value.is_int() || value.is_float() {
        return Ok(vm.show(value));
    }
    let text = format!(
        "{PATH}: {what} must be a str, not {}",
        crate::natives::describe::describe(vm, value)
    );
    Err(vm.error(ErrorKind::TypeError, text))
}

impl Spec {
    /// Starts it. Blocks until the system has found the program or not.
    pub(super) fn start(self) -> io::Result<NewChild> {
        if let Some(cwd) = &self.cwd
            && !cwd.is_dir()
        {
            let text = format!("there is no directory {}", cwd.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        command.stdin(self.stdin.stdio());
        match (self.stdout, self.stderr) {
            (Way::Pipe, Way::Output) => return self.joined(command),
            (_, Way::Output) => {
                command.stdout(self.stdout.stdio()).stderr(self.stdout.stdio());
            }
            _ => {
                command.stdout(self.stdout.stdio()).stderr(self.stderr.stdio());
            }
        }
        let leads = self.lead(&mut command);
        Ok(NewChild::new(command.spawn()?, leads))
    }

    /// Both outputs into one pipe.
    fn joined(&self, mut command: Command) -> io::Result<NewChild> {
        let (reader, writer) = io::pipe()?;
        command.stdout(writer.try_clone()?).stderr(writer);
        let leads = self.lead(&mut command);
        let mut process = command.spawn()?;
        // The command holds the writing ends, which would keep the pipe open.
        drop(command);
        process.stdout = Some(as_output(reader)?);
        Ok(NewChild::new(process, leads))
    }

    /// Gives the child a process group of its own, with which it ends. One that reads the terminal
    /// has to stay in the group to which the terminal belongs.
    #[cfg(unix)]
    fn lead(&self, command: &mut Command) -> bool {
        use std::os::unix::process::CommandExt;
        let leads = self.stdin != Way::Inherit;
        if leads {
            command.process_group(0);
        }
        leads
    }

    #[cfg(not(unix))]
    fn lead(&self, _: &mut Command) -> bool {
        false
    }
}

impl Way {
    fn stdio(self) -> Stdio {
        match self {
            Way::Pipe => Stdio::piped(),
            Way::Inherit => Stdio::inherit(),
            Way::Null | Way::Output => Stdio::null(),
        }
    }
}

#[cfg(unix)]
fn as_output(reader: io::PipeReader) -> io::Result<ChildStdout> {
    Ok(std::os::fd::OwnedFd::from(reader).into())
}

#[cfg(windows)]
fn as_output(reader: io::PipeReader) -> io::Result<ChildStdout> {
    Ok(std::os::windows::io::OwnedHandle::from(reader).into())
}

/// Where there are no pipes nothing was started that could write into one.
#[cfg(not(any(unix, windows)))]
fn as_output(_: io::PipeReader) -> io::Result<ChildStdout> {
    Err(io::ErrorKind::Unsupported.into())
}
