//! `--gc-stats`: what the garbage collector did, on standard error when the program has ended.

use std::time::Duration;

use super::terminal;
use crate::engine::{HeapReport, HeapStats, Part};

/// Times the steps and tells of them at the end.
pub const REPORT: HeapReport = HeapReport { clock: cpu_time, tell };

fn tell(stats: &HeapStats) {
    terminal::err(&text(stats, resident()));
}

/// The processor time of this thread: what other programs take does not count.
#[cfg(unix)]
fn cpu_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// Other systems are asked in other ways.
#[cfg(not(unix))]
fn cpu_time() -> Duration {
    Duration::ZERO
}

/// The process' memory that is resident now, and the most that ever was.
#[cfg(target_os = "linux")]
fn resident() -> Option<(usize, usize)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<usize>().ok()
    };
    Some((kib("VmRSS:")? << 10, kib("VmHWM:")? << 10))
}

/// Other systems are asked in other ways.
#[cfg(not(target_os = "linux"))]
fn resident() -> Option<(usize, usize)> {
    None
}

fn text(stats: &HeapStats, resident: Option<(usize, usize)>) -> String {
    let longest = stats.times.iter().map(|time| time.longest).max().unwrap_or_default();
    let total: Duration = stats.times.iter().map(|time| time.total).sum();
    let mut text = format!(
        "gc: {} cycles, {} steps, {} in all, longest step {}\n",
        stats.cycles,
        stats.steps,
        millis(total),
        millis(longest)
    );
    for part in Part::ALL {
        let time = stats.times[part as usize];
        if time.count > 0 {
            let name = format!("{part:?}").to_lowercase();
            text.push_str(&format!(
                "gc: {name:>7}: {} steps, {} in all, longest {}, {} longer than 1 ms\n",
                time.count,
                millis(time.total),
                millis(time.longest),
                time.long
            ));
        }
    }
    text.push_str(&format!(
        "gc: live at the last cycle: {} objects, {} in cells, {} outside; dropped: {}\n",
        stats.live_objects,
        size(stats.live_bytes),
        size(stats.live_external),
        stats.dropped
    ));
    let (blocks, large) = (size(stats.block_bytes), size(stats.large_bytes));
    let outside = size(stats.external_bytes);
    text.push_str(&format!("gc: now: {blocks} in blocks, {large} large, {outside} outside"));
    if let Some((now, peak)) = resident {
        text.push_str(&format!("; resident: {}, at most {}", size(now), size(peak)));
    }
    text.push('\n');
    text
}

fn millis(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1e3)
}

fn size(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PartTime;

    #[test]
    fn the_report_names_each_part_that_was_done() {
        let mut stats =
            HeapStats { cycles: 2, steps: 9, live_bytes: 3 << 20, ..HeapStats::default() };
        stats.times[Part::Mark as usize] = PartTime {
            count: 7,
            long: 1,
            longest: Duration::from_micros(1500),
            total: Duration::from_millis(4),
        };
        let text = text(&stats, Some((1 << 20, 5 << 19)));
        assert!(
            text.starts_with("gc: 2 cycles, 9 steps, 4.000 ms in all, longest step 1.500 ms\n")
        );
        assert!(text.contains("mark: 7 steps, 4.000 ms in all, longest 1.500 ms, 1 longer than"));
        assert!(!text.contains("sweep") && text.contains("3.0 MiB in cells"));
        assert!(text.ends_with("resident: 1.0 MiB, at most 2.5 MiB\n"), "{text}");
    }
}
