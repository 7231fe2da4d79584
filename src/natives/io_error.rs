//! Errors of the operating system as errors of the language.
//!
//! One wording for all: ``cannot OP SUBJECT: REASON``. The fields `kind`, `path` or `addr`, `op`
//! and `code` say the same to programs; the words for `kind` are stable.

use std::io::{self, ErrorKind as Os};

use crate::runtime::Cx;
use crate::runtime::driver::{Need, Refusal, TooMany};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What an operation was about.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A file or directory.
    Path(&'a str),
    /// An address, a name with a port, or what else a connection is called by.
    Address(&'a str),
    /// Something with a name of its own, like standard input.
    Named(&'a str),
}

/// The `IoError` for a failed operation. `op` is its name, `doing` completes "cannot …".
#[cold]
pub fn io_error(vm: &mut Vm, error: &io::Error, op: &str, doing: &str, about: Subject) -> Thrown {
    if let Some(refusal) = Refusal::of(error) {
        let text = match about {
            Subject::Path(path) => format!("{path:?}"),
            Subject::Address(text) | Subject::Named(text) => text.to_string(),
        };
        return refused(vm, refusal, doing, &text);
    }
    let reason = reason(error);
    let (text, field) = match about {
        Subject::Path(path) => (format!("{path:?}"), Some(("path", path))),
        Subject::Address(address) => (address.to_string(), Some(("addr", address))),
        Subject::Named(name) => (name.to_string(), None),
    };
    let kind = vm.heap.intern(kind(error));
    let op = vm.heap.intern(op);
    let code = error.raw_os_error().map_or(Value::null(), |code| Value::int(code.into()));
    let mut fields = vec![("kind", kind), ("op", op), ("code", code)];
    if let Some((name, text)) = field {
        fields.push((name, vm.heap.string(text)));
    }
    vm.error_with(ErrorKind::IoError, format!("cannot {doing} {text}: {reason}"), &fields)
}

/// The `PermissionError` for what the host has not granted.
#[cold]
pub fn refused(vm: &mut Vm, refusal: &Refusal, doing: &str, about: &str) -> Thrown {
    let right = vm.heap.intern(refusal.right.name());
    let what = vm.heap.string(&refusal.what);
    let fields = [("right", right), ("what", what)];
    vm.error_with(ErrorKind::PermissionError, format!("cannot {doing} {about}: {refusal}"), &fields)
}

/// Asks whether the program may do this, which "cannot …" names.
pub fn permit(cx: &mut Cx<'_>, need: &Need<'_>, doing: &str, about: Subject) -> Result<(), Thrown> {
    cx.rt.driver.permit(need).map_err(|error| io_error(cx.vm, &error, "permit", doing, about))
}

/// An `IoError` that the operating system knows nothing of.
#[cold]
pub fn own_io_error(vm: &mut Vm, kind: &str, op: &str, message: String, data: Value) -> Thrown {
    let kind = vm.heap.intern(kind);
    let op = vm.heap.intern(op);
    vm.error_with(ErrorKind::IoError, message, &[("kind", kind), ("op", op), ("data", data)])
}

/// The stable word for what went wrong.
fn kind(error: &io::Error) -> &'static str {
    match error.kind() {
        Os::NotFound => "not_found",
        Os::PermissionDenied => "denied",
        Os::ConnectionRefused => "refused",
        Os::ConnectionReset => "reset",
        Os::ConnectionAborted => "aborted",
        Os::NotConnected => "not_connected",
        Os::HostUnreachable => "host_unreachable",
        Os::NetworkUnreachable => "network_unreachable",
        Os::NetworkDown => "network_down",
        Os::AddrInUse => "addr_in_use",
        Os::AddrNotAvailable => "addr_not_available",
        Os::BrokenPipe => "broken_pipe",
        Os::AlreadyExists => "exists",
        Os::NotADirectory => "not_a_directory",
        Os::IsADirectory => "is_a_directory",
        Os::DirectoryNotEmpty => "not_empty",
        Os::ReadOnlyFilesystem => "read_only",
        Os::InvalidInput | Os::InvalidFilename => "invalid",
        Os::TimedOut => "timed_out",
        Os::StorageFull => "no_space",
        Os::QuotaExceeded => "quota_exceeded",
        Os::FileTooLarge => "too_large",
        Os::ResourceBusy | Os::ExecutableFileBusy => "busy",
        Os::CrossesDevices => "crosses_devices",
        Os::UnexpectedEof => "unexpected_eof",
        Os::Interrupted => "interrupted",
        Os::Unsupported => "unsupported",
        Os::OutOfMemory => "out_of_memory",
        _ => other_kind(error),
    }
}

/// This process has no descriptor left. The same number on all Unix systems, as the next one.
const EMFILE: i32 = 24;
/// The machine has none left.
const ENFILE: i32 = 23;

/// What the standard library has no word for.
fn other_kind(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(EMFILE | ENFILE) if cfg!(unix) => "too_many_files",
        // ELOOP: symbolic links that lead to each other. Linux, then the BSDs and macOS.
        Some(40) if cfg!(target_os = "linux") => "loop",
        Some(62) if cfg!(all(unix, not(target_os = "linux"))) => "loop",
        // EMSGSIZE: a datagram that no packet holds. Linux, then the BSDs and macOS.
        Some(90) if cfg!(target_os = "linux") => "too_large",
        Some(40) if cfg!(all(unix, not(target_os = "linux"))) => "too_large",
        None if TooMany::of(error).is_some() => "too_many_files",
        None if is_lookup(error) => "unknown_host",
        _ => "other",
    }
}

/// The reason in a person's words, without "(os error 2)".
pub fn reason(error: &io::Error) -> String {
    // A reason that was given for this very case says more than its kind.
    let is_plain = error.get_ref().is_none();
    let plain = match error.kind() {
        _ if is_lookup(error) => "there is no host of that name",
        _ if cfg!(unix) && error.raw_os_error() == Some(EMFILE) => {
            "this program has as many files and sockets open as it may: close some, or allow it more with \
             `ulimit -n` before it starts"
        }
        Os::NotFound if is_plain => "there is no such file or directory",
        Os::PermissionDenied if is_plain => "the operating system denies it",
        Os::ConnectionRefused if is_plain => "nobody listens there (connection refused)",
        Os::ConnectionReset if is_plain => "the other side has broken the connection off (reset)",
        Os::AddrInUse if is_plain => "the address is in use",
        Os::AlreadyExists if is_plain => "it exists already",
        Os::BrokenPipe if is_plain => "the other side reads no more (broken pipe)",
        _ => {
            let text = error.to_string();
            let text = text.rsplit_once(" (os error").map_or(text.as_str(), |(text, _)| text);
            let mut chars = text.chars();
            let first = chars.next().map(|first| first.to_lowercase().to_string());
            return first.unwrap_or_default() + chars.as_str();
        }
    };
    plain.to_string()
}

/// Failed look-ups of names have no kind of their own.
fn is_lookup(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().contains("lookup address")
}
