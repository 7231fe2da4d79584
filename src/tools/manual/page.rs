//! Which pages there are and what stands on each: a new module is one line here.

use crate::natives::listing::{Entry, about, listing};
use crate::natives::stdlib;

/// A module or a type of values.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name, also that of its file.
    pub name: String,
    /// Its heading.
    pub title: String,
    /// What it is for, in lines.
    pub about: Vec<String>,
    /// The module that a program has to import to use it.
    pub import: Option<String>,
    /// What it offers, in the order of its declarations.
    pub entries: Vec<Entry>,
}

/// What a page is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// What needs no import.
    Prelude,
    /// A type of values.
    Type,
    /// A module that has to be imported.
    Module,
}

/// A page before it has entries. Modules written in Kettle say themselves what they are for.
struct Plan {
    name: &'static str,
    subject: Subject,
    about: &'static str,
    /// The words before the first dot of its entries, beside its own name.
    owners: &'static [&'static str],
}

const fn kind(name: &'static str, about: &'static str, owners: &'static [&'static str]) -> Plan {
    Plan { name, subject: Subject::Type, about, owners }
}

const fn module(name: &'static str, about: &'static str, owners: &'static [&'static str]) -> Plan {
    Plan { name, subject: Subject::Module, about, owners }
}

/// All pages, in the order of the index.
const PLANS: &[Plan] = &[
    Plan {
        name: "prelude",
        subject: Subject::Prelude,
        about: "What every program can use without an import.",
        owners: &[""],
    },
    kind("int", "Whole numbers of 64 bits.", &[]),
    kind("float", "Numbers with a point: IEEE 754, 64 bits.", &[]),
    kind("duration", "Lengths of time, in nanoseconds.", &[]),
    kind("str", "Text: immutable, counted in code points.", &[]),
    kind("bytes", "Immutable bytes.", &[]),
    kind("buffer", "Bytes that grow and change.", &[]),
    kind("list", "Values in a row.", &[]),
    kind("map", "Values by key, in the order in which the keys came.", &[]),
    kind("set", "Different values, in the order in which they came.", &[]),
    kind("range", "The ints from one to another.", &[]),
    kind(
        "iterator",
        "Values that come one at a time: of ranges, generators, lists, and of whatever has `iter()`.",
        &["cursor", "generator"],
    ),
    kind(
        "enum",
        "A fixed set of variants; [the reference](../reference/enums.md) tells what they mean.",
        &[],
    ),
    kind("error", "What can be thrown.", &[]),
    kind("channel", "Values handed from task to task.", &["channel_iter"]),
    kind(
        "stream",
        "Bytes that come and go: connections, files, standard input and output.",
        &["lines", "address"],
    ),
    module(
        "encoding",
        "Bytes as text and text as bytes: Base64, hexadecimal digits, percent encoding, HTML, UTF-16, \
         Latin-1. Each is a module of its own in it: `import {base64, hex} from encoding`. What is \
         decoded strictly says in a ParseError at which `offset` it is wrong (in the code points of \
         a str, in the bytes of bytes); with `lossy: true` it is left out or replaced.",
        &[],
    ),
    module("env", "Environment variables.", &[]),
    module("fs", "Files and directories. Nothing here blocks the loop.", &["walk", "watcher"]),
    module(
        "json",
        "Reads and writes JSON, to the letter of RFC 8259. What is particular: a number without point \
         and exponent is an int, `-0` is the float `-0.0`; half of a surrogate pair and what is no \
         UTF-8 are errors; a byte order mark is skipped; of equal keys the last value counts.",
        &["json_lines"],
    ),
    module(
        "math",
        "Functions and constants of numbers, statistics, ints of any size and exact decimals.",
        &["bigint", "decimal"],
    ),
    module(
        "net",
        "Connections and datagrams: TCP and UDP over IPv4 and IPv6, Unix sockets, names of hosts. What a \
         connection can do stands with the [streams](stream.md).",
        &["listener", "connections", "socket", "datagrams"],
    ),
    module("os", "The process: arguments and standard streams.", &[]),
    module("path", "Paths as text. Nothing here looks at files.", &[]),
    module("process", "", &["child"]),
    module("permissions", "What the program may do, and giving up what it no longer needs.", &[]),
    module(
        "random",
        "Random numbers and choices for games, samples and jitter. They can be guessed, except those \
         of `random.bytes`.",
        &["seeded"],
    ),
    module(
        "regex",
        "Regular expressions. A search takes time in proportion to the text, whatever the pattern, so \
         there are no backreferences and no look-around. The functions take a pattern as text, of \
         which the last 64 stay compiled, or a compiled one. The syntax is that of most languages: \
         `.` `[a-z]` `\\d` `\\w` `\\s` `\\b` `^` `$` `a|b` `*` `+` `?` `{2,5}`, lazy forms with a `?` \
         behind, groups `(…)`, `(?:…)` and `(?<name>…)`, Unicode classes like `\\p{Greek}`. Write \
         patterns as raw strings: `r\"\\d+\"`.",
        &["pattern", "match"],
    ),
    module("signal", "Signals of the operating system.", &["signals"]),
    module(
        "sync",
        "What tasks wait for each other with.",
        &[
            "promise",
            "mutex",
            "semaphore",
            "event",
            "broadcast",
            "subscription",
            "watch",
            "watch_iter",
            "barrier",
        ],
    ),
    module("task", "", &["scope", "local"]),
    module("test", "", &[]),
    module(
        "time",
        "Clocks, dates, time zones, and what happens again and again.",
        &["datetime", "interval", "ticker"],
    ),
];

/// The pages of the standard library.
pub fn pages() -> Vec<Page> {
    let mut pages: Vec<Page> = PLANS.iter().map(Plan::page).collect();
    for module in stdlib::modules() {
        if !PLANS.iter().any(|plan| plan.name == module) {
            pages.push(self::module(module, "", &[]).page());
        }
    }
    for entry in listing() {
        // What only the library's own Kettle code may use is nobody's business.
        if owner(&entry.path) == "core" {
            continue;
        }
        let place = pages.iter().position(|page| belongs(&entry, page));
        if let Some(place) = place {
            pages[place].entries.push(entry);
        }
    }
    pages.retain(|page| !page.entries.is_empty());
    pages
}

impl Plan {
    fn page(&self) -> Page {
        let title = match self.subject {
            Subject::Prelude => "Prelude".to_owned(),
            Subject::Type => format!("Type `{}`", self.name),
            Subject::Module => format!("Module `{}`", self.name),
        };
        let written = about(self.name);
        let about = if written.is_empty() { vec![self.about.to_owned()] } else { written };
        let import = (self.subject == Subject::Module).then(|| self.name.to_owned());
        Page { name: self.name.to_owned(), title, about, import, entries: Vec::new() }
    }
}

/// The word before the first dot of a path; empty for the prelude.
fn owner(path: &str) -> &str {
    path.split_once('.').map_or("", |(owner, _)| owner)
}

fn belongs(entry: &Entry, page: &Page) -> bool {
    let owner = owner(&entry.path);
    let plan = PLANS.iter().find(|plan| plan.name == page.name);
    // The conversion of a type (`int(x)`) stands on the page of the type.
    let converts = owner.is_empty() && entry.path == page.name;
    let of_prelude = owner.is_empty() && pages_have(&entry.path);
    page.name == owner
        || converts
        || plan.is_some_and(|plan| plan.owners.contains(&owner)) && !of_prelude
}

/// Whether a name is that of a page for types.
fn pages_have(name: &str) -> bool {
    PLANS.iter().any(|plan| plan.subject == Subject::Type && plan.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_stands_on_exactly_one_page() {
        let pages = pages();
        for entry in listing().iter().filter(|entry| owner(&entry.path) != "core") {
            let on: Vec<&str> = pages
                .iter()
                .filter(|page| page.entries.iter().any(|known| known.path == entry.path))
                .map(|page| page.name.as_str())
                .collect();
            assert_eq!(on.len(), 1, "{} stands on {on:?}: see PLANS", entry.path);
        }
    }

    #[test]
    fn every_page_says_what_it_is_for() {
        for page in pages() {
            assert!(page.about.iter().any(|line| !line.is_empty()), "{} does not", page.name);
        }
    }
}
