//! Unix sockets: the paths by which they are found, and their datagrams, which are there at once.

use std::io;
use std::path::Path;

use super::Network;
use super::datagram::too_long;
use crate::runtime::driver::{Address, Direction, SocketId};

/// The most that one datagram holds, and how many wait to be received.
const LENGTH_MAX: usize = 212_960;
const ROOM: usize = 512;

impl Network {
    /// Takes a path for a socket to come; gives it from the root, and the number of its file.
    pub(super) fn take_path(&self, path: &Path) -> io::Result<(Address, u64)> {
        match self.files.make_socket(path) {
            Ok(number) => Ok((Address::Unix(self.files.whole(path)), number)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(self.taken(path)),
            Err(error) => Err(error),
        }
    }

    /// Why a path cannot be taken: somebody has it, had it, or it is something else.
    fn taken(&self, path: &Path) -> io::Error {
        let reason = match self.files.find_socket(path) {
            Ok(number) if self.places.contains_key(&number) => {
                return io::ErrorKind::AddrInUse.into();
            }
            Ok(_) => {
                "the file is left over from a program that has ended: remove it first (fs.remove)"
            }
            Err(_) => "there is a file of that name, which is no socket",
        };
        io::Error::new(io::ErrorKind::AddrInUse, reason)
    }

    /// The socket that a path leads to.
    pub(super) fn at_path(&self, address: &Address) -> io::Result<SocketId> {
        let Address::Unix(path) = address else { return Err(io::ErrorKind::InvalidInput.into()) };
        let number = self.files.find_socket(path)?;
        self.places.get(&number).copied().ok_or_else(|| io::ErrorKind::ConnectionRefused.into())
    }

    /// A socket with a path is closed: nobody finds it any more.
    pub(super) fn leave_path(&mut self, path: &Path, number: u64) {
        self.places.remove(&number);
        self.files.remove_socket(path, number);
    }

    /// Sends a datagram to a socket.
    pub(super) fn send_here(
        &mut self,
        sender: SocketId,
        owner: SocketId,
        bytes: &[u8],
    ) -> io::Result<()> {
        let from = self.sockets.mailbox(sender)?.address.clone();
        if bytes.len() > LENGTH_MAX {
            return Err(too_long());
        }
        let Ok(mailbox) = self.sockets.mailbox(owner) else {
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        if !mailbox.accepts(&from) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if mailbox.letters.len() >= ROOM {
            if !mailbox.stalled.contains(&sender) {
                mailbox.stalled.push(sender);
            }
            return Err(io::ErrorKind::WouldBlock.into());
        }
        mailbox.letters.push_back((from, bytes.to_vec()));
        self.sockets.report(owner, Direction::Read);
        Ok(())
    }
}
