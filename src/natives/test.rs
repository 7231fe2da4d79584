//! What module `test` asks of the loop and of whoever runs the tests; the rest is in `stdlib/test.ket`.

mod disk;
mod network;
mod world;

use super::kind::TextValue;
use crate::natives;
use crate::runtime::{Answer, Cx, Wait};
use crate::vm::{ErrorKind, Thrown, Value};

pub use disk::DISK;
pub use network::NETWORK;

natives! {
    /// The natives of tests.
    pub const TEST;

    /// Runs this test in the real world: on the real clock, network and files, with real programs. A test
    /// that calls it is begun again there, so call it first. `test "…" (real: true) { }` says the same.
    /// At the top level of a file it is for all tests of the file; outside of tests it does nothing.
    loop fn test.real() => real;

    /// Compares a text with a snapshot of the test: what to say if they differ, else null.
    loop fn core.snapshot(text: str, name: str?) => snapshot;
    /// Keeps all output from now on.
    loop fn core.begin_capture() => begin_capture;
    /// What was kept: a list of what went to standard output and what went to standard error.
    loop fn core.end_capture() => end_capture;
}

fn real(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    match cx.rt.ask_for_real() {
        // Nobody will come back to it.
        true => Ok(Answer::Wait(Wait::Yield)),
        false => Ok(Answer::Value(Value::null())),
    }
}

fn snapshot(cx: &mut Cx<'_>, text: TextValue, name: Option<TextValue>) -> Result<Answer, Thrown> {
    let Some(trial) = &mut cx.rt.trial else {
        let text = "test.snapshot: snapshots belong to tests: call it in a `test` block, \
                    which `kettle test` runs";
        return Err(cx.vm.error(ErrorKind::ValueError, text));
    };
    let heap = &cx.vm.heap;
    let name = name.as_ref().map(|name| name.get(heap));
    Ok(Answer::Value(match trial.examiner.snapshot(name, text.get(heap)) {
        Ok(()) => Value::null(),
        Err(difference) => cx.vm.heap.string_owned(difference),
    }))
}

fn begin_capture(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    if cx.rt.output.capture() {
        return Ok(Answer::Value(Value::null()));
    }
    let text = "test.capture: the output is being captured already";
    Err(cx.vm.error(ErrorKind::ValueError, text))
}

fn end_capture(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    let (out, err) = cx.rt.output.captured();
    let texts = [out, err].map(|bytes| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        cx.vm.heap.string_owned(text)
    });
    Ok(Answer::Value(cx.vm.heap.list(texts.to_vec())))
}
