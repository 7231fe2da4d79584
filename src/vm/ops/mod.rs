//! What instructions do when the fast path in `dispatch/body.rs` does not fit.
//!
//! An operation is a function that gets an [`Op`]: the VM, the instruction and its frame. It reads
//! and writes registers and says how to go on. It may push a frame, so that script code runs next:
//! the frame's result comes back through [`deliver`], which looks at the instruction that pushed it.

pub(super) mod arithmetic;
mod bind;
pub(super) mod call;
pub(super) mod class;
pub(super) mod compare;
mod construct;
pub(super) mod container;
mod deliver;
pub(super) mod enumeration;
pub(super) mod error;
pub(super) mod field;
mod format;
pub(super) mod generator;
pub(super) mod index;
pub(super) mod invoke;
pub(super) mod iterate;
pub(super) mod kind;
mod lookup;
pub(super) mod pattern;
mod site;
pub(super) mod sort;
pub(super) mod task;
pub(super) mod text;
pub(super) mod variable;
pub(super) mod work;

use std::sync::atomic::Ordering;

pub(super) use deliver::deliver;
pub(super) use lookup::MembersKnown;
pub(super) use site::Sites;

use super::dispatch::op::{Flow, Op, Step};
use super::exit::Exit;
use super::{FUEL_SLICE, Vm};

/// Gives the fuel of the next slice, or leaves when there is none or the VM was interrupted.
pub(super) fn refuel(op: &mut Op<'_>) -> Step {
    if op.vm.profiler.is_some() {
        // Every safepoint comes by here.
        super::profile::visit(op);
    }
    if op.vm.next_slice() { Ok(Flow::Stay) } else { op.leave(Exit::Budget) }
}

impl Vm {
    /// Takes the fuel of the next slice. Says whether there is any, and nobody has interrupted the VM.
    pub(super) fn next_slice(&mut self) -> bool {
        if self.fuel_reserve <= 0 || self.interrupt.load(Ordering::Relaxed) != 0 {
            self.fuel = 0;
            return false;
        }
        let most = if self.profiler.is_some() { 1 } else { FUEL_SLICE };
        self.fuel = self.fuel_reserve.min(most);
        self.fuel_reserve -= self.fuel;
        true
    }
}
