//! Kettle against the network programs that everybody uses, on loopback. Where one of them is not
//! there its test says so and does nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::process::{Kettle, run, stderr, stdout};

/// Whether a program is on this machine; says so if not.
fn have(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("skipped: there is no {program} on this machine");
    }
    is_there
}

/// A folder with a script in it.
fn script(text: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("script.ket");
    std::fs::write(&path, text).expect("a file can be written");
    (folder, text_of(&path))
}

fn text_of(path: &Path) -> String {
    path.to_str().expect("names of tests are text").to_owned()
}

/// Another program, which is ended with this.
struct Peer(Child);

impl Peer {
    fn start(program: &str, args: &[&str]) -> Peer {
        let child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Peer(child.expect("it starts"))
    }

    /// Writes to it and reads as much as is expected. Its input stays open meanwhile.
    fn says(&mut self, input: &str, expected: &str) {
        let stdin = self.0.stdin.as_mut().expect("stdin is a pipe");
        stdin.write_all(input.as_bytes()).expect("it reads");
        let mut answer = vec![0; expected.len()];
        let stdout = self.0.stdout.as_mut().expect("stdout is a pipe");
        stdout.read_exact(&mut answer).expect("an answer comes");
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }

    /// The port that it names at the end of a line with this word, on either output.
    fn port_behind(&mut self, word: &str, on_stderr: bool) -> String {
        let output: Box<dyn Read + Send> = if on_stderr {
            Box::new(self.0.stderr.take().expect("stderr is a pipe"))
        } else {
            Box::new(self.0.stdout.take().expect("stdout is a pipe"))
        };
        let mut lines = BufReader::new(output).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains(word));
        let line = line.unwrap_or_else(|| panic!("no line with {word:?}"));
        // Nobody else reads what it writes: it must not wait for that.
        std::thread::spawn(move || lines.for_each(drop));
        line.rsplit(':').next().expect("a split has a part").trim().to_owned()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Echoes every line, over TCP, UDP and both kinds of Unix sockets. The paths are below the folder
/// given.
const ECHO: &str = r#"
import {tcp, udp, unix} from net

async fn echo(stream) { for await line in stream.lines() { await stream.write("${line}\n") } }
async fn answer(socket) { for await [data, from] in socket { await socket.send_to(data, from) } }

async fn main(args) {
    let listener = await tcp.listen("127.0.0.1", 0)
    let socket = await udp.bind("127.0.0.1", listener.local.port)
    let local = await unix.listen("${args[0]}/stream")
    let letters = await unix.datagram("${args[0]}/letters")
    print("on ${listener.local}")
    scope {
        spawn listener.serve(echo)
        spawn local.serve(echo)
        spawn answer(socket)
        spawn answer(letters)
    }
}
"#;

fn echo() -> (Kettle, u16, TempDir) {
    let (folder, path) = script(ECHO);
    let (server, port) = Kettle::serve(&[&path, &text_of(folder.path())]);
    (server, port, folder)
}

#[test]
fn nc_talks_over_tcp_udp_and_unix() {
    if !have("nc") {
        return;
    }
    let (_server, port, folder) = echo();
    let (port, path) = (port.to_string(), text_of(&folder.path().join("stream")));
    for args in [&["127.0.0.1", &port][..], &["-u", "127.0.0.1", &port], &["-U", &path]] {
        let mut nc = Peer::start("nc", args);
        nc.says("one\n", "one\n");
        nc.says("two\n", "two\n");
    }
}

#[test]
fn socat_talks_over_tcp_udp_and_unix() {
    if !have("socat") {
        return;
    }
    let (_server, port, folder) = echo();
    let place = text_of(folder.path());
    for address in [
        format!("TCP:127.0.0.1:{port}"),
        format!("UDP:127.0.0.1:{port}"),
        format!("UNIX-CONNECT:{place}/stream"),
        format!("UNIX-SENDTO:{place}/letters,bind={place}/mine"),
    ] {
        let mut socat = Peer::start("socat", &["-", &address]);
        socat.says("one\n", "one\n");
        socat.says("two\n", "two\n");
    }
}

#[test]
fn socat_is_talked_to_over_tcp_udp_and_unix() {
    if !have("socat") {
        return;
    }
    let (folder, path) = script(
        r#"
import {tcp, udp, unix} from net

async fn main(args) {
    let [port, dir] = args
    let over_tcp = await tcp.connect("localhost", int(port), timeout: 10s)
    await over_tcp.write("tcp")
    await over_tcp.shutdown()
    print(await over_tcp.read_text())
    let over_path = await unix.connect("${dir}/stream", timeout: 10s)
    scope {
        spawn { await over_path.write("x".repeat(1_000_000)) }
        print((await over_path.read_exact(1_000_000)).len)
    }
    let letters = await unix.datagram("${dir}/mine", to: "${dir}/letters")
    await letters.send("letter")
    print(await letters.recv())
}
"#,
    );
    let place = text_of(folder.path());
    let mut tcp = Peer::start("socat", &["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "PIPE"]);
    let port = tcp.port_behind("listening on", true);
    let stream = format!("UNIX-LISTEN:{place}/stream");
    let mut local = Peer::start("socat", &["-d", "-d", &stream, "EXEC:cat"]);
    local.port_behind("listening on", true);
    let letters = format!("UNIX-RECVFROM:{place}/letters");
    let _letters = Peer::start("socat", &[&letters, "PIPE"]);
    // It says nothing when it is there.
    while !folder.path().join("letters").exists() {
        std::thread::yield_now();
    }
    let output = run(&[&path, &port, &place]);
    assert_eq!(stdout(&output), "tcp\n1000000\nb\"letter\"\n", "{}", stderr(&output));
}

#[test]
fn curl_goes_through_a_proxy_of_ours_to_a_server_of_ours() {
    if !have("curl") {
        return;
    }
    let (_server, port) = Kettle::serve(&["examples/06_http_server.ket"]);
    let proxy = &["examples/14_proxy.ket", "127.0.0.1", &port.to_string()];
    let (_proxy, port) = Kettle::serve(proxy);
    let address = |path: &str| format!("http://127.0.0.1:{port}/{path}");
    let curl = |args: &[&str]| {
        let output = Command::new("curl").args(["-sS", "--max-time", "30"]).args(args).output();
        let output = output.expect("curl starts");
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output)
    };
    assert_eq!(curl(&[&address("")]), "Welcome to Kettle\n");
    let source = std::fs::read_to_string("examples/06_http_server.ket").expect("it is there");
    assert_eq!(curl(&[&address("source")]), source);
    // Several over one connection, several connections at once.
    let twice = curl(&[&address(""), &address("slow")]);
    assert_eq!(twice, "Welcome to Kettle\nworth the wait\n");
    let all = [address("slow"), address("slow"), address("slow")];
    let all: Vec<&str> = ["-Z"].into_iter().chain(all.iter().map(String::as_str)).collect();
    assert_eq!(curl(&all), "worth the wait\n".repeat(3));
}

#[test]
fn openssl_speaks_tls_through_a_proxy_of_ours() {
    if !have("openssl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let [key, certificate] = ["key.pem", "cert.pem"].map(|name| text_of(&folder.path().join(name)));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"])
        .args(["-subj", "/CN=localhost", "-keyout", &key, "-out", &certificate])
        .output()
        .expect("openssl starts");
    assert!(made.status.success(), "{}", stderr(&made));
    // It gives every line back turned round.
    let server =
        ["s_server", "-accept", "127.0.0.1:0", "-rev", "-cert", &certificate, "-key", &key];
    let mut server = Peer::start("openssl", &server);
    let port = server.port_behind("ACCEPT", false);
    let (_proxy, port) = Kettle::serve(&["examples/14_proxy.ket", "127.0.0.1", &port]);
    let address = format!("127.0.0.1:{port}");
    let client = ["s_client", "-quiet", "-CAfile", &certificate, "-connect", &address];
    let mut client = Peer::start("openssl", &client);
    client.says("kettle\n", "elttek\n");
    client.says("second line\n", "enil dnoces\n");
}

#[test]
fn a_python_client_talks_to_a_server_of_ours() {
    if !have("python3") {
        return;
    }
    let (_server, port, folder) = echo();
    let client = r#"
import asyncio, sys

port, place = int(sys.argv[1]), sys.argv[2]

async def talk(n, opening):
    reader, writer = await opening
    writer.writelines(f"{n} {k}\n".encode() for k in range(100))
    writer.write_eof()
    lines = (await reader.read()).decode().splitlines()
    assert lines == [f"{n} {k}" for k in range(100)], lines
    writer.close()

class Letters(asyncio.DatagramProtocol):
    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()
    def datagram_received(self, data, addr):
        self.came.set_result(data)

async def letter(n):
    loop = asyncio.get_running_loop()
    transport, letters = await loop.create_datagram_endpoint(Letters, remote_addr=("127.0.0.1", port))
    transport.sendto(f"letter {n}".encode())
    assert await letters.came == f"letter {n}".encode()
    transport.close()

async def main():
    talks = [talk(n, asyncio.open_connection("127.0.0.1", port)) for n in range(100)]
    talks += [talk(n, asyncio.open_unix_connection(place + "/stream")) for n in range(20)]
    await asyncio.wait_for(asyncio.gather(*talks, *map(letter, range(20))), 60)
    print("all is well")

asyncio.run(main())
"#;
    let place = text_of(folder.path());
    let output = Command::new("python3").args(["-c", client, &port.to_string(), &place]).output();
    let output = output.expect("python starts");
    assert_eq!(stdout(&output), "all is well\n", "{}", stderr(&output));
}

#[test]
fn a_client_of_ours_talks_to_a_python_server() {
    if !have("python3") {
        return;
    }
    let server = r#"
import asyncio, struct, socket

async def serve(reader, writer):
    line = await reader.readline()
    if line == b"reset\n":
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return
    writer.write(line.upper())
    writer.write(await reader.read())
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print("on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"#;
    let (_folder, path) = script(
        r#"
import {tcp} from net

async fn talk(port, n) {
    let socket = await tcp.connect("127.0.0.1", port, timeout: 10s)
    await socket.write("task ${n}\n")
    let line = await socket.lines().next()
    assert line == "TASK ${n}"
    let rest = "0123456789" * 10_000
    scope {
        spawn { await socket.write(rest); await socket.shutdown() }
        assert await socket.read_text() == rest
    }
}

async fn main(args) {
    let port = int(args[0])
    scope { for n in 0..50 { spawn talk(port, n) } }
    let socket = await tcp.connect("127.0.0.1", port)
    await socket.write("reset\n")
    print(try { await socket.read() } catch e is IoError { e.kind })
}
"#,
    );
    let mut server = Peer::start("python3", &["-c", server]);
    let port = server.port_behind("on", false);
    let output = run(&[&path, &port]);
    assert_eq!(stdout(&output), "reset\n", "{}", stderr(&output));
}

#[test]
fn a_program_is_steered_through_its_socket() {
    if !have("socat") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = text_of(&folder.path().join("control"));
    let mut program = Kettle::start(&["examples/13_control_socket.ket", &path]);
    assert_eq!(program.line(), format!("listening on {path}\n"));
    let mut socat = Peer::start("socat", &["-", &format!("UNIX-CONNECT:{path}")]);
    socat.says("set 5\nstatus\n", "factor is 5 now\nfactor 5\n");
    socat.says("stop\n", "bye\n");
    assert_eq!(program.finish(), (Some(0), "stopped\n".to_owned()));
    assert!(!Path::new(&path).exists(), "the file goes with the socket");
}
