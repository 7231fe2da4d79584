//! Signals that a program listens to itself.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::process::{Kettle, command, fed, stderr, stdout};

#[test]
fn a_program_takes_signals_over_and_gives_them_back() {
    let program = "import signal\nimport process\nimport os\n\
        async fn hit(name) { await process.run(\"kill\", [\"-${name}\", os.pid()]) }\n\
        let heard = signal.on(\"usr1\", \"int\")\n\
        await hit(\"USR1\")\nprint(await heard.next())\n\
        await hit(\"INT\")\nprint(await heard.next())\n\
        print(timeout 10ms { await heard.next() } else { \"nothing more\" })\n\
        heard.close()\nprint(await heard.next(\"closed\"))\n\
        defer print(\"cleaned up\")\nawait hit(\"INT\")\nawait sleep(10s)\nprint(\"never\")\n";
    let output = fed(&["-"], program);
    assert_eq!(stdout(&output), "usr1\nint\nnothing more\nclosed\ncleaned up\n");
    assert_eq!(output.status.code(), Some(130));
}

#[test]
fn what_nobody_may_listen_to_is_refused() {
    let program = "import signal\nfn t(f) { try { f() } catch e { print(type(e), e.message) } }\n\
        t(|| signal.on(\"kill\"))\nt(|| signal.on(\"SIGTERM\"))\nt(|| signal.on())\n";
    let expected = "IoError cannot listen to the signals kill: the operating system lets nobody listen to it\n\
        ValueError signal.on: there is no signal \"SIGTERM\"; did you mean \"term\"?\n\
        ArityError signal.on: the name of a signal is missing\n";
    assert_eq!(stdout(&fed(&["-"], program)), expected);
}

/// What a program has started ends with it, even when it is asked to end itself.
#[test]
fn no_child_outlives_its_program() {
    let folder = tempfile::tempdir().expect("a place for files");
    let path = folder.path().join("parent.ket");
    let program = "import process\n\
        let child = await process.start(\"sh\", [\"-c\", \"sleep 1000 & echo $!; wait\"], stdout: \"pipe\")\n\
        print(await child.stdout.lines().next())\nawait sleep(1h)\n";
    fs::write(&path, program).expect("it can be written");
    let mut kettle = Kettle::start(&[path.to_str().expect("it is text")]);
    let grandchild = kettle.line();
    kettle.signal("TERM");
    assert_eq!(kettle.finish().0, Some(143));
    let entry = format!("/proc/{}", grandchild.trim());
    // The kernel may need a moment to clear away what init has to reap.
    let gone = (0..500).any(|_| {
        let state = fs::read_to_string(format!("{entry}/stat")).unwrap_or_default();
        let ended = state.is_empty() || state.contains(") Z ");
        if !ended {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        ended
    });
    assert!(gone || !std::path::Path::new("/proc/self").exists(), "{entry} still runs");
}

/// A `kettle` whose standard output is a pipe that nobody reads. It says on standard error when it has
/// come to the point.
struct Unread {
    child: Child,
}

impl Unread {
    fn start(code: &str) -> Unread {
        let mut command = command(&["-e", code]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("kettle starts");
        let mut line = String::new();
        let stderr = child.stderr.as_mut().expect("stderr is a pipe");
        BufReader::new(stderr).read_line(&mut line).expect("it can be read");
        assert_eq!(line, "ready\n");
        Unread { child }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{name} {pid}");
    }

    /// Sends signals until it ends; gives how many it took and its exit status.
    fn end_with(mut self, name: &str) -> (u32, Option<i32>) {
        for count in 1..=4 {
            self.signal(name);
            // The grace after the first one is longer than this.
            for _ in 0..100 {
                if let Ok(Some(status)) = self.child.try_wait() {
                    return (count, status.code());
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        panic!("it does not end");
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_second_signal_does_not_wait_for_a_reader_of_the_output() {
    let ended = "defer eprint(\"ready\")\nprint(\"x\" * 500_000)";
    assert_eq!(Unread::start(ended).end_with("INT"), (2, Some(130)));
    assert_eq!(Unread::start(ended).end_with("TERM"), (2, Some(143)));
    let waits = "spawn { await sleep(0s); eprint(\"ready\") }\nimport os\nawait os.stdout.write(\"x\" * 5_000_000)";
    assert_eq!(Unread::start(waits).end_with("TERM"), (2, Some(143)));
}

/// A `print` that has to wait for the reader is a place where a program that is asked to end does not go
/// on.
#[test]
fn a_program_that_prints_without_end_and_is_not_read_ends_as_asked() {
    let code =
        "defer eprint(\"cleaned up\")\neprint(\"ready\")\nwhile true { print(\"x\" * 10_000) }";
    for signal in ["INT", "TERM"] {
        let mut unread = Unread::start(code);
        // More than the pipe and the buffers hold has been printed by then, or soon.
        std::thread::sleep(Duration::from_millis(50));
        unread.signal(signal);
        let mut rest = String::new();
        let stderr = unread.child.stderr.as_mut().expect("stderr is a pipe");
        BufReader::new(stderr).read_line(&mut rest).expect("it can be read");
        assert_eq!(rest, "cleaned up\n");
        let status = if signal == "INT" { 130 } else { 143 };
        assert_eq!(unread.end_with(signal), (1, Some(status)));
    }
}

#[test]
fn what_was_printed_is_complete_at_the_end_however_it_comes() {
    let lines = "for i in 0..50_000 { print(\"line ${i}\") }\n";
    for (end, status) in [("", 0), ("exit(7)", 7), ("throw Error(\"no\")", 1)] {
        let output = fed(&["-e", &format!("{lines}{end}")], "");
        let text = stdout(&output);
        assert_eq!((text.lines().count(), output.status.code()), (50_000, Some(status)), "{end}");
        assert!(text.ends_with("line 49999\n"), "{end}");
    }
    let code = format!("{lines}print(\"whole\")\nawait sleep(1h)");
    let mut kettle = Kettle::start(&["-e", &code]);
    assert!((0..50_000).all(|i| kettle.line() == format!("line {i}\n")));
    assert_eq!(kettle.line(), "whole\n");
    kettle.signal("TERM");
    assert_eq!(kettle.finish(), (Some(143), String::new()));
}

#[test]
fn signals_give_clean_ups_their_time_and_the_program_its_status() {
    let code = "defer { await sleep(10ms); print(\"clean\") }\nprint(\"ready\")\nawait sleep(1h)";
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let mut kettle = Kettle::start(&["-e", code]);
        assert_eq!(kettle.line(), "ready\n");
        kettle.signal(signal);
        assert_eq!(kettle.finish(), (Some(status), "clean\n".to_owned()));
    }
    let stubborn = "defer { print(\"begun\"); try { await sleep(1h) } finally { print(\"forced\") } }\n\
        print(\"ready\")\nawait sleep(1h)";
    let mut kettle = Kettle::start(&["-e", stubborn]);
    assert_eq!(kettle.line(), "ready\n");
    kettle.signal("INT");
    assert_eq!(kettle.line(), "begun\n");
    kettle.signal("TERM");
    assert_eq!(kettle.finish(), (Some(130), "forced\n".to_owned()), "the first signal counts");
}

#[test]
fn a_status_stands_whatever_clean_ups_throw_and_that_is_told() {
    let output = fed(&["-e", "defer { throw Error(\"on the way out\") }\nexit(5)"], "");
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains("Error: on the way out"), "{}", stderr(&output));
}

#[test]
fn a_program_that_nobody_reads_any_more_ends_quietly() {
    let code = "defer eprint(\"cleaned up\")\nwhile true { print(\"x\" * 1000); await sleep(0s) }";
    let mut command = command(&["-e", code]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kettle starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), &*stderr(&output)), (Some(141), "cleaned up\n"));
}

/// SIGQUIT shows what everybody is doing, also while a task computes, and the program goes on.
#[test]
fn sigquit_shows_the_tasks_and_the_program_goes_on() {
    let code = "async fn reader(c) { await c.recv() }\n\
        async fn serve(c) { scope { spawn reader(c) } }\n\
        let c = channel(0)\nspawn serve(c)\nawait sleep(1ms)\neprint(\"ready\")\n\
        var n = 0\nwhile !c.closed { n += 1 }\n";
    let unread = Unread::start(
        &code.replace("while !c.closed { n += 1 }", "while n < 1_000_000_000_000 { n += 1 }"),
    );
    unread.signal("QUIT");
    let mut unread = unread;
    let mut lines = BufReader::new(unread.child.stderr.take().expect("stderr is a pipe")).lines();
    let mut next = || lines.next().expect("there is more").expect("it can be read");
    assert_eq!(next(), "3 tasks");
    assert_eq!(next(), "task 1 (<module>) runs");
    assert!(next().starts_with("  in <module> <eval>:8:"));
    assert!(
        next().starts_with(
            "  task 2 (serve) waits at the end of its scope for task 3 (reader), for "
        )
    );
    assert!(next().starts_with("    in serve <eval>:2:"));
    assert!(next().starts_with("    spawned in <module> <eval>:4:"));
    assert!(next().starts_with("    task 3 (reader) waits for a value from <channel 0/0>, for "));
    assert!(next().starts_with("      in reader <eval>:1:"));
    assert!(next().starts_with("      spawned in serve <eval>:2:"));
    drop(lines);
    assert_eq!(unread.end_with("TERM"), (2, Some(143)), "what computes is stopped by force");
}
