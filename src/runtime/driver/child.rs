//! Child processes from their start to the moment when nothing is left of them.
//!
//! A child is started on the pool and then handed to the driver, which learns of its end (a
//! descriptor of the process in the poll on Linux, a waiting thread elsewhere), reaps it, and sees to
//! it that a child nobody wants any more ends: it is asked to, and killed if it does not. Its process
//! group goes with it. No zombie is left, and no child outlives its driver.

use std::process::Child;

use super::SocketId;

/// A child process of a driver. Stale ones are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChildId {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Signalled(i32),
}

/// A child that was started and has not been given to a driver yet.
///
/// Dropping it ends the process: whoever wanted it is gone.
#[derive(Debug)]
pub struct NewChild {
    process: Option<Child>,
    /// It leads a process group of its own.
    #[cfg_attr(not(feature = "driver"), expect(dead_code, reason = "the real driver asks"))]
    leads: bool,
}

/// A child in the hands of a driver, and the ends of its pipes.
#[derive(Clone, Copy, Debug)]
pub struct Adopted {
    /// The process.
    pub child: ChildId,
    /// Its number in the system.
    pub pid: u32,
    /// What it reads as standard input.
    pub stdin: Option<SocketId>,
    /// What it writes to standard output.
    pub stdout: Option<SocketId>,
    /// What it writes to standard error.
    pub stderr: Option<SocketId>,
}

impl NewChild {
    /// A process that has just been started; `leads` if it was made the leader of a group.
    pub fn new(process: Child, leads: bool) -> NewChild {
        NewChild { process: Some(process), leads }
    }
}

impl Drop for NewChild {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have ended already; then there is only its status to collect.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

#[cfg(all(unix, feature = "driver"))]
pub(super) use unix::Children;

#[cfg(all(unix, feature = "driver"))]
mod unix {
    use std::io;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Child;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group};
    use slab::Slab;

    use super::super::remote::{Message, Remote};
    use super::super::{Event, Moment, Ticket};
    use super::{ChildId, ChildStatus, NewChild};

    /// How long a child that was asked to end may take.
    const GRACE: Duration = Duration::from_secs(2);
    /// Tokens of children have this bit; the generation of a socket never gets so large.
    const TOKEN_BIT: usize = 1 << 63;

    /// All children of a driver that have not been reaped, or whose status somebody may still want.
    #[derive(Default)]
    pub(in super::super) struct Children {
        slots: Slab<Entry>,
        generations: u32,
        /// How many tickets wait in all slots together.
        waiting: usize,
    }

    struct Entry {
        process: Child,
        generation: u32,
        leads: bool,
        /// Readable when the process has ended; none where a thread waits instead.
        descriptor: Option<OwnedFd>,
        status: Option<ChildStatus>,
        waiters: Vec<Ticket>,
        /// Nobody will ask for its status: it is forgotten when it has ended.
        retired: bool,
        /// When it is killed, if it has not ended.
        deadline: Option<Moment>,
    }

    impl Children {
        /// Nothing has to be watched.
        pub(in super::super) fn is_empty(&self) -> bool {
            self.slots.is_empty()
        }

        /// How many tickets wait for children.
        pub(in super::super) fn waiting(&self) -> usize {
            self.waiting
        }

        /// Takes a child in. Gives the process back for its pipes.
        pub(in super::super) fn adopt(
            &mut self,
            registry: &Registry,
            remote: &Arc<Remote>,
            mut new: NewChild,
        ) -> io::Result<(ChildId, &mut Child)> {
            let Some(process) = &new.process else { return Err(stale()) };
            let pid = pid_of(process);
            let slot = self.slots.vacant_key();
            let descriptor = watch(registry, remote, pid, slot)?;
            let Some(process) = new.process.take() else { return Err(stale()) };
            self.generations = self.generations.wrapping_add(1);
            let generation = self.generations;
            self.slots.insert(Entry {
                process,
                generation,
                leads: new.leads,
                descriptor,
                status: None,
                waiters: Vec::new(),
                retired: false,
                deadline: None,
            });
            let slot_number = u32::try_from(slot).map_err(|_| io::Error::other("too many"))?;
            Ok((ChildId { slot: slot_number, generation }, &mut self.slots[slot].process))
        }

        /// How it ended, if it has.
        pub(in super::super) fn status(&self, id: ChildId) -> io::Result<Option<ChildStatus>> {
            self.look(id).map(|entry| entry.status).ok_or_else(stale)
        }

        /// Reports `ticket` when it has ended. True if it has already.
        pub(in super::super) fn wait(&mut self, id: ChildId, ticket: Ticket) -> bool {
            let Some(entry) = self.get(id) else { return true };
            if entry.status.is_some() {
                return true;
            }
            if !entry.waiters.contains(&ticket) {
                entry.waiters.push(ticket);
                self.waiting += 1;
            }
            false
        }

        pub(in super::super) fn unwait(&mut self, id: ChildId, ticket: Ticket) {
            let Some(entry) = self.get(id) else { return };
            if let Some(place) = entry.waiters.iter().position(|waiter| *waiter == ticket) {
                entry.waiters.remove(place);
                self.waiting -= 1;
            }
        }

        /// Sends a signal to the child, and to its group if it leads one. Nothing if it has ended.
        pub(in super::super) fn kill(&mut self, id: ChildId, signal: i32) -> io::Result<()> {
            let Some(signal) = Signal::from_named_raw(signal) else {
                return Err(io::Error::new(io::ErrorKind::InvalidInput, "there is no such signal"));
            };
            let entry = self.look(id).ok_or_else(stale)?;
            if entry.status.is_none() { entry.send(signal) } else { Ok(()) }
        }

        /// Nobody wants the child any more. If it runs, it is asked to end, and killed if it has not
        /// done so in time.
        pub(in super::super) fn retire(&mut self, id: ChildId, now: Moment) {
            let Some(entry) = self.get(id) else { return };
            let waiting = std::mem::take(&mut entry.waiters).len();
            if entry.status.is_some() {
                self.slots.remove(id.slot as usize);
            } else if !entry.retired {
                entry.retired = true;
                entry.deadline = Some(now.after(GRACE));
                // It ends by itself between the look and the signal: that is what is wanted.
                let _ = entry.send(Signal::TERM);
            }
            self.waiting -= waiting;
        }

        /// When the next child has to be killed.
        pub(in super::super) fn deadline(&self) -> Option<Moment> {
            self.slots.iter().filter_map(|(_, entry)| entry.deadline).min()
        }

        /// Kills what had its time.
        pub(in super::super) fn kill_overdue(&mut self, now: Moment) {
            for (_, entry) in &mut self.slots {
                if entry.deadline.is_some_and(|deadline| deadline <= now) {
                    entry.deadline = None;
                    // As above.
                    let _ = entry.send(Signal::KILL);
                }
            }
        }

        /// The slot that an event of the poll is about.
        pub(in super::super) fn slot_of(token: Token) -> Option<usize> {
            (token.0 & TOKEN_BIT != 0).then_some(token.0 & !TOKEN_BIT)
        }

        /// A child has ended: its status is collected and its waiters are reported.
        pub(in super::super) fn ended(
            &mut self,
            registry: &Registry,
            slot: usize,
            events: &mut Vec<Event>,
        ) {
            let Some(entry) = self.slots.get_mut(slot) else { return };
            if entry.retired && entry.leads {
                // Its children go with it. While it has not been reaped nobody else has its number.
                let _ = entry.send(Signal::KILL);
            }
            let Ok(Some(status)) = entry.process.try_wait() else { return };
            if let Some(descriptor) = entry.descriptor.take() {
                // Closing it takes it out of the poll as well.
                let _ = registry.deregister(&mut SourceFd(&descriptor.as_raw_fd()));
            }
            entry.status = Some(status_of(status));
            entry.deadline = None;
            let waiters = std::mem::take(&mut entry.waiters);
            if entry.retired {
                self.slots.remove(slot);
            }
            self.waiting -= waiters.len();
            events.extend(waiters.into_iter().map(Event::Ready));
        }

        fn get(&mut self, id: ChildId) -> Option<&mut Entry> {
            let entry = self.slots.get_mut(id.slot as usize)?;
            (entry.generation == id.generation).then_some(entry)
        }

        fn look(&self, id: ChildId) -> Option<&Entry> {
            let entry = self.slots.get(id.slot as usize)?;
            (entry.generation == id.generation).then_some(entry)
        }
    }

    impl Drop for Children {
        /// The loop is over: what still runs ends now, politely first.
        fn drop(&mut self) {
            let mut running: Vec<&mut Entry> =
                self.slots.iter_mut().map(|(_, entry)| entry).collect();
            running.retain_mut(|entry| entry.status.is_none());
            for entry in &running {
                let _ = entry.send(Signal::TERM);
            }
            let end = Instant::now() + GRACE;
            while !running.is_empty() && Instant::now() < end {
                running.retain_mut(|entry| matches!(entry.process.try_wait(), Ok(None)));
                if !running.is_empty() {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
            for entry in running {
                let _ = entry.send(Signal::KILL);
                let _ = entry.process.wait();
            }
        }
    }

    impl Entry {
        fn send(&self, signal: Signal) -> io::Result<()> {
            let pid = pid_of(&self.process);
            let sent = if self.leads {
                kill_process_group(pid, signal)
            } else {
                kill_process(pid, signal)
            };
            Ok(sent?)
        }
    }

    fn pid_of(process: &Child) -> Pid {
        Pid::from_child(process)
    }

    fn status_of(status: std::process::ExitStatus) -> ChildStatus {
        match (status.code(), status.signal()) {
            (Some(code), _) => ChildStatus::Exited(code),
            (None, Some(signal)) => ChildStatus::Signalled(signal),
            // Neither ended by itself nor by a signal: no system does that.
            (None, None) => ChildStatus::Exited(-1),
        }
    }

    /// Has the poll, or a thread, tell when the process ends.
    fn watch(
        registry: &Registry,
        remote: &Arc<Remote>,
        pid: Pid,
        slot: usize,
    ) -> io::Result<Option<OwnedFd>> {
        if let Some(descriptor) = descriptor_of(pid) {
            let raw = descriptor.as_fd().as_raw_fd();
            registry.register(&mut SourceFd(&raw), Token(TOKEN_BIT | slot), Interest::READABLE)?;
            return Ok(Some(descriptor));
        }
        let remote = remote.clone();
        std::thread::Builder::new().name("kettle-child".to_string()).stack_size(128 * 1024).spawn(
            move || {
                // Waits without reaping: the loop does that, so the number stays taken till then.
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                while let Err(rustix::io::Errno::INTR) =
                    rustix::process::waitid(WaitId::Pid(pid), options)
                {}
                remote.post(Message::ChildEnded(slot));
            },
        )?;
        Ok(None)
    }

    /// A descriptor that is readable when the process has ended; none where the system has no such
    /// thing, or a sandbox forbids it.
    #[cfg(target_os = "linux")]
    fn descriptor_of(pid: Pid) -> Option<OwnedFd> {
        rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
    }

    #[cfg(not(target_os = "linux"))]
    fn descriptor_of(_: Pid) -> Option<OwnedFd> {
        None
    }

    fn stale() -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, "this process has ended and was forgotten")
    }
}
