//! Signals by the names that scripts use: `"term"`, `"int"`, `"usr1"`, as on Linux.

/// Names and numbers. Those that differ between systems have their number from the system.
const SIGNALS: &[(&str, i32)] = &[
    ("hup", 1),
    ("int", 2),
    ("quit", 3),
    ("ill", 4),
    ("trap", 5),
    ("abrt", 6),
    ("bus", if LINUX { 7 } else { 10 }),
    ("fpe", 8),
    ("kill", 9),
    ("usr1", if LINUX { 10 } else { 30 }),
    ("segv", 11),
    ("usr2", if LINUX { 12 } else { 31 }),
    ("pipe", 13),
    ("alrm", 14),
    ("term", 15),
    ("chld", if LINUX { 17 } else { 20 }),
    ("cont", if LINUX { 18 } else { 19 }),
    ("stop", if LINUX { 19 } else { 17 }),
    ("tstp", if LINUX { 20 } else { 18 }),
    ("ttin", 21),
    ("ttou", 22),
    ("xcpu", 24),
    ("xfsz", 25),
    ("winch", 28),
];

const LINUX: bool = cfg!(target_os = "linux");

/// The number of a name.
pub(in crate::natives) fn number(name: &str) -> Option<i32> {
    SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// The name of a number; the number itself where it has none.
pub(in crate::natives) fn name(number: i32) -> String {
    let found = SIGNALS.iter().find(|(_, known)| *known == number);
    found.map_or_else(|| number.to_string(), |(name, _)| (*name).to_owned())
}

/// All names, for errors.
pub(in crate::natives) fn names() -> impl Iterator<Item = &'static str> {
    SIGNALS.iter().map(|(name, _)| *name)
}
