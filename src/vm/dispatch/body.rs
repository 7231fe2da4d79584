//! What every opcode does: the fast path here, all else in `ops/`.
//!
//! `instructions!(backend $ vm pc base)` hands the arms, one for every opcode, to the macro of a
//! backend, with the names that it gives the three registers. An arm reads its operands through
//! `pc`, writes registers as two words, moves `pc` and ends in one of the words of the backend:
//! `next!()` goes on with the instruction at `pc`; `slow!(f)` hands the instruction to a function;
//! `rare!(f)` does the same and is laid out of the way; `carry!(f, g)` carries it out by the
//! function `f` if that can, `quit!(f, g)` leaves the run loop by it; else they are `slow!(g)`.

macro_rules! instructions {
    ($backend:ident $dollar:tt $vm:ident $pc:ident $base:ident) => {
        $backend! {
            ($dollar $vm $pc $base)
            // ---- moves
            Opcode::Nop => advance!($pc),
            Opcode::Move => {
                copy_slot(reg!($pc, $base, a), reg!($pc, $base, b));
                advance!($pc)
            },
            Opcode::LoadInt => {
                write_slot(reg!($pc, $base, a), Value::int(i64::from((*$pc).imm)));
                advance!($pc)
            },
            Opcode::LoadConst => {
                let constant = (*$vm).constants.as_ptr().add((*$pc).imm as usize);
                copy_slot(reg!($pc, $base, a), constant);
                advance!($pc)
            },
            Opcode::LoadNull => {
                write_slot(reg!($pc, $base, a), Value::null());
                advance!($pc)
            },
            Opcode::LoadBool => {
                write_slot(reg!($pc, $base, a), Value::bool((*$pc).b != 0));
                advance!($pc)
            },
            Opcode::LoadUnset => {
                write_slot(reg!($pc, $base, a), Value::unset());
                advance!($pc)
            },
            Opcode::LoadEnd => {
                write_slot(reg!($pc, $base, a), Value::end());
                advance!($pc)
            },
            Opcode::GetSlot => {
                let slot = (*$vm).slots.as_ptr().add((*$pc).imm as usize);
                copy_slot(reg!($pc, $base, a), slot);
                advance!($pc)
            },
            Opcode::GetSlotChecked => {
                let slot = (*$vm).slots.as_ptr().add((*$pc).imm as usize);
                if tag(slot) == UNSET {
                    rare!(ops::variable::unset_slot)
                }
                // What has been set stays so.
                (*$pc.cast_mut()).op = Opcode::GetSlot;
                copy_slot(reg!($pc, $base, a), slot);
                advance!($pc)
            },
            Opcode::SetSlot => {
                let slot = (*$vm).slots.as_mut_ptr().add((*$pc).imm as usize);
                copy_slot(slot, reg!($pc, $base, a));
                advance!($pc)
            },
            Opcode::GetUpvalue => {
                let upvalue = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                copy_slot(reg!($pc, $base, a), upvalue);
                advance!($pc)
            },
            Opcode::GetUpvalueCell => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                let kind = tag(content(cell));
                if kind == UNSET {
                    rare!(ops::variable::unset_variable)
                }
                put_words(reg!($pc, $base, a), kind, bits(content(cell)));
                advance!($pc)
            },
            Opcode::SetUpvalueCell => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                store!($vm $pc, content(cell), reg!($pc, $base, a))
            },
            Opcode::NewCell | Opcode::NewCellUnset => slow!(ops::variable::new_cell),
            Opcode::GetCell => {
                let cell = reg!($pc, $base, b);
                let kind = tag(content(cell));
                if kind == UNSET {
                    rare!(ops::variable::unset_variable)
                }
                put_words(reg!($pc, $base, a), kind, bits(content(cell)));
                advance!($pc)
            },
            Opcode::SetCell => {
                let cell = reg!($pc, $base, a);
                store!($vm $pc, content(cell), reg!($pc, $base, b))
            },
            Opcode::Closure => slow!(ops::variable::closure),

            // ---- arithmetic
            Opcode::Add => arithmetic!($pc $base, checked_add, +, AddFloats, add),
            Opcode::Sub => arithmetic!($pc $base, checked_sub, -, SubFloats, binary),
            Opcode::Mul => arithmetic!($pc $base, checked_mul, *, MulFloats, binary),
            Opcode::AddInt => arithmetic_int!($pc $base, checked_add, +),
            Opcode::SubInt => arithmetic_int!($pc $base, checked_sub, -),
            Opcode::MulInt => arithmetic_int!($pc $base, checked_mul, *),
            Opcode::Div => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                let kinds = tag(lhs) | tag(rhs);
                if kinds == INT && bits(rhs) != 0 {
                    let result = bits(lhs) as i64 as f64 / bits(rhs) as i64 as f64;
                    write_slot(reg!($pc, $base, a), Value::float(result));
                    advance!($pc)
                }
                if kinds == FLOAT {
                    numbers!($pc $base, lhs, rhs, /, DivFloats)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::DivInt => {
                let lhs = reg!($pc, $base, b);
                if tag(lhs) | FLOAT == FLOAT && (*$pc).imm != 0 {
                    let result = number!(lhs) / f64::from((*$pc).imm);
                    write_slot(reg!($pc, $base, a), Value::float(result));
                    advance!($pc)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::IntSub => {
                let rhs = reg!($pc, $base, b);
                if tag(rhs) == INT {
                    let difference = i64::from((*$pc).imm).checked_sub(bits(rhs) as i64);
                    if let Some(result) = difference {
                        write_slot(reg!($pc, $base, a), Value::int(result));
                        advance!($pc)
                    }
                } else if tag(rhs) == FLOAT {
                    let result = f64::from((*$pc).imm) - float(rhs);
                    write_slot(reg!($pc, $base, a), Value::float(result));
                    advance!($pc)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::IntDiv => {
                let rhs = reg!($pc, $base, b);
                let is_float = tag(rhs) == FLOAT;
                if is_float || tag(rhs) == INT && bits(rhs) != 0 {
                    let result = f64::from((*$pc).imm) / number!(rhs);
                    write_slot(reg!($pc, $base, a), Value::float(result));
                    advance!($pc)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::AddConst => arithmetic_const!($vm $pc $base, +, false),
            Opcode::SubConst => arithmetic_const!($vm $pc $base, -, false),
            Opcode::MulConst => arithmetic_const!($vm $pc $base, *, false),
            Opcode::DivConst => arithmetic_const!($vm $pc $base, /, false),
            Opcode::ConstSub => arithmetic_const!($vm $pc $base, -, true),
            Opcode::ConstDiv => arithmetic_const!($vm $pc $base, /, true),
            Opcode::AddFloats => arithmetic_floats!($pc $base, +),
            Opcode::SubFloats => arithmetic_floats!($pc $base, -),
            Opcode::MulFloats => arithmetic_floats!($pc $base, *),
            Opcode::DivFloats => arithmetic_floats!($pc $base, /),
            Opcode::FloorDiv => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                if tag(lhs) | tag(rhs) == INT {
                    divide!($pc $base, lhs, bits(rhs) as i64, div_euclid)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::Mod => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                if tag(lhs) | tag(rhs) == INT {
                    divide!($pc $base, lhs, bits(rhs) as i64, rem_euclid)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::FloorDivInt => {
                let lhs = reg!($pc, $base, b);
                if tag(lhs) == INT {
                    divide!($pc $base, lhs, i64::from((*$pc).imm), div_euclid)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::ModInt => {
                let lhs = reg!($pc, $base, b);
                if tag(lhs) == INT {
                    divide!($pc $base, lhs, i64::from((*$pc).imm), rem_euclid)
                }
                slow!(ops::arithmetic::binary)
            },
            Opcode::Pow => slow!(ops::arithmetic::binary),
            Opcode::Shl => shift!($pc $base, <<),
            Opcode::Shr => shift!($pc $base, >>),
            Opcode::ShlInt => shift_int!($pc $base, <<),
            Opcode::ShrInt => shift_int!($pc $base, >>),
            Opcode::BitAnd => bitwise!($pc $base, &),
            Opcode::BitOr => bitwise!($pc $base, |),
            Opcode::BitXor => bitwise!($pc $base, ^),
            Opcode::BitAndInt => bitwise_int!($pc $base, &),
            Opcode::BitOrInt => bitwise_int!($pc $base, |),
            Opcode::BitXorInt => bitwise_int!($pc $base, ^),
            Opcode::Neg => {
                let operand = reg!($pc, $base, b);
                if tag(operand) == FLOAT {
                    write_slot(reg!($pc, $base, a), Value::float(-float(operand)));
                    advance!($pc)
                }
                if tag(operand) == INT
                    && let Some(result) = (bits(operand) as i64).checked_neg()
                {
                    write_slot(reg!($pc, $base, a), Value::int(result));
                    advance!($pc)
                }
                slow!(ops::arithmetic::unary)
            },
            Opcode::BitNot => slow!(ops::arithmetic::unary),
            Opcode::Not => {
                let truth = (*reg!($pc, $base, b)).truthy();
                write_slot(reg!($pc, $base, a), Value::bool(!truth));
                advance!($pc)
            },

            // ---- comparison to a value
            Opcode::Eq => equal!($pc $base, true),
            Opcode::Ne => equal!($pc $base, false),
            Opcode::Lt => compare!($pc $base, <),
            Opcode::Le => compare!($pc $base, <=),
            Opcode::In => slow!(ops::compare::contains),
            Opcode::Is => slow!(ops::kind::is),
            Opcode::IsNamed => slow!(ops::kind::is_named),

            // ---- jumps
            Opcode::Jump => {
                $pc = $pc.offset((*$pc).imm as isize);
                next!()
            },
            Opcode::Loop => {
                burn!($vm);
                $pc = $pc.offset((*$pc).imm as isize);
                next!()
            },
            Opcode::JumpIf => jump_if!((*reg!($pc, $base, a)).truthy(), $pc),
            Opcode::JumpIfNot => jump_if!(!(*reg!($pc, $base, a)).truthy(), $pc),
            Opcode::JumpIfNull => jump_if!(tag(reg!($pc, $base, a)) == NULL, $pc),
            Opcode::JumpIfNotNull => jump_if!(tag(reg!($pc, $base, a)) != NULL, $pc),
            Opcode::JumpIfSet => jump_if!(tag(reg!($pc, $base, a)) != UNSET, $pc),
            Opcode::JumpIfEnd => jump_if!((*reg!($pc, $base, a)).is_end(), $pc),
            Opcode::JumpEq => equal_jump!($pc $base, true),
            Opcode::JumpNe => equal_jump!($pc $base, false),
            Opcode::JumpEqNull => null_jump!($pc $base, true),
            Opcode::JumpNeNull => null_jump!($pc $base, false),
            Opcode::JumpLt => compare_jump!($pc $base, [] <),
            Opcode::JumpNotLt => compare_jump!($pc $base, [!] <),
            Opcode::JumpLe => compare_jump!($pc $base, [] <=),
            Opcode::JumpNotLe => compare_jump!($pc $base, [!] <=),
            Opcode::JumpEqInt => compare_jump_int!($pc $base, [] ==),
            Opcode::JumpNeInt => compare_jump_int!($pc $base, [] !=),
            Opcode::JumpLtInt => compare_jump_int!($pc $base, [] <),
            Opcode::JumpNotLtInt => compare_jump_int!($pc $base, [!] <),
            Opcode::JumpLeInt => compare_jump_int!($pc $base, [] <=),
            Opcode::JumpNotLeInt => compare_jump_int!($pc $base, [!] <=),
            Opcode::JumpGtInt => compare_jump_int!($pc $base, [] >),
            Opcode::JumpNotGtInt => compare_jump_int!($pc $base, [!] >),
            Opcode::JumpGeInt => compare_jump_int!($pc $base, [] >=),
            Opcode::JumpNotGeInt => compare_jump_int!($pc $base, [!] >=),
            Opcode::JumpLtFloat => compare_jump_float!($pc $base, [] <),
            Opcode::JumpNotLtFloat => compare_jump_float!($pc $base, [!] <),
            Opcode::JumpLeFloat => compare_jump_float!($pc $base, [] <=),
            Opcode::JumpNotLeFloat => compare_jump_float!($pc $base, [!] <=),
            Opcode::JumpGtFloat => compare_jump_float!($pc $base, [] >),
            Opcode::JumpNotGtFloat => compare_jump_float!($pc $base, [!] >),
            Opcode::JumpGeFloat => compare_jump_float!($pc $base, [] >=),
            Opcode::JumpNotGeFloat => compare_jump_float!($pc $base, [!] >=),

            // ---- jumps back
            Opcode::LoopIf => {
                burn!($vm);
                jump_if!((*reg!($pc, $base, a)).truthy(), $pc)
            },
            Opcode::LoopNe => back!($vm, equal_jump!($pc $base, false)),
            Opcode::LoopLt => back!($vm, compare_jump!($pc $base, [] <)),
            Opcode::LoopLe => back!($vm, compare_jump!($pc $base, [] <=)),
            Opcode::LoopNeNull => back!($vm, null_jump!($pc $base, false)),
            Opcode::LoopNeInt => back!($vm, compare_jump_int!($pc $base, [] !=)),
            Opcode::LoopLtInt => back!($vm, compare_jump_int!($pc $base, [] <)),
            Opcode::LoopLeInt => back!($vm, compare_jump_int!($pc $base, [] <=)),
            Opcode::LoopGtInt => back!($vm, compare_jump_int!($pc $base, [] >)),
            Opcode::LoopGeInt => back!($vm, compare_jump_int!($pc $base, [] >=)),

            // ---- containers
            Opcode::Concat => slow!(ops::text::concat),
            Opcode::Format | Opcode::FormatBy => slow!(ops::text::format),
            Opcode::NewList => {
                let items = reg!($pc, $base, b);
                if let Some(list) = (*$vm).heap.list_at_hand(items, (*$pc).c as usize) {
                    write_slot(reg!($pc, $base, a), list);
                    advance!($pc)
                }
                slow!(ops::container::new_list)
            },
            Opcode::ListPush => slow!(ops::container::list_push),
            Opcode::ListExtend => slow!(ops::container::list_extend),
            Opcode::NewMap => slow!(ops::container::new_map),
            Opcode::MapPut => slow!(ops::container::map_put),
            Opcode::MapExtend => slow!(ops::container::map_extend),
            Opcode::NewRange => slow!(ops::container::new_range),
            Opcode::GetIndex => {
                let container = reg!($pc, $base, b);
                let index = reg!($pc, $base, c);
                if let Some(item) = item(container, index) {
                    copy_slot(reg!($pc, $base, a), item);
                    advance!($pc)
                }
                if let Some(Some(value)) = dense_entry(container, index) {
                    write_slot(reg!($pc, $base, a), value);
                    advance!($pc)
                }
                slow!(ops::index::get)
            },
            Opcode::GetIndexInt => {
                let container = reg!($pc, $base, b);
                if tag(container) == LIST {
                    let items = &list(container).items;
                    let index = i64::from((*$pc).imm) as u64;
                    if index < items.len() as u64 {
                        copy_slot(reg!($pc, $base, a), items.as_ptr().add(index as usize));
                        advance!($pc)
                    }
                }
                slow!(ops::index::get)
            },
            Opcode::GetIndexOrNull => slow!(ops::index::get_or_null),
            Opcode::SetIndex => {
                let container = reg!($pc, $base, a);
                let index = reg!($pc, $base, b);
                if let Some(item) = free_item(container, index) {
                    store!($vm $pc, item, reg!($pc, $base, c))
                }
                slow!(ops::index::set)
            },
            Opcode::SetEntry => {
                let (map, key) = (reg!($pc, $base, a), reg!($pc, $base, b));
                if tag(map) == MAP
                    && tag(key) == INT
                    && !is_watched($vm, reg!($pc, $base, c))
                    && let Some(place) = map_mut(map).place_dense(bits(key) as i64)
                {
                    copy_slot(place, reg!($pc, $base, c));
                    advance!($pc)
                }
                slow!(ops::index::set)
            },
            Opcode::SetIndexInt => {
                let container = reg!($pc, $base, a);
                if tag(container) == LIST {
                    let list = list_mut(container);
                    let index = i64::from((*$pc).imm) as u64;
                    if index < list.items.len() as u64 && !list.frozen {
                        let item = list.items.as_mut_ptr().add(index as usize);
                        store!($vm $pc, item, reg!($pc, $base, b))
                    }
                }
                slow!(ops::index::set)
            },
            Opcode::GetField => slow!(ops::field::get),
            Opcode::GetLength => {
                let object = reg!($pc, $base, b);
                if tag(object) == LIST {
                    let length = list(object).items.len();
                    write_slot(reg!($pc, $base, a), Value::int(length as i64));
                    advance!($pc)
                }
                slow!(ops::field::get)
            },
            Opcode::ReadBody => slow!(ops::call::read_body),
            Opcode::GetFieldCached => {
                let field = cached_field!($pc $base, slow!(ops::field::get));
                copy_slot(reg!($pc, $base, a), field);
                advance!($pc)
            },
            Opcode::GetFieldOrNull => slow!(ops::field::get_or_null),
            Opcode::SetField => slow!(ops::field::set),
            Opcode::SetFieldCached => {
                let object = reg!($pc, $base, a);
                if tag(object) == INSTANCE && shape(object) == (*$pc).imm as u32 {
                    store!($vm $pc, field(object, (*$pc).c), reg!($pc, $base, b))
                }
                slow!(ops::field::set)
            },
            Opcode::GetMethod => slow!(ops::field::get_method),

            // ---- calls
            Opcode::Call => {
                burn!($vm);
                call_closure!($vm $pc $base, plain_count, 0, plain_step);
                carry!(native::call, ops::call::call)
            },
            Opcode::CallAwait => {
                burn!($vm);
                call_closure!($vm $pc $base, await_count, AWAITED, await_step);
                quit!(leave::by_call, ops::call::call)
            },
            Opcode::CallKnown => call_known!($vm $pc $base, Opcode::CallKnown, plain_step),
            Opcode::CallKnownAwait => {
                call_known!($vm $pc $base, Opcode::CallKnownAwait, await_step)
            },
            Opcode::Invoke | Opcode::InvokeAwait => {
                burn!($vm);
                slow!(ops::invoke::invoke)
            },
            Opcode::InvokeCached => call_method!($vm $pc $base, plain_count, 0, plain_step),
            Opcode::InvokeAwaitCached => {
                call_method!($vm $pc $base, await_count, AWAITED, await_step)
            },
            Opcode::InvokeNative => {
                burn!($vm);
                slow!(ops::invoke::native)
            },
            Opcode::InvokePush => {
                burn!($vm);
                let window = reg!($pc, $base, a);
                if tag(window.add(1)) == LIST {
                    let list = list_mut(window.add(1));
                    let length = list.items.len();
                    let is_free = !list.frozen && !is_watched($vm, window.add(2));
                    if length < list.items.capacity() && is_free {
                        copy_slot(list.items.as_mut_ptr().add(length), window.add(2));
                        list.items.set_len(length + 1);
                        write_slot(window, Value::null());
                        advance!($pc)
                    }
                }
                slow!(ops::invoke::native)
            },
            Opcode::InvokePop => {
                burn!($vm);
                let window = reg!($pc, $base, a);
                if tag(window.add(1)) == LIST {
                    let list = list_mut(window.add(1));
                    let length = list.items.len();
                    if length > 0 && !list.frozen {
                        copy_slot(window, list.items.as_ptr().add(length - 1));
                        list.items.set_len(length - 1);
                        advance!($pc)
                    }
                }
                slow!(ops::invoke::native)
            },
            Opcode::InvokeGet => {
                burn!($vm);
                let window = reg!($pc, $base, a);
                if let Some(found) = dense_entry(window.add(1), window.add(2)) {
                    write_slot(window, found.unwrap_or_default());
                    advance!($pc)
                }
                slow!(ops::invoke::native)
            },
            Opcode::InvokeSqrt => {
                burn!($vm);
                let window = reg!($pc, $base, a);
                if tag(window.add(1)) == FLOAT {
                    write_slot(window, Value::float(float(window.add(1)).sqrt()));
                    advance!($pc)
                }
                slow!(ops::invoke::native)
            },
            Opcode::InvokeNativeAwait => {
                burn!($vm);
                quit!(leave::by_invoke, ops::invoke::invoke)
            },
            Opcode::CallSpread | Opcode::CallSpreadAwait => {
                burn!($vm);
                slow!(ops::call::call_spread)
            },
            Opcode::InvokeSpread | Opcode::InvokeSpreadAwait => {
                burn!($vm);
                slow!(ops::invoke::invoke_spread)
            },
            Opcode::Super | Opcode::SuperAwait => {
                burn!($vm);
                slow!(ops::invoke::super_call)
            },
            Opcode::SuperSpread | Opcode::SuperSpreadAwait => {
                burn!($vm);
                slow!(ops::invoke::super_spread)
            },
            Opcode::CallEither => {
                burn!($vm);
                if FrameWord(tag($base.sub(1))).flags() & AWAITED == 0 {
                    call_closure!($vm $pc $base, plain_count, 0, plain_step);
                }
                slow!(ops::call::call)
            },
            Opcode::Return => {
                leave!($vm $pc $base, header, copy_slot(header, reg!($pc, $base, a)))
            },
            Opcode::ReturnNull => leave!($vm $pc $base, header, write_slot(header, Value::null())),

            Opcode::GetSuper => slow!(ops::invoke::get_super),

            // ---- classes
            Opcode::Class => slow!(ops::class::class),
            Opcode::Enum => slow!(ops::enumeration::enumeration),
            Opcode::Statics => slow!(ops::class::statics),
            Opcode::NewVariant => slow!(ops::enumeration::new_variant),

            // ---- patterns
            Opcode::JumpNotList => slow!(ops::pattern::jump_not_list),
            Opcode::JumpNotMap => slow!(ops::pattern::jump_not_map),
            Opcode::TryKey => slow!(ops::pattern::try_key),
            Opcode::ListRest => slow!(ops::pattern::list_rest),
            Opcode::MapRest => slow!(ops::pattern::map_rest),
            Opcode::JumpNotVariant => slow!(ops::enumeration::jump_not_variant),
            Opcode::JumpNotCase => slow!(ops::enumeration::jump_not_case),
            Opcode::Payload => slow!(ops::enumeration::payload),
            Opcode::PayloadRest => slow!(ops::enumeration::payload_rest),
            Opcode::MatchError => rare!(ops::pattern::match_error),

            // ---- iteration
            Opcode::Iter => slow!(ops::iterate::iter),
            Opcode::Next => {
                burn!($vm);
                let state = reg!($pc, $base, a);
                if tag(state) == LIST {
                    let items = &list(state).items;
                    let index = bits(state.add(1));
                    if index >= items.len() as u64 {
                        advance!($pc)
                    }
                    let item = items.as_ptr().add(index as usize);
                    write_slot(state.add(1), Value::int(index as i64 + 1));
                    copy_slot(reg!($pc, $base, b), item);
                    $pc = $pc.offset((*$pc).imm as isize);
                    next!()
                }
                if tag(state) == GENERATOR {
                    slow!(ops::generator::next)
                }
                slow!(ops::iterate::next)
            },
            Opcode::NextPair => {
                burn!($vm);
                slow!(ops::iterate::next_pair)
            },
            Opcode::RangePrep => {
                let state = reg!($pc, $base, a);
                if tag(state) | tag(state.add(1)) == INT {
                    let (first, last) = (bits(state) as i64, bits(state.add(1)) as i64);
                    let is_inclusive = (*$pc).b != 0;
                    if first > last || first == last && !is_inclusive {
                        $pc = $pc.offset((*$pc).imm as isize);
                        next!()
                    }
                    // As an unsigned number the count always fits.
                    let left = last.wrapping_sub(first).wrapping_sub(i64::from(!is_inclusive));
                    set_bits(state.add(1), left as u64);
                    write_slot(state.add(2), Value::int(first));
                    advance!($pc)
                }
                slow!(ops::iterate::range_prep)
            },
            Opcode::RangeLoop => range_loop!($vm $pc $base),

            Opcode::AskOrder => {
                burn!($vm);
                let order = reg!($pc, $base, a);
                if tag(order) == INT
                    && let Some(sorting) = (*$vm).merging.get(reg!($pc, $base, b))
                    && let Some((earlier, later)) = merge_step(sorting, bits(order) as i64)
                {
                    copy_slot(order.add(1), earlier);
                    copy_slot(order.add(2), later);
                    $pc = $pc.offset((*$pc).imm as isize);
                    next!()
                }
                slow!(ops::sort::ask)
            },
            Opcode::EndIter => {
                if tag(reg!($pc, $base, a)) == GENERATOR {
                    slow!(ops::generator::end_iteration)
                }
                advance!($pc)
            },

            // ---- generators
            Opcode::Generator => slow!(ops::generator::generator),
            Opcode::Yield => slow!(ops::generator::yield_value),

            // ---- errors and clean-ups
            Opcode::Throw => rare!(ops::error::throw),
            Opcode::AssertFail => rare!(ops::error::assert_fail),
            Opcode::Pending => slow!(ops::error::pending),
            Opcode::PendingNone => {
                write_slot(reg!($pc, $base, a), Value::null());
                advance!($pc)
            },
            Opcode::EndCleanup => slow!(ops::error::end_cleanup),

            // ---- tasks
            Opcode::AwaitValue => {
                let object = reg!($pc, $base, b);
                if tag(object) == OBJECT && (*$vm).at_once > 1 {
                    let cell = (*object).address::<Header>();
                    let slot = (*cell).word();
                    if slot != 0 {
                        (*$vm).at_once -= 1;
                        let kept = cell.byte_add(slot as usize).cast::<Value>();
                        copy_slot(reg!($pc, $base, a), kept);
                        advance!($pc)
                    }
                }
                slow!(ops::task::await_value)
            },
            Opcode::AwaitResult => {
                if (*reg!($pc, $base, a)).is(Kind::Object) {
                    slow!(ops::task::await_result)
                }
                advance!($pc)
            },
            Opcode::Spawn => halt!($vm $pc $base, Left::Spawn),
            Opcode::SpawnSpread => slow!(ops::task::spawn_spread),
            Opcode::ProgramScope => slow!(ops::task::program_scope),
            Opcode::ScopeEnter => halt!($vm $pc $base, Left::Scope),
            Opcode::ScopeJoin => halt!($vm $pc $base, Left::Leave),
            Opcode::ScopeAbsorb => slow!(ops::task::scope_absorb),
            Opcode::ScopeEnd => slow!(ops::task::scope_end),
            Opcode::Select => slow!(ops::task::select),

            // ---- pairs
            Opcode::MoveMove => {
                copy_slot(reg!($pc, $base, a), reg!($pc, $base, b));
                $pc = $pc.add(1);
                copy_slot(reg!($pc, $base, a), reg!($pc, $base, b));
                advance!($pc)
            },
            Opcode::MoveRangeLoop => {
                copy_slot(reg!($pc, $base, a), reg!($pc, $base, b));
                $pc = $pc.add(1);
                range_loop!($vm $pc $base)
            },
            Opcode::AddReturn => {
                let (kind, payload) = combine!($pc $base, checked_add, +, Add);
                return_words!($pc $base, kind, payload)
            },
            Opcode::SubReturn => {
                let (kind, payload) = combine!($pc $base, checked_sub, -, Sub);
                return_words!($pc $base, kind, payload)
            },
            Opcode::AddRangeLoop => {
                combine_into!($pc $base, checked_add, +, Add);
                range_loop!($vm $pc $base)
            },
            Opcode::MulAdd => {
                product!($pc $base, b, |product, other| other + product);
                next!()
            },
            Opcode::MulAddTo => {
                product!($pc $base, c, |product, other| product + other);
                next!()
            },
            Opcode::MulAddRangeLoop => {
                product!($pc $base, b, |product, other| other + product);
                range_loop!($vm $pc $base)
            },
            Opcode::MulSub => {
                product!($pc $base, b, |product, other| other - product);
                next!()
            },
            Opcode::MulMul => {
                product!($pc $base, c, |product, other| product * other);
                next!()
            },
            Opcode::AddIntCall => {
                combine_int!($pc $base, checked_add, AddInt);
                call_known!($vm $pc $base, Opcode::CallKnown, plain_step)
            },
            Opcode::SubIntCall => {
                combine_int!($pc $base, checked_sub, SubInt);
                call_known!($vm $pc $base, Opcode::CallKnown, plain_step)
            },
            Opcode::AddIntRangeLoop => {
                combine_int!($pc $base, checked_add, AddInt);
                range_loop!($vm $pc $base)
            },
            Opcode::AddIntLoop => {
                combine_int!($pc $base, checked_add, AddInt);
                burn!($vm);
                $pc = $pc.offset((*$pc).imm as isize);
                next!()
            },
            Opcode::AddIntLoopLt => {
                combine_int!($pc $base, checked_add, AddInt);
                back!($vm, compare_jump!($pc $base, [] <))
            },
            Opcode::SubIntLoopLt => {
                combine_int!($pc $base, checked_sub, SubInt);
                back!($vm, compare_jump!($pc $base, [] <))
            },
            Opcode::AddIntSubIntLoopLt => {
                let (low, high) = (reg!($pc, $base, a), $base.add((*$pc.add(1)).a as usize));
                let Some((up, down)) = steps($pc, low, high) else {
                    take_apart!($pc, AddInt)
                };
                set_bits(low, up as u64);
                set_bits(high, down as u64);
                $pc = $pc.add(2);
                burn!($vm);
                jump_if!(up < down, $pc)
            },
            Opcode::LtIntReturn => {
                let lhs = reg!($pc, $base, a);
                if tag(lhs) != INT {
                    take_apart!($pc, JumpNotLtInt)
                }
                if bits(lhs) as i64 >= small($pc) {
                    $pc = $pc.offset((*$pc).imm as isize);
                    next!()
                }
                $pc = $pc.add(1);
                leave!($vm $pc $base, header, copy_slot(header, reg!($pc, $base, a)))
            },
            Opcode::GetIndexGetIndex => {
                get_first!($pc $base);
                if let Some(item) = item(reg!($pc, $base, b), reg!($pc, $base, c)) {
                    copy_slot(reg!($pc, $base, a), item);
                    advance!($pc)
                }
                next!()
            },
            Opcode::GetIndexSetIndex => {
                copy_item!($vm $pc $base);
                next!()
            },
            Opcode::GetIndexSetIndexRangeLoop => {
                copy_item!($vm $pc $base);
                range_loop!($vm $pc $base)
            },
            Opcode::SwapIndex => {
                let (at, other_at) = (reg!($pc, $base, c), $base.add((*$pc.add(1)).c as usize));
                // What a marking collector has to be told of is stored by the single instructions.
                if let Some((item, other_item)) = free_items(reg!($pc, $base, b), at, other_at)
                    && !(*$vm).heap.is_marking()
                {
                    let value = read_slot(item);
                    write_slot(reg!($pc, $base, a), value);
                    let other = read_slot(other_item);
                    write_slot(item, other);
                    write_slot(other_item, value);
                    $pc = $pc.add(1);
                    write_slot(reg!($pc, $base, a), other);
                    $pc = $pc.add(3);
                    next!()
                }
                get_first!($pc $base);
                next!()
            },
            Opcode::GetIndexJumpIfNot => {
                let value = get_first!($pc $base);
                jump_if!(!value.truthy(), $pc)
            },
            Opcode::GetIndexJumpNeInt => {
                let value = get_first!($pc $base);
                if let Some(number) = value.as_int() {
                    jump_if!(number != small($pc), $pc)
                }
                next!()
            },
            Opcode::SetIndexSetIndex => {
                set_first!($vm $pc $base);
                set_second!($vm $pc $base)
            },
            Opcode::SetIndexRangeLoop => {
                set_first!($vm $pc $base);
                range_loop!($vm $pc $base)
            },
            Opcode::GetFieldGetField => {
                let field = cached_field!($pc $base, take_apart!($pc, GetFieldCached));
                copy_slot(reg!($pc, $base, a), field);
                $pc = $pc.add(1);
                let field = cached_field!($pc $base, next!());
                copy_slot(reg!($pc, $base, a), field);
                advance!($pc)
            },
            Opcode::GetFieldReturn => {
                let field = cached_field!($pc $base, take_apart!($pc, GetFieldCached));
                return_words!($pc $base, tag(field), bits(field))
            },
            Opcode::UpvalueReturn => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                let (kind, payload) = (tag(content(cell)), bits(content(cell)));
                if kind == UNSET {
                    take_apart!($pc, GetUpvalueCell)
                }
                return_words!($pc $base, kind, payload)
            },
            Opcode::AddUpvalue => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                let (lhs, rhs) = (content(cell), $base.add((*$pc.add(1)).c as usize));
                if tag(lhs) | tag(rhs) == INT
                    && let Some(sum) = (bits(lhs) as i64).checked_add(bits(rhs) as i64)
                {
                    add_upvalue!($pc $base, cell, INT, sum as u64)
                }
                if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
                    add_upvalue!($pc $base, cell, FLOAT, (float(lhs) + float(rhs)).to_bits())
                }
                take_apart!($pc, GetUpvalueCell)
            },
            Opcode::AddIntUpvalue => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                let (lhs, rhs) = (content(cell), i64::from((*$pc.add(1)).imm));
                if tag(lhs) == INT
                    && let Some(sum) = (bits(lhs) as i64).checked_add(rhs)
                {
                    add_upvalue!($pc $base, cell, INT, sum as u64)
                }
                take_apart!($pc, GetUpvalueCell)
            },
        }
    };
}
