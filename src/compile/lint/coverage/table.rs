//! Whether there is a value that some patterns leave over and another one takes.
//!
//! The algorithm is that of Luc Maranget, "Warnings for pattern matching" (Journal of Functional
//! Programming 17(3), 2007): the table of patterns is split by what its first column begins with,
//! until no column is left. The splits that are still to be looked at stand in a list instead of on
//! the native stack, and their number is limited.

use std::sync::Arc;

use super::head::{Cell, Constructor, Head, LENGTH_MAX};
use crate::bytecode::program::EnumShape;
use crate::compile::lint::Context;

/// The question that a search answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is a value left over? A column that names variants holds nothing else than these enums, one
    /// that asks for types holds no others.
    Missing,
    /// Does a pattern take a value that those above leave over? Columns hold any values.
    Reached,
}

/// A step on the way to a value.
#[derive(Clone, Debug)]
pub enum Step {
    /// The value begins with this.
    Made(Constructor),
    /// The value begins with something that no pattern of the column names: with this, if its kind
    /// is known.
    Other(Option<Constructor>),
}

/// A table whose last column is the first one that is looked at.
#[derive(Debug)]
struct Table {
    rows: Vec<Vec<Cell>>,
    asked: Vec<Cell>,
    steps: Vec<Step>,
}

/// A search through tables.
pub struct Search<'c, 'a> {
    cx: &'c Context<'a>,
    question: Question,
    /// Rows that may still be looked at.
    budget: usize,
}

/// What a cell begins with, without alternatives.
#[derive(Debug)]
enum Flat {
    Any,
    Made(Constructor, Vec<Cell>),
    OfType,
    Some,
}

impl<'c, 'a> Search<'c, 'a> {
    /// A search that looks at so many rows at most.
    pub fn new(cx: &'c Context<'a>, question: Question, budget: usize) -> Search<'c, 'a> {
        Search { cx, question, budget }
    }

    /// What is left of the budget.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// A value of that constructor which patterns leave over, as it would be written.
    pub fn left_over(&mut self, patterns: &[Cell], made: Constructor) -> Option<Vec<Step>> {
        let rows: Vec<Vec<Cell>> = patterns.iter().map(|&cell| vec![cell]).collect();
        let heads = self.heads(&rows);
        let rows = self.specialised(&rows, &heads, &made);
        let asked = vec![Cell::Any; made.arity()];
        self.find(Table { rows, asked, steps: vec![Step::Made(made)] })
    }

    /// Whether a pattern takes a value that others leave over.
    pub fn is_reached(&mut self, above: &[Cell], pattern: Cell) -> bool {
        let rows = above.iter().map(|&cell| vec![cell]).collect();
        let found = self.find(Table { rows, asked: vec![pattern], steps: Vec::new() });
        found.is_some() || self.budget == 0
    }

    /// The constructors that cells begin with.
    pub fn constructors(&self, cells: &[Cell]) -> Vec<Constructor> {
        let flats = cells.iter().flat_map(|&cell| self.flat(cell));
        let mut found: Vec<Constructor> = Vec::new();
        for flat in flats {
            if let Flat::Made(made, _) = flat
                && !found.contains(&made)
            {
                found.push(made);
            }
        }
        found
    }

    fn find(&mut self, table: Table) -> Option<Vec<Step>> {
        let mut todo = vec![table];
        while let Some(mut table) = todo.pop() {
            self.budget = self.budget.saturating_sub(table.rows.len() + 1);
            if self.budget == 0 {
                return None;
            }
            let Some(first) = table.asked.pop() else {
                if table.rows.is_empty() {
                    return Some(table.steps);
                }
                continue;
            };
            let heads = self.heads(&table.rows);
            for flat in self.flat(first) {
                match flat {
                    Flat::Made(made, parts) => todo.push(self.split(&table, &heads, made, parts)),
                    Flat::Any | Flat::OfType | Flat::Some => {
                        self.split_any(&table, &heads, &mut todo)
                    }
                }
            }
        }
        None
    }

    /// The tables for a value of which nothing is asked.
    fn split_any(&self, table: &Table, heads: &[Vec<Flat>], todo: &mut Vec<Table>) {
        let mut named: Vec<&Constructor> = Vec::new();
        for flat in heads.iter().flatten() {
            if let Flat::Made(made, _) = flat
                && !named.contains(&made)
            {
                named.push(made);
            }
        }
        let other = other_than(&named);
        if self.question == Question::Reached || other.is_none() {
            for &made in &named {
                let parts = vec![Cell::Any; made.arity()];
                todo.push(self.split(table, heads, made.clone(), parts));
            }
        }
        let other = match (other, self.question) {
            (Some(other), _) => other,
            (None, Question::Reached) => None,
            (None, Question::Missing) => return,
        };
        let of_type = self.question == Question::Missing && shapes(&named).is_empty();
        let mut rows = Vec::new();
        for (row, heads) in table.rows.iter().zip(heads) {
            let fits = |flat: &Flat| match flat {
                Flat::Any => true,
                Flat::OfType => of_type,
                Flat::Made(..) | Flat::Some => false,
            };
            if heads.iter().any(fits) {
                rows.push(row[..row.len() - 1].to_vec());
            }
        }
        let mut steps = table.steps.clone();
        steps.push(Step::Other(other));
        todo.push(Table { rows, asked: table.asked.clone(), steps });
    }

    /// The table for values of one constructor.
    fn split(
        &self,
        table: &Table,
        heads: &[Vec<Flat>],
        made: Constructor,
        parts: Vec<Cell>,
    ) -> Table {
        let rows = self.specialised(&table.rows, heads, &made);
        let mut asked = table.asked.clone();
        asked.extend(parts.into_iter().rev());
        let mut steps = table.steps.clone();
        steps.push(Step::Made(made));
        Table { rows, asked, steps }
    }

    fn specialised(
        &self,
        rows: &[Vec<Cell>],
        heads: &[Vec<Flat>],
        made: &Constructor,
    ) -> Vec<Vec<Cell>> {
        let mut found = Vec::new();
        for (row, heads) in rows.iter().zip(heads) {
            let rest = &row[..row.len() - 1];
            for head in heads {
                let parts = match head {
                    Flat::Any => vec![Cell::Any; made.arity()],
                    Flat::Made(other, parts) if other == made => parts.clone(),
                    Flat::Made(..) | Flat::OfType | Flat::Some => continue,
                };
                let mut cells = rest.to_vec();
                cells.extend(parts.into_iter().rev());
                found.push(cells);
            }
        }
        found
    }

    fn heads(&self, rows: &[Vec<Cell>]) -> Vec<Vec<Flat>> {
        let first = |row: &Vec<Cell>| row.last().copied().unwrap_or(Cell::Any);
        rows.iter().map(|row| self.flat(first(row))).collect()
    }

    fn flat(&self, cell: Cell) -> Vec<Flat> {
        let mut todo = vec![self.cx.head(cell)];
        let mut found = Vec::new();
        while let Some(head) = todo.pop() {
            found.push(match head {
                Head::Any => Flat::Any,
                Head::Made(made, parts) => Flat::Made(made, parts),
                Head::OfType => Flat::OfType,
                Head::Some => Flat::Some,
                Head::OneOf(heads) => {
                    todo.extend(heads.into_iter().rev());
                    continue;
                }
                Head::Alternatives(cells) => {
                    todo.extend(cells.into_iter().rev().map(|cell| self.cx.head(cell)));
                    continue;
                }
            });
        }
        found
    }
}

/// The enums of constructors.
pub fn shapes(named: &[&Constructor]) -> Vec<Arc<EnumShape>> {
    let mut found: Vec<Arc<EnumShape>> = Vec::new();
    for made in named {
        if let Constructor::Variant(shape, _) = made
            && !found.iter().any(|known| Arc::ptr_eq(known, shape))
        {
            found.push(shape.clone());
        }
    }
    found
}

/// What a value may begin with that begins with none of these, if that is known; none at all if these
/// are all of their kind.
fn other_than(named: &[&Constructor]) -> Option<Option<Constructor>> {
    let is_left = |made: &Constructor| !named.contains(&made);
    let of_kind = |kind: fn(&Constructor) -> bool| named.iter().any(|made| kind(made));
    let shapes = shapes(named);
    if !shapes.is_empty() {
        let all = shapes.iter().flat_map(|shape| {
            (0..shape.variants.len()).map(|number| Constructor::Variant(shape.clone(), number))
        });
        all.into_iter().find(is_left).map(Some)
    } else if of_kind(|made| matches!(made, Constructor::Literal(_))) {
        Some(None)
    } else if of_kind(|made| matches!(made, Constructor::Bool(_))) {
        [true, false].map(Constructor::Bool).into_iter().find(is_left).map(Some)
    } else if of_kind(|made| matches!(made, Constructor::List(_))) {
        (0..=LENGTH_MAX).map(Constructor::List).find(is_left).map(Some)
    } else {
        Some(None)
    }
}

/// The value that steps lead to, as it would be written.
pub fn written(steps: &[Step]) -> String {
    // From the end on, so that the parts of a constructor are there before it.
    let mut parts: Vec<String> = Vec::new();
    for step in steps.iter().rev() {
        let text = match step {
            Step::Other(None) => "_".to_owned(),
            Step::Other(Some(made)) => made.written(&vec!["_".to_owned(); made.arity()]),
            Step::Made(made) => {
                let rest = parts.len().saturating_sub(made.arity());
                let mut own = parts.split_off(rest);
                own.reverse();
                made.written(&own)
            }
        };
        parts.push(text);
    }
    parts.pop().unwrap_or_default()
}
