//! `--max-memory`, `--max-time` and their like: what a program may use before it is ended.

use std::time::Duration;

use crate::engine::{Limit, Limits};
use crate::natives::read_duration;

/// What was given, by limit: bytes, a count, or nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds([Option<u64>; Limit::ALL.len()]);

impl Bounds {
    /// Reads what stands behind the flag of a limit. The error says what should.
    pub fn set(&mut self, limit: Limit, written: &str) -> Result<(), &'static str> {
        let (read, expected) = match limit {
            Limit::Memory | Limit::Output => (size(written), "a size, as in 64mb, 512kb or 1gb"),
            Limit::Deadline => (nanos(written), "a duration, as in 500ms or 1m30s"),
            _ => (written.replace('_', "").parse().ok(), "a whole number"),
        };
        self.0[limit as usize] = Some(read.ok_or(expected)?);
        Ok(())
    }

    /// The same for an engine.
    pub fn limits(self) -> Limits {
        let given = |limit: Limit| self.0[limit as usize];
        let count = |limit| given(limit).map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        Limits {
            memory: count(Limit::Memory),
            depth: count(Limit::Depth),
            fuel: given(Limit::Fuel),
            deadline: given(Limit::Deadline).map(Duration::from_nanos),
            tasks: count(Limit::Tasks),
            sockets: count(Limit::Sockets),
            files: count(Limit::Files),
            output: given(Limit::Output),
            ..Limits::new()
        }
    }
}

fn nanos(written: &str) -> Option<u64> {
    u64::try_from(read_duration(written)?).ok()
}

/// Bytes: `1000`, `64kb`, `64mb`, `1gb`, where a kilobyte has 1024; the `b` may be left out.
fn size(written: &str) -> Option<u64> {
    let end = written.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(written.len());
    let (digits, unit) = written.split_at(end);
    let unit = unit.to_ascii_lowercase();
    let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" if unit.len() < 2 => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => return None,
    };
    digits.replace('_', "").parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let sizes = ["7", "2b", "64kb", "64K", "1_000", "3MiB", "1gb"].map(size);
        let expected = [7, 2, 64 << 10, 64 << 10, 1000, 3 << 20, 1 << 30].map(Some);
        assert_eq!(sizes, expected);
        for wrong in
            ["", "mb", "1tb", "1.5mb", "-1", "1 mb", "99999999999999999999", "18014398509481984k"]
        {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_flag_bounds_what_it_says() {
        let mut bounds = Bounds::default();
        assert!(bounds.limits().is_none());
        assert_eq!(bounds.set(Limit::Memory, "1mb"), Ok(()));
        assert_eq!(bounds.set(Limit::Deadline, "2s"), Ok(()));
        assert_eq!(bounds.set(Limit::Tasks, "10_000"), Ok(()));
        let limits = bounds.limits();
        assert_eq!((limits.memory, limits.tasks, limits.fuel), (Some(1 << 20), Some(10_000), None));
        assert_eq!(limits.deadline, Some(Duration::from_secs(2)));
        assert!(bounds.set(Limit::Fuel, "much").is_err_and(|why| why.contains("whole number")));
        assert!(bounds.set(Limit::Deadline, "5").is_err_and(|why| why.contains("500ms")));
    }
}
