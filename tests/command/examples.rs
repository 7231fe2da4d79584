//! The examples, driven by real sockets and files as their users would.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::process::{Kettle, command, run, stderr, stdout};

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
    stream
}

#[test]
fn examples_print_what_they_say() {
    for name in ["01_hello", "08_job_queue", "10_calculator", "12_udp"] {
        let script = &format!("examples/{name}.ket");
        let text = fs::read_to_string(script).expect("the example is there");
        let expected: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once("# expect: "))
            .map(|(_, printed)| printed)
            .collect();
        let output = run(&[script]);
        assert_eq!(stdout(&output).lines().collect::<Vec<_>>(), expected, "{}", stderr(&output));
    }
}

#[test]
fn echo_serves_a_thousand_clients_at_once() {
    let (_server, port) = Kettle::serve(&["examples/02_echo_server.ket"]);
    let mut clients: Vec<TcpStream> = (0..1000).map(|_| connect(port)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.write_all(format!("client {number}\n").as_bytes()).expect("it can be written");
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let expected = format!("client {number}\n");
        let mut answer = vec![0; expected.len()];
        client.read_exact(&mut answer).expect("the echo comes");
        assert_eq!(String::from_utf8_lossy(&answer), expected);
    }
}

#[test]
fn echo_survives_clients_that_vanish() {
    let (_server, port) = Kettle::serve(&["examples/02_echo_server.ket"]);
    for _ in 0..50 {
        let mut client = connect(port);
        client.write_all(b"gone before the answer").expect("it can be written");
    }
    let mut client = connect(port);
    client.write_all(b"still there?").expect("it can be written");
    let mut answer = [0; 12];
    client.read_exact(&mut answer).expect("the echo comes");
    assert_eq!(&answer, b"still there?");
}

/// A server that has run out of descriptors lets clients wait; it does not end.
#[test]
fn echo_survives_more_clients_than_descriptors() {
    let (_server, port) = Kettle::serve_with_descriptors(40, &["examples/02_echo_server.ket"]);
    let mut clients: Vec<TcpStream> = (0..80).map(|_| connect(port)).collect();
    clients[0].write_all(b"a").expect("it can be written");
    clients[0].read_exact(&mut [0]).expect("who was accepted is served");
    let mut last = clients.pop().expect("there are clients");
    drop(clients);
    last.write_all(b"a").expect("it can be written");
    last.read_exact(&mut [0]).expect("its turn comes when others have gone");
}

struct Chatter {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Chatter {
    fn join(port: u16) -> Chatter {
        let stream = connect(port);
        let lines = BufReader::new(stream.try_clone().expect("a socket can be cloned"));
        Chatter { stream, lines }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stream, "{line}").expect("it can be written");
    }

    fn hears(&mut self, expected: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line comes");
        assert_eq!(line.trim_end(), expected);
    }
}

#[test]
fn chat_keeps_rooms_apart() {
    let (_server, port) = Kettle::serve(&["examples/03_chat_server.ket"]);
    let mut ada = Chatter::join(port);
    ada.hears("* guest1 joined lobby");
    let mut bob = Chatter::join(port);
    bob.hears("* guest2 joined lobby");
    ada.hears("* guest2 joined lobby");
    ada.say("/name ada");
    ada.hears("* guest1 is now ada");
    bob.hears("* guest1 is now ada");
    ada.say("hello bob");
    bob.hears("ada: hello bob");
    bob.say("/join kitchen");
    bob.hears("* guest2 joined kitchen");
    ada.hears("* guest2 left lobby");
    ada.say("anybody?");
    bob.say("/who");
    bob.hears("* here: guest2");
    bob.say("/quit");
    let mut rest = String::new();
    bob.lines.read_to_string(&mut rest).expect("the server closes the connection");
    assert_eq!(rest, "");
    ada.say("/who");
    ada.hears("* here: ada");
}

#[test]
fn port_scanner_finds_what_listens() {
    let open: Vec<TcpListener> =
        (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
    let ports: Vec<u16> =
        open.iter().map(|l| l.local_addr().expect("it is bound").port()).collect();
    let first = ports.iter().min().expect("three ports") - 20;
    let last = ports.iter().max().expect("three ports").saturating_add(20);
    let script = "examples/04_port_scanner.ket";
    let output = run(&[script, &first.to_string(), &last.to_string(), "50"]);
    let text = stdout(&output);
    for port in &ports {
        assert!(text.contains(&format!("port {port} is open")), "{port} is missing in:\n{text}");
    }
    assert!(text.ends_with(" open\n"), "{text}");
    let total = u32::from(last) - u32::from(first) + 1;
    assert!(stderr(&output).contains(&format!("scanned {total} of {total}")));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&[script]).status.code(), Some(2));
}

#[test]
fn word_count_reads_a_folder() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 0..40 {
        let text = "Tea, tea and coffee!\n".repeat(number);
        fs::write(folder.path().join(format!("{number}.txt")), text).expect("it can be written");
    }
    fs::write(folder.path().join("other.md"), "tea tea tea").expect("it can be written");
    let path = folder.path().to_str().expect("the path is UTF-8");
    let output = run(&["examples/05_word_count.ket", path, "2"]);
    let total: usize = (0..40).sum();
    let expected = format!("{} tea\n{total} and\n3 different words\n", 2 * total);
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
}

fn curl(args: &[&str]) -> String {
    let output = Command::new("curl").args(["-s", "-S", "-m", "20"]).args(args).output();
    let output = output.expect("curl is installed");
    assert!(output.status.success(), "curl {args:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn http_server_answers_curl() {
    let (_server, port) = Kettle::serve(&["examples/06_http_server.ket"]);
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    assert_eq!(curl(&[&url("/")]), "Welcome to Kettle\n");
    assert_eq!(curl(&["-w", "%{http_code}", &url("/none")]), "no such page: /none\n404");
    let source = fs::read_to_string("examples/06_http_server.ket").expect("the example is there");
    assert_eq!(curl(&[&url("/source")]), source);
    assert_eq!(curl(&["-d", "some body", &url("/echo")]), "some body");
    assert_eq!(curl(&["-X", "PUT", "-o", "/dev/null", "-w", "%{http_code}", &url("/")]), "405");
    let twice = curl(&[
        "-w",
        "%{num_connects} ",
        "-o",
        "/dev/null",
        &url("/"),
        "-o",
        "/dev/null",
        &url("/"),
    ]);
    assert_eq!(twice, "1 0 ", "the second request uses the first one's connection");
}

#[test]
fn http_server_does_not_wait_for_the_slow_route() {
    let (_server, port) = Kettle::serve(&["examples/06_http_server.ket"]);
    let mut slow = connect(port);
    slow.write_all(b"GET /slow HTTP/1.1\r\nConnection: close\r\n\r\n").expect("it can be written");
    let begin = Instant::now();
    assert_eq!(curl(&[&format!("http://127.0.0.1:{port}/")]), "Welcome to Kettle\n");
    slow.set_nonblocking(true).expect("it can be set");
    let early = slow.read(&mut [0; 1]).is_err();
    assert!(early || begin.elapsed() > Duration::from_millis(300), "the slow route came first");
    slow.set_nonblocking(false).expect("it can be set");
    let mut answer = String::new();
    slow.read_to_string(&mut answer).expect("the slow answer comes");
    assert!(answer.ends_with("\r\n\r\nworth the wait\n"), "{answer}");
}

#[test]
fn http_client_fetches_from_the_server() {
    let (_server, port) = Kettle::serve(&["examples/06_http_server.ket"]);
    let output = run(&["examples/07_http_client.ket", &port.to_string(), "/", "/none", "/slow"]);
    let expected = "/: 200, 18 characters\nWelcome to Kettle\n\
                    /none: 404, 20 characters\nno such page: /none\n\
                    /slow: 200, 15 characters\nworth the wait\n";
    assert_eq!(stdout(&output), expected, "{}", stderr(&output));
    let refused = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let free = refused.local_addr().expect("it is bound").port();
    drop(refused);
    let output = run(&["examples/07_http_client.ket", &free.to_string(), "/"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("IoError"), "{}", stderr(&output));
}

#[test]
fn every_error_report_can_be_seen() {
    let script = "examples/09_errors.ket";
    let listing = run(&[script]);
    assert_eq!(listing.status.code(), Some(2));
    let expected = [
        ("simple", "ValueError: just an error"),
        ("cause", "ConfigError: the port is no number"),
        ("index", "IndexError"),
        ("key", "KeyError"),
        ("type", "TypeError"),
        ("field", "FieldError"),
        ("arity", "ArityError"),
        ("overflow", "OverflowError"),
        ("match", "MatchError"),
        ("assert", "AssertError"),
        ("stack", "StackOverflowError"),
        ("suppressed", "and the clean-up failed too"),
        ("file", "no/such/file.txt"),
        ("task", "no answer from alpha"),
        ("timeout", "TimeoutError"),
        ("deadlock", "DeadlockError"),
    ];
    let kinds: Vec<&str> = expected.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(stdout(&listing).lines().collect::<Vec<_>>(), kinds);
    for (kind, text) in expected {
        let output = run(&[script, kind]);
        let report = stderr(&output);
        let code = if kind == "deadlock" { 13 } else { 1 };
        assert_eq!(output.status.code(), Some(code), "{kind}:\n{report}");
        assert!(report.contains(text), "{kind}: no {text:?} in\n{report}");
        assert!(report.contains("09_errors.ket"), "{kind}: no place in\n{report}");
    }
}

#[test]
fn calculator_passes_its_own_tests() {
    let output = run(&["test", "examples/10_calculator.ket"]);
    assert!(stdout(&output).contains("1 passed, 0 failed"), "{}", stderr(&output));
}

#[test]
fn tea_list_is_kept_in_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("list.json");
    let file = file.to_str().expect("the path is UTF-8");
    let list =
        |words: &[&str]| run(&[&["examples/11_tea_list.ket", "--file", file], words].concat());
    for words in
        [&["add", "tea", "--price", "3.50"][..], &["add", "milk", "-p1.2"], &["done", "tea"]]
    {
        let output = list(words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
    }
    let open = stdout(&list(&["list"]));
    assert!(open.contains("milk") && !open.contains("tea"), "{open}");
    assert!(open.ends_with("total 1.20\n"), "{open}");
    let all = stdout(&list(&["list", "--all"]));
    assert!(all.contains("done") && all.ends_with("total 4.70\n"), "{all}");
    let missing = list(&["done", "beer"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("item=beer"), "{}", stderr(&missing));
    assert!(stdout(&list(&["--help"])).contains("Puts something on the list."));
    assert_eq!(list(&["add"]).status.code(), Some(2));
}

#[test]
fn a_server_ends_on_interrupt() {
    let (server, _) = Kettle::serve(&["examples/02_echo_server.ket"]);
    server.signal("INT");
    assert_eq!(server.finish().0, Some(130));
    let (server, _) = Kettle::serve(&["examples/02_echo_server.ket"]);
    server.signal("TERM");
    assert_eq!(server.finish().0, Some(143));
}

#[test]
fn the_tests_of_examples_pass() {
    // With CI set nothing is stored: the snapshots are part of the examples.
    let output = command(&["test", "examples"]).env("CI", "1").output().expect("it runs");
    let said = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("examples/12_key_value.ket\n") && !said.contains("snapshot"), "{said}");
}

#[test]
fn the_store_keeps_what_it_is_given() {
    let (_server, port) = Kettle::serve(&["examples/12_key_value.ket", "0"]);
    let ask = |client: &mut TcpStream, line: &str| {
        client.write_all(format!("{line}\n").as_bytes()).expect("it can be written");
        let mut answer = String::new();
        BufReader::new(client).read_line(&mut answer).expect("an answer comes");
        answer
    };
    let (mut one, mut other) = (connect(port), connect(port));
    assert_eq!(ask(&mut one, "set tea green and hot"), "ok\n");
    assert_eq!(ask(&mut other, "get tea"), "green and hot\n");
    assert_eq!(ask(&mut other, "remove tea"), "ok\n");
    assert_eq!(ask(&mut one, "get tea"), "there is no tea\n");
}
