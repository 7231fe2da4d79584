//! The printed form of values: what `print`, `str` and interpolation write.
//!
//! A string on its own is bare; inside a container it is quoted. Printing keeps what is still to be
//! printed in a work list, so depth costs no native stack; a container inside itself prints as `…`.
//! When a [`Printer`] meets an instance whose class defines `str`, it stops and asks; the plain
//! functions here print such an instance by its fields.

use std::fmt::Write;

use super::Vm;
use super::hash::AddressSet;
use super::heap::{Heap, Marker, OutOfMemory, push_int};
use super::text::{is_name, push_bytes, push_duration, push_float, push_quoted};
use super::value::{Kind, Value};

/// The printed form of a value, without calling script code.
pub fn display(heap: &Heap, value: Value) -> Result<String, OutOfMemory> {
    let mut printer = Printer::new(value);
    printer.plain = true;
    printer.run(heap)?;
    Ok(printer.into_text())
}

/// The form of a value inside containers, without calling script code.
pub fn display_quoted(heap: &Heap, value: Value) -> Result<String, OutOfMemory> {
    let mut printer = Printer::quoted(value);
    printer.plain = true;
    printer.run(heap)?;
    Ok(printer.into_text())
}

/// The form of a value inside containers, cut off after about `limit` bytes: for error messages.
pub fn display_short(heap: &Heap, value: Value, limit: usize) -> String {
    let mut printer = Printer::quoted(value);
    printer.plain = true;
    printer.limit = limit;
    if printer.run(heap).is_err() {
        return "…".to_owned();
    }
    printer.into_text()
}

/// About as many bytes of a value are shown in the message of an error.
const SHOWN_MAX: usize = 40;

impl Vm {
    /// A short form of a value, for messages.
    pub fn show(&self, value: Value) -> String {
        display_short(&self.heap, value, SHOWN_MAX)
    }
}

/// The value whose method `str` has to be called to print a value, if it is one on its own.
pub fn needs_call(heap: &Heap, value: Value) -> Option<Value> {
    heap.method_of(value, "str").map(|_| value)
}

/// How printing ended or why it stopped.
#[derive(Clone, Copy, Debug)]
pub enum Printed {
    /// Everything is printed.
    Done,
    /// The class of this instance defines `str`: call it.
    NeedsCall(Value),
}

/// What is still to be printed.
#[derive(Clone, Copy, Debug)]
enum Rest {
    /// A value on its own.
    Bare(Value),
    /// A value inside a container.
    Quoted(Value),
    /// The elements of a list, set or payload from an index or cursor on, then the closing text.
    Items(Value, u64, &'static str),
    /// The entries of a map from a cursor on.
    Entries(Value, u64),
    /// `]: ` and the value of an entry whose key was printed in brackets.
    EntryValue(Value),
    /// The fields of an instance from a slot on.
    Fields(Value, usize),
    /// Nothing more of a container.
    Close(Value),
}

/// Printing under way.
#[derive(Debug)]
pub struct Printer {
    out: String,
    rest: Vec<Rest>,
    /// Containers that are being printed.
    open: AddressSet,
    /// Bytes after which the rest is left out.
    limit: usize,
    /// Do not ask for `str`.
    plain: bool,
    /// Length of the output at which memory is looked at next.
    checkpoint: usize,
}

impl Printer {
    /// Printing of a value on its own.
    pub fn new(value: Value) -> Printer {
        Printer::with(Rest::Bare(value))
    }

    /// Printing of a value as inside a container.
    pub fn quoted(value: Value) -> Printer {
        Printer::with(Rest::Quoted(value))
    }

    fn with(rest: Rest) -> Printer {
        Printer {
            out: String::new(),
            rest: vec![rest],
            open: AddressSet::default(),
            limit: usize::MAX,
            plain: false,
            checkpoint: 1 << 16,
        }
    }

    /// What was printed.
    pub fn into_text(self) -> String {
        self.out
    }

    /// Prints until everything is printed or script code has to be asked.
    pub fn run(&mut self, heap: &Heap) -> Result<Printed, OutOfMemory> {
        while let Some(rest) = self.rest.pop() {
            if self.out.len() > self.limit {
                self.cut_off();
                return Ok(Printed::Done);
            }
            if self.out.len() >= self.checkpoint {
                heap.reserve(self.out.len())?;
                self.checkpoint = self.out.len() * 2;
            }
            match rest {
                Rest::Bare(value) if value.is_str() => {
                    let text = heap.str(value).unwrap_or_default();
                    if self.limit == usize::MAX {
                        heap.reserve(text.len())?;
                    }
                    self.out.push_str(text);
                }
                Rest::Bare(value) | Rest::Quoted(value) => {
                    if let Some(instance) = self.value(heap, value) {
                        return Ok(Printed::NeedsCall(instance));
                    }
                }
                Rest::Items(value, at, close) => self.items(heap, value, at, close),
                Rest::Entries(map, cursor) => self.entries(heap, map, cursor),
                Rest::EntryValue(value) => {
                    self.out.push_str("]: ");
                    self.rest.push(Rest::Quoted(value));
                }
                Rest::Fields(instance, slot) => self.fields(heap, instance, slot),
                Rest::Close(value) => self.close(value, ""),
            }
        }
        if self.out.len() > self.limit {
            self.cut_off();
        }
        Ok(Printed::Done)
    }

    /// What the method `str` gave that [`Printer::run`] asked for.
    pub fn answer(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Reports the values it holds, for whoever keeps it while script code runs.
    pub fn trace(&self, marker: &mut Marker) {
        for rest in &self.rest {
            match rest {
                Rest::Bare(value)
                | Rest::Quoted(value)
                | Rest::Items(value, _, _)
                | Rest::Entries(value, _)
                | Rest::EntryValue(value)
                | Rest::Fields(value, _)
                | Rest::Close(value) => marker.value(*value),
            }
        }
    }

    fn cut_off(&mut self) {
        let end =
            (0..=self.limit.min(self.out.len())).rev().find(|at| self.out.is_char_boundary(*at));
        self.out.truncate(end.unwrap_or(0));
        self.out.push('…');
        self.rest.clear();
    }

    /// Begins with a value; gives the instance whose `str` has to be called.
    fn value(&mut self, heap: &Heap, value: Value) -> Option<Value> {
        let container = matches!(
            value.kind(),
            Kind::List | Kind::Map | Kind::Set | Kind::Variant | Kind::Instance
        );
        if !container {
            self.scalar(heap, value);
            return None;
        }
        if !self.plain && needs_call(heap, value).is_some() {
            return Some(value);
        }
        if !self.open.insert(value.bits()) {
            self.out.push('…');
            return None;
        }
        match value.kind() {
            Kind::List => {
                self.out.push('[');
                self.rest.push(Rest::Items(value, 0, "]"));
            }
            Kind::Set => {
                self.out.push_str("set([");
                self.rest.push(Rest::Items(value, 0, "])"));
            }
            Kind::Map => {
                self.out.push('{');
                self.rest.push(Rest::Entries(value, 0));
            }
            Kind::Variant => self.variant(heap, value),
            _ => self.instance(heap, value),
        }
        None
    }

    fn variant(&mut self, heap: &Heap, value: Value) {
        let Some(variant) = heap.variant_ref(value) else { return };
        let name = variant.info().map_or("", |info| &info.name);
        let _ = write!(self.out, "{}.{name}", variant.enumeration().name);
        if variant.payload().is_empty() {
            self.open.remove(&value.bits());
        } else {
            self.out.push('(');
            self.rest.push(Rest::Items(value, 0, ")"));
        }
    }

    fn instance(&mut self, heap: &Heap, value: Value) {
        let Some(instance) = heap.instance_ref(value) else { return };
        let class = instance.class();
        self.out.push_str(&class.name);
        if class.is_error {
            self.rest.push(Rest::Close(value));
            let message = instance.field("message").unwrap_or_default();
            let empty = heap.str(message).is_some_and(str::is_empty);
            if !message.is_null() && !message.is_unset() && !empty {
                self.out.push_str(": ");
                self.rest.push(Rest::Bare(message));
            }
        } else {
            self.out.push('(');
            self.rest.push(Rest::Fields(value, 0));
        }
    }

    /// Ends a container.
    fn close(&mut self, value: Value, text: &str) {
        self.out.push_str(text);
        self.open.remove(&value.bits());
    }

    fn items(&mut self, heap: &Heap, value: Value, at: u64, close: &'static str) {
        let next = if let Some(set) = heap.set_ref(value) {
            set.next(at).map(|(next, member, _)| (next, member))
        } else {
            let index = usize::try_from(at).unwrap_or(usize::MAX);
            heap.parts(value).get(index).map(|part| (at + 1, *part))
        };
        let Some((next, item)) = next else { return self.close(value, close) };
        if at > 0 {
            self.out.push_str(", ");
        }
        self.rest.push(Rest::Items(value, next, close));
        self.rest.push(Rest::Quoted(item));
    }

    fn entries(&mut self, heap: &Heap, map: Value, cursor: u64) {
        let next = heap.map_ref(map).and_then(|table| table.next(cursor));
        let Some((next, key, value)) = next else { return self.close(map, "}") };
        if cursor > 0 {
            self.out.push_str(", ");
        }
        self.rest.push(Rest::Entries(map, next));
        match key.kind() {
            Kind::Str => {
                let text = heap.str(key).unwrap_or_default();
                if is_name(text) && !matches!(text, "true" | "false" | "null" | "self" | "super") {
                    self.out.push_str(text);
                } else {
                    push_quoted(&mut self.out, text);
                }
            }
            Kind::Int if is_number_literal(key) => self.scalar(heap, key),
            _ => {
                self.out.push('[');
                self.rest.push(Rest::EntryValue(value));
                self.rest.push(Rest::Quoted(key));
                return;
            }
        }
        self.out.push_str(": ");
        self.rest.push(Rest::Quoted(value));
    }

    fn fields(&mut self, heap: &Heap, value: Value, from: usize) {
        let Some(instance) = heap.instance_ref(value) else { return };
        let fields = &instance.class().fields;
        let shown = (from..instance.slots().len())
            .find(|slot| fields.get(*slot).is_some_and(|name| !name.starts_with('_')));
        let Some(slot) = shown else { return self.close(value, ")") };
        if fields[..slot].iter().any(|name| !name.starts_with('_')) {
            self.out.push_str(", ");
        }
        let _ = write!(self.out, "{}: ", fields[slot]);
        self.rest.push(Rest::Fields(value, slot + 1));
        self.rest.push(Rest::Quoted(instance.slots()[slot]));
    }

    /// A value without parts.
    fn scalar(&mut self, heap: &Heap, value: Value) {
        let out = &mut self.out;
        match value.kind() {
            Kind::Null => out.push_str("null"),
            Kind::Bool => out.push_str(if value.truthy() { "true" } else { "false" }),
            Kind::Int => push_int(out, value.bits() as i64),
            Kind::Float => push_float(out, f64::from_bits(value.bits())),
            Kind::Duration => push_duration(out, value.bits() as i64),
            Kind::Str => {
                let text = heap.str(value).unwrap_or_default();
                push_quoted(out, prefix(text, self.limit));
            }
            Kind::Bytes => {
                let bytes = heap.bytes_ref(value).unwrap_or_default();
                push_bytes(out, &bytes[..bytes.len().min(self.limit)]);
            }
            Kind::Buffer => {
                out.push_str("buffer(");
                let bytes = heap.buffer_ref(value).map_or(&[][..], Vec::as_slice);
                push_bytes(out, &bytes[..bytes.len().min(self.limit)]);
                out.push(')');
            }
            Kind::Range => push_range(heap, out, value),
            Kind::Closure | Kind::Native | Kind::Bound => push_function(heap, out, value),
            Kind::Class => out.push_str(heap.class_ref(value).map_or("", |class| &class.name)),
            Kind::Enum => out.push_str(heap.enum_ref(value).map_or("", |found| &found.name)),
            Kind::Module => {
                let name = heap.module_ref(value).map_or("", |module| &module.name);
                let _ = write!(out, "<module {name}>");
            }
            Kind::Type => out.push_str(heap.type_ref(value).map_or("", |kind| kind.name())),
            Kind::Generator => out.push_str("<iterator>"),
            Kind::Object => {
                if let Some(object) = heap.host_ref(value) {
                    out.push_str(&object.display_in(heap));
                }
            }
            kind => {
                // Marks and internal objects; a script that sees one has found a bug.
                let _ = write!(out, "<{kind:?}>");
            }
        }
    }
}

/// The beginning of a long text, if only that is wanted.
fn prefix(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let end = (limit..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    &text[..end]
}

/// Whether a number key is written without brackets, as only ints without a sign are.
fn is_number_literal(key: Value) -> bool {
    key.as_int().is_some_and(|number| number >= 0)
}

fn push_range(heap: &Heap, out: &mut String, value: Value) {
    let Some(range) = heap.range_ref(value) else { return };
    let stepped = range.step != 1;
    if stepped {
        out.push('(');
    }
    if let Some(start) = range.start {
        push_int(out, start);
    }
    out.push_str(if range.inclusive { "..=" } else { ".." });
    if let Some(end) = range.end {
        push_int(out, end);
    }
    if stepped {
        let _ = write!(out, ").step({})", range.step);
    }
}

fn push_function(heap: &Heap, out: &mut String, value: Value) {
    let mut callee = value;
    // A bound method of a bound method does not occur, but a loop costs nothing.
    while let Some(bound) = heap.bound_ref(callee) {
        callee = bound.callee;
    }
    let name = heap.function_name(callee);
    if name.is_empty() || name.starts_with('<') {
        out.push_str("<fn>");
    } else {
        let _ = write!(out, "<fn {name}>");
    }
}

#[cfg(test)]
#[path = "display_test.rs"]
mod tests;
