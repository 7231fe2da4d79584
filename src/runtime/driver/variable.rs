//! Environment variables, as the program has changed them.
//!
//! The environment of the process itself is never changed: other threads may be reading it. A program
//! sees its changes, and so do the programs that it starts.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The environment of this process.
#[must_use]
pub fn environment() -> BTreeMap<OsString, OsString> {
    std::env::vars_os().collect()
}

/// What a program has set (or taken out) on top of the environment it was given.
#[derive(Debug, Default)]
pub(super) struct Variables {
    changed: BTreeMap<OsString, Option<OsString>>,
}

impl Variables {
    /// The change of a variable, if there is one.
    pub(super) fn get(&self, name: &str) -> Option<&Option<OsString>> {
        self.changed.get(&OsString::from(name))
    }

    pub(super) fn set(&mut self, name: &str, value: Option<&str>) {
        self.changed.insert(name.into(), value.map(OsString::from));
    }

    /// `given` with the changes.
    pub(super) fn over(
        &self,
        given: impl Iterator<Item = (OsString, OsString)>,
    ) -> BTreeMap<OsString, OsString> {
        let mut all: BTreeMap<OsString, OsString> = given.collect();
        for (name, value) in &self.changed {
            match value {
                Some(value) => all.insert(name.clone(), value.clone()),
                None => all.remove(name),
            };
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_lie_over_what_was_given() {
        let mut variables = Variables::default();
        variables.set("A", Some("new"));
        variables.set("B", None);
        let given = [("A", "old"), ("B", "x"), ("C", "y")];
        let all = variables.over(given.iter().map(|(name, value)| (name.into(), value.into())));
        let expected = [("A", "new"), ("C", "y")];
        assert!(
            all.iter()
                .map(|(n, v)| (n.to_str(), v.to_str()))
                .eq(expected.map(|(n, v)| (Some(n), Some(v))))
        );
        assert_eq!(variables.get("B"), Some(&None));
        assert_eq!(variables.get("C"), None);
    }
}
