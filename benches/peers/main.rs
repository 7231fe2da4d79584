//! Kettle beside its peers, row by row of what it is to reach.
//!
//! `cargo bench --bench peers [-- [--markdown] [--rounds N] NAME…]`. Without a name everything is measured;
//! a name is a row, or one of the groups `cpu`, `awfy`, `tasks`, `process`, `growth`. Every peer
//! that is found on the machine runs the same program in turns with Kettle, on one processor, to which the
//! bench keeps itself and so all that it starts. Numbers are medians
//! with the least and the largest; a ratio is Kettle's median by the peer's, and what it may be at most
//! stands beside it.
//!
//! The peers' programs are read from the folder in `KETTLE_BENCH_PEERS` (by default
//! `../shared/bench/peers`, then `benches/programs`); the "Are We Fast Yet" programs in Lua are in
//! `benches/awfy`, the C programs of the echo bench in `benches/load`. `KETTLE_BIN` measures another binary.

mod beside;
#[path = "../shared/cost.rs"]
mod cost;
mod echo;
mod embed;
mod growth;
mod hello;
mod process;
mod processor;
#[path = "../shared/program.rs"]
mod program;
mod score;
#[path = "../shared/spread.rs"]
mod spread;
mod table;
mod target;
mod task;

use beside::Bench;

/// So often each program runs, unless the command line says otherwise.
const ROUNDS: usize = 5;

/// What the command line asks for.
pub struct Wanted {
    names: Vec<String>,
    /// Tables for a page.
    pub markdown: bool,
    /// How often each program runs.
    pub rounds: usize,
}

impl Wanted {
    fn read() -> Wanted {
        let mut wanted = Wanted { names: Vec::new(), markdown: false, rounds: ROUNDS };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--markdown" => wanted.markdown = true,
                "--rounds" => {
                    let rounds = words.next().and_then(|word| word.parse().ok());
                    wanted.rounds = rounds.filter(|rounds| *rounds > 0).unwrap_or(ROUNDS);
                }
                // Cargo says this to every bench.
                "--bench" => {}
                name => wanted.names.push(name.to_owned()),
            }
        }
        wanted
    }

    /// Whether a row of a group is to be measured.
    pub fn has(&self, group: &str, row: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| name == group || name == row)
    }
}

fn main() {
    let wanted = Wanted::read();
    if !cost::can_measure() {
        return;
    }
    processor::keep_to_one();
    let bench = Bench::new();
    bench.cpu(&wanted);
    bench.awfy(&wanted);
    task::measure(&bench, &wanted);
    if wanted.has("tasks", "echo") {
        echo::measure();
    }
    process::measure(&bench, &wanted);
    embed::measure(&wanted);
    growth::measure(&wanted);
}
