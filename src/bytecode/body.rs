//! What a function does, apart from how it is called: of most functions of the library nobody asks for that.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use super::archive::Packed;
use super::instruction::Instruction;
use super::place::Places;
use super::program::{Handler, LocalCode};

/// The code of a function with all that goes with it.
#[derive(Clone, Debug, Default)]
pub struct BodyCode {
    /// Instructions.
    pub code: Vec<Instruction>,
    /// For each instruction its place in the source.
    pub places: Places,
    /// Protected ranges, inner ones first.
    pub handlers: Vec<Handler>,
    /// The variables that have registers of their own, or cells in them: for messages and debuggers.
    pub locals: Vec<LocalCode>,
    /// Its doc comment.
    pub doc: Option<Arc<str>>,
}

/// The same; one from an archive is read when somebody first looks at it.
#[derive(Default)]
pub struct Body {
    packed: Option<Packed>,
    read: OnceLock<BodyCode>,
}

impl Body {
    /// One that is to be read.
    pub(super) fn packed(packed: Packed) -> Body {
        Body { packed: Some(packed), read: OnceLock::new() }
    }

    /// How many instructions it says to have, if it comes from an archive.
    pub fn packed_length(&self) -> Option<usize> {
        self.packed.as_ref().map(Packed::instructions)
    }
}

impl From<BodyCode> for Body {
    fn from(code: BodyCode) -> Body {
        Body { packed: None, read: code.into() }
    }
}

/// What cannot be read is empty, which the verifier refuses.
impl Deref for Body {
    type Target = BodyCode;

    fn deref(&self) -> &BodyCode {
        self.read.get_or_init(|| match &self.packed {
            Some(packed) => packed.read().unwrap_or_default(),
            None => BodyCode::default(),
        })
    }
}

impl DerefMut for Body {
    fn deref_mut(&mut self) -> &mut BodyCode {
        *self = Body::from(BodyCode::clone(self));
        self.read.get_mut().expect("it has just been set")
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}
