//! Files: what a grant covers, and the ways round it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kettle::engine::{Engine, Output, Permissions, Vm};

use super::{assert_lines, run};

/// A folder with `in`, which is granted, and `out`, which is not.
struct Place {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a place for files");
        let root = folder.path().canonicalize().expect("it is there");
        for name in ["in/sub", "out", "write-only"] {
            fs::create_dir_all(root.join(name)).expect("it can be made");
        }
        fs::write(root.join("in/open"), "open").expect("it can be written");
        fs::write(root.join("out/secret"), "secret").expect("it can be written");
        fs::write(root.join("write-only/hidden"), "hidden").expect("it can be written");
        Place { _folder: folder, root }
    }

    fn path(&self, name: &str) -> String {
        self.root.join(name).to_string_lossy().into_owned()
    }

    /// Runs a script in which ROOT stands for the folder.
    fn run(&self, permissions: Permissions, script: &str) -> String {
        run(permissions, &script.replace("ROOT", &self.root.to_string_lossy()))
    }
}

#[test]
fn nothing_is_allowed_unless_it_is_granted() {
    let place = Place::new();
    let printed = place.run(
        Permissions::none(),
        r#"
        await tried("read", || await fs.read("ROOT/in/open"))
        await tried("bytes", || await fs.read_bytes("ROOT/in/open"))
        await tried("lines", || { for await line in fs.lines("ROOT/in/open") { print(line) } })
        await tried("exists", || await fs.exists("ROOT/in/open"))
        await tried("missing", || await fs.exists("ROOT/in/none"))
        await tried("stat", || await fs.stat("ROOT/in/open"))
        await tried("list", || await fs.list("ROOT/in"))
        await tried("walk", || { for await entry in fs.walk("ROOT/in") { print(entry) } })
        await tried("glob", || await fs.glob("ROOT/in/*"))
        await tried("write", || await fs.write("ROOT/in/open", "x"))
        await tried("append", || await fs.append("ROOT/in/open", "x"))
        await tried("open", || await fs.open("ROOT/in/open", "r+"))
        await tried("new", || await fs.open("ROOT/in/new", "x"))
        await tried("mkdir", || await fs.mkdir("ROOT/in/a/b", parents: true))
        await tried("remove", || await fs.remove("ROOT/in/open"))
        await tried("remove_all", || await fs.remove_all("ROOT/in"))
        await tried("rename", || await fs.rename("ROOT/in/open", "ROOT/in/other"))
        await tried("copy", || await fs.copy("ROOT/in/open", "ROOT/in/other"))
        await tried("chmod", || await fs.chmod("ROOT/in/open", 0o600))
        await tried("symlink", || await fs.symlink("open", "ROOT/in/link"))
        await tried("readlink", || await fs.readlink("ROOT/in/link"))
        await tried("temp_file", || await fs.temp_file())
        await tried("temp_dir", || await fs.temp_dir())
        await tried("watch", || { let w = fs.watch("ROOT/in"); await w.ready() })
        await tried("cwd", || { await fs.exists("."); os.cwd() })
        await tried("import", || await import("ROOT/in/open"))
        "#,
    );
    for line in printed.lines() {
        let refused = line.ends_with(": PermissionError") || line == "glob: []";
        assert!(refused, "{line}");
    }
    assert_eq!(printed.lines().count(), 26, "{printed}");
    assert_eq!(fs::read_to_string(place.path("in/open")).expect("it is there"), "open");
    assert_eq!(fs::read_dir(place.path("in")).expect("it is there").count(), 2);
}

#[test]
fn reading_stays_in_its_folder() {
    let place = Place::new();
    symlink("../out/secret", place.path("in/link")).expect("it can be made");
    symlink(place.path("out"), place.path("in/folder")).expect("it can be made");
    symlink("open", place.path("in/short")).expect("it can be made");
    symlink("/nowhere/at/all", place.path("in/dangling")).expect("it can be made");
    let printed = place.run(
        Permissions::none().fs_read(place.path("in")),
        r#"
        await tried("plain", || await fs.read("ROOT/in/open"))
        await tried("detour", || await fs.read("ROOT/in/sub/../open"))
        await tried("short", || await fs.read("ROOT/in/short"))
        await tried("there and back", || await fs.read("ROOT/out/../in/open"))
        await tried("none", || await fs.exists("ROOT/in/none"))
        await tried("parent", || await fs.read("ROOT/in/../out/secret"))
        await tried("link", || await fs.read("ROOT/in/link"))
        await tried("folder", || await fs.read("ROOT/in/folder/secret"))
        await tried("listed", || await fs.list("ROOT/in/folder"))
        await tried("stat", || await fs.stat("ROOT/in/link"))
        await tried("the link itself", || await fs.readlink("ROOT/in/link"))
        await tried("dangling", || await fs.exists("ROOT/in/dangling"))
        await tried("root of the process", || await fs.read("/proc/self/rootROOT/out/secret"))
        await tried("folder of the process", || await fs.read("/proc/self/cwd/Cargo.toml"))
        await tried("environment", || await fs.read_bytes("/proc/self/environ"))
        await tried("write", || await fs.write("ROOT/in/open", "x"))
        await tried("truncated", || await fs.open("ROOT/in/open", "w"))
        "#,
    );
    assert_lines(
        &printed,
        &[
            "plain: open",
            "detour: open",
            "short: open",
            "there and back: open",
            "none: false",
            "parent: PermissionError",
            "link: PermissionError",
            "folder: PermissionError",
            "listed: PermissionError",
            "stat: PermissionError",
            "the link itself: ../out/secret",
            "dangling: PermissionError",
            "root of the process: PermissionError",
            "folder of the process: PermissionError",
            "environment: PermissionError",
            "write: PermissionError",
            "truncated: PermissionError",
        ],
    );
}

#[test]
fn writing_stays_in_its_folder_and_opens_nothing() {
    let place = Place::new();
    symlink("../out/secret", place.path("in/link")).expect("it can be made");
    symlink("../out/new", place.path("in/dangling")).expect("it can be made");
    symlink(place.path("out"), place.path("in/folder")).expect("it can be made");
    let permissions = Permissions::none()
        .fs_read(place.path("in"))
        .fs_write(place.path("in"))
        .fs_write(place.path("write-only"));
    let printed = place.run(
        permissions,
        r#"
        await tried("write", || await fs.write("ROOT/in/a", "1"))
        await tried("atomic", || await fs.write("ROOT/in/a", "2", atomic: true))
        await tried("folders", || await fs.mkdir("ROOT/in/x/y", parents: true))
        await tried("write only", || await fs.write("ROOT/write-only/a", "1"))
        await tried("out", || await fs.write("ROOT/out/a", "1"))
        await tried("link", || await fs.write("ROOT/in/link", "1"))
        await tried("atomic link", || await fs.write("ROOT/in/link", "1", atomic: true))
        await tried("dangling", || await fs.write("ROOT/in/dangling", "1"))
        await tried("append", || await fs.append("ROOT/in/folder/secret", "1"))
        await tried("chmod", || await fs.chmod("ROOT/in/link", 0o777))
        await tried("as its owner", || await fs.chmod("ROOT/in/a", 0o4755))
        await tried("new as its owner", || await fs.write("ROOT/in/b", "1", mode: 0o2755))
        await tried("remove", || await fs.remove("ROOT/in/folder/secret"))
        await tried("remove all", || await fs.remove_all("ROOT/in/folder/"))
        await tried("rename out", || await fs.rename("ROOT/in/a", "ROOT/out/a"))
        await tried("rename in", || await fs.rename("ROOT/out/secret", "ROOT/in/secret"))
        await tried("make readable", || await fs.rename("ROOT/write-only/hidden", "ROOT/in/h"))
        await tried("make readable by copy", || await fs.copy("ROOT/write-only/hidden", "ROOT/in/h"))
        await tried("a link out", || await fs.symlink("../out/secret", "ROOT/in/l"))
        await tried("a link to nowhere out", || await fs.symlink("ROOT/out/later", "ROOT/in/l"))
        await tried("a link in", || await fs.symlink("a", "ROOT/in/l"))
        await tried("the link itself", || await fs.remove("ROOT/in/link"))
        "#,
    );
    let granted = ["write", "atomic", "folders", "write only", "a link in", "the link itself"];
    for line in printed.lines() {
        let (name, outcome) = line.split_once(": ").expect("each line has a name");
        let expected = if granted.contains(&name) { "null" } else { "PermissionError" };
        let expected = if name == "remove all" { outcome } else { expected };
        assert_eq!(outcome, expected, "{name}");
    }
    assert_eq!(printed.lines().count(), 22);
    assert_eq!(fs::read_to_string(place.path("out/secret")).expect("it is there"), "secret");
    assert_eq!(fs::read_dir(place.path("out")).expect("it is there").count(), 1);
    assert_eq!(fs::read_to_string(place.path("in/a")).expect("it is there"), "2");
}

/// Whoever exchanges a folder for a link between the look and the deed gets nowhere.
#[test]
fn a_link_that_is_exchanged_in_the_middle_leads_nowhere() {
    let place = Place::new();
    fs::create_dir(place.path("in/real")).expect("it can be made");
    fs::write(place.path("in/real/secret"), "harmless").expect("it can be written");
    symlink(place.path("out"), place.path("in/trap")).expect("it can be made");
    let stop = Arc::new(AtomicBool::new(false));
    let (real, trap, now) = (place.path("in/real"), place.path("in/trap"), place.path("in/now"));
    let spare = place.path("in/spare");
    fs::rename(&real, &now).expect("it can be renamed");
    let until = stop.clone();
    let other = std::thread::spawn(move || {
        let mut count = 0_u32;
        while !until.load(Ordering::Relaxed) {
            for (from, to) in [(&now, &spare), (&trap, &now), (&now, &trap), (&spare, &now)] {
                fs::rename(from, to).expect("it can be renamed");
            }
            count += 1;
        }
        count
    });
    let printed = place.run(
        Permissions::none().fs_read(place.path("in")).fs_write(place.path("in")),
        r#"
        var seen = {read: 0, refused: 0, missing: 0, stolen: 0}
        for i in 0..4000 {
            try {
                if i % 2 == 0 {
                    let text = await fs.read("ROOT/in/now/secret")
                    if text == "harmless" || text == "" { seen["read"] += 1 } else { seen["stolen"] += 1 }
                } else {
                    await fs.write("ROOT/in/now/secret", "harmless")
                }
            } catch error {
                if error is PermissionError { seen["refused"] += 1 } else { seen["missing"] += 1 }
            }
        }
        print(seen["stolen"])
        print(seen["read"] > 0, seen["refused"] > 0)
        "#,
    );
    stop.store(true, Ordering::Relaxed);
    assert!(other.join().expect("it ends") > 0);
    assert_lines(&printed, &["0", "true true"]);
    assert_eq!(fs::read_to_string(place.path("out/secret")).expect("it is there"), "secret");
}

#[test]
fn a_module_that_is_imported_while_the_program_runs_has_to_be_readable() {
    let place = Place::new();
    fs::write(place.path("in/part.ket"), "pub let answer = 42").expect("it can be written");
    fs::write(place.path("in/thief.ket"), "import \"../out/other.ket\"")
        .expect("it can be written");
    fs::write(place.path("out/other.ket"), "pub let answer = 43").expect("it can be written");
    let printed = place.run(
        Permissions::none().fs_read(place.path("in")),
        r#"
        await tried("in", || { let part = await import("ROOT/in/part.ket"); part.answer })
        await tried("out", || await import("ROOT/out/other.ket"))
        await tried("no module", || await import("ROOT/out/secret"))
        try { await import("ROOT/in/thief.ket") } catch error { print("secret" in error.message) }
        "#,
    );
    assert_lines(
        &printed,
        &["in: 42", "out: PermissionError", "no module: PermissionError", "false"],
    );
}

#[test]
fn the_error_names_what_was_refused_and_the_grant_that_would_allow_it() {
    let place = Place::new();
    let printed = place.run(
        Permissions::none(),
        r#"
        try { await fs.read("ROOT/in/../in/open") } catch error {
            print(error.message)
            print(error.right, error.what == "ROOT/in/open")
        }
        "#,
    );
    let (asked, real) = (place.path("in/../in/open"), place.path("in/open"));
    let message = format!(
        "cannot read {asked:?}: fs_read is not granted (Permissions::fs_read({real:?}), or \
         --allow-read={real})"
    );
    assert_lines(&printed, &[&message, "fs_read true"]);
}

#[test]
fn files_in_memory_are_under_the_same_rules() {
    let mut engine = Engine::new();
    let output = Output::captured();
    let options = engine.options();
    options.virtual_clock = true;
    options.permissions = Permissions::none().fs_read("/in").fs_write("/in");
    options.stdout = output.clone();
    let program = engine
        .compile_text(
            "test.ket",
            r#"
            import fs
            await fs.mkdir("/in")
            await fs.write("/in/a", "1")
            print(await fs.read("/in/../in/a"))
            try { await fs.write("/out", "1") } catch error { print(type(error)) }
            try { await fs.symlink("../out", "/in/link") } catch error { print(type(error)) }
            "#,
        )
        .expect("it compiles");
    Vm::new(&engine).and_then(|mut vm| vm.run_blocking(&program)).expect("it runs");
    assert_eq!(output.text(), "1\nPermissionError\nPermissionError\n");
}

/// What reads a file in passing is asked like what reads it outright.
#[test]
fn what_is_sent_copied_watched_or_reached_by_another_name_has_to_be_readable() {
    let place = Place::new();
    symlink("../out/secret", place.path("in/link")).expect("it can be made");
    symlink(place.path("out"), place.path("in/folder")).expect("it can be made");
    let permissions = Permissions::none()
        .fs_read(place.path("in"))
        .fs_write(place.path("in"))
        .net_connect("localhost")
        .net_listen("localhost");
    let printed = place.run(
        permissions,
        r#"
        let server = await net.tcp.listen("127.0.0.1", 0)
        let other = await net.tcp.connect("127.0.0.1", server.local.port)
        await tried("sent", || await net.send_file(other, "ROOT/in/open"))
        await tried("sent by link", || await net.send_file(other, "ROOT/in/link"))
        await tried("sent by parent", || await net.send_file(other, "ROOT/in/../out/secret"))
        await tried("copied by link", || await fs.copy("ROOT/in/link", "ROOT/in/copy"))
        await tried("renamed by folder", || await fs.rename("ROOT/in/folder/secret", "ROOT/in/copy"))
        await tried("watched", || { let w = fs.watch("ROOT/in/folder"); await w.ready() })
        await tried("found", || await fs.glob("ROOT/in/folder/*"))
        await tried("descriptor", || await fs.list("/proc/self/fd"))
        await tried("thread", || await fs.read("/proc/thread-self/rootROOT/out/secret"))
        await tried("memory", || await fs.open("/proc/self/mem", "r+"))
        await tried("device", || await fs.write("/dev/shm/kettle-escape", "x"))
        other.close()
        server.close()
        "#,
    );
    let refused = [
        "sent by link",
        "sent by parent",
        "copied by link",
        "renamed by folder",
        "watched",
        "descriptor",
        "thread",
        "memory",
        "device",
    ];
    for line in printed.lines() {
        let (name, outcome) = line.split_once(": ").expect("each line has a name");
        match name {
            "sent" => assert_eq!(outcome, "4"),
            "found" => assert_eq!(outcome, "[]"),
            name => assert!(refused.contains(&name) && outcome == "PermissionError", "{line}"),
        }
    }
    assert_eq!(printed.lines().count(), 11, "{printed}");
    assert!(!place.root.join("in/copy").exists());
}
