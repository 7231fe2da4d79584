//! Opening what has an address of its own: listeners and sockets for datagrams.

use std::io;
use std::sync::Arc;
use std::task::Poll;

use super::datagram::new_socket;
use super::listen::new_listener;
use super::lookup::{Found, Lookup};
use super::place::Place;
use crate::natives::io_error::{Subject, io_error};
use crate::natives::kind::TextValue;
use crate::runtime::driver::{Address, DatagramOptions, Driver, ListenOptions, SocketId, Ticket};
use crate::runtime::{Answer, Cx, Source, Wait};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What is opened.
enum What {
    Listener(ListenOptions),
    /// A socket that is bound to the place.
    Datagrams(DatagramOptions),
    /// A socket that talks to the place alone.
    Connected(DatagramOptions),
    /// A Unix socket that is bound to this path and talks to the place alone.
    Between(Address),
}

pub(super) fn listen(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    backlog: i64,
    reuse_port: bool,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.tcp.listen";
    let place = Place::net(cx.vm, PATH, host, port)?;
    let backlog = backlog_of(cx.vm, PATH, backlog)?;
    Ok(open(place, What::Listener(ListenOptions { backlog, reuse_port })))
}

pub(super) fn listen_unix(
    cx: &mut Cx<'_>,
    path: TextValue,
    backlog: i64,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.unix.listen";
    let place = Place::unix(cx.vm, PATH, path)?;
    let backlog = backlog_of(cx.vm, PATH, backlog)?;
    Ok(open(place, What::Listener(ListenOptions { backlog, reuse_port: false })))
}

fn backlog_of(vm: &mut Vm, path: &str, backlog: i64) -> Result<i32, Thrown> {
    i32::try_from(backlog).ok().filter(|backlog| *backlog > 0).ok_or_else(|| {
        let text = format!("{path}: backlog must be at least 1, not {backlog}");
        vm.error(ErrorKind::ValueError, text)
    })
}

pub(super) fn bind(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    reuse_port: bool,
    broadcast: bool,
) -> Result<Answer, Thrown> {
    let place = Place::net(cx.vm, "net.udp.bind", host, port)?;
    Ok(open(place, What::Datagrams(DatagramOptions { reuse_port, broadcast })))
}

pub(super) fn connect(cx: &mut Cx<'_>, host: TextValue, port: i64) -> Result<Answer, Thrown> {
    let place = Place::net(cx.vm, "net.udp.connect", host, port)?;
    Ok(open(place, What::Connected(DatagramOptions::default())))
}

pub(super) fn datagram(
    cx: &mut Cx<'_>,
    path: Option<TextValue>,
    to: Option<TextValue>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "net.unix.datagram";
    let own = path.map(|path| Place::unix(cx.vm, PATH, path)).transpose()?;
    let to = to.map(|path| Place::unix(cx.vm, PATH, path)).transpose()?;
    let options = DatagramOptions::default();
    Ok(match (own, to) {
        (own, None) => open(own.unwrap_or(Place::Nowhere), What::Datagrams(options)),
        (None, Some(to)) => open(to, What::Connected(options)),
        (Some(own), Some(to)) => {
            let own = own.literal().unwrap_or(Address::Unnamed);
            open(to, What::Between(own))
        }
    })
}

fn open(place: Place, what: What) -> Answer {
    Answer::Wait(Wait::Source(Box::new(OpenOp { place, what, lookup: None })))
}

struct OpenOp {
    place: Place,
    what: What,
    lookup: Option<Lookup>,
}

impl OpenOp {
    /// The first of the addresses that can be had: a name may stand for some that are not of this
    /// machine, or of a family that it does not have.
    fn first(
        &self,
        driver: &mut dyn Driver,
        addresses: impl IntoIterator<Item = Address>,
    ) -> Found<(SocketId, Address)> {
        let mut first = None;
        for address in addresses {
            match self.try_one(driver, &address) {
                Ok(socket) => return Ok((socket, address)),
                Err(error) => {
                    first.get_or_insert(error);
                }
            }
        }
        Err(Arc::new(first.unwrap_or_else(|| io::ErrorKind::NotFound.into())))
    }

    fn try_one(&self, driver: &mut dyn Driver, address: &Address) -> io::Result<SocketId> {
        let (own, options) = match &self.what {
            What::Listener(options) => return driver.bind(address, *options),
            What::Datagrams(options) => return driver.bind_datagram(address, *options),
            What::Connected(options) => (anywhere(address), *options),
            What::Between(own) => (own.clone(), DatagramOptions::default()),
        };
        let socket = driver.bind_datagram(&own, options)?;
        driver.connect_datagram(socket, address).inspect_err(|_| driver.close(socket))?;
        Ok(socket)
    }

    #[cold]
    fn failed(&self, vm: &mut Vm, error: &io::Error) -> Thrown {
        let (op, doing) = match self.what {
            What::Listener(_) => ("listen", "listen on"),
            What::Datagrams(_) => ("bind", "bind"),
            What::Connected(_) | What::Between(_) => ("connect", "connect to"),
        };
        let address = self.place.to_string();
        let explained = self.explained(error);
        io_error(vm, explained.as_ref().unwrap_or(error), op, doing, Subject::Address(&address))
    }

    /// An error of the system that hides what to do about it.
    fn explained(&self, error: &io::Error) -> Option<io::Error> {
        if let What::Connected(_) | What::Between(_) = self.what {
            return None;
        }
        let reason = match (error.kind(), &self.place) {
            (io::ErrorKind::PermissionDenied, Place::Host(_, 1..1024)) => {
                "ports below 1024 belong to the administrator of the machine: take another one"
            }
            (io::ErrorKind::AddrNotAvailable, _) => {
                "this machine has no such address: \"0.0.0.0\" and \"::\" are all it has"
            }
            _ => return None,
        };
        Some(io::Error::new(error.kind(), reason))
    }
}

/// Any address of the family of another, for a socket that has to be somewhere.
fn anywhere(to: &Address) -> Address {
    match to {
        Address::Net(to) if to.is_ipv6() => Address::Net(([0_u16; 8], 0).into()),
        Address::Net(_) => Address::Net(([0_u8; 4], 0).into()),
        Address::Unix(_) | Address::Unnamed => Address::Unnamed,
    }
}

impl Source for OpenOp {
    fn attempt(&mut self, cx: &mut Cx<'_>) -> Poll<Result<Value, Thrown>> {
        let driver = cx.rt.driver.as_mut();
        let Some(answer) = self.lookup.as_ref().and_then(|lookup| lookup.take(driver)) else {
            return Poll::Pending;
        };
        let opened = answer.and_then(|addresses| self.first(driver, addresses));
        let opened = opened.and_then(|(socket, address)| {
            let local = driver.local(socket).map_err(Arc::new)?;
            Ok((socket, local, address))
        });
        Poll::Ready(match (opened, &self.what) {
            (Ok((socket, local, _)), What::Listener(_)) => Ok(new_listener(cx, socket, local)),
            (Ok((socket, local, _)), What::Datagrams(_)) => Ok(new_socket(cx, socket, local, None)),
            (Ok((socket, local, peer)), What::Connected(_) | What::Between(_)) => {
                Ok(new_socket(cx, socket, local, Some(peer)))
            }
            (Err(error), _) => Err(self.failed(cx.vm, &error)),
        })
    }

    fn register(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        let lookup = Lookup::start(cx.rt, &self.place);
        lookup.wait(cx.rt.driver.as_mut(), ticket);
        self.lookup = Some(lookup);
    }

    fn unregister(&mut self, cx: &mut Cx<'_>, ticket: Ticket) {
        if let Some(lookup) = self.lookup.take() {
            lookup.unwait(cx.rt.driver.as_mut(), ticket);
        }
    }

    fn describe(&self, _: &Vm) -> String {
        format!("the address of {}", self.place)
    }
}
