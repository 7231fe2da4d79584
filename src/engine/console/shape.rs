//! Values taken apart for showing: a tree of texts, cut down to the limits of a [`View`].
//!
//! No code of the program is run for that: instances are shown by their fields, properties are not
//! read. The tree is no deeper than the view allows, so walking it needs little native stack.

use super::view::View;
use crate::natives::term::measure;
use crate::vm::display::display_short;
use crate::vm::heap::Heap;
use crate::vm::{Kind, Value};

/// However much a view allows, a value is not shown deeper.
const DEPTH_MAX: usize = 50;
/// A tree has no more nodes.
const NODES_MAX: usize = 20_000;

/// What a piece of text is, for its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    Number,
    Text,
    Constant,
    Other,
    Faint,
}

/// A part of a value.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A value without parts.
    Leaf(String, Ink),
    /// A container.
    Group {
        open: String,
        close: &'static str,
        /// Its parts, maps and instances with the names of theirs.
        parts: Vec<(Option<String>, Node)>,
        /// How many more there are.
        left_out: usize,
        /// How many columns it takes on one line.
        width: usize,
    },
}

impl Node {
    /// How many columns it takes on one line.
    pub(super) fn width(&self) -> usize {
        match self {
            Node::Leaf(text, _) => measure::width(text),
            Node::Group { width, .. } => *width,
        }
    }
}

/// Takes values apart.
pub(super) struct Shaper<'a> {
    pub(super) heap: &'a Heap,
    pub(super) view: &'a View,
    /// The containers around.
    open: Vec<u64>,
    nodes: usize,
}

impl<'a> Shaper<'a> {
    pub(super) fn new(heap: &'a Heap, view: &'a View) -> Shaper<'a> {
        Shaper { heap, view, open: Vec::new(), nodes: 0 }
    }

    /// A value as a tree.
    pub(super) fn node(&mut self, value: Value) -> Node {
        self.nodes += 1;
        let Some((open, close, is_empty)) = self.brackets(value) else { return self.leaf(value) };
        let is_deep = self.open.len() >= self.view.depth.min(DEPTH_MAX) || self.nodes > NODES_MAX;
        if self.open.contains(&value.bits()) || (is_deep && !is_empty) {
            return Node::Leaf(format!("{open}…{close}"), Ink::Faint);
        }
        self.open.push(value.bits());
        let (parts, left_out) = self.parts(value);
        self.open.pop();
        let names =
            |name: &Option<String>| name.as_ref().map_or(0, |name| measure::width(name) + 2);
        let inside: usize = parts.iter().map(|(name, part)| names(name) + part.width() + 2).sum();
        let more = if left_out > 0 { rest(left_out).chars().count() } else { 0 };
        let width = measure::width(&open) + close.len() + inside.saturating_sub(2) + more;
        Node::Group { open, close, parts, left_out, width }
    }

    /// How a container begins and ends, and whether it is empty; none for what has no parts.
    fn brackets(&self, value: Value) -> Option<(String, &'static str, bool)> {
        let heap = self.heap;
        Some(match value.kind() {
            Kind::List => ("[".to_owned(), "]", items(heap, value).is_empty()),
            Kind::Set => ("set([".to_owned(), "])", heap.set_ref(value)?.is_empty()),
            Kind::Map => ("{".to_owned(), "}", heap.map_ref(value)?.is_empty()),
            Kind::Variant => {
                let variant = heap.variant_ref(value).filter(|it| !it.payload().is_empty())?;
                let name = variant.info().map_or("", |info| &info.name);
                (format!("{}.{name}(", variant.enumeration().name), ")", false)
            }
            Kind::Instance => {
                let class = heap.instance_ref(value)?.class();
                if class.is_error {
                    return None;
                }
                (format!("{}(", class.name), ")", class.fields.is_empty())
            }
            _ => return None,
        })
    }

    /// The parts that are shown, and how many are not.
    fn parts(&mut self, value: Value) -> (Vec<(Option<String>, Node)>, usize) {
        let (heap, max) = (self.heap, self.view.items.max(1));
        match value.kind() {
            Kind::Map => {
                let Some(map) = heap.map_ref(value) else { return (Vec::new(), 0) };
                let entries: Vec<_> = map.iter().take(max).collect();
                let named = |(key, part)| (Some(self.key(key)), self.node(part));
                (entries.into_iter().map(named).collect(), map.len().saturating_sub(max))
            }
            Kind::Set => {
                let Some(set) = heap.set_ref(value) else { return (Vec::new(), 0) };
                let members: Vec<_> = set.iter().map(|(member, _)| member).take(max).collect();
                let left_out = set.len().saturating_sub(max);
                (members.into_iter().map(|member| (None, self.node(member))).collect(), left_out)
            }
            Kind::Instance => {
                let Some(instance) = heap.instance_ref(value) else { return (Vec::new(), 0) };
                let fields = instance.class().fields.iter().zip(instance.slots());
                let shown: Vec<_> = fields.filter(|(name, _)| !name.starts_with('_')).collect();
                let left_out = shown.len().saturating_sub(max);
                let named = |(name, part): (&std::sync::Arc<str>, &Value)| {
                    (Some(name.to_string()), self.node(*part))
                };
                (shown.into_iter().take(max).map(named).collect(), left_out)
            }
            _ => {
                let all = items(heap, value);
                let parts = all.iter().take(max).map(|part| (None, self.node(*part))).collect();
                (parts, all.len().saturating_sub(max))
            }
        }
    }

    /// A key as it is written in a map.
    pub(super) fn key(&self, key: Value) -> String {
        let text = display_short(self.heap, key, self.view.text);
        match self.heap.str(key) {
            Some(name) if crate::vm::text::is_name(name) => name.to_owned(),
            Some(_) => text,
            None if key.as_int().is_some_and(|number| number >= 0) => text,
            None => format!("[{text}]"),
        }
    }

    /// A value without parts.
    fn leaf(&self, value: Value) -> Node {
        let ink = match value.kind() {
            Kind::Null | Kind::Bool => Ink::Constant,
            Kind::Int | Kind::Float | Kind::Duration => Ink::Number,
            Kind::Str | Kind::Bytes => Ink::Text,
            _ => Ink::Other,
        };
        Node::Leaf(display_short(self.heap, value, self.view.text), ink)
    }
}

/// The elements of a list, or the payload of a variant.
pub(super) fn items(heap: &Heap, value: Value) -> &[Value] {
    let payload = || heap.variant_ref(value).map_or(&[][..], |variant| variant.payload());
    heap.list_ref(value).map_or_else(payload, |list| &list.items)
}

/// What stands for items that are left out.
pub(super) fn rest(count: usize) -> String {
    format!("… {count} more")
}
