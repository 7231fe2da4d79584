//! How a console shows values: widths, limits and styles, which its owner chooses.

/// How values are shown.
#[derive(Clone, Debug)]
pub struct View {
    /// Lines are made for so many columns.
    pub width: usize,
    /// Containers inside more than so many others are left out.
    pub depth: usize,
    /// Of a container so many items are shown.
    pub items: usize,
    /// Of a text about so many bytes are shown.
    pub text: usize,
    /// What stands around the pieces of a value.
    pub style: Style,
    /// Errors are drawn in colours.
    pub colour: bool,
}

/// Escape sequences before the pieces of values; all empty for text without colours.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Ints, floats, durations.
    pub number: &'static str,
    /// Strings and bytes.
    pub text: &'static str,
    /// `true`, `false`, `null`.
    pub constant: &'static str,
    /// Keys, fields and the heads of tables.
    pub name: &'static str,
    /// Classes, functions, and everything else.
    pub other: &'static str,
    /// What is left out.
    pub faint: &'static str,
    /// Ends each of them.
    pub end: &'static str,
}

impl Default for View {
    fn default() -> View {
        View { width: 80, depth: 6, items: 100, text: 2000, style: Style::default(), colour: false }
    }
}

impl View {
    /// The same with colours for a terminal.
    pub fn coloured(self) -> View {
        View { style: Style::terminal(), colour: true, ..self }
    }
}

impl Style {
    /// The sixteen colours that every terminal has.
    pub fn terminal() -> Style {
        Style {
            number: "\x1b[36m",
            text: "\x1b[32m",
            constant: "\x1b[35m",
            name: "\x1b[34m",
            other: "\x1b[33m",
            faint: "\x1b[2m",
            end: "\x1b[0m",
        }
    }
}
