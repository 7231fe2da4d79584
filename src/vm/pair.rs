//! Instructions that stand beside each other so often that the VM carries them out together.
//!
//! The loader writes the opcode of a pair over the first of its instructions; what the pair has to know
//! of the others it reads where they stand. So jumps to them, and errors in them, are what they were, and
//! a pair is taken apart by writing the first opcode back (`dispatch/pair.rs`). Which pairs there are was
//! chosen by counting, over many programs, what follows what. Pairs of reads of fields are written when
//! those have found what they read (`ops/field.rs`).

use crate::bytecode::instruction::Instruction;
use crate::bytecode::op::Opcode;

/// Writes pairs into code that has been relocated.
pub(super) fn join(code: &mut [Instruction]) {
    for at in 0..code.len() {
        if let Some(op) = pair(&code[at..]) {
            code[at].op = op;
        }
    }
}

/// The pair that begins here, if one does.
fn pair(code: &[Instruction]) -> Option<Opcode> {
    let [first, second, ..] = *code else { return None };
    // What a pair keeps in the machine's registers is what the second instruction reads.
    let passes_on = first.a == second.a;
    let (to_left, to_right) = (first.a == second.b, first.a == second.c);
    Some(match (first.op, second.op) {
        (Opcode::Move, Opcode::Move) => Opcode::MoveMove,
        (Opcode::Move, Opcode::RangeLoop) => Opcode::MoveRangeLoop,
        (Opcode::Add, Opcode::Return) if passes_on => Opcode::AddReturn,
        (Opcode::Sub, Opcode::Return) if passes_on => Opcode::SubReturn,
        (Opcode::Add, Opcode::RangeLoop) => Opcode::AddRangeLoop,
        (Opcode::Mul, Opcode::Add) if to_right && !to_left => match code.get(2) {
            Some(third) if third.op == Opcode::RangeLoop => Opcode::MulAddRangeLoop,
            _ => Opcode::MulAdd,
        },
        (Opcode::Mul, Opcode::Add) if to_left && !to_right => Opcode::MulAddTo,
        (Opcode::Mul, Opcode::Sub) if to_right && !to_left => Opcode::MulSub,
        (Opcode::Mul, Opcode::Mul) if to_left && !to_right => Opcode::MulMul,
        (Opcode::AddInt, Opcode::CallKnown) => Opcode::AddIntCall,
        (Opcode::SubInt, Opcode::CallKnown) => Opcode::SubIntCall,
        (Opcode::AddInt, Opcode::RangeLoop) => Opcode::AddIntRangeLoop,
        (Opcode::AddInt, Opcode::Loop) => Opcode::AddIntLoop,
        (Opcode::AddInt, Opcode::SubInt) if is_approach(code) => Opcode::AddIntSubIntLoopLt,
        (Opcode::AddInt, Opcode::LoopLt) => Opcode::AddIntLoopLt,
        (Opcode::SubInt, Opcode::LoopLt) => Opcode::SubIntLoopLt,
        (Opcode::JumpNotLtInt, Opcode::Return) => Opcode::LtIntReturn,
        (Opcode::GetIndex, Opcode::GetIndex) if is_swap(code) => Opcode::SwapIndex,
        (Opcode::GetIndex, Opcode::GetIndex) => Opcode::GetIndexGetIndex,
        (Opcode::GetIndex, Opcode::SetIndex) if to_right => match code.get(2) {
            Some(third) if third.op == Opcode::RangeLoop => Opcode::GetIndexSetIndexRangeLoop,
            _ => Opcode::GetIndexSetIndex,
        },
        (Opcode::GetIndex, Opcode::JumpIfNot) if passes_on => Opcode::GetIndexJumpIfNot,
        (Opcode::GetIndex, Opcode::JumpNeInt) if passes_on => Opcode::GetIndexJumpNeInt,
        (Opcode::SetIndex, Opcode::SetIndex) => Opcode::SetIndexSetIndex,
        (Opcode::SetIndex, Opcode::RangeLoop) => Opcode::SetIndexRangeLoop,
        (Opcode::GetUpvalueCell, Opcode::Return) if passes_on => Opcode::UpvalueReturn,
        (Opcode::GetUpvalueCell, Opcode::Add) if is_update(code) => Opcode::AddUpvalue,
        (Opcode::GetUpvalueCell, Opcode::AddInt) if is_update(code) => Opcode::AddIntUpvalue,
        _ => return None,
    })
}

/// Whether a captured variable is read, changed in the register that it is read into, and set.
fn is_update(code: &[Instruction]) -> bool {
    let [get, change, set, ..] = *code else { return false };
    set.op == Opcode::SetUpvalueCell
        && (set.b, set.c) == (get.b, get.c)
        && [change.a, change.b, set.a] == [get.a; 3]
}

/// Whether two elements of a list are read and then written to each other's place, in either order. The
/// registers that they are read into are none of those that say where the elements are, so what is read
/// and written is known before.
fn is_swap(code: &[Instruction]) -> bool {
    let [one, other, first, second, ..] = *code else { return false };
    let stores = [first, second].map(|set| (set.op, set.a, set.b, set.c));
    let to = |place: u8, from: u8| (Opcode::SetIndex, one.b, place, from);
    let crossed = [to(one.c, other.a), to(other.c, one.a)];
    let places = [one.b, one.c, other.c];
    one.b == other.b
        && one.a != other.a
        && !places.contains(&one.a)
        && !places.contains(&other.a)
        && (stores == crossed || stores == [crossed[1], crossed[0]])
}

/// Whether two variables count towards each other as long as the first is less.
fn is_approach(code: &[Instruction]) -> bool {
    let [up, down, back, ..] = *code else { return false };
    back.op == Opcode::LoopLt
        && (up.a, down.a) == (up.b, down.b)
        && (up.a, down.a) == (back.a, back.b)
        && up.a != down.a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(code: &[(Opcode, u8, u8, u8)]) -> Vec<Opcode> {
        let code = code.iter().map(|&(op, a, b, c)| Instruction::new(op, a, b, c, 0));
        let mut code: Vec<Instruction> = code.collect();
        join(&mut code);
        code.into_iter().map(|at| at.op).collect()
    }

    #[test]
    fn pairs_may_overlap() {
        let moves =
            [(Opcode::Move, 1, 0, 0), (Opcode::Move, 2, 1, 0), (Opcode::RangeLoop, 3, 0, 0)];
        assert_eq!(ops(&moves), [Opcode::MoveMove, Opcode::MoveRangeLoop, Opcode::RangeLoop]);
    }

    #[test]
    fn what_is_returned_is_what_was_computed() {
        let sum = (Opcode::Add, 2, 0, 1);
        assert_eq!(ops(&[sum, (Opcode::Return, 2, 0, 0)])[0], Opcode::AddReturn);
        assert_eq!(ops(&[sum, (Opcode::Return, 0, 0, 0)])[0], Opcode::Add);
    }

    #[test]
    fn a_swap_reads_and_writes_the_same_two_elements() {
        let get = |to, at| (Opcode::GetIndex, to, 0, at);
        let set = |at, from| (Opcode::SetIndex, 0, at, from);
        let op = |code: [(Opcode, u8, u8, u8); 4]| ops(&code)[0];
        assert_eq!(op([get(3, 1), get(4, 2), set(1, 4), set(2, 3)]), Opcode::SwapIndex);
        assert_eq!(op([get(3, 1), get(4, 2), set(2, 3), set(1, 4)]), Opcode::SwapIndex);
        let others = [
            [get(3, 1), get(4, 2), set(1, 3), set(2, 4)],
            [get(3, 1), get(3, 2), set(1, 3), set(2, 3)],
            [get(1, 1), get(4, 2), set(1, 4), set(2, 1)],
            [get(3, 1), get(0, 2), set(1, 0), set(2, 3)],
            [get(3, 1), (Opcode::GetIndex, 4, 5, 2), set(1, 4), set(2, 3)],
            [get(3, 1), get(4, 2), set(1, 4), (Opcode::SetIndex, 5, 2, 3)],
        ];
        assert_eq!(others.map(op), [Opcode::GetIndexGetIndex; 6]);
        assert_eq!(ops(&[get(3, 1), get(4, 2), set(1, 4)])[0], Opcode::GetIndexGetIndex);
    }

    #[test]
    fn what_is_copied_is_what_was_read() {
        let (get, end) = ((Opcode::GetIndex, 3, 0, 1), (Opcode::RangeLoop, 5, 0, 0));
        let set = |from| (Opcode::SetIndex, 2, 1, from);
        assert_eq!(ops(&[get, set(3), end])[0], Opcode::GetIndexSetIndexRangeLoop);
        assert_eq!(ops(&[get, set(3), get])[0], Opcode::GetIndexSetIndex);
        assert_eq!(ops(&[get, set(4), end])[0], Opcode::GetIndex);
    }

    #[test]
    fn two_variables_that_come_nearer_are_those_that_are_compared() {
        let (up, down) = ((Opcode::AddInt, 1, 1, 0), (Opcode::SubInt, 2, 2, 0));
        let op = |up, down, low, high| ops(&[up, down, (Opcode::LoopLt, low, high, 0)])[0];
        assert_eq!(op(up, down, 1, 2), Opcode::AddIntSubIntLoopLt);
        assert_eq!(op(up, down, 2, 1), Opcode::AddInt);
        assert_eq!(op((Opcode::AddInt, 1, 3, 0), down, 1, 2), Opcode::AddInt);
        assert_eq!(op(up, (Opcode::SubInt, 1, 1, 0), 1, 1), Opcode::AddInt);
    }

    #[test]
    fn a_product_goes_to_one_side_of_what_follows() {
        let (mul, end) = ((Opcode::Mul, 3, 1, 2), (Opcode::RangeLoop, 5, 0, 0));
        let op = |op, lhs, rhs| ops(&[mul, (op, 4, lhs, rhs)])[0];
        assert_eq!(op(Opcode::Add, 1, 3), Opcode::MulAdd);
        assert_eq!(op(Opcode::Add, 3, 1), Opcode::MulAddTo);
        assert_eq!(op(Opcode::Sub, 1, 3), Opcode::MulSub);
        assert_eq!(op(Opcode::Mul, 3, 1), Opcode::MulMul);
        assert_eq!(ops(&[mul, (Opcode::Add, 4, 4, 3), end])[0], Opcode::MulAddRangeLoop);
        let others = [(Opcode::Add, 3, 3), (Opcode::Add, 1, 2), (Opcode::Sub, 3, 1)];
        assert_eq!(others.map(|(second, lhs, rhs)| op(second, lhs, rhs)), [Opcode::Mul; 3]);
    }

    #[test]
    fn an_update_reads_and_sets_the_same_variable() {
        let get = (Opcode::GetUpvalueCell, 2, 1, 3);
        let add = (Opcode::Add, 2, 2, 0);
        let op = |set| ops(&[get, add, (Opcode::SetUpvalueCell, 2, set, 3)])[0];
        assert_eq!(op(1), Opcode::AddUpvalue);
        assert_eq!(op(0), Opcode::GetUpvalueCell);
        assert_eq!(ops(&[get, add])[0], Opcode::GetUpvalueCell);
    }
}
