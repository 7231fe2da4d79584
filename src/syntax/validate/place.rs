//! Where nodes stand, as far as the checks care.

/// Where a node stands, as far as `yield` and `import` care.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// Directly at the top level of the file.
    pub(super) is_top: bool,
    /// In the body of a function.
    pub(super) in_function: bool,
    /// The construct around it in which a generator cannot be left.
    pub(super) pinned: Option<Pin>,
}

/// A construct in which a generator cannot be left.
#[derive(Clone, Copy)]
pub(super) enum Pin {
    Scope,
    Timeout,
    Shield,
    Select,
    Finally,
    Defer,
}

impl Pin {
    /// How it is written.
    pub(super) fn word(self) -> &'static str {
        match self {
            Pin::Scope => "scope",
            Pin::Timeout => "timeout",
            Pin::Shield => "shield",
            Pin::Select => "select",
            Pin::Finally => "finally",
            Pin::Defer => "defer",
        }
    }
}
