//! Environment, programs, signals, the names of the machine; giving rights up; the audit log.

use std::sync::{Arc, Mutex};

use kettle::engine::{AuditHook, Engine, Error, Output, Permissions, Right, Vm};

use super::{assert_lines, run, run_simulated};

#[test]
fn nothing_is_allowed_unless_it_is_granted() {
    let printed = run(
        Permissions::none(),
        r#"
        async fn get(f) { f() }
        await tried("env", || await get(|| env.get("PATH")))
        await tried("bytes", || await get(|| env.bytes("PATH")))
        await tried("set", || await get(|| env.set("PATH", "x")))
        await tried("all", || await get(|| env.all()))
        await tried("start", || await process.start("true"))
        await tried("by path", || await process.start("/bin/sh"))
        await tried("signal", || await get(|| signal.on("usr1")))
        await tried("hostname", || await get(|| os.hostname()))
        await tried("user", || await get(|| os.user()))
        await tried("home", || await get(|| os.home()))
        await tried("pid", || await get(|| os.pid()))
        await tried("cwd", || await get(|| os.cwd()))
        await tried("path", || await get(|| path.absolute("a")))
        "#,
    );
    for line in printed.lines() {
        assert!(line.ends_with(": PermissionError"), "{line}");
    }
    assert_eq!(printed.lines().count(), 13);
}

#[test]
fn variables_are_seen_by_name() {
    let printed = run(
        Permissions::none().env("PATH").env("APP_*"),
        r#"
        async fn get(f) { f() }
        print(env.get("PATH") != null)
        env.set("APP_TEA", "green")
        print(env.get("APP_TEA"), env.all().keys().filter(|name| name != "PATH"))
        await tried("another", || await get(|| env.get("HOME")))
        await tried("set", || await get(|| env.set("LD_PRELOAD", "x.so")))
        "#,
    );
    let expected =
        ["true", "green [\"APP_TEA\"]", "another: PermissionError", "set: PermissionError"];
    assert_lines(&printed, &expected);
}

#[test]
fn a_program_is_the_one_that_the_host_means() {
    let folder = tempfile::tempdir().expect("a place for files");
    let root = folder.path().canonicalize().expect("it is there");
    let fake = root.join("true");
    std::fs::write(&fake, "#!/bin/sh\necho stolen\n").expect("it can be written");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&fake, mode).expect("it is ours");
    let script = r#"
        async fn output(name) {
            let child = await process.start(name, env: {PATH: "ROOT"}, stdout: "pipe")
            let text = await child.stdout.read_text()
            await child.wait()
            text
        }
        await tried("granted", || await output("true"))
        await tried("by path", || await output("ROOT/true"))
        await tried("another", || await output("sh"))
        "#;
    let script = script.replace("ROOT", &root.to_string_lossy());
    let printed = run(Permissions::none().process("true"), &script);
    assert_lines(&printed, &["granted: ", "by path: PermissionError", "another: PermissionError"]);
    let printed = run(Permissions::none().process(&fake.to_string_lossy()), &script);
    let expected = ["granted: PermissionError", "by path: stolen", "another: PermissionError"];
    assert_eq!(printed.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), expected);
}

#[test]
fn a_script_gives_rights_up_for_good() {
    let printed = run(
        Permissions::all(),
        r#"
        async fn get(f) { f() }
        print(permissions.has("env"), permissions.has("fs_read", "/etc"), permissions.has("process"))
        permissions.drop("env", "process")
        await tried("env", || await get(|| env.get("PATH")))
        permissions.only({fs_read: ["/etc"], env: true, process: true})
        await tried("still", || await get(|| env.get("PATH")))
        await tried("started", || await process.start("true"))
        print(await fs.exists("/etc/passwd"), permissions.has("fs_read", "/tmp"))
        await tried("elsewhere", || await fs.exists("/tmp"))
        permissions.only({fs_read: "/"})
        await tried("not again", || await fs.exists("/tmp"))
        await tried("no right", || await get(|| permissions.drop("fs_raed")))
        try { await fs.exists("/tmp") } catch error { print(error.message) }
        "#,
    );
    assert_lines(
        &printed,
        &[
            "true true true",
            "env: PermissionError",
            "still: PermissionError",
            "started: PermissionError",
            "true false",
            "elsewhere: PermissionError",
            "not again: PermissionError",
            "no right: ValueError",
            "cannot look at \"/tmp\": the program has dropped its right to fs_read",
        ],
    );
}

#[test]
fn tasks_and_other_modules_are_under_the_same_rules() {
    let printed = run_simulated(
        Permissions::all(),
        r#"
        let early = spawn tried("early", || { await sleep(1s); await fs.exists("/etc") })
        permissions.drop("fs_read")
        await early
        await tried("cleared", || await fs.exists("/etc"))
        "#,
    );
    // To look at something it is enough that one may write it.
    assert_lines(&printed, &["early: false", "cleared: false"]);
}

#[test]
fn every_request_stands_in_the_audit_log() {
    let entries = Arc::new(Mutex::new(Vec::new()));
    let kept = entries.clone();
    let mut engine = Engine::new();
    engine.options().permissions = Permissions::none().env("A").allow_all(Right::NetListen);
    engine.options().audit = Some(AuditHook::new(move |entry| {
        let entry = (entry.right, entry.what.clone(), entry.allowed);
        kept.lock().expect("nobody panics under the lock").push(entry);
    }));
    let text = r#"
        import env
        import fs
        import net
        env.get("A")
        try { env.get("B") } catch error { }
        try { await fs.read("/etc/passwd") } catch error { }
        let listener = await net.tcp.listen("127.0.0.1", 0)
        listener.close()
    "#;
    let program = engine.compile_text("test.ket", text).expect("it compiles");
    Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it runs");
    let expected = [
        (Right::Env, "A".to_owned(), true),
        (Right::Env, "B".to_owned(), false),
        (Right::FsRead, "/etc/passwd".to_owned(), false),
        (Right::NetListen, "127.0.0.1:0".to_owned(), true),
    ];
    assert_eq!(*entries.lock().expect("nobody panics under the lock"), expected);
}

#[test]
fn a_grant_that_means_nothing_is_no_grant() {
    let mut engine = Engine::new();
    engine.options().permissions = Permissions::none().net_connect("example.com:https");
    match Vm::new(&engine) {
        Err(Error::Call(why)) => assert!(why.contains("`example.com:https`"), "{why}"),
        _ => panic!("the VM must not be made"),
    }
}

#[test]
fn computing_printing_and_waiting_need_no_grant() {
    let mut engine = Engine::new();
    let output = Output::captured();
    engine.options().stdout = output.clone();
    let text = "import random\nawait sleep(1ms)\nlet t = spawn sleep(1ms)\nawait t\nprint(random.int(1..=1))";
    let program = engine.compile_text("test.ket", text).expect("it compiles");
    Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it runs");
    assert_eq!(output.text(), "1\n");
}
