//! What a script says it will do, and whether it did.
//!
//! A script test carries its expectations in comments, next to the code that meets them:
//!
//! ```text
//! # args: --fast "two words"          headers, each on a line of its own
//! # stdin: one line
//! # exit: 3
//! # clock: virtual
//! # budget: 128                       the order depends on how many ops a task may do in a row
//! # memory: 16                        it may use so many MiB
//! # depth: 3000                       its calls may nest so deep
//! print(1 + 2)             # expect: 3
//! eprint("careful")        # expect stderr: careful
//! nope                     # expect error[E0201]: unknown name `nope`
//! [1][5]                   # expect throw: IndexError: index 5 is past the end (length 1)
//! ```
//!
//! A script whose first line is `# nontest` is a part of other tests and is not run by itself.
//! Lines of output are met in order and compared whole. Diagnostics and the throw also have to
//! stand on the line of their comment, unless that comment has the line to itself. This module
//! runs nothing: it reads the text of a script and compares two descriptions.

use std::fmt::Write;

/// What a script says it will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Words of the command line after the script.
    pub args: Vec<String>,
    /// All of standard input.
    pub stdin: String,
    /// The exit status, where the script gives it.
    pub exit: Option<i32>,
    /// Time is simulated: it jumps to the next timer.
    pub virtual_clock: bool,
    /// How many ops a task may do in a row, where the order of the output depends on it.
    pub op_budget: Option<u32>,
    /// How many bytes it may use, if not all there are.
    pub memory_limit: Option<usize>,
    /// How deep its calls may nest, if not as deep as usual.
    pub depth_max: Option<usize>,
    /// Lines of standard output.
    pub stdout: Vec<String>,
    /// Lines of standard error, without the report of an uncaught error.
    pub stderr: Vec<String>,
    /// Diagnostics of the compiler.
    pub diagnostics: Vec<Remark>,
    /// The error that ends the program, as `Type: message`.
    pub throw: Option<Remark>,
}

/// A text that belongs to a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The line, counted from 1; none if any line will do.
    pub line: Option<usize>,
    /// The text: `error[E0201]: unknown name`, `IndexError: index 5 …`.
    pub text: String,
}

/// What a script did.
#[derive(Clone, Debug, Default)]
pub struct Conduct {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error, without the report.
    pub stderr: String,
    /// Its exit status.
    pub exit: i32,
    /// Diagnostics of the compiler.
    pub diagnostics: Vec<Remark>,
    /// The error that ended it.
    pub throw: Option<Remark>,
    /// How the command line would report that error.
    pub report: String,
}

/// Whether a script is only there to be imported by others.
pub fn is_part(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim_end() == "# nontest")
}

impl Expectation {
    /// Reads the comments of a script. The error says which line cannot be read.
    pub fn read(text: &str) -> Result<Expectation, String> {
        let mut expectation = Expectation::default();
        let mut expects = 0;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(header) = line.strip_prefix("# ") {
                expects += usize::from(expectation.header(header, number)?);
            }
            if let Some(at) = line.find("# expect") {
                let alone = line[..at].trim().is_empty();
                let place = if alone { None } else { Some(number) };
                expectation.expect(&line[at + "# expect".len()..], place, number)?;
                expects += 1;
            }
        }
        if expects == 0 {
            return Err("the script expects nothing: add `# expect: …`".to_owned());
        }
        Ok(expectation)
    }

    /// Reads a header; says whether it is an expectation.
    fn header(&mut self, header: &str, number: usize) -> Result<bool, String> {
        let Some((key, value)) = header.split_once(':') else { return Ok(false) };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match key {
            "args" => self.args.extend(words(value, number)?),
            "stdin" => {
                self.stdin.push_str(value);
                self.stdin.push('\n');
            }
            "exit" => {
                let status = value.trim().parse();
                self.exit = Some(
                    status.map_err(|_| format!("line {number}: `{value}` is no exit status"))?,
                );
                return Ok(true);
            }
            "budget" => {
                let budget = value.trim().parse();
                let budget =
                    budget.map_err(|_| format!("line {number}: `{value}` is no budget"))?;
                self.op_budget = Some(budget);
            }
            "memory" => {
                let mebibytes: Result<usize, _> = value.trim().parse();
                let mebibytes = mebibytes
                    .map_err(|_| format!("line {number}: `{value}` is no number of MiB"))?;
                self.memory_limit = Some(mebibytes << 20);
            }
            "depth" => {
                let depth = value.trim().parse();
                let depth = depth.map_err(|_| format!("line {number}: `{value}` is no depth"))?;
                self.depth_max = Some(depth);
            }
            "clock" if value.trim() == "virtual" => self.virtual_clock = true,
            "clock" => return Err(format!("line {number}: the only clock to choose is `virtual`")),
            _ => {}
        }
        Ok(false)
    }

    /// Reads what stands behind `# expect`.
    fn expect(&mut self, rest: &str, place: Option<usize>, number: usize) -> Result<(), String> {
        let (head, text) =
            rest.split_once(':').ok_or_else(|| format!("line {number}: `# expect` without `:`"))?;
        let text = text.strip_prefix(' ').unwrap_or(text).to_owned();
        match head.trim_start() {
            "" => self.stdout.push(text),
            "stderr" => self.stderr.push(text),
            "throw" if self.throw.is_some() => {
                return Err(format!("line {number}: a second `expect throw`"));
            }
            "throw" => self.throw = Some(Remark { line: place, text }),
            severity if severity.starts_with("error[") || severity.starts_with("warning[") => {
                self.diagnostics.push(Remark { line: place, text: format!("{severity}: {text}") });
            }
            other => return Err(format!("line {number}: `# expect {other}:` is not known")),
        }
        Ok(())
    }

    /// The faults of what a script did, in words; none if it did what it said.
    pub fn faults(&self, conduct: &Conduct) -> Vec<String> {
        let mut faults = Vec::new();
        compare_remarks(&self.diagnostics, &conduct.diagnostics, &mut faults);
        self.compare_throw(conduct, &mut faults);
        if faults.is_empty() || !conduct.stdout.is_empty() {
            compare_lines("stdout", &self.stdout, &conduct.stdout, &mut faults);
            compare_lines("stderr", &self.stderr, &conduct.stderr, &mut faults);
        }
        let exit = self.exit.unwrap_or_else(|| self.status());
        if exit != conduct.exit && faults.is_empty() {
            faults.push(format!("exit status {} instead of {exit}", conduct.exit));
        }
        faults
    }

    /// The exit status that follows from what else is expected.
    fn status(&self) -> i32 {
        match &self.throw {
            Some(throw) if throw.text.starts_with("DeadlockError") => 13,
            Some(_) => 1,
            None if self.diagnostics.iter().any(|remark| remark.text.starts_with("error")) => 2,
            None => 0,
        }
    }

    fn compare_throw(&self, conduct: &Conduct, faults: &mut Vec<String>) {
        match (&self.throw, &conduct.throw) {
            (None, None) => {}
            (Some(expected), None) => {
                faults.push(format!("nothing was thrown instead of {}", expected.text))
            }
            (None, Some(_)) => faults.push(format!("an error was not caught:\n{}", conduct.report)),
            (Some(expected), Some(actual)) => {
                if expected.text != actual.text {
                    faults.push(format!("thrown:   {}\nexpected: {}", actual.text, expected.text));
                } else if expected.line.is_some() && expected.line != actual.line {
                    let line =
                        actual.line.map_or("no line".to_owned(), |line| format!("line {line}"));
                    faults.push(format!("{} came from {line}:\n{}", actual.text, conduct.report));
                }
            }
        }
    }
}

/// Both have to hold the same remarks, in any order.
fn compare_remarks(expected: &[Remark], actual: &[Remark], faults: &mut Vec<String>) {
    let mut left: Vec<&Remark> = actual.iter().collect();
    for remark in expected {
        let fits = |other: &&Remark| {
            other.text == remark.text && (remark.line.is_none() || other.line == remark.line)
        };
        match left.iter().position(fits) {
            Some(index) => {
                left.remove(index);
            }
            None => faults.push(format!("missing: {}", placed(remark))),
        }
    }
    faults.extend(left.into_iter().map(|remark| format!("not expected: {}", placed(remark))));
}

fn placed(remark: &Remark) -> String {
    match remark.line {
        Some(line) => format!("line {line}: {}", remark.text),
        None => remark.text.clone(),
    }
}

fn compare_lines(what: &str, expected: &[String], actual: &str, faults: &mut Vec<String>) {
    let actual: Vec<&str> = actual.lines().collect();
    let same =
        expected.iter().zip(&actual).take_while(|(expected, actual)| expected == actual).count();
    if same == expected.len() && same == actual.len() {
        return;
    }
    let mut fault = format!("{what} differs at its line {}:", same + 1);
    for (sign, line) in [
        ("expected", expected.get(same).map(String::as_str)),
        ("actual", actual.get(same).copied()),
    ] {
        match line {
            Some(line) => write!(fault, "\n  {sign:8} {line}").expect("a string takes any text"),
            None => write!(fault, "\n  {sign:8} (the end)").expect("a string takes any text"),
        }
    }
    faults.push(fault);
}

/// Splits at blanks; `"…"` keeps them.
fn words(text: &str, number: usize) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| format!("line {number}: a `\"` without its partner"))?,
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "# args: -v \"two words\" x\n# stdin: abc\n# clock: virtual\nprint(1)  # expect: 1\n\
        # expect:  indented\nnope  # expect error[E0201]: unknown name: `nope`\n[1][5] # expect throw: IndexError: past\n";

    #[test]
    fn comments_and_headers_are_read() {
        let expectation = Expectation::read(SCRIPT).expect("it can be read");
        assert_eq!(expectation.args, ["-v", "two words", "x"]);
        assert_eq!(expectation.stdin, "abc\n");
        assert!(expectation.virtual_clock);
        assert_eq!(expectation.stdout, ["1", " indented"]);
        let diagnostic =
            Remark { line: Some(6), text: "error[E0201]: unknown name: `nope`".to_owned() };
        assert_eq!(expectation.diagnostics, [diagnostic]);
        assert_eq!(
            expectation.throw,
            Some(Remark { line: Some(7), text: "IndexError: past".to_owned() })
        );
    }

    #[test]
    fn a_script_that_expects_nothing_is_refused() {
        assert!(Expectation::read("print(1)\n# a remark: yes\n").is_err());
        assert!(Expectation::read("print(1) # expect oops: 1\n").is_err());
        assert!(Expectation::read("exit(3)\n# exit: 3\n").is_ok());
    }

    #[test]
    fn what_differs_is_named() {
        let expectation = Expectation::read("print(1) # expect: 1\nprint(2) # expect: 2\n")
            .expect("it can be read");
        let conduct = |stdout: &str| Conduct { stdout: stdout.to_owned(), ..Conduct::default() };
        assert_eq!(expectation.faults(&conduct("1\n2\n")), Vec::<String>::new());
        assert_eq!(
            expectation.faults(&conduct("1\n3\n")),
            ["stdout differs at its line 2:\n  expected 2\n  actual   3"]
        );
        assert_eq!(
            expectation.faults(&conduct("1\n2\n3\n")),
            ["stdout differs at its line 3:\n  expected (the end)\n  actual   3"]
        );
        assert_eq!(
            expectation.faults(&Conduct { exit: 1, ..conduct("1\n2\n") }),
            ["exit status 1 instead of 0"]
        );
    }

    #[test]
    fn a_throw_has_to_come_from_its_line() {
        let expectation =
            Expectation::read("f() # expect throw: ValueError: no\n").expect("it can be read");
        let thrown = |line| Conduct {
            throw: Some(Remark { line: Some(line), text: "ValueError: no".to_owned() }),
            exit: 1,
            ..Conduct::default()
        };
        assert!(expectation.faults(&thrown(1)).is_empty());
        assert!(!expectation.faults(&thrown(2)).is_empty());
        assert!(!expectation.faults(&Conduct::default()).is_empty());
    }
}
