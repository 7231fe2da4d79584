//! What an instruction has still to do while script code runs on its behalf.
//!
//! Printing and comparing stop where a class defines `str`, `==` or `<`. Their state waits here, with
//! the frame of the instruction, until that method's frame returns or is unwound.

use super::Op;
use crate::vm::display::Printer;
use crate::vm::equal::Comparison;
use crate::vm::heap::Marker;
use crate::vm::order::Ordered;
use crate::vm::value::Value;

/// The state of an instruction that waits for a method.
#[derive(Debug)]
pub(in crate::vm) enum Work {
    /// `==`
    Equal(Comparison),
    /// `<`
    Order(Ordered),
    /// `in` a list: the index that is being compared.
    Search(usize, Comparison),
    /// Text that is being joined: what there is so far, the part that is being printed.
    Join(String, u8, Printer),
    /// A value that is being printed to be formatted.
    Print(Printer),
}

/// Work that was put off, with the index of the `R[0]` of the instruction's frame.
#[derive(Debug)]
pub(in crate::vm) struct PutOff {
    pub(in crate::vm) base: u32,
    pub(in crate::vm) work: Work,
}

impl PutOff {
    /// Reports the values it holds.
    pub(in crate::vm) fn trace(&self, marker: &mut Marker) {
        match &self.work {
            Work::Equal(comparison) | Work::Search(_, comparison) => comparison.trace(marker),
            Work::Order(ordered) => ordered.trace(marker),
            Work::Join(_, _, printer) | Work::Print(printer) => printer.trace(marker),
        }
    }
}

impl Op<'_> {
    /// Puts work off until the method that is called next has returned to this instruction.
    pub(in crate::vm) fn put_off(&mut self, work: Work) {
        let base = self.slot_index(0);
        let fiber = self.vm.fibers.get_mut(self.vm.running);
        fiber.work.get_or_insert_default().push(PutOff { base, work });
    }

    /// The work that this instruction has put off.
    pub(in crate::vm) fn take_up(&mut self) -> Option<Work> {
        let base = self.slot_index(0);
        let work = self.vm.fibers.get_mut(self.vm.running).work.as_mut()?;
        let own = work.last().is_some_and(|last| last.base == base);
        if own { work.pop().map(|last| last.work) } else { None }
    }

    /// What a method `str` gave, if it is a string.
    pub(in crate::vm) fn answered_text(&self, result: Value) -> Option<String> {
        self.vm.heap.str(result).map(str::to_owned)
    }
}
