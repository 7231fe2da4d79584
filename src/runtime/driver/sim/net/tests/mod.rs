//! What the simulated network does, seen from its sockets.

mod datagram;
mod partition;
mod stream;

use std::path::PathBuf;
use std::time::Duration;

use super::*;
use crate::runtime::driver::{DatagramOptions, ListenOptions};

const MILLI: Duration = Duration::from_millis(1);
const LATENCY: Duration = Duration::from_micros(100);

fn ticket(seq: u64) -> Ticket {
    Ticket { seq, task: 0, arm: 0 }
}

fn at(text: &str) -> Address {
    Address::Net(text.parse().expect("an address"))
}

fn path(text: &str) -> Address {
    Address::Unix(PathBuf::from(text))
}

fn files() -> MemoryFiles {
    MemoryFiles::new(1, Duration::ZERO)
}

fn network() -> Network {
    with(Faults::default())
}

fn with(faults: Faults) -> Network {
    Network::new(1, None, faults, files())
}

fn kind<T>(result: io::Result<T>) -> io::ErrorKind {
    result.err().expect("it fails").kind()
}

impl Network {
    /// Lets time pass; gives what is reported.
    fn pass(&mut self, span: Duration) -> Vec<Event> {
        let end = self.medium.now.after(span);
        let mut events = Vec::new();
        while let Some(next) = self.next().filter(|next| *next <= end) {
            self.set_now(next.max(self.medium.now));
            self.run_due(&mut events);
        }
        self.set_now(end);
        self.run_due(&mut events);
        events
    }

    fn listen(&mut self, address: &str) -> (SocketId, Address) {
        let id = self.bind(&at(address), ListenOptions::default()).expect("it is free");
        (id, self.local(id).expect("it is open"))
    }

    /// A connection: who called, and who was called.
    fn pair(&mut self) -> (SocketId, SocketId) {
        let (listener, address) = self.listen("127.0.0.1:0");
        let caller = self.connect(&address).expect("somebody listens");
        self.pass(MILLI);
        self.connected(caller).expect("it is made");
        let (callee, _) = self.accept(listener).expect("it waits");
        self.close(listener, false);
        (caller, callee)
    }

    fn unix_pair(&mut self) -> (SocketId, SocketId) {
        let listener = self.bind(&path("s"), ListenOptions::default()).expect("it is free");
        let caller = self.connect(&path("/home/user/s")).expect("somebody listens");
        let (callee, from) = self.accept(listener).expect("it waits");
        assert_eq!(from, Address::Unnamed);
        self.close(listener, false);
        (caller, callee)
    }

    fn text(&mut self, id: SocketId) -> String {
        String::from_utf8(self.read(id, 1000).expect("data").to_vec()).expect("text")
    }

    fn mailbox(&mut self, address: &Address) -> (SocketId, Address) {
        let made = self.bind_datagram(address, DatagramOptions::default());
        let id = made.expect("it is free");
        (id, self.local(id).expect("it is open"))
    }

    /// All datagrams that wait, and in between what happens.
    fn letters(&mut self, id: SocketId) -> Vec<u8> {
        std::iter::from_fn(|| Some(self.receive_datagram(id).ok()?.0[0])).collect()
    }
}

#[test]
fn closing_reports_those_who_wait_and_old_ids_are_known_for_what_they_are() {
    let mut net = network();
    let (a, _) = net.pair();
    net.wait(a, Direction::Read, ticket(1));
    assert_eq!(net.sockets.waiting(), 1);
    net.close(a, false);
    assert!(net.pass(Duration::ZERO).contains(&Event::Ready(ticket(1))));
    assert_eq!(net.sockets.waiting(), 0);
    let (b, _) = net.pair();
    assert_ne!(a, b);
    assert_eq!(kind(net.read(a, 9)), io::ErrorKind::NotConnected);
    net.close(a, false);
    net.wait(b, Direction::Read, ticket(2));
    net.unwait(b, Direction::Read, ticket(2));
    net.close(b, false);
    assert!(!net.pass(MILLI).contains(&Event::Ready(ticket(2))));
}

#[test]
fn the_same_seed_gives_the_same_and_exploring_mixes_what_is_due_at_once() {
    let order = |explore: Option<u64>| {
        let mut net = Network::new(1, explore, Faults::default(), files());
        let (listener, address) = net.listen("127.0.0.1:0");
        for number in 0..8 {
            let caller = net.connect(&address).expect("somebody listens");
            net.wait(caller, Direction::Write, ticket(number));
        }
        let mut events = Vec::new();
        while let Some(next) = net.next() {
            net.set_now(next);
            net.run_due(&mut events);
        }
        net.close(listener, false);
        events
    };
    let plain: Vec<Event> = (0..8).map(|number| Event::Ready(ticket(number))).collect();
    assert_eq!(order(None), plain);
    assert_eq!(order(Some(1)), order(Some(1)));
    assert_ne!(order(Some(1)), order(Some(2)));
}

#[test]
fn ten_thousand_connections_are_no_trouble() {
    let mut net = network();
    let options = ListenOptions { backlog: 20_000, reuse_port: false };
    let listener = net.bind(&at("127.0.0.1:80"), options).expect("it is free");
    let callers: Vec<SocketId> =
        (0..10_000).map(|_| net.connect(&at("127.0.0.1:80")).expect("a port")).collect();
    net.pass(MILLI);
    let callees: Vec<SocketId> =
        std::iter::from_fn(|| Some(net.accept(listener).ok()?.0)).collect();
    assert_eq!(callees.len(), callers.len());
    for (number, caller) in callers.iter().enumerate() {
        net.wait(callees[number], Direction::Read, ticket(number as u64));
        net.write(*caller, b"x").expect("room");
    }
    assert_eq!(net.pass(MILLI).len(), callers.len());
    for id in callers.into_iter().chain(callees).chain([listener]) {
        net.close(id, false);
    }
    net.pass(MILLI);
    assert_eq!((net.links.len(), net.open_sockets(), net.sockets.waiting()), (0, 0, 0));
}
