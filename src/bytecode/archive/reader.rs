//! Reads what the writer has written, and trusts none of it.

use std::sync::Arc;

use super::Corrupt;
use crate::bytecode::number;

/// Bytes that are being read, and the texts that they name.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    texts: Vec<Arc<str>>,
}

impl<'a> Reader<'a> {
    /// Begins to read.
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, texts: Vec::new() }
    }

    /// Whether all has been read.
    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// One byte.
    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8, Corrupt> {
        let (first, rest) = self.rest.split_first().ok_or(Corrupt)?;
        self.rest = rest;
        Ok(*first)
    }

    /// So many bytes as they are.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Corrupt> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Corrupt)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The bytes of a number of fixed size.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Corrupt> {
        self.take(N)?.try_into().map_err(|_| Corrupt)
    }

    /// So many bytes as they are, with their number before them.
    pub(super) fn block(&mut self) -> Result<&'a [u8], Corrupt> {
        let count = self.count()?;
        self.take(count)
    }

    /// A number that is most often small.
    #[inline]
    pub(super) fn number(&mut self) -> Result<u64, Corrupt> {
        number::take(&mut self.rest).ok_or(Corrupt)
    }

    /// A number of 32 bits.
    #[inline]
    pub(super) fn small(&mut self) -> Result<u32, Corrupt> {
        u32::try_from(self.number()?).map_err(|_| Corrupt)
    }

    /// A number that is most often near 0.
    #[inline]
    pub(super) fn signed(&mut self) -> Result<i64, Corrupt> {
        number::take_signed(&mut self.rest).ok_or(Corrupt)
    }

    /// A number of 32 bits that is most often near 0.
    #[inline]
    pub(super) fn small_signed(&mut self) -> Result<i32, Corrupt> {
        i32::try_from(self.signed()?).map_err(|_| Corrupt)
    }

    /// How many of something follow. None of them takes less than a byte, so no count asks for more memory
    /// than there are bytes to fill it from.
    pub(super) fn count(&mut self) -> Result<usize, Corrupt> {
        let count = usize::try_from(self.number()?).map_err(|_| Corrupt)?;
        if count <= self.rest.len() { Ok(count) } else { Err(Corrupt) }
    }

    /// Reads the table of texts.
    pub(super) fn texts(&mut self) -> Result<(), Corrupt> {
        let count = self.count()?;
        let mut lengths = Vec::with_capacity(count);
        let mut total = 0_usize;
        for _ in 0..count {
            let length = self.count()?;
            total = total.checked_add(length).ok_or(Corrupt)?;
            lengths.push(length);
        }
        let mut all = std::str::from_utf8(self.take(total)?).map_err(|_| Corrupt)?;
        self.texts.reserve_exact(count);
        for length in lengths {
            let (text, rest) = all.split_at_checked(length).ok_or(Corrupt)?;
            self.texts.push(text.into());
            all = rest;
        }
        Ok(())
    }

    /// A text of the table.
    pub(super) fn text(&mut self) -> Result<Arc<str>, Corrupt> {
        let number = self.small()? as usize;
        self.texts.get(number).cloned().ok_or(Corrupt)
    }
}
