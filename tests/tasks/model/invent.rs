//! Makes up programs.

use std::rc::Rc;

use crate::dice::Dice;

use super::program::{ArmOp, Block, Node, Options, SHARED, What};

/// What may stand at a place.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    /// Not out of a clean-up, nor out of the program.
    returns: bool,
    breaks: bool,
    gives: bool,
    /// A bare `spawn`.
    spawns: bool,
}

pub struct Inventor {
    dice: Dice,
    /// How many nodes there are.
    pub nodes: usize,
    nodes_max: usize,
    /// The numbers of the nodes that spawn, that are scopes,
    tasks: Vec<usize>,
    scopes: Vec<usize>,
    /// and that make generators.
    generators: Vec<usize>,
}

/// A program, and how many nodes it has.
pub fn program(seed: u64) -> (Block, usize) {
    let mut dice = Dice::new(seed);
    let nodes_max = 6 + dice.below(30);
    let mut inventor = Inventor {
        dice,
        nodes: 0,
        nodes_max,
        tasks: Vec::new(),
        scopes: Vec::new(),
        generators: Vec::new(),
    };
    let place = Place { depth: 0, returns: false, breaks: false, gives: false, spawns: true };
    let mut block = inventor.statements(place, 3);
    if !inventor.dice.one_in(3) {
        let id = inventor.number();
        let body = Rc::new(block);
        let what = What::Try { body, catch: Some(Rc::default()), finally: None };
        block = vec![Node { id, what }];
    }
    (Rc::new(block), inventor.nodes)
}

impl Inventor {
    fn span(&mut self) -> u64 {
        [0, 1, 1, 2, 3, 4, 7][self.dice.below(7)]
    }

    fn number(&mut self) -> usize {
        self.nodes += 1;
        self.nodes - 1
    }

    fn block(&mut self, place: Place) -> Block {
        let count = 1 + self.dice.below(4);
        Rc::new(self.statements(Place { depth: place.depth + 1, ..place }, count))
    }

    fn statements(&mut self, place: Place, count: usize) -> Vec<Node> {
        (0..count).map(|_| self.node(place)).collect()
    }

    /// The body of a function or a task.
    fn function(&mut self, place: Place) -> Block {
        self.block(Place { returns: true, breaks: false, gives: false, spawns: true, ..place })
    }

    fn scoped(&mut self, place: Place) -> Block {
        self.block(Place { gives: false, spawns: true, ..place })
    }

    fn clean_up(&mut self, place: Place) -> Block {
        self.block(Place { returns: false, breaks: false, gives: false, spawns: true, ..place })
    }

    fn node(&mut self, place: Place) -> Node {
        let id = self.number();
        let simple = place.depth >= 6 || self.nodes >= self.nodes_max || self.dice.one_in(2);
        let what = if simple { self.simple(place) } else { self.compound(place, id) };
        Node { id, what }
    }

    fn task(&mut self) -> Option<usize> {
        let count = self.tasks.len();
        (count > 0).then(|| self.tasks[self.dice.below(count)])
    }

    fn scope(&mut self) -> Option<usize> {
        let count = self.scopes.len();
        (count > 0).then(|| self.scopes[self.dice.below(count)])
    }

    fn simple(&mut self, place: Place) -> What {
        let sleep = What::Sleep(self.span());
        let n = self.dice.below(SHARED);
        match self.dice.below(29) {
            0..6 => sleep,
            6 | 7 => What::Yield,
            8 => What::Compute(1 + self.span()),
            9 | 10 => What::Throw(if self.dice.one_in(2) { Some(n) } else { None }),
            11 | 12 => self.task().map_or(sleep, What::Join),
            13 => self.task().map_or(sleep, What::Cancel),
            14 => self.task().map_or(sleep, What::Stop),
            15 => self.scope().map_or(sleep, What::CancelScope),
            16 if place.returns => What::Return,
            17 if place.breaks => What::Break,
            18 | 19 => What::Send(n),
            20 | 21 => What::Receive(n),
            22 if self.dice.one_in(3) => What::Close(n),
            23 if self.dice.one_in(4) => What::Exit,
            24 | 25 if place.gives => What::Give,
            26..29 => self.generator().map_or(sleep, What::Next),
            _ => self.select(),
        }
    }

    fn generator(&mut self) -> Option<usize> {
        let count = self.generators.len();
        (count > 0).then(|| self.generators[self.dice.below(count)])
    }

    fn select(&mut self) -> What {
        let count = 1 + self.dice.below(3);
        let arms = (0..count).map(|_| self.arm()).collect();
        What::Select { first: self.dice.one_in(4), arms, otherwise: self.dice.one_in(4) }
    }

    fn arm(&mut self) -> ArmOp {
        let n = self.dice.below(SHARED);
        match self.dice.below(5) {
            0 => ArmOp::Receive(n),
            1 => ArmOp::Send(n),
            2 => self.task().map_or(ArmOp::Receive(n), ArmOp::Join),
            _ => ArmOp::Sleep(self.span()),
        }
    }

    fn compound(&mut self, place: Place, id: usize) -> What {
        let span = self.span();
        match self.dice.below(24) {
            0..4 => {
                self.scopes.push(id);
                let options = Options {
                    timeout: self.dice.one_in(4).then_some(span),
                    grace: self.dice.one_in(4).then(|| self.span()),
                    isolates: self.dice.one_in(5),
                };
                What::Scope(options, self.scoped(place))
            }
            4..6 => {
                let body = self.scoped(place);
                let other = self.dice.one_in(3).then(|| self.block(place));
                What::Timeout(span, body, other)
            }
            6 => What::Shield(span, self.scoped(place)),
            7..10 => {
                let body = self.block(place);
                let catch = (!self.dice.one_in(3)).then(|| self.block(place));
                let cleans = catch.is_none() || self.dice.one_in(3);
                let finally = cleans.then(|| self.clean_up(place));
                What::Try { body, catch, finally }
            }
            10..12 => What::Defer(self.clean_up(place)),
            12..17 if place.spawns => {
                let body = self.function(place);
                self.tasks.push(id);
                What::Spawn { daemon: self.dice.one_in(4), attempt: self.dice.one_in(4), body }
            }
            17 => match self.scope() {
                Some(scope) => {
                    let body = self.function(place);
                    self.tasks.push(id);
                    What::SpawnIn(scope, body)
                }
                None => What::Yield,
            },
            18 => What::Call(self.function(place)),
            19 => {
                let body = self.block(Place { breaks: true, ..place });
                What::Loop(1 + self.dice.below(3) as u64, body)
            }
            20 => {
                // Who goes on with a generator may be another task, which does not hold the lock.
                let inside = Place { gives: false, ..place };
                What::Lock(self.dice.below(SHARED), self.block(inside))
            }
            21 | 22 => {
                let source = self.source(place);
                self.generators.push(id);
                What::Make(source)
            }
            _ => What::Consume { source: self.source(place), limit: 1 + span },
        }
    }

    /// The body of a generator.
    fn source(&mut self, place: Place) -> Block {
        let inside = Place { returns: true, breaks: false, gives: true, spawns: false, ..place };
        let mut statements = self.block(inside).to_vec();
        let at = self.dice.below(statements.len() + 1);
        statements.insert(at, Node { id: self.number(), what: What::Give });
        Rc::new(statements)
    }
}
