//! What a program may do to the world outside of it: nothing, until it is granted.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use super::place::Place;

/// What a VM may do. [`Permissions::none`] is where a host begins; each grant adds to it.
///
/// ```
/// use kettle::engine::Permissions;
///
/// let permissions = Permissions::none()
///     .fs_read("templates")
///     .net_connect("api.example.com:443")
///     .env("APP_*");
/// assert!(permissions.check().is_ok());
/// assert!(Permissions::none().net_connect("api.example.com:https").check().is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    grants: [Grant; Right::ALL.len()],
    /// Why a grant means nothing.
    mistake: Option<String>,
}

/// What is granted of one right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Grant {
    /// Nothing.
    #[default]
    Nothing,
    /// What is named.
    Named(Vec<Place>),
    /// All there is.
    All,
}

/// A kind of thing that has to be granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// Reading files and directories.
    FsRead,
    /// Making, changing and removing them.
    FsWrite,
    /// Connecting and sending.
    NetConnect,
    /// Listening and receiving.
    NetListen,
    /// Environment variables.
    Env,
    /// Starting programs, which may do everything that the host may do.
    Process,
    /// Listening to signals of the operating system.
    Signal,
    /// The names of machine and user, and the number of the process.
    System,
}

impl Right {
    /// All of them.
    pub const ALL: [Right; 8] = [
        Right::FsRead,
        Right::FsWrite,
        Right::NetConnect,
        Right::NetListen,
        Right::Env,
        Right::Process,
        Right::Signal,
        Right::System,
    ];

    /// Its name: that of the method of [`Permissions`], and what scripts call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Right::FsRead => "fs_read",
            Right::FsWrite => "fs_write",
            Right::NetConnect => "net_connect",
            Right::NetListen => "net_listen",
            Right::Env => "env",
            Right::Process => "process",
            Right::Signal => "signal",
            Right::System => "system",
        }
    }

    /// The flag of the command that grants it.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Right::FsRead => "--allow-read",
            Right::FsWrite => "--allow-write",
            Right::NetConnect => "--allow-net",
            Right::NetListen => "--allow-listen",
            Right::Env => "--allow-env",
            Right::Process => "--allow-run",
            Right::Signal => "--allow-signal",
            Right::System => "--allow-system",
        }
    }

    /// The right of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Right> {
        Right::ALL.into_iter().find(|right| right.name() == name)
    }

    /// Whether it is granted as a whole or not at all.
    #[must_use]
    pub fn is_plain(self) -> bool {
        matches!(self, Right::Signal | Right::System)
    }
}

impl Permissions {
    /// Nothing is allowed.
    #[must_use]
    pub fn none() -> Permissions {
        Permissions::default()
    }

    /// Everything is allowed: for programs that the host trusts as it trusts itself.
    #[must_use]
    pub fn all() -> Permissions {
        Permissions { grants: [const { Grant::All }; Right::ALL.len()], mistake: None }
    }

    /// Reading of a file, or of a directory with all that is in it.
    #[must_use]
    pub fn fs_read(self, path: impl AsRef<Path>) -> Permissions {
        self.with(Right::FsRead, Place::path(path.as_ref()))
    }

    /// Making, changing and removing of a file, or of a directory and of what is in it.
    #[must_use]
    pub fn fs_write(self, path: impl AsRef<Path>) -> Permissions {
        self.with(Right::FsWrite, Place::path(path.as_ref()))
    }

    /// Connecting and sending to a place: `name:port`, `*.name:port`, `address:port`,
    /// `network/bits:port`, `unix:PATH`, or `*` for every public address. Without a port every port
    /// is meant. A name stands for the public addresses that it resolves to; those of this machine
    /// and of private networks are granted by address or network, or as `localhost`.
    #[must_use]
    pub fn net_connect(self, place: &str) -> Permissions {
        self.with(Right::NetConnect, Place::net(place))
    }

    /// Listening at an address of this machine: `address:port`, `localhost:port`, `*:port`, or
    /// `unix:PATH`.
    #[must_use]
    pub fn net_listen(self, place: &str) -> Permissions {
        self.with(Right::NetListen, Place::net(place))
    }

    /// The environment variable of that name, or those that begin with what stands before a `*`.
    #[must_use]
    pub fn env(self, name: &str) -> Permissions {
        self.with(Right::Env, Place::word(name))
    }

    /// Starting of a program, by its name or path. This is everything: nothing holds back what it
    /// starts.
    #[must_use]
    pub fn process(self, program: &str) -> Permissions {
        self.with(Right::Process, Place::word(program))
    }

    /// Listening to signals of the operating system.
    #[must_use]
    pub fn signal(self) -> Permissions {
        self.allow_all(Right::Signal)
    }

    /// The names of machine, user and home folder, and the number of the process.
    #[must_use]
    pub fn system(self) -> Permissions {
        self.allow_all(Right::System)
    }

    /// A right, as far as `what` says, in the words of the method of its name.
    #[must_use]
    pub fn allow(self, right: Right, what: &str) -> Permissions {
        match right {
            Right::FsRead | Right::FsWrite => self.with(right, Place::path(Path::new(what))),
            Right::NetConnect | Right::NetListen => self.with(right, Place::net(what)),
            Right::Env | Right::Process => self.with(right, Place::word(what)),
            Right::Signal | Right::System => self.allow_all(right),
        }
    }

    /// The whole of a right, loopback and private networks too.
    #[must_use]
    pub fn allow_all(mut self, right: Right) -> Permissions {
        self.grants[right as usize] = Grant::All;
        self
    }

    /// Nothing of a right.
    #[must_use]
    pub fn without(mut self, right: Right) -> Permissions {
        self.grants[right as usize] = Grant::Nothing;
        self
    }

    /// Whether everything is allowed.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.mistake.is_none() && self.grants.iter().all(|grant| *grant == Grant::All)
    }

    /// An error if a grant means nothing: it says which one and what could be meant.
    pub fn check(&self) -> Result<(), String> {
        self.mistake.clone().map_or(Ok(()), Err)
    }

    pub(super) fn grant(&self, right: Right) -> &Grant {
        &self.grants[right as usize]
    }

    /// The same with the paths as they are on this machine.
    pub(super) fn settled(mut self, mut real: impl FnMut(&Path) -> PathBuf) -> Permissions {
        for grant in &mut self.grants {
            let Grant::Named(places) = grant else { continue };
            for place in places {
                place.settle(&mut real);
            }
        }
        self
    }

    fn with(mut self, right: Right, place: Result<Place, String>) -> Permissions {
        match (&mut self.grants[right as usize], place) {
            (Grant::All, Ok(_)) => {}
            (Grant::Named(places), Ok(place)) => places.push(place),
            (grant @ Grant::Nothing, Ok(place)) => *grant = Grant::Named(vec![place]),
            (_, Err(why)) => {
                self.mistake.get_or_insert_with(|| format!("{}: {why}", right.name()));
            }
        }
        self
    }
}

/// Something that a program is about to do.
#[derive(Clone, Copy, Debug)]
pub enum Need<'a> {
    /// To read what is at a real path.
    Read(&'a Path),
    /// To change what is at a real path.
    Write(&'a Path),
    /// To learn of a real path what it is: whoever may read or write it may know that.
    Look(&'a Path),
    /// To make a file that is run with the rights of its owner.
    SetId(&'a Path),
    /// To connect or send to an address.
    Connect(SocketAddr),
    /// To connect or send to the Unix socket of a real path.
    ConnectUnix(&'a Path),
    /// To listen at an address.
    Listen(SocketAddr),
    /// To listen at a real path.
    ListenUnix(&'a Path),
    /// To ask for the addresses of a name.
    Lookup(&'a str),
    /// To ask for the name of an address.
    Reverse(IpAddr),
    /// To see or change an environment variable.
    Env(&'a str),
    /// To see all that are granted.
    AnyEnv,
    /// To start a program.
    Process(&'a str),
    /// To listen to signals.
    Signal,
    /// To learn this of machine, user or process.
    System(&'a str),
}

impl Need<'_> {
    /// The right that it takes.
    #[must_use]
    pub fn right(&self) -> Right {
        match self {
            Need::Read(_) | Need::Look(_) => Right::FsRead,
            Need::Write(_) => Right::FsWrite,
            Need::Connect(_) | Need::ConnectUnix(_) | Need::Lookup(_) | Need::Reverse(_) => {
                Right::NetConnect
            }
            Need::Listen(_) | Need::ListenUnix(_) => Right::NetListen,
            Need::Env(_) | Need::AnyEnv => Right::Env,
            Need::Process(_) | Need::SetId(_) => Right::Process,
            Need::Signal => Right::Signal,
            Need::System(_) => Right::System,
        }
    }

    /// What it is about, as a grant would name it; empty for what is granted as a whole.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Need::Read(path) | Need::Write(path) | Need::Look(path) | Need::SetId(path) => {
                path.display().to_string()
            }
            Need::ConnectUnix(path) | Need::ListenUnix(path) => format!("unix:{}", path.display()),
            Need::Connect(address) | Need::Listen(address) => address.to_string(),
            Need::Lookup(name) => (*name).to_owned(),
            Need::Reverse(ip) => ip.to_string(),
            Need::Env(name) | Need::Process(name) | Need::System(name) => (*name).to_owned(),
            Need::AnyEnv | Need::Signal => String::new(),
        }
    }
}

/// That something is not granted: the error inside an [`io::Error`], of which the library makes a
/// `PermissionError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What would have to be granted.
    pub right: Right,
    /// What it was about.
    pub what: String,
    /// It was dropped by the program itself.
    pub dropped: bool,
}

impl Refusal {
    /// The refusal that an error is, if it is one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Refusal> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, flag, what) = (self.right.name(), self.right.flag(), self.what.as_str());
        if self.dropped {
            return write!(f, "the program has dropped its right to {name}");
        }
        if what.is_empty() || self.right.is_plain() {
            return write!(f, "{name} is not granted (Permissions::{name}(), or {flag})");
        }
        write!(f, "{name} is not granted (Permissions::{name}({what:?}), or {flag}={what})")
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> io::Error {
        io::Error::other(refusal)
    }
}
