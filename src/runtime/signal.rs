//! Signals of the operating system, heard on a thread of their own.
//!
//! A thread rather than a descriptor in the poll: a signal must be noticed while a task computes
//! and the loop does not turn. Signals are caught at once and kept until the thread is there, which a
//! program that neither waits nor computes for long does without: making one is a good part of the
//! time that it takes. Nothing is installed unless the command line asks for it; a host that embeds the
//! language keeps its own handlers.

use std::io;
#[cfg(feature = "cli")]
use std::sync::{Arc, Mutex, PoisonError};

use super::driver::Signal;

/// The thread that hears signals.
pub struct Listener {
    #[cfg(feature = "cli")]
    handle: signal_hook::iterator::Handle,
    /// What the thread does, until there is one.
    #[cfg(feature = "cli")]
    work: Option<Arc<Mutex<Option<Work>>>>,
}

/// Takes signals from where they are kept.
#[cfg(feature = "cli")]
type Work = Box<dyn FnOnce() + Send>;

impl Listener {
    /// Catches signals until it is dropped. From [`begin`](Listener::begin) on, `hear` is called with the
    /// number of each that has come or comes, on another thread.
    #[cfg(feature = "cli")]
    pub fn new(signals: &[Signal], hear: impl Fn(i32) + Send + 'static) -> io::Result<Listener> {
        let numbers = signals.iter().map(|signal| signal.number());
        let mut stream = signal_hook::iterator::Signals::new(numbers)?;
        let handle = stream.handle();
        let work: Work = Box::new(move || stream.forever().for_each(hear));
        Ok(Listener { handle, work: Some(Arc::new(Mutex::new(Some(work)))) })
    }

    /// Starts the thread, unless it is there. Says whether it is: if the system has none to give, signals
    /// are kept until there is one.
    #[cfg(feature = "cli")]
    pub fn begin(&mut self) -> bool {
        let Some(work) = self.work.clone() else { return true };
        let take = move || {
            let work = work.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(work) = work {
                work();
            }
        };
        let builder = std::thread::Builder::new().name("kettle-signal".to_string());
        let begun = builder.stack_size(128 * 1024).spawn(take).is_ok();
        if begun {
            self.work = None;
        }
        begun
    }

    /// Hears another signal, too.
    ///
    /// # Errors
    /// When nobody may listen to it.
    #[cfg(feature = "cli")]
    pub fn add(&self, signal: i32) -> io::Result<()> {
        if signal_hook::consts::FORBIDDEN.contains(&signal) {
            let text = "the operating system lets nobody listen to it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        self.handle.add_signal(signal)
    }

    /// Without the command line there is nobody who may install handlers.
    #[cfg(not(feature = "cli"))]
    pub fn new(_: &[Signal], _: impl Fn(i32) + Send + 'static) -> io::Result<Listener> {
        Err(unheard())
    }

    /// The same.
    #[cfg(not(feature = "cli"))]
    pub fn begin(&mut self) -> bool {
        true
    }

    /// The same.
    #[cfg(not(feature = "cli"))]
    pub fn add(&self, _: i32) -> io::Result<()> {
        Err(unheard())
    }
}

/// The thread ends, and what it waits with is closed.
#[cfg(feature = "cli")]
impl Drop for Listener {
    fn drop(&mut self) {
        self.handle.close();
    }
}

/// The error where signals belong to the host.
pub fn unheard() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "signals belong to the host, which has not given them to this program",
    )
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use signal_hook::consts::SIGUSR2;
    use signal_hook::low_level::raise;

    use super::*;

    #[test]
    fn what_comes_before_anybody_hears_is_kept() {
        let (told, heard) = mpsc::channel();
        let mut listener =
            Listener::new(&[], move |number| told.send(number).expect("test")).expect("test");
        listener.add(SIGUSR2).expect("test");
        raise(SIGUSR2).expect("test");
        assert_eq!(heard.try_recv(), Err(mpsc::TryRecvError::Empty));
        assert!(listener.begin());
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Ok(SIGUSR2));
        assert!(listener.begin(), "there is one thread");
        raise(SIGUSR2).expect("test");
        assert_eq!(heard.recv_timeout(Duration::from_secs(20)), Ok(SIGUSR2));
    }
}
