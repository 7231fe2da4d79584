//! Connections: two ends, and what each has sent to the other.

use std::collections::VecDeque;
use std::io;

use slab::Slab;

use crate::runtime::driver::{Address, Moment, SocketId};

/// How much each end keeps, of what it has sent and of what has come, and the least it can be told.
const BUFFER: usize = 128 * 1024;
const BUFFER_MIN: usize = 2 * 1024;
/// An empty buffer that is larger is given back: most connections are idle most of the time.
const KEPT: usize = 16 * 1024;

/// A connection. Never used twice, so that what is under way finds no other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkId {
    slot: usize,
    pub(super) serial: u64,
}

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Who connects.
    Caller = 0,
    /// Who accepts.
    Callee = 1,
}

impl Side {
    pub(super) fn other(self) -> Side {
        match self {
            Side::Caller => Side::Callee,
            Side::Callee => Side::Caller,
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    slots: Slab<Link>,
    made: u64,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    serial: u64,
    pub(super) is_unix: bool,
    ends: [End; 2],
    /// By the side that sends.
    flows: [Flow; 2],
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct End {
    pub(super) address: Address,
    pub(super) stage: Stage,
    /// What is told to the next one who asks, once.
    pub(super) error: Option<io::ErrorKind>,
    /// The connection is broken off.
    pub(super) is_over: bool,
    /// Closing breaks the connection off.
    pub(super) is_abrupt: bool,
}

/// How far an end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has asked for a connection.
    Dialing(SocketId),
    /// It waits in the queue of a listener.
    Waiting,
    Open(SocketId),
    /// The program has closed it, or does not have it yet.
    Closed,
}

/// What one side sends to the other.
#[derive(Debug)]
pub(super) struct Flow {
    bytes: Vec<u8>,
    /// How many of the bytes have been read already.
    read: usize,
    /// How many of the bytes behind that have arrived.
    arrived: usize,
    /// What is under way, oldest first. Whatever arrives, it is the oldest.
    items: VecDeque<Item>,
    /// When the last of that arrives.
    pub(super) last: Moment,
    /// How many arrivals a partition holds up, and until when they may be.
    pub(super) held: u32,
    pub(super) give_up: Moment,
    /// How much the two ends keep of it.
    send_buffer: usize,
    receive_buffer: usize,
    /// Nothing more is written.
    pub(super) is_finished: bool,
    /// That has arrived.
    pub(super) has_ended: bool,
    /// The writer found it full and waits to hear of room.
    pub(super) is_stalled: bool,
}

/// Something under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// A wish to connect, which has been made so often before.
    Dial(u8),
    /// The wish was granted.
    Answer,
    /// It was not.
    Refusal,
    /// So many bytes.
    Data(usize),
    /// Nothing more will be written.
    End,
    /// The connection is broken off.
    Reset,
    /// There is room to write again.
    Room,
}

impl Links {
    pub(super) fn add(&mut self, is_unix: bool, caller: End, callee: End) -> LinkId {
        self.made += 1;
        let serial = self.made;
        let flows = [Flow::default(), Flow::default()];
        let slot = self.slots.insert(Link { serial, is_unix, ends: [caller, callee], flows });
        LinkId { slot, serial }
    }

    pub(super) fn get(&self, id: LinkId) -> Option<&Link> {
        self.slots.get(id.slot).filter(|link| link.serial == id.serial)
    }

    pub(super) fn get_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        self.slots.get_mut(id.slot).filter(|link| link.serial == id.serial)
    }

    pub(super) fn remove(&mut self, id: LinkId) -> Option<Link> {
        self.get(id)?;
        Some(self.slots.remove(id.slot))
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }
}

impl Link {
    pub(super) fn end(&self, side: Side) -> &End {
        &self.ends[side as usize]
    }

    pub(super) fn end_mut(&mut self, side: Side) -> &mut End {
        &mut self.ends[side as usize]
    }

    /// What this side sends.
    pub(super) fn flow(&self, from: Side) -> &Flow {
        &self.flows[from as usize]
    }

    pub(super) fn flow_mut(&mut self, from: Side) -> &mut Flow {
        &mut self.flows[from as usize]
    }

    /// Nothing more passes this end; what it has sent goes its way. It hears why when it asks next.
    pub(super) fn break_off(&mut self, side: Side, error: io::ErrorKind) {
        let end = self.end_mut(side);
        end.error = Some(error);
        end.is_over = true;
    }
}

impl End {
    pub(super) fn new(address: Address, stage: Stage) -> End {
        End { address, stage, error: None, is_over: false, is_abrupt: false }
    }
}

impl Stage {
    pub(super) fn socket(self) -> Option<SocketId> {
        match self {
            Stage::Dialing(socket) | Stage::Open(socket) => Some(socket),
            Stage::Waiting | Stage::Closed => None,
        }
    }
}

impl Default for Flow {
    fn default() -> Flow {
        Flow {
            bytes: Vec::new(),
            read: 0,
            arrived: 0,
            items: VecDeque::new(),
            last: Moment::default(),
            held: 0,
            give_up: Moment::default(),
            send_buffer: BUFFER,
            receive_buffer: BUFFER,
            is_finished: false,
            has_ended: false,
            is_stalled: false,
        }
    }
}

impl Flow {
    /// How much can be written.
    pub(super) fn room(&self) -> usize {
        self.capacity().saturating_sub(self.bytes.len() - self.read)
    }

    /// Whether there is enough room to tell the writer of it once so much more has been read. Each
    /// little bit is not worth it.
    pub(super) fn is_roomy(&self, read: usize) -> bool {
        self.room() + read >= self.capacity() / 3
    }

    pub(super) fn set_send(&mut self, size: usize) {
        self.send_buffer = size.max(BUFFER_MIN);
    }

    pub(super) fn set_receive(&mut self, size: usize) {
        self.receive_buffer = size.max(BUFFER_MIN);
    }

    fn capacity(&self) -> usize {
        self.send_buffer.saturating_add(self.receive_buffer)
    }

    /// How much can be read.
    pub(super) fn arrived(&self) -> usize {
        self.arrived
    }

    pub(super) fn push(&mut self, item: Item) {
        self.items.push_back(item);
    }

    pub(super) fn push_front(&mut self, item: Item) {
        self.items.push_front(item);
    }

    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        // Moving what is left to the front costs no more than what was read before.
        if self.read > self.bytes.len() / 2 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
        self.items.push_back(Item::Data(bytes.len()));
    }

    /// The oldest thing under way has arrived. Bytes that come to a broken end are never read.
    pub(super) fn arrive(&mut self, is_broken: bool) -> Option<Item> {
        let item = self.items.pop_front()?;
        if let Item::Data(count) = item
            && !is_broken
        {
            self.arrived += count;
        }
        Some(item)
    }

    /// Takes bytes out; there are so many.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let start = self.read;
        self.read += count;
        self.arrived -= count;
        &self.bytes[start..start + count]
    }

    /// Gives memory back that nobody needs now.
    pub(super) fn tidy(&mut self) {
        if self.read == self.bytes.len() && self.read > 0 {
            self.read = 0;
            if self.bytes.capacity() > KEPT { self.bytes = Vec::new() } else { self.bytes.clear() }
        }
    }
}
