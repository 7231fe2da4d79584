//! The console without a terminal: transcripts of sessions, and what hosts do with the API.

mod host;
mod memory;
mod transcript;
