//! What a test may ask of its world: that things go wrong, that hosts are there, that nothing is left.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use super::fault::Faults;
use super::files::MemoryFiles;
use super::{Driver as _, SimDriver};
use crate::runtime::driver::{Moment, Signal};

impl SimDriver {
    /// What goes wrong.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        self.net.faults()
    }

    /// What goes wrong from now on. What is under way is not touched.
    pub fn set_faults(&mut self, faults: Faults) {
        self.net.set_faults(faults);
    }

    /// The disk, which has faults of its own.
    #[must_use]
    pub fn disk(&self) -> &MemoryFiles {
        &self.files
    }

    /// How much longer a call on files takes than on a machine with nothing else to do.
    pub fn set_disk_latency(&mut self, least: Duration, most: Duration) {
        self.jobs.latency = least..most;
    }

    /// Adds a host: a name that can be looked up, and addresses that can be bound and connected to.
    /// One that is there gets these addresses as well; without addresses one is made up. Gives all
    /// addresses of the host.
    pub fn add_host(&mut self, name: &str, addresses: Vec<IpAddr>) -> io::Result<Vec<IpAddr>> {
        self.net.add_host(name, addresses)
    }

    /// Nothing passes any more between two hosts (names or addresses), or between one and all
    /// others. Connections wait for what was sent, and give up as they do on Linux; datagrams are lost.
    pub fn partition(&mut self, one: &str, other: Option<&str>) -> io::Result<()> {
        self.net.partition(one, other)
    }

    /// All partitions end, and what they have held up goes on.
    pub fn heal(&mut self) {
        self.net.heal();
    }

    /// Plans a signal for a moment, as if the operating system sent it then.
    pub fn raise_at(&mut self, at: Moment, signal: Signal) {
        self.plan_signal(at, signal.number());
    }

    /// Sends the program a signal, by its number, now. One that it does not listen to does what it
    /// does on the operating system, if the loop understands it, and otherwise nothing.
    pub fn raise(&mut self, number: i32) {
        self.plan_signal(self.now(), number);
    }

    /// How many sockets the program has open.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.net.open_sockets()
    }

    /// Whether nothing is left over: no packet under way, no connection, nobody who waits.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        !self.is_busy() && self.net.is_empty()
    }

    fn plan_signal(&mut self, at: Moment, number: i32) {
        let place = self.planned.partition_point(|(other, _)| *other <= at);
        self.planned.insert(place, (at, number));
    }
}
