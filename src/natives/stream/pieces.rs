//! What is read on a thread, a piece at a time: it may take as long as it takes.
//!
//! The next piece is asked for when somebody waits for it. If the waiter goes away the piece stays
//! for the next one, so nothing is lost.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use crate::natives::world::Reader;
use crate::runtime::driver::{Driver, FileSystem, Job, Lane, OpenHow, READ_MAX, Ticket, submit};

/// Reads the next piece; an empty one is the end.
type Pull = Box<dyn FnMut() -> io::Result<Vec<u8>> + Send>;

/// Where pieces come from, and the one that is on its way.
pub(super) struct Pieces {
    lane: Lane,
    /// Here, or with the job.
    pull: Option<Pull>,
    job: Option<Job<(Pull, io::Result<Vec<u8>>)>>,
    /// There may be more behind an end, as at a terminal.
    pub(super) goes_on: bool,
}

impl Pieces {
    /// Standard input of the process.
    pub(super) fn input() -> Pieces {
        let pull = || piece_of(&mut io::stdin().lock());
        Pieces::new(Lane::Input, Box::new(pull))
    }

    /// What stands for standard input.
    pub(super) fn reader(mut source: Reader) -> Pieces {
        let pieces = Pieces::new(Lane::Input, Box::new(move || piece_of(&mut source)));
        Pieces { goes_on: true, ..pieces }
    }

    fn new(lane: Lane, pull: Pull) -> Pieces {
        Pieces { lane, pull: Some(pull), job: None, goes_on: false }
    }

    /// A file, opened by the first read.
    pub(super) fn file(files: Arc<dyn FileSystem>, path: &str) -> Pieces {
        let path = PathBuf::from(path);
        let how = OpenHow { read: true, ..OpenHow::default() };
        let mut file = None;
        let pull = move || {
            let file = match &mut file {
                Some(file) => file,
                None => file.insert(files.open(&path, how)?),
            };
            piece_of(file)
        };
        Pieces::new(Lane::Fs, Box::new(pull))
    }

    /// The piece that has been read, once.
    pub(super) fn take(&mut self) -> Option<io::Result<Vec<u8>>> {
        let result = self.job.as_ref()?.take()?;
        self.job = None;
        match result {
            Ok((pull, piece)) => {
                self.pull = Some(pull);
                Some(piece)
            }
            Err(panic) => Some(Err(io::Error::other(panic))),
        }
    }

    /// Reports `ticket` when there is a piece; begins to read one if none is on its way.
    pub(super) fn wait(&mut self, driver: &mut dyn Driver, ticket: Ticket) {
        if let Some(mut pull) = self.pull.take() {
            self.job = Some(submit(driver, self.lane, move || {
                let piece = pull();
                (pull, piece)
            }));
        }
        match &self.job {
            Some(job) => job.wait_or_notify(driver, ticket),
            None => driver.notify(ticket),
        }
    }

    /// Takes [`Pieces::wait`] back. What is being read stays.
    pub(super) fn unwait(&self, ticket: Ticket) {
        if let Some(job) = &self.job {
            job.unwait(ticket);
        }
    }

    /// Nothing more is wanted.
    pub(super) fn close(&mut self) {
        self.pull = None;
        self.job = None;
    }
}

/// Reads what is there; nothing is the end.
pub(super) fn piece_of(source: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; READ_MAX];
    loop {
        match source.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(count) => {
                bytes.truncate(count);
                return Ok(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::driver::{Event, RealFiles, SimDriver};

    #[test]
    fn a_piece_waits_for_the_next_reader() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("data");
        std::fs::write(&path, "some text").expect("it can be written");
        let mut driver = SimDriver::new(1);
        let mut pieces =
            Pieces::file(Arc::new(RealFiles), path.to_str().expect("names of tests are text"));
        let ticket = |seq| Ticket { seq, task: 0, arm: 0 };
        pieces.wait(&mut driver, ticket(1));
        pieces.unwait(ticket(1));
        let mut events = Vec::new();
        driver.poll(None, &mut events);
        assert_eq!(events, [], "the reader has gone");
        pieces.wait(&mut driver, ticket(2));
        driver.poll(None, &mut events);
        assert_eq!(events, [Event::Ready(ticket(2))]);
        assert_eq!(pieces.take().expect("it is there").expect("it can be read"), b"some text");
        assert!(pieces.take().is_none());
    }
}
