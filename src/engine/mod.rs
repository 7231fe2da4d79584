//! Layer 8: the host API.
