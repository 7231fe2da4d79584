//! Servers at their limits: the end of the program, and the end of descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::process::Kettle;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
    stream
}

/// Starts a server whose standard error goes to a file; gives what is written there, later.
fn server(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("server.ket");
    std::fs::write(&path, text).expect("a file can be written");
    let path = path.to_str().expect("names of tests are text").to_owned();
    (folder, path)
}

const REVERSER: &str = r#"
import {tcp} from net

async fn turn(connection) {
    for await line in connection.lines() { await connection.write("${line.reversed()}\n") }
}

let listener = await tcp.listen("127.0.0.1", 0)
print("on ${listener.local}")
defer print("the end")
await listener.serve(turn, drain: 20s)
"#;

/// What was accepted before SIGTERM is served to its end; what comes after is refused.
#[test]
fn a_server_that_is_asked_to_end_finishes_what_it_has_begun() {
    let (_folder, path) = server(REVERSER);
    let (mut program, port) = Kettle::serve(&[&path]);
    let mut clients: Vec<TcpStream> = (0..10).map(|_| connect(port)).collect();
    for client in &mut clients {
        client.write_all(b"half ").expect("it can be written");
    }
    // Its answer shows that all of them have been accepted.
    let mut last = connect(port);
    last.write_all(b"x\n").expect("it can be written");
    last.read_exact(&mut [0; 2]).expect("an answer comes");
    drop(last);
    program.signal("TERM");
    // The listener is closed at once; the kernel takes no more connections for it.
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        std::thread::yield_now();
    }
    assert!(!program.is_over());
    for client in &mut clients {
        client.write_all(b"line\n").expect("it can be written");
        client.shutdown(std::net::Shutdown::Write).expect("it is open");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("an answer comes, and the end");
        assert_eq!(answer, "enil flah\n");
    }
    assert_eq!(program.finish(), (Some(143), "the end\n".to_owned()));
}

/// Ctrl-C does not wait for the clients.
#[test]
fn a_server_that_is_interrupted_ends_at_once() {
    let (_folder, path) = server(REVERSER);
    let (program, port) = Kettle::serve(&[&path]);
    let mut client = connect(port);
    client.write_all(b"x\n").expect("it can be written");
    client.read_exact(&mut [0; 2]).expect("an answer comes");
    program.signal("INT");
    let mut rest = String::new();
    client.read_to_string(&mut rest).expect("the end comes");
    assert_eq!(rest, "");
    assert_eq!(program.finish(), (Some(130), "the end\n".to_owned()));
}

const KEEPER: &str = r#"
import {tcp} from net

let listener = await tcp.listen("127.0.0.1", 0)
print("on ${listener.local}")
await listener.serve(|c| { await c.write("hello"); await c.read() })
"#;

/// A server that has run out of descriptors says so once and goes on when there are some again.
#[test]
fn a_shortage_of_descriptors_is_told_once() {
    let (folder, path) = server(KEEPER);
    let errors = folder.path().join("errors");
    let log = errors.to_str().expect("names of tests are text");
    let (server, port) = Kettle::serve_with_descriptors_and_log(40, &[&path], log);
    for _ in 0..3 {
        let mut clients: Vec<TcpStream> = (0..60).map(|_| connect(port)).collect();
        clients[0].read_exact(&mut [0; 5]).expect("who was accepted is served");
        let mut last = clients.pop().expect("there are clients");
        drop(clients);
        last.read_exact(&mut [0; 5]).expect("its turn comes when others have gone");
    }
    drop(server);
    let told = std::fs::read_to_string(&errors).expect("it is there");
    assert_eq!(told.matches("cannot take more connections for now").count(), 1, "{told}");
}
