//! A host object that scripts, methods and the host share.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::Duration;

use crate::vm::object::{Loan, Refused};

/// A handle of a host object: what async methods have in place of `&self`, and what a host keeps to
/// look into an object that it has given to a script. Cloning it gives another handle of the same
/// object.
///
/// The object is borrowed only for the length of [`with`](Shared::with) and
/// [`with_mut`](Shared::with_mut), so no borrow can live across an `.await`.
///
/// ```
/// use kettle::engine::Shared;
///
/// let counter = Shared::new(0_u32);
/// counter.with_mut(|n| *n += 1)?;
/// assert_eq!(counter.with(|n| *n)?, 1);
/// # Ok::<(), kettle::engine::Busy>(())
/// ```
pub struct Shared<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    content: Content<T>,
    /// The threads that use it just now, once for each borrow.
    users: Mutex<Vec<ThreadId>>,
    turns: Mutex<Turns>,
}

/// Where an object lies.
enum Content<T> {
    Own(RwLock<T>),
    /// With the host, which has lent it for the length of a call.
    Lent(Arc<Loan<T>>),
}

impl<T> Content<T> {
    fn try_with<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R, Refused> {
        match self {
            Content::Own(content) => match content.try_read() {
                Ok(content) => Ok(look(&content)),
                Err(TryLockError::Poisoned(content)) => Ok(look(&content.into_inner())),
                Err(TryLockError::WouldBlock) => Err(Refused::Busy),
            },
            Content::Lent(loan) => loan.try_with(look),
        }
    }

    fn try_with_mut<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, Refused> {
        match self {
            Content::Own(content) => match content.try_write() {
                Ok(mut content) => Ok(change(&mut content)),
                Err(TryLockError::Poisoned(content)) => Ok(change(&mut content.into_inner())),
                Err(TryLockError::WouldBlock) => Err(Refused::Busy),
            },
            Content::Lent(loan) => loan.try_with_mut(change),
        }
    }
}

/// Who may change the object over several awaits: one after the other.
#[derive(Default)]
struct Turns {
    /// Somebody has an [`Exclusive`] handle.
    taken: bool,
    /// Who waits for one, in the order in which they came.
    waiting: VecDeque<(u64, Waker)>,
    last: u64,
}

/// The object cannot be used now: a call further out in the same chain of calls uses it in a way that
/// does not allow this one, or its host has lent it for a call that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy(Refused);

impl Busy {
    /// Whether it never will be free: its host has lent it for a call that has ended.
    pub fn is_over(self) -> bool {
        self.0 == Refused::Ended
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Refused::Busy => "the object is in use by a call further out",
            Refused::Ended => "the object was lent by the host for a call that has ended",
        })
    }
}

impl std::error::Error for Busy {}

impl<T> Shared<T> {
    /// A handle of a new object.
    pub fn new(content: T) -> Shared<T> {
        Shared::of(Content::Own(RwLock::new(content)))
    }

    /// A handle of an object that the host has lent.
    pub(in crate::engine) fn lent(loan: Arc<Loan<T>>) -> Shared<T> {
        Shared::of(Content::Lent(loan))
    }

    fn of(content: Content<T>) -> Shared<T> {
        let inner = Inner { content, users: Mutex::default(), turns: Mutex::default() };
        Shared { inner: Arc::new(inner) }
    }

    /// Looks at the object. Waits while another thread changes it.
    ///
    /// # Errors
    /// [`Busy`] inside a [`with_mut`](Shared::with_mut) of the same object.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R, Busy> {
        let mut look = Some(look);
        self.when_free(|content| {
            content.try_with(|content| {
                let _user = User::enter(&self.inner.users);
                look.take().map(|look| look(content))
            })
        })
    }

    /// Changes the object. Waits while another thread uses it.
    ///
    /// # Errors
    /// [`Busy`] inside a [`with`](Shared::with) or [`with_mut`](Shared::with_mut) of the same object.
    pub fn with_mut<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, Busy> {
        let mut change = Some(change);
        self.when_free(|content| {
            content.try_with_mut(|content| {
                let _user = User::enter(&self.inner.users);
                change.take().map(|change| change(content))
            })
        })
    }

    /// Waits for the turn to change the object over several awaits: those who ask queue up.
    /// [`with`](Shared::with) and [`with_mut`](Shared::with_mut) need no turn.
    pub fn lock(&self) -> impl Future<Output = Exclusive<T>> + use<T> {
        let mut place = Place { shared: self.clone(), number: None };
        poll_fn(move |cx| place.poll(cx))
    }

    /// Whether two handles are of the same object.
    pub fn is_same(&self, other: &Shared<T>) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// What tells it from all other objects that are alive.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.inner).addr()
    }
}

impl<T> Shared<T> {
    /// Tries something until it is done, or never can be.
    fn when_free<R>(
        &self,
        mut attempt: impl FnMut(&Content<T>) -> Result<Option<R>, Refused>,
    ) -> Result<R, Busy> {
        let mut tries = 0;
        loop {
            match attempt(&self.inner.content) {
                Ok(done) => return Ok(done.expect("it is done once")),
                Err(Refused::Busy) => self.wait(&mut tries)?,
                Err(Refused::Ended) => return Err(Busy(Refused::Ended)),
            }
        }
    }

    /// Lets another thread go on that uses the object; this one would wait for itself forever.
    ///
    /// Nobody ever waits inside the lock: a reader that finds only readers is let in at once, so a
    /// call that looks at an object twice cannot stand behind a writer that waits for it.
    fn wait(&self, tries: &mut u32) -> Result<(), Busy> {
        /// So often the processor is left to others before time is.
        const YIELDS_MAX: u32 = 64;
        if whole(&self.inner.users).contains(&thread::current().id()) {
            return Err(Busy(Refused::Busy));
        }
        *tries += 1;
        if *tries < YIELDS_MAX {
            thread::yield_now();
        } else {
            thread::sleep(Duration::from_micros(50));
        }
        Ok(())
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared { inner: self.inner.clone() }
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared(…)")
    }
}

/// A thread that uses an object, until this is dropped.
struct User<'a>(&'a Mutex<Vec<ThreadId>>);

impl User<'_> {
    fn enter(users: &Mutex<Vec<ThreadId>>) -> User<'_> {
        whole(users).push(thread::current().id());
        User(users)
    }
}

impl Drop for User<'_> {
    fn drop(&mut self) {
        let id = thread::current().id();
        let mut users = whole(self.0);
        if let Some(place) = users.iter().position(|user| *user == id) {
            users.swap_remove(place);
        }
    }
}

/// The turn to change an object over several awaits: what an async method has in place of
/// `&mut self`. The next one who asks has it when this is dropped.
pub struct Exclusive<T> {
    shared: Shared<T>,
}

impl<T> Deref for Exclusive<T> {
    type Target = Shared<T>;

    fn deref(&self) -> &Shared<T> {
        &self.shared
    }
}

impl<T> Drop for Exclusive<T> {
    fn drop(&mut self) {
        let mut turns = whole(&self.shared.inner.turns);
        turns.taken = false;
        let next = turns.waiting.front().map(|(_, waker)| waker.clone());
        drop(turns);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

/// A place in the queue for a turn.
struct Place<T> {
    shared: Shared<T>,
    number: Option<u64>,
}

impl<T> Place<T> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Exclusive<T>> {
        let mut turns = whole(&self.shared.inner.turns);
        let is_next = match (turns.waiting.front(), self.number) {
            (None, _) => true,
            (Some((first, _)), Some(own)) => *first == own,
            (Some(_), None) => false,
        };
        if is_next && !turns.taken {
            turns.taken = true;
            turns.waiting.pop_front();
            self.number = None;
            return Poll::Ready(Exclusive { shared: self.shared.clone() });
        }
        let number = *self.number.get_or_insert_with(|| {
            turns.last += 1;
            turns.last
        });
        let waker = cx.waker().clone();
        match turns.waiting.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => *known = waker,
            None => turns.waiting.push_back((number, waker)),
        }
        Poll::Pending
    }
}

impl<T> Drop for Place<T> {
    /// Who gives up leaves the queue; the turn may be that of the one behind.
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut turns = whole(&self.shared.inner.turns);
        turns.waiting.retain(|(known, _)| *known != number);
        let next = turns.waiting.front().filter(|_| !turns.taken).map(|(_, waker)| waker.clone());
        drop(turns);
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

/// Nothing panics under these locks, so a poisoned one still holds a whole state.
fn whole<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;

    #[test]
    fn readers_nest_and_writers_do_not() {
        let shared = Shared::new(1);
        assert_eq!(shared.with(|a| shared.with(|b| a + b)), Ok(Ok(2)));
        assert_eq!(shared.with(|_| shared.with_mut(|_| ())), Ok(Err(Busy(Refused::Busy))));
        assert_eq!(shared.with_mut(|_| shared.with(|_| ())), Ok(Err(Busy(Refused::Busy))));
        assert_eq!(shared.with_mut(|n| *n += 1), Ok(()));
        assert_eq!(shared.with(|n| *n), Ok(2));
    }

    #[test]
    fn other_threads_wait() {
        let shared = Shared::new(0);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| shared.with_mut(|n| *n += 1).expect("free")));
            }
        });
        assert_eq!(shared.with(|n| *n), Ok(2000));
    }

    #[test]
    fn turns_come_in_order_and_who_gives_up_is_passed_over() {
        let shared = Shared::new(());
        let mut cx = Context::from_waker(Waker::noop());
        let mut first = pin!(shared.lock());
        let Poll::Ready(turn) = first.as_mut().poll(&mut cx) else { panic!("nobody has it") };
        let mut second = Box::pin(shared.lock());
        let mut third = pin!(shared.lock());
        assert!(second.as_mut().poll(&mut cx).is_pending());
        assert!(third.as_mut().poll(&mut cx).is_pending());
        drop(turn);
        assert!(third.as_mut().poll(&mut cx).is_pending(), "the second is before it");
        drop(second);
        assert!(third.as_mut().poll(&mut cx).is_ready());
    }
}
