//! The peers: how they are started, and what they took on the machine that the targets were set on.
//!
//! A peer that is not here is shown as `~name`: its score from there, times how much slower or faster
//! than their own scores those peers are which are here.

/// A peer.
pub struct Peer {
    /// What the table calls it.
    pub name: &'static str,
    /// The program that runs its scripts, with flags.
    pub command: &'static [&'static str],
    /// How its programs end.
    pub ending: &'static str,
    /// Makes it print its version.
    pub question: &'static str,
}

const fn peer(
    name: &'static str,
    command: &'static [&'static str],
    ending: &'static str,
    question: &'static str,
) -> Peer {
    Peer { name, command, ending, question }
}

/// All that are known.
pub const PEERS: &[Peer] = &[
    peer("lua5.4", &["lua5.4"], "lua", "-v"),
    peer("luajit-joff", &["luajit", "-joff"], "lua", "-v"),
    peer("luajit", &["luajit"], "lua", "-v"),
    peer("luau", &["luau"], "lua", "--help"),
    peer("python3", &["python3"], "py", "--version"),
    peer("node", &["node"], "mjs", "--version"),
    peer("bun", &["bun"], "mjs", "--version"),
    peer("deno", &["deno", "run", "-A"], "mjs", "--version"),
    peer("qjs", &["qjs"], "mjs", "--help"),
    peer("go", &["go", "run"], "go", "version"),
    peer("janet", &["janet"], "janet", "-v"),
    peer("rune", &["rune", "run"], "rn", "--version"),
    peer("rhai", &["rhai-run"], "rhai", "--help"),
    peer("koto", &["koto"], "koto", "--version"),
    peer("wren", &["wren_test"], "wren", "--version"),
];

/// The peers that have scores, in the order of the columns below.
const COLUMNS: [&str; 7] = ["python3", "node", "bun", "luajit", "lua5.4", "luau", "go"];

/// Seconds of the peers on the machine of the targets; 0 where there is none.
const SCORES: &[(&str, [f64; 7])] = &[
    ("fib", [0.428, 0.142, 0.041, 0.035, 0.118, 0.139, 0.015]),
    ("loop", [3.132, 0.198, 0.151, 0.341, 0.686, 0.799, 0.114]),
    ("nbody", [2.738, 0.171, 0.111, 0.134, 1.638, 1.020, 0.048]),
    ("spectralnorm", [1.813, 0.145, 0.065, 0.025, 0.606, 0.594, 0.023]),
    ("fannkuch", [0.461, 0.103, 0.049, 0.034, 0.128, 0.133, 0.020]),
    ("binarytrees", [1.620, 0.224, 0.121, 0.631, 1.638, 0.874, 0.302]),
    ("mandelbrot", [3.127, 0.155, 0.101, 0.085, 0.831, 0.757, 0.086]),
    ("method", [0.873, 0.086, 0.035, 0.039, 0.397, 0.436, 0.028]),
    ("closure", [0.621, 0.102, 0.026, 0.038, 0.298, 0.324, 0.026]),
    ("strbuild", [0.211, 0.352, 0.202, 0.753, 1.305, 0.867, 0.175]),
    ("strsplit", [0.167, 0.467, 0.168, 0.977, 1.054, 0.803, 0.075]),
    ("mapint", [0.520, 0.429, 0.323, 0.035, 0.134, 0.260, 0.273]),
    ("mapstr", [1.404, 1.893, 2.008, 1.574, 2.870, 2.583, 0.924]),
    ("sort", [3.220, 0.650, 0.332, 0.695, 0.978, 0.773, 0.179]),
    ("jsonrt", [0.973, 0.567, 0.267, 1.011, 1.112, 0.0, 1.647]),
    ("await_call", [0.687, 0.351, 0.195, 0.780, 0.913, 1.182, 0.0]),
    ("spawn_join", [4.669, 0.228, 0.102, 0.327, 0.559, 0.466, 0.210]),
    ("channel", [4.286, 0.200, 0.130, 0.163, 0.393, 0.338, 0.117]),
    ("timers", [1.415, 0.879, 0.219, 0.632, 1.226, 0.0, 0.185]),
    ("yield", [3.587, 1.390, 1.103, 0.075, 0.175, 0.104, 0.084]),
    ("files", [0.768, 1.135, 0.119, 0.384, 0.443, 0.0, 0.174]),
    // Seconds beyond the sleep.
    ("sleepers", [19.57, 2.69, 0.71, 3.25, 6.15, 0.0, 3.27]),
];

/// What a peer took there.
pub fn score(row: &str, peer: &str) -> Option<f64> {
    let column = COLUMNS.iter().position(|name| *name == peer)?;
    let (_, scores) = SCORES.iter().find(|(name, _)| *name == row)?;
    Some(scores[column]).filter(|score| *score > 0.0)
}

/// What a peer that is not here would probably take, from what those take that are.
pub fn scaled(row: &str, peer: &str, seen: &[(&str, f64)]) -> Option<f64> {
    let there = score(row, peer)?;
    let scales: Vec<f64> =
        seen.iter().filter_map(|(peer, taken)| Some(taken / score(row, peer)?)).collect();
    Some(there * mean(&scales)?)
}

/// The geometric mean.
pub fn mean(ratios: &[f64]) -> Option<f64> {
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (sum / ratios.len() as f64).exp())
}
