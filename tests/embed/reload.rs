//! Programs that are called into and replaced while they run: what is open stays open, and what runs
//! ends in the code that it began in.

use std::io::Read;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use kettle::engine::Permissions;
use kettle::{Engine, Program, Vm};

/// What a server says to somebody who connects, while the VM is driven.
fn ask(vm: &mut Vm, port: u16) -> String {
    let other = thread::spawn(move || {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    });
    while !other.is_finished() {
        vm.turn(Duration::from_millis(2));
    }
    other.join().expect("it ends")
}

fn trusted() -> Engine {
    let mut engine = Engine::new();
    engine.options().permissions = Permissions::all();
    engine
}

fn compiled(engine: &Engine, text: &str) -> Program {
    engine.compile_text("app.ket", text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

#[test]
fn what_a_top_level_has_opened_stays_open_between_calls() {
    let engine = trusted();
    let text = "import fs\nimport {tcp} from net\n\
        let server = await tcp.listen(\"127.0.0.1\", 0)\nlet file = await fs.open(\"Cargo.toml\")\n\
        pub fn port() { server.local.port }\n\
        pub async fn first() { await file.read_exact(9) == b\"[package]\" }\n\
        pub async fn open() { await fs.open(\"Cargo.toml\") }\n\
        pub async fn read(f) { (await f.read_exact(9)).utf8() }\n\
        pub async fn lost() { let f = await fs.open(\"Cargo.toml\"); lost_file = f; 1 }\n\
        var lost_file = null\n\
        pub async fn read_lost() { try { await lost_file.read(1) } catch e { \"${type(e)}\" } }\n\
        pub fn close(f) { f.close(); server.close(); file.close(); 1 }";
    let mut vm = Vm::new(&engine).expect("a VM");
    vm.load_blocking(&compiled(&engine, text)).expect("it loads");
    assert!(vm.call_blocking::<bool>("first", ()).expect("the file is open"));
    let port: u16 = vm.call_blocking("port", ()).expect("it listens");
    drop(TcpStream::connect(("127.0.0.1", port)).expect("it listens"));
    // What a call gives to the host is the host's; what it has opened and kept to itself is closed.
    let file: kettle::Value = vm.call_blocking("open", ()).expect("it opens");
    let begin: String = vm.call_blocking("read", (&file,)).expect("it is open");
    assert_eq!(begin, "[package]");
    assert_eq!(vm.call_blocking::<i64>("lost", ()).expect("it opens"), 1);
    assert_eq!(vm.call_blocking::<String>("read_lost", ()).expect("it ends"), "ClosedError");
    assert_eq!(vm.call_blocking::<i64>("close", (&file,)).expect("it closes"), 1);
    assert_eq!(vm.census().resources, 0);
}

/// Complaint 33: a reload leaks the old program, or loses its sockets.
#[test]
fn a_newer_program_takes_over_the_listener_and_the_older_one_ends() {
    let ended = Arc::new(Mutex::new(Vec::new()));
    let list = ended.clone();
    let mut engine = trusted();
    engine.function("ended", move |version: i64| list.lock().map(|mut l| l.push(version)).is_ok());
    let version = |number: usize| {
        let begin = match number {
            0 => "let listener = await tcp.listen(\"127.0.0.1\", 0)",
            _ => "var listener = null\npub fn reload(old) { listener = old.socket() }",
        };
        let text = format!(
            "import {{tcp}} from net\n{begin}\npub fn socket() {{ listener }}\n\
             pub fn port() {{ listener.local.port }}\n\
             pub async fn serve() {{\n\
                 defer ended({number})\n\
                 for await client in listener {{ await client.write(\"version {number}\"); client.close() }}\n\
             }}"
        );
        compiled(&engine, &text)
    };
    let mut vm = Vm::new(&engine).expect("a VM");
    vm.load_blocking(&version(0)).expect("it loads");
    let port: u16 = vm.call_blocking("port", ()).expect("it listens");
    let mut serving = vm.start::<()>("serve", ()).expect("it begins");
    for number in 1..20 {
        assert_eq!(ask(&mut vm, port), format!("version {}", number - 1));
        vm.swap_blocking(&version(number)).expect("it takes over");
        serving.cancel(&mut vm).expect("it is asked to end");
        serving = vm.start::<()>("serve", ()).expect("it begins");
    }
    assert_eq!(ask(&mut vm, port), "version 19");
    assert_eq!(*ended.lock().expect("nobody panics"), Vec::from_iter(0..19));
    let census = vm.census();
    assert_eq!((census.tasks, census.resources), (1, 1), "the task that serves, and its listener");
}

/// Complaint 34: what takes long breaks when the code changes, as it is begun again and takes another way.
#[test]
fn what_is_under_way_goes_on_as_it_began_and_does_nothing_twice() {
    let charged = Arc::new(Mutex::new(Vec::new()));
    let list = charged.clone();
    let mut engine = Engine::new();
    engine.options().virtual_clock = true;
    engine.function("charge", move |what: String| list.lock().map(|mut l| l.push(what)).is_ok());
    let order = |version: i64, steps: &str| {
        let text = format!(
            "import random\n\
             async fn step(id, what) {{ charge(\"${{id}}: ${{what}} by {version}\"); await sleep(1h); random.int(0..1000) }}\n\
             pub async fn order(id) {{ var seen = []; for what in {steps} {{ seen.push(await step(id, what)) }}; seen.len }}"
        );
        compiled(&engine, &text)
    };
    let mut vm = Vm::new(&engine).expect("a VM");
    vm.load_blocking(&order(1, "[\"card\", \"tea\", \"box\"]")).expect("it loads");
    let first = vm.start::<i64>("order", (1,)).expect("it begins");
    vm.turn(Duration::ZERO);
    vm.swap_blocking(&order(2, "[\"box\", \"card\"]")).expect("it takes over");
    assert_eq!(vm.call_blocking::<i64>("order", (2,)).expect("it ends"), 2);
    assert_eq!(first.join_blocking(&mut vm).expect("it ends"), 3);
    let mut charged = charged.lock().expect("nobody panics").clone();
    charged.sort();
    let first = ["1: box by 1", "1: card by 1", "1: tea by 1"];
    assert_eq!(charged[..3], first, "each step of the first order, once and in its own code");
    assert_eq!(charged[3..], ["2: box by 2", "2: card by 2"]);
}
