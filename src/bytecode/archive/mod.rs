//! Compiled modules as bytes: how the program carries the part of the library that is written in Kettle.
//!
//! An *archive* holds *units*, each what one import loads, so that one can be read without the others:
//!
//! ```text
//! archive   "kettle" 0, version   fingerprint (u64)   count   index   units
//! index     for each unit: length of its name, name, length of the unit
//! unit      count of texts   their lengths   the texts, one behind the other   content
//! ```
//!
//! The fingerprint is little endian; all other numbers have as many bytes as they need (`bytecode/number.rs`).
//! A text is a number in the unit's table of texts. The content is what [`program`](super::program) declares,
//! field by field: `code` says so once for both ways. Of an instruction only the operands that its opcode has are
//! written. What a function does, [`Body`](super::body::Body), is a block that is read when somebody looks at it:
//! of most functions of a program's library nobody does.
//!
//! Reading never panics, whatever the bytes are, and asks for no more memory than a multiple of their number.
//! That what was read makes sense is the business of the [verifier](super::verify).

mod code;
mod coded;
mod reader;
mod writer;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::body::BodyCode;
use super::program::ModuleCode;
use coded::{Coded, record};
use reader::{Content, Reader};
use writer::Writer;

/// How an archive begins; the last byte is the version of the format. The fingerprint stands behind it, where
/// `build.rs` looks for it.
const HEAD: [u8; 8] = *b"kettle\0\x01";

/// What one import loads.
#[derive(Debug)]
pub struct Unit {
    /// The names of other units that it needs.
    pub needs: Vec<Arc<str>>,
    /// The names of its source texts, in the order of their numbers.
    pub sources: Vec<Arc<str>>,
    /// Its modules, dependencies first.
    pub modules: Vec<Arc<ModuleCode>>,
}

record! { Unit { needs, sources, modules } }

/// Bytes that are not what they ought to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl fmt::Display for Corrupt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("these bytes are no compiled modules")
    }
}

impl std::error::Error for Corrupt {}

/// Units by their names.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    fingerprint: u64,
    count: usize,
    /// The index, and the units behind it.
    rest: Reader<'a>,
}

impl<'a> Archive<'a> {
    /// Looks at the head of an archive.
    ///
    /// # Errors
    /// If it is none, or one of another version.
    pub fn open(bytes: &'a [u8]) -> Result<Archive<'a>, Corrupt> {
        let mut rest = Reader::new(bytes);
        if rest.take(HEAD.len())? != HEAD {
            return Err(Corrupt);
        }
        let fingerprint = u64::from_le_bytes(rest.array()?);
        let count = rest.count()?;
        Ok(Archive { fingerprint, count, rest })
    }

    /// What says of what the archive was made.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Reads the unit of that name, if there is one.
    ///
    /// # Errors
    /// If the bytes are not what was written.
    pub fn unit(&self, wanted: &str) -> Result<Option<Unit>, Corrupt> {
        let mut rest = self.rest.clone();
        let (mut start, mut found) = (0_usize, None);
        for _ in 0..self.count {
            let name = rest.block()?;
            let length = rest.count()?;
            if name == wanted.as_bytes() {
                found = Some((start, length));
            }
            start = start.checked_add(length).ok_or(Corrupt)?;
        }
        let Some((start, length)) = found else { return Ok(None) };
        rest.take(start)?;
        Unit::from_bytes(rest.take(length)?).map(Some)
    }

    /// The bytes of an archive.
    pub fn to_bytes(fingerprint: u64, units: &[(&str, Unit)]) -> Vec<u8> {
        let units: Vec<_> = units.iter().map(|(name, unit)| (name, unit.to_bytes())).collect();
        let mut out = Writer::default();
        out.raw(&HEAD);
        out.raw(&fingerprint.to_le_bytes());
        out.count(units.len());
        for (name, bytes) in &units {
            out.block(name.as_bytes());
            out.count(bytes.len());
        }
        for (_, bytes) in &units {
            out.raw(bytes);
        }
        out.finish()
    }
}

impl Unit {
    /// Its bytes: the same for the same unit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut content = Writer::default();
        self.write(&mut content);
        content.finish_with_texts()
    }

    /// Reads what [`to_bytes`](Unit::to_bytes) has written.
    ///
    /// # Errors
    /// If the bytes are something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Unit, Corrupt> {
        let content = Arc::new(Content::of_unit(bytes)?);
        let mut from = Reader::of(&content, &content.bytes);
        let unit = Unit::read(&mut from)?;
        if from.left() == 0 { Ok(unit) } else { Err(Corrupt) }
    }
}

/// The body of a function that has not been read yet.
#[derive(Debug)]
pub(super) struct Packed {
    instructions: usize,
    content: Arc<Content>,
    /// The bytes of it, in the content.
    bytes: Range<usize>,
}

impl Packed {
    /// Leaves out a block that is the body of a function with so many instructions.
    fn take(instructions: usize, from: &mut Reader<'_>) -> Result<Packed, Corrupt> {
        let content = from.content()?.clone();
        let length = from.block()?.len();
        // Each instruction takes a byte, so nobody asks for more memory than there are bytes. None is too few.
        if instructions == 0 || instructions > length {
            return Err(Corrupt);
        }
        let end = content.bytes.len() - from.left();
        Ok(Packed { instructions, content, bytes: end - length..end })
    }

    /// How many instructions it has.
    pub(super) fn instructions(&self) -> usize {
        self.instructions
    }

    /// Reads it.
    pub(super) fn read(&self) -> Result<BodyCode, Corrupt> {
        let bytes = self.content.bytes.get(self.bytes.clone()).ok_or(Corrupt)?;
        let mut from = Reader::of(&self.content, bytes);
        let body = BodyCode::read(&mut from)?;
        if from.left() == 0 { Ok(body) } else { Err(Corrupt) }
    }
}
