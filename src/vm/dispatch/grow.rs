//! A stack that has become too small: it moves to a larger buffer, within the limits of depth and memory.

use super::op::Op;
use crate::vm::error::{ErrorKind, Thrown};
use crate::vm::value::Value;

/// In torture mode stacks up to this size are moved at every call; larger ones would take too long.
const MOVED_CAPACITY_MAX: usize = 1024;
/// Stacks below this size are not deep, unless hardly any depth is allowed.
const DEPTH_CHECKED_FROM: usize = 4096;

impl Op<'_> {
    #[cold]
    #[inline(never)]
    pub(super) fn grow(&mut self, slots: usize) -> Result<(), Thrown> {
        let running = self.vm.running;
        let fiber = self.vm.fibers.get(running);
        let base = fiber.stack.index_of(self.base);
        let (capacity, needed) = (fiber.stack.capacity(), base + slots);
        let fits = needed <= capacity;
        let torture = self.vm.options.torture;
        let left = if self.vm.counts_depth { Some(self.depth_left()?) } else { None };
        if !fits || torture && capacity <= MOVED_CAPACITY_MAX {
            let capacity = if fits { capacity } else { self.grown_capacity(capacity, needed)? };
            self.vm.fibers.grow(running, capacity);
            self.vm.count_fibers();
        } else if left.is_none() {
            return Ok(());
        }
        let stack = &self.vm.fibers.get_mut(running).stack;
        self.base = stack.start().wrapping_add(base);
        // A frame takes a slot at least: beyond this there may be one too many.
        let exact = left.map(|left| stack.start().wrapping_add(needed + left).addr() - 1);
        let end = exact.map_or(stack.end(), |exact| exact.min(stack.end()));
        self.vm.stack_end = if torture { 0 } else { end };
        Ok(())
    }

    /// How many more frames there may be; at least one, else it is an error. The host may allow more.
    fn depth_left(&mut self) -> Result<usize, Thrown> {
        self.save();
        let frames = self.vm.frames(self.vm.fibers.get(self.vm.running));
        let depth = frames.filter(|frame| !self.vm.is_stub(frame.word)).count();
        while depth >= self.vm.options.stack_depth_max {
            if !self.vm.may_go_deeper() {
                return Err(self.vm.stack_overflow());
            }
        }
        Ok(self.vm.options.stack_depth_max - depth)
    }

    /// The size of a stack that has become too small, within the limits of depth and memory.
    fn grown_capacity(&mut self, capacity: usize, needed: usize) -> Result<usize, Thrown> {
        let slots_max = self.vm.options.stack_bytes_max / size_of::<Value>();
        let mut doubled = (capacity * 2).max(needed + 16);
        if capacity >= DEPTH_CHECKED_FROM {
            let left = self.depth_left()?;
            let depth_max = self.vm.options.stack_depth_max;
            let depth = depth_max - left;
            // No more than the frames that are still allowed will need if they are like these.
            let allowed = (capacity / depth.max(1) + 1).saturating_mul(depth_max);
            doubled = doubled.min(allowed.max(needed + 64));
        }
        if needed > slots_max {
            return Err(self.vm.stack_overflow());
        }
        let capacity = doubled.min(slots_max);
        let bytes = (capacity - capacity.min(needed)) * size_of::<Value>();
        if self.vm.heap.reserve(bytes).is_err() {
            self.vm.ring(crate::vm::Limit::Memory);
            return Err(self.vm.error(ErrorKind::MemoryError, "no memory for a deeper stack"));
        }
        Ok(capacity)
    }
}
