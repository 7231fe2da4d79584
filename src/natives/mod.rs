//! Layer 7: methods of the core types and native modules.
