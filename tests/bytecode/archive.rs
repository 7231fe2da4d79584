//! What is written into an archive is read again, and nothing that is read does harm.

use std::sync::Arc;

use kettle::bytecode::archive::{Archive, Corrupt, Unit};
use kettle::bytecode::body::BodyCode;
use kettle::bytecode::instruction::Instruction;
use kettle::bytecode::op::Opcode;
use kettle::bytecode::program::{
    Capture, ClassCode, Constant, EnumShape, Export, ExportKind, FieldCode, FieldDefault,
    FunctionCode, Handler, HandlerKind, ImportedSlot, LocalCode, MemberCode, MemberKind,
    ModuleCode, ParamCode, SESSION, SelectArmCode, SelectArmKind, SelectCode, TestCode,
    TestOptions, VariantCode, VariantShape,
};
use kettle::bytecode::verify::verify;
use kettle::diagnostics::{SourceId, Span};

use crate::compile_text;
use crate::listing::scripts;

fn unit(modules: Vec<ModuleCode>) -> Unit {
    let modules = modules.into_iter().map(Arc::new).collect();
    Unit { needs: vec!["other".into()], sources: vec!["test.ket".into()], modules }
}

#[track_caller]
fn comes_back(unit: &Unit) {
    let bytes = unit.to_bytes();
    let again = Unit::from_bytes(&bytes).expect("it is what was written");
    assert_eq!(format!("{again:#?}"), format!("{unit:#?}"));
    assert_eq!(again.to_bytes(), bytes);
}

/// The modules that the listings are of.
fn compiled() -> Vec<ModuleCode> {
    let compiled = scripts().into_iter().map(|script| {
        let text = std::fs::read_to_string(&script).expect("a script can be read");
        compile_text(&text).0.expect("it compiles")
    });
    compiled.collect()
}

#[test]
fn compiled_modules_come_back() {
    comes_back(&unit(compiled()));
}

/// A value of every kind of part that there is, and numbers at the ends of their ranges.
#[test]
fn all_that_a_module_may_have_comes_back() {
    let numbers = [i64::MIN, i64::MIN + 1, -1, 0, 1, 63, 64, -64, -65, i64::MAX];
    let floats = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, 1.5];
    let mut constants: Vec<Constant> = numbers.map(Constant::Int).into();
    constants.extend(numbers.map(Constant::Duration));
    constants.extend(floats.map(Constant::Float));
    constants.extend([
        Constant::Str("".into()),
        Constant::Str("grüße\n\0".into()),
        Constant::Bytes(Arc::from([0, 127, 128, 255])),
        Constant::Prelude("print".into()),
        Constant::Module("fs".into()),
        Constant::Member("fs".into(), "read".into()),
        Constant::FileModule(u32::MAX),
    ]);
    let module = ModuleCode {
        name: "test.ket".into(),
        source: SourceId(u32::MAX),
        functions: vec![function(), small()],
        constants,
        classes: vec![class()],
        selects: vec![select()],
        slots: vec!["a".into(), "b".into()],
        imports: vec![
            ImportedSlot { module: SESSION, slot: 7 },
            ImportedSlot { module: 0, slot: 0 },
        ],
        exports: exports(),
        main: Some(1),
        tests: vec![TestCode {
            name: "it works".into(),
            function: 1,
            span: Span::new(9, 3),
            options: TestOptions {
                real: true,
                timeout: Some(u64::MAX),
                skip: Some("".into()),
                only: true,
            },
        }],
    };
    comes_back(&unit(vec![module]));
}

fn function() -> FunctionCode {
    let handler = |kind| Handler { start: 0, end: 1 << 31, kind, register: 255, target: u32::MAX };
    let imms = [i32::MIN, -1, 0, 1, 127, 128, i32::MAX];
    let code = imms.map(|imm| Instruction::new(Opcode::AddInt, 1, 2, 1, imm));
    let jumps = imms.map(|imm| Instruction::new(Opcode::JumpEqInt, 1, 255, 128, imm));
    let calls = imms.map(|imm| Instruction::new(Opcode::CallKnown, 9, 0, 3, imm));
    let spans = [(0, 0), (u32::MAX, u32::MAX), (5, 2), (1 << 31, 1 << 31), (7, 9)];
    let body = BodyCode {
        code: [code, jumps, calls].concat(),
        places: spans.map(|(start, end)| Span::new(start, end))[..].into(),
        handlers: [HandlerKind::Catch, HandlerKind::CleanUp, HandlerKind::Guard]
            .map(handler)
            .into(),
        locals: vec![LocalCode { name: "x".into(), register: 1, from: 2, until: u32::MAX }],
        doc: Some("What it does.".into()),
    };
    FunctionCode {
        name: "f".into(),
        params: vec![
            ParamCode { name: "a".into(), optional: false },
            ParamCode { name: "".into(), optional: true },
        ],
        has_rest: true,
        has_self: true,
        is_async: true,
        class: Some(u32::MAX),
        registers: 250,
        closure_register: 249,
        generator_register: Some(0),
        captures: vec![Capture::Register(3), Capture::Upvalue(255)],
        body: body.into(),
        span: Span::new(1, 2),
    }
}

fn small() -> FunctionCode {
    let code = vec![Instruction::new(Opcode::ReturnNull, 0, 0, 0, 0)];
    FunctionCode {
        body: BodyCode { code, ..BodyCode::default() }.into(),
        ..FunctionCode::default()
    }
}

fn class() -> ClassCode {
    let defaults = [
        FieldDefault::Required,
        FieldDefault::Null,
        FieldDefault::Bool(true),
        FieldDefault::Int(i64::MIN),
        FieldDefault::Constant(3),
        FieldDefault::Computed,
    ];
    let kinds = [
        MemberKind::Method,
        MemberKind::Getter,
        MemberKind::Static,
        MemberKind::StaticValue,
        MemberKind::StaticGetter,
    ];
    let variant = |constructor| VariantCode {
        name: "V".into(),
        fields: vec!["x".into()],
        has_rest: true,
        constructor,
    };
    ClassCode {
        name: "C".into(),
        fields: defaults.map(|default| FieldCode { name: "f".into(), default }).into(),
        initializer: Some(0),
        members: kinds.map(|kind| MemberCode { name: "m".into(), function: 1, kind }).into(),
        variants: vec![variant(None), variant(Some(1))],
        doc: None,
        span: Span::new(4, 8),
    }
}

fn select() -> SelectCode {
    let kinds = [
        SelectArmKind::Value,
        SelectArmKind::Call(1),
        SelectArmKind::Invoke(2, 3),
        SelectArmKind::CallSpread,
        SelectArmKind::InvokeSpread(4),
    ];
    let arms = kinds.map(|kind| SelectArmCode { enabled: 1, register: 2, kind });
    SelectCode { arms: arms.into(), first: true, has_else: true }
}

fn exports() -> Vec<Export> {
    let shape = EnumShape {
        name: "E".into(),
        variants: vec![
            VariantShape { name: "A".into(), fields: None },
            VariantShape { name: "B".into(), fields: Some(vec!["x".into()]) },
        ],
        statics: vec!["values".into()],
        methods: vec!["name".into()],
    };
    let export = |kind, enumeration| Export { name: "e".into(), slot: 1, kind, enumeration };
    vec![
        export(ExportKind::Value, Some(Arc::new(shape))),
        export(ExportKind::Function, None),
        export(ExportKind::AsyncFunction, None),
    ]
}

#[test]
fn a_unit_is_found_by_its_name() {
    let empty = |need: &str| Unit { needs: vec![need.into()], sources: vec![], modules: vec![] };
    let bytes = Archive::to_bytes(77, &[("one", empty("x")), ("two", empty("y"))]);
    let archive = Archive::open(&bytes).expect("it is an archive");
    assert_eq!(archive.fingerprint(), 77);
    let needs = |name| archive.unit(name).expect("it is sound").map(|unit| unit.needs);
    assert_eq!(needs("one"), Some(vec!["x".into()]));
    assert_eq!(needs("two"), Some(vec!["y".into()]));
    assert_eq!(needs("three"), None);
}

/// Looks at all that is there, as a program would. Whatever it is: nothing panics.
fn look(bytes: &[u8], names: &[&str]) -> Result<(), Corrupt> {
    let archive = Archive::open(bytes)?;
    for name in names {
        if let Some(unit) = archive.unit(name)? {
            for module in &unit.modules {
                let _ = verify(module);
            }
        }
    }
    Ok(())
}

/// Numbers that are the same on every run (xorshift, Marsaglia 2003).
fn random(state: &mut u64) -> usize {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state as usize
}

#[test]
fn damaged_archives_do_no_harm() {
    let library = kettle::engine::library_archive().expect("the library compiles");
    let names = ["task", "time", "collections"];
    assert_eq!(look(&library, &names), Ok(()));
    for length in (0..library.len()).step_by(97).chain(0..200) {
        let _ = look(&library[..length], &names);
    }
    let mut state = 7;
    for _ in 0..2_000 {
        let mut damaged = library.clone();
        for _ in 0..1 + random(&mut state) % 4 {
            let at = random(&mut state) % damaged.len();
            damaged[at] = random(&mut state) as u8;
        }
        let _ = look(&damaged, &names);
    }
}

/// In a small unit nearly every byte matters, so that damage gets further.
#[test]
fn damaged_units_do_no_harm() {
    let mut state = 11;
    let mut accepted = 0;
    for module in compiled() {
        let bytes = unit(vec![module]).to_bytes();
        for round in 0..400 {
            let mut damaged = bytes.clone();
            let at = random(&mut state) % damaged.len();
            if round % 4 == 0 {
                damaged.truncate(at);
            } else {
                damaged[at] ^= 1 << (random(&mut state) % 8);
            }
            if let Ok(unit) = Unit::from_bytes(&damaged) {
                accepted += usize::from(unit.modules.iter().all(|module| verify(module).is_ok()));
            }
        }
    }
    assert!(accepted > 100, "only {accepted} were as sound as before");
}

#[test]
fn what_was_not_written_is_refused() {
    let sound = unit(Vec::new()).to_bytes();
    assert!(Unit::from_bytes(&sound).is_ok());
    let refuses = |bytes: &[u8]| assert!(Unit::from_bytes(bytes).is_err(), "{bytes:?}");
    refuses(&[]);
    refuses(&[&sound[..], &[0]].concat());
    // So many texts, or texts so long, that no memory would hold them.
    refuses(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]);
    refuses(&[1, 0xff, 0xff, 0xff, 0xff, 0x0f, b'a']);
    // A number without an end, and one of more than 64 bits.
    refuses(&[0xff; 40]);
    refuses(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]);
    // A text that is none, and one that is cut within a character.
    refuses(&[1, 1, 0xff, 0, 0, 0]);
    refuses(&[2, 1, 1, 0xc3, 0xa9, 0, 0, 0]);
    let archive = Archive::to_bytes(0, &[("one", unit(Vec::new()))]);
    assert_eq!(Archive::open(&archive[1..]).err(), Some(Corrupt));
    assert_eq!(Archive::open(b"kettle\0\x02\0\0\0\0\0\0\0\0\0").err(), Some(Corrupt));
}
