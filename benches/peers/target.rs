//! The rows of the table, and what Kettle may take in each.

/// A program that is run beside its peers.
pub struct Row {
    /// Its file in `benches/programs`, without the ending.
    pub name: &'static str,
    /// Of what each of these peers takes, Kettle may take so much.
    pub targets: &'static [(&'static str, f64)],
}

const fn row(name: &'static str, targets: &'static [(&'static str, f64)]) -> Row {
    Row { name, targets }
}

/// Programs that compute.
pub const CPU: &[Row] = &[
    row("fib", &[("lua5.4", 0.50), ("luajit-joff", 0.80)]),
    row("loop", &[("lua5.4", 0.70)]),
    row("nbody", &[("lua5.4", 0.75), ("luau", 1.0), ("luajit-joff", 1.1)]),
    row("spectralnorm", &[("lua5.4", 0.75), ("luau", 1.0), ("luajit-joff", 1.1)]),
    row("fannkuch", &[("lua5.4", 0.70)]),
    row("binarytrees", &[("lua5.4", 0.45), ("luau", 0.85)]),
    row("mandelbrot", &[("lua5.4", 0.75), ("luau", 1.0), ("luajit-joff", 1.1)]),
    row("method", &[("lua5.4", 0.50)]),
    row("closure", &[("lua5.4", 0.50)]),
    row("strbuild", &[("python3", 1.0)]),
    row("strsplit", &[("python3", 1.0)]),
    row("mapint", &[("lua5.4", 1.0)]),
    row("mapstr", &[("python3", 0.8)]),
    row("sort", &[("luau", 0.7)]),
    row("jsonrt", &[("node", 0.6)]),
];

/// The geometric means over those rows.
pub const MEANS: &[(&str, f64)] = &[("lua5.4", 0.55), ("luau", 0.65), ("python3", 0.25)];

/// Tasks and I/O.
pub const TASKS: &[Row] = &[
    row("await_call", &[("bun", 0.35)]),
    row("spawn_join", &[("bun", 0.5)]),
    row("channel", &[("go", 0.6)]),
    row("timers", &[("go", 0.6)]),
    row("yield", &[("luajit", 0.6)]),
    row("files", &[("bun", 0.9)]),
];

/// The programs of "Are We Fast Yet", with the sizes that they are usually measured with.
pub const AWFY: &[(&str, &str)] = &[
    ("bounce", "1500"),
    ("cd", "100"),
    ("deltablue", "12000"),
    ("havlak", "150"),
    ("json", "100"),
    ("list", "1500"),
    ("mandelbrot", "500"),
    ("nbody", "250000"),
    ("permute", "1000"),
    ("queens", "1000"),
    ("richards", "100"),
    ("sieve", "3000"),
    ("storage", "1000"),
    ("towers", "600"),
];
/// Of what Lua takes for them.
pub const AWFY_MEAN: f64 = 0.55;

/// Bytes for each of a million sleepers, and their wall time beyond the sleep, as a part of Bun's.
pub const SLEEPERS: (f64, f64) = (400.0, 0.7);
/// Bytes for an idle connection.
pub const IDLE: f64 = 1024.0;
/// Requests a second, as a part of a bare epoll server's; and its late answers.
pub const ECHO: (f64, f64) = (0.95, 1.0);

/// Wall time of hello world, as a part of Lua's, and milliseconds.
pub const HELLO: (f64, f64) = (1.5, 2.0);
/// Resident memory of hello world, in MB.
pub const HELLO_MEMORY: f64 = 4.0;
/// The stripped binary, in MB.
pub const BINARY: f64 = 10.0;
/// Milliseconds of CPU time for which the collector stops a program with two million live objects.
pub const PAUSE: f64 = 1.0;
/// Microseconds and KB for a new VM.
pub const NEW_VM: (f64, f64) = (50.0, 64.0);
/// Lines that are parsed and compiled in a second.
pub const COMPILE: f64 = 1e6;
