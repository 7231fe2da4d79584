//! Calls, returns, arity, deep recursion.

use super::*;

/// `fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }` and a call of it.
fn fib(n: i32) -> Vec<FunctionCode> {
    vec![
        function(
            "main",
            0,
            4,
            vec![
                at(Opcode::LoadInt, 1, 0, 0, n),
                at(Opcode::CallKnown, 0, 0, 1, 1),
                at(Opcode::Return, 0, 0, 0, 0),
            ],
        ),
        function(
            "fib",
            1,
            5,
            vec![
                at(Opcode::JumpNotLtInt, 0, 2, 0, 2),
                at(Opcode::Return, 0, 0, 0, 0),
                at(Opcode::SubInt, 2, 0, 0, 1),
                at(Opcode::CallKnown, 1, 0, 1, 1),
                at(Opcode::SubInt, 3, 0, 0, 2),
                at(Opcode::CallKnown, 2, 0, 1, 1),
                at(Opcode::Add, 1, 1, 2, 0),
                at(Opcode::Return, 1, 0, 0, 0),
            ],
        ),
    ]
}

#[test]
fn recursion_gives_the_sum() {
    assert_eq!(result_of(|| fib(15), Vec::new()), "610");
}

#[test]
fn a_wrong_number_of_arguments_names_the_function() {
    let code = || {
        vec![
            function(
                "main",
                0,
                4,
                vec![
                    at(Opcode::Closure, 0, 0, 255, 1),
                    at(Opcode::LoadInt, 1, 0, 0, 1),
                    at(Opcode::Call, 0, 0, 1, 0),
                    at(Opcode::Return, 0, 0, 0, 0),
                ],
            ),
            function("area", 2, 2, vec![at(Opcode::Return, 0, 0, 0, 0)]),
        ]
    };
    let expected = "throw ArityError: area takes 2 arguments (p0, p1), but 1 was given";
    assert_eq!(result_of(code, Vec::new()), expected);
}

#[test]
fn endless_recursion_is_an_error_that_can_be_caught() {
    let code = || {
        let mut main = function(
            "main",
            0,
            4,
            vec![
                at(Opcode::CallKnown, 0, 0, 0, 1),
                at(Opcode::Return, 0, 0, 0, 0),
                at(Opcode::GetField, 1, 1, 0, 0),
                at(Opcode::Return, 1, 0, 0, 0),
            ],
        );
        main.body.handlers = vec![handler(0, 1, HandlerKind::Catch, 1, 2)];
        let forever = function(
            "forever",
            0,
            3,
            vec![at(Opcode::CallKnown, 0, 0, 0, 1), at(Opcode::Return, 0, 0, 0, 0)],
        );
        vec![main, forever]
    };
    let constants = vec![Constant::Str("message".into())];
    assert_eq!(result_of(code, constants), "\"calls are nested too deeply\"");
}

#[test]
fn rest_and_missing_arguments_take_their_places() {
    let code = || {
        let mut rest = function(
            "rest",
            2,
            4,
            vec![at(Opcode::NewList, 2, 0, 2, 0), at(Opcode::Return, 2, 0, 0, 0)],
        );
        rest.has_rest = true;
        vec![
            function(
                "main",
                0,
                6,
                vec![
                    at(Opcode::Closure, 0, 0, 255, 1),
                    at(Opcode::LoadInt, 1, 0, 0, 1),
                    at(Opcode::LoadInt, 2, 0, 0, 2),
                    at(Opcode::LoadInt, 3, 0, 0, 3),
                    at(Opcode::Call, 0, 0, 3, 0),
                    at(Opcode::Return, 0, 0, 0, 0),
                ],
            ),
            rest,
        ]
    };
    assert_eq!(result_of(code, Vec::new()), "[1, [2, 3]]");
}

#[test]
fn a_bare_call_of_an_async_function_is_an_error() {
    let code = |op: Opcode| {
        let mut fetch = function(
            "fetch",
            0,
            1,
            vec![at(Opcode::LoadInt, 0, 0, 0, 7), at(Opcode::Return, 0, 0, 0, 0)],
        );
        fetch.is_async = true;
        let mut main = vec![at(Opcode::Closure, 0, 0, 255, 1), at(op, 0, 0, 0, 0)];
        if op == Opcode::CallAwait {
            main.push(at(Opcode::AwaitResult, 0, 0, 0, 0));
        }
        main.push(at(Opcode::Return, 0, 0, 0, 0));
        vec![function("main", 0, 2, main), fetch]
    };
    assert_eq!(result_of(|| code(Opcode::CallAwait), Vec::new()), "7");
    assert_eq!(
        result_of(|| code(Opcode::Call), Vec::new()),
        "throw MissingAwaitError: fetch is async: write `await fetch(…)` or `spawn fetch(…)`"
    );
}
