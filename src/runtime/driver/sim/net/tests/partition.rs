//! Partitions: what they hold up, and who gives up.

use super::*;

#[test]
fn a_partition_holds_streams_up_and_healing_lets_them_go_on() {
    let mut net = network();
    net.add_host("db", vec![]).expect("a name");
    let (listener, address) = net.listen("10.0.0.2:0");
    let caller = net.connect(&address).expect("somebody listens");
    net.pass(MILLI);
    let (callee, from) = net.accept(listener).expect("it waits");
    assert_eq!(from.net().map(|from| from.ip().to_string()).as_deref(), Some("10.0.0.1"));
    net.write(caller, b"one ").expect("room");
    net.partition("db", Some("localhost")).expect("both are there");
    net.write(caller, b"two ").expect("room");
    assert_eq!(net.pass(MILLI), []);
    assert_eq!(kind(net.read(callee, 9)), io::ErrorKind::WouldBlock);
    let late = net.connect(&address).expect("somebody listens");
    net.pass(Duration::from_secs(60));
    assert_eq!(kind(net.connected(late)), io::ErrorKind::WouldBlock);
    net.heal();
    net.write(caller, b"three").expect("room");
    net.pass(MILLI);
    assert_eq!(net.text(callee), "one two three");
    net.connected(late).expect("it is made after all");
    assert_eq!(net.next(), None, "nobody is about to give up any more");
}

#[test]
fn a_partition_that_lasts_makes_everybody_give_up() {
    let mut net = network();
    net.add_host("db", vec![]).expect("a name");
    let (listener, address) = net.listen("10.0.0.2:0");
    let caller = net.connect(&address).expect("somebody listens");
    net.pass(MILLI);
    let (callee, _) = net.accept(listener).expect("it waits");
    net.partition("db", None).expect("it is there");
    let late = net.connect(&address).expect("somebody listens");
    net.write(callee, b"lost").expect("room");
    net.wait(late, Direction::Write, ticket(1));
    net.wait(callee, Direction::Read, ticket(2));
    assert_eq!(net.pass(Duration::from_secs(128)), [Event::Ready(ticket(1))]);
    assert_eq!(kind(net.connected(late)), io::ErrorKind::TimedOut);
    assert_eq!(net.pass(Duration::from_secs(900)), [Event::Ready(ticket(2))]);
    assert_eq!(kind(net.read(callee, 9)), io::ErrorKind::TimedOut);
    for id in [caller, callee, late, listener] {
        net.close(id, false);
    }
    net.pass(MILLI);
    assert_eq!((net.links.len(), net.open_sockets()), (0, 0));
}

#[test]
fn partitions_lose_datagrams() {
    let mut net = network();
    net.add_host("peer", vec![]).expect("a name");
    let (peer, address) = net.mailbox(&at("10.0.0.2:0"));
    let (here, _) = net.mailbox(&at("0.0.0.0:0"));
    net.partition("peer", None).expect("it is there");
    net.send_datagram(here, &[1], Some(&address)).expect("sent");
    net.pass(MILLI);
    net.heal();
    net.send_datagram(here, &[2], Some(&address)).expect("sent");
    net.pass(MILLI);
    assert_eq!(net.letters(peer), [2]);
}
