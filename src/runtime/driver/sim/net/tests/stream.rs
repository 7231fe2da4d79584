//! Streams and listeners.

use super::*;

/// How much is read at once.
const READ: usize = 50_000;

#[test]
fn a_connection_takes_its_time_and_carries_both_ways() {
    let mut net = network();
    let (listener, address) = net.listen("127.0.0.1:0");
    net.wait(listener, Direction::Read, ticket(1));
    let caller = net.connect(&address).expect("somebody listens");
    net.wait(caller, Direction::Write, ticket(2));
    assert_eq!(kind(net.connected(caller)), io::ErrorKind::WouldBlock);
    assert_eq!(kind(net.accept(listener)), io::ErrorKind::WouldBlock);
    assert_eq!(net.pass(LATENCY), [Event::Ready(ticket(1))], "the wish is there");
    assert_eq!(net.pass(LATENCY), [Event::Ready(ticket(2))], "the answer is there");
    net.connected(caller).expect("it is made");
    let (callee, from) = net.accept(listener).expect("it waits");
    assert_eq!(from, net.local(caller).expect("it is open"));
    assert_eq!(net.local(callee).expect("it is open"), address);
    assert_eq!(net.write(caller, b"there").expect("room"), 5);
    assert_eq!(net.write(callee, b"back").expect("room"), 4);
    assert_eq!(kind(net.read(callee, 9)), io::ErrorKind::WouldBlock);
    net.pass(LATENCY);
    assert_eq!((net.text(callee), net.text(caller)), ("there".to_owned(), "back".to_owned()));
}

#[test]
fn where_nobody_listens_a_connection_is_refused() {
    let mut net = network();
    let caller = net.connect(&at("127.0.0.1:9")).expect("there is a way");
    net.wait(caller, Direction::Write, ticket(1));
    assert_eq!(net.pass(LATENCY * 2), [Event::Ready(ticket(1))]);
    assert_eq!(kind(net.connected(caller)), io::ErrorKind::ConnectionRefused);
    net.close(caller, false);
    assert_eq!(kind(net.connect(&at("9.9.9.9:80"))), io::ErrorKind::HostUnreachable);
    assert_eq!(
        kind(net.bind(&at("9.9.9.9:80"), ListenOptions::default())),
        io::ErrorKind::AddrNotAvailable
    );
    assert_eq!((net.links.len(), net.open_sockets()), (0, 0));
}

#[test]
fn a_full_queue_makes_callers_repeat_themselves_and_give_up() {
    let mut net = network();
    let options = ListenOptions { backlog: 1, reuse_port: false };
    let listener = net.bind(&at("127.0.0.1:80"), options).expect("it is free");
    let callers: Vec<SocketId> =
        (0..4).map(|_| net.connect(&at("127.0.0.1:80")).expect("a way")).collect();
    net.pass(MILLI);
    let made = |net: &mut Network| callers.iter().filter(|id| net.connected(**id).is_ok()).count();
    assert_eq!(made(&mut net), 2, "one more than it was told");
    net.accept(listener).expect("one waits");
    net.pass(MILLI);
    assert_eq!(made(&mut net), 2, "nobody knocks again before a second");
    net.pass(Duration::from_secs(1));
    assert_eq!(made(&mut net), 3);
    net.pass(Duration::from_secs(130));
    assert_eq!(kind(net.connected(callers[3])), io::ErrorKind::TimedOut);
}

#[test]
fn a_stream_is_full_until_its_reader_reads() {
    let mut net = network();
    let (a, b) = net.pair();
    let much = vec![7; 1 << 20];
    let mut written = net.write(a, &much).expect("room");
    assert!(written < much.len());
    assert_eq!(kind(net.write(a, &much)), io::ErrorKind::WouldBlock);
    net.wait(a, Direction::Write, ticket(1));
    assert_eq!(net.pass(MILLI), []);
    let mut read = net.read(b, 1).expect("data").len();
    assert_eq!(net.pass(MILLI), [], "so little room is not worth it");
    while let Ok(bytes) = net.read(b, READ) {
        read += bytes.len();
    }
    assert_eq!(read, written);
    assert_eq!(net.pass(MILLI), [Event::Ready(ticket(1))]);
    written += net.write(a, &much).expect("room again");
    net.close(a, false);
    net.pass(MILLI);
    loop {
        match net.read(b, READ).expect("the end comes behind the data").len() {
            0 => break,
            count => read += count,
        }
    }
    assert_eq!(read, written);
}

#[test]
fn a_stream_that_ends_one_way_goes_on_the_other() {
    for is_unix in [false, true] {
        let mut net = network();
        let (a, b) = if is_unix { net.unix_pair() } else { net.pair() };
        net.write(a, b"last").expect("room");
        net.shutdown(a).expect("it is open");
        net.shutdown(a).expect("twice is once");
        assert_eq!(kind(net.write(a, b"more")), io::ErrorKind::BrokenPipe);
        net.pass(MILLI);
        assert_eq!(net.text(b), "last");
        assert_eq!([net.text(b), net.text(b)], ["", ""], "the end stays the end");
        net.write(b, b"answer").expect("room");
        net.close(b, false);
        net.pass(MILLI);
        assert_eq!([net.text(a), net.text(a)], ["answer", ""]);
        net.close(a, false);
        assert_eq!((net.links.len(), net.open_sockets()), (0, 0));
    }
}

#[test]
fn writing_to_who_has_closed_breaks_the_connection_off() {
    let mut net = network();
    let (a, b) = net.pair();
    net.close(b, false);
    net.pass(MILLI);
    assert_eq!(net.text(a), "");
    assert_eq!(net.write(a, b"x").expect("it does not know yet"), 1);
    net.wait(a, Direction::Write, ticket(1));
    net.pass(MILLI);
    assert_eq!(kind(net.write(a, b"x")), io::ErrorKind::BrokenPipe);
    assert_eq!(net.text(a), "", "who has ended, has ended");
    assert_eq!(kind(net.shutdown(a)), io::ErrorKind::NotConnected);
    let (a, b) = net.unix_pair();
    net.close(b, false);
    assert_eq!(kind(net.write(a, b"x")), io::ErrorKind::BrokenPipe, "known at once");
}

#[test]
fn closing_with_something_unread_resets_and_what_was_sent_before_still_comes() {
    for is_unix in [false, true] {
        let mut net = network();
        let (a, b) = if is_unix { net.unix_pair() } else { net.pair() };
        net.write(a, b"unread").expect("room");
        net.write(b, b"before").expect("room");
        net.pass(MILLI);
        net.wait(a, Direction::Read, ticket(1));
        net.close(b, false);
        assert!(net.pass(MILLI).contains(&Event::Ready(ticket(1))));
        assert_eq!(net.text(a), "before");
        assert_eq!(kind(net.read(a, 9)), io::ErrorKind::ConnectionReset);
        assert_eq!(net.text(a), "", "an error is told once");
        assert_eq!(kind(net.write(a, b"x")), io::ErrorKind::BrokenPipe);
    }
    let mut net = network();
    let (a, b) = net.pair();
    net.close(b, true);
    net.pass(MILLI);
    assert_eq!(kind(net.write(a, b"x")), io::ErrorKind::ConnectionReset);
}

#[test]
fn who_is_not_accepted_is_turned_away() {
    let mut net = network();
    let (listener, address) = net.listen("127.0.0.1:0");
    let caller = net.connect(&address).expect("somebody listens");
    net.pass(MILLI);
    net.wait(listener, Direction::Read, ticket(1));
    net.close(listener, false);
    net.pass(MILLI);
    assert_eq!(kind(net.read(caller, 9)), io::ErrorKind::ConnectionReset);
    net.close(caller, false);
    let (listener, address) = net.listen("127.0.0.1:0");
    let caller = net.connect(&address).expect("somebody listens");
    net.pass(LATENCY);
    net.close(caller, false);
    net.pass(MILLI);
    let (callee, _) = net.accept(listener).expect("it waits although the caller has gone");
    assert_eq!(kind(net.read(callee, 9)), io::ErrorKind::ConnectionReset);
    net.close(callee, false);
    net.close(listener, false);
    assert_eq!((net.links.len(), net.open_sockets()), (0, 0));
}

#[test]
fn streams_stay_in_order_whatever_the_latencies_and_the_length_of_the_pieces() {
    let micros = Duration::from_micros;
    for seed in 0..20 {
        let faults =
            Faults { latency: micros(1)..=micros(200), short_io: 0.5, ..Faults::default() };
        let mut net = Network::new(seed, Some(seed), faults, files());
        let (a, b) = net.pair();
        let (mut written, mut read) = (Vec::new(), Vec::new());
        while written.len() < 2000 {
            let bytes: Vec<u8> = (0..50).map(|i| (written.len() + i) as u8).collect();
            let count = net.write(a, &bytes).expect("room");
            written.extend_from_slice(&bytes[..count]);
            net.pass(micros(100));
            while let Ok(bytes) = net.read(b, 40) {
                read.extend_from_slice(bytes);
            }
        }
        net.pass(MILLI);
        while let Ok(bytes) = net.read(b, 40) {
            read.extend_from_slice(bytes);
        }
        assert_eq!(read, written, "seed {seed}");
    }
}

#[test]
fn resets_and_refusals_come_as_often_as_asked() {
    let mut net = with(Faults { reset: 1.0, ..Faults::default() });
    let (a, b) = net.pair();
    assert_eq!(net.write(a, b"lost").expect("it seems to work"), 4);
    net.pass(MILLI);
    assert_eq!(kind(net.read(a, 9)), io::ErrorKind::ConnectionReset);
    assert_eq!(kind(net.read(b, 9)), io::ErrorKind::ConnectionReset);
    net.close(a, false);
    net.close(b, false);
    assert_eq!(net.links.len(), 0);
    net.set_faults(Faults::default());
    let (a, b) = net.pair();
    net.set_faults(Faults { reset: 1.0, ..Faults::default() });
    net.write(a, b"lost").expect("it seems to work");
    net.set_faults(Faults::default());
    net.write(a, b"behind").expect("so does this");
    net.shutdown(a).expect("and this");
    net.pass(MILLI);
    assert_eq!(kind(net.read(b, 9)), io::ErrorKind::ConnectionReset, "nothing comes behind a gap");
    assert_eq!(net.text(b), "");
    net.set_faults(Faults { refuse: 1.0, ..Faults::default() });
    let (_, address) = net.listen("127.0.0.1:0");
    let caller = net.connect(&address).expect("a way");
    net.pass(MILLI);
    assert_eq!(kind(net.connected(caller)), io::ErrorKind::ConnectionRefused);
}

#[test]
fn both_families_reach_a_listener_for_all() {
    let mut net = network();
    let (listener, address) = net.listen("[::]:0");
    let port = address.net().expect("an address").port();
    for host in ["127.0.0.1", "[::1]", "0.0.0.0"] {
        let caller = net.connect(&at(&format!("{host}:{port}"))).expect("a way");
        net.pass(MILLI);
        net.connected(caller).expect("it is made");
        let (callee, from) = net.accept(listener).expect("it waits");
        assert_eq!(from, net.local(caller).expect("it is open"));
        assert_ne!(net.local(callee).expect("it is open"), address, "the address that was called");
    }
}
