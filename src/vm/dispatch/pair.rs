//! The fast paths of pairs (`vm/pair.rs`), as macros like those of `fast.rs`.
//!
//! If the first instruction of a pair is not fast, the pair is taken apart for good: what is no int
//! once will hardly be one the next time. If the second one is not, only that is left to its own opcode.

/// Makes a pair its first instruction again, which is carried out.
macro_rules! take_apart {
    ($pc:ident, $first:ident) => {{
        (*$pc.cast_mut()).op = Opcode::$first;
        next!()
    }};
}

/// What two ints or two floats come to: the words of a value.
macro_rules! combine {
    ($pc:ident $base:ident, $checked:ident, $sign:tt, $first:ident) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        if tag(lhs) | tag(rhs) == INT
            && let Some(result) = (bits(lhs) as i64).$checked(bits(rhs) as i64)
        {
            (INT, result as u64)
        } else if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
            (FLOAT, (float(lhs) $sign float(rhs)).to_bits())
        } else {
            take_apart!($pc, $first)
        }
    }};
}

/// The same written into the register, behind which the second instruction is next.
macro_rules! combine_into {
    ($pc:ident $base:ident, $checked:ident, $sign:tt, $first:ident) => {{
        let (kind, payload) = combine!($pc $base, $checked, $sign, $first);
        put_words(reg!($pc, $base, a), kind, payload);
        $pc = $pc.add(1);
    }};
}

/// An int and the number in the instruction, written into the register; the second instruction is next.
macro_rules! combine_int {
    ($pc:ident $base:ident, $checked:ident, $first:ident) => {{
        let lhs = reg!($pc, $base, b);
        if tag(lhs) == INT
            && let Some(result) = (bits(lhs) as i64).$checked(i64::from((*$pc).imm))
        {
            write_slot(reg!($pc, $base, a), Value::int(result));
        } else {
            take_apart!($pc, $first)
        }
        $pc = $pc.add(1);
    }};
}

/// The product of two floats, written into the register, and what becomes of it and a third one in the
/// second instruction, behind which the next one stands. For ints the pair is taken apart.
macro_rules! product {
    ($pc:ident $base:ident, $other:ident, |$product:ident, $third:ident| $result:expr) => {{
        let lhs = reg!($pc, $base, b);
        let rhs = reg!($pc, $base, c);
        let other = $base.add((*$pc.add(1)).$other as usize);
        if tag(lhs) != FLOAT || tag(rhs) != FLOAT || tag(other) != FLOAT {
            take_apart!($pc, Mul)
        }
        let ($product, $third) = (float(lhs) * float(rhs), float(other));
        write_slot(reg!($pc, $base, a), Value::float($product));
        $pc = $pc.add(1);
        write_slot(reg!($pc, $base, a), Value::float($result));
        $pc = $pc.add(1);
    }};
}

/// Returns a value of which the words are known. A frame that needs more than a copy is left by the
/// instruction behind.
macro_rules! return_words {
    ($pc:ident $base:ident, $kind:expr, $payload:expr) => {{
        let header = $base.sub(1);
        let word = FrameWord(tag(header));
        if word.0 & SPECIAL != 0 {
            put_words(reg!($pc, $base, a), $kind, $payload);
            advance!($pc)
        }
        let back = bits(header);
        put_words(header, $kind, $payload);
        $pc = std::ptr::with_exposed_provenance(back as usize);
        $base = $base.byte_sub(word.distance());
        next!()
    }};
}

/// Reads an element of a list into the register, and gives it; the second instruction is next.
macro_rules! get_first {
    ($pc:ident $base:ident) => {{
        let Some(item) = item(reg!($pc, $base, b), reg!($pc, $base, c)) else {
            take_apart!($pc, GetIndex)
        };
        let value = read_slot(item);
        write_slot(reg!($pc, $base, a), value);
        $pc = $pc.add(1);
        value
    }};
}

/// Reads an element of a list and writes it to a place in one; the third instruction is next.
macro_rules! copy_item {
    ($vm:ident $pc:ident $base:ident) => {{
        let value = get_first!($pc $base);
        let Some(place) = free_item(reg!($pc, $base, a), reg!($pc, $base, b)) else { next!() };
        if (*$vm).heap.is_marking() && value.is_object() {
            next!()
        }
        write_slot(place, value);
        $pc = $pc.add(1);
    }};
}

/// Writes an element of a list; the second instruction is next.
macro_rules! set_first {
    ($vm:ident $pc:ident $base:ident) => {{
        let Some(item) = free_item(reg!($pc, $base, a), reg!($pc, $base, b)) else {
            take_apart!($pc, SetIndex)
        };
        if is_watched($vm, reg!($pc, $base, c)) {
            slow!(op::store)
        }
        copy_slot(item, reg!($pc, $base, c));
        $pc = $pc.add(1);
    }};
}

/// Writes an element of a list as the second instruction.
macro_rules! set_second {
    ($vm:ident $pc:ident $base:ident) => {{
        if let Some(item) = free_item(reg!($pc, $base, a), reg!($pc, $base, b))
            && !is_watched($vm, reg!($pc, $base, c))
        {
            copy_slot(item, reg!($pc, $base, c));
            advance!($pc)
        }
        next!()
    }};
}

/// Adds a number to a captured variable that holds one of its kind.
macro_rules! add_upvalue {
    ($pc:ident $base:ident, $cell:ident, $kind:ident, $result:expr) => {{
        let result = $result;
        set_bits(content($cell), result);
        put_words(reg!($pc, $base, a), $kind, result);
        $pc = $pc.add(3);
        next!()
    }};
}

/// The next turn of a loop over ints, or what stands behind it.
macro_rules! range_loop {
    ($vm:ident $pc:ident $base:ident) => {{
        burn!($vm);
        let state = reg!($pc, $base, a);
        let left = bits(state.add(1));
        if left == 0 {
            advance!($pc)
        }
        set_bits(state.add(1), left - 1);
        set_bits(state.add(2), bits(state.add(2)).wrapping_add(1));
        $pc = $pc.offset((*$pc).imm as isize);
        next!()
    }};
}
