//! How often the system is called: no more than once for what is sent and once for what has come.

use kettle::engine::{Engine, Output, Permissions, Vm};
use kettle::runtime::driver::Calls;

/// What a program prints on the real driver, and how often that has called the system.
fn run(text: &str) -> (String, Calls) {
    let mut engine = Engine::new();
    let output = Output::captured();
    let options = engine.options();
    options.permissions = Permissions::all();
    options.stdout = output.clone();
    options.stderr = output.clone();
    let program = engine.compile_text("calls.ket", text).expect("the program is correct");
    let mut vm = Vm::new(&engine).expect("a machine can be made");
    vm.run_blocking(&program).expect("it ends by itself");
    (output.text(), vm.calls())
}

#[test]
fn an_echo_costs_a_read_and_a_write_on_either_side() {
    const CONNECTIONS: u64 = 16;
    const ROUNDS: u64 = 20;
    let (printed, calls) = run(r#"
import {tcp} from net
async fn echo(client) {
    loop {
        let data = await client.read()
        if data == null { break }
        await client.write(data)
    }
}
async fn ask(port) {
    let server = await tcp.connect("127.0.0.1", port)
    for _ in 0..20 {
        await server.write("0123456789abcdef")
        if await server.read_exact(16) != b"0123456789abcdef" { throw "not what was sent" }
    }
    server.close()
}
let server = await tcp.listen("127.0.0.1", 0)
scope {
    spawn { for await client in server { spawn echo(client) } }
    scope { for _ in 0..16 { spawn ask(server.local.port) } }
    server.close()
}
print("all")
"#);
    assert_eq!(printed, "all\n");
    // The last read of the server's side finds the end.
    assert_eq!(calls.transfers - calls.vain, CONNECTIONS * (4 * ROUNDS + 1), "{calls:?}");
    assert_eq!(calls.registrations, 2 * CONNECTIONS + 1, "{calls:?}");
    // Of a new socket nothing is known yet.
    assert!(calls.vain <= 2 * CONNECTIONS, "{calls:?}");
    assert!(calls.polls <= 3 * CONNECTIONS * ROUNDS, "{calls:?}");
    assert_eq!(calls.wakes, 0, "{calls:?}");
}

#[test]
fn pieces_go_out_with_one_call() {
    let (printed, calls) = run(r#"
import {tcp} from net
let server = await tcp.listen("127.0.0.1", 0)
let client = await tcp.connect("127.0.0.1", server.local.port)
let other = await server.accept()
for i in 0..10 { await client.write(["head ${i}\r\n", b"body", "end"]) }
client.close()
print((await other.read_all()).len)
other.close()
server.close()
"#);
    assert_eq!(printed, "150\n");
    // Ten writes; one read finds everything, the next one the end.
    assert!(calls.transfers - calls.vain <= 12, "{calls:?}");
}

#[test]
fn jobs_that_end_together_wake_the_loop_once() {
    let (printed, calls) = run(r#"
import fs
scope { for _ in 0..200 { spawn fs.exists(".") } }
print("all")
"#);
    assert_eq!(printed, "all\n");
    assert!(calls.wakes <= calls.polls, "{calls:?}");
}
