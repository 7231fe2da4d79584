//! The driver that asks before it acts, and counts what is open.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsString;
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::audit::AuditHook;
use super::checked::{CheckedFiles, real_path};
use super::hook::{ClockHook, RandomHook};
use super::permission::{Need, Permissions, Right};
use super::policy::Policy;
use super::quota::{CountedFiles, Quota};
use super::world::{GuardedResolver, GuardedWatcher, program};
use crate::runtime::driver::{
    Address, Adopted, Calls, Change, ChildId, ChildStatus, DatagramOptions, Direction, Doze,
    Driver, Event, Facts, FileSystem, Heartbeat, JobSpan, Lane, ListenOptions, Moment, NewChild,
    Resolver, Runnable, Signal, SimDriver, SocketId, SocketOption, SubscriptionId, Ticket, Watcher,
};

/// A driver under a policy.
pub struct Guard {
    inner: Box<dyn Driver>,
    policy: Arc<Policy>,
    quota: Arc<Quota>,
    /// The sockets that are open, pipes among them.
    open: HashSet<SocketId>,
    /// Files are those of this machine.
    is_real: bool,
    /// The time of day, if not the inner driver's.
    clock: Option<ClockHook>,
    /// Chance, if not the inner driver's.
    random: Option<RandomHook>,
}

impl Guard {
    /// Puts a driver under what a host grants, tells `audit` of it, and counts by `quota`.
    #[must_use]
    pub fn new(
        mut inner: Box<dyn Driver>,
        permissions: Permissions,
        audit: Option<AuditHook>,
        quota: Arc<Quota>,
    ) -> Guard {
        let is_real = inner.simulated().is_none();
        let policy = Arc::new(Policy::new(permissions, audit, inner.files()));
        policy.set_wall(inner.wall());
        let open = HashSet::new();
        Guard { inner, policy, quota, open, is_real, clock: None, random: None }
    }

    /// The same with time of day and chance of the host's own.
    #[must_use]
    pub fn with(self, clock: Option<ClockHook>, random: Option<RandomHook>) -> Guard {
        Guard { clock, random, ..self }
    }

    /// Puts the driver of a loop under a policy that allows everything, for a program that gives up
    /// rights. A driver that is under one already stays as it is.
    pub fn around(driver: &mut Box<dyn Driver>) -> Arc<Policy> {
        if let Some(policy) = driver.policy() {
            return policy;
        }
        let inner = std::mem::replace(driver, Box::new(SimDriver::new(0)));
        *driver = Box::new(Guard::new(inner, Permissions::all(), None, Arc::default()));
        driver.policy().expect("a guard has a policy")
    }

    fn may_open(&self) -> io::Result<()> {
        self.quota.check_sockets(self.open.len())
    }

    fn opened(&mut self, socket: io::Result<SocketId>) -> io::Result<SocketId> {
        socket.inspect(|socket| {
            self.open.insert(*socket);
        })
    }

    fn real(&self, path: &Path) -> PathBuf {
        real_path(self.inner.files().as_ref(), path, true)
    }

    /// Whether an address may be sent to; gives it with its path made real.
    fn reach(&self, address: &Address) -> io::Result<Address> {
        match address {
            Address::Net(to) => self.policy.check(&Need::Connect(*to))?,
            Address::Unix(path) => {
                let real = self.real(path);
                self.policy.check(&Need::ConnectUnix(&real))?;
                return Ok(Address::Unix(real));
            }
            Address::Unnamed => {}
        }
        Ok(address.clone())
    }

    /// Whether an address may be listened at; gives it with its path made real.
    fn listen_at(&self, address: &Address) -> io::Result<Address> {
        match address {
            Address::Net(at) => self.policy.check(&Need::Listen(*at))?,
            Address::Unix(path) => {
                let real = self.real(path);
                self.policy.check(&Need::ListenUnix(&real))?;
                return Ok(Address::Unix(real));
            }
            Address::Unnamed => {}
        }
        Ok(address.clone())
    }

    /// A place for a socket that only sends: no number of its own, and someone to send to.
    fn is_for_sending(&self, address: &Address) -> bool {
        let Some(at) = address.net() else { return false };
        at.port() == 0 && at.ip().is_unspecified() && self.policy.has_some(Right::NetConnect)
    }
}

impl Driver for Guard {
    fn now(&self) -> Moment {
        self.inner.now()
    }

    fn wall(&self) -> Duration {
        self.clock.as_ref().map_or_else(|| self.inner.wall(), ClockHook::wall)
    }

    fn zone(&self) -> TimeZone {
        self.inner.zone()
    }

    fn random(&mut self) -> u64 {
        let Some(random) = &self.random else { return self.inner.random() };
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn secret(&mut self, into: &mut [u8]) -> io::Result<()> {
        let Some(random) = &self.random else { return self.inner.secret(into) };
        random.fill(into);
        Ok(())
    }

    fn permit(&self, need: &Need<'_>) -> io::Result<()> {
        self.policy.check(need)
    }

    fn policy(&self) -> Option<Arc<Policy>> {
        Some(self.policy.clone())
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        self.inner.variable(name).filter(|_| self.policy.allows(&Need::Env(name)))
    }

    fn variables(&self) -> BTreeMap<OsString, OsString> {
        let mut all = self.inner.variables();
        all.retain(|name, _| self.policy.allows(&Need::Env(&name.to_string_lossy())));
        all
    }

    fn set_variable(&mut self, name: &str, value: Option<&str>) {
        if self.policy.allows(&Need::Env(name)) {
            self.inner.set_variable(name, value);
        }
    }

    fn facts(&self) -> Facts {
        let facts = self.inner.facts();
        let cwd = facts.cwd.filter(|cwd| self.policy.allows(&Need::Look(Path::new(cwd))));
        if self.policy.allows(&Need::System("")) {
            return Facts { cwd, ..facts };
        }
        Facts { cwd, cpu_count: facts.cpu_count, ..Facts::default() }
    }

    fn poll(&mut self, timeout: Option<Duration>, events: &mut Vec<Event>) {
        self.inner.poll(timeout, events);
        if self.policy.is_audited() {
            self.policy.set_wall(self.inner.wall());
        }
    }

    fn is_busy(&self) -> bool {
        self.inner.is_busy()
    }

    fn doze(&mut self, timeout: Option<Duration>, waker: &Waker) -> Doze {
        self.inner.doze(timeout, waker)
    }

    fn is_dozing(&self) -> bool {
        self.inner.is_dozing()
    }

    fn descriptor(&self) -> Option<i32> {
        self.inner.descriptor()
    }

    #[cfg(all(unix, feature = "driver"))]
    fn watched(&self) -> io::Result<std::os::fd::OwnedFd> {
        self.inner.watched()
    }

    fn advance(&mut self, span: Duration) {
        self.inner.advance(span);
    }

    fn calls(&self) -> Calls {
        self.inner.calls()
    }

    fn waker(&self) -> Waker {
        self.inner.waker()
    }

    fn notify(&mut self, ticket: Ticket) {
        self.inner.notify(ticket);
    }

    fn simulated(&mut self) -> Option<&mut SimDriver> {
        self.inner.simulated()
    }

    fn connect(&mut self, address: &Address) -> io::Result<SocketId> {
        let address = self.reach(address)?;
        self.may_open()?;
        let socket = self.inner.connect(&address);
        self.opened(socket)
    }

    fn connected(&mut self, socket: SocketId) -> io::Result<()> {
        self.inner.connected(socket)
    }

    fn bind(&mut self, address: &Address, options: ListenOptions) -> io::Result<SocketId> {
        let address = self.listen_at(address)?;
        self.may_open()?;
        let socket = self.inner.bind(&address, options);
        self.opened(socket)
    }

    fn accept(&mut self, listener: SocketId) -> io::Result<(SocketId, Address)> {
        self.quota.check_accept(self.open.len())?;
        let accepted = self.inner.accept(listener)?;
        self.open.insert(accepted.0);
        Ok(accepted)
    }

    fn read(&mut self, socket: SocketId, max: usize) -> io::Result<&[u8]> {
        self.inner.read(socket, max)
    }

    fn is_quiet(&self, socket: SocketId) -> bool {
        self.inner.is_quiet(socket)
    }

    fn write(&mut self, socket: SocketId, from: &[u8]) -> io::Result<usize> {
        self.inner.write(socket, from)
    }

    fn write_pieces(&mut self, socket: SocketId, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.inner.write_pieces(socket, pieces)
    }

    fn shutdown(&mut self, socket: SocketId) -> io::Result<()> {
        self.inner.shutdown(socket)
    }

    fn bind_datagram(
        &mut self,
        address: &Address,
        options: DatagramOptions,
    ) -> io::Result<SocketId> {
        let address =
            if self.is_for_sending(address) { address.clone() } else { self.listen_at(address)? };
        self.may_open()?;
        let socket = self.inner.bind_datagram(&address, options);
        self.opened(socket)
    }

    fn connect_datagram(&mut self, socket: SocketId, address: &Address) -> io::Result<()> {
        let address = self.reach(address)?;
        self.inner.connect_datagram(socket, &address)
    }

    fn send_datagram(
        &mut self,
        socket: SocketId,
        from: &[u8],
        to: Option<&Address>,
    ) -> io::Result<()> {
        let to = to.map(|to| self.reach(to)).transpose()?;
        self.inner.send_datagram(socket, from, to.as_ref())
    }

    fn receive_datagram(&mut self, socket: SocketId) -> io::Result<(&[u8], Address)> {
        self.inner.receive_datagram(socket)
    }

    fn set_option(&mut self, socket: SocketId, option: SocketOption) -> io::Result<()> {
        self.inner.set_option(socket, option)
    }

    fn local(&self, socket: SocketId) -> io::Result<Address> {
        self.inner.local(socket)
    }

    fn abort(&mut self, socket: SocketId) {
        self.open.remove(&socket);
        self.inner.abort(socket);
    }

    fn resolver(&self) -> Arc<dyn Resolver> {
        let (inner, policy) = (self.inner.resolver(), self.policy.clone());
        Arc::new(GuardedResolver { inner, policy })
    }

    fn close(&mut self, socket: SocketId) {
        self.open.remove(&socket);
        self.inner.close(socket);
    }

    fn wait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        self.inner.wait(socket, direction, ticket);
    }

    fn unwait(&mut self, socket: SocketId, direction: Direction, ticket: Ticket) {
        self.inner.unwait(socket, direction, ticket);
    }

    fn files(&self) -> Arc<dyn FileSystem> {
        let inner = self.inner.files();
        let policy = self.policy.clone();
        let is_free = policy.has_all(Right::FsRead) && policy.has_all(Right::FsWrite);
        let files: Arc<dyn FileSystem> = match self.is_real {
            _ if is_free && !policy.is_audited() => inner,
            #[cfg(all(target_os = "linux", feature = "driver"))]
            true => Arc::new(super::confined::ConfinedFiles { policy }),
            _ => Arc::new(CheckedFiles { inner, policy }),
        };
        CountedFiles::around(files, &self.quota)
    }

    fn show_files(&mut self, dir: &Path) {
        self.inner.show_files(dir);
    }

    fn watch_files(&mut self) -> io::Result<(SocketId, Arc<dyn Watcher>)> {
        self.may_open()?;
        let (socket, inner) = self.inner.watch_files()?;
        self.open.insert(socket);
        let (files, policy) = (self.inner.files(), self.policy.clone());
        Ok((socket, Arc::new(GuardedWatcher { inner, files, policy })))
    }

    fn file_changes(&mut self, queue: SocketId) -> io::Result<Vec<Change>> {
        self.inner.file_changes(queue)
    }

    fn may_start(&self, command: &str) -> io::Result<PathBuf> {
        if self.policy.has_all(Right::Process) {
            self.policy.check(&Need::Process(command))?;
            return self.inner.may_start(command);
        }
        let path = self.inner.may_start(command)?;
        if !command.contains('/') {
            self.policy.check(&Need::Process(command))?;
            return Ok(program(command));
        }
        let real = self.real(&path);
        self.policy.check(&Need::Process(&real.to_string_lossy()))?;
        Ok(real)
    }

    fn adopt(&mut self, child: NewChild) -> io::Result<Adopted> {
        self.may_open()?;
        let adopted = self.inner.adopt(child)?;
        self.open.extend([adopted.stdin, adopted.stdout, adopted.stderr].into_iter().flatten());
        Ok(adopted)
    }

    fn child_status(&self, child: ChildId) -> io::Result<Option<ChildStatus>> {
        self.inner.child_status(child)
    }

    fn wait_child(&mut self, child: ChildId, ticket: Ticket) {
        self.inner.wait_child(child, ticket);
    }

    fn unwait_child(&mut self, child: ChildId, ticket: Ticket) {
        self.inner.unwait_child(child, ticket);
    }

    fn kill(&mut self, child: ChildId, signal: i32) -> io::Result<()> {
        self.inner.kill(child, signal)
    }

    fn retire(&mut self, child: ChildId) {
        self.inner.retire(child);
    }

    fn run(&mut self, lane: Lane, job: Arc<dyn Runnable>) {
        self.inner.run(lane, job);
    }

    fn watch_jobs(&mut self) {
        self.inner.watch_jobs();
    }

    fn take_jobs(&mut self, into: &mut Vec<JobSpan>) {
        self.inner.take_jobs(into);
    }

    fn watch(&self, limit: Duration, alarm: Box<dyn Fn() + Send>) -> Option<Arc<Heartbeat>> {
        self.inner.watch(limit, alarm)
    }

    fn listen(&mut self, signals: &[Signal], urgent: Box<dyn Fn(Signal) + Send>) -> io::Result<()> {
        self.inner.listen(signals, urgent)
    }

    fn subscribe(&mut self, signals: &[i32]) -> io::Result<SubscriptionId> {
        self.policy.check(&Need::Signal)?;
        self.inner.subscribe(signals)
    }

    fn unsubscribe(&mut self, id: SubscriptionId) {
        self.inner.unsubscribe(id);
    }

    fn take_signal(&mut self, id: SubscriptionId) -> Option<i32> {
        self.inner.take_signal(id)
    }

    fn wait_signal(&mut self, id: SubscriptionId, ticket: Ticket) {
        self.inner.wait_signal(id, ticket);
    }

    fn unwait_signal(&mut self, id: SubscriptionId, ticket: Ticket) {
        self.inner.unwait_signal(id, ticket);
    }
}
