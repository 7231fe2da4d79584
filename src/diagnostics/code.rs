//! The table of diagnostic codes: each is declared here once and keeps its meaning for good.
//!
//! E01xx syntax, E02xx names, E03xx async, E04xx modules, E08xx limits, W09xx warnings.

use super::Severity;

macro_rules! codes {
    ($($code:ident $title:literal $text:literal)*) => {
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

            /// What `kettle explain` prints.
            pub fn explanation(self) -> &'static str {
                match self { $(Code::$code => $text,)* }
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
    "The text does not fit the grammar at this place. The message names what stands there and what \
     could stand there. Often the fault is a little earlier: a missing comma, a missing operator, \
     or two statements on one line, which need a `;` between them."

    E0102 "unterminated string"
    "A string begins here and does not end. A string in plain quotes ends on its own line; one \
     that goes over several lines is written with three quotes:\n\n    let text = \"\"\"\n        first\n        second\n        \"\"\""

    E0103 "unexpected character"
    "This character has no meaning outside strings and comments."

    E0104 "unknown escape"
    "In strings these escapes are known: \\n \\r \\t \\0 \\b \\f \\\\ \\\" \\' \\/ \\$ \\x41 (up to 7f) \\u0041 \
     \\u{1F600}. In byte strings \\x goes up to ff and there is no \\u. A raw string r\"…\" has no \
     escapes at all."

    E0105 "malformed number"
    "A number must not touch a letter, except for the units of durations: ns us ms s m h d, which \
     may be put together in falling order, as in 1h30m. Ints have 64 bits."

    E0106 "bracket without partner"
    "Every bracket needs its partner. The label points to the one that has none; where brackets \
     cross, to both."

    E0107 "nested too deeply"
    "Brackets may be nested 200 deep, and so may expressions without brackets. Give the inner part \
     a name with `let`, or move it into a function."

    E0108 "not UTF-8"
    "Kettle sources are UTF-8. Save the file in that encoding; bytes that are no text are written \
     in a byte string: b\"\\xff\"."

    E0109 "operators that do not chain"
    "Comparisons, equality, `is`, `in` and ranges do not chain: write a < b && b < c, or use \
     parentheses."

    E0110 "not assignable"
    "To the left of an assignment stands a name, a field (a.b), an element (a[i]), or for plain `=` \
     a list or map of those. An assignment is a statement and has no value."

    E0111 "not a type"
    "After `is`, `!is` and `extends` stands a dotted name of a type, after `is` several with `|` \
     between them; `null` and `fn` are types there."

    E0112 "nothing to spawn"
    "`spawn` starts a call or a block: spawn f(x), spawn { … }. The modifiers come in this order: \
     spawn daemon try f(x)."

    E0113 "try alone"
    "`try { … }` needs at least one `catch` or a `finally`. `catch { }` catches every error."

    E0114 "misplaced argument"
    "Positional arguments come first, then named ones, and each name is given once."

    E0115 "misplaced parameter"
    "Each parameter has a name of its own, and a rest parameter stands last."

    E0116 "pattern that may not fit"
    "`let`, `var`, `for` and parameters need a pattern that only takes apart. For one that may not \
     fit write `let pattern = value else { return }`, or `match`."

    E0117 "import inside a statement"
    "`import` stands at the top level of a file. A module that is chosen at run time is loaded with \
     `await import(path)`."

    E0118 "jump out of a clean-up"
    "`finally` and `defer` must run to their end: `return`, `break` and `continue` cannot leave \
     them. A loop inside the clean-up may be left as usual."

    E0119 "no loop to leave"
    "`break` and `continue` stand in a loop. A closure is a function of its own: it is left with \
     `return`."

    E0120 "misplaced yield"
    "`yield` stands in the body of a `fn`, outside `scope`, `timeout`, `shield`, `select`, \
     `finally` and `defer`, since a generator may be left in the middle."

    E0121 "input ends too early"
    "The text ends inside something that has begun."

    E0122 "malformed interpolation"
    "An interpolation is `${expression}` or `${expression:format}`. A dollar sign before a brace is \
     written `\\$`."

    E0123 "key that is no name"
    "In a map literal `true`, `false`, `null`, `self` and `super` are not taken for names. Write \
     [true]: x for the value and \"true\": x for the text."

    E0124 "misplaced super"
    "`super` stands only as `super.method(…)`."

    E0125 "source too large"
    "A source file has at most two gigabytes."

    E0126 "written as in another language"
    "The form is known from another language; the help shows how Kettle writes it."

    E0127 "public variable"
    "Modules do not share variables. Export a `let`, or functions that read and change the variable."

    E0128 "misplaced modifier"
    "`static`, `async` and `pub` stand only before what can have them."

    E0130 "value returned from a generator"
    "Who runs over a generator gets what it yields. `return` ends it, without a value: yield what is \
     left first."

    E0201 "unknown name"
    "No variable, function, import or prelude name of this name can be seen here."

    E0202 "name bound twice"
    "A block binds each name once. To change a variable declare it with `var` and assign it; to \
     shadow it open a block of its own."

    E0203 "not a variable"
    "Only what is declared with `var` and parameters can be assigned. Names of `let`, `fn`, \
     `class`, `enum`, imports, loops, patterns and `catch` keep their value."

    E0204 "used before it is set"
    "A `let` or `var` can be used behind its declaration. Functions may use what is declared later \
     in the block around them, as they run later."

    E0205 "self outside of a class"
    "`self` and `super` stand in methods and getters, and in closures inside them. A static \
     function, a field's default and a function outside of a class have no `self`."

    E0206 "unknown label"
    "`break name` and `continue name` name a loop around them: `outer: for …`."

    E0207 "label with the name of a variable"
    "`break name` would have two meanings: leave that loop, or leave the inner one with the \
     variable's value."

    E0208 "member declared twice"
    "Fields, methods and getters of a class share their names: each is declared once."

    E0209 "alternatives bind different names"
    "Whichever alternative of a pattern fits, the same names have to be bound: `[x, 0] | [0, x]`."

    E0210 "arm that never runs"
    "An arm before this one fits every value, so this one is never reached. A bare name in a \
     pattern binds; to compare write `x if x == NAME`, or a dotted path."

    E0211 "value for a loop that has none"
    "Only `loop` has a value: `break value` leaves no `for` and no `while`."

    E0212 "unknown variant"
    "An enum has the variants that its declaration lists, its static members, and `values()`, the \
     list of its variants without payload. Methods belong to its values: `Shape.Circle(1).area()`."

    E0213 "payload that does not fit"
    "A variant with a payload is made and taken apart with its fields, by position or by name: \
     `Shape.Rect(1, 2)`, `Shape.Rect(w, h)`, `Shape.Rect(h: x)`. By position a pattern takes all \
     fields, or ends in `...`. A variant without payload is written without parentheses."

    E0214 "member that an enum cannot have"
    "Every value of an enum has a `name`, every enum has `values()`, and values are compared and \
     hashed by variant and payload. Members that would change that are not allowed."

    E0301 "await in a plain function"
    "Only an `async fn` can suspend, so `await`, `for await`, `select`, `scope` and `timeout` do \
     not stand in a plain `fn`. Write `async fn`, and `await` where it is called."

    E0302 "async where it cannot be"
    "Constructors, getters and operators run in the middle of other code and cannot suspend. Use a \
     `static async fn` that makes the object."

    E0303 "async call without await"
    "A call of an async function is awaited, `await f()`, or starts a task, `spawn f()`. A bare \
     call would do neither. Function values move freely: pass `f`, not `f()`."

    E0304 "spawn without an owner"
    "Every task belongs to a scope. In a plain `fn` there is none that `spawn` could mean: take a \
     `scope` as a parameter and call `s.spawn(f, …)`, or make the function async."

    E0305 "unknown scope option"
    "A scope takes `timeout`, `grace` and `on_error`, by name."

    E0401 "cycle of imports"
    "Modules run one after the other, each after all that it imports, so imports cannot go round \
     in a cycle. Move what both sides use into a file of its own, and import that from both."

    E0402 "missing module file"
    "`import \"./x.ket\"` names a file by its path, relative to the importing file, with its ending. \
     A directory is not searched for an index file."

    E0403 "unknown module"
    "`import name` names a module of the standard library or of the host program. A file is \
     imported by its path: import \"./name.ket\"."

    E0404 "unreadable module file"
    "The file is there but cannot be read. The message gives the operating system's reason."

    E0405 "unknown export"
    "The module does not export that name. What is to be seen from outside needs `pub` before its \
     declaration."

    E0406 "module without a name"
    "An imported file is bound to its name without the ending. If that is no name, write \
     `import \"./my-file.ket\" as name`."

    E0801 "not supported yet"
    "The form belongs to the language, but this version of Kettle does not run it."

    E0802 "too large"
    "One function holds at most 250 variables and intermediate values at a time, and a file's \
     tables have their limits too. Move a part into a function of its own."

    W0901 "block that looks like a map"
    "After `=>` and after a closure's parameters `{name}` is a block whose value is `name`. A map \
     with one shorthand entry is written `({name})` there, or `{name: name}`."

    W0902 "line that does not continue the one before"
    "A line that begins with `-` directly before its operand is a statement of its own. Put a space \
     after the `-` to continue the line before, or put the `-` at that line's end."

    W0904 "pattern that hides a name"
    "A bare name in a pattern binds a new variable, also where a variable of that name exists; it \
     does not compare with it. Write `x if x == NAME`, or a dotted path."

    W0903 "sign applied last"
    "A prefix sign applies to the whole chain behind it: -7.abs() is -(7.abs()). Write (-7).abs()."
}
