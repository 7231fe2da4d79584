//! A loader that gives a running program only the files that it may read.

use std::path::Path;
use std::sync::Arc;

use super::{Loader, ReadError};
use crate::runtime::driver::{Need, Policy, Refusal};

/// A loader under what a program may do.
pub struct Permitted<'a> {
    inner: &'a dyn Loader,
    /// There if the loader gives any file, and somebody asks.
    policy: Option<Arc<Policy>>,
}

impl<'a> Permitted<'a> {
    /// This loader under that policy.
    pub fn new(inner: &'a dyn Loader, policy: Option<Arc<Policy>>) -> Permitted<'a> {
        Permitted { inner, policy: policy.filter(|_| inner.reads_any_file()) }
    }
}

impl Loader for Permitted<'_> {
    fn resolve(&self, importer: &str, text: &str) -> String {
        self.inner.resolve(importer, text)
    }

    fn identity(&self, name: &str) -> String {
        self.inner.identity(name)
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ReadError> {
        let Some(policy) = &self.policy else { return self.inner.read(name) };
        let real = policy.real(Path::new(name));
        match policy.check(&Need::Read(&real)) {
            Ok(()) => self.inner.read(&real.to_string_lossy()),
            Err(error) => Err(match Refusal::of(&error) {
                Some(refusal) => ReadError::NotGranted(refusal.clone()),
                None => ReadError::Refused(error.to_string()),
            }),
        }
    }

    fn neighbours(&self, name: &str) -> Vec<String> {
        let folder = Path::new(name).parent().unwrap_or(Path::new(""));
        let may_look = |policy: &Arc<Policy>| policy.allows(&Need::Read(&policy.real(folder)));
        if self.policy.as_ref().is_none_or(may_look) {
            self.inner.neighbours(name)
        } else {
            Vec::new()
        }
    }
}
