//! Values laid out over lines, and lists of maps as tables.

use super::shape::{Ink, Node, Shaper, items, rest};
use super::view::{Style, View};
use crate::natives::term::measure;
use crate::vm::heap::Heap;
use crate::vm::{Kind, Value};

/// What is inside of a container that needs several lines stands so far to the right of it.
const INDENT: usize = 2;
/// A cell of a table shows no more columns of a text.
const CELL_MAX: usize = 40;
/// A table has no more columns.
const COLUMNS_MAX: usize = 12;

/// A value as a console shows it. Runs no code of the program.
pub(super) fn show(heap: &Heap, value: Value, view: &View) -> String {
    if let Some(table) = table(heap, value, view) {
        return table;
    }
    let node = Shaper::new(heap, view).node(value);
    let mut page = Page { style: &view.style, width: view.width, text: String::new() };
    page.node(&node, 0, 0);
    page.text
}

/// Text under way.
struct Page<'a> {
    style: &'a Style,
    width: usize,
    text: String,
}

impl Page<'_> {
    /// Writes a part. The line is used up to `column` already, and `behind` columns follow it there.
    fn node(&mut self, node: &Node, indent: usize, behind: usize) {
        match node {
            Node::Leaf(text, ink) => self.ink(text, *ink),
            Node::Group { open, close, parts, left_out, width } => {
                let used = self.column();
                self.text.push_str(open);
                if used + width + behind <= self.width || parts.is_empty() {
                    self.flat(parts, *left_out);
                } else {
                    self.broken(parts, *left_out, indent + INDENT);
                    self.line(indent);
                }
                self.text.push_str(close);
            }
        }
    }

    /// How far the last line goes.
    fn column(&self) -> usize {
        let line = self.text.rfind('\n').map_or(0, |at| at + 1);
        measure::width(&self.text[line..])
    }

    fn flat(&mut self, parts: &[(Option<String>, Node)], left_out: usize) {
        for (index, (name, part)) in parts.iter().enumerate() {
            if index > 0 {
                self.text.push_str(", ");
            }
            self.name(name.as_deref());
            match part {
                Node::Leaf(text, ink) => self.ink(text, *ink),
                Node::Group { open, close, parts, left_out, .. } => {
                    self.text.push_str(open);
                    self.flat(parts, *left_out);
                    self.text.push_str(close);
                }
            }
        }
        if left_out > 0 {
            self.text.push_str(", ");
            self.ink(&rest(left_out), Ink::Faint);
        }
    }

    /// Parts on lines of their own; short ones without names share lines.
    fn broken(&mut self, parts: &[(Option<String>, Node)], left_out: usize, indent: usize) {
        let is_plain = |(name, part): &(Option<String>, Node)| {
            name.is_none() && matches!(part, Node::Leaf(..)) && part.width() <= CELL_MAX
        };
        let packs = parts.iter().all(is_plain);
        for (index, (name, part)) in parts.iter().enumerate() {
            let fits = || self.column() + part.width() + 2 <= self.width;
            if index > 0 && packs && fits() {
                self.text.push(' ');
            } else {
                self.line(indent);
            }
            self.name(name.as_deref());
            self.node(part, indent, 1);
            let is_last = index + 1 == parts.len() && left_out == 0;
            if !is_last {
                self.text.push(',');
            }
        }
        if left_out > 0 {
            self.line(indent);
            self.ink(&rest(left_out), Ink::Faint);
        }
    }

    fn line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    fn name(&mut self, name: Option<&str>) {
        if let Some(name) = name {
            self.styled(name, self.style.name);
            self.text.push_str(": ");
        }
    }

    fn ink(&mut self, text: &str, ink: Ink) {
        let style = self.style;
        let begin = match ink {
            Ink::Number => style.number,
            Ink::Text => style.text,
            Ink::Constant => style.constant,
            Ink::Other => style.other,
            Ink::Faint => style.faint,
        };
        self.styled(text, begin);
    }

    fn styled(&mut self, text: &str, begin: &str) {
        self.text.push_str(begin);
        self.text.push_str(text);
        if !begin.is_empty() {
            self.text.push_str(self.style.end);
        }
    }
}

/// A list of maps with plain values, as a table; none for all else, and where it would be too wide.
fn table(heap: &Heap, value: Value, view: &View) -> Option<String> {
    let list = (value.kind() == Kind::List).then(|| items(heap, value))?;
    if list.len() < 2 {
        return None;
    }
    let rows: Vec<Value> = list.iter().take(view.items.max(1)).copied().collect();
    let mut shaper = Shaper::new(heap, view);
    let mut heads: Vec<String> = Vec::new();
    for row in &rows {
        let map = heap.map_ref(*row).filter(|map| !map.is_empty())?;
        for (key, _) in map.iter() {
            let head = heap.str(key).map(|_| shaper.key(key))?;
            if !heads.contains(&head) {
                heads.push(head);
            }
        }
        if heads.len() > COLUMNS_MAX {
            return None;
        }
    }
    let mut cells: Vec<Vec<Option<(String, Ink)>>> = Vec::with_capacity(rows.len());
    for row in &rows {
        let mut line = vec![None; heads.len()];
        for (key, value) in heap.map_ref(*row)?.iter() {
            let Node::Leaf(text, ink) = shaper.node(value) else { return None };
            let key = shaper.key(key);
            let column = heads.iter().position(|head| *head == key)?;
            line[column] = Some((measure::truncate(&text, CELL_MAX, "…"), ink));
        }
        cells.push(line);
    }
    // Maps that have hardly anything in common make no table.
    let filled = cells.iter().flatten().filter(|cell| cell.is_some()).count();
    if filled * 2 < rows.len() * heads.len() {
        return None;
    }
    draw(&heads, &cells, list.len() - rows.len(), view)
}

fn draw(
    heads: &[String],
    cells: &[Vec<Option<(String, Ink)>>],
    left_out: usize,
    view: &View,
) -> Option<String> {
    let cell = |row: &Vec<Option<(String, Ink)>>, column: usize| row[column].clone();
    let width = |column: usize| {
        let texts = cells.iter().filter_map(|row| cell(row, column));
        let widest = texts.map(|(text, _)| measure::width(&text)).max().unwrap_or(0);
        widest.max(measure::width(&heads[column]))
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    if widths.iter().sum::<usize>() + (heads.len() - 1) * 2 > view.width {
        return None;
    }
    let is_number = |column: usize| {
        let mut found = cells.iter().filter_map(|row| cell(row, column));
        found.all(|(_, ink)| ink == Ink::Number)
    };
    let right: Vec<bool> = (0..heads.len()).map(is_number).collect();
    let mut page = Page { style: &view.style, width: view.width, text: String::new() };
    let head: Vec<_> = heads.iter().map(|head| Some((head.clone(), None))).collect();
    page.row(&head, &widths, &right);
    let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
    page.text.push('\n');
    page.ink(&rule.join("  "), Ink::Faint);
    for row in cells {
        page.text.push('\n');
        let row: Vec<_> =
            row.iter().map(|it| it.clone().map(|(text, ink)| (text, Some(ink)))).collect();
        page.row(&row, &widths, &right);
    }
    if left_out > 0 {
        page.text.push('\n');
        page.ink(&rest(left_out), Ink::Faint);
    }
    Some(page.text)
}

impl Page<'_> {
    /// A row of a table; what has no ink is a head.
    fn row(&mut self, cells: &[Option<(String, Option<Ink>)>], widths: &[usize], right: &[bool]) {
        let mut spaces = 0;
        for (index, cell) in cells.iter().enumerate() {
            let (text, ink) = cell.clone().unwrap_or((String::new(), Some(Ink::Other)));
            let room = widths[index] - measure::width(&text);
            spaces += if right[index] { room } else { 0 };
            if !text.is_empty() {
                self.text.extend(std::iter::repeat_n(' ', spaces));
                spaces = 0;
                match ink {
                    Some(ink) => self.ink(&text, ink),
                    None => self.styled(&text, self.style.name),
                }
            }
            spaces += if right[index] { 2 } else { room + 2 };
        }
    }
}
