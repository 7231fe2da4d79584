//! What happens to files while somebody watches: the kernel's queue, and what stands in it.
//!
//! The queue is a descriptor that is read like a pipe. Directories are added to it one by one, by
//! calls that look at the disk and are made on the pool.

use std::ffi::OsString;
use std::io;
use std::path::Path;

/// Adds directories to a queue of changes.
pub trait Watcher: Send + Sync {
    /// Watches what is at a path; the number stands in its changes. Links are followed only by
    /// `follow`, and without it only directories are watched.
    fn add(&self, path: &Path, follow: bool) -> io::Result<i32>;
    /// Watches it no longer.
    fn remove(&self, number: i32);
}

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Something new is there.
    Created,
    /// Its content is another.
    Changed,
    /// It is there no longer.
    Removed,
    /// It has another name; the number is that of [`Happening::MovedTo`].
    MovedFrom(u32),
    /// It has this name now, or has come from a place that is not watched.
    MovedTo(u32),
    /// What is watched itself has gone.
    Gone,
    /// Changes have been lost, as too many came.
    Overflow,
    /// The number is watched no longer.
    Unwatched,
}

/// A change, as it stands in the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What [`Watcher::add`] gave.
    pub number: i32,
    /// What has happened.
    pub what: Happening,
    /// The name in the watched directory; empty for what is watched itself.
    pub name: OsString,
    /// It is a directory.
    pub is_dir: bool,
}

#[cfg(target_os = "linux")]
pub use linux::changes;
#[cfg(all(target_os = "linux", feature = "driver"))]
pub(super) use linux::watcher;

/// What was read from a queue.
#[cfg(not(target_os = "linux"))]
pub fn changes(_: &[u8]) -> Vec<Change> {
    Vec::new()
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::unix::ffi::OsStringExt;

    use super::{Change, Happening};

    // The bits of `struct inotify_event` in <sys/inotify.h>; they never change.
    const MODIFY: u32 = 0x2;
    const MOVED_FROM: u32 = 0x40;
    const MOVED_TO: u32 = 0x80;
    const CREATE: u32 = 0x100;
    const DELETE: u32 = 0x200;
    const DELETE_SELF: u32 = 0x400;
    const MOVE_SELF: u32 = 0x800;
    const OVERFLOW: u32 = 0x4000;
    const IGNORED: u32 = 0x8000;
    const IS_DIR: u32 = 0x4000_0000;
    /// Number, bits, cookie and length of the name, four bytes each.
    const HEAD: usize = 16;

    /// What was read from a queue.
    pub fn changes(mut bytes: &[u8]) -> Vec<Change> {
        let mut changes = Vec::new();
        while let Some((head, rest)) = bytes.split_at_checked(HEAD) {
            let field = |at: usize| {
                let four = [head[at], head[at + 1], head[at + 2], head[at + 3]];
                u32::from_ne_bytes(four)
            };
            let (bits, cookie) = (field(4), field(8));
            let length = usize::try_from(field(12)).unwrap_or(usize::MAX);
            let Some((name, rest)) = rest.split_at_checked(length) else { break };
            bytes = rest;
            // The name is filled up with zeros.
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            if let Some(what) = happening(bits, cookie) {
                let name = std::ffi::OsString::from_vec(name.to_vec());
                let number = field(0).cast_signed();
                changes.push(Change { number, what, name, is_dir: bits & IS_DIR != 0 });
            }
        }
        changes
    }

    fn happening(bits: u32, cookie: u32) -> Option<Happening> {
        Some(match bits & !IS_DIR {
            MODIFY => Happening::Changed,
            MOVED_FROM => Happening::MovedFrom(cookie),
            MOVED_TO => Happening::MovedTo(cookie),
            CREATE => Happening::Created,
            DELETE => Happening::Removed,
            DELETE_SELF | MOVE_SELF => Happening::Gone,
            OVERFLOW => Happening::Overflow,
            IGNORED => Happening::Unwatched,
            _ => return None,
        })
    }

    #[cfg(feature = "driver")]
    mod queue {
        use std::io;
        use std::os::fd::OwnedFd;
        use std::path::Path;
        use std::sync::Arc;

        use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

        use super::super::Watcher;

        /// A queue, and what adds to it.
        pub(in crate::runtime::driver) fn watcher() -> io::Result<(OwnedFd, Arc<dyn Watcher>)> {
            let queue = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let copy = queue.try_clone()?;
            Ok((queue, Arc::new(Inotify(copy))))
        }

        struct Inotify(OwnedFd);

        impl Watcher for Inotify {
            fn add(&self, path: &Path, follow: bool) -> io::Result<i32> {
                let mut wanted = WatchFlags::CREATE
                    | WatchFlags::MODIFY
                    | WatchFlags::DELETE
                    | WatchFlags::MOVED_FROM
                    | WatchFlags::MOVED_TO
                    | WatchFlags::DELETE_SELF;
                if follow {
                    wanted |= WatchFlags::MOVE_SELF;
                } else {
                    wanted |= WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
                }
                Ok(inotify::add_watch(&self.0, path, wanted)?)
            }

            fn remove(&self, number: i32) {
                // It may have gone by itself.
                let _ = inotify::remove_watch(&self.0, number);
            }
        }
    }

    #[cfg(feature = "driver")]
    pub(in crate::runtime::driver) use queue::watcher;

    #[cfg(test)]
    mod tests {
        use super::*;

        fn record(number: i32, bits: u32, cookie: u32, name: &[u8]) -> Vec<u8> {
            let length = u32::try_from(name.len()).expect("names are short");
            let mut bytes = number.to_ne_bytes().to_vec();
            for field in [bits, cookie, length] {
                bytes.extend(field.to_ne_bytes());
            }
            bytes.extend(name);
            bytes
        }

        #[test]
        fn records_are_read_one_after_the_other() {
            let mut bytes = record(1, CREATE | IS_DIR, 0, b"new\0\0\0\0\0");
            bytes.extend(record(2, 0x8, 0, b""));
            bytes.extend(record(-1, OVERFLOW, 0, b""));
            bytes.extend(record(3, MOVED_TO, 7, b"to\0\0"));
            bytes.extend([1, 2, 3]);
            let change = |number, what, name: &str, is_dir| Change {
                number,
                what,
                name: name.into(),
                is_dir,
            };
            let wanted = [
                change(1, Happening::Created, "new", true),
                change(-1, Happening::Overflow, "", false),
                change(3, Happening::MovedTo(7), "to", false),
            ];
            assert_eq!(changes(&bytes), wanted);
        }
    }
}
