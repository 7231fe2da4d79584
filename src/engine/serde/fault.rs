//! What is wrong with a value that crosses by serde, and where in it.

use std::fmt;

/// A message, and the way to what it is about, innermost step first.
#[derive(Debug)]
pub struct Fault {
    message: String,
    path: Vec<Step>,
}

/// A step into a value.
#[derive(Debug)]
pub enum Step {
    /// A member of a map.
    Name(String),
    /// An element of a list.
    Index(usize),
}

impl Fault {
    /// Something is wrong.
    pub fn new(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), path: Vec::new() }
    }

    /// It is wrong behind this step.
    pub fn behind(mut self, step: Step) -> Fault {
        self.path.push(step);
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.path.iter().rev().enumerate() {
            match step {
                Step::Name(name) if index == 0 => f.write_str(name)?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl serde::ser::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault::new(message.to_string())
    }
}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault::new(message.to_string())
    }
}
