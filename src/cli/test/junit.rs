//! JUnit XML, which the machines that run tests read.

use std::fmt::Write;
use std::time::Duration;

use super::outcome::{Event, Tested, Verdict, kind, message, report};
use super::{Reporter, Totals};

/// Gathers what is told until a file can be written.
#[derive(Default)]
pub struct Junit {
    suites: Vec<Suite>,
}

struct Suite {
    file: String,
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    took: Duration,
}

impl Junit {
    fn suite(&mut self, file: &str) -> &mut Suite {
        if self.suites.last().is_none_or(|last| last.file != file) {
            self.suites.push(Suite {
                file: file.to_owned(),
                cases: String::new(),
                tests: 0,
                failures: 0,
                errors: 0,
                skipped: 0,
                took: Duration::ZERO,
            });
        }
        self.suites.last_mut().expect("one was just pushed if there was none")
    }

    fn tested(&mut self, tested: &Tested) {
        let suite = self.suite(&tested.place.file);
        suite.tests += 1;
        suite.took += tested.took;
        let mut inside = String::new();
        match &tested.verdict {
            Verdict::Passed => {}
            Verdict::Skipped(why) => {
                suite.skipped += 1;
                inside = format!("      <skipped message=\"{}\"/>\n", escaped(why));
            }
            Verdict::Failed(failure) => {
                suite.failures += 1;
                inside = format!(
                    "      <failure type=\"{}\" message=\"{}\">{}</failure>\n",
                    kind(failure),
                    escaped(&message(failure)),
                    escaped(&report(failure, false)),
                );
                if !tested.output.is_empty() {
                    let output = escaped(&tested.output);
                    inside.push_str(&format!("      <system-out>{output}</system-out>\n"));
                }
            }
        }
        let head = format!(
            "    <testcase classname=\"{}\" name=\"{}\" file=\"{0}\" line=\"{}\" time=\"{}\"",
            escaped(&tested.place.file),
            escaped(&tested.name),
            tested.place.line,
            seconds(tested.took),
        );
        suite.cases.push_str(&match inside.is_empty() {
            true => format!("{head}/>\n"),
            false => format!("{head}>\n{inside}    </testcase>\n"),
        });
    }

    /// The document.
    pub fn document(&self, totals: &Totals) -> String {
        let sum = |count: fn(&Suite) -> usize| self.suites.iter().map(count).sum::<usize>();
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let counts = |tests, failures, errors, skipped| {
            format!(
                "tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\""
            )
        };
        let all =
            counts(sum(|s| s.tests), sum(|s| s.failures), sum(|s| s.errors), sum(|s| s.skipped));
        let took = seconds(totals.took);
        text.push_str(&format!("<testsuites name=\"kettle test\" {all} time=\"{took}\">\n"));
        for suite in &self.suites {
            let Suite { tests, failures, errors, skipped, .. } = *suite;
            let (name, took) = (escaped(&suite.file), seconds(suite.took));
            let counts = counts(tests, failures, errors, skipped);
            text.push_str(&format!("  <testsuite name=\"{name}\" {counts} time=\"{took}\">\n"));
            text.push_str(&suite.cases);
            text.push_str("  </testsuite>\n");
        }
        text.push_str("</testsuites>\n");
        text
    }
}

impl Reporter for Junit {
    fn event(&mut self, event: &Event) -> String {
        match event {
            Event::Tested(tested) => self.tested(tested),
            Event::Broken(file, error) => {
                let suite = self.suite(file);
                suite.tests += 1;
                suite.errors += 1;
                suite.cases.push_str(&format!(
                    "    <testcase classname=\"{0}\" name=\"the file\" file=\"{0}\" time=\"0\">\n      \
                     <error message=\"{1}\">{2}</error>\n    </testcase>\n",
                    escaped(file),
                    escaped(&error.to_string()),
                    escaped(&error.report(false)),
                ));
            }
            Event::Begun(..) | Event::FileEnds(_) => {}
        }
        String::new()
    }

    fn end(&mut self, _: &Totals) -> String {
        String::new()
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// A text between tags or quotes. XML has no way to write most control characters: they come as escapes
/// of the language.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let written = match c {
            '&' => out.write_str("&amp;"),
            '<' => out.write_str("&lt;"),
            '>' => out.write_str("&gt;"),
            '"' => out.write_str("&quot;"),
            // In an attribute these would be read as blanks.
            '\n' | '\t' | '\r' => write!(out, "&#{};", u32::from(c)),
            c if c < ' ' || matches!(c, '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}') => {
                write!(out, "\\u{{{:x}}}", u32::from(c))
            }
            c => out.write_char(c),
        };
        written.expect("a string takes any text");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_is_left_that_xml_does_not_take() {
        assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
        assert_eq!(escaped("a\nb\u{1b}[0m\0"), "a&#10;b\\u{1b}[0m\\u{0}");
        assert_eq!(escaped("süß 😀"), "süß 😀");
    }
}
