//! What can be written into an archive and read from it. A type says of what it consists, and both ways
//! come from that.

use std::sync::Arc;

use super::Corrupt;
use super::reader::Reader;
use super::writer::Writer;
use crate::diagnostics::{SourceId, Span};

/// Something with a form in bytes. Reading what was written gives the same again.
pub(super) trait Coded: Sized {
    /// Writes it.
    fn write(&self, out: &mut Writer);

    /// Reads it. At least one byte is read.
    fn read(from: &mut Reader<'_>) -> Result<Self, Corrupt>;
}

/// Structures: `Name { field, … }` are all fields, in the order in which they are written.
macro_rules! record {
    ($($name:ident { $($field:ident),+ $(,)? })+) => { $(
        impl $crate::bytecode::archive::coded::Coded for $name {
            fn write(&self, out: &mut $crate::bytecode::archive::writer::Writer) {
                let $name { $($field),+ } = self;
                $( $field.write(out); )+
            }

            fn read(
                from: &mut $crate::bytecode::archive::reader::Reader<'_>,
            ) -> Result<$name, $crate::bytecode::archive::Corrupt> {
                $( let $field = $crate::bytecode::archive::coded::Coded::read(from)?; )+
                Ok($name { $($field),+ })
            }
        }
    )+ };
}

/// Enums: for each variant the byte that stands for it, and names for its parts.
macro_rules! choice {
    ($($name:ident { $($tag:literal $variant:ident $(($($part:ident),+))?,)+ })+) => { $(
        impl $crate::bytecode::archive::coded::Coded for $name {
            fn write(&self, out: &mut $crate::bytecode::archive::writer::Writer) {
                match self { $(
                    $name::$variant $(($($part),+))? => {
                        out.byte($tag);
                        $( $( $part.write(out); )+ )?
                    }
                )+ }
            }

            fn read(
                from: &mut $crate::bytecode::archive::reader::Reader<'_>,
            ) -> Result<$name, $crate::bytecode::archive::Corrupt> {
                Ok(match from.byte()? {
                    $( $tag => {
                        $( $( let $part = $crate::bytecode::archive::coded::Coded::read(from)?; )+ )?
                        $name::$variant $(($($part),+))?
                    } )+
                    _ => return Err($crate::bytecode::archive::Corrupt),
                })
            }
        }
    )+ };
}

pub(super) use {choice, record};

impl Coded for u8 {
    fn write(&self, out: &mut Writer) {
        out.byte(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<u8, Corrupt> {
        from.byte()
    }
}

impl Coded for bool {
    fn write(&self, out: &mut Writer) {
        out.byte(u8::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Result<bool, Corrupt> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Corrupt),
        }
    }
}

impl Coded for u32 {
    fn write(&self, out: &mut Writer) {
        out.number(u64::from(*self));
    }

    fn read(from: &mut Reader<'_>) -> Result<u32, Corrupt> {
        from.small()
    }
}

impl Coded for u64 {
    fn write(&self, out: &mut Writer) {
        out.number(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<u64, Corrupt> {
        from.number()
    }
}

impl Coded for i64 {
    fn write(&self, out: &mut Writer) {
        out.signed(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<i64, Corrupt> {
        from.signed()
    }
}

impl Coded for f64 {
    fn write(&self, out: &mut Writer) {
        out.raw(&self.to_bits().to_le_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<f64, Corrupt> {
        Ok(f64::from_bits(u64::from_le_bytes(from.array()?)))
    }
}

impl Coded for Arc<str> {
    fn write(&self, out: &mut Writer) {
        out.text(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Arc<str>, Corrupt> {
        from.text()
    }
}

impl Coded for Arc<[u8]> {
    fn write(&self, out: &mut Writer) {
        out.block(self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Arc<[u8]>, Corrupt> {
        from.block().map(Arc::from)
    }
}

impl<T: Coded> Coded for Arc<T> {
    fn write(&self, out: &mut Writer) {
        T::write(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Arc<T>, Corrupt> {
        T::read(from).map(Arc::new)
    }
}

impl<T: Coded> Coded for Option<T> {
    fn write(&self, out: &mut Writer) {
        self.is_some().write(out);
        if let Some(content) = self {
            content.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Option<T>, Corrupt> {
        bool::read(from)?.then(|| T::read(from)).transpose()
    }
}

impl<T: Coded> Coded for Vec<T> {
    fn write(&self, out: &mut Writer) {
        out.count(self.len());
        for element in self {
            element.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Vec<T>, Corrupt> {
        let count = from.count()?;
        let mut elements = Vec::with_capacity(count);
        for _ in 0..count {
            elements.push(T::read(from)?);
        }
        Ok(elements)
    }
}

impl Coded for Span {
    fn write(&self, out: &mut Writer) {
        self.start.write(out);
        self.end.wrapping_sub(self.start).write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<Span, Corrupt> {
        let (start, length) = (from.small()?, from.small()?);
        Ok(Span::new(start, start.wrapping_add(length)))
    }
}

impl Coded for SourceId {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }

    fn read(from: &mut Reader<'_>) -> Result<SourceId, Corrupt> {
        u32::read(from).map(SourceId)
    }
}
