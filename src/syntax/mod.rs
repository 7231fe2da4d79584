//! Layer 2: source text to syntax tree: lexer, layout, generated parser, validation.

pub mod ast;

pub use ast::Module;
