//! Module `process`: other programs. Here is what needs the system; `run` and `pipeline` are written
//! in Kettle on top of it (`stdlib/process.ket`).
//!
//! - `spec`: from arguments to a command;
//! - `start`: starting, as an op of the loop;
//! - `child`: the handle of a process, and waiting for its end;
//! - `signal_name`: the names of signals.

mod child;
pub(in crate::natives) mod signal_name;
mod spec;
mod start;

use crate::natives;

pub use child::CHILD;

natives! {
    /// The natives of module `process`.
    pub const PROCESS;

    /// Starts the program `cmd`, which is looked for in `PATH`, with these arguments; no shell is
    /// involved. `stdin`, `stdout` and `stderr` are `"pipe"` (a stream of the handle), `"inherit"`
    /// (those of this program) or `"null"`; `stderr` may be `"stdout"`, which joins the two. `env` is
    /// added to the environment, a null in it takes a variable out; with `inherit_env: false` there
    /// is nothing else in it. The process ends with the task that owns the handle: it and the
    /// processes it has started (its process group, unless its stdin is inherited) are asked to
    /// end, and killed two seconds later.
    async fn process.start(cmd: str, args: list?, named stdin: str = "pipe", named stdout: str = "pipe",
        named stderr: str = "inherit", named env: map?, named inherit_env: bool = true, named cwd: str?) => start::start,
        "import process\nlet child = await process.start(\"cat\")\nawait child.stdin.write(\"through the cat\")\nchild.stdin.close()\nprint(await child.stdout.read_text())\nprint((await child.wait()).ok)" => "through the cat\ntrue";
}
