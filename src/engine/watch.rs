//! Who wakes the task of the host that drives a VM: Tokio's reactor, or a thread of the VM's own.

#[cfg(feature = "tokio")]
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use crate::runtime::driver::{Bell, Driver};

/// What watches the descriptor of a VM's poll while a future of the host sleeps.
#[derive(Default)]
pub struct Watch {
    #[cfg(feature = "tokio")]
    reactor: Option<tokio::io::unix::AsyncFd<OwnedFd>>,
    bell: Option<Bell>,
}

impl Watch {
    /// `Pending` if the waker will be used when the descriptor can be read, `Ready` if the VM should
    /// look at once. None if nothing can watch it.
    pub fn poll(&mut self, driver: &dyn Driver, cx: &mut Context<'_>) -> Option<Poll<()>> {
        #[cfg(feature = "tokio")]
        if let Some(polled) = self.poll_reactor(driver, cx) {
            return Some(polled);
        }
        let bell = match &self.bell {
            Some(bell) => bell,
            None => self.bell.insert(Bell::new(driver.watched().ok()?).ok()?),
        };
        Some(if bell.listen(cx.waker()) { Poll::Pending } else { Poll::Ready(()) })
    }

    /// In a runtime of Tokio its own reactor does it. The VM may come to another one: then the old
    /// reactor still wakes it, until that has ended.
    #[cfg(feature = "tokio")]
    fn poll_reactor(&mut self, driver: &dyn Driver, cx: &mut Context<'_>) -> Option<Poll<()>> {
        tokio::runtime::Handle::try_current().ok()?;
        for _ in 0..2 {
            let reactor = match &self.reactor {
                Some(reactor) => reactor,
                None => self.reactor.insert(register(driver.watched().ok()?)?),
            };
            match reactor.poll_read_ready(cx) {
                Poll::Pending => return Some(Poll::Pending),
                Poll::Ready(Ok(mut ready)) => {
                    ready.clear_ready();
                    return Some(Poll::Ready(()));
                }
                Poll::Ready(Err(_)) => self.reactor = None,
            }
        }
        None
    }
}

#[cfg(feature = "tokio")]
#[expect(deprecated, reason = "the descriptor is owned, so it is open as long as it is registered")]
fn register(descriptor: OwnedFd) -> Option<tokio::io::unix::AsyncFd<OwnedFd>> {
    let interest = tokio::io::Interest::READABLE;
    tokio::io::unix::AsyncFd::with_interest(descriptor, interest).ok()
}
