//! A table, for a terminal or for a page.

/// Rows of texts under a head.
pub struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty one.
    pub fn new(head: &[&str]) -> Table {
        Table { head: head.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// Its text: columns under each other, as Markdown or without any lines.
    pub fn text(&self, markdown: bool) -> String {
        let wide = |row: &[String], column: usize| row.get(column).map_or(0, |c| c.chars().count());
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| all().map(|row| wide(row, column)).max().unwrap_or(0))
            .collect();
        let line = |row: &[String]| {
            let cells = widths.iter().enumerate().map(|(column, width)| {
                let cell = row.get(column).map_or("", String::as_str);
                format!("{cell:<width$}")
            });
            let cells: Vec<String> = cells.collect();
            match markdown {
                true => format!("| {} |\n", cells.join(" | ")),
                false => format!("{}\n", cells.join("  ").trim_end()),
            }
        };
        let mut text = line(&self.head);
        if markdown {
            let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
            text.push_str(&line(&dashes));
        }
        for row in &self.rows {
            text.push_str(&line(row));
        }
        text
    }
}

/// A number, what it may be at most, and whether it is.
pub fn at_most(number: f64, most: f64) -> String {
    judged(number <= most, format!("≤ {most}"))
}

/// A number, what it has to be at least, and whether it is.
pub fn at_least(number: f64, least: f64) -> String {
    judged(number >= least, format!("≥ {least}"))
}

fn judged(is_met: bool, target: String) -> String {
    format!("{target} {}", if is_met { "met" } else { "MISSED" })
}
