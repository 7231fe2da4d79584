//! Module `term`, the native part: the terminal's size, how wide text is on it, and the status lines
//! behind progress bars. The rest is `stdlib/term.ket`.

pub mod measure;

use super::Outcome;
use super::argument::bad_value;
use super::kind::{ListValue, TextValue};
use crate::natives;
use crate::runtime::output::Target;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value, Vm};

natives! {
    /// Module `term`, as far as it is native.
    pub const TERM;

    /// How many characters fit into a line of the terminal: what it says of itself, else what the
    /// environment variable `COLUMNS` says, else 80.
    loop fn term.width() => width;
    /// How many lines the terminal has: what it says of itself, else `LINES`, else 24.
    loop fn term.height() => height;
    /// Whether `stream`, `"stdout"` or `"stderr"`, goes to a terminal, where a person sees it.
    loop fn term.is_terminal(stream: str = "stdout") => is_terminal;
    /// How many columns a text takes on a terminal: wide characters take two, combining ones and
    /// colours none. Of several lines the widest counts.
    fn term.text_width(text: str) => text_width,
        "import term\nprint(term.text_width(\"日本\"), term.text_width(\"e\\u{301}\"))" => "4 1";
    /// The text without colours and other escape sequences.
    fn term.strip(text: str) => strip, "import term\nprint(term.strip(\"\\u{1b}[31mred\\u{1b}[0m\"))" => "red";
    /// The text cut down to so many columns, with `end` where something is missing. Colours are
    /// kept, and end with the text.
    fn term.truncate(text: str, width: int, named end: str = "…") => truncate,
        "import term\nprint(term.truncate(\"a long text\", 7))" => "a long…";
    /// For module `term`: a text as lines of at most so many columns, broken between words.
    fn core.term_wrap(text: str, width: int) => wrap;
    /// For module `term`: keeps lines below all other output of the terminal; none takes them away.
    loop fn core.term_status(lines: list) => set_status;
}

fn width(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    Ok(Answer::Value(Value::int(size(cx, "COLUMNS").unwrap_or(80))))
}

fn height(cx: &mut Cx<'_>) -> Result<Answer, Thrown> {
    Ok(Answer::Value(Value::int(size(cx, "LINES").unwrap_or(24))))
}

/// What the first stream that goes to a terminal says, or the environment.
fn size(cx: &Cx<'_>, variable: &str) -> Option<i64> {
    let sizes = [Target::Out, Target::Err].map(|target| cx.rt.output.terminal(target));
    let pick = |size: crate::runtime::output::Size| {
        if variable == "COLUMNS" { size.columns } else { size.rows }
    };
    let told = sizes.into_iter().flatten().map(pick).find(|&count| count > 0);
    let asked = || {
        cx.rt.driver.variable(variable)?.to_str()?.trim().parse().ok().filter(|&count| count > 0)
    };
    told.map(i64::from).or_else(asked)
}

fn is_terminal(cx: &mut Cx<'_>, stream: TextValue) -> Result<Answer, Thrown> {
    let target = match stream.get(&cx.vm.heap) {
        "stdout" => Target::Out,
        "stderr" => Target::Err,
        _ => {
            let rule = "stream must be \"stdout\" or \"stderr\"";
            return Err(bad_value(cx.vm, "term.is_terminal", rule, stream.0));
        }
    };
    Ok(Answer::Value(Value::bool(cx.rt.output.terminal(target).is_some())))
}

fn text_width(vm: &mut Vm, text: TextValue) -> Outcome {
    let widths = text.get(&vm.heap).lines().map(measure::width);
    Ok(Value::int(widths.max().unwrap_or(0) as i64))
}

fn strip(vm: &mut Vm, text: TextValue) -> Outcome {
    let plain = measure::strip(text.get(&vm.heap));
    Ok(vm.heap.string_owned(plain))
}

fn truncate(vm: &mut Vm, text: TextValue, width: i64, end: TextValue) -> Outcome {
    let width = columns(vm, "term.truncate", width)?;
    let cut = measure::truncate(text.get(&vm.heap), width, end.get(&vm.heap));
    Ok(vm.heap.string_owned(cut))
}

fn wrap(vm: &mut Vm, text: TextValue, width: i64) -> Outcome {
    let width = columns(vm, "term.wrap", width)?;
    let lines = measure::wrap(text.get(&vm.heap), width.max(1));
    let lines = lines.iter().map(|line| vm.heap.string(line)).collect();
    Ok(vm.heap.list(lines))
}

fn columns(vm: &mut Vm, path: &str, width: i64) -> Result<usize, Thrown> {
    usize::try_from(width)
        .map_err(|_| bad_value(vm, path, "width must not be negative", Value::int(width)))
}

fn set_status(cx: &mut Cx<'_>, lines: ListValue) -> Result<Answer, Thrown> {
    let lines = lines.get(&cx.vm.heap).items.iter();
    let lines = lines.filter_map(|line| cx.vm.heap.str(*line).map(str::to_owned)).collect();
    cx.rt.output.set_status(lines);
    Ok(Answer::Value(Value::null()))
}
