//! The beginnings of entries: their keys as they are written.

use super::text::push_string;
use super::write::Layout;
use crate::vm::Value;
use crate::vm::heap::push_text;

/// Appends the key of an entry and what stands behind it.
pub(super) fn push_label(out: &mut String, layout: &Layout, key: &str) {
    push_string(out, key);
    push_text(out, if layout.indent.is_empty() { ":" } else { ": " });
}

/// Keys as they are written, for maps that have the same strings as keys again and again. Valid as long as
/// nothing is collected.
#[derive(Debug, Default)]
pub(super) struct Labels {
    slots: Vec<Label>,
}

/// A key that was met, and its text if it was met twice in a row.
#[derive(Clone, Debug, Default)]
struct Label {
    key: u64,
    text: String,
}

impl Labels {
    /// Shorter texts are done before labels pay.
    const TEXT_MIN: usize = 4096;
    /// How many there are: a power of two.
    const COUNT: usize = 64;
    /// Longer keys have none.
    const KEY_MAX: usize = 64;

    /// Appends the label of a key, a string.
    pub(super) fn push(&mut self, out: &mut String, layout: &Layout, key: Value, text: &str) {
        if self.slots.is_empty() {
            if out.len() < Labels::TEXT_MIN {
                return push_label(out, layout, text);
            }
            self.slots.resize(Labels::COUNT, Label::default());
        }
        // Strings begin at multiples of eight, and those of one object often lie side by side.
        let place = (key.bits() >> 3 ^ key.bits() >> 9) as usize % Labels::COUNT;
        let slot = &mut self.slots[place];
        if slot.key != key.bits() {
            slot.key = key.bits();
            slot.text.clear();
        } else if !slot.text.is_empty() {
            return push_text(out, &slot.text);
        } else if text.len() <= Labels::KEY_MAX {
            push_label(&mut slot.text, layout, text);
        }
        push_label(out, layout, text);
    }
}
