//! What is seen of a program that is watched, tick by tick.

use std::sync::Mutex;

use super::*;
use crate::vm::profile::{Pulse, Region, Sample, SampleCall, Sampler};
use crate::vm::{Args, Native, NativeBody, NativeId};

/// A sample: ticks, task, calls, native.
type Seen = (u32, u64, Vec<SampleCall>, Option<NativeId>);

struct Noted(Arc<Mutex<Vec<Seen>>>);

impl Sampler for Noted {
    fn sample(&mut self, _: &Vm, sample: &Sample<'_>) {
        let Sample { ticks, task, calls, native } = *sample;
        let mut seen = self.0.lock().expect("nobody panics with it");
        seen.push((ticks, task, calls.to_vec(), native));
    }
}

/// Runs function 0 in a world where the native `tick` ticks; gives the samples and the native.
fn samples(functions: Vec<FunctionCode>) -> (Vec<Seen>, NativeId) {
    let mut vm = Vm::new(VmOptions::default());
    let pulse = Arc::new(Pulse::default());
    let ticking = pulse.clone();
    let body = move |_: &mut Vm, _: Args| {
        // As if time passed in the native.
        ticking.tick();
        Value::null()
    };
    let name = "tick".into();
    let params = Vec::new().into();
    let body = NativeBody::Host(Arc::new(body));
    let tick = vm.add_native(Native { name, params, waits: false, body });
    let value = vm.native_value(tick);
    vm.define_prelude("tick", value);
    let constants = vec![Constant::Prelude("tick".into())];
    let program = Program { modules: vec![Arc::new(module(functions, constants))] };
    let closures = vm.load(&program, 0).expect("the code is valid");
    let fiber = vm.new_fiber(closures[0], &[], None);
    let seen = Arc::new(Mutex::new(Vec::new()));
    vm.watch(pulse.clone(), Box::new(Noted(seen.clone())));
    pulse.run(7);
    assert!(matches!(run(&mut vm, fiber), Exit::Return(_)));
    vm.end_watch();
    assert_eq!(pulse.ticks(Region::Profiler), 0);
    let seen = seen.lock().expect("nobody panics with it").clone();
    (seen, tick)
}

/// Calls with the function as a number of its module; the frames of the VM itself are left out.
fn shown(calls: &[SampleCall]) -> Vec<(u32, Option<u32>)> {
    let first = calls.first().map_or(0, |call| call.function);
    calls.iter().map(|call| (call.function - first, call.instruction)).collect()
}

#[test]
fn time_in_a_native_belongs_to_it_even_if_nothing_comes_after_it() {
    let main = function(
        "main",
        0,
        2,
        vec![
            at(Opcode::LoadConst, 0, 0, 0, 0),
            at(Opcode::Call, 0, 0, 0, 0),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    let (seen, tick) = samples(vec![main]);
    let [(ticks, task, calls, native)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((*ticks, *task, *native), (1, 7, Some(tick)));
    assert_eq!(calls.last().and_then(|call| call.instruction), Some(1));
}

#[test]
fn a_caller_is_seen_where_it_calls_and_what_returned_is_seen_no_more() {
    let call_tick = |register| {
        [at(Opcode::LoadConst, register, 0, 0, 0), at(Opcode::Call, register, register, 0, 0)]
    };
    let outer = [at(Opcode::CallKnown, 0, 0, 0, 1)].into_iter().chain(call_tick(0)).chain([at(
        Opcode::Return,
        0,
        0,
        0,
        0,
    )]);
    let inner = call_tick(0).into_iter().chain([at(Opcode::Return, 0, 0, 0, 0)]);
    let main = function("main", 0, 8, outer.collect());
    let called = function("called", 0, 4, inner.collect());
    let (seen, tick) = samples(vec![main, called]);
    let [first, second] = &seen[..] else { panic!("{seen:?}") };
    let own = |calls: &[SampleCall], count: usize| shown(&calls[calls.len() - count..]);
    assert_eq!(own(&first.2, 2), [(0, Some(0)), (1, Some(1))]);
    assert_eq!(own(&second.2, 1), [(0, Some(2))]);
    assert_eq!((first.3, second.3), (Some(tick), Some(tick)));
    assert_eq!(second.2.len() + 1, first.2.len());
}

#[test]
fn fuel_is_used_as_if_nobody_watched() {
    let stops = |watched: bool| {
        let code = vec![
            at(Opcode::LoadInt, 0, 0, 0, 0),
            at(Opcode::AddInt, 0, 0, 0, 1),
            at(Opcode::JumpEqInt, 0, 50, 0, 2),
            at(Opcode::Loop, 0, 0, 0, -2),
            at(Opcode::Return, 0, 0, 0, 0),
        ];
        let main = function("main", 0, 3, code);
        let (mut vm, fiber) = start(VmOptions::default(), module(vec![main], Vec::new()));
        if watched {
            vm.watch(Arc::default(), Box::new(Noted(Arc::default())));
        }
        vm.set_fuel(10);
        let mut stops = 0;
        loop {
            match vm.run(fiber) {
                Exit::Budget => {
                    stops += 1;
                    vm.set_fuel(10);
                }
                Exit::Collect => vm.collect(&mut |_| {}),
                exit => return (stops, format!("{exit:?}"), vm.fuel_left()),
            }
        }
    };
    assert_eq!(stops(true), stops(false));
}
