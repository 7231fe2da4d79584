//! Writing: values to text, with what is still to be written in a work list, so that depth costs no
//! native stack.
//!
//! Where the class of an instance, or an enum, has a method `json`, the writer stops and asks for
//! what it gives; see `form`.

use std::collections::HashSet;
use std::vec::IntoIter;

use super::label::{Labels, push_label};
use super::place::Problem;
use super::text::push_plain;
use crate::bytecode::program::MemberKind;
use crate::vm::heap::{Heap, Marker, push_text};
use crate::vm::object::Member;
use crate::vm::{Kind, Value, Vm};

/// So many open containers are searched one after the other for a cycle; deeper ones by a table.
const SEARCHED_MAX: usize = 32;

/// So many bytes are written between two looks at what else there is to do.
const PART: usize = 1 << 16;

/// How a text is laid out.
#[derive(Debug)]
pub(super) struct Layout {
    /// The function that writes, for messages.
    pub path: &'static str,
    /// What a level is indented by; empty for all on one line.
    pub indent: String,
    /// The keys of maps in the order of their code points.
    pub sort_keys: bool,
    /// What stands behind the text.
    pub end: &'static str,
}

/// How writing ended or why it stopped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written {
    /// Everything is written.
    Done,
    /// The method `json` of this object has to be called.
    NeedsCall(Value),
}

/// Something that is being written.
#[derive(Debug)]
pub(super) enum Frame {
    /// A list, and the index of its next element.
    List { list: Value, next: usize },
    /// A map, the cursor before its next entry, and the key of the one before.
    Map { map: Value, cursor: u64, key: Value },
    /// A map in the order of its keys: the entries that are left, and the key of the one before.
    Sorted { map: Value, rest: IntoIter<(String, Value)>, key: Option<String> },
    /// An object, for which something else is written.
    Object(Value),
}

impl Frame {
    /// What is being written.
    pub(super) fn value(&self) -> Value {
        match self {
            Frame::List { list: value, .. }
            | Frame::Map { map: value, .. }
            | Frame::Sorted { map: value, .. }
            | Frame::Object(value) => *value,
        }
    }
}

/// Writing under way.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) layout: Layout,
    out: String,
    /// What comes first: the value itself, or what a method `json` gave.
    pending: Option<Value>,
    pub(super) frames: Vec<Frame>,
    /// How many lists and maps are open.
    depth: usize,
    /// Containers that are open, from the depth on where searching would take too long.
    deep: HashSet<u64, foldhash::fast::FixedState>,
    /// The beginnings of entries.
    labels: Labels,
    /// Length of the output at which writing pauses.
    pause: usize,
    /// Length of the output at which memory is asked for next.
    checkpoint: usize,
}

/// Writes on until all is written or script code has to be asked. Now and then looks whether the program has
/// to end, asks for memory, and lets the collector get on.
pub(super) fn write(vm: &mut Vm, writer: &mut Writer) -> Result<Written, Problem> {
    loop {
        match writer.run(&vm.heap)? {
            Some(written) => return Ok(written),
            None if vm.has_to_stop() => return Err(Problem::Memory),
            None => vm.heap.assist(PART),
        }
    }
}

impl Writer {
    /// Writing of a value.
    pub(super) fn new(value: Value, layout: Layout) -> Writer {
        Writer {
            layout,
            out: String::new(),
            pending: Some(value),
            frames: Vec::new(),
            depth: 0,
            deep: HashSet::default(),
            labels: Labels::default(),
            pause: PART,
            checkpoint: PART,
        }
    }

    /// What was written.
    pub(super) fn into_text(self) -> String {
        self.out
    }

    /// What the method `json` gave for the object that [`Writer::run`] asked about.
    pub(super) fn answer(&mut self, value: Value) {
        self.pending = Some(value);
        // Other strings may be where those were.
        self.labels = Labels::default();
    }

    /// The memory that it owns.
    pub(super) fn bytes(&self) -> usize {
        self.out.capacity()
            + self.frames.capacity() * size_of::<Frame>()
            + self.deep.capacity() * 16
    }

    /// Reports the values it holds, for whoever keeps it while script code runs.
    pub(super) fn trace(&self, marker: &mut Marker) {
        if let Some(value) = &self.pending {
            marker.value(*value);
        }
        for frame in &self.frames {
            marker.value(frame.value());
            match frame {
                Frame::Map { key, .. } => marker.value(*key),
                Frame::Sorted { rest, .. } => {
                    for (_, value) in rest.as_slice() {
                        marker.value(*value);
                    }
                }
                _ => {}
            }
        }
    }

    /// Writes until everything is written or script code has to be asked; none if it has only written much.
    fn run(&mut self, heap: &Heap) -> Result<Option<Written>, Problem> {
        loop {
            let value = match self.pending.take() {
                Some(value) => value,
                None => match self.next(heap)? {
                    Some(value) => value,
                    None if self.frames.is_empty() => break,
                    None => continue,
                },
            };
            if let Some(object) = self.value(heap, value)? {
                return Ok(Some(Written::NeedsCall(object)));
            }
            if self.out.len() >= self.pause {
                if self.out.len() >= self.checkpoint {
                    heap.reserve(self.out.len()).map_err(|_| Problem::Memory)?;
                    self.checkpoint = self.out.len() * 2;
                }
                self.pause = self.out.len() + PART;
                return Ok(None);
            }
        }
        self.out.push_str(self.layout.end);
        Ok(Some(Written::Done))
    }

    /// Goes on with the innermost container: writes what needs no second thought, then what stands before
    /// the next element and gives that, or ends the container.
    fn next(&mut self, heap: &Heap) -> Result<Option<Value>, Problem> {
        let Writer { frames, out, layout, depth, pause, labels, .. } = self;
        let (depth, pause) = (*depth, *pause);
        let (found, close) = match frames.last_mut() {
            None => return Ok(None),
            Some(Frame::List { list, next }) => {
                let items = heap.list_ref(*list).map_or(&[][..], |list| &list.items);
                let mut found = None;
                while let (None, Some(item)) = (found, items.get(*next)) {
                    separate(out, layout, depth, *next == 0);
                    *next += 1;
                    if out.len() >= pause || !push_plain(heap, out, *item) {
                        found = Some(*item);
                    }
                }
                (found, ("]", *next == 0))
            }
            Some(Frame::Map { map, cursor, key }) => {
                let entries = heap.map_ref(*map);
                let mut found = None;
                while found.is_none()
                    && let Some((after, next_key, value)) =
                        entries.and_then(|map| map.next(*cursor))
                {
                    separate(out, layout, depth, *cursor == 0);
                    // A key without a text is a fault of the map: no entry is under way.
                    *cursor = 0;
                    match heap.str(next_key) {
                        Some(text) => labels.push(out, layout, next_key, text),
                        None => push_label(out, layout, &key_text(heap, next_key)?),
                    }
                    (*cursor, *key) = (after, next_key);
                    if out.len() >= pause || !push_plain(heap, out, value) {
                        found = Some(value);
                    }
                }
                (found, ("}", *cursor == 0))
            }
            Some(Frame::Sorted { rest, key, .. }) => {
                let entry = rest.next();
                let is_first = key.is_none();
                if let Some((text, _)) = &entry {
                    separate(out, layout, depth, is_first);
                    push_label(out, layout, text);
                }
                let value = entry.map(|(text, value)| {
                    *key = Some(text);
                    value
                });
                (value, ("}", is_first))
            }
            Some(Frame::Object(_)) => {
                self.leave();
                return Ok(None);
            }
        };
        if found.is_none() {
            self.close(close.0, close.1);
        }
        Ok(found)
    }

    /// Ends the innermost container.
    fn close(&mut self, bracket: &str, is_empty: bool) {
        self.leave();
        self.depth -= 1;
        if !is_empty {
            new_line(&mut self.out, &self.layout, self.depth);
        }
        push_text(&mut self.out, bracket);
    }

    fn leave(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if self.frames.len() >= SEARCHED_MAX {
            self.deep.remove(&frame.value().bits());
        }
    }

    /// Writes a value, or begins with a container; gives the object whose `json` has to be called.
    fn value(&mut self, heap: &Heap, value: Value) -> Result<Option<Value>, Problem> {
        let out = &mut self.out;
        match value.kind() {
            _ if push_plain(heap, out, value) => {}
            Kind::Float => return Err(Problem::NotFinite(value)),
            Kind::List => {
                self.open(Frame::List { list: value, next: 0 })?;
                self.depth += 1;
                push_text(&mut self.out, "[");
            }
            Kind::Map => {
                let frame = match self.layout.sort_keys {
                    true => Frame::Sorted { map: value, rest: sorted(heap, value)?, key: None },
                    false => Frame::Map { map: value, cursor: 0, key: Value::null() },
                };
                self.open(frame)?;
                self.depth += 1;
                push_text(&mut self.out, "{");
            }
            Kind::Object => match heap.host_value(value).and_then(|found| found.digits(None, None))
            {
                Some(Ok(digits)) => {
                    out.push_str(if digits.negative { "-" } else { "" });
                    out.push_str(&digits.text);
                }
                _ => return Err(Problem::NoForm(value)),
            },
            Kind::Instance | Kind::Variant if has_json(heap, value) => {
                self.open(Frame::Object(value))?;
                return Ok(Some(value));
            }
            _ => return Err(Problem::NoForm(value)),
        }
        Ok(None)
    }

    fn open(&mut self, frame: Frame) -> Result<(), Problem> {
        let value = frame.value();
        let searched = &self.frames[..self.frames.len().min(SEARCHED_MAX)];
        let is_open = searched.iter().any(|open| open.value().same(value));
        let is_new = self.frames.len() < SEARCHED_MAX || self.deep.insert(value.bits());
        if is_open || !is_new {
            return Err(Problem::Cycle(value));
        }
        self.frames.push(frame);
        Ok(())
    }
}

/// Whether a class or an enum has a method `json`.
fn has_json(heap: &Heap, value: Value) -> bool {
    let is_method = |member: &Member| member.kind == MemberKind::Method;
    match heap.instance_ref(value) {
        Some(instance) => instance.class().methods.get("json").is_some_and(is_method),
        None => heap.variant_ref(value).is_some_and(|variant| {
            variant.enumeration().methods.get("json").is_some_and(is_method)
        }),
    }
}

/// The entries of a map in the order of their keys.
fn sorted(heap: &Heap, map: Value) -> Result<IntoIter<(String, Value)>, Problem> {
    let mut entries = Vec::new();
    for (key, value) in heap.map_ref(map).into_iter().flat_map(|map| map.iter()) {
        let text = match heap.str(key) {
            Some(text) => text.to_owned(),
            None => key_text(heap, key)?,
        };
        entries.push((text, value));
    }
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(entries.into_iter())
}

/// The text of a key that is no str.
pub(super) fn key_text(heap: &Heap, key: Value) -> Result<String, Problem> {
    match key.kind() {
        Kind::Float if !f64::from_bits(key.bits()).is_finite() => Err(Problem::NotFinite(key)),
        Kind::Int | Kind::Float | Kind::Bool | Kind::Null => {
            crate::vm::display::display(heap, key).map_err(|_| Problem::Memory)
        }
        _ => Err(Problem::Key(key)),
    }
}

/// What stands before an element or entry.
#[inline]
fn separate(out: &mut String, layout: &Layout, depth: usize, is_first: bool) {
    if !is_first {
        push_text(out, ",");
    }
    new_line(out, layout, depth);
}

#[inline]
fn new_line(out: &mut String, layout: &Layout, depth: usize) {
    if !layout.indent.is_empty() {
        out.push('\n');
        for _ in 0..depth {
            out.push_str(&layout.indent);
        }
    }
}
