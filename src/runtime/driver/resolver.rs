//! Names and addresses on the operating system.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};

use super::{Resolver, reverse, unknown_host};

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
        if found.is_empty() { Err(unknown_host()) } else { Ok(found) }
    }

    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>> {
        reverse::name_of(ip)
    }
}
