//! Layer 5: values, heap, stacks, dispatch, calls, unwinding, budget.
