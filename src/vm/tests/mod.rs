//! Tests of the run loop with code assembled by hand.

mod call;
mod exit;
mod packed;
mod profile;
mod unwind;

use std::sync::Arc;

use super::{Exit, FiberId, Value, Vm, VmOptions};
use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;
use crate::bytecode::program::{
    Constant, FunctionCode, Handler, HandlerKind, ModuleCode, ParamCode, Program,
};
use crate::diagnostics::SourceId;

/// An instruction.
fn at(op: Opcode, a: u8, b: u8, c: u8, imm: i32) -> Instruction {
    Instruction::new(op, a, b, c, imm)
}

/// A function with parameters named `p0`, `p1`, …
fn function(name: &str, params: usize, registers: u8, code: Vec<Instruction>) -> FunctionCode {
    let params = (0..params).map(|n| ParamCode { name: format!("p{n}").into(), optional: false });
    FunctionCode {
        name: Arc::from(name),
        params: params.collect(),
        registers,
        closure_register: 255,
        body: super::load::unplaced(code),
        ..FunctionCode::default()
    }
}

fn handler(start: u32, end: u32, kind: HandlerKind, register: u8, target: u32) -> Handler {
    Handler { start, end, kind, register, target }
}

fn module(functions: Vec<FunctionCode>, constants: Vec<Constant>) -> ModuleCode {
    ModuleCode {
        name: Arc::from("test"),
        source: SourceId::default(),
        functions,
        constants,
        classes: Vec::new(),
        selects: Vec::new(),
        slots: (0..4).map(|n| Arc::from(format!("slot{n}"))).collect(),
        imports: Vec::new(),
        exports: Vec::new(),
        main: None,
        tests: Vec::new(),
    }
}

/// A VM with a fiber that calls function 0.
fn start(options: VmOptions, module: ModuleCode) -> (Vm, FiberId) {
    let mut vm = Vm::new(options);
    let program = Program { modules: vec![Arc::new(module)] };
    let closures = vm.load(&program, 0).expect("the code is valid");
    let fiber = vm.new_fiber(closures[0], &[], None);
    (vm, fiber)
}

/// Runs until something else than memory or fuel stops it.
fn run(vm: &mut Vm, fiber: FiberId) -> Exit {
    loop {
        match vm.run(fiber) {
            Exit::Collect => vm.collect(&mut |_| {}),
            Exit::Budget => vm.set_fuel(100),
            exit => return exit,
        }
    }
}

/// Runs function 0 of a module, normally, in torture mode and with little fuel, compiled just now and read
/// from an archive; all results have to agree.
fn result_of(functions: impl Fn() -> Vec<FunctionCode>, constants: Vec<Constant>) -> String {
    let mut results = Vec::new();
    let modes = [(false, i64::MAX), (true, i64::MAX), (false, 0)];
    for ((torture, fuel), is_packed) in
        modes.into_iter().flat_map(|mode| [(mode, false), (mode, true)])
    {
        let options = VmOptions { torture, ..VmOptions::default() };
        let module = module(functions(), constants.clone());
        let (mut vm, fiber) =
            start(options, if is_packed { packed::packed(module) } else { module });
        vm.set_fuel(fuel);
        let text = match run(&mut vm, fiber) {
            Exit::Return(value) => vm.show(value),
            Exit::Throw(error) => {
                format!("throw {}: {}", vm.type_name(error), vm.error_message(error))
            }
            exit => format!("{exit:?}"),
        };
        results.push(text);
    }
    assert!(results.iter().all(|text| *text == results[0]), "{results:?}");
    results.swap_remove(0)
}

#[test]
fn a_vm_can_move_to_another_thread() {
    fn assert_send<T: Send>() {}
    assert_send::<Vm>();
}

#[test]
fn arithmetic_is_checked() {
    let sum = |x: i64, y: i64, op: Opcode| {
        let code = || {
            vec![function(
                "main",
                0,
                3,
                vec![
                    at(Opcode::LoadConst, 0, 0, 0, 0),
                    at(Opcode::LoadConst, 1, 0, 0, 1),
                    at(op, 2, 0, 1, 0),
                    at(Opcode::Return, 2, 0, 0, 0),
                ],
            )]
        };
        result_of(code, vec![Constant::Int(x), Constant::Int(y)])
    };
    assert_eq!(sum(2, 3, Opcode::Add), "5");
    assert_eq!(sum(-7, 2, Opcode::FloorDiv), "-4");
    assert_eq!(sum(7, -2, Opcode::FloorDiv), "-4");
    assert_eq!(sum(-7, 2, Opcode::Mod), "1");
    assert_eq!(sum(7, -2, Opcode::Mod), "-1");
    assert_eq!(sum(2, -1, Opcode::Pow), "0.5");
    assert_eq!(sum(1, 63, Opcode::Shl), i64::MIN.to_string());
    assert_eq!(
        sum(i64::MAX, 1, Opcode::Add),
        "throw OverflowError: 9223372036854775807 + 1 does not fit into an int"
    );
    assert_eq!(sum(i64::MIN, -1, Opcode::Mod), "0");
    assert_eq!(sum(1, 0, Opcode::Div), "throw ZeroDivisionError: 1 / 0 is division by zero");
}
