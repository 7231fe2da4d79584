//! The opcode table: the one place where an opcode is declared.
//!
//! `opcodes!` makes the [`Opcode`] enum, its name, and the operand kinds that the verifier, the
//! disassembler and the emitter read. The line above an opcode is its meaning, with `R[x]` for
//! registers of the running frame, `K[x]` for constants, `pc` for the index of this instruction.
//! Jump operands are relative: the target is `pc + imm`.
//!
//! Conventions
//! - *Call window*: `R[a]` receives the result; arguments stand in `R[a+1]…`. Methods have their
//!   receiver in `R[a+1]`. The callee may be in `R[a]`, too.
//! - *Spread window*: like a call window, but after the callee (and receiver) come a list of the
//!   positional arguments and a map of the named ones (or null).
//! - Every `…Await` call is followed by `AwaitResult a` for the same `a`. A plain Kettle callee
//!   returns to it; an async callee and a native that waits return behind it.
//! - *Pending pair*: `R[a]`, `R[a+1]` say how a clean-up goes on: null for falling through, an int
//!   for a jump target, `true` for throwing and `false` for unwinding further (the error or the cut
//!   is in `R[a+1]`).

/// What the byte operands `a b c` of an opcode are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// Not used, must be 0.
    None,
    /// A register that is written.
    Dst,
    /// A register that is read.
    Src,
    /// A register that is read and written.
    Mut,
    /// A register that is read, or 255 for none.
    SrcOrNone,
    /// First register of a window of `c` more registers (`a ..= a + c`).
    Window,
    /// First register of a window of `c` registers (`b .. b + c`).
    Base,
    /// First of two registers.
    Pair,
    /// First of three registers.
    Triple,
    /// First of four registers.
    Quad,
    /// A count, index or flag.
    Byte,
    /// 1 if the operands stand the other way round in the source, `a > b` being `b < a`; else 0.
    Swapped,
    /// Low or high byte of a 16-bit integer in `b | c << 8`.
    Small,
    /// Low or high byte of the upper half of a 32-bit float, in `b | c << 8`.
    Half,
}

/// What the 32-bit operand of an opcode is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Immediate {
    /// Not used, must be 0.
    None,
    /// A signed integer.
    Int,
    /// As the operand of the same name.
    Swapped,
    /// A jump, relative to this instruction.
    Jump,
    /// A jump, or 0 for none.
    JumpOrNone,
    /// Index of a constant.
    Const,
    /// Index of a constant that is a string.
    Name,
    /// Index of a constant that is a float.
    Float,
    /// Index of a module slot; from `slot_count` on, of an imported slot.
    Slot,
    /// Index of a function of the module.
    Function,
    /// Index of a class of the module.
    Class,
    /// Index of a select descriptor of the module.
    Select,
}

/// The operands of an opcode.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// First byte operand.
    pub a: Operand,
    /// Second byte operand.
    pub b: Operand,
    /// Third byte operand.
    pub c: Operand,
    /// The 32-bit operand.
    pub imm: Immediate,
}

macro_rules! opcodes {
    ($( $(#[doc = $meaning:literal])+ $name:ident $text:literal ($a:ident $b:ident $c:ident $imm:ident) )+) => {
        /// What an instruction does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Opcode {
            // As code: `R[a]` would be a link.
            $( #[doc = "```text"] $(#[doc = $meaning])+ #[doc = "```"] $name, )+
        }

        impl Opcode {
            /// All opcodes, in the order of their numbers.
            pub const ALL: &'static [Opcode] = &[$(Opcode::$name),+];

            /// The name that the disassembler prints.
            pub const fn text(self) -> &'static str {
                match self { $(Opcode::$name => $text,)+ }
            }

            /// Its operands.
            pub const fn layout(self) -> Layout {
                match self {
                    $(Opcode::$name => Layout {
                        a: Operand::$a, b: Operand::$b, c: Operand::$c, imm: Immediate::$imm,
                    },)+
                }
            }

            /// Its meaning, as written in the table.
            pub const fn meaning(self) -> &'static str {
                match self { $(Opcode::$name => concat!($($meaning),+),)+ }
            }
        }
    };
}

opcodes! {
    // ---- moves
    /// Does nothing.
    Nop "nop" (None None None None)
    /// R[a] := R[b]
    Move "move" (Dst Src None None)
    /// R[a] := imm
    LoadInt "load_int" (Dst None None Int)
    /// R[a] := K[imm]
    LoadConst "load_const" (Dst None None Const)
    /// R[a] := null
    LoadNull "load_null" (Dst None None None)
    /// R[a] := b != 0
    LoadBool "load_bool" (Dst Byte None None)
    /// R[a] := the mark of a missing argument or key
    LoadUnset "load_unset" (Dst None None None)
    /// R[a] := the mark that `next` gives at the end of a source
    LoadEnd "load_end" (Dst None None None)
    /// R[a] := slot[imm], known to be set
    GetSlot "get_slot" (Dst None None Slot)
    /// R[a] := slot[imm]; NameError if it is not set yet
    GetSlotChecked "get_slot_checked" (Dst None None Slot)
    /// slot[imm] := R[a]
    SetSlot "set_slot" (Src None None Slot)
    /// R[a] := upvalue b of the closure in R[c]
    GetUpvalue "get_upvalue" (Dst Byte Src Name)
    /// R[a] := the content of the cell that is upvalue b of the closure in R[c]; NameError if unset,
    /// which calls it K[imm]
    GetUpvalueCell "get_upvalue_cell" (Dst Byte Src Name)
    /// content of the cell that is upvalue b of the closure in R[c] := R[a]
    SetUpvalueCell "set_upvalue_cell" (Src Byte Src None)
    /// R[a] := a new cell that holds R[b]
    NewCell "new_cell" (Dst Src None None)
    /// R[a] := a new cell that is not set yet
    NewCellUnset "new_cell_unset" (Dst None None None)
    /// R[a] := content of the cell R[b]; NameError if unset, which calls it K[imm]
    GetCell "get_cell" (Dst Src None Name)
    /// content of the cell R[a] := R[b]
    SetCell "set_cell" (Src Src None None)
    /// R[a] := closure of function imm, capturing from this frame; R[c] is this frame's closure
    Closure "closure" (Dst None SrcOrNone Function)

    // ---- arithmetic
    /// R[a] := R[b] + R[c]
    Add "add" (Dst Src Src None)
    /// R[a] := R[b] - R[c]
    Sub "sub" (Dst Src Src None)
    /// R[a] := R[b] * R[c]
    Mul "mul" (Dst Src Src None)
    /// R[a] := R[b] / R[c]
    Div "div" (Dst Src Src None)
    /// R[a] := R[b] // R[c]
    FloorDiv "floor_div" (Dst Src Src None)
    /// R[a] := R[b] % R[c]
    Mod "mod" (Dst Src Src None)
    /// R[a] := R[b] ** R[c]
    Pow "pow" (Dst Src Src None)
    /// R[a] := R[b] & R[c]
    BitAnd "bit_and" (Dst Src Src None)
    /// R[a] := R[b] | R[c]
    BitOr "bit_or" (Dst Src Src None)
    /// R[a] := R[b] ^ R[c]
    BitXor "bit_xor" (Dst Src Src None)
    /// R[a] := R[b] << R[c]
    Shl "shl" (Dst Src Src None)
    /// R[a] := R[b] >> R[c]
    Shr "shr" (Dst Src Src None)
    /// R[a] := R[b] + imm
    AddInt "add_int" (Dst Src Swapped Int)
    /// R[a] := R[b] - imm
    SubInt "sub_int" (Dst Src None Int)
    /// R[a] := R[b] * imm
    MulInt "mul_int" (Dst Src Swapped Int)
    /// R[a] := R[b] / imm
    DivInt "div_int" (Dst Src None Int)
    /// R[a] := R[b] // imm
    FloorDivInt "floor_div_int" (Dst Src None Int)
    /// R[a] := R[b] % imm
    ModInt "mod_int" (Dst Src None Int)
    /// R[a] := R[b] << imm
    ShlInt "shl_int" (Dst Src None Int)
    /// R[a] := R[b] >> imm
    ShrInt "shr_int" (Dst Src None Int)
    /// R[a] := R[b] & imm
    BitAndInt "bit_and_int" (Dst Src None Int)
    /// R[a] := R[b] | imm
    BitOrInt "bit_or_int" (Dst Src None Int)
    /// R[a] := R[b] ^ imm
    BitXorInt "bit_xor_int" (Dst Src None Int)
    /// R[a] := imm - R[b]
    IntSub "int_sub" (Dst Src None Int)
    /// R[a] := imm / R[b]
    IntDiv "int_div" (Dst Src None Int)
    /// R[a] := R[b] + K[imm], a float
    AddConst "add_const" (Dst Src Swapped Float)
    /// R[a] := R[b] - K[imm], a float
    SubConst "sub_const" (Dst Src None Float)
    /// R[a] := R[b] * K[imm], a float
    MulConst "mul_const" (Dst Src Swapped Float)
    /// R[a] := R[b] / K[imm], a float
    DivConst "div_const" (Dst Src None Float)
    /// R[a] := K[imm] - R[b], from a float
    ConstSub "const_sub" (Dst Src None Float)
    /// R[a] := K[imm] / R[b], a float divided
    ConstDiv "const_div" (Dst Src None Float)
    /// R[a] := -R[b]
    Neg "neg" (Dst Src None None)
    /// R[a] := ~R[b]
    BitNot "bit_not" (Dst Src None None)
    /// R[a] := !R[b]
    Not "not" (Dst Src None None)

    // ---- comparison to a value
    /// R[a] := R[b] == R[c]
    Eq "eq" (Dst Src Src None)
    /// R[a] := R[b] != R[c]
    Ne "ne" (Dst Src Src None)
    /// R[a] := R[b] < R[c]
    Lt "lt" (Dst Src Src Swapped)
    /// R[a] := R[b] <= R[c]
    Le "le" (Dst Src Src Swapped)
    /// R[a] := R[b] in R[c]
    In "in" (Dst Src Src None)
    /// R[a] := R[b] is of type R[c]
    Is "is" (Dst Src Src None)
    /// R[a] := R[b] is of the type whose name is K[imm] (`null`, `fn`, which no value names)
    IsNamed "is_named" (Dst Src None Name)

    // ---- jumps
    /// pc += imm
    Jump "jump" (None None None Jump)
    /// pc += imm, backwards: a safepoint that costs fuel
    Loop "loop" (None None None Jump)
    /// if R[a] is truthy: pc += imm
    JumpIf "jump_if" (Src None None Jump)
    /// if R[a] is falsy: pc += imm
    JumpIfNot "jump_if_not" (Src None None Jump)
    /// if R[a] is null: pc += imm
    JumpIfNull "jump_if_null" (Src None None Jump)
    /// if R[a] is not null: pc += imm
    JumpIfNotNull "jump_if_not_null" (Src None None Jump)
    /// if R[a] is not the mark of a missing argument: pc += imm
    JumpIfSet "jump_if_set" (Src None None Jump)
    /// if R[a] is the end mark: pc += imm
    JumpIfEnd "jump_if_end" (Src None None Jump)
    /// if R[a] == R[b]: pc += imm
    JumpEq "jump_eq" (Src Src None Jump)
    /// if R[a] != R[b]: pc += imm
    JumpNe "jump_ne" (Src Src None Jump)
    /// if R[a] == null: pc += imm; unlike jump_if_null it asks a class that defines `==`
    JumpEqNull "jump_eq_null" (Src None None Jump)
    /// if R[a] != null: pc += imm
    JumpNeNull "jump_ne_null" (Src None None Jump)
    /// if R[a] < R[b]: pc += imm
    JumpLt "jump_lt" (Src Src Swapped Jump)
    /// if not R[a] < R[b]: pc += imm
    JumpNotLt "jump_not_lt" (Src Src Swapped Jump)
    /// if R[a] <= R[b]: pc += imm
    JumpLe "jump_le" (Src Src Swapped Jump)
    /// if not R[a] <= R[b]: pc += imm
    JumpNotLe "jump_not_le" (Src Src Swapped Jump)
    /// if R[a] == bc: pc += imm
    JumpEqInt "jump_eq_int" (Src Small Small Jump)
    /// if R[a] != bc: pc += imm
    JumpNeInt "jump_ne_int" (Src Small Small Jump)
    /// if R[a] < bc: pc += imm
    JumpLtInt "jump_lt_int" (Src Small Small Jump)
    /// if not R[a] < bc: pc += imm
    JumpNotLtInt "jump_not_lt_int" (Src Small Small Jump)
    /// if R[a] <= bc: pc += imm
    JumpLeInt "jump_le_int" (Src Small Small Jump)
    /// if not R[a] <= bc: pc += imm
    JumpNotLeInt "jump_not_le_int" (Src Small Small Jump)
    /// if bc < R[a]: pc += imm
    JumpGtInt "jump_gt_int" (Src Small Small Jump)
    /// if not bc < R[a]: pc += imm
    JumpNotGtInt "jump_not_gt_int" (Src Small Small Jump)
    /// if bc <= R[a]: pc += imm
    JumpGeInt "jump_ge_int" (Src Small Small Jump)
    /// if not bc <= R[a]: pc += imm
    JumpNotGeInt "jump_not_ge_int" (Src Small Small Jump)
    /// if R[a] < bc, a float: pc += imm
    JumpLtFloat "jump_lt_float" (Src Half Half Jump)
    /// if not R[a] < bc, a float: pc += imm
    JumpNotLtFloat "jump_not_lt_float" (Src Half Half Jump)
    /// if R[a] <= bc, a float: pc += imm
    JumpLeFloat "jump_le_float" (Src Half Half Jump)
    /// if not R[a] <= bc, a float: pc += imm
    JumpNotLeFloat "jump_not_le_float" (Src Half Half Jump)
    /// if bc < R[a], a float: pc += imm
    JumpGtFloat "jump_gt_float" (Src Half Half Jump)
    /// if not bc < R[a], a float: pc += imm
    JumpNotGtFloat "jump_not_gt_float" (Src Half Half Jump)
    /// if bc <= R[a], a float: pc += imm
    JumpGeFloat "jump_ge_float" (Src Half Half Jump)
    /// if not bc <= R[a], a float: pc += imm
    JumpNotGeFloat "jump_not_ge_float" (Src Half Half Jump)

    // ---- jumps back: they cost fuel, whether they jump or not
    /// if R[a] is truthy: pc += imm, backwards
    LoopIf "loop_if" (Src None None Jump)
    /// if R[a] != R[b]: pc += imm, backwards
    LoopNe "loop_ne" (Src Src None Jump)
    /// if R[a] < R[b]: pc += imm, backwards
    LoopLt "loop_lt" (Src Src Swapped Jump)
    /// if R[a] <= R[b]: pc += imm, backwards
    LoopLe "loop_le" (Src Src Swapped Jump)
    /// if R[a] != null: pc += imm, backwards
    LoopNeNull "loop_ne_null" (Src None None Jump)
    /// if R[a] != bc: pc += imm, backwards
    LoopNeInt "loop_ne_int" (Src Small Small Jump)
    /// if R[a] < bc: pc += imm, backwards
    LoopLtInt "loop_lt_int" (Src Small Small Jump)
    /// if R[a] <= bc: pc += imm, backwards
    LoopLeInt "loop_le_int" (Src Small Small Jump)
    /// if bc < R[a]: pc += imm, backwards
    LoopGtInt "loop_gt_int" (Src Small Small Jump)
    /// if bc <= R[a]: pc += imm, backwards
    LoopGeInt "loop_ge_int" (Src Small Small Jump)

    // ---- containers
    /// R[a] := R[b], …, R[b+c-1] as text, joined
    Concat "concat" (Dst Base Byte None)
    /// R[a] := R[b] as text by the format spec K[imm]
    Format "format" (Dst Src None Const)
    /// R[a] := R[b] as text by the format spec R[c]
    FormatBy "format_by" (Dst Src Src None)
    /// R[a] := [R[b], …, R[b+c-1]]
    NewList "new_list" (Dst Base Byte None)
    /// append R[b], …, R[b+c-1] to the list R[a]
    ListPush "list_push" (Src Base Byte None)
    /// append the elements of the iterable R[b] to the list R[a]; c = 1: the list holds arguments,
    /// which a map is not spread into
    ListExtend "list_extend" (Src Src Byte None)
    /// R[a] := {} with room for imm entries
    NewMap "new_map" (Dst None None Int)
    /// map R[a] at key R[b] := R[c]
    MapPut "map_put" (Src Src Src None)
    /// put the entries of the map R[b] into the map R[a]
    MapExtend "map_extend" (Src Src None None)
    /// R[a] := R[b]..R[c]; imm bit 0: inclusive, bit 1: no start, bit 2: no end (registers null then)
    NewRange "new_range" (Dst Src Src Int)
    /// R[a] := R[b][R[c]]
    GetIndex "get_index" (Dst Src Src None)
    /// R[a] := R[b][imm]
    GetIndexInt "get_index_int" (Dst Src None Int)
    /// R[a] := R[b]?[R[c]]: null if R[b] is null or has no such key or index
    GetIndexOrNull "get_index_or_null" (Dst Src Src None)
    /// R[a][R[b]] := R[c]
    SetIndex "set_index" (Src Src Src None)
    /// R[a][imm] := R[b]
    SetIndexInt "set_index_int" (Src Src None Int)
    /// R[a] := R[b].K[imm]; c belongs to the inline cache
    GetField "get_field" (Dst Src None Name)
    /// R[a] := R[b]?.K[imm] where R[b] is not null: null if R[b] is a map without the key
    GetFieldOrNull "get_field_or_null" (Dst Src None Name)
    /// R[a].K[imm] := R[b]; c belongs to the inline cache
    SetField "set_field" (Src Src None Name)
    /// R[a] := the method K[imm] of R[b], bound
    GetMethod "get_method" (Dst Src None Name)

    // ---- calls
    /// R[a] := R[b](R[a+1], …, R[a+c])
    Call "call" (Window Src Byte None)
    /// like Call, awaited
    CallAwait "call_await" (Window Src Byte None)
    /// R[a] := function imm(R[a+1], …, R[a+c]); it takes exactly c arguments and captures nothing
    CallKnown "call_known" (Window None Byte Function)
    /// like CallKnown, awaited
    CallKnownAwait "call_known_await" (Window None Byte Function)
    /// R[a] := R[a+1].K[imm](R[a+2], …, R[a+c]); c counts the receiver
    Invoke "invoke" (Window None Byte Name)
    /// like Invoke, awaited
    InvokeAwait "invoke_await" (Window None Byte Name)
    /// R[a] := R[a](...R[a+1], named R[a+2])
    CallSpread "call_spread" (Triple None None None)
    /// like CallSpread, awaited
    CallSpreadAwait "call_spread_await" (Triple None None None)
    /// R[a] := R[a+1].K[imm](...R[a+2], named R[a+3])
    InvokeSpread "invoke_spread" (Quad None None Name)
    /// like InvokeSpread, awaited
    InvokeSpreadAwait "invoke_spread_await" (Quad None None Name)
    /// R[a] := method K[imm] of the class R[b], called on R[a+1] with R[a+2], …, R[a+c]
    Super "super" (Window Src Byte Name)
    /// like Super, awaited
    SuperAwait "super_await" (Window Src Byte Name)
    /// R[a] := method K[imm] of the class R[b], called on R[a+1] with ...R[a+2], named R[a+3]
    SuperSpread "super_spread" (Quad Src None Name)
    /// like SuperSpread, awaited
    SuperSpreadAwait "super_spread_await" (Quad Src None Name)
    /// R[a] := member K[imm] of the class R[c] for R[b]: a method bound to it, what a getter gives
    GetSuper "get_super" (Dst Src Src Name)
    /// like Call, awaited if this frame was called with await: for core methods that take callbacks
    CallEither "call_either" (Window Src Byte None)
    /// return R[a]
    Return "return" (Src None None None)
    /// return null
    ReturnNull "return_null" (None None None None)

    // ---- classes
    /// R[a] := class imm, parent R[b]; its methods capture from this frame, whose closure is R[c]
    Class "class" (Dst SrcOrNone SrcOrNone Class)
    /// R[a] := enum imm; its methods and variants capture from this frame, whose closure is R[c]
    Enum "enum" (Dst None SrcOrNone Class)
    /// work out the static values of the class or enum R[a], which is imm; R[c] as in Class
    Statics "statics" (Src None SrcOrNone Class)
    /// R[a] := variant imm of the enum R[a], with the payload R[b], …, R[b+c-1]
    NewVariant "new_variant" (Mut Base Byte Int)

    // ---- patterns
    /// unless R[a] is a list of length b (c = 0) or at least b (c = 1): pc += imm
    JumpNotList "jump_not_list" (Src Byte Byte Jump)
    /// unless R[a] is a map or an object with fields: pc += imm
    JumpNotMap "jump_not_map" (Src None None Jump)
    /// R[a] := the entry or public field R[c] of R[b], or the mark of a missing one
    TryKey "try_key" (Dst Src Src None)
    /// R[a] := the elements of the list R[b] from index c on, without the last imm
    ListRest "list_rest" (Dst Src Byte Int)
    /// R[a] := a map of the entries of R[b] whose keys are not in the list R[c]
    MapRest "map_rest" (Dst Src Src None)
    /// unless R[a] is made by R[b], a variant with a payload or a class: pc += imm. TypeError if
    /// R[b] is neither, or takes another number of parts than c (255: any)
    JumpNotVariant "jump_not_variant" (Src Src Byte Jump)
    /// unless R[a] is of variant c of the enum R[b]: pc += imm
    JumpNotCase "jump_not_case" (Src Src Byte Jump)
    /// R[a] := part c of what the variant or instance R[b] was made of
    Payload "payload" (Dst Src Byte None)
    /// R[a] := a list of those parts from c on
    PayloadRest "payload_rest" (Dst Src Byte None)
    /// throw MatchError about R[a]
    MatchError "match_error" (Src None None None)

    // ---- iteration
    /// R[a], R[a+1], R[a+2] := state of an iteration over R[b]
    Iter "iter" (Triple Src None None)
    /// advance the iteration R[a]…; if there is an element: R[b] := it, pc += imm; costs fuel
    Next "next" (Triple Dst None Jump)
    /// advance; R[b], R[b+1] := key and value of a map's entry, or the two elements of a list
    /// element (MatchError if it is not a list of two), pc += imm; costs fuel
    NextPair "next_pair" (Triple Pair None Jump)
    /// R[a], R[a+1] := bounds of an int loop (b = 1: inclusive). Makes R[a+1] the count of
    /// iterations left, sets R[a+2] to the first value, or jumps if there is none
    RangePrep "range_prep" (Triple Byte None Jump)
    /// if iterations are left: R[a+2] += 1, pc += imm; costs fuel. Nothing else writes R[a+1], R[a+2]
    RangeLoop "range_loop" (Triple None None Jump)

    /// tell the sorting R[b] how the last two values compare, which R[a] says (unset: there were none
    /// yet); unless the order is known: R[a+1], R[a+2] := the next two, pc += imm; costs fuel
    AskOrder "ask_order" (Triple Src None Jump)

    /// end the iteration R[a]… early: closes what it runs over if that is a generator
    EndIter "end_iter" (Src None None None)

    // ---- generators
    /// R[a] := a generator that goes on behind this with this frame, of which R[0], …, R[c-1] are
    /// in use; return it. b = 1: async
    Generator "generator" (Dst Byte Byte None)
    /// suspend the generator R[b] with this frame, of which R[0], …, R[c-1] are in use, and give
    /// R[a] to whoever runs it
    Yield "yield" (Src Src Byte None)

    // ---- errors and clean-ups
    /// throw R[a]
    Throw "throw" (Src None None None)
    /// throw AssertError with message R[a] (null: none); K[imm] is the source of the condition, and
    /// for each part to be shown NUL, `i start end`: its place in there, its value is R[b+i]
    AssertFail "assert_fail" (Src Base Byte Const)
    /// R[a] := how a clean-up goes on: the jump target pc + imm
    Pending "pending" (Dst None None Jump)
    /// R[a] := how a clean-up goes on: it falls through
    PendingNone "pending_none" (Dst None None None)
    /// go on as the pending pair R[a], R[a+1] says
    EndCleanup "end_cleanup" (Pair None None None)

    // ---- tasks
    /// R[a] := await R[b], which is no call: a task or a promise
    AwaitValue "await_value" (Dst Src None None)
    /// R[a] := await R[a] if that is a task or a promise
    AwaitResult "await_result" (Mut None None None)
    /// R[a] := a new task that calls R[a](R[a+1], …, R[a+c]), owned by the scope R[b];
    /// imm bit 0: daemon, bit 1: try
    Spawn "spawn" (Window Src Byte Int)
    /// R[a] := a new task that calls R[a](...R[a+1], named R[a+2]); owner and imm as in Spawn
    SpawnSpread "spawn_spread" (Triple Src None Int)
    /// R[a] := the scope of the program
    ProgramScope "program_scope" (Dst None None None)
    /// enter a scope: R[a] := its handle; R[a+1], R[a+2] are its pending pair. imm is the ScopeKind;
    /// R[b], …, R[b+c-1] its options: for Scope timeout, grace, on_error (null: not given); for
    /// Timeout and Shield the duration
    ScopeEnter "scope_enter" (Triple Base Byte Int)
    /// the body of scope R[a] has ended as its pending pair says: wait for its tasks. Does nothing
    /// when it has been run before
    ScopeJoin "scope_join" (Triple None None None)
    /// a defer of scope R[a] has ended as the pending pair R[b], R[b+1] says: merge that in
    ScopeAbsorb "scope_absorb" (Triple Pair None None)
    /// leave scope R[a] as its pending pair and its errors say. Falls through when the pending pair
    /// does; R[b] := null if the scope was cancelled. imm: where the else block of a timeout begins
    ScopeEnd "scope_end" (Triple Mut None JumpOrNone)
    /// R[a], R[a+1] := result and number of the arm of select imm that fired
    Select "select" (Pair None None Select)

    // ---- quickened: the VM writes these over others in its own copy of the code
    /// read the code of this function, which is written over this, then go on here
    ReadBody "read_body" (None None None None)
    /// get_field of an instance whose shape is imm: slot c
    GetFieldCached "get_field_cached" (Dst Src Byte Int)
    /// set_field of an instance whose shape is imm: slot c
    SetFieldCached "set_field_cached" (Src Src Byte Int)
    /// invoke of a method found before; imm is its cache
    InvokeCached "invoke_cached" (Window None Byte Int)
    /// invoke_await of a method found before; imm is its cache
    InvokeAwaitCached "invoke_await_cached" (Window None Byte Int)
    /// invoke of an inline native found before; imm is its cache
    InvokeNative "invoke_native" (Window None Byte Int)
    /// set_index of a map whose values stand in an array
    SetEntry "set_entry" (Src Src Src None)
    /// get_field of the length of a list
    GetLength "get_length" (Dst Src None Int)
    /// invoke of list.push with one value; imm is its cache
    InvokePush "invoke_push" (Window None Byte Int)
    /// invoke of list.pop; imm is its cache
    InvokePop "invoke_pop" (Window None Byte Int)
    /// invoke of float.sqrt; imm is its cache
    InvokeSqrt "invoke_sqrt" (Window None Byte Int)
    /// invoke of map.get with a key alone; imm is its cache
    InvokeGet "invoke_get" (Window None Byte Int)
    /// add of floats; imm counts how often it has been something else
    AddFloats "add_floats" (Dst Src Src Int)
    /// sub of floats
    SubFloats "sub_floats" (Dst Src Src Int)
    /// mul of floats
    MulFloats "mul_floats" (Dst Src Src Int)
    /// div of floats
    DivFloats "div_floats" (Dst Src Src Int)
    /// invoke_await of a native of a host object that waits, found before; imm is its cache
    InvokeNativeAwait "invoke_native_await" (Window None Byte Int)

    // ---- pairs: the VM writes these over the first of two instructions, or up to four, which it then
    // carries out together; the others stay behind it
    /// move, move
    MoveMove "move_move" (Dst Src None None)
    /// move, range_loop
    MoveRangeLoop "move_range_loop" (Dst Src None None)
    /// add, return of the sum
    AddReturn "add_return" (Dst Src Src None)
    /// sub, return of the difference
    SubReturn "sub_return" (Dst Src Src None)
    /// add, range_loop
    AddRangeLoop "add_range_loop" (Dst Src Src None)
    /// mul, add of the product to something
    MulAdd "mul_add" (Dst Src Src None)
    /// mul, add of something to the product
    MulAddTo "mul_add_to" (Dst Src Src None)
    /// mul, add of the product to something, range_loop
    MulAddRangeLoop "mul_add_range_loop" (Dst Src Src None)
    /// mul, sub of the product from something
    MulSub "mul_sub" (Dst Src Src None)
    /// mul, mul of the product
    MulMul "mul_mul" (Dst Src Src None)
    /// add_int, call_known
    AddIntCall "add_int_call" (Dst Src Swapped Int)
    /// sub_int, call_known
    SubIntCall "sub_int_call" (Dst Src None Int)
    /// add_int, range_loop
    AddIntRangeLoop "add_int_range_loop" (Dst Src Swapped Int)
    /// add_int, loop
    AddIntLoop "add_int_loop" (Dst Src Swapped Int)
    /// add_int, loop_lt
    AddIntLoopLt "add_int_loop_lt" (Dst Src Swapped Int)
    /// sub_int, loop_lt
    SubIntLoopLt "sub_int_loop_lt" (Dst Src None Int)
    /// add_int, sub_int, loop_lt: two places in a list come nearer to each other
    AddIntSubIntLoopLt "add_int_sub_int_loop_lt" (Dst Src Swapped Int)
    /// jump_not_lt_int, return
    LtIntReturn "lt_int_return" (Src Small Small Jump)
    /// get_index, get_index
    GetIndexGetIndex "get_index_get_index" (Dst Src Src None)
    /// get_index, set_index of the element
    GetIndexSetIndex "get_index_set_index" (Dst Src Src None)
    /// get_index, set_index of the element, range_loop
    GetIndexSetIndexRangeLoop "get_index_set_index_range_loop" (Dst Src Src None)
    /// get_index, get_index, set_index, set_index: two elements of a list change places
    SwapIndex "swap_index" (Dst Src Src None)
    /// get_index, jump_if_not of the element
    GetIndexJumpIfNot "get_index_jump_if_not" (Dst Src Src None)
    /// get_index, jump_ne_int of the element
    GetIndexJumpNeInt "get_index_jump_ne_int" (Dst Src Src None)
    /// set_index, set_index
    SetIndexSetIndex "set_index_set_index" (Src Src Src None)
    /// set_index, range_loop
    SetIndexRangeLoop "set_index_range_loop" (Src Src Src None)
    /// get_field_cached, get_field_cached
    GetFieldGetField "get_field_get_field" (Dst Src Byte Int)
    /// get_field_cached, return of the field
    GetFieldReturn "get_field_return" (Dst Src Byte Int)
    /// get_upvalue_cell, return of the content
    UpvalueReturn "upvalue_return" (Dst Byte Src Name)
    /// get_upvalue_cell, add of a register to that, set_upvalue_cell
    AddUpvalue "add_upvalue" (Dst Byte Src Name)
    /// get_upvalue_cell, add_int to that, set_upvalue_cell
    AddIntUpvalue "add_int_upvalue" (Dst Byte Src Name)
}

impl Opcode {
    /// Whether only the VM writes it. The verifier accepts no such code.
    pub const fn is_quickened(self) -> bool {
        self as u8 >= Opcode::ReadBody as u8
    }
}

/// An instruction whose operands have changed their type so often is not quickened again.
pub const FLIPS_MAX: i32 = 4;

/// What a scope record is for: the `imm` of `ScopeEnter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ScopeKind {
    /// `scope { }`
    Scope,
    /// `timeout d { }`
    Timeout,
    /// `shield d { }`
    Shield,
    /// An async function's body with a bare `spawn`.
    Body,
    /// A `defer` or `finally` block that may wait or spawn.
    CleanUp,
}

/// A `daemon` task: the bit in the `imm` of `Spawn`.
pub const SPAWN_DAEMON: i32 = 1;
/// A `try` task: the bit in the `imm` of `Spawn`.
pub const SPAWN_TRY: i32 = 2;
/// A task whose handle nobody takes: the bit in the `imm` of `Spawn`. The result is null.
pub const SPAWN_UNNAMED: i32 = 4;
/// The byte operand that names no register.
pub const NO_REGISTER: u8 = 255;
