//! The programs whose instructions are counted: those of `benches/programs`, with less to do.

/// A program.
pub struct Row {
    /// Its file in `benches/programs`, without the ending; of the programs of "Are We Fast Yet", which
    /// take their size as an argument, the folder and the file.
    pub name: &'static str,
    /// Texts in it, and what is put there instead: the sizes. An empty text stands for the argument.
    pub sizes: &'static [(&'static str, &'static str)],
}

const fn row(name: &'static str, sizes: &'static [(&'static str, &'static str)]) -> Row {
    Row { name, sizes }
}

/// All of them. Callgrind is some fifty times slower than the machine, so each takes five to thirty
/// million instructions: enough that the start of the process is a small part.
pub const ROWS: &[Row] = &[
    row("hello", &[]),
    row("import", &[]),
    row("fib", &[("fib(32)", "fib(24)")]),
    row("loop", &[("100_000_000", "500_000")]),
    row("nbody", &[("500_000", "2_000")]),
    row("spectralnorm", &[("let n = 500", "let n = 40")]),
    row("fannkuch", &[("fannkuch(9)", "fannkuch(7)")]),
    row("binarytrees", &[("let max = 15", "let max = 8")]),
    row("mandelbrot", &[("let n = 800", "let n = 48")]),
    row("method", &[("10_000_000", "200_000")]),
    row("closure", &[("10_000_000", "200_000")]),
    row("strbuild", &[("1_000_000", "30_000")]),
    row("strsplit", &[("200_000", "5_000")]),
    row("mapint", &[("1_000_000", "40_000"), ("1000003", "40009")]),
    row("mapstr", &[("1_000_000", "10_000"), ("1000003", "10007")]),
    row("sort", &[("1_000_000", "5_000"), ("500_000", "2_500"), ("999_999", "4_999")]),
    row("jsonrt", &[("35000", "300")]),
    row("await_call", &[("5_000_000", "100_000")]),
    row("spawn_join", &[("batch in 0..1000", "batch in 0..20")]),
    row("channel", &[("500_000", "10_000")]),
    row("timers", &[("_ in 0..1000", "_ in 0..20")]),
    row("yield", &[("1_000_000", "30_000")]),
    row("sleepers", &[("100000", "5000")]),
    row("awfy/deltablue", &[("", "100")]),
    row("awfy/json", &[("", "1")]),
    row("awfy/storage", &[("", "5")]),
];
