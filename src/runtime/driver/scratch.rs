//! What the real driver needs besides: room for what is read, the name of the machine.

use super::READ_MAX;

/// The first `count` bytes of a buffer that grows when it has to. Untouched memory costs nothing.
#[inline]
pub(super) fn room(scratch: &mut Vec<u8>, count: usize) -> &mut [u8] {
    if scratch.len() < count {
        *scratch = vec![0; count.max(READ_MAX)];
    }
    &mut scratch[..count]
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
