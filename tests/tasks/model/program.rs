//! Small programs of tasks as trees, and their text in Kettle.
//!
//! Every node has a number. What happens is logged with it, so two runs that differ anywhere differ
//! in their logs.

use std::fmt::Write;
use std::rc::Rc;

/// Statements in a block of their own.
pub type Block = Rc<Vec<Node>>;

/// A statement and its number.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its number.
    pub id: usize,
    /// What it does.
    pub what: What,
}

/// An option of a scope is there or not.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Seconds.
    pub timeout: Option<u64>,
    /// Seconds.
    pub grace: Option<u64>,
    /// `on_error: "isolate"`.
    pub isolates: bool,
}

/// What an arm of a `select` waits for.
#[derive(Clone, Copy, Debug)]
pub enum ArmOp {
    Sleep(u64),
    Receive(usize),
    Send(usize),
    /// The task that the node of that number has spawned; not enabled before.
    Join(usize),
}

/// What a statement does.
#[derive(Clone, Debug)]
pub enum What {
    Sleep(u64),
    Yield,
    /// Takes time without a checkpoint.
    Compute(u64),
    /// Throws one of the shared errors, or one of its own.
    Throw(Option<usize>),
    Scope(Options, Block),
    Timeout(u64, Block, Option<Block>),
    Shield(u64, Block),
    Try {
        body: Block,
        catch: Option<Block>,
        finally: Option<Block>,
    },
    Defer(Block),
    Spawn {
        daemon: bool,
        attempt: bool,
        body: Block,
    },
    /// Into the scope of the node of that number, wherever that is.
    SpawnIn(usize, Block),
    Join(usize),
    Cancel(usize),
    Stop(usize),
    CancelScope(usize),
    /// A function of its own, called at once.
    Call(Block),
    Return,
    Loop(u64, Block),
    Break,
    Send(usize),
    Receive(usize),
    Close(usize),
    Lock(usize, Block),
    Select {
        first: bool,
        arms: Vec<ArmOp>,
        otherwise: bool,
    },
    /// A loop over an async generator with that body, which leaves it after so many elements.
    Consume {
        source: Block,
        limit: u64,
    },
    /// Makes an async generator with that body.
    Make(Block),
    /// Asks the generator that a node has made for an element.
    Next(usize),
    /// An element of the generator around.
    Give,
    Exit,
}

/// How many shared errors, channels and mutexes there are.
pub const SHARED: usize = 3;
/// Room in each channel.
pub const ROOM: [usize; 3] = [0, 1, 2];

const PRELUDE: &str = r#"
import task
import sync
let errors = [Error("E0"), Error("E1"), Error("E2")]
let channels = [channel(0), channel(1), channel(2)]
let mutexes = [sync.mutex(), sync.mutex(), sync.mutex()]
fn name(e) { if type(e) == Error { e.message } else { "${type(e)}" } }
fn note(id, e) {
    let others = []
    for other in e.suppressed { others.push(name(other)) }
    log("${id} caught ${name(e)} ${others}")
}
"#;

impl What {
    /// The blocks in it.
    pub fn blocks_mut(&mut self) -> Vec<&mut Block> {
        match self {
            What::Scope(_, body)
            | What::Shield(_, body)
            | What::Defer(body)
            | What::Spawn { body, .. }
            | What::SpawnIn(_, body)
            | What::Call(body)
            | What::Loop(_, body)
            | What::Consume { source: body, .. }
            | What::Make(body)
            | What::Lock(_, body) => vec![body],
            What::Timeout(_, body, other) => std::iter::once(body).chain(other).collect(),
            What::Try { body, catch, finally } => {
                std::iter::once(body).chain(catch).chain(finally).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Whether a bare `spawn` in the block belongs to the function around, which then is a scope.
pub fn spawns_bare(block: &Block) -> bool {
    block.iter().any(|node| match &node.what {
        What::Spawn { .. } => true,
        What::Try { body, catch, .. } => {
            spawns_bare(body) || catch.as_ref().is_some_and(spawns_bare)
        }
        What::Loop(_, body) | What::Lock(_, body) => spawns_bare(body),
        What::Timeout(_, _, Some(other)) => spawns_bare(other),
        _ => false,
    })
}

/// Whether something in the block may wait: a clean-up without that is no scope.
pub fn waits(block: &Block) -> bool {
    block.iter().any(|node| match &node.what {
        What::Try { body, catch, finally } => waits(body) || catch.iter().chain(finally).any(waits),
        What::Defer(body) | What::Loop(_, body) => waits(body),
        What::Compute(_)
        | What::Throw(_)
        | What::SpawnIn(..)
        | What::Cancel(_)
        | What::CancelScope(_)
        | What::Return
        | What::Break
        | What::Close(_)
        | What::Make(_)
        | What::Give
        | What::Exit => false,
        _ => true,
    })
}

/// The text of a program of so many nodes.
pub fn text(program: &Block, nodes: usize) -> String {
    let mut out = PRELUDE.to_owned();
    for id in 0..nodes {
        writeln!(out, "var t{id} = null; var s{id} = null; var g{id} = null")
            .expect("a string takes all");
    }
    write_block(program, 0, &mut out);
    out
}

fn write_block(block: &Block, depth: usize, out: &mut String) {
    for node in block.iter() {
        let indent = "    ".repeat(depth);
        out.push_str(&indent);
        node.write(depth, out);
        out.push('\n');
    }
}

fn braces(head: &str, block: &Block, depth: usize, out: &mut String) {
    writeln!(out, "{head} {{").expect("a string takes all");
    write_block(block, depth + 1, out);
    out.push_str(&"    ".repeat(depth));
    out.push('}');
}

impl ArmOp {
    fn text(self) -> String {
        match self {
            ArmOp::Sleep(span) => format!("await sleep({span}s)"),
            ArmOp::Receive(n) => format!("await channels[{n}].recv()"),
            ArmOp::Send(n) => format!("await channels[{n}].send(1)"),
            ArmOp::Join(id) => format!("await t{id} if t{id} != null"),
        }
    }
}

impl Node {
    /// One line of Kettle that logs the node's number.
    fn noted(&self, code: &str) -> String {
        format!("{code}; log(\"{}\")", self.id)
    }

    fn write(&self, depth: usize, out: &mut String) {
        let id = self.id;
        match &self.what {
            What::Scope(..) | What::Timeout(..) | What::Shield(..) => self.write_scope(depth, out),
            What::Spawn { .. }
            | What::SpawnIn(..)
            | What::Call(_)
            | What::Make(_)
            | What::Consume { .. } => self.write_function(depth, out),
            What::Try { body, catch, finally } => {
                braces("try", body, depth, out);
                if let Some(catch) = catch {
                    writeln!(out, " catch e {{ note({id}, e)").expect("a string takes all");
                    write_block(catch, depth + 1, out);
                    write!(out, "{}}}", "    ".repeat(depth)).expect("a string takes all");
                }
                if let Some(finally) = finally {
                    braces(" finally", finally, depth, out);
                }
            }
            What::Defer(body) => braces("defer", body, depth, out),
            What::Loop(count, body) => braces(&format!("for _ in 0..{count}"), body, depth, out),
            What::Lock(n, body) => {
                write!(out, "await mutexes[{n}].lock(); ").expect("a string takes all");
                braces("try", body, depth, out);
                write!(out, " finally {{ mutexes[{n}].unlock() }}").expect("a string takes all");
            }
            What::Select { first, arms, otherwise } => {
                let first = if *first { " first" } else { "" };
                let mut lines: Vec<String> = arms
                    .iter()
                    .enumerate()
                    .map(|(n, arm)| format!("{} => log(\"{id} arm {n}\")", arm.text()))
                    .collect();
                lines.extend(otherwise.then(|| format!("else => log(\"{id} else\")")));
                write!(out, "select{first} {{ {} }}", lines.join(", ")).expect("it takes all");
            }
            _ => out.push_str(&self.simple()),
        }
    }

    fn write_scope(&self, depth: usize, out: &mut String) {
        let id = self.id;
        match &self.what {
            What::Scope(options, body) => {
                let mut given = Vec::new();
                given.extend(options.timeout.map(|span| format!("timeout: {span}s")));
                given.extend(options.grace.map(|span| format!("grace: {span}s")));
                given.extend(options.isolates.then(|| "on_error: \"isolate\"".to_owned()));
                let options = if given.is_empty() {
                    String::new()
                } else {
                    format!("({})", given.join(", "))
                };
                writeln!(out, "scope s {options} {{ s{id} = s").expect("a string takes all");
                write_block(body, depth + 1, out);
                write!(out, "{}}}; log(\"{id}\")", "    ".repeat(depth)).expect("it takes all");
            }
            What::Timeout(span, body, other) => {
                braces(&format!("timeout {span}s"), body, depth, out);
                if let Some(other) = other {
                    braces(" else", other, depth, out);
                }
                write!(out, "; log(\"{id}\")").expect("a string takes all");
            }
            What::Shield(span, body) => {
                braces(&format!("shield {span}s"), body, depth, out);
                write!(out, "; log(\"{id}\")").expect("a string takes all");
            }
            other => unreachable!("{other:?} is no scope"),
        }
    }

    /// What runs in a task, a function or a generator of its own.
    fn write_function(&self, depth: usize, out: &mut String) {
        let id = self.id;
        match &self.what {
            What::Spawn { daemon, attempt, body } => {
                let daemon = if *daemon { "daemon " } else { "" };
                let attempt = if *attempt { "try " } else { "" };
                braces(&format!("t{id} = spawn {daemon}{attempt}"), body, depth, out);
            }
            What::SpawnIn(scope, body) => {
                braces(&format!("async fn f{id}()"), body, depth, out);
                write!(out, "; if s{scope} != null {{ t{id} = s{scope}.spawn(f{id}) }}")
                    .expect("a string takes all");
            }
            What::Call(body) => {
                braces(&format!("async fn f{id}()"), body, depth, out);
                out.push_str(&self.noted(&format!("; await f{id}()")));
            }
            What::Make(source) => {
                braces(&format!("async fn f{id}()"), source, depth, out);
                out.push_str(&self.noted(&format!("; g{id} = f{id}()")));
            }
            What::Consume { source, limit } => {
                braces(&format!("async fn f{id}()"), source, depth, out);
                write!(
                    out,
                    "; var n{id} = 0; for await x in f{id}() {{ log(\"{id} item\"); \
                     n{id} += 1; if n{id} >= {limit} {{ break }} }}; log(\"{id}\")"
                )
                .expect("a string takes all");
            }
            other => unreachable!("{other:?} makes no function"),
        }
    }

    fn simple(&self) -> String {
        let id = self.id;
        match &self.what {
            What::Sleep(span) => self.noted(&format!("await sleep({span}s)")),
            What::Yield => self.noted("await task.yield()"),
            What::Compute(span) => self.noted(&format!("compute({span}s)")),
            What::Throw(Some(shared)) => format!("throw errors[{shared}]"),
            What::Throw(None) => format!("throw Error(\"own {id}\")"),
            What::Join(task) => self.noted(&format!("if t{task} != null {{ await t{task} }}")),
            What::Stop(task) => {
                self.noted(&format!("if t{task} != null {{ await t{task}.stop() }}"))
            }
            What::Cancel(task) => self.noted(&format!("if t{task} != null {{ t{task}.cancel() }}")),
            What::CancelScope(scope) => {
                self.noted(&format!("if s{scope} != null {{ s{scope}.cancel() }}"))
            }
            What::Send(n) => self.noted(&format!("await channels[{n}].send(1)")),
            What::Receive(n) => self.noted(&format!("await channels[{n}].recv()")),
            What::Next(of) => {
                format!("if g{of} != null {{ log(\"{id} ${{await g{of}.next(\"end\")}}\") }}")
            }
            What::Close(n) => self.noted(&format!("channels[{n}].close()")),
            What::Return => "return".to_owned(),
            What::Break => "break".to_owned(),
            What::Give => "yield 1".to_owned(),
            What::Exit => "exit(3)".to_owned(),
            other => unreachable!("{other:?} has blocks"),
        }
    }
}
