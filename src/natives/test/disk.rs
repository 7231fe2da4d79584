//! What a test asks of the simulated disk: that it fails, that it is slow, that it is full.

use std::time::Duration;

use super::world::{done, span_of, world};
use crate::natives;
use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::runtime::driver::{Errno, FileOp, FileRule, When};
use crate::runtime::{Answer, Cx};
use crate::vm::{ErrorKind, Thrown, Value, Vm};

natives! {
    /// What tests ask of the simulated disk.
    pub const DISK;

    /// Lets things go wrong on the simulated disk from now on, by chance, as the seed of the test
    /// decides. What is not named stays as it is; without any argument nothing goes wrong any more,
    /// and what `test.disk_error` asked for is over, too. `errors` of the calls on files fail (an
    /// IoError of the kind "other"), `short_io` of the reads and writes do less than they could: shares
    /// from 0 (never) to 1 (always). `latency` is how much longer a call on files takes: a duration,
    /// or a list of the shortest and the longest. The disk is full after `room` bytes more, until
    /// something is removed: an IoError `no_space`.
    loop fn test.disk(
        named latency: any?, named errors: number?, named short_io: number?, named room: int?
    ) => disk;

    /// Lets calls on files of the simulated disk fail with an IoError of this kind. `path` says for which
    /// files: `*` is any text, `?` any character; what does not begin with a slash or a star is meant from
    /// the current folder. `op` says for which calls: "open", "read", "write", "sync", "look",
    /// "list", "make", "remove", "rename", "copy" or "chmod", by default for all. All of these calls fail,
    /// or the one of number `nth`, counted from 1, or the share `chance`.
    loop fn test.disk_error(
        path: str = "*", kind: str = "other", named op: str?, named nth: int?, named chance: number?
    ) => disk_error;
}

fn disk(
    cx: &mut Cx<'_>,
    latency: Option<Value>,
    errors: Option<f64>,
    short_io: Option<f64>,
    room: Option<i64>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "test.disk";
    let errors = errors.map(|errors| share(cx.vm, PATH, "errors", errors)).transpose()?;
    let short_io = short_io.map(|short| share(cx.vm, PATH, "short_io", short)).transpose()?;
    let latency = latency.map(|latency| span_of(cx.vm, PATH, latency)).transpose()?;
    let room = match room.map(|room| (room, u64::try_from(room))) {
        None => None,
        Some((_, Ok(room))) => Some(room),
        Some((given, Err(_))) => {
            let rule = "room must not be negative";
            return Err(bad_value(cx.vm, PATH, rule, Value::int(given)));
        }
    };
    let world = world(cx, PATH)?;
    if errors.is_none() && short_io.is_none() && latency.is_none() && room.is_none() {
        world.disk().clear_faults();
        world.set_disk_latency(Duration::ZERO, Duration::ZERO);
    }
    world.disk().set_chances(short_io, errors);
    if let Some((least, most)) = latency {
        world.set_disk_latency(least, most);
    }
    if let Some(room) = room {
        world.disk().set_room(room);
    }
    done()
}

fn disk_error(
    cx: &mut Cx<'_>,
    path: TextValue,
    kind: TextValue,
    op: Option<TextValue>,
    nth: Option<i64>,
    chance: Option<f64>,
) -> Result<Answer, Thrown> {
    const PATH: &str = "test.disk_error";
    let kind = kind.get(&cx.vm.heap).to_owned();
    let Some(error) = Errno::of_word(&kind) else {
        return Err(unknown(cx.vm, "kind", &kind, Errno::words()));
    };
    let op = match op.map(|op| op.get(&cx.vm.heap).to_owned()) {
        None => None,
        Some(word) => match FileOp::of_word(&word) {
            Some(op) => Some(op),
            None => return Err(unknown(cx.vm, "op", &word, FileOp::words())),
        },
    };
    let when = match (nth, chance) {
        (None, None) => When::Chance(1.0),
        (None, Some(chance)) => When::Chance(share(cx.vm, PATH, "chance", chance)?),
        (Some(nth), None) => match u64::try_from(nth) {
            Ok(nth) if nth > 0 => When::Nth(nth),
            _ => return Err(bad_value(cx.vm, PATH, "nth must be at least 1", Value::int(nth))),
        },
        (Some(_), Some(_)) => {
            let text = format!("{PATH}: either nth or chance says which calls fail, not both");
            return Err(cx.vm.error(ErrorKind::ValueError, text));
        }
    };
    let form = path.get(&cx.vm.heap).to_owned();
    let disk = world(cx, PATH)?.disk();
    let is_whole = form.starts_with('/') || form.starts_with('*');
    let path = if is_whole { form } else { disk.cwd().join(form).to_string_lossy().into_owned() };
    disk.add_rule(FileRule { path: Some(path), op, when, error });
    done()
}

fn share(vm: &mut Vm, path: &str, name: &str, given: f64) -> Result<f64, Thrown> {
    if (0.0..=1.0).contains(&given) {
        return Ok(given);
    }
    Err(bad_value(vm, path, &format!("{name} must be between 0 and 1"), Value::float(given)))
}

fn unknown(
    vm: &mut Vm,
    name: &str,
    given: &str,
    known: impl Iterator<Item = &'static str>,
) -> Thrown {
    let known: Vec<String> = known.map(|word| format!("{word:?}")).collect();
    let text =
        format!("test.disk_error: {name} must be one of {}, not {given:?}", known.join(", "));
    vm.error(ErrorKind::ValueError, text)
}
