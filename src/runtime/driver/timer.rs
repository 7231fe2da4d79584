//! Sleeping for less than a millisecond.
//!
//! `epoll_wait` counts whole milliseconds, so a short sleep would come back late. On Linux a
//! timer descriptor in the poll wakes it on time; elsewhere the sleep is rounded up.

#[cfg(target_os = "linux")]
pub(super) use linux::Timer;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Timer;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// From here on a millisecond more or less does not matter, and arming the timer costs more.
    const PRECISE_MAX: Duration = Duration::from_millis(20);

    /// The timer descriptor, made when the first short sleep needs it.
    pub(in super::super) struct Timer {
        descriptor: Option<OwnedFd>,
        token: mio::Token,
    }

    impl Timer {
        pub(in super::super) fn new(token: mio::Token) -> Timer {
            Timer { descriptor: None, token }
        }

        /// The timeout to poll with, so that it wakes after `span`: none if the timer does it.
        pub(in super::super) fn arm(
            &mut self,
            registry: &mio::Registry,
            span: Duration,
        ) -> Option<Duration> {
            if span.is_zero() || span > PRECISE_MAX || self.set(registry, span).is_err() {
                return Some(span);
            }
            None
        }

        /// Makes the poll's descriptor readable after `span`, however long that is. False where that
        /// cannot be done.
        pub(in super::super) fn ring(&mut self, registry: &mio::Registry, span: Duration) -> bool {
            self.set(registry, span).is_ok()
        }

        fn set(&mut self, registry: &mio::Registry, span: Duration) -> io::Result<()> {
            let descriptor = match &self.descriptor {
                Some(descriptor) => descriptor,
                None => {
                    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
                    let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
                    registry.register(
                        &mut SourceFd(&descriptor.as_raw_fd()),
                        self.token,
                        mio::Interest::READABLE,
                    )?;
                    self.descriptor.insert(descriptor)
                }
            };
            let tv_sec = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
            let value = Timespec { tv_sec, tv_nsec: span.subsec_nanos().into() };
            let interval = Timespec { tv_sec: 0, tv_nsec: 0 };
            let spec = Itimerspec { it_interval: interval, it_value: value };
            timerfd_settime(descriptor, TimerfdTimerFlags::empty(), &spec)?;
            Ok(())
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::time::Duration;

    /// Nothing: the poll rounds up to whole milliseconds.
    pub(in super::super) struct Timer;

    impl Timer {
        pub(in super::super) fn new(_: mio::Token) -> Timer {
            Timer
        }

        pub(in super::super) fn arm(
            &mut self,
            _: &mio::Registry,
            span: Duration,
        ) -> Option<Duration> {
            Some(span)
        }

        pub(in super::super) fn ring(&mut self, _: &mio::Registry, _: Duration) -> bool {
            false
        }
    }
}
