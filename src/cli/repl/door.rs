//! `--console SOCKET`: the socket at which terminals of the same user ask for a session with the program.
//!
//! One session at a time: entries of two people at once would not know of each other. Who comes second
//! is told so.

use std::fs;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::net::{Shutdown, shutdown};

use super::wire::{Downward, Upward, VERSION};

/// A terminal that has so much unread is not waited for any more.
const UNREAD_MAX: usize = 4 * 1024 * 1024;
/// A longer line is no message.
const LINE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What happens at the door.
pub enum Knock {
    /// Somebody wants a session.
    Entered(Visitor),
    /// The visitor of this number says something.
    Said(u64, Upward),
    /// The visitor of this number is gone.
    Left(u64),
}

/// Where knocks are told.
pub type Listener = Arc<dyn Fn(Knock) + Send + Sync>;

/// A socket that terminals can come to. It goes away with the program.
pub struct Door {
    path: PathBuf,
    /// The file that it is: somebody else may have put another one in its place.
    file: Option<(u64, u64)>,
}

/// Somebody at a terminal elsewhere.
pub struct Visitor {
    pub id: u64,
    /// Whether the terminal shows colours, and how wide it is.
    pub colour: bool,
    pub width: u64,
    stream: UnixStream,
    lines: Sender<String>,
    unread: Arc<AtomicUsize>,
}

impl Door {
    /// Makes the socket and waits at it, on a thread. The error is a message for the user.
    pub fn open(path: &str, listener: Listener) -> Result<Door, String> {
        let failed = |error: io::Error| format!("--console {path}: {error}");
        let socket = bind(Path::new(path)).map_err(failed)?;
        // Who came in between has to be the same user anyway.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let file = fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
        let wait = move || {
            let mut next = 0;
            for stream in socket.incoming() {
                match stream {
                    Ok(stream) if is_of_the_same_user(&stream) => {
                        next += 1;
                        let (id, listener) = (next, listener.clone());
                        let talk = move || talk(stream, id, &listener);
                        // Who cannot be served finds the connection closed.
                        drop(thread::Builder::new().name("visitor".to_owned()).spawn(talk));
                    }
                    Ok(_) => {}
                    // Without descriptors there will be the same error again.
                    Err(_) => thread::sleep(std::time::Duration::from_millis(100)),
                }
            }
        };
        thread::Builder::new().name("door".to_owned()).spawn(wait).map_err(failed)?;
        Ok(Door { path: path.into(), file })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        let now = fs::metadata(&self.path).ok().map(|file| (file.dev(), file.ino()));
        if now.is_some() && now == self.file {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A socket that a program has left behind is put aside; one that somebody waits at is not.
fn bind(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            if !fs::symlink_metadata(path)?.file_type().is_socket() {
                return Err(io::Error::new(ErrorKind::AddrInUse, "there is a file of that name"));
            }
            match UnixStream::connect(path) {
                Ok(_) => {
                    let why = "another program has its console there";
                    Err(io::Error::new(ErrorKind::AddrInUse, why))
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    fs::remove_file(path)?;
                    UnixListener::bind(path)
                }
                Err(error) => Err(error),
            }
        }
        bound => bound,
    }
}

/// Whether who is at the other end may do anyway what the program may.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn is_of_the_same_user(stream: &UnixStream) -> bool {
    let us = rustix::process::geteuid();
    let peer = rustix::net::sockopt::socket_peercred(stream).map(|peer| peer.uid);
    peer.is_ok_and(|uid| uid == us || uid.is_root())
}

/// Elsewhere the permissions of the file say who may come.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn is_of_the_same_user(_stream: &UnixStream) -> bool {
    true
}

/// Reads what a visitor says until the visitor is gone.
fn talk(stream: UnixStream, id: u64, listener: &Listener) {
    let Ok(reading) = stream.try_clone() else { return };
    let mut reader = BufReader::new(reading);
    let Some(Upward::Hello { version, colour, width }) = next_line(&mut reader) else { return };
    let (lines, outgoing) = channel();
    let unread = Arc::new(AtomicUsize::new(0));
    let Ok(writing) = stream.try_clone() else { return };
    let written = unread.clone();
    let write = move || write(writing, &outgoing, &written);
    if thread::Builder::new().name("visitor".to_owned()).spawn(write).is_err() {
        return;
    }
    let visitor = Visitor { id, colour, width, stream, lines, unread };
    if version != VERSION {
        let why = format!("the program speaks version {VERSION} of the console, not {version}");
        return visitor.send(&Downward::Refused(why));
    }
    listener(Knock::Entered(visitor));
    while let Some(said) = next_line(&mut reader) {
        listener(Knock::Said(id, said));
    }
    listener(Knock::Left(id));
}

/// The next message; none if there is no more, or something that is none.
fn next_line(reader: &mut BufReader<UnixStream>) -> Option<Upward> {
    let mut line = String::new();
    match reader.take(LINE_BYTES_MAX).read_line(&mut line) {
        Ok(1..) if line.ends_with('\n') => Upward::of_line(&line),
        _ => None,
    }
}

fn write(mut stream: UnixStream, lines: &Receiver<String>, unread: &AtomicUsize) {
    while let Ok(line) = lines.recv() {
        if stream.write_all(line.as_bytes()).is_err() {
            break;
        }
        unread.fetch_sub(line.len(), Ordering::Relaxed);
    }
    // The last line has been written; the reader's end of it is to see that no more comes.
    let _ = shutdown(&stream, Shutdown::Both);
}

impl Visitor {
    /// Sends a message without waiting. A visitor who does not read is shown out.
    pub fn send(&self, message: &Downward) {
        let line = message.to_line();
        if self.unread.fetch_add(line.len(), Ordering::Relaxed) > UNREAD_MAX {
            let _ = shutdown(&self.stream, Shutdown::Both);
            return;
        }
        let _ = self.lines.send(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knocks(path: &str) -> (Result<Door, String>, Receiver<Knock>) {
        let (sender, receiver) = channel();
        let listener: Listener = Arc::new(move |knock| drop(sender.send(knock)));
        (Door::open(path, listener), receiver)
    }

    #[test]
    fn a_visitor_is_heard_and_leaves() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("socket");
        let name = path.to_str().expect("it is text");
        let (door, heard) = knocks(name);
        let door = door.expect("it opens");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        let (second, _) = knocks(name);
        assert!(second.err().is_some_and(|why| why.contains("another program")));
        let mut stream = UnixStream::connect(&path).expect("it is open");
        let hello = Upward::Hello { version: VERSION, colour: false, width: 10 };
        stream.write_all(hello.to_line().as_bytes()).expect("it is heard");
        let Ok(Knock::Entered(visitor)) = heard.recv() else { panic!("nobody came") };
        let id = visitor.id;
        visitor.send(&Downward::Refused("no".to_owned()));
        drop(visitor);
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it ends");
        assert_eq!(answer, "{\"refused\":\"no\"}\n");
        assert!(matches!(heard.recv(), Ok(Knock::Left(left)) if left == id));
        drop(door);
        assert!(!path.exists());
    }

    #[test]
    fn only_a_socket_that_is_left_behind_is_put_aside() {
        let folder = tempfile::tempdir().expect("a place for files");
        let path = folder.path().join("socket");
        drop(UnixListener::bind(&path).expect("it can be made"));
        assert!(path.exists());
        let name = path.to_str().expect("it is text");
        drop(knocks(name).0.expect("it was left behind"));
        fs::write(&path, "precious").expect("it can be written");
        assert!(knocks(name).0.is_err());
        assert_eq!(fs::read(&path).expect("it is still there"), b"precious");
    }
}
