//! Where a script wants to go: a host with a port, or the path of a Unix socket.

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::path::PathBuf;

use crate::natives::argument::bad_value;
use crate::natives::kind::TextValue;
use crate::runtime::driver::Address;
use crate::vm::{ErrorKind, Thrown, Value, Vm};

/// What a call names.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A name or an IP address, and a port.
    Host(String, u16),
    /// A Unix socket.
    Path(String),
    /// An address that was given as a value.
    At(SocketAddr),
    /// No place: a Unix socket without a name.
    Nowhere,
}

impl Place {
    /// The host and port that the function `path` was given.
    pub(super) fn net(
        vm: &mut Vm,
        path: &str,
        host: TextValue,
        port: i64,
    ) -> Result<Place, Thrown> {
        let Ok(port) = u16::try_from(port) else {
            let text = format!("{path}: port must be between 0 and 65535, not {port}");
            return Err(vm.error(ErrorKind::ValueError, text));
        };
        let text = host.get(&vm.heap);
        match mistake_in(text, port) {
            None => Ok(Place::Host(text.to_owned(), port)),
            Some(way_out) => {
                let text = format!(
                    "{path}: host must be a name or an IP address, not {text:?}: {way_out}"
                );
                Err(vm.error(ErrorKind::ValueError, text))
            }
        }
    }

    /// The path that the function `path` was given.
    pub(super) fn unix(vm: &mut Vm, path: &str, name: TextValue) -> Result<Place, Thrown> {
        let text = name.get(&vm.heap);
        if text.is_empty() {
            return Err(bad_value(vm, path, "path must not be empty", name.0));
        }
        if text.len() > PATH_MAX {
            let rule = format!(
                "path must have at most {PATH_MAX} bytes, as systems allow no more for a socket"
            );
            return Err(bad_value(vm, path, &rule, name.0));
        }
        Ok(Place::Path(text.to_owned()))
    }

    /// The address it stands for by itself; none for a name.
    pub(super) fn literal(&self) -> Option<Address> {
        match self {
            Place::Host(host, port) => literal(host, *port).map(Address::Net),
            Place::Path(path) => Some(Address::Unix(PathBuf::from(path))),
            Place::At(address) => Some(Address::Net(*address)),
            Place::Nowhere => Some(Address::Unnamed),
        }
    }
}

/// The longest path that all systems take for a socket.
const PATH_MAX: usize = 103;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Host(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Place::Host(host, port) => write!(f, "{host}:{port}"),
            Place::Path(path) => f.write_str(path),
            Place::At(address) => address.fmt(f),
            Place::Nowhere => f.write_str("a socket without a name"),
        }
    }
}

/// What to write instead of a host that cannot be one.
fn mistake_in(host: &str, port: u16) -> Option<String> {
    if host.is_empty() {
        let text = "\"localhost\" is this machine, \"0.0.0.0\" and \"::\" are all its addresses";
        return Some(text.to_owned());
    }
    if let Some((_, rest)) = host.split_once("://") {
        let name = rest.split('/').next().unwrap_or_default();
        return Some(format!("leave away what is not the name: {name:?}"));
    }
    if let Some(inside) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return Some(format!("leave the brackets away: {inside:?}"));
    }
    if host.parse::<IpAddr>().is_err()
        && !host.contains('%')
        && let Some((name, its_port)) = host.rsplit_once(':')
    {
        let name = name.trim_start_matches('[').trim_end_matches(']');
        let its_port = its_port.parse().unwrap_or(port);
        return Some(format!("the port is given by itself: ({name:?}, {its_port})"));
    }
    None
}

/// The address a host name stands for by itself. One with a zone (`fe80::1%2`) names the number of
/// the interface.
pub(super) fn literal(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse() {
        return Some(SocketAddr::new(ip, port));
    }
    let (ip, zone) = host.split_once('%')?;
    let zone = zone.parse().ok()?;
    Some(SocketAddr::V6(SocketAddrV6::new(ip.parse().ok()?, port, 0, zone)))
}

/// An address that is written as one text: `127.0.0.1:80`, `[::1]:80`.
pub(super) fn address(vm: &mut Vm, text: TextValue) -> Result<Value, Thrown> {
    let written = text.get(&vm.heap);
    if let Ok(address) = written.parse::<SocketAddr>() {
        return Ok(vm.heap.object(Box::new(Address::Net(address))));
    }
    let way_out = if written.parse::<std::net::Ipv6Addr>().is_ok() {
        format!("an IPv6 address stands in brackets, as in \"[{written}]:80\"")
    } else if written.parse::<IpAddr>().is_ok() || !written.contains(':') {
        "the port is missing".to_owned()
    } else {
        match written.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_err() => {
                format!("a port is a number from 0 to 65535, not {port:?}")
            }
            _ => "a name is looked up with `await net.dns.lookup(name)`".to_owned(),
        }
    };
    let text = format!(
        "net.address: text must be an IP address and a port, like \"127.0.0.1:80\" or \"[::1]:80\", \
         not {written:?}: {way_out}"
    );
    Err(vm.error(ErrorKind::ParseError, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_with_a_way_out() {
        let way_out = |host| mistake_in(host, 80);
        for host in ["localhost", "127.0.0.1", "::1", "fe80::1%2", "fe80::1%eth0", "a name"] {
            assert_eq!(way_out(host), None, "{host}");
        }
        let told = |host| way_out(host).expect("it is a mistake");
        assert!(told("").contains("0.0.0.0"));
        assert_eq!(told("http://a.b/c"), "leave away what is not the name: \"a.b\"");
        assert_eq!(told("[::1]"), "leave the brackets away: \"::1\"");
        assert_eq!(told("a.b:81"), "the port is given by itself: (\"a.b\", 81)");
        assert_eq!(told("[::1]:81"), "the port is given by itself: (\"::1\", 81)");
        assert_eq!(told("a:b"), "the port is given by itself: (\"a\", 80)");
    }

    #[test]
    fn zones_are_numbers_of_interfaces() {
        let address = literal("fe80::1%3", 80).expect("an address");
        assert_eq!(address.to_string(), "[fe80::1%3]:80");
        assert_eq!(literal("localhost", 80), None);
    }
}
