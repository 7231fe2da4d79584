//! Signals that a program listens to itself.

use std::fs;

use crate::process::{Kettle, fed, stdout};

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
