//! Races against a world of which every answer is known.

use std::collections::HashMap;

use super::*;

/// When a connection to an address is decided, in milliseconds after its beginning, and how.
#[derive(Clone, Copy)]
enum Fate {
    Connects(u64),
    Fails(u64, io::ErrorKind),
    /// It does not even begin.
    Refuses(io::ErrorKind),
    /// It begins only from this moment on.
    Crowded(u64),
}

#[derive(Default)]
struct World {
    fates: HashMap<String, Fate>,
    now: u64,
    /// What happened, with its time.
    log: Vec<String>,
    lines: Vec<(String, u64)>,
}

impl World {
    fn new(fates: &[(&str, Fate)]) -> World {
        let fates = fates.iter().map(|(address, fate)| ((*address).to_owned(), *fate)).collect();
        World { fates, ..World::default() }
    }

    fn note(&mut self, what: &str) {
        self.log.push(format!("{} {what}", self.now));
    }

    /// Runs a race over these addresses to its end; gives the winner or the error.
    fn race(&mut self, addresses: &[&str]) -> Result<String, io::ErrorKind> {
        let addresses = addresses.iter().map(|text| address(text)).collect();
        let mut race = Race::new(addresses, moment(0));
        loop {
            let now = moment(self.now);
            match race.go_on(self, now) {
                Progress::Won(_, peer) => return Ok(peer.to_string()),
                Progress::Lost(error) => return Err(error.kind()),
                Progress::Running(next) => {
                    // To the next news, or to when the race wants to be looked at.
                    let news = race.running.iter().map(|(line, _)| self.decided(*line));
                    let next = next.map(|next| next.nanos / 1_000_000);
                    self.now = news.chain(next).min().expect("something will happen");
                }
            }
        }
    }

    fn decided(&self, line: usize) -> u64 {
        let (address, begun) = &self.lines[line];
        match self.fates[address] {
            Fate::Connects(after) | Fate::Fails(after, _) => begun + after,
            Fate::Refuses(_) => *begun,
            Fate::Crowded(_) => *begun,
        }
    }
}

impl Dialer for World {
    type Line = usize;

    fn begin(&mut self, to: &Address) -> io::Result<usize> {
        let to = to.to_string();
        match self.fates[&to] {
            Fate::Refuses(kind) => {
                self.note(&format!("cannot begin {to}"));
                return Err(kind.into());
            }
            Fate::Crowded(until) if self.now < until => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            _ => {}
        }
        self.note(&format!("try {to}"));
        self.lines.push((to, self.now));
        Ok(self.lines.len() - 1)
    }

    fn outcome(&mut self, line: usize) -> io::Result<()> {
        if self.now < self.decided(line) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match self.fates[&self.lines[line].0] {
            Fate::Fails(_, kind) => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, line: usize) {
        let what = format!("keep {}", self.lines[line].0);
        self.note(&what);
    }

    fn drop(&mut self, line: usize) {
        let what = format!("close {}", self.lines[line].0);
        self.note(&what);
    }
}

fn moment(milliseconds: u64) -> Moment {
    Moment::default().after(Duration::from_millis(milliseconds))
}

fn address(text: &str) -> Address {
    match text.parse::<std::net::SocketAddr>() {
        Ok(address) => Address::Net(address),
        Err(_) => Address::Unix(text.into()),
    }
}

const SIX: &str = "[2001:db8::1]:80";
const FOUR: &str = "192.0.2.1:80";
const SIX_TOO: &str = "[2001:db8::2]:80";

#[test]
fn a_quick_first_address_is_the_only_one_tried() {
    let mut world = World::new(&[(SIX, Fate::Connects(249)), (FOUR, Fate::Connects(0))]);
    assert_eq!(world.race(&[SIX, FOUR]).as_deref(), Ok(SIX));
    assert_eq!(world.log, ["0 try [2001:db8::1]:80", "249 keep [2001:db8::1]:80"]);
}

#[test]
fn a_silent_address_gets_company_after_a_quarter_of_a_second() {
    let mut world = World::new(&[(SIX, Fate::Connects(9000)), (FOUR, Fate::Connects(30))]);
    assert_eq!(world.race(&[SIX, FOUR]).as_deref(), Ok(FOUR));
    let expected = [
        "0 try [2001:db8::1]:80",
        "250 try 192.0.2.1:80",
        "280 keep 192.0.2.1:80",
        "280 close [2001:db8::1]:80",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn a_slow_first_address_still_wins_if_it_is_quicker_in_the_end() {
    let mut world = World::new(&[(SIX, Fate::Connects(300)), (FOUR, Fate::Connects(100))]);
    assert_eq!(world.race(&[SIX, FOUR]).as_deref(), Ok(SIX));
    assert_eq!(world.log.last().map(String::as_str), Some("300 close 192.0.2.1:80"));
}

#[test]
fn a_failure_brings_the_next_one_at_once() {
    let refused = io::ErrorKind::ConnectionRefused;
    let mut world = World::new(&[
        (SIX, Fate::Fails(10, refused)),
        (FOUR, Fate::Refuses(io::ErrorKind::NetworkUnreachable)),
        (SIX_TOO, Fate::Connects(5)),
    ]);
    assert_eq!(world.race(&[SIX, FOUR, SIX_TOO]).as_deref(), Ok(SIX_TOO));
    let expected = [
        "0 try [2001:db8::1]:80",
        "10 close [2001:db8::1]:80",
        "10 cannot begin 192.0.2.1:80",
        "10 try [2001:db8::2]:80",
        "15 keep [2001:db8::2]:80",
    ];
    assert_eq!(world.log, expected);
}

#[test]
fn if_all_fail_the_first_failure_is_told() {
    let mut world = World::new(&[
        (SIX, Fate::Fails(400, io::ErrorKind::TimedOut)),
        (FOUR, Fate::Fails(20, io::ErrorKind::ConnectionRefused)),
    ]);
    // The second one began after 250 ms and failed first.
    assert_eq!(world.race(&[SIX, FOUR]), Err(io::ErrorKind::ConnectionRefused));
    assert_eq!(world.now, 400);
    let mut nobody = World::default();
    assert_eq!(nobody.race(&[]), Err(io::ErrorKind::NotFound));
}

#[test]
fn a_crowded_listener_is_asked_again() {
    let mut world = World::new(&[("/run/x.sock", Fate::Crowded(35))]);
    assert_eq!(world.race(&["/run/x.sock"]).as_deref(), Ok("/run/x.sock"));
    assert_eq!(world.log, ["40 try /run/x.sock", "40 keep /run/x.sock"]);
}

#[test]
fn giving_up_closes_everything() {
    let mut world = World::new(&[(SIX, Fate::Connects(9000)), (FOUR, Fate::Connects(9000))]);
    let mut race = Race::new([SIX, FOUR].map(address).into(), moment(0));
    for now in [0, 250] {
        world.now = now;
        assert!(matches!(race.go_on(&mut world, moment(now)), Progress::Running(_)));
    }
    race.give_up(&mut world);
    assert_eq!(world.log[2..], ["250 close [2001:db8::1]:80", "250 close 192.0.2.1:80"]);
}
