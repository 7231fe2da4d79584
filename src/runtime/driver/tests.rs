//! The real driver against real sockets, and both drivers against one clock contract.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::{
    Address, Direction, Driver, Event, Lane, ListenOptions, MioDriver, READ_MAX, SimDriver,
    SocketId, Ticket, submit,
};

fn ticket(seq: u64) -> Ticket {
    Ticket { seq, task: 0, arm: 0 }
}

fn net(address: &str) -> Address {
    let address: SocketAddr = address.parse().expect("a test gives an address");
    address.into()
}

fn driver() -> MioDriver {
    MioDriver::new().expect("a poll can be made")
}

/// Polls until `ticket` is reported.
fn until(driver: &mut dyn Driver, ticket: Ticket) {
    let mut events = Vec::new();
    loop {
        driver.poll(Some(Duration::from_secs(10)), &mut events);
        if events.drain(..).any(|event| matches!(event, Event::Ready(t) if t == ticket)) {
            return;
        }
    }
}

/// Repeats a call that would block until the driver says it may go on.
fn complete<T>(
    driver: &mut MioDriver,
    socket: SocketId,
    direction: Direction,
    mut call: impl FnMut(&mut MioDriver) -> io::Result<T>,
) -> io::Result<T> {
    let waiter = ticket(1000);
    let result = loop {
        match call(driver) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                driver.wait(socket, direction, waiter);
                until(driver, waiter);
            }
            result => break result,
        }
    };
    driver.unwait(socket, direction, waiter);
    result
}

/// A listener on `host` and a connection to it: (listener, client, server's end).
fn pair(driver: &mut MioDriver, host: &str) -> (SocketId, SocketId, SocketId) {
    let address = net(host);
    let listener = driver.bind(&address, ListenOptions::default()).expect("port 0 is free");
    let client = driver.connect(&driver.local(listener).expect("it is bound")).expect("it starts");
    complete(driver, client, Direction::Write, |d| d.connected(client)).expect("somebody listens");
    let (server, peer) =
        complete(driver, listener, Direction::Read, |d| d.accept(listener)).expect("it is there");
    assert_eq!(peer, driver.local(client).expect("it is connected"));
    (listener, client, server)
}

#[test]
fn bytes_go_both_ways_over_both_families() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let mut driver = driver();
        let (_, client, server) = pair(&mut driver, host);
        driver.write(client, b"ping").expect("there is room");
        let read = |d: &mut MioDriver, socket| {
            complete(d, socket, Direction::Read, |d| d.read(socket, 64).map(<[u8]>::to_vec))
        };
        assert_eq!(read(&mut driver, server).expect("it came"), b"ping");
        driver.write(server, b"pong!").expect("there is room");
        driver.shutdown(server).expect("it is open");
        assert_eq!(read(&mut driver, client).expect("it came"), b"pong!");
        assert_eq!(read(&mut driver, client).expect("an end is no error"), b"");
        assert_eq!(read(&mut driver, client).expect("an end stays"), b"");
    }
}

#[test]
fn a_full_socket_reports_room_when_the_other_end_has_read() {
    let mut driver = driver();
    let (_, client, server) = pair(&mut driver, "127.0.0.1:0");
    let block = vec![7; 256 * 1024];
    let mut sent = 0;
    loop {
        match driver.write(client, &block) {
            Ok(count) => sent += count,
            Err(error) => break assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    driver.wait(client, Direction::Write, ticket(1));
    let mut received = 0;
    // The report of room may come while the rest is still being read.
    let mut events = Vec::new();
    while received < sent {
        match driver.read(server, READ_MAX).map(<[u8]>::len) {
            Ok(count) => received += count,
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                driver.wait(server, Direction::Read, ticket(2));
                driver.poll(Some(Duration::from_secs(10)), &mut events);
            }
        }
    }
    if !events.contains(&Event::Ready(ticket(1))) {
        until(&mut driver, ticket(1));
    }
    assert!(driver.write(client, &block).expect("there is room again") > 0);
}

#[test]
fn a_refused_connection_is_an_error() {
    let mut driver = driver();
    let address = net("127.0.0.1:0");
    let listener = driver.bind(&address, ListenOptions::default()).expect("port 0 is free");
    let address = driver.local(listener).expect("it is bound");
    driver.close(listener);
    let outcome = driver.connect(&address).and_then(|client| {
        complete(&mut driver, client, Direction::Write, |d| d.connected(client))
    });
    assert_eq!(outcome.map_err(|e| e.kind()), Err(io::ErrorKind::ConnectionRefused));
}

#[test]
fn closing_reports_the_waiters_and_makes_the_id_stale() {
    let mut driver = driver();
    let (listener, client, server) = pair(&mut driver, "127.0.0.1:0");
    driver.wait(client, Direction::Read, ticket(1));
    driver.wait(client, Direction::Write, ticket(2));
    driver.close(client);
    driver.close(client);
    until(&mut driver, ticket(1));
    assert!(!driver.is_busy(), "nobody waits any more");
    assert_eq!(driver.read(client, 1).map_err(|e| e.kind()), Err(io::ErrorKind::NotConnected));
    // The slot is used again; the old id must not reach the new socket.
    let again = driver.connect(&driver.local(listener).expect("it is bound")).expect("it starts");
    assert_ne!(again, client);
    assert!(driver.write(client, b"x").is_err());
    driver.close(server);
}

#[test]
fn waiting_is_what_keeps_a_driver_busy() {
    let mut driver = driver();
    let (listener, ..) = pair(&mut driver, "127.0.0.1:0");
    assert!(!driver.is_busy(), "open sockets alone bring nothing");
    driver.wait(listener, Direction::Read, ticket(5));
    assert!(driver.is_busy());
    driver.unwait(listener, Direction::Read, ticket(5));
    assert!(!driver.is_busy());
}

#[test]
fn jobs_complete_and_wake_the_loop() {
    let mut driver = driver();
    let jobs: Vec<_> = (0..100u64)
        .map(|number| {
            let job = submit(&mut driver, Lane::Fs, move || number * 2);
            job.wait(ticket(number));
            job
        })
        .collect();
    let mut events = Vec::new();
    while driver.is_busy() {
        driver.poll(None, &mut events);
    }
    assert_eq!(events.len(), 100);
    for (number, job) in (0..).zip(&jobs) {
        assert!(events.contains(&Event::Completed(ticket(number))));
        assert_eq!(job.take(), Some(Ok(number * 2)));
    }
}

#[test]
fn a_waker_ends_an_endless_wait() {
    let mut driver = driver();
    let waker = driver.waker();
    let thread = std::thread::spawn(move || waker.wake());
    let mut events = Vec::new();
    while events.is_empty() {
        driver.poll(None, &mut events);
    }
    assert_eq!(events, [Event::Woken]);
    thread.join().expect("waking does not panic");
}

#[test]
fn short_timeouts_are_short_and_never_early() {
    let mut driver = driver();
    for micros in [50, 300, 1500] {
        let span = Duration::from_micros(micros);
        let end = driver.now().after(span);
        // A timeout may end early; the loop asks again. It must get there in a few rounds.
        let mut rounds = 0;
        while driver.now() < end {
            let left = end.since(driver.now());
            driver.poll(Some(left), &mut Vec::new());
            rounds += 1;
        }
        assert!(rounds < 10, "{rounds} rounds for {span:?}");
    }
}

#[test]
fn virtual_time_jumps_to_the_end_of_the_timeout() {
    let mut driver = SimDriver::new(1);
    let wall = driver.wall();
    driver.poll(Some(Duration::from_secs(3600)), &mut Vec::new());
    assert_eq!(driver.now().nanos, 3_600_000_000_000);
    assert_eq!(driver.wall() - wall, Duration::from_secs(3600));
    driver.notify(ticket(1));
    let mut events = Vec::new();
    driver.poll(Some(Duration::from_secs(1)), &mut events);
    assert_eq!(events, [Event::Ready(ticket(1))]);
    assert_eq!(driver.now().nanos, 3_600_000_000_000, "an event comes before time");
}

#[test]
fn virtual_time_runs_jobs_at_moments_of_their_own() {
    let mut driver = SimDriver::new(1);
    let first = submit(&mut driver, Lane::Fs, || "first");
    let second = submit(&mut driver, Lane::Dns, || "second");
    second.wait(ticket(1));
    first.wait(ticket(2));
    assert!(driver.is_busy());
    let mut events = Vec::new();
    driver.poll(Some(Duration::from_secs(9)), &mut events);
    assert_eq!(events, [Event::Completed(ticket(2))], "names are looked up more slowly");
    let between = driver.now();
    assert!((20_000..100_000).contains(&between.nanos), "{between:?}");
    driver.poll(Some(Duration::from_secs(9)), &mut events);
    assert_eq!(events[1..], [Event::Completed(ticket(1))]);
    assert!(driver.now() > between);
    assert_eq!((first.take(), second.take()), (Some(Ok("first")), Some(Ok("second"))));
}

#[test]
fn virtual_time_has_the_same_random_numbers_again() {
    let numbers = |seed| {
        let mut driver = SimDriver::new(seed);
        [driver.random(), driver.random()]
    };
    assert_eq!(numbers(7), numbers(7));
    assert_ne!(numbers(7), numbers(8));
}
