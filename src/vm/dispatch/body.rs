//! What every opcode does: the fast path here, all else in `ops/`.
//!
//! `instruction!(op, vm, pc, base, next, slow, rare)` is one `match` over the opcodes without a
//! wildcard. `next!()` goes on with the instruction at `pc`; `slow!(f)` hands the instruction to a
//! function; `rare!(f)` does the same and is laid out of the way. An arm reads its operands through
//! `pc`, writes registers as two words, moves `pc` and ends in one of the three.

macro_rules! instruction {
    ($op:expr, $vm:ident, $pc:ident, $base:ident, $next:ident, $slow:ident, $rare:ident) => {
        match $op {
            // ---- moves
            Opcode::Nop => advance!($pc, $next),
            Opcode::Move => {
                copy_slot(reg!($pc, $base, a), reg!($pc, $base, b));
                advance!($pc, $next)
            }
            Opcode::LoadInt => {
                write_slot(reg!($pc, $base, a), Value::int(i64::from((*$pc).imm)));
                advance!($pc, $next)
            }
            Opcode::LoadConst => {
                let constant = (*$vm).constants.as_ptr().add((*$pc).imm as usize);
                copy_slot(reg!($pc, $base, a), constant);
                advance!($pc, $next)
            }
            Opcode::LoadNull => {
                write_slot(reg!($pc, $base, a), Value::null());
                advance!($pc, $next)
            }
            Opcode::LoadBool => {
                write_slot(reg!($pc, $base, a), Value::bool((*$pc).b != 0));
                advance!($pc, $next)
            }
            Opcode::LoadUnset => {
                write_slot(reg!($pc, $base, a), Value::unset());
                advance!($pc, $next)
            }
            Opcode::LoadEnd => {
                write_slot(reg!($pc, $base, a), Value::end());
                advance!($pc, $next)
            }
            Opcode::GetSlot => {
                let slot = (*$vm).slots.as_ptr().add((*$pc).imm as usize);
                copy_slot(reg!($pc, $base, a), slot);
                advance!($pc, $next)
            }
            Opcode::GetSlotChecked => {
                let slot = (*$vm).slots.as_ptr().add((*$pc).imm as usize);
                if tag(slot) == UNSET {
                    $rare!(ops::variable::unset_slot)
                }
                copy_slot(reg!($pc, $base, a), slot);
                advance!($pc, $next)
            }
            Opcode::SetSlot => {
                let slot = (*$vm).slots.as_mut_ptr().add((*$pc).imm as usize);
                copy_slot(slot, reg!($pc, $base, a));
                advance!($pc, $next)
            }
            Opcode::GetUpvalue => {
                let upvalue = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                copy_slot(reg!($pc, $base, a), upvalue);
                advance!($pc, $next)
            }
            Opcode::GetUpvalueCell => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                if tag(content(cell)) == UNSET {
                    $rare!(ops::variable::unset_variable)
                }
                copy_slot(reg!($pc, $base, a), content(cell));
                advance!($pc, $next)
            }
            Opcode::SetUpvalueCell => {
                let cell = upvalues(reg!($pc, $base, c)).add((*$pc).b as usize);
                (*$vm).heap.write_barrier(*cell);
                copy_slot(content(cell), reg!($pc, $base, a));
                advance!($pc, $next)
            }
            Opcode::NewCell | Opcode::NewCellUnset => $slow!(ops::variable::new_cell),
            Opcode::GetCell => {
                let cell = reg!($pc, $base, b);
                if tag(content(cell)) == UNSET {
                    $rare!(ops::variable::unset_variable)
                }
                copy_slot(reg!($pc, $base, a), content(cell));
                advance!($pc, $next)
            }
            Opcode::SetCell => {
                let cell = reg!($pc, $base, a);
                (*$vm).heap.write_barrier(*cell);
                copy_slot(content(cell), reg!($pc, $base, b));
                advance!($pc, $next)
            }
            Opcode::Closure => $slow!(ops::variable::closure),

            // ---- arithmetic
            Opcode::Add => arithmetic!($vm $pc $base $next $slow, checked_add, +),
            Opcode::Sub => arithmetic!($vm $pc $base $next $slow, checked_sub, -),
            Opcode::Mul => arithmetic!($vm $pc $base $next $slow, checked_mul, *),
            Opcode::AddInt => arithmetic_int!($vm $pc $base $next $slow, checked_add, +),
            Opcode::SubInt => arithmetic_int!($vm $pc $base $next $slow, checked_sub, -),
            Opcode::MulInt => arithmetic_int!($vm $pc $base $next $slow, checked_mul, *),
            Opcode::Div => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                if tag(lhs) == FLOAT && tag(rhs) == FLOAT {
                    write_slot(reg!($pc, $base, a), Value::float(float(lhs) / float(rhs)));
                    advance!($pc, $next)
                }
                $slow!(ops::arithmetic::binary)
            }
            Opcode::FloorDiv => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                if tag(lhs) | tag(rhs) == INT {
                    divide!($pc $base $next $slow, lhs, bits(rhs) as i64, div_euclid)
                }
                $slow!(ops::arithmetic::binary)
            }
            Opcode::Mod => {
                let lhs = reg!($pc, $base, b);
                let rhs = reg!($pc, $base, c);
                if tag(lhs) | tag(rhs) == INT {
                    divide!($pc $base $next $slow, lhs, bits(rhs) as i64, rem_euclid)
                }
                $slow!(ops::arithmetic::binary)
            }
            Opcode::FloorDivInt => {
                let lhs = reg!($pc, $base, b);
                if tag(lhs) == INT {
                    divide!($pc $base $next $slow, lhs, i64::from((*$pc).imm), div_euclid)
                }
                $slow!(ops::arithmetic::binary)
            }
            Opcode::ModInt => {
                let lhs = reg!($pc, $base, b);
                if tag(lhs) == INT {
                    divide!($pc $base $next $slow, lhs, i64::from((*$pc).imm), rem_euclid)
                }
                $slow!(ops::arithmetic::binary)
            }
            Opcode::Pow | Opcode::Shl | Opcode::Shr => $slow!(ops::arithmetic::binary),
            Opcode::BitAnd => bitwise!($pc $base $next $slow, &),
            Opcode::BitOr => bitwise!($pc $base $next $slow, |),
            Opcode::BitXor => bitwise!($pc $base $next $slow, ^),
            Opcode::Neg | Opcode::BitNot => $slow!(ops::arithmetic::unary),
            Opcode::Not => {
                let truth = (*reg!($pc, $base, b)).truthy();
                write_slot(reg!($pc, $base, a), Value::bool(!truth));
                advance!($pc, $next)
            }

            // ---- comparison to a value
            Opcode::Eq => compare!($pc $base $next $slow, ==),
            Opcode::Ne => compare!($pc $base $next $slow, !=),
            Opcode::Lt => compare!($pc $base $next $slow, <),
            Opcode::Le => compare!($pc $base $next $slow, <=),
            Opcode::In => $slow!(ops::compare::contains),
            Opcode::Is => $slow!(ops::kind::is),
            Opcode::IsNamed => $slow!(ops::kind::is_named),

            // ---- jumps
            Opcode::Jump => {
                $pc = $pc.offset((*$pc).imm as isize);
                $next!()
            }
            Opcode::Loop => {
                burn!($vm, $rare);
                $pc = $pc.offset((*$pc).imm as isize);
                $next!()
            }
            Opcode::JumpIf => jump_if!((*reg!($pc, $base, a)).truthy(), $pc, $next),
            Opcode::JumpIfNot => jump_if!(!(*reg!($pc, $base, a)).truthy(), $pc, $next),
            Opcode::JumpIfNull => jump_if!(tag(reg!($pc, $base, a)) == NULL, $pc, $next),
            Opcode::JumpIfNotNull => jump_if!(tag(reg!($pc, $base, a)) != NULL, $pc, $next),
            Opcode::JumpIfSet => jump_if!(tag(reg!($pc, $base, a)) != UNSET, $pc, $next),
            Opcode::JumpIfEnd => jump_if!((*reg!($pc, $base, a)).is_end(), $pc, $next),
            Opcode::JumpEq => compare_jump!($pc $base $next $slow, [] ==),
            Opcode::JumpNe => compare_jump!($pc $base $next $slow, [] !=),
            Opcode::JumpLt => compare_jump!($pc $base $next $slow, [] <),
            Opcode::JumpNotLt => compare_jump!($pc $base $next $slow, [!] <),
            Opcode::JumpLe => compare_jump!($pc $base $next $slow, [] <=),
            Opcode::JumpNotLe => compare_jump!($pc $base $next $slow, [!] <=),
            Opcode::JumpEqInt => compare_jump_int!($pc $base $next $slow, [] ==),
            Opcode::JumpNeInt => compare_jump_int!($pc $base $next $slow, [] !=),
            Opcode::JumpLtInt => compare_jump_int!($pc $base $next $slow, [] <),
            Opcode::JumpNotLtInt => compare_jump_int!($pc $base $next $slow, [!] <),
            Opcode::JumpLeInt => compare_jump_int!($pc $base $next $slow, [] <=),
            Opcode::JumpNotLeInt => compare_jump_int!($pc $base $next $slow, [!] <=),
            Opcode::JumpGtInt => compare_jump_int!($pc $base $next $slow, [] >),
            Opcode::JumpNotGtInt => compare_jump_int!($pc $base $next $slow, [!] >),
            Opcode::JumpGeInt => compare_jump_int!($pc $base $next $slow, [] >=),
            Opcode::JumpNotGeInt => compare_jump_int!($pc $base $next $slow, [!] >=),

            // ---- containers
            Opcode::Concat => $slow!(ops::text::concat),
            Opcode::Format | Opcode::FormatBy => $slow!(ops::text::format),
            Opcode::NewList => $slow!(ops::container::new_list),
            Opcode::ListPush => $slow!(ops::container::list_push),
            Opcode::ListExtend => $slow!(ops::container::list_extend),
            Opcode::NewMap => $slow!(ops::container::new_map),
            Opcode::MapPut => $slow!(ops::container::map_put),
            Opcode::MapExtend => $slow!(ops::container::map_extend),
            Opcode::NewRange => $slow!(ops::container::new_range),
            Opcode::GetIndex => {
                let container = reg!($pc, $base, b);
                let index = reg!($pc, $base, c);
                if tag(container) == LIST && tag(index) == INT {
                    let items = &list(container).items;
                    if bits(index) < items.len() as u64 {
                        let item = items.as_ptr().add(bits(index) as usize);
                        copy_slot(reg!($pc, $base, a), item);
                        advance!($pc, $next)
                    }
                }
                $slow!(ops::index::get)
            }
            Opcode::GetIndexInt => {
                let container = reg!($pc, $base, b);
                if tag(container) == LIST {
                    let items = &list(container).items;
                    let index = i64::from((*$pc).imm) as u64;
                    if index < items.len() as u64 {
                        copy_slot(reg!($pc, $base, a), items.as_ptr().add(index as usize));
                        advance!($pc, $next)
                    }
                }
                $slow!(ops::index::get)
            }
            Opcode::GetIndexOrNull => $slow!(ops::index::get_or_null),
            Opcode::SetIndex => {
                let container = reg!($pc, $base, a);
                let index = reg!($pc, $base, b);
                if tag(container) == LIST && tag(index) == INT {
                    let list = list_mut(container);
                    if bits(index) < list.items.len() as u64 && !list.frozen {
                        (*$vm).heap.write_barrier(*container);
                        let item = list.items.as_mut_ptr().add(bits(index) as usize);
                        copy_slot(item, reg!($pc, $base, c));
                        advance!($pc, $next)
                    }
                }
                $slow!(ops::index::set)
            }
            Opcode::GetField => $slow!(ops::field::get),
            Opcode::GetFieldCached => {
                let object = reg!($pc, $base, b);
                if tag(object) == INSTANCE && shape(object) == (*$pc).imm as u32 {
                    copy_slot(reg!($pc, $base, a), field(object, (*$pc).c));
                    advance!($pc, $next)
                }
                $slow!(ops::field::get)
            }
            Opcode::GetFieldOrNull => $slow!(ops::field::get_or_null),
            Opcode::SetField => $slow!(ops::field::set),
            Opcode::SetFieldCached => {
                let object = reg!($pc, $base, a);
                if tag(object) == INSTANCE && shape(object) == (*$pc).imm as u32 {
                    (*$vm).heap.write_barrier(*object);
                    copy_slot(field(object, (*$pc).c), reg!($pc, $base, b));
                    advance!($pc, $next)
                }
                $slow!(ops::field::set)
            }
            Opcode::GetMethod => $slow!(ops::field::get_method),

            // ---- calls
            Opcode::Call => {
                call_closure!($vm $pc $base $next $slow $rare, plain_count, 0, false)
            }
            Opcode::CallAwait => {
                call_closure!($vm $pc $base $next $slow $rare, await_count, AWAITED, true)
            }
            Opcode::CallKnown => {
                burn!($vm, $rare);
                let number = (*$pc).imm as u32;
                let function = (*$vm).functions.as_ptr().add(number as usize);
                let window = reg!($pc, $base, a);
                enter!($vm $pc $base $next $rare, window, number, function, 0, 1,
                    ops::call::call_known)
            }
            Opcode::CallKnownAwait => {
                burn!($vm, $rare);
                let number = (*$pc).imm as u32;
                let function = (*$vm).functions.as_ptr().add(number as usize);
                let window = reg!($pc, $base, a);
                let step = (*function).await_step as usize;
                enter!($vm $pc $base $next $rare, window, number, function, AWAITED, step,
                    ops::call::call_known)
            }
            Opcode::Invoke | Opcode::InvokeAwait => {
                burn!($vm, $rare);
                $slow!(ops::invoke::invoke)
            }
            Opcode::InvokeCached => {
                call_method!($vm $pc $base $next $slow $rare, plain_count, 0, false)
            }
            Opcode::InvokeAwaitCached => {
                call_method!($vm $pc $base $next $slow $rare, await_count, AWAITED, true)
            }
            Opcode::InvokeNative => {
                burn!($vm, $rare);
                $slow!(ops::invoke::native)
            }
            Opcode::CallSpread | Opcode::CallSpreadAwait => {
                burn!($vm, $rare);
                $slow!(ops::call::call_spread)
            }
            Opcode::InvokeSpread | Opcode::InvokeSpreadAwait => {
                burn!($vm, $rare);
                $slow!(ops::invoke::invoke_spread)
            }
            Opcode::Super | Opcode::SuperAwait => {
                burn!($vm, $rare);
                $slow!(ops::invoke::super_call)
            }
            Opcode::SuperSpread | Opcode::SuperSpreadAwait => {
                burn!($vm, $rare);
                $slow!(ops::invoke::super_spread)
            }
            Opcode::CallEither => {
                burn!($vm, $rare);
                $slow!(ops::call::call)
            }
            Opcode::Return => {
                let header = $base.sub(1);
                let word = FrameWord(tag(header));
                if word.0 & SPECIAL != 0 {
                    $slow!(ops::call::special_return)
                }
                let result = reg!($pc, $base, a);
                $pc = std::ptr::with_exposed_provenance(bits(header) as usize);
                $base = $base.byte_sub(word.distance());
                copy_slot(header, result);
                $next!()
            }
            Opcode::ReturnNull => {
                let header = $base.sub(1);
                let word = FrameWord(tag(header));
                if word.0 & SPECIAL != 0 {
                    $slow!(ops::call::special_return)
                }
                $pc = std::ptr::with_exposed_provenance(bits(header) as usize);
                $base = $base.byte_sub(word.distance());
                write_slot(header, Value::null());
                $next!()
            }

            Opcode::GetSuper => $slow!(ops::invoke::get_super),

            // ---- classes
            Opcode::Class => $slow!(ops::class::class),
            Opcode::Enum => $slow!(ops::enumeration::enumeration),
            Opcode::Statics => $slow!(ops::class::statics),
            Opcode::NewVariant => $slow!(ops::enumeration::new_variant),

            // ---- patterns
            Opcode::JumpNotList => $slow!(ops::pattern::jump_not_list),
            Opcode::JumpNotMap => $slow!(ops::pattern::jump_not_map),
            Opcode::TryKey => $slow!(ops::pattern::try_key),
            Opcode::ListRest => $slow!(ops::pattern::list_rest),
            Opcode::MapRest => $slow!(ops::pattern::map_rest),
            Opcode::JumpNotVariant => $slow!(ops::enumeration::jump_not_variant),
            Opcode::JumpNotCase => $slow!(ops::enumeration::jump_not_case),
            Opcode::Payload => $slow!(ops::enumeration::payload),
            Opcode::PayloadRest => $slow!(ops::enumeration::payload_rest),
            Opcode::MatchError => $rare!(ops::pattern::match_error),

            // ---- iteration
            Opcode::Iter => $slow!(ops::iterate::iter),
            Opcode::Next => {
                burn!($vm, $rare);
                let state = reg!($pc, $base, a);
                if tag(state) == LIST {
                    let items = &list(state).items;
                    let index = bits(state.add(1));
                    if index >= items.len() as u64 {
                        advance!($pc, $next)
                    }
                    let item = items.as_ptr().add(index as usize);
                    write_slot(state.add(1), Value::int(index as i64 + 1));
                    copy_slot(reg!($pc, $base, b), item);
                    $pc = $pc.offset((*$pc).imm as isize);
                    $next!()
                }
                if tag(state) == GENERATOR {
                    $slow!(ops::generator::next)
                }
                $slow!(ops::iterate::next)
            }
            Opcode::NextPair => {
                burn!($vm, $rare);
                $slow!(ops::iterate::next_pair)
            }
            Opcode::RangePrep => $slow!(ops::iterate::range_prep),
            Opcode::RangeLoop => {
                burn!($vm, $rare);
                let state = reg!($pc, $base, a);
                let left = bits(state.add(1));
                if left == 0 {
                    advance!($pc, $next)
                }
                let number = (bits(state) as i64).wrapping_add(1);
                write_slot(state, Value::int(number));
                write_slot(state.add(1), Value::int(left as i64 - 1));
                write_slot(state.add(2), Value::int(number));
                $pc = $pc.offset((*$pc).imm as isize);
                $next!()
            }

            Opcode::EndIter => {
                if tag(reg!($pc, $base, a)) == GENERATOR {
                    $slow!(ops::generator::end_iteration)
                }
                advance!($pc, $next)
            }

            // ---- generators
            Opcode::Generator => $slow!(ops::generator::generator),
            Opcode::Yield => $slow!(ops::generator::yield_value),

            // ---- errors and clean-ups
            Opcode::Throw => $rare!(ops::error::throw),
            Opcode::AssertFail => $rare!(ops::error::assert_fail),
            Opcode::Pending => $slow!(ops::error::pending),
            Opcode::PendingNone => {
                write_slot(reg!($pc, $base, a), Value::null());
                advance!($pc, $next)
            }
            Opcode::EndCleanup => $slow!(ops::error::end_cleanup),

            // ---- tasks
            Opcode::AwaitValue => $slow!(ops::task::await_value),
            Opcode::AwaitResult => {
                if (*reg!($pc, $base, a)).is(Kind::Object) {
                    $slow!(ops::task::await_result)
                }
                advance!($pc, $next)
            }
            Opcode::Spawn => $slow!(ops::task::spawn),
            Opcode::SpawnSpread => $slow!(ops::task::spawn_spread),
            Opcode::ProgramScope => $slow!(ops::task::program_scope),
            Opcode::ScopeEnter => $slow!(ops::task::scope_enter),
            Opcode::ScopeJoin => $slow!(ops::task::scope_join),
            Opcode::ScopeAbsorb => $slow!(ops::task::scope_absorb),
            Opcode::ScopeEnd => $slow!(ops::task::scope_end),
            Opcode::Select => $slow!(ops::task::select),
        }
    };
}
