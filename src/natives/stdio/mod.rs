//! Standard input and output: what `print` writes to, `input`, and the streams of module `os`.
//!
//! Output goes to the host's [`World`]: to the process, through [`Console`],
//! or into memory. Input of the process is read on a thread, one piece ahead at most.

mod console;
mod device;

use super::kind::TextValue;
use super::stream::{LineWant, ReadOp, Stream, Want};
use super::world::World;
use crate::natives;
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value, Vm};

pub use console::Console;

natives! {
    /// The natives of standard input.
    pub const STDIO;

    /// Prints `prompt` and reads a line from standard input; gives it without its end, null at
    /// the end of input.
    async fn input(prompt: str = "") => input;
}

/// The most bytes that a line typed by a person has.
const LINE_MAX: usize = 16 * 1024 * 1024;

/// Makes the streams of module `os` and the program's arguments.
pub fn install(vm: &mut Vm, world: &World) {
    let streams = [
        ("stdin", Stream::input(&world.stdin)),
        ("stdout", Stream::output(Target::Out)),
        ("stderr", Stream::output(Target::Err)),
    ];
    for (name, stream) in streams {
        let stream = vm.heap.object(Box::new(stream));
        vm.define_member("os", name, stream);
    }
    let args = world.args.iter().map(|arg| vm.heap.string(arg)).collect();
    let args = vm.heap.list(args);
    vm.define_member("os", "args", args);
}

fn input(cx: &mut Cx<'_>, prompt: TextValue) -> Result<Answer, Thrown> {
    let stdin = cx.vm.member("os", "stdin");
    let prompt = prompt.get(&cx.vm.heap);
    if !prompt.is_empty() {
        cx.rt.write(Target::Out, prompt.as_bytes());
        cx.rt.output.flush();
    }
    let want = Want::Line(LineWant { max: LINE_MAX, lossy: true, at_end: Value::null() });
    ReadOp::new(cx.vm, stdin, want)?.begin(cx)
}
