//! The texts that diagnostics and traces point into.

use std::sync::{Arc, OnceLock};

use super::{SourceId, Span};

/// One source text.
#[derive(Clone, Debug)]
pub struct Source {
    /// What people call it: a path, `<input>`, `<repl 3>`.
    pub name: Arc<str>,
    /// Its whole text.
    pub text: Arc<str>,
    /// Where its lines begin, from when somebody has asked for one: of most sources nobody does.
    line_starts: OnceLock<Arc<[u32]>>,
}

impl Source {
    /// A source of that name.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Source {
        Source { name: name.into(), text: text.into(), line_starts: OnceLock::new() }
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let breaks = memchr::memchr_iter(b'\n', self.text.as_bytes());
            std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect()
        })
    }

    /// Line and column of a byte, both from 1; columns count characters. Offsets past the end
    /// mean the end.
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let offset = self.snap(offset);
        let line = self.line_starts().partition_point(|&start| start <= offset) - 1;
        let start = self.line_starts()[line] as usize;
        let column = self.text[start..offset as usize].chars().count();
        (line as u32 + 1, column as u32 + 1)
    }

    /// The text of a line counted from 1, without its line break; empty where there is none.
    pub fn line(&self, line: u32) -> &str {
        let index = (line as usize).wrapping_sub(1);
        let Some(&start) = self.line_starts().get(index) else { return "" };
        let end = self.line_starts().get(index + 1).map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// The first byte of a line counted from 1.
    pub fn line_start(&self, line: u32) -> u32 {
        let index = (line as usize).saturating_sub(1).min(self.line_starts().len() - 1);
        self.line_starts()[index]
    }

    /// The text of a span, clamped to the source and to whole characters.
    pub fn slice(&self, span: Span) -> &str {
        let span = self.clamp(span);
        &self.text[span.start as usize..span.end as usize]
    }

    /// The span inside the text, on character boundaries, never reversed.
    pub fn clamp(&self, span: Span) -> Span {
        let start = self.snap(span.start);
        Span::new(start, self.snap(span.end).max(start))
    }

    fn snap(&self, offset: u32) -> u32 {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset as u32
    }
}

/// All sources of a program, by number.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Vec<Source>,
}

impl SourceMap {
    /// A map without sources.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a text under a name; the same name twice makes two sources.
    pub fn add(&mut self, name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceId {
        self.sources.push(Source::new(name, text));
        SourceId(self.sources.len() as u32 - 1)
    }

    /// Forgets the sources from that number on.
    pub fn truncate(&mut self, count: usize) {
        self.sources.truncate(count);
    }

    /// The source of that number.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id.0 as usize)
    }

    /// The sources in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.sources.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// How many sources there are.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// `name:line:column` of a place.
    pub fn describe(&self, id: SourceId, span: Span) -> String {
        let Some(source) = self.get(id) else { return "<unknown>".into() };
        let (line, column) = source.position(span.start);
        format!("{}:{line}:{column}", source.name)
    }
}
