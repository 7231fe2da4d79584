//! Stepping, stopping at a line, and looking at variables while a program stands still.

use kettle::Engine;
use kettle::engine::{Progress, TaskStack};

use super::vm;

const TEXT: &str = "fn inner(a, b) {
    let product = a * b
    for i in 0..2 {
        tick(i)
    }
    product
}
fn tick(n) { n + 1 }
pub fn outer(x) {
    var captured = x + 1
    let add = || { captured += 1; captured }
    add()
    inner(captured, 10)
}
pub async fn parked(name) {
    let before = name + \"!\"
    await sleep(1h)
    let later = 1
}
";

fn shown(vm: &kettle::Vm, task: &TaskStack) -> Vec<String> {
    let frames = task.frames.iter().map(|frame| {
        let variables = frame.variables.iter().map(|(name, value)| {
            let value = value.display(vm).expect("it is shown");
            if value.starts_with('<') { name.clone() } else { format!("{name}={value}") }
        });
        let line = frame.place.as_ref().map_or(0, |place| place.line);
        format!("{}:{line} {}", frame.function, variables.collect::<Vec<_>>().join(" "))
    });
    frames.collect()
}

#[test]
fn a_host_stops_at_a_line_and_looks_at_the_variables_of_every_call() {
    let engine = Engine::new();
    let mut vm = vm(&engine, TEXT);
    let call = vm.start::<i64>("outer", (4,)).expect("it begins");
    let second = vm.run_until(|vm, task| {
        let is_there = task.place().is_some_and(|place| place.line == 4);
        let i = task.frames[0].variable("i").and_then(|i| i.get::<i64>(vm).ok());
        is_there && i == Some(1)
    });
    let task = second.expect("the loop comes by");
    assert_eq!(
        shown(&vm, &task),
        ["inner:4 a=6 b=10 product=60 i=1", "outer:13 x=4 captured=6 add"]
    );
    assert_eq!(task.place().map(|place| place.text()), Some("tick(i)"));
    assert_eq!(call.join_blocking(&mut vm).expect("it goes on"), 60);
    assert!(vm.run_until(|_, _| true).is_none(), "nothing is left");
}

#[test]
fn a_task_that_waits_can_be_looked_at() {
    let engine = Engine::new();
    let mut vm = vm(&engine, TEXT);
    let call = vm.start::<()>("parked", ("ann",)).expect("it begins");
    while vm.turn(std::time::Duration::ZERO) == Progress::Ready {}
    let stacks = vm.stacks();
    let task = stacks.iter().find(|task| task.name == "parked").expect("it is there");
    assert_eq!(shown(&vm, task), ["parked:17 name=ann before=ann!"]);
    assert!(task.doing.contains("sleep") || task.doing.contains("wait"), "{}", task.doing);
    call.cancel(&mut vm).expect("it is its own");
}

#[test]
fn a_step_is_a_call_or_a_turn_of_a_loop() {
    let engine = Engine::new();
    let mut vm = vm(&engine, "pub fn count(n) { for i in 0..n { } }");
    let mut steps_of = |n: i64| {
        let call = vm.start::<()>("count", (n,)).expect("it begins");
        let mut steps = 0;
        while vm.step() != Progress::Idle {
            steps += 1;
        }
        call.join_blocking(&mut vm).expect("it ends");
        steps
    };
    let few = steps_of(10);
    assert_eq!(steps_of(110), few + 100);
}
