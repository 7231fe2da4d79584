//! From an address to a name: the table of hosts, then the name servers of the system (a PTR query,
//! RFC 1035). The standard library has no call for it.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Where the system keeps names of its own.
const HOSTS: &str = "/etc/hosts";
/// Where the system keeps the addresses of its name servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How long one name server may take, and how often each is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ROUNDS: usize = 2;
/// A plain answer over UDP is no longer.
const ANSWER_MAX: usize = 512;

const TYPE_PTR: u16 = 12;
const CLASS_IN: u16 = 1;
const RCODE_NO_NAME: u8 = 3;

/// The name of an address, if it has one.
pub(super) fn name_of(ip: IpAddr) -> io::Result<Option<String>> {
    let hosts = std::fs::read_to_string(HOSTS).unwrap_or_default();
    if let Some(name) = name_in(&hosts, ip) {
        return Ok(Some(name));
    }
    let servers = servers_in(&std::fs::read_to_string(RESOLV_CONF).unwrap_or_default());
    let mut failure = io::Error::new(
        io::ErrorKind::NotFound,
        format!("{RESOLV_CONF} names no name server that could be asked"),
    );
    for _ in 0..ROUNDS {
        for server in &servers {
            match ask(*server, ip, PATIENCE) {
                Ok(name) => return Ok(name),
                Err(error) => failure = error,
            }
        }
    }
    Err(failure)
}

/// The first name of an address in a table of hosts.
fn name_in(hosts: &str, ip: IpAddr) -> Option<String> {
    hosts.lines().find_map(|line| {
        let entry = line.split_once('#').map_or(line, |(entry, _)| entry);
        let mut words = entry.split_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.next().filter(|_| address == ip).map(ToOwned::to_owned)
    })
}

/// The name servers of a configuration.
fn servers_in(configuration: &str) -> Vec<SocketAddr> {
    let addresses = configuration.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next()?.parse::<IpAddr>().ok())?
    });
    addresses.map(|address| SocketAddr::new(address, 53)).collect()
}

/// Asks one name server.
fn ask(server: SocketAddr, ip: IpAddr, patience: Duration) -> io::Result<Option<String>> {
    let mut number = [0; 2];
    getrandom::fill(&mut number)?;
    let number = u16::from_be_bytes(number);
    let any: SocketAddr = if server.is_ipv6() {
        SocketAddr::from(([0_u16; 8], 0))
    } else {
        SocketAddr::from(([0_u8; 4], 0))
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    socket.send(&query(number, ip))?;
    let end = Instant::now() + patience;
    let mut answer = [0; ANSWER_MAX];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late(server));
        }
        socket.set_read_timeout(Some(left))?;
        let count = match socket.recv(&mut answer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(late(server)),
            Err(error) => return Err(error),
        };
        // Whatever else arrives is no answer to this question.
        if answer[..count].starts_with(&number.to_be_bytes()) {
            return read_answer(&answer[..count]).ok_or_else(|| {
                let reason = format!("the name server {server} gave no proper answer");
                io::Error::new(io::ErrorKind::InvalidData, reason)
            });
        }
    }
}

fn late(server: SocketAddr) -> io::Error {
    let reason = format!("the name server {server} did not answer");
    io::Error::new(io::ErrorKind::TimedOut, reason)
}

/// The name under which the name of an address is found.
fn reverse_name(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let halves = v6.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            let digits: Vec<String> = halves.map(|half| format!("{half:x}")).collect();
            digits.join(".") + ".ip6.arpa"
        }
    }
}

fn query(number: u16, ip: IpAddr) -> Vec<u8> {
    let mut query = number.to_be_bytes().to_vec();
    // One question, and the server is to find the answer wherever it is.
    query.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in reverse_name(ip).split('.') {
        // The labels of such names have at most four bytes.
        query.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
        query.extend(label.as_bytes());
    }
    query.push(0);
    query.extend(TYPE_PTR.to_be_bytes());
    query.extend(CLASS_IN.to_be_bytes());
    query
}

/// The name in an answer; `Some(None)` where the server knows that there is none.
fn read_answer(answer: &[u8]) -> Option<Option<String>> {
    answer.get(..12)?;
    let word = |at: usize| Some(u16::from_be_bytes([*answer.get(at)?, *answer.get(at + 1)?]));
    let code = *answer.get(3)? & 15;
    if code == RCODE_NO_NAME {
        return Some(None);
    }
    if code != 0 {
        return None;
    }
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = read_name(answer, at)?.1 + 4;
    }
    for _ in 0..answers {
        let (_, after) = read_name(answer, at)?;
        let length = usize::from(word(after + 8)?);
        if word(after)? == TYPE_PTR && word(after + 2)? == CLASS_IN {
            return Some(Some(read_name(answer, after + 10)?.0));
        }
        at = after + 10 + length;
    }
    Some(None)
}

/// A name in a message and where it ends. A part of it may stand further in front, where a pointer
/// leads; each leads further to the front than the one before, so there is an end to them.
fn read_name(message: &[u8], start: usize) -> Option<(String, usize)> {
    let (mut labels, mut at, mut end, mut border) = (Vec::new(), start, None, start);
    loop {
        let length = *message.get(at)?;
        match length >> 6 {
            0 if length == 0 => {
                return Some((labels.join("."), end.unwrap_or(at + 1)));
            }
            0 => {
                let label = message.get(at + 1..at + 1 + usize::from(length))?;
                labels.push(String::from_utf8_lossy(label).into_owned());
                at += 1 + usize::from(length);
            }
            3 => {
                let low = *message.get(at + 1)?;
                end.get_or_insert(at + 2);
                at = usize::from(u16::from_be_bytes([length & 63, low]));
                if at >= border {
                    return None;
                }
                border = at;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn tables_of_hosts_name_addresses() {
        let hosts = "# a table\n127.0.0.1 localhost l\n::1 six # ::2 not\n\n1.2.3.4\n1.2.3.4 b c\n";
        assert_eq!(name_in(hosts, ip("127.0.0.1")).as_deref(), Some("localhost"));
        assert_eq!(name_in(hosts, ip("::1")).as_deref(), Some("six"));
        assert_eq!(name_in(hosts, ip("1.2.3.4")).as_deref(), Some("b"));
        assert_eq!(name_in(hosts, ip("::2")), None);
        let configuration = "search a\nnameserver 9.9.9.9\n#nameserver 1.1.1.1\nnameserver ::1 # x";
        let servers: Vec<String> =
            servers_in(configuration).iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["9.9.9.9:53", "[::1]:53"]);
    }

    #[test]
    fn names_of_addresses_are_theirs_backwards() {
        assert_eq!(reverse_name(ip("192.0.2.7")), "7.2.0.192.in-addr.arpa");
        let six = reverse_name(ip("2001:db8::567:89ab"));
        let expected = "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(six, expected);
    }

    /// A name server for one question, which gives this code and these names.
    fn serve(code: u8, names: &'static [&'static [u8]]) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let address = socket.local_addr().expect("it is bound");
        std::thread::spawn(move || {
            let mut question = [0; 512];
            let (count, from) = socket.recv_from(&mut question).expect("somebody asks");
            let mut answer = question[..count].to_vec();
            answer[2..4].copy_from_slice(&[0x81, 0x80 | code]);
            answer[7] = u8::try_from(names.len()).expect("few names");
            for name in names {
                // The name that was asked for, by a pointer; PTR, IN, a time to live, the length.
                answer.extend([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 60, 0]);
                answer.push(u8::try_from(name.len()).expect("a short name"));
                answer.extend(*name);
            }
            let mut other = answer.clone();
            other[0] ^= 1;
            socket.send_to(&other, from).expect("it can be sent");
            socket.send_to(&answer, from).expect("it can be sent");
        });
        address
    }

    #[test]
    fn name_servers_are_asked() {
        let ask = |server| ask(server, ip("192.0.2.7"), Duration::from_secs(10));
        let named = serve(0, &[b"\x04host\x07example\x00"]);
        assert_eq!(ask(named).expect("an answer").as_deref(), Some("host.example"));
        // "arpa" stands at the end of the name that was asked for.
        let pointed = serve(0, &[b"\x04host\xc0\x1e"]);
        assert_eq!(ask(pointed).expect("an answer").as_deref(), Some("host.arpa"));
        assert_eq!(ask(serve(RCODE_NO_NAME, &[])).expect("an answer"), None);
        assert_eq!(ask(serve(0, &[])).expect("an answer"), None);
        let failing = ask(serve(2, &[])).expect_err("the server failed");
        assert_eq!(failing.kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn broken_answers_end() {
        // A pointer to itself, one to the front of nothing, labels beyond the end.
        for name in [&b"\xc0\x0c"[..], b"\xc0\xff", b"\x3fabc", b"\x80", b"\xc0"] {
            let mut message = vec![0; 12];
            message.extend(name);
            assert!(read_name(&message, 12).is_none(), "{name:?}");
        }
        for length in 0..12 {
            assert!(read_answer(&vec![0; length]).is_none());
        }
    }
}
