//! Random programs of tasks, on the loop and on a model of it: both have to do the same.
//!
//! The model is the algorithms of tasks and scopes written down a second time, as plainly as they
//! can be. A program that the two do not agree about is made smaller before it is shown.
//! `KETTLE_MODEL=5000` tries that many programs.

mod await_op;
mod clock;
mod generator;
mod invent;
mod op;
mod program;
mod run;
mod statement;
mod world;

use std::rc::Rc;

use kettle::runtime::Census;
use program::{Block, What, text};

use crate::harness::{Run, Setup, Watched, name_of};

/// How many programs are tried.
const PROGRAMS: u64 = 300;

/// When Ctrl-C is pressed, in seconds.
const SIGNALS: [&[u64]; 8] = [&[], &[], &[], &[0], &[1], &[2, 3], &[1, 9], &[3, 4, 4]];

/// How many ops a task may complete at once.
const BUDGETS: [u32; 4] = [128, 128, 2, 1];

/// A program and how it is run.
struct Trial {
    program: Block,
    nodes: usize,
    op_budget: u32,
    setup: Setup,
}

#[test]
fn the_loop_does_what_the_model_does() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("KETTLE_MODEL_SEED").unwrap_or(0);
    for seed in first..first + number("KETTLE_MODEL").unwrap_or(PROGRAMS) {
        let trial = Trial::new(seed);
        if trial.fails() {
            let small = trial.smaller();
            let (expected, found) = small.logs();
            panic!(
                "seed {seed}, {:?}, budget {}:\n{}\nthe model: {expected:#?}\nthe loop: {found:#?}",
                small.setup,
                small.op_budget,
                text(&small.program, small.nodes)
            );
        }
    }
}

impl Trial {
    fn new(seed: u64) -> Trial {
        let (program, nodes) = invent::program(seed);
        let signals = SIGNALS[seed as usize % SIGNALS.len()];
        // Force stops code where its fuel is used up, so with little fuel it stops earlier.
        let fuel = (seed % 5 == 2 && signals.len() < 2).then_some(3);
        let watched = (seed % 7 == 3).then_some(Watched::Always);
        let setup = Setup { signals, torture: seed % 5 == 1, fuel, watched, ..Setup::default() };
        Trial { program, nodes, op_budget: BUDGETS[seed as usize / 8 % BUDGETS.len()], setup }
    }

    /// What the model logs, and what the loop does.
    fn logs(&self) -> (Vec<String>, Vec<String>) {
        let expected = run::run(&self.program, self.nodes, self.op_budget, self.setup.signals);
        let mut run = Run::new(&text(&self.program, self.nodes), self.setup);
        run.runtime.rt.set_op_budget(self.op_budget);
        let mut found = run.finish_with(self.setup, name_of);
        // Nothing is left behind, unless the program was left at once; planned signals do not count.
        let left = Census { busy: false, ..run.runtime.rt.census() };
        if left != Census::default() && !found.iter().any(|line| line == "killed") {
            found.push(format!("left behind: {left:?}"));
        }
        (expected, found)
    }

    fn fails(&self) -> bool {
        let (expected, found) = self.logs();
        expected != found
    }

    /// Leaves out what can be left out while it still fails.
    fn smaller(mut self) -> Trial {
        let with = |trial: &Trial, program| Trial { program, ..*trial };
        while let Some(next) = (0..self.nodes)
            .filter_map(|id| without(&self.program, id))
            .map(|program| with(&self, program))
            .find(Trial::fails)
        {
            self = next;
        }
        self
    }
}

/// The program without a node; none if it has no such node.
fn without(block: &Block, id: usize) -> Option<Block> {
    let mut nodes = block.to_vec();
    if let Some(at) = nodes.iter().position(|node| node.id == id) {
        // Without an element a generator is none.
        let gives = matches!(nodes.remove(at).what, What::Give);
        return (!gives).then(|| Rc::new(nodes));
    }
    for node in &mut nodes {
        for inner in node.what.blocks_mut() {
            if let Some(less) = without(inner, id) {
                *inner = less;
                return Some(Rc::new(nodes));
            }
        }
    }
    None
}
