//! The JSON form of an [`Error`], for editors and for logs that machines read.

use serde_json::{Map, Value as Json, json};

use super::error::{Error, Place};
use super::report::{Entered, Entry, Frame, Relation, Report};
use crate::diagnostics::{Diagnostic, SourceMap};

impl Error {
    /// All that is known of it as one line of JSON. `kind` is `compile`, `uncaught`, `cancelled`,
    /// `call` or `os`, `message` the text. An error of compilation has `diagnostics`, one that a
    /// script threw has `errors` (itself, its causes, what it suppressed), each with `frames`. A place
    /// is `{file, line, column, start, end}`: lines and columns from 1, `start` and `end` in bytes.
    pub fn to_json(&self) -> String {
        let mut form = Map::new();
        let kind = match self {
            Error::Compile(_) => "compile",
            Error::Uncaught { .. } => "uncaught",
            Error::Cancelled(_) => "cancelled",
            Error::Call(_) => "call",
            Error::Os(_) => "os",
            Error::Limit(_) => "limit",
        };
        form.insert("kind".to_owned(), json!(kind));
        form.insert("message".to_owned(), json!(self.to_string()));
        form.insert("status".to_owned(), json!(self.status()));
        match self {
            Error::Compile(error) => {
                let found = error.diagnostics.iter().map(|it| diagnostic(it, &error.sources));
                form.insert("diagnostics".to_owned(), Json::Array(found.collect()));
            }
            Error::Uncaught { report, .. } => {
                let errors = report.entries.iter().map(|it| entry(it, report)).collect();
                form.insert("errors".to_owned(), Json::Array(errors));
            }
            _ => {}
        }
        Json::Object(form).to_string()
    }
}

fn place_form(place: Option<Place>) -> Json {
    place.map_or(Json::Null, |place| {
        let Place { file, bytes, line, column, .. } = place;
        json!({"file": &*file, "line": line, "column": column, "start": bytes.start, "end": bytes.end})
    })
}

fn diagnostic(diagnostic: &Diagnostic, sources: &std::sync::Arc<SourceMap>) -> Json {
    let place = diagnostic.primary().and_then(|it| Place::new(it.source, it.span, sources));
    json!({
        "code": diagnostic.code.map(|code| code.name()),
        "error": diagnostic.is_error(),
        "message": diagnostic.title,
        "place": place_form(place),
        "help": diagnostic.help,
    })
}

fn entry(entry: &Entry, report: &Report) -> Json {
    let relation = match entry.relation {
        Relation::Main => "main",
        Relation::Cause => "cause",
        Relation::Suppressed => "suppressed",
    };
    let details: Map<String, Json> =
        entry.details.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let frames: Vec<Json> = entry.frames.iter().map(|it| frame(it, report)).collect();
    json!({
        "relation": relation,
        "class": entry.class,
        "message": entry.message,
        "details": details,
        "frames": frames,
    })
}

fn frame(frame: &Frame, report: &Report) -> Json {
    let entered = match frame.entered {
        Entered::Called => "called",
        Entered::Awaited => "awaited",
        Entered::Spawned => "spawned",
    };
    let place = Place::new(frame.source, frame.span, &report.sources);
    json!({"function": frame.function, "entered": entered, "place": place_form(place)})
}
