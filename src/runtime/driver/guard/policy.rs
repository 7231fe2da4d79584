//! The one place where it is decided what a VM may do.
//!
//! The first layer is what the host has granted; a program can put further ones over it and takes none
//! away. What is about to be done has to be allowed by all of them. Paths and addresses are real ones
//! by then: links followed, names resolved.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::audit::{AuditEntry, AuditHook};
use super::checked::real_path;
use super::permission::{Grant, Need, Permissions, Refusal, Right};
use super::place::{Hosts, Place, folded, is_public};
use crate::runtime::driver::FileSystem;

/// So many names are remembered with their addresses.
const NAMES_MAX: usize = 4096;
/// So many layers a program may put over what it was given.
pub const LAYERS_MAX: usize = 16;

/// What a VM may do, and who is told of it.
pub struct Policy {
    layers: RwLock<Vec<Permissions>>,
    /// What the names that were looked up stand for.
    names: Mutex<BTreeMap<String, Vec<IpAddr>>>,
    audit: Option<AuditHook>,
    /// What paths are seen in.
    files: Arc<dyn FileSystem>,
    /// The time of day in nanoseconds, for the entries of the audit log.
    wall: AtomicU64,
}

impl Policy {
    /// What `permissions` say of these files and of the network.
    pub(super) fn new(
        permissions: Permissions,
        audit: Option<AuditHook>,
        files: Arc<dyn FileSystem>,
    ) -> Policy {
        let permissions = permissions.settled(|path| real_path(files.as_ref(), path, true));
        Policy {
            layers: RwLock::new(vec![permissions]),
            names: Mutex::default(),
            audit,
            files,
            wall: AtomicU64::new(0),
        }
    }

    /// Whether this is allowed; tells the audit log. The error is a [`Refusal`].
    pub fn check(&self, need: &Need<'_>) -> io::Result<()> {
        let refused = self.refused_by(need);
        if let Some(audit) = &self.audit {
            audit.tell(&AuditEntry {
                at: Duration::from_nanos(self.wall.load(Ordering::Relaxed)),
                right: need.right(),
                what: need.what(),
                allowed: refused.is_none(),
            });
        }
        match refused {
            None => Ok(()),
            Some(layer) => {
                let (right, what) = (need.right(), need.what());
                Err(Refusal { right, what, dropped: layer > 0 }.into())
            }
        }
    }

    /// Whether this would be allowed. Nobody is told.
    pub fn allows(&self, need: &Need<'_>) -> bool {
        self.refused_by(need).is_none()
    }

    /// The path from the root without links, as far as there is something.
    pub fn real(&self, path: &Path) -> PathBuf {
        real_path(self.files.as_ref(), path, true)
    }

    /// Whether a right covers what a grant names so: a path, a place of the network, a name.
    pub fn would_allow(&self, right: Right, what: &str) -> bool {
        let real = |path: &str| self.real(Path::new(path));
        let net = |need: fn(SocketAddr) -> Need<'static>, unix: fn(&Path) -> Need<'_>| {
            if let Some(path) = what.strip_prefix("unix:") {
                return self.allows(&unix(&real(path)));
            }
            match (what.parse(), what.rsplit_once(':')) {
                (Ok(address), _) => self.allows(&need(address)),
                (_, Some((name, _))) => self.allows(&Need::Lookup(name)),
                _ => self.allows(&Need::Lookup(what)),
            }
        };
        match right {
            Right::FsRead => self.allows(&Need::Read(&real(what))),
            Right::FsWrite => self.allows(&Need::Write(&real(what))),
            Right::NetConnect => net(Need::Connect, |path| Need::ConnectUnix(path)),
            Right::NetListen => net(Need::Listen, |path| Need::ListenUnix(path)),
            Right::Env => self.allows(&Need::Env(what)),
            Right::Process if what.contains('/') => {
                self.allows(&Need::Process(&real(what).to_string_lossy()))
            }
            Right::Process => self.allows(&Need::Process(what)),
            Right::Signal => self.allows(&Need::Signal),
            Right::System => self.allows(&Need::System(what)),
        }
    }

    /// Whether all of a right is there, or a part of it, or nothing.
    pub fn has_some(&self, right: Right) -> bool {
        self.layers().iter().all(|layer| *layer.grant(right) != Grant::Nothing)
    }

    /// Whether everything of a right is allowed.
    pub fn has_all(&self, right: Right) -> bool {
        self.layers().iter().all(|layer| *layer.grant(right) == Grant::All)
    }

    /// Nothing of a right from now on.
    pub fn drop_right(&self, right: Right) {
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        if let [_, own, ..] = layers.as_mut_slice() {
            *own = std::mem::take(own).without(right);
        } else {
            layers.push(Permissions::all().without(right));
        }
    }

    /// Only what `permissions` say, too, from now on; false if there are too many layers already.
    #[must_use]
    pub fn restrict(&self, permissions: Permissions) -> bool {
        let permissions = permissions.settled(|path| self.real(path));
        let mut layers = self.layers.write().unwrap_or_else(PoisonError::into_inner);
        if layers.len() == 1 {
            // The layer that dropped rights are taken out of.
            layers.push(Permissions::all());
        }
        let has_room = layers.len() < LAYERS_MAX;
        if has_room {
            layers.push(permissions);
        }
        has_room
    }

    /// Takes note of what a name stands for: those who may connect to the name may connect there.
    pub(super) fn resolved(&self, name: &str, ips: &[IpAddr]) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() >= NAMES_MAX {
            names.pop_first();
        }
        names.insert(folded(name), ips.to_vec());
    }

    /// Is told the time of day.
    pub(super) fn set_wall(&self, wall: Duration) {
        let nanos = u64::try_from(wall.as_nanos()).unwrap_or(u64::MAX);
        self.wall.store(nanos, Ordering::Relaxed);
    }

    /// Whether somebody is told of what is done.
    pub(super) fn is_audited(&self) -> bool {
        self.audit.is_some()
    }

    fn layers(&self) -> std::sync::RwLockReadGuard<'_, Vec<Permissions>> {
        // Nothing panics while it is changed.
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused_by(&self, need: &Need<'_>) -> Option<usize> {
        self.layers().iter().position(|layer| !self.layer_allows(layer, need))
    }

    fn layer_allows(&self, layer: &Permissions, need: &Need<'_>) -> bool {
        let path = |right, path: &Path| holds(layer.grant(right), |place| place.holds_path(path));
        let net = |right, fits: &dyn Fn(&Hosts, Option<u16>) -> bool| {
            let fits =
                |place: &Place| matches!(place, Place::Net(hosts, port) if fits(hosts, *port));
            holds(layer.grant(right), fits)
        };
        let unix = |right, path: &Path| {
            let fits = |place: &Place| matches!(place, Place::Unix(_)) && place.holds_path(path);
            holds(layer.grant(right), fits)
        };
        let word = |right, name: &str| holds(layer.grant(right), |place| place.holds_word(name));
        let starts_programs = *layer.grant(Right::Process) != Grant::Nothing;
        match *need {
            Need::Read(at) => path(Right::FsRead, at),
            Need::Write(at) => path(Right::FsWrite, at),
            Need::Look(at) => path(Right::FsRead, at) || path(Right::FsWrite, at),
            Need::SetId(_) => *layer.grant(Right::Process) == Grant::All,
            Need::Connect(to) => {
                net(Right::NetConnect, &|hosts, port| self.reaches(hosts, port, to))
            }
            Need::ConnectUnix(at) => unix(Right::NetConnect, at),
            Need::Listen(at) => net(Right::NetListen, &|hosts, port| self.listens(hosts, port, at)),
            Need::ListenUnix(at) => unix(Right::NetListen, at),
            Need::Lookup(name) => {
                let ip = name.parse().ok();
                let name = folded(name);
                let fits = |hosts: &Hosts, _| {
                    hosts.hold_name(&name) || ip.is_some_and(|ip| hosts.hold_ip(ip))
                };
                net(Right::NetConnect, &fits) || net(Right::NetListen, &fits)
            }
            Need::Reverse(ip) => net(Right::NetConnect, &|hosts, _| hosts.hold_ip(ip)),
            Need::Env(name) => starts_programs || word(Right::Env, name),
            Need::AnyEnv => starts_programs || *layer.grant(Right::Env) != Grant::Nothing,
            Need::Process(program) => word(Right::Process, program),
            Need::Signal => *layer.grant(Right::Signal) == Grant::All,
            Need::System(_) => *layer.grant(Right::System) == Grant::All,
        }
    }

    fn reaches(&self, hosts: &Hosts, port: Option<u16>, to: SocketAddr) -> bool {
        let (ip, fits) = (to.ip().to_canonical(), port.is_none_or(|port| port == to.port()));
        fits && (hosts.hold_ip(ip) || (is_public(ip) && self.is_named(hosts, ip)))
    }

    fn listens(&self, hosts: &Hosts, port: Option<u16>, at: SocketAddr) -> bool {
        let ip = at.ip().to_canonical();
        let fits = match hosts {
            Hosts::Public => true,
            Hosts::Name(name) if name == "localhost" => ip.is_loopback(),
            hosts => hosts.hold_ip(ip) || self.is_named(hosts, ip),
        };
        fits && port.is_none_or(|port| port == at.port())
    }

    /// Whether one of the names of these hosts stands for the address.
    fn is_named(&self, hosts: &Hosts, ip: IpAddr) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |known: &IpAddr| known.to_canonical() == ip;
        names.iter().any(|(name, ips)| hosts.hold_name(name) && ips.iter().any(is_it))
    }
}

fn holds(grant: &Grant, fits: impl Fn(&Place) -> bool) -> bool {
    match grant {
        Grant::Nothing => false,
        Grant::Named(places) => places.iter().any(fits),
        Grant::All => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::driver::MemoryFiles;

    fn policy(permissions: Permissions) -> Policy {
        let files = MemoryFiles::new(0, Duration::ZERO);
        Policy::new(permissions, None, Arc::new(files))
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address with a port")
    }

    #[test]
    fn a_name_stands_for_its_public_addresses_alone() {
        let policy = policy(Permissions::none().net_connect("api.example.com:443"));
        assert!(policy.allows(&Need::Lookup("API.example.com.")));
        assert!(!policy.allows(&Need::Lookup("example.com")));
        assert!(!policy.allows(&Need::Connect(at("93.184.216.34:443"))));
        let ips = ["93.184.216.34", "127.0.0.1", "::ffff:10.0.0.1"]
            .map(|ip| ip.parse().expect("an address"));
        policy.resolved("api.example.com", &ips);
        assert!(policy.allows(&Need::Connect(at("93.184.216.34:443"))));
        assert!(!policy.allows(&Need::Connect(at("93.184.216.34:80"))));
        assert!(!policy.allows(&Need::Connect(at("127.0.0.1:443"))));
        assert!(!policy.allows(&Need::Connect(at("10.0.0.1:443"))));
    }

    #[test]
    fn localhost_is_this_machine_and_listening_there_is_no_more() {
        let policy =
            policy(Permissions::none().net_connect("localhost:80").net_listen("localhost"));
        assert!(policy.allows(&Need::Connect(at("127.0.0.1:80"))));
        assert!(policy.allows(&Need::Connect(at("[::1]:80"))));
        assert!(!policy.allows(&Need::Connect(at("127.0.0.1:81"))));
        assert!(policy.allows(&Need::Listen(at("127.0.0.1:9000"))));
        assert!(!policy.allows(&Need::Listen(at("0.0.0.0:9000"))));
    }

    #[test]
    fn a_star_is_no_way_to_this_machine() {
        let policy = policy(Permissions::none().net_connect("*"));
        assert!(policy.allows(&Need::Connect(at("1.1.1.1:80"))));
        for near in ["127.0.0.1:80", "10.0.0.1:80", "169.254.169.254:80", "[::1]:80", "0.0.0.0:80"]
        {
            assert!(!policy.allows(&Need::Connect(at(near))), "{near}");
        }
    }

    #[test]
    fn what_is_dropped_does_not_come_back() {
        let policy = policy(Permissions::none().fs_read("/a").env("*"));
        assert!(policy.allows(&Need::Read(Path::new("/a/b"))));
        assert!(policy.restrict(Permissions::none().fs_read("/a/b").fs_read("/c")));
        assert!(!policy.allows(&Need::Env("HOME")));
        assert!(policy.allows(&Need::Read(Path::new("/a/b"))));
        assert!(!policy.allows(&Need::Read(Path::new("/a/c"))));
        assert!(!policy.allows(&Need::Read(Path::new("/c"))), "the host has not granted it");
        policy.drop_right(Right::FsRead);
        assert!(policy.restrict(Permissions::all()));
        assert!(!policy.allows(&Need::Read(Path::new("/a/b"))));
        let refusal = policy.check(&Need::Read(Path::new("/a/b"))).expect_err("it is dropped");
        assert!(Refusal::of(&refusal).is_some_and(|refusal| refusal.dropped));
        while policy.restrict(Permissions::all()) {}
        policy.drop_right(Right::Signal);
        assert!(!policy.has_some(Right::FsRead));
    }

    #[test]
    fn files_that_run_with_the_rights_of_their_owner_need_more() {
        let path = Path::new("/a/b");
        assert!(!policy(Permissions::none().fs_write("/a")).allows(&Need::SetId(path)));
        assert!(policy(Permissions::all()).allows(&Need::SetId(path)));
    }
}
