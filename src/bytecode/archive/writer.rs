//! Writes the parts that everything in an archive consists of.

use std::collections::HashMap;
use std::sync::Arc;

use crate::bytecode::number;

/// Bytes that are being written, with the texts that they name.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Writer {
    /// One byte.
    pub(super) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes as they are, with their number before them.
    pub(super) fn block(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.raw(bytes);
    }

    /// What is written in there as a block.
    pub(super) fn nested(&mut self, write: impl FnOnce(&mut Writer)) {
        let outer = std::mem::take(&mut self.bytes);
        write(self);
        let inner = std::mem::replace(&mut self.bytes, outer);
        self.block(&inner);
    }

    /// A number that is most often small.
    pub(super) fn number(&mut self, number: u64) {
        number::put(&mut self.bytes, number);
    }

    /// A number that is most often near 0.
    pub(super) fn signed(&mut self, number: i64) {
        number::put_signed(&mut self.bytes, number);
    }

    /// How many of something follow.
    pub(super) fn count(&mut self, count: usize) {
        self.number(count as u64);
    }

    /// A text, by its number.
    pub(super) fn text(&mut self, text: &Arc<str>) {
        let next = self.texts.len() as u32;
        let number = *self.numbers.entry(text.clone()).or_insert(next);
        if number == next {
            self.texts.push(text.clone());
        }
        self.number(u64::from(number));
    }

    /// What was written.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// What was written, behind the texts that it names.
    pub(super) fn finish_with_texts(self) -> Vec<u8> {
        let mut out = Writer::default();
        out.count(self.texts.len());
        for text in &self.texts {
            out.count(text.len());
        }
        for text in &self.texts {
            out.raw(text.as_bytes());
        }
        out.raw(&self.bytes);
        out.finish()
    }
}
