//! Noticing from another thread that a task holds the loop.
//!
//! The loop counts: up when a task goes on, up again when it stops, so the count is odd while one
//! runs. A thread that sees the same odd number for too long raises the alarm. It counts its own looks
//! and no time that passes between them: where the whole machine stands still nobody is to blame. While
//! nothing happens it looks once a second, and the next task that goes on wakes it up.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

#[cfg(feature = "driver")]
pub(super) use watcher::watch;

/// The thread sleeps for longer.
const ASLEEP: u8 = 1;
/// The thread has raised the alarm.
const LATE: u8 = 2;

/// What the loop and the thread that watches it share.
#[derive(Debug, Default)]
pub struct Heartbeat {
    count: AtomicU64,
    state: AtomicU8,
    /// The count for which the alarm was raised.
    late: AtomicU64,
    /// For how long that one has been seen, in nanoseconds.
    held: AtomicU64,
    thread: std::sync::OnceLock<std::thread::Thread>,
}

impl Heartbeat {
    /// A task goes on, or stops. Says whether a look at [`late`](Heartbeat::take_late) is due.
    #[inline]
    pub fn beat(&self) -> bool {
        // Nobody else writes it.
        let count = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(count, Ordering::Relaxed);
        self.state.load(Ordering::Relaxed) != 0 && self.look()
    }

    /// A task stops, and another one goes on, if nobody has anything to say to that: else nothing is
    /// counted.
    #[inline]
    pub fn beat_twice(&self) -> bool {
        let is_quiet = self.state.load(Ordering::Relaxed) == 0;
        if is_quiet {
            let count = self.count.load(Ordering::Relaxed).wrapping_add(2);
            self.count.store(count, Ordering::Relaxed);
        }
        is_quiet
    }

    #[cold]
    fn look(&self) -> bool {
        let state = self.state.fetch_and(!ASLEEP, Ordering::Relaxed);
        if state & ASLEEP != 0
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
        state & LATE != 0
    }

    /// Whether the alarm was raised and nobody has looked.
    #[inline]
    pub fn is_late(&self) -> bool {
        self.state.load(Ordering::Relaxed) & LATE != 0
    }

    /// For how long, at least, the task that runs or has just stopped has held the loop, if the alarm was
    /// raised for it; told once.
    pub fn take_late(&self) -> Option<Duration> {
        let state = self.state.fetch_and(!LATE, Ordering::Acquire);
        let behind =
            self.count.load(Ordering::Relaxed).wrapping_sub(self.late.load(Ordering::Relaxed));
        let is_it = state & LATE != 0 && behind <= 1;
        is_it.then(|| Duration::from_nanos(self.held.load(Ordering::Relaxed)))
    }
}

#[cfg(feature = "driver")]
mod watcher {
    use std::sync::{Arc, Weak};
    use std::thread;

    use super::*;

    /// An alarm is raised after so many looks at the same segment.
    const LOOKS: u32 = 4;
    /// After so many looks at nothing the thread sleeps for longer …
    const IDLE_LOOKS: u32 = 40;
    /// … for so long, unless it is woken.
    const IDLE: Duration = Duration::from_secs(1);

    /// Starts a thread that calls `alarm` when one task runs for longer than `limit`. It ends when the
    /// heartbeat is dropped; without a thread nothing is noticed.
    pub fn watch(limit: Duration, alarm: impl Fn() + Send + 'static) -> Arc<Heartbeat> {
        let heartbeat = Arc::new(Heartbeat::default());
        let watched = Arc::downgrade(&heartbeat);
        let builder = thread::Builder::new().name("kettle-watchdog".to_owned());
        let look = limit / LOOKS;
        let started = builder.stack_size(64 * 1024).spawn(move || {
            let mut watch = Watch::default();
            let mut pause = look;
            loop {
                thread::park_timeout(pause);
                let Some(heartbeat) = Weak::upgrade(&watched) else { return };
                pause = watch.look(&heartbeat, look, &alarm);
            }
        });
        if let Ok(thread) = started {
            // It was just made, so this is the only thread in it.
            let _ = heartbeat.thread.set(thread.thread().clone());
        }
        heartbeat
    }

    /// What the thread remembers.
    #[derive(Default)]
    struct Watch {
        seen: u64,
        /// At how many looks the count was the same.
        looks: u32,
    }

    impl Watch {
        /// Looks at the count; gives the time until the next look.
        fn look(&mut self, heartbeat: &Heartbeat, pause: Duration, alarm: &dyn Fn()) -> Duration {
            let count = heartbeat.count.load(Ordering::Relaxed);
            if count != self.seen {
                (self.seen, self.looks) = (count, 0);
                return pause;
            }
            self.looks = self.looks.saturating_add(1);
            let runs = count % 2 == 1;
            if runs {
                let held = pause * self.looks;
                let held = u64::try_from(held.as_nanos()).unwrap_or(u64::MAX);
                heartbeat.held.store(held, Ordering::Relaxed);
            }
            if runs && self.looks == LOOKS {
                heartbeat.late.store(count, Ordering::Relaxed);
                heartbeat.state.fetch_or(LATE, Ordering::Release);
                alarm();
            }
            if self.looks < IDLE_LOOKS {
                return pause;
            }
            heartbeat.state.fetch_or(ASLEEP, Ordering::Relaxed);
            IDLE.max(pause)
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::cell::Cell;

        const LOOK: Duration = Duration::from_millis(25);

        fn looks(watch: &mut Watch, heartbeat: &Heartbeat, count: u32) -> (u32, Duration) {
            let alarms = Cell::new(0);
            let mut pause = Duration::ZERO;
            for _ in 0..count {
                pause = watch.look(heartbeat, LOOK, &|| alarms.set(alarms.get() + 1));
            }
            (alarms.get(), pause)
        }

        #[test]
        fn one_alarm_for_each_segment_that_is_too_long() {
            let (heartbeat, mut watch) = (Heartbeat::default(), Watch::default());
            heartbeat.beat();
            assert_eq!(looks(&mut watch, &heartbeat, 4).0, 0, "seen once and three times more");
            assert_eq!(looks(&mut watch, &heartbeat, 1).0, 1);
            assert_eq!(looks(&mut watch, &heartbeat, 30).0, 0, "it is told once");
            assert_eq!(heartbeat.take_late(), Some(34 * LOOK));
            assert_eq!(heartbeat.take_late(), None);
            heartbeat.beat();
            heartbeat.beat();
            assert_eq!(looks(&mut watch, &heartbeat, 5).0, 1, "the next one is another one");
            assert!(heartbeat.beat(), "its end looks whether there was an alarm");
            assert_eq!(heartbeat.take_late(), Some(4 * LOOK));
        }

        #[test]
        fn an_alarm_that_comes_too_late_blames_nobody_else() {
            let (heartbeat, mut watch) = (Heartbeat::default(), Watch::default());
            heartbeat.beat();
            assert_eq!(looks(&mut watch, &heartbeat, 5).0, 1);
            for _ in 0..2 {
                heartbeat.beat();
            }
            assert_eq!(heartbeat.take_late(), None);
        }

        #[test]
        fn many_short_segments_and_long_waits_are_no_alarm() {
            let (heartbeat, mut watch) = (Heartbeat::default(), Watch::default());
            for _ in 0..100 {
                heartbeat.beat();
                heartbeat.beat();
                heartbeat.beat();
                assert_eq!(looks(&mut watch, &heartbeat, 1).0, 0);
                heartbeat.beat();
            }
            assert_eq!(looks(&mut watch, &heartbeat, 100), (0, IDLE));
            assert!(!heartbeat.beat(), "the thread is woken, and there was no alarm");
            assert_eq!(looks(&mut watch, &heartbeat, 1), (0, LOOK));
        }
    }
}
