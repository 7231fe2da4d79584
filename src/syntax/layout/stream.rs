//! The filter at work: tokens are made a few at a time and taken one by one, so that they need no
//! memory of their own.

use super::{Layout, Spanned};

/// So many tokens are made at a time.
pub(super) const AHEAD: usize = 64;

/// The filter at work.
pub struct Stream<'a> {
    layout: Layout<'a>,
    /// The next lexeme.
    at: usize,
    /// So many of the tokens at hand have been taken.
    taken: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn new(layout: Layout<'a>) -> Stream<'a> {
        Stream { layout, at: 0, taken: 0 }
    }

    /// Makes the next few tokens. The last one made before is kept, since a separator may be taken back.
    fn refill(&mut self) {
        self.layout.out.drain(..self.taken);
        self.taken = 0;
        let count = self.layout.lexemes.len();
        while self.layout.out.len() < AHEAD && self.at < count {
            self.at += self.layout.step(self.at);
        }
        if self.at >= count {
            self.layout.drop_separator();
        }
    }
}

impl Iterator for Stream<'_> {
    type Item = Spanned;

    fn next(&mut self) -> Option<Spanned> {
        let is_done = self.at >= self.layout.lexemes.len();
        if self.taken + usize::from(!is_done) >= self.layout.out.len() {
            self.refill();
        }
        let token = *self.layout.out.get(self.taken)?;
        self.taken += 1;
        Some(token)
    }
}
