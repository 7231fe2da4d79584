//! What a host learns of an error: places in bytes, frames, causes, its own error, JSON.

use std::fmt;
use std::num::ParseIntError;

use kettle::engine::{Engine, Entered, Error};

use super::vm;

#[derive(Debug)]
struct Refused {
    code: u16,
    source: ParseIntError,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with {}", self.code)
    }
}

impl std::error::Error for Refused {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.function("ask", |text: &str| {
        text.parse::<i64>().map_err(|source| Refused { code: 403, source })
    });
    engine.async_function("ask_later", async |text: String| {
        text.parse::<i64>().map_err(|source| Refused { code: 503, source })
    });
    engine
}

const TEXT: &str = "pub fn direct(x) { ask(x) }\n\
    pub async fn later(x) { await middle(x) }\n\
    async fn middle(x) {\n    let é = 1\n    let task = spawn work(x)\n    await task\n}\n\
    async fn work(x) { await ask_later(x) }\n\
    pub fn again(x) { try { ask(x) } catch e { throw ValueError(\"outer\", cause: e) } }\n\
    pub fn told(x) { try { ask(x) } catch e { [e.message, e.cause.message, str(e.data)] } }\n";

#[test]
fn the_error_of_the_host_comes_back() {
    fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Error>();
    let mut vm = vm(&engine(), TEXT);
    for (name, code) in [("direct", 403), ("later", 503), ("again", 403)] {
        let error = vm.call_blocking::<i64>(name, ("x",)).expect_err("it is refused");
        let refused = error.downcast_ref::<Refused>().expect("it is the host's");
        assert_eq!(refused.code, code, "{name}");
        assert!(error.downcast_ref::<ParseIntError>().is_some(), "a source is found, too");
        assert!(error.downcast_ref::<std::io::Error>().is_none());
        let report = error.report(false);
        assert!(report.contains("invalid digit"), "{report}");
        assert!(!report.contains("host_error"), "{report}");
    }
    let error = vm.call_blocking::<i64>("direct", ("x",)).expect_err("it is refused");
    let source = std::error::Error::source(&error).expect("the chain goes on");
    assert_eq!(source.to_string(), "refused with 403");
    assert!(source.source().is_some_and(|it| it.is::<ParseIntError>()));
    assert_eq!(error.class(), Some("Error"));
    let told: Vec<String> = vm.call_blocking("told", ("x",)).expect("it is caught");
    assert_eq!(told, ["refused with 403", "invalid digit found in string", "<host_error>"]);
}

#[test]
fn places_are_in_bytes_and_frames_tell_awaits_and_spawns() {
    let mut vm = vm(&engine(), TEXT);
    let error = vm.call_blocking::<i64>("later", ("x",)).expect_err("it is refused");
    let place = error.place().expect("it has a place");
    assert_eq!(place.to_string(), "test.ket:8:26");
    assert_eq!(place.text(), "ask_later(x)");
    assert_eq!(&TEXT[error.span().expect("it has a span")], "ask_later(x)");
    let frames = error.frames();
    let names: Vec<_> = frames.iter().map(|it| (&*it.function, it.entered)).collect();
    assert_eq!(names[0], ("work", Entered::Spawned), "{names:?}");
    assert_eq!(names[1], ("middle", Entered::Awaited), "{names:?}");
    let places: Vec<String> =
        frames.iter().filter_map(|it| Some(it.place.as_ref()?.to_string())).collect();
    assert_eq!(places[1], "test.ket:5:22", "{places:?}");
}

#[test]
fn json_says_the_same() {
    let mut vm = vm(&engine(), TEXT);
    let error = vm.call_blocking::<i64>("again", ("x",)).expect_err("it is refused");
    let json: serde_json::Value = serde_json::from_str(&error.to_json()).expect("it is JSON");
    assert_eq!(json["kind"], "uncaught");
    assert_eq!(json["message"], "ValueError: outer");
    assert_eq!(json["errors"][1]["relation"], "cause");
    assert_eq!(json["errors"][1]["message"], "refused with 403");
    let place = &json["errors"][1]["frames"][0]["place"];
    assert_eq!((&place["file"], &place["line"]), (&"test.ket".into(), &9.into()));
    let bytes = place["start"].as_u64().expect("an int") as usize
        ..place["end"].as_u64().expect("an int") as usize;
    assert_eq!(&TEXT[bytes], "ask(x)");
    let error = Error::from(Engine::new().compile_text("c.ket", "let x = yy").unwrap_err());
    let json: serde_json::Value = serde_json::from_str(&error.to_json()).expect("it is JSON");
    assert_eq!(json["kind"], "compile");
    assert_eq!(json["diagnostics"][0]["code"], "E0201");
    assert_eq!(json["diagnostics"][0]["place"]["start"], 8);
}
