//! Layer 5: values, heap, stacks, dispatch, calls, unwinding, budget.

pub mod heap;
pub mod map;
pub mod object;
pub mod value;
