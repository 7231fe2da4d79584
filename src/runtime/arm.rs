//! The arms of an op: how each kind of wait is tried, registered and taken back.
//!
//! This is the only file that lists all kinds of waits.

use std::task::Poll;

use super::channel::Channel;
use super::driver::Ticket;
use super::event_loop::Loop;
use super::handle::TaskHandle;
use super::mutex::Mutex;
use super::op::{Arm, Outcome, Place};
use super::promise::Promise;
use super::task::TaskId;
use super::timer::Alarm;
use super::wait::{Cx, Wait};
use crate::vm::{Thrown, Vm};

impl Loop {
    /// Tries a wait. Nothing has happened if it is pending.
    pub(super) fn attempt(&mut self, vm: &mut Vm, id: TaskId, wait: &mut Wait) -> Poll<Outcome> {
        let outcome = match wait {
            Wait::Sleep(_) => None,
            Wait::Yield => Some(Ok(crate::vm::Value::null())),
            Wait::Join(handle) => self.try_join(vm, *handle, false),
            Wait::Stop(handle) => self.try_join(vm, *handle, true),
            Wait::Receive(channel, end) => self.try_receive(vm, *channel, *end),
            Wait::Send(channel, value) => self.try_send(vm, *channel, *value),
            Wait::Promise(promise) => super::promise::outcome(vm, *promise),
            Wait::Lock(mutex) => self.try_lock(vm, id, *mutex),
            Wait::Source(source) => {
                match source.attempt(&mut Cx { vm, rt: self, task: id, at_once: false }) {
                    Poll::Ready(result) => Some(result.map_err(|Thrown(error)| error)),
                    Poll::Pending => None,
                }
            }
        };
        outcome.map_or(Poll::Pending, Poll::Ready)
    }

    /// Registers a pending arm where it waits.
    pub(super) fn register(&mut self, vm: &mut Vm, id: TaskId, arm: &mut Arm, ticket: Ticket) {
        arm.place = match &mut arm.wait {
            Wait::Sleep(span) => {
                let deadline = self.driver.now().after(*span);
                Place::Timer(self.timers.start(deadline, Alarm::Wake(ticket)))
            }
            // It never waits.
            Wait::Yield => Place::None,
            Wait::Join(handle) | Wait::Stop(handle) => {
                match vm.heap.object_in_place::<TaskHandle>(*handle) {
                    Some(joined) => Place::Queue(self.waiters.push(&mut joined.joiners, ticket)),
                    None => Place::None,
                }
            }
            Wait::Receive(channel, _) => match vm.heap.object_in_place::<Channel>(*channel) {
                Some(channel) => Place::Queue(self.waiters.push(&mut channel.receivers, ticket)),
                None => Place::None,
            },
            Wait::Send(channel, _) => match vm.heap.object_in_place::<Channel>(*channel) {
                Some(channel) => Place::Queue(self.waiters.push(&mut channel.senders, ticket)),
                None => Place::None,
            },
            Wait::Promise(promise) => match vm.heap.object_in_place::<Promise>(*promise) {
                Some(promise) => Place::Queue(self.waiters.push(&mut promise.waiters, ticket)),
                None => Place::None,
            },
            Wait::Lock(mutex) => match vm.heap.object_in_place::<Mutex>(*mutex) {
                Some(mutex) => {
                    self.lock_waits += 1;
                    Place::Queue(self.waiters.push(&mut mutex.waiters, ticket))
                }
                None => Place::None,
            },
            Wait::Source(source) => {
                source.register(&mut Cx { vm, rt: self, task: id, at_once: false }, ticket);
                self.external += usize::from(source.is_external());
                Place::Source
            }
        };
    }

    /// Takes back what [`register`](Loop::register) did.
    pub(super) fn unregister(&mut self, vm: &mut Vm, id: TaskId, arm: &mut Arm, ticket: Ticket) {
        match (std::mem::replace(&mut arm.place, Place::None), &mut arm.wait) {
            (Place::Timer(timer), _) => self.timers.stop(timer),
            (Place::Queue(waiter), Wait::Join(handle) | Wait::Stop(handle)) => {
                if let Some(joined) = vm.heap.object_in_place::<TaskHandle>(*handle) {
                    self.waiters.remove(&mut joined.joiners, waiter);
                }
            }
            (Place::Queue(waiter), Wait::Receive(channel, _)) => {
                if let Some(channel) = vm.heap.object_in_place::<Channel>(*channel) {
                    self.waiters.remove(&mut channel.receivers, waiter);
                }
            }
            (Place::Queue(waiter), Wait::Send(channel, _)) => {
                if let Some(channel) = vm.heap.object_in_place::<Channel>(*channel) {
                    self.waiters.remove(&mut channel.senders, waiter);
                }
            }
            (Place::Queue(waiter), Wait::Promise(promise)) => {
                if let Some(promise) = vm.heap.object_in_place::<Promise>(*promise) {
                    self.waiters.remove(&mut promise.waiters, waiter);
                }
            }
            (Place::Queue(waiter), Wait::Lock(mutex)) => {
                self.lock_waits -= 1;
                if let Some(mutex) = vm.heap.object_in_place::<Mutex>(*mutex) {
                    self.waiters.remove(&mut mutex.waiters, waiter);
                }
            }
            (Place::Source, Wait::Source(source)) => {
                self.external -= usize::from(source.is_external());
                source.unregister(&mut Cx { vm, rt: self, task: id, at_once: false }, ticket);
            }
            (Place::None | Place::Queue(_) | Place::Source, _) => {}
        }
    }
}
