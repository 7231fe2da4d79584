//! Connections and listeners on the real driver, without a program.

use std::net::SocketAddr;

use super::listen::{Listener, accept, close, next};
use super::open::listen;
use crate::natives::drive::Drive;
use crate::natives::kind::TextValue;
use crate::natives::stream::{Stream, ops};
use crate::runtime::driver::MioDriver;
use crate::runtime::{Answer, Cx};
use crate::vm::{Thrown, Value};

fn connect(
    cx: &mut Cx<'_>,
    host: TextValue,
    port: i64,
    timeout: Option<i64>,
) -> Result<Answer, Thrown> {
    super::connect::connect(cx, host, port, timeout, None, true)
}

fn drive() -> Drive {
    Drive::new(Box::new(MioDriver::new().expect("a poll can be made")))
}

fn listener(drive: &mut Drive, host: &str) -> (Value, SocketAddr) {
    let host = drive.text(host);
    let listener = drive.get(|cx| listen(cx, host, 0, 16, false));
    let local =
        drive.runtime.vm.heap.object_ref::<Listener>(listener).expect("it is one").local.net();
    (listener, local.expect("it has a port"))
}

/// Both ends of a connection: the client's and the server's.
fn pair(drive: &mut Drive) -> (Value, Value) {
    let (listener, local) = listener(drive, "127.0.0.1");
    let host = drive.text("127.0.0.1");
    let client = drive.get(|cx| connect(cx, host, local.port().into(), None));
    (client, drive.get(|cx| accept(cx, listener)))
}

fn write(drive: &mut Drive, stream: Value, bytes: &[u8]) {
    let data = drive.data(bytes);
    drive.get(|cx| ops::write(cx, stream, data));
}

#[test]
fn names_and_both_families_connect() {
    for (listen_on, connect_to) in [("127.0.0.1", "localhost"), ("::1", "::1"), ("::", "127.0.0.1")]
    {
        let mut drive = drive();
        let (listener, local) = listener(&mut drive, listen_on);
        let host = drive.text(connect_to);
        let client = drive.get(|cx| connect(cx, host, local.port().into(), Some(5_000_000_000)));
        let server = drive.get(|cx| accept(cx, listener));
        write(&mut drive, client, b"hello");
        let bytes = drive.get(|cx| ops::read(cx, server, 100));
        assert_eq!(drive.shown(bytes), "b\"hello\"", "{listen_on} {connect_to}");
        let stream = drive.runtime.vm.heap.object_ref::<Stream>(server).expect("it is one");
        let peer = stream.name();
        let peer = peer.parse::<SocketAddr>().expect("an address is its name").ip();
        assert!(peer.is_ipv4() || connect_to == "::1", "{peer} is written as what it is");
    }
}

#[test]
fn all_ways_to_read_share_one_buffer() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    write(&mut drive, client, b"GET / HTTP/1.1\r\nhost: x\r\n\r\nbody, rest");
    let separator = drive.data(b"\r\n");
    let line = drive.get(|cx| ops::read_until(cx, server, separator, 100));
    assert_eq!(drive.shown(line), r#"b"GET / HTTP/1.1\r\n""#);
    let lines = ops::lines(&mut drive.runtime.vm, server, 100, false).expect("it is a stream");
    for expected in ["\"host: x\"", "\"\""] {
        let line = drive.get(|cx| ops::next_line(cx, lines, None));
        assert_eq!(drive.shown(line), expected);
    }
    let body = drive.get(|cx| ops::read_exact(cx, server, 4));
    assert_eq!(drive.shown(body), "b\"body\"");
    let some = drive.get(|cx| ops::read(cx, server, 2));
    assert_eq!(drive.shown(some), "b\", \"");
    drive.get(|cx| ops::shutdown(cx, client));
    let rest = drive.get(|cx| ops::read_text(cx, server));
    assert_eq!(drive.shown(rest), "\"rest\"");
    for _ in 0..2 {
        let end = drive.get(|cx| ops::read(cx, server, 10));
        assert!(end.is_null(), "the end stays the end");
    }
}

#[test]
fn an_end_in_between_is_an_error_with_what_there_was() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    write(&mut drive, client, b"abc");
    drive.get(|cx| ops::shutdown(cx, client));
    let result = drive.run(|cx| ops::read_exact(cx, server, 5));
    let failure = drive.failure(result);
    assert!(failure.starts_with("IoError[unexpected_eof]"), "{failure}");
    let end = drive.get(|cx| ops::read_exact(cx, server, 5));
    assert!(end.is_null());
}

#[test]
fn a_read_that_is_cut_loses_nothing() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    let op = drive.wait(|cx| ops::read_exact(cx, server, 6));
    write(&mut drive, client, b"abc");
    drive.cut(op);
    let op = drive.wait(|cx| ops::read_exact(cx, server, 6));
    write(&mut drive, client, b"def");
    let bytes = drive.finish(op).map_err(|_| ()).expect("all is there");
    assert_eq!(drive.shown(bytes), "b\"abcdef\"");
}

#[test]
fn readers_are_served_in_turn() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    let first = drive.wait(|cx| ops::read_exact(cx, server, 3));
    let second = drive.wait(|cx| ops::read_exact(cx, server, 3));
    let third = drive.wait(|cx| ops::read_exact(cx, server, 3));
    drive.cut(first);
    write(&mut drive, client, b"abcdef");
    for (op, expected) in [(second, "b\"abc\""), (third, "b\"def\"")] {
        let bytes = drive.finish(op).map_err(|_| ()).expect("all is there");
        assert_eq!(drive.shown(bytes), expected);
    }
}

#[test]
fn a_write_that_is_cut_in_the_middle_breaks_the_stream_for_writing() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    let much = drive.data(&vec![b'x'; 32 << 20]);
    let op = drive.wait(|cx| ops::write(cx, client, much));
    let behind = drive.data(b"behind");
    let waiting = drive.wait(|cx| ops::write(cx, client, behind));
    drive.cut(op);
    let result = drive.finish(waiting);
    let failure = drive.failure(result);
    assert!(failure.starts_with("BrokenError: an earlier write to 127.0.0.1:"), "{failure}");
    // Reading goes on.
    write(&mut drive, server, b"still here");
    let bytes = drive.get(|cx| ops::read(cx, client, 100));
    assert_eq!(drive.shown(bytes), "b\"still here\"");
}

#[test]
fn writes_wait_for_room_and_go_on() {
    let mut drive = drive();
    let (client, server) = pair(&mut drive);
    let count = 8 << 20;
    let much = drive.data(&vec![b'x'; count]);
    let op = drive.wait(|cx| ops::write(cx, client, much));
    let all = drive.wait(|cx| ops::read_exact(cx, server, count as i64));
    let results = drive.finish_all(vec![op, all]);
    let [Ok(written), Ok(received)] = results[..] else { panic!("both succeed") };
    assert!(written.is_null());
    assert_eq!(drive.runtime.vm.heap.bytes_ref(received).map(<[u8]>::len), Some(count));
}

#[test]
fn closing_wakes_those_who_wait() {
    let mut drive = drive();
    let (client, _server) = pair(&mut drive);
    let first = drive.wait(|cx| ops::read(cx, client, 10));
    let second = drive.wait(|cx| ops::read(cx, client, 10));
    drive.with(|cx| ops::close(cx, client)).map_err(|_| ()).expect("it is a stream");
    for op in [first, second] {
        let result = drive.finish(op);
        let failure = drive.failure(result);
        assert!(failure.starts_with("ClosedError: the stream 127.0.0.1:"), "{failure}");
    }
    let (listener, _) = listener(&mut drive, "127.0.0.1");
    let accepting = drive.wait(|cx| accept(cx, listener));
    drive.with(|cx| close(cx, listener)).map_err(|_| ()).expect("it is a listener");
    let result = drive.finish(accepting);
    let failure = drive.failure(result);
    assert!(failure.starts_with("ClosedError: the listener on 127.0.0.1:"), "{failure}");
}

#[test]
fn failures_to_connect_say_where() {
    let mut drive = drive();
    let (listener, local) = listener(&mut drive, "127.0.0.1");
    drive.with(|cx| close(cx, listener)).map_err(|_| ()).expect("it is a listener");
    let host = drive.text("127.0.0.1");
    let result = drive.run(|cx| connect(cx, host, local.port().into(), None));
    let failure = drive.failure(result);
    let expected = format!("IoError[refused]: cannot connect to {local}: ");
    assert!(failure.starts_with(&expected), "{failure}");
    let result = drive.run(|cx| connect(cx, host, 70_000, None));
    let failure = drive.failure(result);
    assert!(failure.starts_with("ValueError: net.tcp.connect: port must be"), "{failure}");
    let host = drive.text("a name with blanks");
    let result = drive.run(|cx| connect(cx, host, 80, None));
    let failure = drive.failure(result);
    assert!(failure.starts_with("IoError[unknown_host]"), "{failure}");
}

#[test]
fn taken_ports_say_so_and_ended_loops_end() {
    let mut drive = drive();
    let (taken, local) = listener(&mut drive, "127.0.0.1");
    let host = drive.text("127.0.0.1");
    let result = drive.run(|cx| listen(cx, host, local.port().into(), 16, false));
    let failure = drive.failure(result);
    assert!(failure.starts_with("IoError[addr_in_use]: cannot listen on 127.0.0.1"), "{failure}");
    let cursor = super::listen::cursor(&mut drive.runtime.vm, taken);
    let waiting = drive.wait(|cx| next(cx, cursor, Some(Value::end())));
    drive.with(|cx| close(cx, taken)).map_err(|_| ()).expect("it is a listener");
    let end = drive.finish(waiting).map_err(|_| ()).expect("closing ends a loop");
    assert!(end.is_end());
}
