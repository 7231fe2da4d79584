//! Handlers, clean-ups and how their outcomes are merged.

use super::*;
use crate::vm::object::Cut;

/// Throws `Error("first")`, runs a clean-up that throws `Error("second")`, catches what comes out
/// and gives it.
fn clean_up_that_throws() -> Vec<FunctionCode> {
    let mut main = function(
        "main",
        0,
        8,
        vec![
            // the body
            at(Opcode::LoadConst, 0, 0, 0, 0),
            at(Opcode::LoadConst, 1, 0, 0, 1),
            at(Opcode::Call, 0, 0, 1, 0),
            at(Opcode::Throw, 0, 0, 0, 0),
            // the clean-up, its pending pair in R[2]
            at(Opcode::LoadConst, 4, 0, 0, 0),
            at(Opcode::LoadConst, 5, 0, 0, 2),
            at(Opcode::Call, 4, 4, 1, 0),
            at(Opcode::Throw, 4, 0, 0, 0),
            at(Opcode::EndCleanup, 2, 0, 0, 0),
            // the catch around it
            at(Opcode::GetField, 0, 6, 0, 3),
            at(Opcode::GetField, 1, 6, 0, 4),
            at(Opcode::GetIndexInt, 1, 1, 0, 0),
            at(Opcode::GetField, 1, 1, 0, 3),
            at(Opcode::NewList, 0, 0, 2, 0),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    main.body.handlers = vec![
        handler(0, 4, HandlerKind::CleanUp, 2, 4),
        handler(4, 9, HandlerKind::Guard, 2, 0),
        handler(0, 9, HandlerKind::Catch, 6, 9),
    ];
    vec![main]
}

fn error_constants() -> Vec<Constant> {
    vec![
        Constant::Prelude("Error".into()),
        Constant::Str("first".into()),
        Constant::Str("second".into()),
        Constant::Str("message".into()),
        Constant::Str("suppressed".into()),
    ]
}

#[test]
fn an_error_of_a_clean_up_is_suppressed_by_the_first_one() {
    assert_eq!(result_of(clean_up_that_throws, error_constants()), r#"["first", "second"]"#);
}

/// A call of a native in a body with a clean-up that counts in slot 0, then goes on.
fn waits_with_clean_up() -> Vec<FunctionCode> {
    let mut main = function(
        "main",
        0,
        8,
        vec![
            at(Opcode::ProgramScope, 0, 0, 0, 0),
            at(Opcode::PendingNone, 2, 0, 0, 0),
            at(Opcode::LoadInt, 4, 0, 0, 1),
            at(Opcode::SetSlot, 4, 0, 0, 0),
            at(Opcode::EndCleanup, 2, 0, 0, 0),
            at(Opcode::LoadInt, 0, 0, 0, 9),
            at(Opcode::Return, 0, 0, 0, 0),
            at(Opcode::LoadInt, 0, 0, 0, 8),
            at(Opcode::Return, 0, 0, 0, 0),
        ],
    );
    main.body.handlers = vec![
        handler(0, 1, HandlerKind::CleanUp, 2, 2),
        handler(2, 5, HandlerKind::Guard, 2, 0),
        handler(0, 5, HandlerKind::Catch, 6, 7),
    ];
    vec![main]
}

#[test]
fn a_cut_runs_clean_ups_but_no_catch() {
    let (mut vm, fiber) = start(VmOptions::default(), module(waits_with_clean_up(), Vec::new()));
    assert!(matches!(run(&mut vm, fiber), Exit::Scope(_)));
    let cut = vm.heap.cut(Cut { target: 1, errors: Vec::new() });
    vm.resume_cut(fiber, cut);
    assert!(matches!(run(&mut vm, fiber), Exit::Cut(found) if found.same(cut)));
    assert_eq!(vm.global("test", "slot0").and_then(Value::as_int), Some(1));
}

#[test]
fn an_error_runs_clean_ups_and_is_caught() {
    let (mut vm, fiber) = start(VmOptions::default(), module(waits_with_clean_up(), Vec::new()));
    assert!(matches!(run(&mut vm, fiber), Exit::Scope(_)));
    let error = vm.error(crate::vm::ErrorKind::IoError, "lost").0;
    vm.resume_throw(fiber, error);
    assert!(matches!(run(&mut vm, fiber), Exit::Return(value) if value.as_int() == Some(8)));
    assert_eq!(vm.error_trace(error).len(), 1);
}

#[test]
fn of_two_cuts_the_outer_one_goes_on_with_all_errors() {
    let mut main = function(
        "main",
        0,
        8,
        vec![
            at(Opcode::ProgramScope, 0, 0, 0, 0),
            at(Opcode::ProgramScope, 4, 0, 0, 0),
            at(Opcode::EndCleanup, 2, 0, 0, 0),
            at(Opcode::ReturnNull, 0, 0, 0, 0),
        ],
    );
    main.body.handlers =
        vec![handler(0, 1, HandlerKind::CleanUp, 2, 1), handler(1, 3, HandlerKind::Guard, 2, 0)];
    for (first, second) in [(1, 2), (2, 1)] {
        let (mut vm, fiber) =
            start(VmOptions::default(), module(vec![main_copy(&main)], Vec::new()));
        let errors: Vec<Value> =
            ["a", "b"].iter().map(|text| vm.error(crate::vm::ErrorKind::Error, *text).0).collect();
        assert!(matches!(run(&mut vm, fiber), Exit::Scope(_)));
        let cut = vm.heap.cut(Cut { target: first, errors: vec![errors[0]] });
        vm.resume_cut(fiber, cut);
        assert!(matches!(run(&mut vm, fiber), Exit::Scope(_)));
        let cut = vm.heap.cut(Cut { target: second, errors: vec![errors[1]] });
        vm.resume_cut(fiber, cut);
        let Exit::Cut(merged) = run(&mut vm, fiber) else { panic!("a cut leaves the fiber") };
        let merged = vm.heap.cut_ref(merged).expect("a cut");
        assert_eq!(merged.target, 1);
        assert!(merged.errors.iter().zip(&errors).all(|(one, other)| one.same(*other)));
        assert_eq!(merged.errors.len(), 2);
    }
}

fn main_copy(main: &FunctionCode) -> FunctionCode {
    let mut copy = function("main", 0, main.registers, main.body.code.clone());
    copy.body.handlers = main.body.handlers.clone();
    copy
}
