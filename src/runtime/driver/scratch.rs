//! What the real driver needs besides: room for what is read, reports that nobody wants any more, names of
//! the process and of the machine.

use std::ffi::OsString;

use super::{Event, READ_MAX, Ticket};

/// The first `count` bytes of a buffer that grows when it has to. Untouched memory costs nothing.
#[inline]
pub(super) fn room(scratch: &mut Vec<u8>, count: usize) -> &mut [u8] {
    if scratch.len() < count {
        *scratch = vec![0; count.max(READ_MAX)];
    }
    &mut scratch[..count]
}

/// Nobody wants to hear any more that a ticket is ready.
#[inline]
pub(super) fn take_back(ready: &mut Vec<Event>, ticket: Ticket) {
    if !ready.is_empty() {
        take_out(ready, ticket);
    }
}

#[cold]
#[inline(never)]
fn take_out(ready: &mut Vec<Event>, ticket: Ticket) {
    ready.retain(|event| *event != Event::Ready(ticket));
}

/// An environment variable of the process.
pub(super) fn variable(name: &str) -> Option<OsString> {
    // These two cannot be names, and asking for them would panic on some systems.
    if name.is_empty() || name.contains(['=', '\0']) {
        return None;
    }
    std::env::var_os(name)
}

/// The name of this machine.
#[cfg(unix)]
pub(super) fn hostname() -> Option<String> {
    let name = rustix::system::uname();
    Some(name.nodename().to_string_lossy().into_owned()).filter(|name| !name.is_empty())
}

/// The name of this machine.
#[cfg(not(unix))]
pub(super) fn hostname() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
