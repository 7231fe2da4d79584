//! The same program in Kettle and in each peer, in turns.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Wanted;
use super::cost::{Line, cost, kettle};
use super::program::{is_installed, program};
use super::score::{PEERS, Peer, mean, scaled};
use super::spread::spread;
use super::table::{Table, at_most};
use super::target::{AWFY, AWFY_MEAN, CPU, MEANS, Row};

/// The peer that these programs are there for, too.
const LUA: &str = "lua5.4";

/// Where programs are and how they are run.
pub struct Bench {
    /// The folders with the peers' programs.
    folders: Vec<PathBuf>,
    /// The peers that are here.
    peers: Vec<&'static Peer>,
    /// For what is made on the way.
    pub scratch: tempfile::TempDir,
}

/// What a row has given.
pub struct Seen {
    /// The least, the middle and the largest of Kettle's numbers.
    pub own: [f64; 3],
    /// The middle of each peer's.
    pub peers: Vec<(&'static str, f64)>,
}

impl Bench {
    /// Looks what is here.
    pub fn new() -> Bench {
        let given = std::env::var_os("KETTLE_BENCH_PEERS").map(PathBuf::from);
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let beside = given.unwrap_or_else(|| root.join("../shared/bench/peers"));
        let is_here = |peer: &&Peer| is_installed(peer.command[0], peer.question);
        let peers: Vec<_> = PEERS.iter().filter(is_here).collect();
        let names: Vec<_> = peers.iter().map(|peer| peer.name).collect();
        println!("peers that are here: {}", names.join(", "));
        Bench {
            folders: vec![beside, root.join("benches/programs")],
            peers,
            scratch: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// The peers that are here and have such a program, with what runs it.
    pub fn lines(&self, name: &str, args: &[&str]) -> Vec<(&'static str, Line)> {
        let line = |peer: &&Peer| {
            let files = self.folders.iter().map(|it| it.join(format!("{name}.{}", peer.ending)));
            let file = files.into_iter().find(|file| file.exists())?;
            let mut words: Vec<PathBuf> = match peer.name {
                "go" => vec![self.built(name, &file)?],
                _ => peer.command.iter().map(PathBuf::from).chain([file]).collect(),
            };
            words.extend(args.iter().map(PathBuf::from));
            Some((peer.name, Line::new(words).with_files(self.scratch.path())))
        };
        self.peers.iter().filter_map(line).collect()
    }

    /// A program in Go, built: what that takes is no part of the comparison.
    fn built(&self, name: &str, file: &Path) -> Option<PathBuf> {
        let program = self.scratch.path().join(name);
        let mut command = Command::new("go");
        let status = command.args(["build", "-o"]).arg(&program).arg(file).status();
        status.is_ok_and(|status| status.success()).then_some(program)
    }

    /// CPU seconds of Kettle and of the peers. A peer that fails is told of and left out.
    pub fn run(&self, own: Line, peers: Vec<(&'static str, Line)>, rounds: usize) -> Seen {
        let mut taken = vec![Vec::new(); peers.len()];
        let mut mine = Vec::new();
        for round in 0..rounds {
            mine.push(cost(&own).expect("Kettle runs its programs").cpu);
            for ((peer, line), taken) in peers.iter().zip(&mut taken) {
                match cost(line) {
                    Ok(cost) => taken.push(cost.cpu),
                    Err(_) if round > 0 => {}
                    Err(why) => {
                        let last = why.lines().next().and_then(|line| line.rsplit(": ").next());
                        println!("{peer} is left out: {}", last.unwrap_or("it fails"));
                    }
                }
            }
        }
        let middle = |numbers: &Vec<f64>| (numbers.len() == rounds).then(|| spread(numbers)[1]);
        let peers = peers.iter().zip(&taken);
        let peers = peers.filter_map(|((name, _), taken)| Some((*name, middle(taken)?)));
        Seen { own: spread(&mine), peers: peers.collect() }
    }

    /// A row of the table: the ratios, and the targets with whether they are met.
    pub fn row(&self, row: &Row, seen: &Seen) -> Vec<String> {
        let [least, own, largest] = seen.own;
        let mut ratios: Vec<String> = Vec::new();
        for (peer, taken) in &seen.peers {
            ratios.push(format!("{peer} {:.2}", own / taken));
        }
        let mut verdicts = Vec::new();
        for (peer, most) in row.targets {
            match seen.of(row.name, peer) {
                Some((mark, taken)) => {
                    let ratio = own / taken;
                    if mark == "~" {
                        ratios.push(format!("~{peer} {ratio:.2}"));
                    }
                    verdicts.push(format!("{mark}{peer} {ratio:.2} {}", at_most(ratio, *most)));
                }
                None => verdicts.push(format!("{peer} ≤ {most}: nothing to compare with")),
            }
        }
        vec![
            row.name.to_owned(),
            format!("{own:.3} ({least:.3}–{largest:.3})"),
            ratios.join(", "),
            verdicts.join("; "),
        ]
    }

    /// Rows of programs, without means.
    pub fn rows(&self, rows: &[&Row], args: &[&str], wanted: &Wanted) -> Table {
        let mut table = Table::new(&["program", "kettle s", "ratios", "target"]);
        for row in rows {
            let own = kettle(&program(&format!("{}.ket", row.name)), args);
            let seen = self.run(own, self.lines(row.name, &[]), wanted.rounds);
            table.push(self.row(row, &seen));
        }
        table
    }

    /// Programs that compute, and the means over them.
    pub fn cpu(&self, wanted: &Wanted) {
        let rows: Vec<&Row> = CPU.iter().filter(|row| wanted.has("cpu", row.name)).collect();
        if rows.is_empty() {
            return;
        }
        println!("\ncomputing: CPU seconds, medians of {} interleaved runs", wanted.rounds);
        let mut table = Table::new(&["program", "kettle s", "ratios", "target"]);
        let mut ratios: Vec<Vec<f64>> = vec![Vec::new(); MEANS.len()];
        for row in &rows {
            let own = kettle(&program(&format!("{}.ket", row.name)), &[]);
            let seen = self.run(own, self.lines(row.name, &[]), wanted.rounds);
            for ((peer, _), ratios) in MEANS.iter().zip(&mut ratios) {
                ratios.extend(seen.of(row.name, peer).map(|(_, taken)| seen.own[1] / taken));
            }
            table.push(self.row(row, &seen));
        }
        // Over some rows a mean says nothing.
        let means = if rows.len() == CPU.len() { MEANS } else { &[] };
        for ((peer, most), ratios) in means.iter().zip(&ratios) {
            let Some(mean) = mean(ratios) else { continue };
            let name = format!("geometric mean of {}", ratios.len());
            let ratio = format!("{peer} {mean:.3}");
            table.push(vec![name, String::new(), ratio, at_most(mean, *most)]);
        }
        print!("{}", table.text(wanted.markdown));
    }

    /// The programs of "Are We Fast Yet", beside the same programs in Lua.
    pub fn awfy(&self, wanted: &Wanted) {
        let has = |name: &str| wanted.has("awfy", &format!("awfy/{name}"));
        let rows: Vec<_> = AWFY.iter().filter(|(name, _)| has(name)).collect();
        if rows.is_empty() {
            return;
        }
        println!("\nAre We Fast Yet: CPU seconds, medians of {} interleaved runs", wanted.rounds);
        let (count, lua) = (rows.len(), self.peers.iter().any(|peer| peer.name == LUA));
        let mut table = Table::new(&["program", "kettle s", "ratio to Lua"]);
        let mut ratios = Vec::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (name, size) in rows {
            let own = root.join("tests/programs/awfy").join(format!("{name}.ket"));
            let line = lua.then(|| {
                // Its modules are found in the folder that it is started in.
                let words = [LUA, &format!("{name}.lua"), size];
                (LUA, Line::new(words).inside(root.join("benches/awfy")))
            });
            let seen = self.run(kettle(&own, &[size]), line.into_iter().collect(), wanted.rounds);
            let [least, own, largest] = seen.own;
            let ratio = seen.peers.first().map(|(_, taken)| own / taken);
            ratios.extend(ratio);
            let number = format!("{own:.3} ({least:.3}–{largest:.3})");
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"));
            table.push(vec![(*name).to_owned(), number, ratio]);
        }
        if let Some(mean) = mean(&ratios).filter(|_| count == AWFY.len()) {
            let verdict = format!("{mean:.3} {}", at_most(mean, AWFY_MEAN));
            table.push(vec![format!("geometric mean of {}", ratios.len()), String::new(), verdict]);
        }
        print!("{}", table.text(wanted.markdown));
    }
}

impl Seen {
    /// What a peer takes in a row: measured, or, marked `~`, reckoned from the others.
    pub fn of(&self, row: &str, peer: &str) -> Option<(&'static str, f64)> {
        let measured = self.peers.iter().find(|(name, _)| *name == peer);
        match measured {
            Some((_, taken)) => Some(("", *taken)),
            None => scaled(row, peer, &self.peers).map(|taken| ("~", taken)),
        }
    }
}
