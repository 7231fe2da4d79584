//! One of the process's outputs, and writing to it so that the loop is not held up.
//!
//! Small pieces are written at once where that certainly takes no time: to files, to terminals, and
//! to pipes that have room. All else goes to a thread of the device, which is started when it is
//! first needed. Nothing is ever lost: who has to be sure waits for the thread.

use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::runtime::output::{Size, Target};

/// A pipe that has room at all has room for this much (POSIX's PIPE_BUF on Linux).
const ROOM_MIN: usize = 4096;
/// More than this waiting for the thread, and the program waits, too.
const WAITING_MAX: usize = 1024 * 1024;

/// While a write waits for the thread, it looks so often whether it is wanted elsewhere.
const WAITING_STEP: Duration = Duration::from_millis(10);

/// An output of the process.
pub(super) struct Device {
    shared: Arc<Shared>,
    kind: Kind,
    has_thread: bool,
    /// Anything but zero: somebody wants the attention of the loop.
    attention: Arc<AtomicU8>,
    /// Writes wait only a little.
    hurries: bool,
    /// A write has stopped waiting because of one of these.
    distracted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A person reads along.
    Terminal,
    /// Writing takes no time worth mentioning.
    File,
    /// The reader decides how long it takes.
    Pipe,
}

struct Shared {
    file: Option<File>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// What the thread has not begun to write.
    waiting: Vec<u8>,
    /// The thread writes.
    busy: bool,
    /// No more is coming: the device has been dropped.
    closing: bool,
    /// Why writing has stopped for good.
    failed: Option<Failure>,
}

impl State {
    /// Nothing is left to write, or nothing can be written.
    fn is_out(&self) -> bool {
        (!self.busy && self.waiting.is_empty()) || self.failed.is_some()
    }
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    kind: io::ErrorKind,
    code: Option<i32>,
}

impl Device {
    pub(super) fn new(target: Target, attention: Arc<AtomicU8>) -> Device {
        let file = match target {
            Target::Out => duplicate(&io::stdout()),
            Target::Err => duplicate(&io::stderr()),
        };
        let kind = match &file {
            Ok(file) => kind_of(file),
            Err(_) => Kind::File,
        };
        Device::on(file.ok(), kind, attention)
    }

    fn on(file: Option<File>, kind: Kind, attention: Arc<AtomicU8>) -> Device {
        let shared = Shared { file, state: Mutex::default(), changed: Condvar::new() };
        Device {
            shared: Arc::new(shared),
            kind,
            has_thread: false,
            attention,
            hurries: false,
            distracted: false,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// How large it is, if it is a terminal.
    pub(super) fn size(&self) -> Option<Size> {
        let file = self.shared.file.as_ref().filter(|_| self.kind == Kind::Terminal)?;
        Some(size_of(file))
    }

    /// Nobody reads any more.
    pub(super) fn is_broken(&self) -> bool {
        let failed = self.shared.lock().failed;
        failed.is_some_and(|failure| failure.kind == io::ErrorKind::BrokenPipe)
    }

    /// `write` would not wait for the reader.
    pub(super) fn has_room(&self) -> bool {
        self.shared.lock().waiting.len() <= WAITING_MAX
    }

    /// Writes `bytes`, at once or later, and empties the vector.
    pub(super) fn write(&mut self, bytes: &mut Vec<u8>) {
        let mut state = self.shared.lock();
        let is_idle = !state.busy && state.waiting.is_empty();
        if is_idle && (self.kind != Kind::Pipe || self.has_room_for(bytes.len())) {
            drop(state);
            self.shared.put(bytes);
            bytes.clear();
            return;
        }
        let mut distracted = false;
        while state.waiting.len() > WAITING_MAX && state.failed.is_none() && !distracted {
            state = self.shared.wait_for(state, WAITING_STEP);
            distracted = self.hurries || self.attention.load(Ordering::Relaxed) != 0;
        }
        self.distracted |= distracted;
        state.waiting.append(bytes);
        drop(state);
        self.shared.changed.notify_all();
        self.need_thread();
    }

    /// Writes `bytes` and waits at most `patience` until all is out; nothing if it is not by then.
    pub(super) fn finish(
        &mut self,
        bytes: &mut Vec<u8>,
        patience: Duration,
    ) -> Option<io::Result<()>> {
        // For the little that most programs have left no thread need be started.
        if self.kind == Kind::Pipe && self.shared.lock().is_out() {
            let mut put = 0;
            while put < bytes.len() && self.has_room_for(1) {
                let end = bytes.len().min(put + ROOM_MIN);
                self.shared.put(&bytes[put..end]);
                put = end;
            }
            bytes.drain(..put);
        }
        if !bytes.is_empty() {
            self.write(bytes);
        }
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, patience, |s| !s.is_out());
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let is_out = state.is_out();
        drop(state);
        is_out.then(|| self.shared.outcome())
    }

    /// Whether a write waits only a little from now on.
    pub(super) fn hurry(&mut self, hurries: bool) {
        self.hurries = hurries;
    }

    /// Whether a write has stopped waiting since the last time this was asked.
    pub(super) fn take_distraction(&mut self) -> bool {
        std::mem::take(&mut self.distracted)
    }

    /// Work that ends when all that was given so far is out; none if it is.
    pub(super) fn drained(&self) -> Option<impl FnOnce() -> io::Result<()> + Send + use<>> {
        let state = self.shared.lock();
        if !state.busy && state.waiting.is_empty() && state.failed.is_none() {
            return None;
        }
        drop(state);
        let shared = self.shared.clone();
        Some(move || shared.rest())
    }

    fn has_room_for(&self, count: usize) -> bool {
        count <= ROOM_MIN && self.shared.file.as_ref().is_some_and(is_writable)
    }

    fn need_thread(&mut self) {
        if self.has_thread {
            return;
        }
        self.has_thread = serve_elsewhere(&self.shared);
        if !self.has_thread {
            // No thread is to be had: then it is written here, however long it takes.
            let mut waiting = std::mem::take(&mut self.shared.lock().waiting);
            self.shared.put(&waiting);
            waiting.clear();
        }
    }
}

/// Starts a thread that writes; says whether there is one.
#[cfg(feature = "driver")]
fn serve_elsewhere(shared: &Arc<Shared>) -> bool {
    let shared = shared.clone();
    let thread = std::thread::Builder::new().name("kettle-output".to_string());
    thread.stack_size(128 * 1024).spawn(move || shared.serve()).is_ok()
}

/// The library alone has no threads.
#[cfg(not(feature = "driver"))]
fn serve_elsewhere(_: &Arc<Shared>) -> bool {
    false
}

impl Drop for Device {
    fn drop(&mut self) {
        self.shared.lock().closing = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// What the thread does.
    #[cfg(feature = "driver")]
    fn serve(&self) {
        let mut state = self.lock();
        loop {
            if !state.waiting.is_empty() {
                let bytes = std::mem::take(&mut state.waiting);
                state.busy = true;
                drop(state);
                self.put(&bytes);
                state = self.lock();
                state.busy = false;
                self.changed.notify_all();
            } else if state.closing {
                return;
            } else {
                state = self.wait(state);
            }
        }
    }

    /// Waits until the thread has nothing left to write.
    fn rest(&self) -> io::Result<()> {
        let mut state = self.lock();
        while !state.is_out() {
            state = self.wait(state);
        }
        drop(state);
        self.outcome()
    }

    /// Writes everything, on the thread that calls. A failure is kept; after it all is dropped.
    fn put(&self, bytes: &[u8]) {
        let Some(mut file) = self.file.as_ref() else { return };
        if self.lock().failed.is_some() {
            return;
        }
        if let Err(error) = file.write_all(bytes) {
            let mut state = self.lock();
            state.failed = Some(Failure { kind: error.kind(), code: error.raw_os_error() });
            state.waiting.clear();
        }
    }

    fn outcome(&self) -> io::Result<()> {
        match self.lock().failed {
            None => Ok(()),
            Some(Failure { code: Some(code), .. }) => Err(io::Error::from_raw_os_error(code)),
            Some(Failure { kind, .. }) => Err(kind.into()),
        }
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A file of our own for an output of the process: unbuffered, and the original stays as it is.
#[cfg(unix)]
fn duplicate(stream: &impl std::os::fd::AsFd) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn duplicate(stream: &impl std::os::windows::io::AsHandle) -> io::Result<File> {
    Ok(File::from(stream.as_handle().try_clone_to_owned()?))
}

/// Where there are no descriptors there is nothing to write to either.
#[cfg(not(any(unix, windows)))]
fn duplicate<T>(_: &T) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

fn kind_of(file: &File) -> Kind {
    use std::io::IsTerminal;
    if file.is_terminal() {
        return Kind::Terminal;
    }
    if is_quick(file) { Kind::File } else { Kind::Pipe }
}

/// Regular files, and devices like `/dev/null`.
#[cfg(unix)]
fn is_quick(file: &File) -> bool {
    use std::os::unix::fs::FileTypeExt;
    file.metadata().is_ok_and(|data| {
        let kind = data.file_type();
        kind.is_file() || kind.is_char_device()
    })
}

#[cfg(not(unix))]
fn is_quick(file: &File) -> bool {
    file.metadata().is_ok_and(|data| data.is_file())
}

#[cfg(all(unix, feature = "driver"))]
fn size_of(file: &File) -> Size {
    match rustix::termios::tcgetwinsize(file) {
        Ok(size) => Size { columns: size.ws_col, rows: size.ws_row },
        Err(_) => Size { columns: 0, rows: 0 },
    }
}

#[cfg(not(all(unix, feature = "driver")))]
fn size_of(_: &File) -> Size {
    Size { columns: 0, rows: 0 }
}

/// Whether a write would find room now.
#[cfg(all(unix, feature = "driver"))]
fn is_writable(file: &File) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut fds = [PollFd::new(file, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let ready = poll(&mut fds, Some(&now)).is_ok_and(|count| count > 0);
    // An error or a reader that has gone is found out by writing, which does not wait either.
    ready && !fds[0].revents().is_empty()
}

#[cfg(not(all(unix, feature = "driver")))]
fn is_writable(_: &File) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Read;
    use std::os::fd::OwnedFd;

    use super::*;

    fn pipe() -> (std::io::PipeReader, Device) {
        let (reader, writer) = std::io::pipe().expect("pipes are to be had");
        let file = File::from(OwnedFd::from(writer));
        (reader, Device::on(Some(file), Kind::Pipe, Arc::default()))
    }

    #[test]
    fn all_comes_out_in_order_whoever_reads_slowly() {
        let (mut reader, mut device) = pipe();
        let piece = |n: u32| format!("{n} ").repeat(1 + n as usize % 3000).into_bytes();
        let expected: Vec<u8> = (0..300).flat_map(piece).chain(*b"end").collect();
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("a pipe can be read");
            all
        });
        for n in 0..300 {
            device.write(&mut piece(n));
        }
        let finished = device.finish(&mut b"end".to_vec(), Duration::from_secs(60));
        assert!(matches!(finished, Some(Ok(()))));
        drop(device);
        assert!(reader.join().expect("reading does not panic") == expected);
    }

    #[test]
    fn a_reader_that_does_not_read_holds_nobody_up() {
        let (reader, mut device) = pipe();
        for _ in 0..10 {
            device.write(&mut vec![b'x'; 64 * 1024]);
        }
        assert!(device.drained().is_some(), "most of it waits for the thread");
        assert!(device.finish(&mut b"end".to_vec(), Duration::ZERO).is_none(), "it is not out");
        drop(reader);
        let finished = device.finish(&mut Vec::new(), Duration::from_secs(60));
        assert!(matches!(finished, Some(Err(_))));
        assert!(device.is_broken());
    }

    #[test]
    fn a_write_waits_for_a_reader_no_longer_when_something_else_is_wanted() {
        let (_reader, mut device) = pipe();
        let piece = || vec![b'x'; WAITING_MAX + 1];
        device.write(&mut piece());
        device.write(&mut piece());
        assert!(!device.take_distraction());
        device.attention.store(1, Ordering::Relaxed);
        device.write(&mut piece());
        assert!(device.take_distraction(), "it would have waited");
        assert!(!device.take_distraction());
        device.attention.store(0, Ordering::Relaxed);
        device.hurry(true);
        device.write(&mut piece());
        assert!(device.take_distraction());
        assert!(device.shared.lock().waiting.len() > 3 * WAITING_MAX, "nothing is lost");
    }
}
