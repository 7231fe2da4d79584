//! Names and addresses on the operating system.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

use super::Resolver;

/// Where the system keeps names of its own.
const HOSTS: &str = "/etc/hosts";

/// Asks the operating system, as all programs do.
pub(super) struct SystemResolver;

impl Resolver for SystemResolver {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut found: Vec<IpAddr> = Vec::new();
        for address in (host, 0_u16).to_socket_addrs()? {
            // The system names an address once for each kind of socket.
            if !found.contains(&address.ip()) {
                found.push(address.ip());
            }
        }
        if found.is_empty() { Err(super::unknown_host()) } else { Ok(found) }
    }

    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>> {
        let hosts = std::fs::read_to_string(HOSTS).unwrap_or_default();
        Ok(name_in(&hosts, ip))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_hosts_name_addresses() {
        let hosts = "# a table\n127.0.0.1 localhost l\n::1 six # ::2 not\n\n1.2.3.4\n1.2.3.4 b c\n";
        let name = |ip: &str| name_in(hosts, ip.parse().expect("an address"));
        assert_eq!(name("127.0.0.1").as_deref(), Some("localhost"));
        assert_eq!(name("::1").as_deref(), Some("six"));
        assert_eq!(name("1.2.3.4").as_deref(), Some("b"));
        assert_eq!(name("::2"), None);
    }
}
