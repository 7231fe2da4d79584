//! Going over much data in such a way that the host can end it in the middle.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

use memchr::memmem::{Finder, FinderRev};

use super::Vm;
use super::error::Thrown;
use super::limit::INTERRUPT_STOP;

/// After so many steps somebody looks whether the program has to end.
const STEPS: u32 = 1 << 14;
/// After so many bytes.
const BYTES: usize = 1 << 20;

/// Looks whether the program has to end, and remembers that something was left for that: the host may
/// think better of it before anybody asks.
#[derive(Clone, Copy, Debug)]
struct Look<'v> {
    interrupt: &'v AtomicU8,
    has_given_up: &'v Cell<bool>,
}

impl Look<'_> {
    fn gives_up(self) -> bool {
        let gives_up = self.interrupt.load(Ordering::Relaxed) & INTERRUPT_STOP != 0;
        self.has_given_up.set(self.has_given_up.get() | gives_up);
        gives_up
    }
}

/// An iterator that ends early if the program has to end; what it was for is then of no use. Who goes through
/// it asks [`Vm::goes_on`] behind it.
#[derive(Clone, Debug)]
pub struct Patient<'v, I> {
    iter: I,
    left: u32,
    look: Look<'v>,
}

impl<I> Patient<'_, I> {
    #[cold]
    fn look(&mut self) -> bool {
        self.left = STEPS;
        self.look.gives_up()
    }
}

impl<I: Iterator> Iterator for Patient<'_, I> {
    type Item = I::Item;

    #[inline]
    fn next(&mut self) -> Option<I::Item> {
        if self.left == 0 && self.look() {
            return None;
        }
        self.left -= 1;
        self.iter.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.iter.size_hint()
    }
}

/// The places where something stands in bytes, one behind the other, with nothing in common.
#[derive(Debug)]
pub struct Places<'a> {
    content: &'a [u8],
    finder: Finder<'a>,
    at: usize,
    look: Look<'a>,
}

impl Iterator for Places<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let length = self.finder.needle().len();
        loop {
            // Each part overlaps with the next one, so that nothing on the edge is missed.
            let end = self.content.len().min(self.at.saturating_add(BYTES + length));
            let part = self.content.get(self.at..end)?;
            let found = match self.finder.needle() {
                [byte] => memchr::memchr(*byte, part),
                _ => self.finder.find(part),
            };
            if let Some(found) = found {
                let found = self.at + found;
                self.at = found + length;
                return Some(found);
            }
            if end == self.content.len() || self.look.gives_up() {
                return None;
            }
            self.at = end + 1 - length.max(1);
        }
    }
}

impl Vm {
    fn look(&self) -> Look<'_> {
        Look { interrupt: &self.interrupt, has_given_up: &self.has_given_up }
    }

    /// Whether the time has come to leave something in the middle. Who does asks [`Vm::goes_on`] then.
    pub fn gives_up(&self) -> bool {
        self.look().gives_up()
    }

    /// The program is being ended: what was left in the middle is left.
    pub fn hear_of_stop(&mut self) {
        self.has_given_up.set(false);
    }

    /// Goes through something long.
    #[inline]
    pub fn patiently<I: IntoIterator>(&self, items: I) -> Patient<'_, I::IntoIter> {
        Patient { iter: items.into_iter(), left: STEPS, look: self.look() }
    }

    /// Says when the time has come to leave a loop that goes through no iterator: never, unless the program
    /// has to end.
    #[inline]
    pub fn steps(&self) -> impl Iterator<Item = ()> + '_ {
        self.patiently(std::iter::repeat(()))
    }

    /// Fails if something was left in the middle.
    #[inline]
    pub fn goes_on(&mut self) -> Result<(), Thrown> {
        if self.has_given_up.take() | self.has_to_stop() { Err(self.stopped()) } else { Ok(()) }
    }

    /// The same, for a loop that is at this step; it looks now and then.
    #[inline]
    pub fn goes_on_at(&mut self, step: usize) -> Result<(), Thrown> {
        if step.is_multiple_of(STEPS as usize) { self.goes_on() } else { Ok(()) }
    }

    /// Where `what`, which must not be empty, stands in bytes, from `at` on.
    pub fn places<'a>(&'a self, content: &'a [u8], what: &'a [u8], at: usize) -> Places<'a> {
        Places { content, finder: Finder::new(what), at, look: self.look() }
    }

    /// How many [places](Vm::places) there are.
    pub fn count_places(&self, content: &[u8], what: &[u8]) -> usize {
        let [byte] = what else { return self.patiently(self.places(content, what, 0)).count() };
        let parts = content.chunks(BYTES).take_while(|_| !self.gives_up());
        parts.map(|part| memchr::memchr_iter(*byte, part).count()).sum()
    }

    /// Where it stands last.
    pub fn last_place(&self, content: &[u8], what: &[u8]) -> Option<usize> {
        let finder = FinderRev::new(what);
        let mut end = content.len();
        loop {
            let start = end.saturating_sub(BYTES + what.len());
            if let Some(found) = finder.rfind(&content[start..end]) {
                return Some(start + found);
            }
            if start == 0 || self.gives_up() {
                return None;
            }
            end = start + what.len().max(1) - 1;
        }
    }

    /// The parts of a long text, cut behind a byte that `may_end` one and where a character ends.
    pub fn parts<'a>(
        &'a self,
        text: &'a str,
        may_end: impl Fn(u8) -> bool + 'a,
    ) -> impl Iterator<Item = &'a str> + 'a {
        let mut rest = text;
        std::iter::from_fn(move || {
            if rest.is_empty() || rest.len() < text.len() && self.gives_up() {
                return None;
            }
            let bytes = rest.as_bytes();
            let cut = (BYTES.min(bytes.len())..bytes.len())
                .find(|at| may_end(bytes[at - 1]) && rest.is_char_boundary(*at));
            let (part, behind) = rest.split_at(cut.unwrap_or(bytes.len()));
            rest = behind;
            Some(part)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::VmOptions;
    use super::*;

    #[test]
    fn nothing_on_the_edge_of_a_part_is_missed() {
        let vm = Vm::new(VmOptions::default());
        for what in ["x", "xyz", "xyzxyz"] {
            for shift in 0..8 {
                let mut content = vec![b'.'; 3 * BYTES];
                for place in [0, BYTES - shift, 2 * BYTES + shift, 3 * BYTES - what.len()] {
                    content[place..place + what.len()].copy_from_slice(what.as_bytes());
                }
                let all: Vec<usize> = vm.places(&content, what.as_bytes(), 0).collect();
                assert_eq!(vm.count_places(&content, what.as_bytes()), all.len());
                let expected: Vec<usize> =
                    memchr::memmem::find_iter(&content, what.as_bytes()).collect();
                assert_eq!(all, expected);
                let last = vm.last_place(&content[..content.len() - 1], what.as_bytes());
                assert_eq!(last, expected.iter().rev().nth(1).copied());
            }
        }
    }

    #[test]
    fn parts_are_the_whole_text() {
        let vm = Vm::new(VmOptions::default());
        let text = "aä€😀 ".repeat(BYTES / 4);
        for may_end in [|_| true, |byte| byte == b' ', |_| false] {
            let parts: Vec<&str> = vm.parts(&text, may_end).collect();
            assert_eq!(parts.concat(), text);
            assert!(
                parts[..parts.len() - 1]
                    .iter()
                    .all(|part| may_end(part.as_bytes()[part.len() - 1]))
            );
        }
        assert_eq!(vm.parts("", |_| true).count(), 0);
    }

    #[test]
    fn what_has_to_stop_ends_soon() {
        let mut vm = Vm::new(VmOptions::default());
        assert_eq!(vm.steps().take(100_000).count(), 100_000);
        vm.interrupt.store(INTERRUPT_STOP, Ordering::Relaxed);
        assert_eq!(vm.steps().count(), STEPS as usize);
        vm.interrupt.store(0, Ordering::Relaxed);
        assert!(vm.goes_on().is_err(), "something was left, whatever the host thinks now");
        assert!(vm.goes_on().is_ok());
        vm.interrupt.store(INTERRUPT_STOP, Ordering::Relaxed);
        let content = vec![b'.'; 2 * BYTES];
        assert_eq!(vm.places(&content, b"x", 0).next(), None);
        assert_eq!(vm.parts(&" ".repeat(3 * BYTES), |_| true).count(), 1);
    }
}
