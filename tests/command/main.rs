//! The `kettle` command from outside: its words and exit statuses, the examples, the docs.

mod check;
mod cli;
mod docs;
mod examples;
mod gc_stats;
mod library;
mod load;
mod manual;
mod operating;
mod peer;
mod process;
mod profile;
mod programs;
mod rules;
mod serving;
mod signal;
mod terminal;
mod test;
mod test_failure;
mod test_interrupt;
mod test_record;
mod test_snapshot;
