//! Rule G4: the same program, arguments and seed do the same: the same steps of the loop, in the same
//! order, at the same moments, with the same output. In another process, too, where objects lie
//! elsewhere and tables of the standard library have other seeds.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use kettle::engine::{Engine, Output, Permissions, Program, TracerHook, Vm};
use kettle::runtime::driver::Moment;
use kettle::runtime::{Step, Tracer};

const PROGRAMS: &[&str] = &["files", "tasks", "network", "faults", "objects"];
const SEEDS: u64 = 210;
/// So many are compared with those of another process.
const SEEDS_ELSEWHERE: u64 = 20;
/// The environment of that process says so.
const ELSEWHERE: &str = "KETTLE_DETERMINISM_ELSEWHERE";

type Steps = Arc<Mutex<Vec<(Moment, Step)>>>;

/// What a run did.
#[derive(Debug, PartialEq)]
struct Run {
    steps: Vec<(Moment, Step)>,
    output: String,
    end: String,
}

struct Recorder(Steps);

impl Tracer for Recorder {
    fn record(&mut self, at: Moment, step: Step) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((at, step));
    }
}

/// The program of a seed: they take turns.
fn run(engine: &Engine, programs: &[Program], seed: u64) -> Run {
    let steps = Steps::default();
    let output = Output::captured();
    let mut engine = engine.clone();
    let options = engine.options();
    let recorded = steps.clone();
    options.tracer = Some(TracerHook::new(move || Box::new(Recorder(recorded.clone()))));
    (options.stdout, options.stderr) = (output.clone(), output.clone());
    options.seed = seed;
    let program = &programs[seed as usize % programs.len()];
    let end = Vm::new(&engine).and_then(|mut vm| vm.run_blocking(program));
    let end = end.map_or_else(|error| error.report(false), |status| status.to_string());
    let steps = std::mem::take(&mut *steps.lock().unwrap_or_else(PoisonError::into_inner));
    Run { steps, output: output.text(), end }
}

fn prepare() -> (Engine, Vec<Program>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulation/program");
    let mut engine = Engine::new();
    let options = engine.options();
    options.permissions = Permissions::all();
    options.virtual_clock = true;
    options.fixtures = Some(folder.clone());
    let compile = |name: &&str| {
        let path = folder.join(name).with_extension("ket");
        let program = engine.compile_file(&path);
        program.unwrap_or_else(|error| panic!("{name}: {}", error.render(false)))
    };
    let programs = PROGRAMS.iter().map(compile).collect();
    (engine, programs)
}

#[test]
fn the_same_seed_does_the_same() {
    let (engine, programs) = prepare();
    for seed in 0..SEEDS {
        let name = PROGRAMS[seed as usize % PROGRAMS.len()];
        let [first, second] = [(); 2].map(|()| run(&engine, &programs, seed));
        assert_eq!(first.end, "0", "{name} with seed {seed}:\n{}", first.output);
        assert!(first.steps.len() > 20, "{name}: {} steps", first.steps.len());
        for (number, (one, other)) in first.steps.iter().zip(&second.steps).enumerate() {
            assert_eq!(one, other, "step {number} of {name} with seed {seed}");
        }
        assert_eq!(first.output, second.output, "{name} with seed {seed}");
        assert!(first == second, "{name} with seed {seed}: one run goes on where the other ends");
    }
}

#[test]
fn another_seed_does_something_else() {
    let (engine, programs) = prepare();
    let count = PROGRAMS.len() as u64;
    for (seed, name) in (0..).zip(&PROGRAMS[..4]) {
        let [first, second] = [seed, seed + count].map(|seed| run(&engine, &programs, seed));
        assert!(first.steps != second.steps, "{name} knows nothing of its seed");
        assert!(first.output != second.output, "{name} prints nothing of its seed");
    }
}

/// One number for all that many runs did.
fn digest() -> u64 {
    let (engine, programs) = prepare();
    // This hasher has no seed of its own.
    let mut hasher = DefaultHasher::new();
    for seed in 0..SEEDS_ELSEWHERE {
        format!("{:?}", run(&engine, &programs, seed)).hash(&mut hasher);
    }
    hasher.finish()
}

#[test]
fn another_process_does_the_same() {
    let here = format!("digest {:x}", digest());
    if std::env::var_os(ELSEWHERE).is_some() {
        println!("{here}");
        return;
    }
    let output = Command::new(std::env::current_exe().expect("this test is a program"))
        .args(["determinism::another_process_does_the_same", "--exact", "--nocapture"])
        .env(ELSEWHERE, "1")
        .env("SOMETHING_ELSE", "x".repeat(1000))
        .output()
        .expect("it can be started");
    let there = String::from_utf8_lossy(&output.stdout);
    assert!(there.contains(&here), "{here} here, and there:\n{there}");
}
