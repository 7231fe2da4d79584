//! A task that never has to wait keeps nobody else from running: not the other tasks, not the timers,
//! not the look at the world (G1, G2). In turns that are counted and time that is virtual.

use std::sync::{Arc, Mutex};

use kettle::runtime::driver::Moment;
use kettle::runtime::{Step, Tracer};

use crate::harness::{PRELUDE, Run, Setup, run_all};

/// What the loop did, in words: which task ran, and where turns and polls began.
#[derive(Clone, Default)]
struct Steps(Arc<Mutex<Vec<String>>>);

impl Tracer for Steps {
    fn record(&mut self, _: Moment, step: Step) {
        let word = match step {
            Step::TurnBegins { .. } => "turn".to_owned(),
            Step::PollBegins { .. } => "poll".to_owned(),
            Step::TaskRuns { task } => task.to_string(),
            _ => return,
        };
        self.0.lock().expect("no test panics under this lock").push(word);
    }
}

/// The turns of a program: what ran in each.
fn turns(body: &str) -> Vec<Vec<String>> {
    let steps = Steps::default();
    let mut run = Run::new(&format!("{PRELUDE}\n{body}\n"), Setup::default());
    run.runtime.rt.set_tracer(Some(Box::new(steps.clone())));
    assert_eq!(run.finish(Setup::default()), [] as [&str; 0]);
    let steps = steps.0.lock().expect("no test panics under this lock").clone();
    let mut turns = steps.split(|step| step == "turn");
    assert_eq!(turns.next(), Some(&[] as &[String]), "all happens in turns");
    turns.map(<[String]>::to_vec).collect()
}

const HOT: &str = r#"
    async fn hot(ops) {
        let q = channel(unbounded: true)
        for n in 0..ops { await q.send(n) }
    }
"#;

#[test]
fn tasks_that_never_wait_share_the_turns() {
    let turns = turns(&format!("{HOT}\nscope {{ for _ in 0..3 {{ spawn hot(10 * 128) }} }}"));
    // The first turn is that of the program. In the last one, after their last op, they end.
    let busy = turns.iter().filter(|turn| turn.contains(&"2".to_owned())).collect::<Vec<_>>();
    assert_eq!(busy.len(), 11, "{turns:?}");
    for turn in busy {
        let ran: Vec<&str> = turn.iter().filter(|step| *step != "poll").map(|s| &**s).collect();
        assert_eq!(ran, ["2", "3", "4"]);
    }
}

#[test]
fn the_world_is_looked_at_however_busy_the_tasks_are() {
    let turns = turns(&format!(
        "{HOT}\nscope {{ spawn hot(200 * 128); spawn {{ await c.recv() }}; await sleep(0s); await c.send(1) }}"
    ));
    let since = turns.split(|turn| turn.contains(&"poll".to_owned()));
    let longest = since.map(<[Vec<String>]>::len).max().expect("there are turns");
    assert!(turns.len() >= 200 && longest < 64, "{longest} turns without a look");
}

#[test]
fn timers_are_due_between_the_ops_of_a_task_that_never_waits() {
    let text = format!(
        r#"{PRELUDE}
        scope s {{
            spawn {{ for _ in 0..3 {{ await sleep(100ms); log("tick") }}; s.cancel() }}
            let q = channel(unbounded: true)
            loop {{ await q.send(1); compute(1ms) }}
        }}
        timeout 1s {{ let q = channel(unbounded: true); loop {{ await q.send(1); compute(10ms) }} }} else {{ log("timed out") }}
        "#
    );
    // Every 128 ops, here of a millisecond, the others run and timers are looked at. Who is woken by one
    // then runs behind the task that is ready already: two turns after its deadline at the latest.
    let expected = ["0.383 tick", "0.639 tick", "0.895 tick", "2.176 timed out"];
    assert_eq!(run_all(&text, Setup::default()), expected);
}

#[test]
fn a_signal_reaches_a_task_that_never_waits() {
    let text = format!(
        "{PRELUDE}\ndefer log(\"clean\")\nlet q = channel(unbounded: true)\nloop {{ await q.send(1); compute(1ms) }}"
    );
    let setup = Setup { signals: &[1], ..Setup::default() };
    assert_eq!(run_all(&text, setup), ["1.024 clean", "Interrupt"]);
}

#[test]
fn results_of_tasks_that_give_way_are_not_lost() {
    let body = r#"
        let q = channel(unbounded: true)
        for n in 0..1000 { await q.send(n) }
        let got = []
        scope {
            for _ in 0..4 { spawn { for _ in 0..250 { got.push(await q.recv()) } } }
        }
        var sum = 0
        for n in got { sum += n }
        log("${got.len} ${sum}")
    "#;
    assert_eq!(run_all(&format!("{PRELUDE}\n{body}"), Setup::default()), ["0 1000 499500"]);
}
