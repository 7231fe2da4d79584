//! The table of diagnostic codes: each is declared here once and keeps its meaning for good.
//!
//! E01xx syntax, E02xx names, E03xx async, E04xx modules, E08xx limits. Warnings: W01xx what is not
//! used, W02xx flow and conditions, W03xx comparisons, W04xx results that go nowhere, W05xx tasks,
//! W06xx things said twice, W08xx matches, W09xx what only looks like something else. The long text
//! of each code is the file of its name in `explain/`.

use super::Severity;

macro_rules! codes {
    ($($code:ident $title:literal)*) => {
        /// A stable code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$code),*];

            /// The code as it is printed.
            pub fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// What kind of fault it is, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }

            /// What `kettle explain` prints: prose, then a wrong and a right example.
            pub fn explanation(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("explain/", stringify!($code), ".md")),)*
                }
            }
        }
    };
}

impl Code {
    /// The code of that name, upper or lower case.
    pub fn parse(name: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.name().eq_ignore_ascii_case(name))
    }

    /// Codes that begin with `W` are warnings.
    pub fn severity(self) -> Severity {
        if self.name().starts_with('W') { Severity::Warning } else { Severity::Error }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

codes! {
    E0101 "unexpected token"
    E0102 "unterminated string"
    E0103 "unexpected character"
    E0104 "unknown escape"
    E0105 "malformed number"
    E0106 "bracket without partner"
    E0107 "nested too deeply"
    E0108 "not UTF-8"
    E0109 "operators that do not chain"
    E0110 "not assignable"
    E0111 "not a type"
    E0112 "nothing to spawn"
    E0113 "try alone"
    E0114 "misplaced argument"
    E0115 "misplaced parameter"
    E0116 "pattern that may not fit"
    E0117 "import inside a statement"
    E0118 "jump out of a clean-up"
    E0119 "no loop to leave"
    E0120 "misplaced yield"
    E0121 "input ends too early"
    E0122 "malformed interpolation"
    E0123 "key that is no name"
    E0124 "misplaced super"
    E0125 "source too large"
    E0126 "written as in another language"
    E0127 "public variable"
    E0128 "misplaced modifier"
    E0130 "value returned from a generator"
    E0201 "unknown name"
    E0202 "name bound twice"
    E0203 "not a variable"
    E0204 "used before it is set"
    E0205 "self outside of a class"
    E0206 "unknown label"
    E0207 "label with the name of a variable"
    E0208 "member declared twice"
    E0209 "alternatives bind different names"
    E0210 "arm that never runs"
    E0211 "value for a loop that has none"
    E0212 "unknown variant"
    E0213 "payload that does not fit"
    E0214 "member that an enum cannot have"
    E0215 "`else` that does not leave"
    E0216 "tests of one name"
    E0301 "await in a plain function"
    E0302 "async where it cannot be"
    E0303 "async call without await"
    E0304 "spawn without an owner"
    E0305 "unknown option of a block"
    E0401 "cycle of imports"
    E0402 "missing module file"
    E0403 "unknown module"
    E0404 "unreadable module file"
    E0405 "unknown export"
    E0406 "module without a name"
    E0802 "too large"

    W0001 "comment that silences nothing"

    W0101 "unused variable"
    W0102 "unused parameter"
    W0103 "unused import"
    W0104 "unused declaration"
    W0105 "variable that is only written"
    W0106 "unused label"

    W0201 "unreachable code"
    W0202 "constant condition"
    W0203 "condition that is never false"

    W0301 "values that are never equal"
    W0302 "value compared with itself"
    W0303 "search compared with a number"

    W0401 "result that goes nowhere"
    W0402 "statement without effect"
    W0403 "lazy chain that never runs"
    W0404 "value of a method that has none"

    W0501 "failure of a task that is not caught here"
    W0502 "async function that gives back a task"

    W0601 "key given twice"
    W0602 "condition asked twice"
    W0603 "assignment to itself"
    W0604 "arm given twice"
    W0605 "call of `main` by hand"

    W0801 "match that misses variants"
    W0802 "arm whose values are taken"

    W0901 "block that looks like a map"
    W0902 "line that does not continue the one before"
    W0903 "sign applied last"
    W0904 "pattern that hides a name"
    W0905 "variable that hides another"
    W0906 "line that continues the one before"
}
