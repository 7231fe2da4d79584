//! Datagrams.

use super::*;

#[test]
fn datagrams_come_whole_from_their_senders() {
    let mut net = network();
    let (a, a_at) = net.mailbox(&at("127.0.0.1:0"));
    let (b, b_at) = net.mailbox(&at("0.0.0.0:53"));
    assert_eq!(b_at, at("0.0.0.0:53"));
    net.wait(b, Direction::Read, ticket(1));
    net.send_datagram(a, b"abc", Some(&at("127.0.0.1:53"))).expect("sent");
    net.send_datagram(a, b"", Some(&at("127.0.0.1:53"))).expect("nothing is something, too");
    assert_eq!(net.pass(MILLI), [Event::Ready(ticket(1)); 2]);
    assert_eq!(net.receive_datagram(b).expect("one"), (&b"abc"[..], a_at.clone()));
    assert_eq!(net.receive_datagram(b).expect("one"), (&b""[..], a_at.clone()));
    assert_eq!(kind(net.receive_datagram(b)), io::ErrorKind::WouldBlock);
    assert_eq!(kind(net.send_datagram(a, b"x", None)), io::ErrorKind::NotConnected);
    let long = net.send_datagram(a, &[0; 65_508], Some(&b_at));
    assert!(long.expect_err("it is too long").raw_os_error().is_some());
    net.connect_datagram(b, &at("127.0.0.1:9")).expect("a way");
    net.send_datagram(a, b"from elsewhere", Some(&at("127.0.0.1:53"))).expect("sent");
    net.send_datagram(b, b"to nobody", None).expect("it does not know yet");
    net.pass(MILLI);
    assert_eq!(kind(net.receive_datagram(b)), io::ErrorKind::ConnectionRefused);
    assert_eq!(kind(net.receive_datagram(b)), io::ErrorKind::WouldBlock);
}

#[test]
fn datagrams_are_lost_doubled_and_overtaken_as_often_as_asked() {
    let arrived = |faults: Faults| {
        let mut net = with(faults);
        let (a, _) = net.mailbox(&at("127.0.0.1:0"));
        let (b, address) = net.mailbox(&at("127.0.0.1:0"));
        for number in 0..100 {
            net.send_datagram(a, &[number], Some(&address)).expect("sent");
            net.pass(LATENCY / 10);
        }
        net.pass(Duration::from_secs(1));
        net.letters(b)
    };
    let all: Vec<u8> = (0..100).collect();
    assert_eq!(arrived(Faults::default()), all);
    let some = arrived(Faults { loss: 0.3, ..Faults::default() });
    assert!((50..90).contains(&some.len()) && some.is_sorted(), "{some:?}");
    let more = arrived(Faults { duplicate: 0.3, ..Faults::default() });
    assert!((110..150).contains(&more.len()) && more.is_sorted(), "{more:?}");
    let mixed = arrived(Faults { reorder: 0.3, ..Faults::default() });
    assert!(mixed.len() == 100 && !mixed.is_sorted(), "{mixed:?}");
}

#[test]
fn datagrams_for_all_and_for_groups_come_to_all_who_want_them() {
    let mut net = network();
    let options = DatagramOptions { reuse_port: true, broadcast: false };
    let members: Vec<SocketId> =
        (0..3).map(|_| net.bind_datagram(&at("0.0.0.0:7"), options).expect("shared")).collect();
    let (sender, _) = net.mailbox(&at("0.0.0.0:0"));
    let all = at("255.255.255.255:7");
    assert_eq!(kind(net.send_datagram(sender, b"x", Some(&all))), io::ErrorKind::PermissionDenied);
    net.set_option(sender, SocketOption::Broadcast(true)).expect("it is a mailbox");
    net.send_datagram(sender, b"x", Some(&all)).expect("sent");
    let group = "224.0.0.7".parse().expect("an address");
    net.set_option(members[1], SocketOption::JoinMulticast(group, 0)).expect("a group");
    net.send_datagram(sender, b"y", Some(&at("224.0.0.7:7"))).expect("sent");
    net.pass(MILLI);
    let received: Vec<usize> = members.iter().map(|id| net.letters(*id).len()).collect();
    assert_eq!(received, [1, 2, 1]);
    net.set_option(members[1], SocketOption::LeaveMulticast(group, 0)).expect("a group");
    net.send_datagram(sender, b"y", Some(&at("224.0.0.7:7"))).expect("sent");
    net.pass(MILLI);
    assert_eq!(net.letters(members[1]).len(), 0);
}

#[test]
fn unix_datagrams_are_there_at_once_and_wait_for_room() {
    let mut net = network();
    let (a, _) = net.mailbox(&Address::Unnamed);
    let (b, b_at) = net.mailbox(&path("b"));
    assert_eq!(b_at, path("/home/user/b"));
    assert_eq!(kind(net.bind(&path("b"), ListenOptions::default())), io::ErrorKind::AddrInUse);
    net.connect_datagram(a, &path("./b")).expect("it is there");
    let mut sent = 0;
    while net.send_datagram(a, &[1], None).is_ok() {
        sent += 1;
    }
    assert_eq!(kind(net.send_datagram(a, &[1], None)), io::ErrorKind::WouldBlock);
    net.wait(a, Direction::Write, ticket(1));
    net.pass(Duration::ZERO);
    assert_eq!(net.letters(b).len(), sent);
    assert_eq!(net.pass(Duration::ZERO), [Event::Ready(ticket(1))]);
    net.close(b, false);
    assert_eq!(kind(net.send_datagram(a, &[1], None)), io::ErrorKind::ConnectionRefused);
    assert_eq!(kind(net.send_datagram(a, &[1], Some(&path("b")))), io::ErrorKind::NotFound);
    assert!(net.bind(&path("b"), ListenOptions::default()).is_ok(), "the path is free again");
}
