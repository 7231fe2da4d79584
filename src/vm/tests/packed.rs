//! Functions from an archive, whose code is read when they are first called.

use super::*;
use crate::bytecode::archive::Unit;

/// The same module as it comes out of an archive.
pub fn packed(module: ModuleCode) -> ModuleCode {
    let unit = Unit { needs: Vec::new(), sources: Vec::new(), modules: vec![Arc::new(module)] };
    let unit = Unit::from_bytes(&unit.to_bytes()).expect("it was just written");
    let module = unit.modules.into_iter().next().and_then(Arc::into_inner);
    module.expect("it is the only one, and nobody else has it")
}

/// A call of function 1.
fn calls() -> FunctionCode {
    let code = vec![at(Opcode::CallKnown, 0, 0, 0, 1), at(Opcode::Return, 0, 0, 0, 0)];
    function("main", 0, 4, code)
}

fn answer() -> FunctionCode {
    let code = vec![at(Opcode::LoadInt, 0, 0, 0, 42), at(Opcode::Return, 0, 0, 0, 0)];
    function("answer", 0, 1, code)
}

#[test]
fn only_what_is_called_is_read() {
    let functions = vec![calls(), answer(), answer()];
    let (mut vm, fiber) = start(VmOptions::default(), packed(module(functions, Vec::new())));
    let read = |vm: &Vm| -> Vec<bool> {
        let all = vm.functions.iter().zip(&vm.infos);
        let loaded = all.filter(|(_, info)| info.module_index.is_some());
        loaded.map(|(function, _)| function.is_read()).collect()
    };
    assert_eq!(read(&vm), [false; 3]);
    assert!(matches!(run(&mut vm, fiber), Exit::Return(value) if value.as_int() == Some(42)));
    assert_eq!(read(&vm), [true, true, false]);
}

#[test]
fn code_that_is_not_valid_is_not_run() {
    let mut broken = answer();
    broken.body.code[0] = at(Opcode::LoadInt, 200, 0, 0, 42);
    // It would go on outside the code.
    broken.body.handlers = vec![handler(0, 2, HandlerKind::Catch, 100, 7)];
    let functions = vec![calls(), broken];
    let (mut vm, fiber) = start(VmOptions::default(), packed(module(functions, Vec::new())));
    let Exit::Throw(error) = run(&mut vm, fiber) else { panic!("it was run") };
    let message = vm.error_message(error);
    assert!(message.contains("operand a: 1 registers from 200 on, of 1"), "{message}");
}
