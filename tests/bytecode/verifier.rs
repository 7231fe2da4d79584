//! Each rule of the verifier refuses a module that breaks it.

use kettle::bytecode::body::BodyCode;
use kettle::bytecode::instruction::Instruction;
use kettle::bytecode::op::Opcode;
use kettle::bytecode::place::Places;
use kettle::bytecode::program::{
    Capture, ClassCode, Constant, Export, ExportKind, FieldCode, FieldDefault, FunctionCode,
    Handler, HandlerKind, MemberCode, MemberKind, ModuleCode, ParamCode, SelectArmCode,
    SelectArmKind, SelectCode, TestCode, TestOptions, VariantCode,
};
use kettle::bytecode::verify::verify;
use kettle::diagnostics::{SourceId, Span};

fn op(op: Opcode, a: u8, b: u8, c: u8, imm: i32) -> Instruction {
    Instruction::new(op, a, b, c, imm)
}

fn end() -> Instruction {
    op(Opcode::ReturnNull, 0, 0, 0, 0)
}

fn function(code: Vec<Instruction>) -> FunctionCode {
    let places = vec![Span::default(); code.len()][..].into();
    let body = BodyCode { code, places, ..BodyCode::default() }.into();
    FunctionCode { registers: 4, closure_register: 255, body, ..FunctionCode::default() }
}

/// A module with that code in its function 0, a constant of each sort, a slot, a class, a select
/// and a function 1 of one parameter.
fn module(code: Vec<Instruction>) -> ModuleCode {
    let mut callee = function(vec![end()]);
    callee.params = vec![ParamCode { name: "x".into(), optional: false }];
    let class = ClassCode {
        name: "C".into(),
        fields: Vec::new(),
        initializer: None,
        members: vec![MemberCode { name: "m".into(), function: 1, kind: MemberKind::Method }],
        variants: Vec::new(),
        doc: None,
        span: Span::default(),
    };
    let arm = SelectArmCode { enabled: 0, register: 1, kind: SelectArmKind::Call(1) };
    ModuleCode {
        name: "test".into(),
        source: SourceId(0),
        functions: vec![function(code), callee],
        constants: vec![Constant::Str("name".into()), Constant::Int(1 << 40)],
        classes: vec![class],
        selects: vec![SelectCode { arms: vec![arm], first: false, has_else: false }],
        slots: vec!["slot".into()],
        imports: Vec::new(),
        exports: Vec::new(),
        main: None,
        tests: Vec::new(),
    }
}

#[track_caller]
fn refuses(module: &ModuleCode, rule: &str) {
    match verify(module) {
        Ok(()) => panic!("accepted what breaks: {rule}"),
        Err(error) => assert!(error.to_string().contains(rule), "{rule}: {error}"),
    }
}

#[track_caller]
fn refuses_code(code: Vec<Instruction>, rule: &str) {
    refuses(&module(code), rule);
}

#[test]
fn a_sound_module_passes() {
    let code = vec![
        op(Opcode::LoadConst, 0, 0, 0, 1),
        op(Opcode::CallKnownAwait, 0, 0, 1, 1),
        op(Opcode::AwaitResult, 0, 0, 0, 0),
        op(Opcode::Closure, 1, 0, 255, 1),
        op(Opcode::Class, 1, 255, 255, 0),
        op(Opcode::Select, 2, 0, 0, 0),
        op(Opcode::GetField, 0, 1, 0, 0),
        op(Opcode::SetSlot, 0, 0, 0, 0),
        op(Opcode::JumpIf, 0, 0, 0, 1),
        end(),
    ];
    assert_eq!(verify(&module(code)), Ok(()));
}

#[test]
fn registers_are_in_the_frame() {
    refuses_code(vec![op(Opcode::Move, 4, 0, 0, 0), end()], "operand a");
    refuses_code(vec![op(Opcode::Move, 0, 4, 0, 0), end()], "operand b");
    refuses_code(vec![op(Opcode::Add, 0, 0, 4, 0), end()], "operand c");
    refuses_code(vec![op(Opcode::Call, 2, 0, 2, 0), end()], "operand a: 3 registers from 2 on");
    refuses_code(vec![op(Opcode::Concat, 0, 2, 3, 0), end()], "operand b: 3 registers from 2 on");
    refuses_code(vec![op(Opcode::EndCleanup, 3, 0, 0, 0), end()], "operand a: 2 registers");
    refuses_code(vec![op(Opcode::ScopeJoin, 2, 0, 0, 0), end()], "operand a: 3 registers");
    refuses_code(vec![op(Opcode::InvokeSpread, 1, 0, 0, 0), end()], "operand a: 4 registers");
    refuses_code(vec![op(Opcode::Closure, 0, 0, 9, 1), end()], "operand c");
}

#[test]
fn unused_operands_are_zero() {
    refuses_code(vec![op(Opcode::LoadNull, 0, 1, 0, 0), end()], "unused operand b");
    refuses_code(vec![op(Opcode::Nop, 1, 0, 0, 0), end()], "unused operand a");
    refuses_code(vec![op(Opcode::Move, 0, 1, 0, 7), end()], "unused immediate");
}

#[test]
fn indices_are_in_their_tables() {
    refuses_code(vec![op(Opcode::LoadConst, 0, 0, 0, 2), end()], "constant 2 of 2");
    refuses_code(vec![op(Opcode::LoadConst, 0, 0, 0, -1), end()], "constant -1 of 2");
    refuses_code(vec![op(Opcode::GetField, 0, 0, 0, 1), end()], "constant 1 is no name");
    refuses_code(vec![op(Opcode::Format, 0, 0, 0, 1), end()], "constant 1 is no name");
    refuses_code(vec![op(Opcode::GetSlot, 0, 0, 0, 1), end()], "slot 1 of 1");
    refuses_code(vec![op(Opcode::Closure, 0, 0, 255, 2), end()], "function 2 of 2");
    refuses_code(vec![op(Opcode::Class, 0, 255, 255, 1), end()], "class 1 of 1");
    refuses_code(vec![op(Opcode::Select, 0, 0, 0, 1), end()], "select 1 of 1");
}

#[test]
fn only_loops_jump_back() {
    refuses_code(vec![op(Opcode::Jump, 0, 0, 0, 0)], "jumps back without cost");
    refuses_code(
        vec![op(Opcode::LoadNull, 0, 0, 0, 0), op(Opcode::JumpIf, 0, 0, 0, -1), end()],
        "jumps back without cost",
    );
}

#[test]
fn jumps_stay_inside_the_code() {
    refuses_code(vec![op(Opcode::Jump, 0, 0, 0, 1)], "jump to 1");
    refuses_code(vec![op(Opcode::JumpIf, 0, 0, 0, -1), end()], "jump to -1");
    refuses_code(vec![op(Opcode::RangeLoop, 0, 0, 0, 5), end()], "jump to 5");
}

#[test]
fn code_ends_by_leaving() {
    refuses_code(vec![], "code ends in");
    refuses_code(vec![op(Opcode::LoadNull, 0, 0, 0, 0)], "code ends in");
}

#[test]
fn awaited_calls_are_followed_by_their_result() {
    refuses_code(vec![op(Opcode::CallAwait, 0, 0, 0, 0), end()], "await_result");
    let other = vec![op(Opcode::CallAwait, 0, 0, 0, 0), op(Opcode::AwaitResult, 1, 0, 0, 0), end()];
    refuses_code(other, "await_result");
}

#[test]
fn quickened_code_is_the_vms() {
    refuses_code(vec![op(Opcode::GetFieldCached, 0, 0, 0, 0), end()], "by the VM alone");
}

#[test]
fn known_calls_fit_their_callee() {
    refuses_code(vec![op(Opcode::CallKnown, 0, 0, 2, 1), end()], "with 2 arguments");
    let mut broken = module(vec![op(Opcode::CallKnown, 0, 0, 1, 1), end()]);
    broken.functions[1].has_rest = true;
    refuses(&broken, "with 1 arguments");
}

#[test]
fn captures_and_upvalues_fit() {
    refuses_code(vec![op(Opcode::GetUpvalue, 0, 0, 0, 0), end()], "upvalue 0 of 0");
    let mut broken = module(vec![op(Opcode::Closure, 0, 0, 255, 1), end()]);
    broken.functions[1].captures = vec![Capture::Register(9)];
    broken.functions[1].closure_register = 1;
    refuses(&broken, "captures Register(9)");
    broken.functions[1].captures = vec![Capture::Upvalue(0)];
    refuses(&broken, "captures Upvalue(0)");
    let mut broken = module(vec![end()]);
    broken.functions[1].captures = vec![Capture::Register(0)];
    refuses(&broken, "closure register");
}

#[test]
fn frames_are_sound() {
    let mut broken = module(vec![end()]);
    broken.functions[0].registers = 251;
    refuses(&broken, "too many");
    broken.functions[0].registers = 0;
    broken.functions[0].has_self = true;
    refuses(&broken, "parameters need registers");
    broken.functions[0].registers = 1;
    broken.functions[0].has_rest = true;
    refuses(&broken, "rest parameter");
    broken.functions[0].has_rest = false;
    broken.functions[0].body.places = Places::default();
    refuses(&broken, "has a place");
    let mut broken = module(vec![end()]);
    broken.functions[1].class = Some(1);
    refuses(&broken, "belongs to a class");
    let mut broken = module(vec![end()]);
    broken.functions[1].generator_register = Some(4);
    refuses(&broken, "a generator has a register");
}

#[test]
fn flags_and_kinds_are_known() {
    refuses_code(vec![op(Opcode::NewRange, 0, 0, 0, 8), end()], "range flags");
    refuses_code(vec![op(Opcode::ScopeEnter, 0, 0, 0, 9), end()], "scope kind 9");
    refuses_code(vec![op(Opcode::ScopeEnter, 0, 0, 0, 0), end()], "with 0 options");
    refuses_code(vec![op(Opcode::Spawn, 0, 0, 0, 8), end()], "spawn flags");
    refuses_code(vec![op(Opcode::Invoke, 0, 0, 0, 0), end()], "has a receiver");
}

#[test]
fn slots_of_other_modules_are_read_only() {
    let mut broken = module(vec![op(Opcode::SetSlot, 0, 0, 0, 1), end()]);
    broken.imports.push(kettle::bytecode::program::ImportedSlot { module: 0, slot: 0 });
    refuses(&broken, "of another module is written");
}

#[test]
fn select_arms_have_their_registers() {
    let mut broken = module(vec![op(Opcode::Select, 0, 0, 0, 0), end()]);
    broken.selects[0].arms[0].register = 3;
    refuses(&broken, "needs more registers");
    broken.selects[0].arms[0] =
        SelectArmCode { enabled: 0, register: 0, kind: SelectArmKind::Invoke(1, 1) };
    refuses(&broken, "is no name");
}

#[test]
fn handlers_are_sound() {
    let handler =
        |start, end, kind, register, target| Handler { start, end, kind, register, target };
    let with = |handlers| {
        let mut broken = module(vec![end(), end(), end(), end()]);
        broken.functions[0].body.handlers = handlers;
        broken
    };
    refuses(&with(vec![handler(1, 1, HandlerKind::Catch, 0, 0)]), "protects 1..1");
    refuses(&with(vec![handler(0, 5, HandlerKind::Catch, 0, 0)]), "protects 0..5");
    refuses(&with(vec![handler(0, 1, HandlerKind::Catch, 4, 0)]), "writes register 4");
    refuses(&with(vec![handler(0, 1, HandlerKind::CleanUp, 3, 0)]), "writes register 3");
    refuses(&with(vec![handler(0, 1, HandlerKind::Catch, 0, 4)]), "goes on at 4");
    let outer_first =
        vec![handler(0, 3, HandlerKind::Catch, 0, 0), handler(1, 2, HandlerKind::Catch, 0, 0)];
    refuses(&with(outer_first), "comes later");
    let crossing =
        vec![handler(0, 2, HandlerKind::Catch, 0, 0), handler(1, 3, HandlerKind::Catch, 0, 0)];
    refuses(&with(crossing), "comes later");
    let sound =
        vec![handler(1, 2, HandlerKind::Catch, 0, 0), handler(0, 3, HandlerKind::Guard, 0, 0)];
    assert_eq!(verify(&with(sound)), Ok(()));
}

#[test]
fn module_tables_are_sound() {
    let mut broken = module(vec![end()]);
    broken.exports.push(Export {
        name: "x".into(),
        slot: 1,
        kind: ExportKind::Value,
        enumeration: None,
    });
    refuses(&broken, "export `x`");
    let mut broken = module(vec![end()]);
    broken.main = Some(1);
    refuses(&broken, "`main`");
    let mut broken = module(vec![end()]);
    broken.classes[0].members[0].function = 2;
    refuses(&broken, "class `C` names function 2");
    let mut broken = module(vec![end()]);
    broken.classes[0].initializer = Some(7);
    refuses(&broken, "class `C` names function 7");
    let mut broken = module(vec![end()]);
    let field = FieldCode { name: "f".into(), default: FieldDefault::Constant(2) };
    broken.classes[0].fields.push(field);
    refuses(&broken, "class `C` names constant 2");
    let mut broken = module(vec![end()]);
    broken.classes[0].variants.push(VariantCode {
        name: "V".into(),
        fields: Vec::new(),
        has_rest: false,
        constructor: Some(3),
    });
    refuses(&broken, "class `C` names function 3");
    let mut broken = module(vec![end()]);
    let (span, options) = (Span::default(), TestOptions::default());
    broken.tests.push(TestCode { name: "t".into(), function: 4, span, options });
    refuses(&broken, "test `t` names function 4");
    let mut broken = module(vec![end()]);
    broken.functions.clear();
    refuses(&broken, "at least its top-level function");
}
