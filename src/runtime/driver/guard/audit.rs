//! Telling the host what its programs do, and what they were refused.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::permission::Right;

/// One thing that a program has asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// The time of day, since 1970 (UTC), at the beginning of that turn of the loop.
    pub at: Duration,
    /// What it takes.
    pub right: Right,
    /// The path, address, name or program.
    pub what: String,
    /// Whether it was allowed.
    pub allowed: bool,
}

impl AuditEntry {
    /// The entry as a line of JSON, without the end of the line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let nanos = i128::try_from(self.at.as_nanos()).unwrap_or(i128::MAX);
        let time = Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX);
        let what = serde_json::Value::from(self.what.as_str());
        format!(
            r#"{{"time":"{time:.3}","right":"{}","what":{what},"allowed":{}}}"#,
            self.right.name(),
            self.allowed
        )
    }
}

/// Is called for each thing that a VM is about to do, from the threads that do it.
#[derive(Clone)]
pub struct AuditHook(Arc<dyn Fn(&AuditEntry) + Send + Sync>);

impl AuditHook {
    /// A hook that calls this.
    pub fn new(hook: impl Fn(&AuditEntry) + Send + Sync + 'static) -> AuditHook {
        AuditHook(Arc::new(hook))
    }

    pub(super) fn tell(&self, entry: &AuditEntry) {
        (self.0)(entry);
    }
}

impl fmt::Debug for AuditHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditHook")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_line_of_json() {
        let entry = AuditEntry {
            at: Duration::from_millis(1_767_225_600_250),
            right: Right::FsRead,
            what: "/a \"b\"".to_owned(),
            allowed: false,
        };
        let expected = r#"{"time":"2026-01-01T00:00:00.250Z","right":"fs_read","what":"/a \"b\"","allowed":false}"#;
        assert_eq!(entry.to_json(), expected);
    }
}
