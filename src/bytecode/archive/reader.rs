//! Reads what the writer has written, and trusts none of it.

use std::sync::{Arc, OnceLock};

use super::Corrupt;
use crate::bytecode::number;

/// The bytes of a unit behind its texts, and those.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Box<[u8]>,
    /// All texts, one behind the other.
    all: Box<str>,
    texts: Vec<Text>,
}

/// A text of a unit. It is made when it is first asked for, as many are names of variables and documentation.
#[derive(Debug)]
struct Text {
    start: usize,
    end: usize,
    made: OnceLock<Arc<str>>,
}

/// Bytes that are being read, and where the texts are that they name.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    content: Option<&'a Arc<Content>>,
}

impl<'a> Reader<'a> {
    /// Begins to read.
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, content: None }
    }

    /// Begins to read a part of the content of a unit.
    pub(super) fn of(content: &'a Arc<Content>, bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes, content: Some(content) }
    }

    /// Whose content is being read.
    pub(super) fn content(&self) -> Result<&'a Arc<Content>, Corrupt> {
        self.content.ok_or(Corrupt)
    }

    /// How many bytes have not been read.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
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

    /// A text of the table.
    pub(super) fn text(&mut self) -> Result<Arc<str>, Corrupt> {
        let number = self.small()? as usize;
        let content = self.content()?;
        let text = content.texts.get(number).ok_or(Corrupt)?;
        // It has been looked at that each text is one.
        Ok(text.made.get_or_init(|| content.all[text.start..text.end].into()).clone())
    }
}

impl Content {
    /// Reads the texts of a unit; what stands behind them is left as it is.
    pub(super) fn of_unit(bytes: &[u8]) -> Result<Content, Corrupt> {
        let mut from = Reader::new(bytes);
        let count = from.count()?;
        let mut texts = Vec::with_capacity(count);
        let mut start = 0_usize;
        for _ in 0..count {
            let end = start.checked_add(from.count()?).ok_or(Corrupt)?;
            texts.push(Text { start, end, made: OnceLock::new() });
            start = end;
        }
        let all = std::str::from_utf8(from.take(start)?).map_err(|_| Corrupt)?;
        if texts.iter().all(|text| all.is_char_boundary(text.end)) {
            Ok(Content { bytes: from.rest.into(), all: all.into(), texts })
        } else {
            Err(Corrupt)
        }
    }
}
