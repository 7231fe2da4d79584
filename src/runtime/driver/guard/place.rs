//! What a grant names: a path, a part of the network, a word.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Component, Path, PathBuf};

/// A file or folder, a host with a port, or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A path and all below it.
    Path(PathBuf),
    /// Hosts, and the port if only one is meant.
    Net(Hosts, Option<u16>),
    /// A Unix socket, or all in a folder.
    Unix(PathBuf),
    /// A name; with a `*` at its end all that begin so.
    Word(String),
}

/// Which hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Hosts {
    /// Every public address.
    Public,
    /// A name, in small letters.
    Name(String),
    /// All names that end in this, which begins with a dot.
    Under(String),
    /// The addresses whose first bits are these.
    Network(IpAddr, u8),
}

/// Parts of the file system that show processes and devices: no grant for a folder above them
/// covers them.
const SPECIAL: [&str; 3] = ["/proc", "/sys", "/dev"];

impl Place {
    pub(super) fn path(path: &Path) -> Result<Place, String> {
        if path.as_os_str().is_empty() {
            return Err("a path is missing: \".\" is the current folder".to_owned());
        }
        Ok(Place::Path(path.to_owned()))
    }

    pub(super) fn word(name: &str) -> Result<Place, String> {
        if name.is_empty() {
            return Err("a name is missing".to_owned());
        }
        Ok(Place::Word(name.to_owned()))
    }

    /// A place of the network: `host`, `host:port`, `unix:PATH`.
    pub(super) fn net(text: &str) -> Result<Place, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err("`unix:` needs a path".to_owned()),
                path => Ok(Place::Unix(PathBuf::from(path))),
            };
        }
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Place::Net(one(ip), None));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => match rest.split_once(']') {
                Some((host, "")) => (host, None),
                Some((host, port)) => {
                    (host, Some(port.strip_prefix(':').ok_or_else(|| strange(text))?))
                }
                None => return Err(strange(text)),
            },
            None if text.matches(':').count() > 1 => (text, None),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None | Some("*") => None,
            Some(port) => Some(port.parse().map_err(|_| {
                format!("`{text}`: the port must be a number from 0 to 65535, or `*`")
            })?),
        };
        Ok(Place::Net(hosts(host).ok_or_else(|| strange(text))?, port))
    }

    /// Makes paths real.
    pub(super) fn settle(&mut self, real: &mut impl FnMut(&Path) -> PathBuf) {
        match self {
            Place::Path(path) | Place::Unix(path) => *path = real(path),
            Place::Word(word) if word.contains('/') => {
                *word = real(Path::new(word)).to_string_lossy().into_owned();
            }
            Place::Net(..) | Place::Word(_) => {}
        }
    }

    /// Whether a real path is this one or lies below it.
    pub(super) fn holds_path(&self, path: &Path) -> bool {
        let (Place::Path(root) | Place::Unix(root)) = self else { return false };
        let is_plain = path.components().all(|part| part != Component::ParentDir);
        is_plain
            && path.starts_with(root)
            && SPECIAL.iter().all(|special| !path.starts_with(special) || root.starts_with(special))
    }

    /// Whether a name is this word.
    pub(super) fn holds_word(&self, name: &str) -> bool {
        let Place::Word(word) = self else { return false };
        match word.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => name == word,
        }
    }
}

impl Hosts {
    /// Whether they are called so.
    pub(super) fn hold_name(&self, name: &str) -> bool {
        match self {
            Hosts::Name(known) => known == name,
            Hosts::Under(end) => name.ends_with(end.as_str()),
            Hosts::Public => name != "localhost",
            Hosts::Network(..) => false,
        }
    }

    /// Whether an address is one of them, which no name has to say.
    pub(super) fn hold_ip(&self, ip: IpAddr) -> bool {
        match self {
            Hosts::Public => is_public(ip),
            Hosts::Name(name) => name == "localhost" && is_this_machine(ip),
            Hosts::Under(_) => false,
            Hosts::Network(first, bits) => in_network(plain(ip), *first, *bits),
        }
    }
}

/// A name as grants and look-ups compare it.
pub(super) fn folded(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}

fn strange(text: &str) -> String {
    format!(
        "`{text}` is no place of the network: write `name:port`, `address:port`, `[v6]:port`, \
         `network/bits:port`, `*.name:port`, `*` or `unix:PATH`"
    )
}

fn hosts(text: &str) -> Option<Hosts> {
    if text == "*" || text.is_empty() {
        return Some(Hosts::Public);
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(one(ip));
    }
    if let Some((first, bits)) = text.split_once('/') {
        let first: IpAddr = first.parse().ok()?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.parse().ok().filter(|bits: &u8| *bits <= width)?;
        return Some(Hosts::Network(first, bits));
    }
    if let Some(end) = text.strip_prefix('*') {
        let is_end = end.starts_with('.') && end.len() > 1 && is_name(&end[1..]);
        return is_end.then(|| Hosts::Under(folded(end)));
    }
    is_name(text).then(|| Hosts::Name(folded(text)))
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !text.is_empty() && text.chars().all(fits)
}

fn one(ip: IpAddr) -> Hosts {
    let ip = plain(ip);
    Hosts::Network(ip, if ip.is_ipv4() { 32 } else { 128 })
}

/// An address of IPv4 that is written as one of IPv6, as what it is.
fn plain(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

fn in_network(ip: IpAddr, first: IpAddr, bits: u8) -> bool {
    match (ip, first) {
        (IpAddr::V4(ip), IpAddr::V4(first)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            u32::from(ip) & mask == u32::from(first) & mask
        }
        (IpAddr::V6(ip), IpAddr::V6(first)) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            u128::from(ip) & mask == u128::from(first) & mask
        }
        _ => false,
    }
}

/// Whether connecting there reaches this machine. The address without a value does, too.
fn is_this_machine(ip: IpAddr) -> bool {
    let ip = plain(ip);
    ip.is_loopback() || ip.is_unspecified()
}

/// Whether an address may belong to anybody in the world, and to nobody near by.
pub(super) fn is_public(ip: IpAddr) -> bool {
    match plain(ip) {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b);
    let is_reserved = a == 0 || a >= 224 || (a == 192 && b == 0 && c == 0);
    let is_for_measuring = a == 198 && (18..20).contains(&b);
    !(ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || is_shared
        || is_reserved
        || is_for_measuring)
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let parts = ip.segments();
    let low = || Ipv4Addr::from((u32::from(parts[6]) << 16) | u32::from(parts[7]));
    match parts {
        // An address of IPv4 behind a translator, or in one of the ways to carry it.
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(low()),
        [0x64, 0xff9b, ..] => false,
        [0x2002, high, next, ..] => {
            is_public_v4(Ipv4Addr::from((u32::from(high) << 16) | u32::from(next)))
        }
        [0, 0, 0, 0, 0, 0, ..] => false,
        // What is given out to the world begins with these three bits.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn places_of_the_network_are_read() {
        let name = |name: &str| Hosts::Name(name.to_owned());
        let net = |hosts, port| Ok(Place::Net(hosts, port));
        assert_eq!(Place::net("Example.COM:443"), net(name("example.com"), Some(443)));
        assert_eq!(Place::net("example.com"), net(name("example.com"), None));
        assert_eq!(Place::net("*.example.com:*"), net(Hosts::Under(".example.com".into()), None));
        assert_eq!(Place::net("*:80"), net(Hosts::Public, Some(80)));
        assert_eq!(Place::net(":80"), net(Hosts::Public, Some(80)));
        assert_eq!(Place::net("::1"), net(Hosts::Network(ip("::1"), 128), None));
        assert_eq!(Place::net("[::1]:8"), net(Hosts::Network(ip("::1"), 128), Some(8)));
        assert_eq!(
            Place::net("10.0.0.0/8:5432"),
            net(Hosts::Network(ip("10.0.0.0"), 8), Some(5432))
        );
        assert_eq!(Place::net("[fc00::/7]:1"), net(Hosts::Network(ip("fc00::"), 7), Some(1)));
        assert_eq!(Place::net("unix:/a/b"), Ok(Place::Unix("/a/b".into())));
        for wrong in
            ["a b:1", "x:99999", "x:https", "10.0.0.0/33", "[::1", "[::1]8", "unix:", "*x:1"]
        {
            assert!(Place::net(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn addresses_near_by_are_not_public() {
        let near = "127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 \
                    169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 192.0.0.8 198.19.0.1 ::1 :: \
                    fe80::1 fc00::1 fd12::1 ff02::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 \
                    64:ff9b::7f00:1 64:ff9b::a00:1 2002:7f00:1:: 2002:a00:1:: ::127.0.0.1";
        for text in near.split_whitespace() {
            assert!(!is_public(ip(text)), "{text}");
        }
        let far = "1.1.1.1 93.184.216.34 172.32.0.1 192.0.2.1 100.128.0.1 2606:4700::1 ::ffff:1.1.1.1 \
                   64:ff9b::101:101 2002:101:101::";
        for text in far.split_whitespace() {
            assert!(is_public(ip(text)), "{text}");
        }
    }

    #[test]
    fn networks_hold_their_addresses_in_either_writing() {
        let ten = Hosts::Network(ip("10.0.0.0"), 8);
        assert!(ten.hold_ip(ip("10.255.0.1")) && ten.hold_ip(ip("::ffff:10.0.0.1")));
        assert!(!ten.hold_ip(ip("11.0.0.1")) && !ten.hold_ip(ip("::1")));
        assert!(Hosts::Network(ip("0.0.0.0"), 0).hold_ip(ip("127.0.0.1")));
        let local = Hosts::Name("localhost".into());
        assert!(local.hold_ip(ip("::1")) && local.hold_ip(ip("::ffff:127.0.0.1")));
        assert!(!local.hold_ip(ip("10.0.0.1")));
        assert!(!Hosts::Under(".a.b".into()).hold_name("a.b"));
        assert!(!Hosts::Under(".a.b".into()).hold_name("xa.b"));
    }

    #[test]
    fn folders_hold_what_is_below_them_but_for_processes_and_devices() {
        let holds = |root: &str, path: &str| Place::Path(root.into()).holds_path(Path::new(path));
        assert!(holds("/data", "/data") && holds("/data", "/data/a/b"));
        assert!(!holds("/data", "/database") && !holds("/data", "/data/../etc"));
        assert!(holds("/", "/etc/passwd") && !holds("/", "/proc/self/mem"));
        assert!(!holds("/", "/dev/sda") && holds("/dev/null", "/dev/null"));
        assert!(holds("/proc/self", "/proc/self/status"));
    }
}
