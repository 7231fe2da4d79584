//! Programs made at random that spawn much of what runs to its end at once: they do the same when nobody
//! looks on, and such tasks are only noted, as when somebody does, and each is made and runs in its turn.
//!
//! `KETTLE_NEWBORNS=5000` tries that many programs.

use crate::dice::Dice;
use crate::harness::{Run, Setup, Watched};

/// How many programs are tried.
const PROGRAMS: u64 = 150;

/// What happens is noted in a list: a call of the loop for that would end what is to be tried.
const BEGIN: &str = "
import task
let lines = []
let queue = channel(unbounded: true)
";

const END: &str = r#"
queue.close()
for await n in queue { lines.push("left ${n}") }
log(lines.join("\n"))
"#;

#[test]
fn tasks_that_are_only_noted_do_what_all_others_do() {
    let count = std::env::var("KETTLE_NEWBORNS").ok().and_then(|text| text.parse().ok());
    let torture = Setup { torture: true, ..Setup::default() };
    let fuel = Setup { fuel: Some(7), ..Setup::default() };
    let now_and_then = Setup { watched: Some(Watched::Now(1)), ..Setup::default() };
    let small_budget = Setup { op_budget: Some(2), ..Setup::default() };
    for seed in 0..count.unwrap_or(PROGRAMS) {
        let text = Maker { dice: Dice::new(seed) }.program();
        let run = |setup| Run::new(&text, setup).finish(setup);
        let watched = |setup: Setup| run(Setup { watched: Some(Watched::Always), ..setup });
        let plain = run(Setup::default());
        assert!(!plain.is_empty(), "seed {seed} says nothing:\n{text}");
        for (name, seen) in [
            ("watched", watched(Setup::default())),
            ("watched now and then", run(now_and_then)),
            ("torture", run(torture)),
            ("fuel", run(fuel)),
        ] {
            assert_eq!(plain, seen, "seed {seed}, {name}:\n{text}");
        }
        assert_eq!(run(small_budget), watched(small_budget), "seed {seed}, budget 2:\n{text}");
    }
}

/// Makes programs.
struct Maker {
    dice: Dice,
}

impl Maker {
    fn program(&mut self) -> String {
        let functions = 2 + self.dice.below(4);
        let mut text = BEGIN.to_owned();
        for number in 0..functions {
            text.push_str(&format!("async fn f{number}(n) {{\n"));
            for _ in 0..1 + self.dice.below(3) {
                text.push_str(&self.step(number));
            }
            text.push_str("    n * 2\n}\n");
        }
        text.push_str("for round in 0..2 { try {\n");
        for _ in 0..1 + self.dice.below(3) {
            text.push_str(&self.block(functions));
        }
        text.push_str("} catch e { lines.push(\"caught ${e.message}, ${e.suppressed.len}\") } }\n");
        text + END
    }

    /// Something that function `number` does, which may call those before it.
    fn step(&mut self, number: usize) -> String {
        let digit = self.dice.below(5);
        match self.dice.below(if number > 0 { 12 } else { 9 }) {
            0..3 => format!("    lines.push(\"{number}: ${{n}}\")\n"),
            3 => "    queue.try_send(n)\n".to_owned(),
            4 => "    lines.push([n, n].map(|x| \"${x}\").join(\",\"))\n".to_owned(),
            5 => format!("    if n % 4 == {digit} {{ await task.yield() }}\n"),
            6 => format!("    if n == {digit} {{ throw ValueError(\"{number}\") }}\n"),
            7 => "    await queue.send(n)\n".to_owned(),
            8 => format!("    if n == 3 {{ await sleep({digit}s) }}\n"),
            9 => format!("    await f{}(n + 1)\n", self.dice.below(number)),
            _ => self.block(number),
        }
    }

    /// A scope that spawns some of the first so many functions.
    fn block(&mut self, functions: usize) -> String {
        let scope = ["scope s", "scope", "timeout 2s"][self.dice.below(3)];
        let mut body = String::new();
        let count = 1 + self.dice.below(5);
        let spawn = ["spawn", "spawn try"][self.dice.below(2)];
        let [one, other] = [(); 2].map(|()| self.dice.below(functions));
        if self.dice.one_in(3) {
            body += &format!("for i in 0..{count} {{ {spawn} f{one}(i) }}\n");
        } else {
            let more =
                if self.dice.one_in(4) { &format!("; ts.push(spawn f{other}(i))") } else { "" };
            body += &format!("for i in 0..{count} {{ ts.push({spawn} f{one}(i)){more} }}\n");
        }
        if self.dice.one_in(4) {
            body += "lines.push(ts.map(|t| t.state).join(\",\"))\n";
        }
        if self.dice.one_in(6) {
            body += "if ts.len > 0 { ts[0].cancel() }\n";
        }
        if self.dice.one_in(5) {
            body += "await task.yield()\n";
        }
        if self.dice.one_in(2) {
            body += "for t in ts { try { lines.push(\"got ${await t}\") } catch e { lines.push(e.message) } }\n";
        } else if self.dice.one_in(2) {
            body += "if ts.len > 0 { lines.push(\"last ${await ts[ts.len - 1]}\") }\n";
        }
        if scope == "scope s" && self.dice.one_in(6) {
            body += "s.cancel()\n";
        }
        let block = format!("{scope} {{\nlet ts = []\n{body}}}\n");
        if self.dice.one_in(2) {
            format!("try {{\n{block}}} catch e {{ lines.push(\"caught ${{e.message}}\") }}\n")
        } else {
            block
        }
    }
}
