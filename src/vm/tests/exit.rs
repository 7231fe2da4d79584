//! Leaving the run loop and going on.

use super::*;
use crate::vm::{Args, NOT_OF_LIBRARY, Native, NativeBody, NativeParam, ParamKind, Thrown};

fn native(
    name: &'static str,
    params: &[(&'static str, ParamKind)],
    waits: bool,
    body: NativeBody,
) -> Native {
    let params = params.iter().map(|(name, kind)| NativeParam { name, kind: *kind });
    Native { name: name.into(), params: params.collect(), waits, body }
}

/// A VM that knows some natives, and a fiber that runs function 0.
fn with_natives(functions: Vec<FunctionCode>, constants: Vec<Constant>) -> (Vm, FiberId) {
    fn twice(vm: &mut Vm, args: Args) -> Result<Value, Thrown> {
        let function = vm.arg(args, 0);
        let value = vm.arg(args, 1);
        Ok(vm.tail_call(function, &[value]))
    }
    let mut vm = Vm::new(VmOptions { torture: true, ..VmOptions::default() });
    let nap = vm.add_native(native(
        "nap",
        &[("time", ParamKind::Required)],
        true,
        NativeBody::Loop(NOT_OF_LIBRARY),
    ));
    let both = [("f", ParamKind::Required), ("x", ParamKind::Optional)];
    let apply = vm.add_native(native("apply", &both, false, NativeBody::Inline(twice)));
    for (name, id) in [("nap", nap), ("apply", apply)] {
        let value = vm.native_value(id);
        vm.define_prelude(name, value);
    }
    let program = Program { modules: vec![Arc::new(module(functions, constants))] };
    let closures = vm.load(&program, 0).expect("the code is valid");
    let fiber = vm.new_fiber(closures[0], &[], None);
    (vm, fiber)
}

#[test]
fn a_native_that_waits_is_resumed_behind_its_await() {
    let main = function(
        "main",
        0,
        3,
        vec![
            at(Opcode::LoadConst, 0, 0, 0, 0),
            at(Opcode::LoadInt, 1, 0, 0, 5),
            at(Opcode::CallAwait, 0, 0, 1, 0),
            at(Opcode::AwaitResult, 0, 0, 0, 0),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    let (mut vm, fiber) = with_natives(vec![main], vec![Constant::Prelude("nap".into())]);
    let Exit::Native { native, args, awaited } = run(&mut vm, fiber) else {
        panic!("the native needs the loop")
    };
    assert!(awaited);
    assert_eq!(&*vm.native(native).name, "nap");
    assert_eq!(vm.arg(args, 0).as_int(), Some(5));
    assert!(vm.arg(args, 1).is_unset());
    vm.collect_full(&mut |_| {});
    vm.resume(fiber, Value::int(11));
    assert!(matches!(run(&mut vm, fiber), Exit::Return(value) if value.as_int() == Some(11)));
}

#[test]
fn a_native_hands_over_to_a_script_function() {
    let main = function(
        "main",
        0,
        4,
        vec![
            at(Opcode::LoadConst, 0, 0, 0, 0),
            at(Opcode::Closure, 1, 0, 255, 1),
            at(Opcode::LoadInt, 2, 0, 0, 20),
            at(Opcode::Call, 0, 0, 2, 0),
            at(Opcode::AddInt, 0, 0, 0, 1),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    let double =
        function("double", 1, 2, vec![at(Opcode::Add, 1, 0, 0, 0), at(Opcode::Return, 1, 0, 0, 0)]);
    let constants = vec![Constant::Prelude("apply".into())];
    let (mut vm, fiber) = with_natives(vec![main, double], constants);
    assert!(matches!(run(&mut vm, fiber), Exit::Return(value) if value.as_int() == Some(41)));
}

#[test]
fn a_loop_without_fuel_goes_on_when_it_gets_some() {
    let main = function(
        "main",
        0,
        3,
        vec![
            at(Opcode::LoadInt, 0, 0, 0, 0),
            at(Opcode::AddInt, 0, 0, 0, 1),
            at(Opcode::JumpEqInt, 0, 50, 0, 2),
            at(Opcode::Loop, 0, 0, 0, -2),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    let (mut vm, fiber) = start(VmOptions::default(), module(vec![main], Vec::new()));
    vm.set_fuel(10);
    let mut stops = 0;
    loop {
        match vm.run(fiber) {
            Exit::Budget => {
                stops += 1;
                vm.set_fuel(10);
            }
            Exit::Collect => vm.collect(&mut |_| {}),
            Exit::Return(value) => {
                assert_eq!(value.as_int(), Some(50));
                break;
            }
            exit => panic!("{exit:?}"),
        }
    }
    assert_eq!(stops, 4);
}

#[test]
fn an_interrupt_stops_at_the_next_slice() {
    let main = function("main", 0, 1, vec![at(Opcode::Loop, 0, 0, 0, 0)]);
    let (mut vm, fiber) = start(VmOptions::default(), module(vec![main], Vec::new()));
    vm.interrupt.store(1, std::sync::atomic::Ordering::Relaxed);
    assert!(matches!(run_once(&mut vm, fiber), Exit::Budget));
}

fn run_once(vm: &mut Vm, fiber: FiberId) -> Exit {
    loop {
        match vm.run(fiber) {
            Exit::Collect => vm.collect(&mut |_| {}),
            exit => return exit,
        }
    }
}

/// A list that grows for ever, by lists of one element.
#[test]
fn memory_that_stays_in_use_is_limited() {
    let mut main = function(
        "main",
        0,
        4,
        vec![
            at(Opcode::NewList, 0, 0, 0, 0),
            at(Opcode::NewList, 1, 0, 1, 0),
            at(Opcode::Move, 0, 1, 0, 0),
            at(Opcode::Loop, 0, 0, 0, -2),
            at(Opcode::LoadNull, 0, 0, 0, 0),
            at(Opcode::LoadNull, 1, 0, 0, 0),
            at(Opcode::GetField, 2, 2, 0, 0),
            at(Opcode::Return, 2, 0, 0, 0),
        ],
    );
    main.body.handlers = vec![handler(1, 2, HandlerKind::Catch, 2, 4)];
    let options = VmOptions { memory_limit: 1 << 20, ..VmOptions::default() };
    let constants = vec![Constant::Str("message".into())];
    let (mut vm, fiber) = start(options, module(vec![main], constants));
    let exit = run(&mut vm, fiber);
    let Exit::Return(message) = exit else { panic!("{exit:?}") };
    assert_eq!(vm.heap.str(message), Some("the memory limit of 1048576 bytes is reached"));
}
