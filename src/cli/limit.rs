//! What a program may use of the machine: memory, descriptors, and the time of the event loop.

use std::time::Duration;

use crate::natives::read_duration;

/// A task that holds the loop for longer is told, unless somebody says otherwise.
const WATCHDOG: Duration = Duration::from_millis(100);

/// Three quarters of the machine's memory: a program that wants more gets a `MemoryError`, before the
/// system ends it without a word.
#[cfg(target_os = "linux")]
pub fn memory() -> usize {
    let machine = rustix::system::sysinfo();
    let bytes = u64::from(machine.mem_unit).saturating_mul(machine.totalram) / 4 * 3;
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Other systems are asked in other ways, and end few programs for their size.
#[cfg(not(target_os = "linux"))]
pub fn memory() -> usize {
    usize::MAX
}

/// Lets the process have as many files and sockets open as it may have at all. What it may have without
/// being asked is small, for programs that number them in a fixed table; here nothing does.
#[cfg(unix)]
pub fn raise_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // Some systems refuse what they say is allowed; then it stays as it is.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    }
}

/// Other systems have no such limit.
#[cfg(not(unix))]
pub fn raise_descriptors() {}

/// How long a task may hold the loop: `100ms`, `2s`; zero for `off` and `0`. The error is a message.
pub fn watchdog(written: &str) -> Result<Duration, String> {
    if matches!(written, "off" | "0") {
        return Ok(Duration::ZERO);
    }
    let nanos = read_duration(written).and_then(|nanos| u64::try_from(nanos).ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| {
        format!("the watchdog takes a duration, as in `100ms` or `2s`, or `off`, not `{written}`")
    })
}

/// The same as the environment has it.
pub fn watchdog_of_environment() -> Result<Duration, String> {
    match std::env::var("KETTLE_WATCHDOG") {
        Err(_) => Ok(WATCHDOG),
        Ok(written) => watchdog(&written).map_err(|message| format!("KETTLE_WATCHDOG: {message}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_takes_times() {
        assert_eq!(watchdog("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(watchdog("2s"), Ok(Duration::from_secs(2)));
        assert_eq!([watchdog("off"), watchdog("0")], [Ok(Duration::ZERO), Ok(Duration::ZERO)]);
        for wrong in ["", "100", "ms", "-1s", "soon", "99999999999999999999s"] {
            assert!(watchdog(wrong).is_err(), "{wrong}");
        }
    }
}
