//! The fast paths that opcodes share, as macros.
//!
//! They are given the registers of the backend they are expanded in and end in its words: `next`
//! goes on with the instruction at `pc`, `slow` and `rare` hand the instruction to a function. None
//! of them falls through but `burn` and `call_closure`.

/// A register: the operand is a byte of the instruction.
macro_rules! reg {
    ($pc:ident, $base:ident, $operand:ident) => {
        $base.add((*$pc).$operand as usize)
    };
}

/// Moves on behind the instruction.
macro_rules! advance {
    ($pc:ident) => {{
        $pc = $pc.add(1);
        next!()
    }};
}

/// Stores a register into an object. While the collector marks it has to be told: by a function, since
/// a handler that calls needs a native frame.
macro_rules! store {
    ($vm:ident $pc:ident, $slot:expr, $register:expr) => {{
        if is_watched($vm, $register) {
            slow!(op::store)
        }
        copy_slot($slot, $register);
        advance!($pc)
    }};
}

/// Jumps if the condition holds, else moves on.
macro_rules! jump_if {
    ($condition:expr, $pc:ident) => {{
        let distance = if $condition { (*$pc).imm as isize } else { 1 };
        $pc = $pc.offset(distance);
        next!()
    }};
}

/// Costs a unit of fuel; without fuel the instruction is not carried out yet.
macro_rules! burn {
    ($vm:ident) => {
        (*$vm).fuel -= 1;
        if (*$vm).fuel < 0 {
            rare!(ops::refuel)
        }
    };
}

/// A jump back, which costs fuel.
macro_rules! back {
    ($vm:ident, $jump:expr) => {{
        burn!($vm);
        $jump
    }};
}

/// The number in a slot that holds an int or a float.
macro_rules! number {
    ($slot:expr) => {
        if tag($slot) == INT { bits($slot) as i64 as f64 } else { float($slot) }
    };
}

/// Arithmetic on two registers: ints checked, then numbers. Where both are floats the instruction
/// becomes one for floats, unless it has been that too often.
macro_rules! arithmetic {
    ($pc:ident $base:ident, $checked:ident, $sign:tt, $floats:ident, $others:ident) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        let kinds = tag(lhs) | tag(rhs);
        if kinds == INT {
            if let Some(result) = (bits(lhs) as i64).$checked(bits(rhs) as i64) {
                write_slot(reg!($pc, $base, a), Value::int(result));
                advance!($pc)
            }
        } else if kinds == FLOAT {
            numbers!($pc $base, lhs, rhs, $sign, $floats)
        }
        slow!(ops::arithmetic::$others)
    }};
}

/// Arithmetic on an int and a float, or two floats.
macro_rules! numbers {
    ($pc:ident $base:ident, $lhs:ident, $rhs:ident, $sign:tt, $floats:ident) => {{
        if tag($lhs) == tag($rhs) && (*$pc).imm < FLIPS_MAX {
            (*$pc.cast_mut()).op = Opcode::$floats;
        }
        let result = number!($lhs) $sign number!($rhs);
        write_slot(reg!($pc, $base, a), Value::float(result));
        advance!($pc)
    }};
}

/// Arithmetic on two registers that have held floats lately.
macro_rules! arithmetic_floats {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
            let result = float(lhs) $sign float(rhs);
            write_slot(reg!($pc, $base, a), Value::float(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// Arithmetic on a register and the number in the instruction.
macro_rules! arithmetic_int {
    ($pc:ident $base:ident, $checked:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        if tag(lhs) == INT {
            if let Some(result) = (bits(lhs) as i64).$checked(i64::from((*$pc).imm)) {
                write_slot(reg!($pc, $base, a), Value::int(result));
                advance!($pc)
            }
        } else if tag(lhs) == FLOAT {
            cold_path();
            let result = float(lhs) $sign f64::from((*$pc).imm);
            write_slot(reg!($pc, $base, a), Value::float(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// Arithmetic on a register and a constant that is a float. `$turned` says that the constant stands
/// on the left.
macro_rules! arithmetic_const {
    ($vm:ident $pc:ident $base:ident, $sign:tt, $turned:literal) => {{
        let operand = reg!($pc, $base, b);
        if tag(operand) | FLOAT == FLOAT {
            let constant = float((*$vm).constants.as_ptr().add((*$pc).imm as usize));
            let number = number!(operand);
            let result = if $turned { constant $sign number } else { number $sign constant };
            write_slot(reg!($pc, $base, a), Value::float(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// Floor division and remainder by a positive number; all else is slow. Numbers of 32 bits are
/// divided in less time.
macro_rules! divide {
    ($pc:ident $base:ident, $lhs:ident, $divisor:expr, $euclid:ident) => {{
        let divisor: i64 = $divisor;
        if divisor > 0 {
            let number = bits($lhs) as i64;
            if (number | divisor) as u64 >> 32 == 0 {
                let result = i64::from((number as u32).$euclid(divisor as u32));
                write_slot(reg!($pc, $base, a), Value::int(result));
                advance!($pc)
            }
            write_slot(reg!($pc, $base, a), Value::int(number.$euclid(divisor)));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// A shift by less than 64.
macro_rules! shift {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if tag(lhs) | tag(rhs) == INT && bits(rhs) < 64 {
            let result = (bits(lhs) as i64) $sign bits(rhs);
            write_slot(reg!($pc, $base, a), Value::int(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// A shift by the number in the instruction, if that is less than 64.
macro_rules! shift_int {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        let count = (*$pc).imm as u32;
        if tag(lhs) == INT && count < 64 {
            let result = (bits(lhs) as i64) $sign count;
            write_slot(reg!($pc, $base, a), Value::int(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// Bits of an int and the number in the instruction.
macro_rules! bitwise_int {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        if tag(lhs) == INT {
            let result = (bits(lhs) as i64) $sign i64::from((*$pc).imm);
            write_slot(reg!($pc, $base, a), Value::int(result));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// Bits of two ints.
macro_rules! bitwise {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if tag(lhs) | tag(rhs) == INT {
            let result = bits(lhs) $sign bits(rhs);
            write_slot(reg!($pc, $base, a), Value::int(result as i64));
            advance!($pc)
        }
        slow!(ops::arithmetic::binary)
    }};
}

/// A comparison to a value.
macro_rules! compare {
    ($pc:ident $base:ident, $sign:tt) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if tag(lhs) | tag(rhs) == INT {
            let result = (bits(lhs) as i64) $sign bits(rhs) as i64;
            write_slot(reg!($pc, $base, a), Value::bool(result));
            advance!($pc)
        }
        if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
            write_slot(reg!($pc, $base, a), Value::bool(float(lhs) $sign float(rhs)));
            advance!($pc)
        }
        slow!(ops::compare::compare)
    }};
}

/// A jump by a comparison of two registers; `negate` is a `!` or nothing.
macro_rules! compare_jump {
    ($pc:ident $base:ident, [$($negate:tt)?] $sign:tt) => {{
        let lhs = reg!($pc, $base, a);
        let rhs = reg!($pc, $base, b);
        if tag(lhs) | tag(rhs) == INT {
            let holds = (bits(lhs) as i64) $sign bits(rhs) as i64;
            jump_if!($($negate)? holds, $pc)
        }
        if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
            let holds = float(lhs) $sign float(rhs);
            jump_if!($($negate)? holds, $pc)
        }
        slow!(ops::compare::jump)
    }};
}

/// A jump by the equality of two registers.
macro_rules! equal_jump {
    ($pc:ident $base:ident, $wanted:literal) => {{
        let lhs = reg!($pc, $base, a);
        let rhs = reg!($pc, $base, b);
        if let Some(equal) = plain_equal(lhs, rhs) {
            jump_if!(equal == $wanted, $pc)
        }
        slow!(ops::compare::jump)
    }};
}

/// A jump by whether a register equals null.
macro_rules! null_jump {
    ($pc:ident $base:ident, $wanted:literal) => {{
        let operand = reg!($pc, $base, a);
        if let Some(equal) = equals_null(operand) {
            jump_if!(equal == $wanted, $pc)
        }
        slow!(ops::compare::jump)
    }};
}

/// Equality to a value.
macro_rules! equal {
    ($pc:ident $base:ident, $wanted:literal) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if let Some(equal) = plain_equal(lhs, rhs) {
            write_slot(reg!($pc, $base, a), Value::bool(equal == $wanted));
            advance!($pc)
        }
        slow!(ops::compare::compare)
    }};
}

/// A jump by a comparison of a register with the small number in the instruction.
macro_rules! compare_jump_int {
    ($pc:ident $base:ident, [$($negate:tt)?] $sign:tt) => {{
        let lhs = reg!($pc, $base, a);
        if tag(lhs) == INT {
            let holds = (bits(lhs) as i64) $sign small($pc);
            jump_if!($($negate)? holds, $pc)
        }
        if tag(lhs) == FLOAT {
            cold_path();
            let holds = float(lhs) $sign small($pc) as f64;
            jump_if!($($negate)? holds, $pc)
        }
        slow!(ops::compare::jump)
    }};
}

/// A jump by a comparison of a register with the float in the instruction.
macro_rules! compare_jump_float {
    ($pc:ident $base:ident, [$($negate:tt)?] $sign:tt) => {{
        let lhs = reg!($pc, $base, a);
        if tag(lhs) == FLOAT {
            let holds = float(lhs) $sign half($pc);
            jump_if!($($negate)? holds, $pc)
        }
        slow!(ops::compare::jump)
    }};
}

/// Leaves the run loop with everything in its place.
macro_rules! halt {
    ($vm:ident $pc:ident $base:ident, $left:expr) => {{
        let (pc, base) = ($pc.expose_provenance(), $base.expose_provenance());
        (*$vm).halt = Halt { pc, base };
        (*$vm).left = $left;
        return;
    }};
}

/// Takes the rare path unless the stack has room for the frame of a function.
macro_rules! ensure_room {
    ($vm:ident, $inner:ident, $function:ident, $rare:expr) => {
        if $inner.byte_add((*$function).frame_bytes as usize).addr() > (*$vm).stack_end {
            rare!($rare)
        }
    };
}

/// Pushes a frame, for which there is room: its arguments stand from `inner` on, it returns `step`
/// instructions on.
macro_rules! enter {
    ($pc:ident $base:ident, $inner:ident, $word:expr, $function:ident, $step:expr) => {{
        let back = $pc.add($step).expose_provenance();
        put_words($inner.sub(1), $word.0, back as u64);
        $pc = (*$function).entry();
        $base = $inner;
        next!()
    }};
}

/// Calls the function in the instruction, which has also the word of the frame.
macro_rules! call_known {
    ($vm:ident $pc:ident $base:ident, $op:expr, $step:ident) => {{
        burn!($vm);
        let function = (*$vm).functions.as_ptr().add(callee($pc));
        let inner = $base.byte_add(distance($pc));
        let word = FrameWord::of_call(*$pc, $op);
        ensure_room!($vm, inner, function, ops::call::call_known);
        let step = $step(function);
        enter!($pc $base, inner, word, function, step)
    }};
}

/// Calls the closure in `R[b]` if it takes exactly what is given. Falls through if not.
macro_rules! call_closure {
    ($vm:ident $pc:ident $base:ident, $count:ident, $flags:expr, $step:ident) => {{
        let callee = reg!($pc, $base, b);
        if tag(callee) == CLOSURE {
            let closure = bits(callee);
            let number = (*(*callee).address::<Closure>()).header.word();
            let function = (*$vm).functions.as_ptr().add(number as usize);
            if (*function).$count == u16::from((*$pc).c) {
                let inner = reg!($pc, $base, a).add(1);
                ensure_room!($vm, inner, function, ops::call::call);
                let closure_register = (*function).closure_register;
                if closure_register != 255 {
                    put_words(inner.add(closure_register as usize), CLOSURE, closure);
                }
                let word = FrameWord::new($flags, inner.addr() - $base.addr(), number);
                let step = $step(function);
                enter!($pc $base, inner, word, function, step)
            }
        }
    }};
}

/// The field of the instance in `R[b]`, if it has the shape in the instruction.
macro_rules! cached_field {
    ($pc:ident $base:ident, $other:expr) => {{
        let object = reg!($pc, $base, b);
        if tag(object) != INSTANCE || shape(object) != (*$pc).imm as u32 {
            $other
        }
        field(object, (*$pc).c)
    }};
}

/// Calls the method in the cache if the receiver has its shape.
macro_rules! call_method {
    ($vm:ident $pc:ident $base:ident, $count:ident, $flags:expr, $step:ident) => {{
        burn!($vm);
        let inner = reg!($pc, $base, a).add(1);
        let cache = (*$vm).invoke_caches.as_ptr().add((*$pc).imm as usize);
        if tag(inner) == INSTANCE && shape(inner) == (*cache).guard {
            let number = (*cache).target;
            let function = (*$vm).functions.as_ptr().add(number as usize);
            if (*function).$count == u16::from((*$pc).c) {
                ensure_room!($vm, inner, function, ops::invoke::invoke);
                let closure_register = (*function).closure_register;
                if closure_register != 255 {
                    copy_slot(inner.add(closure_register as usize), &raw const (*cache).closure);
                }
                let word = FrameWord::new($flags, inner.addr() - $base.addr(), number);
                let step = $step(function);
                enter!($pc $base, inner, word, function, step)
            }
        }
        slow!(ops::invoke::invoke)
    }};
}

/// Leaves the frame; `write` puts the result over its header.
macro_rules! leave {
    ($vm:ident $pc:ident $base:ident, $header:ident, $write:expr) => {{
        let $header = $base.sub(1);
        let word = FrameWord(tag($header));
        if word.0 & SPECIAL != 0 {
            if word.0 & SPECIAL == FIRST {
                halt!($vm $pc $base, Left::Return)
            }
            slow!(ops::call::special_return)
        }
        let back = bits($header);
        $write;
        $pc = std::ptr::with_exposed_provenance(back as usize);
        $base = $base.byte_sub(word.distance());
        next!()
    }};
}
