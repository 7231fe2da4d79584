//! What goes over the socket between a terminal and a program's console: one JSON object a line, with
//! one member, whose name says what it is.

use serde_json::{Value, json};

use super::link::{Answer, Completions, QuestionKind, Request};

/// Both ends must speak the same language.
pub const VERSION: u64 = 1;

/// What comes from the terminal.
#[derive(Debug, PartialEq, Eq)]
pub enum Upward {
    /// The first line: the terminal shows colours, and is so many columns wide.
    Hello { version: u64, colour: bool, width: u64 },
    /// What the person wants.
    Wish(Wish),
    /// What somebody who types wants to know, and the number of the question.
    Question { id: u64, kind: QuestionKind, text: String, cursor: usize },
}

/// A request that can be sent and compared.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    Submit(String),
    Interrupt,
    Background,
    Quit,
    Table,
}

/// What comes from the console.
#[derive(Debug, PartialEq, Eq)]
pub enum Downward {
    /// An answer for the session.
    Answer(Answer),
    /// An answer to a question.
    Found { id: u64, found: Completions },
    /// There is no session, for this reason.
    Refused(String),
}

impl From<Request> for Wish {
    fn from(request: Request) -> Wish {
        match request {
            Request::Submit(text) => Wish::Submit(text),
            Request::Interrupt => Wish::Interrupt,
            Request::Background => Wish::Background,
            Request::Quit => Wish::Quit,
            Request::Table => Wish::Table,
        }
    }
}

impl From<Wish> for Request {
    fn from(wish: Wish) -> Request {
        match wish {
            Wish::Submit(text) => Request::Submit(text),
            Wish::Interrupt => Request::Interrupt,
            Wish::Background => Request::Background,
            Wish::Quit => Request::Quit,
            Wish::Table => Request::Table,
        }
    }
}

impl Upward {
    /// A line, with its end.
    pub fn to_line(&self) -> String {
        let value = match self {
            Upward::Hello { version, colour, width } => {
                json!({"hello": {"version": version, "colour": colour, "width": width}})
            }
            Upward::Wish(Wish::Submit(text)) => json!({"submit": text}),
            Upward::Wish(Wish::Interrupt) => json!({"interrupt": null}),
            Upward::Wish(Wish::Background) => json!({"background": null}),
            Upward::Wish(Wish::Quit) => json!({"quit": null}),
            Upward::Wish(Wish::Table) => json!({"table": null}),
            Upward::Question { id, kind, text, cursor } => {
                let kind = match kind {
                    QuestionKind::Completion => "completion",
                    QuestionKind::Signature => "signature",
                };
                json!({"question": {"id": id, "kind": kind, "text": text, "cursor": cursor}})
            }
        };
        format!("{value}\n")
    }

    /// What a line says; nothing if it says nothing that is known.
    pub fn of_line(line: &str) -> Option<Upward> {
        let (name, value) = member(line)?;
        Some(match name.as_str() {
            "hello" => Upward::Hello {
                version: value["version"].as_u64()?,
                colour: value["colour"].as_bool()?,
                width: value["width"].as_u64()?,
            },
            "submit" => Upward::Wish(Wish::Submit(value.as_str()?.to_owned())),
            "interrupt" => Upward::Wish(Wish::Interrupt),
            "background" => Upward::Wish(Wish::Background),
            "quit" => Upward::Wish(Wish::Quit),
            "table" => Upward::Wish(Wish::Table),
            "question" => {
                let kind = match value["kind"].as_str()? {
                    "completion" => QuestionKind::Completion,
                    "signature" => QuestionKind::Signature,
                    _ => return None,
                };
                let text = value["text"].as_str()?.to_owned();
                let cursor = usize::try_from(value["cursor"].as_u64()?).ok()?;
                if !text.is_char_boundary(cursor) {
                    return None;
                }
                Upward::Question { id: value["id"].as_u64()?, kind, text, cursor }
            }
            _ => return None,
        })
    }
}

impl Downward {
    /// A line, with its end.
    pub fn to_line(&self) -> String {
        let value = match self {
            Downward::Answer(Answer::Print(text)) => json!({"print": text}),
            Downward::Answer(Answer::Complain(text)) => json!({"complain": text}),
            Downward::Answer(Answer::Ready) => json!({"ready": null}),
            Downward::Answer(Answer::Prefill(text)) => json!({"prefill": text}),
            Downward::Answer(Answer::Table(text)) => json!({"table": text}),
            Downward::Answer(Answer::Ended(status)) => json!({"ended": status}),
            Downward::Refused(why) => json!({"refused": why}),
            Downward::Found { id, found } => {
                json!({"found": {"id": id, "start": found.start, "candidates": found.candidates}})
            }
        };
        format!("{value}\n")
    }

    /// What a line says; nothing if it says nothing that is known.
    pub fn of_line(line: &str) -> Option<Downward> {
        let (name, value) = member(line)?;
        let text = || value.as_str().map(str::to_owned);
        Some(match name.as_str() {
            "print" => Downward::Answer(Answer::Print(text()?)),
            "complain" => Downward::Answer(Answer::Complain(text()?)),
            "ready" => Downward::Answer(Answer::Ready),
            "prefill" => Downward::Answer(Answer::Prefill(text()?)),
            "table" => Downward::Answer(Answer::Table(text()?)),
            "ended" => Downward::Answer(Answer::Ended(i32::try_from(value.as_i64()?).ok()?)),
            "refused" => Downward::Refused(text()?),
            "found" => {
                let pair = |pair: &Value| {
                    Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned()))
                };
                let candidates = value["candidates"].as_array()?.iter().map(pair);
                let found = Completions {
                    start: usize::try_from(value["start"].as_u64()?).ok()?,
                    candidates: candidates.collect::<Option<Vec<_>>>()?,
                };
                Downward::Found { id: value["id"].as_u64()?, found }
            }
            _ => return None,
        })
    }
}

/// The one member of the object that a line is.
fn member(line: &str) -> Option<(String, Value)> {
    let Ok(Value::Object(object)) = serde_json::from_str(line) else { return None };
    object.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_arrives_as_it_was_sent() {
        let ups = [
            Upward::Hello { version: VERSION, colour: true, width: 80 },
            Upward::Wish(Wish::Submit("fn f() {\n\t\"ü\\\"\n}".to_owned())),
            Upward::Wish(Wish::Interrupt),
            Upward::Wish(Wish::Background),
            Upward::Wish(Wish::Quit),
            Upward::Wish(Wish::Table),
            Upward::Question {
                id: 7,
                kind: QuestionKind::Signature,
                text: "f(".to_owned(),
                cursor: 2,
            },
        ];
        for up in ups {
            assert_eq!(Upward::of_line(&up.to_line()), Some(up));
        }
        let found = Completions { start: 1, candidates: vec![("a".to_owned(), "b".to_owned())] };
        let downs = [
            Downward::Answer(Answer::Print("\x1b[1m\n".to_owned())),
            Downward::Answer(Answer::Complain("!".to_owned())),
            Downward::Answer(Answer::Ready),
            Downward::Answer(Answer::Prefill(String::new())),
            Downward::Answer(Answer::Table("t".to_owned())),
            Downward::Answer(Answer::Ended(3)),
            Downward::Refused("no".to_owned()),
            Downward::Found { id: 7, found },
        ];
        for down in downs {
            assert_eq!(Downward::of_line(&down.to_line()), Some(down));
        }
    }

    #[test]
    fn nonsense_is_no_message() {
        let question = r#"{"question":{"id":1,"kind":"completion","text":"ü","cursor":1}}"#;
        for line in ["", "{}", "[]", "{\"submit\":1}", "{\"hello\":{}}", "x", question] {
            assert_eq!(Upward::of_line(line), None, "{line}");
            assert_eq!(Downward::of_line(line), None, "{line}");
        }
    }
}
