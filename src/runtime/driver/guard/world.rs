//! Names, watchers and programs under a policy.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checked::real_path;
use super::permission::Need;
use super::policy::Policy;
use crate::runtime::driver::{FileSystem, Resolver, Watcher};

/// Asks only for names that are granted, and remembers what they stand for.
pub(super) struct GuardedResolver {
    pub(super) inner: Arc<dyn Resolver>,
    pub(super) policy: Arc<Policy>,
}

impl Resolver for GuardedResolver {
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.policy.check(&Need::Lookup(host))?;
        let ips = self.inner.lookup(host)?;
        self.policy.resolved(host, &ips);
        Ok(ips)
    }

    fn reverse(&self, ip: IpAddr) -> io::Result<Option<String>> {
        self.policy.check(&Need::Reverse(ip))?;
        self.inner.reverse(ip)
    }
}

/// Watches only what may be read.
pub(super) struct GuardedWatcher {
    pub(super) inner: Arc<dyn Watcher>,
    pub(super) files: Arc<dyn FileSystem>,
    pub(super) policy: Arc<Policy>,
}

impl Watcher for GuardedWatcher {
    fn add(&self, path: &Path, follow: bool) -> io::Result<i32> {
        let read = |real: &Path| self.policy.check(&Need::Read(real));
        let real = real_path(self.files.as_ref(), path, follow);
        read(&real)?;
        let number = self.inner.add(&real, follow)?;
        // A folder on the way may have been exchanged for a link in between.
        let still = real_path(self.files.as_ref(), &real, follow);
        if still != real {
            self.inner.remove(number);
            read(&still)?;
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(number)
    }

    fn remove(&self, number: i32) {
        self.inner.remove(number);
    }
}

/// The program that a command without a path means, found as the host would find it: where the
/// environment of the program leads does not matter.
pub(super) fn program(command: &str) -> PathBuf {
    let search = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&search).map(|folder| folder.join(command));
    places.find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(command))
}
