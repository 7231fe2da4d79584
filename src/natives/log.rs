//! Module `log`, the native part: writing a message without ever waiting for whoever reads it. The rest
//! is `stdlib/log.ket`.

use super::kind::TextValue;
use crate::natives;
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value};

natives! {
    /// What module `log` is written with.
    pub const LOG;

    /// For module `log`: writes a line to standard error; gives whether there was room for it.
    loop fn core.log_write(line: str) => write;
}

fn write(cx: &mut Cx<'_>, line: TextValue) -> Result<Answer, Thrown> {
    let has_room = cx.rt.output.has_room(Target::Err);
    if has_room {
        let text = format!("{}\n", line.get(&cx.vm.heap));
        cx.rt.write(Target::Err, text.as_bytes());
    }
    Ok(Answer::Value(Value::bool(has_room)))
}
