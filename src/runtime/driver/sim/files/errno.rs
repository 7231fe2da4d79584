//! The errors of a Unix file system, with the numbers that Linux gives them.

use std::io;

/// What a call on files can fail with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// ENOENT
    NotFound,
    /// EIO
    Broken,
    /// ENXIO
    NoDevice,
    /// EBADF
    BadHandle,
    /// EACCES
    Denied,
    /// EBUSY
    Busy,
    /// EEXIST
    Exists,
    /// ENOTDIR
    NotADirectory,
    /// EISDIR
    IsADirectory,
    /// EINVAL
    Invalid,
    /// EMFILE
    TooManyFiles,
    /// EFBIG
    TooLarge,
    /// ENOSPC
    NoSpace,
    /// EROFS
    ReadOnly,
    /// ENAMETOOLONG
    NameTooLong,
    /// ENOTEMPTY
    NotEmpty,
    /// ELOOP
    Loop,
    /// ETIMEDOUT
    TimedOut,
    /// EDQUOT
    QuotaExceeded,
    /// EXDEV
    CrossesDevices,
    /// EINTR
    Interrupted,
}

use Errno::{
    BadHandle, Broken, Busy, CrossesDevices, Denied, Exists, Interrupted, Invalid, IsADirectory,
    Loop, NameTooLong, NoDevice, NoSpace, NotADirectory, NotEmpty, NotFound, QuotaExceeded,
    ReadOnly, TimedOut, TooLarge, TooManyFiles,
};

/// Those that a test can ask for, with the word that `IoError.kind` has for them.
const WORDS: &[(&str, Errno)] = &[
    ("not_found", NotFound),
    ("other", Broken),
    ("denied", Denied),
    ("busy", Busy),
    ("exists", Exists),
    ("not_a_directory", NotADirectory),
    ("is_a_directory", IsADirectory),
    ("invalid", Invalid),
    ("too_many_files", TooManyFiles),
    ("too_large", TooLarge),
    ("no_space", NoSpace),
    ("read_only", ReadOnly),
    ("not_empty", NotEmpty),
    ("loop", Loop),
    ("timed_out", TimedOut),
    ("quota_exceeded", QuotaExceeded),
    ("crosses_devices", CrossesDevices),
    ("interrupted", Interrupted),
];

impl Errno {
    /// The error whose `kind` is this word.
    pub fn of_word(word: &str) -> Option<Errno> {
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, errno)| *errno)
    }

    /// The words there are.
    pub fn words() -> impl Iterator<Item = &'static str> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// The number, and what stands for it on systems with other numbers.
    fn parts(self) -> (i32, io::ErrorKind) {
        match self {
            NotFound => (2, io::ErrorKind::NotFound),
            Interrupted => (4, io::ErrorKind::Interrupted),
            Broken => (5, io::ErrorKind::Other),
            NoDevice => (6, io::ErrorKind::Other),
            BadHandle => (9, io::ErrorKind::Other),
            Denied => (13, io::ErrorKind::PermissionDenied),
            Busy => (16, io::ErrorKind::ResourceBusy),
            Exists => (17, io::ErrorKind::AlreadyExists),
            CrossesDevices => (18, io::ErrorKind::CrossesDevices),
            NotADirectory => (20, io::ErrorKind::NotADirectory),
            IsADirectory => (21, io::ErrorKind::IsADirectory),
            Invalid => (22, io::ErrorKind::InvalidInput),
            TooManyFiles => (24, io::ErrorKind::Other),
            TooLarge => (27, io::ErrorKind::FileTooLarge),
            NoSpace => (28, io::ErrorKind::StorageFull),
            ReadOnly => (30, io::ErrorKind::ReadOnlyFilesystem),
            NameTooLong => (36, io::ErrorKind::InvalidFilename),
            NotEmpty => (39, io::ErrorKind::DirectoryNotEmpty),
            Loop => (40, io::ErrorKind::Other),
            TimedOut => (110, io::ErrorKind::TimedOut),
            QuotaExceeded => (122, io::ErrorKind::QuotaExceeded),
        }
    }
}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> io::Error {
        let (number, kind) = errno.parts();
        if cfg!(target_os = "linux") { io::Error::from_raw_os_error(number) } else { kind.into() }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_kinds_agree() {
        for (word, errno) in WORDS {
            let (_, kind) = errno.parts();
            if kind != io::ErrorKind::Other {
                assert_eq!(io::Error::from(*errno).kind(), kind, "{word}");
            }
        }
    }
}
