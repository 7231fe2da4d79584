//! Layer 4: resolver, register allocation, emission.
