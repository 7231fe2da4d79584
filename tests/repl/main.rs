//! `kettle` alone on a terminal: a real pseudo-terminal, and a person in a hurry.

#![cfg(target_os = "linux")]

mod attach;
mod edit;
mod end;
mod guide;
mod interrupt;
mod output;
mod pipe;
mod screen;
mod terminal;
