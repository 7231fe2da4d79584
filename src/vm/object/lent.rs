//! What a host lends to scripts for the length of a call, although it does not live any longer.
//!
//! A [`Lender`] lives as long as the call. What it has lent it takes back when it ends, however that
//! comes; whoever still holds a [`Loan`] then finds nothing in it.
#![expect(unsafe_code, reason = "how long a loan may be used is checked when it is used")]

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::{Arc, PoisonError, RwLock, TryLockError};

use crate::vm::value::Value;
use crate::vm::{Args, Thrown, Vm};

/// Something that is lent, until its lender ends.
pub struct Loan<T: ?Sized> {
    place: RwLock<Option<NonNull<T>>>,
}

// SAFETY: a loan is a `&mut T` behind a lock, which may be sent and shared if `T` may.
unsafe impl<T: ?Sized + Send> Send for Loan<T> {}
// SAFETY: as above; several threads can look at it at once, so `T` has to be `Sync`, too.
unsafe impl<T: ?Sized + Send + Sync> Sync for Loan<T> {}

/// A function that is lent: it gets the arguments of a call, as a native does.
pub type LentFn<'env> = dyn FnMut(&mut Vm, Args) -> Result<Value, Thrown> + 'env;

/// Why a loan cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Somebody else uses it.
    Busy,
    /// It has been taken back.
    Ended,
}

impl<T: ?Sized> Loan<T> {
    /// Looks at it, if nobody changes it just now.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn try_with<R>(&self, look: impl FnOnce(&T) -> R) -> Result<R, Refused> {
        let place = match self.place.try_read() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(place)) => place.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Refused::Busy),
        };
        let content = place.ok_or(Refused::Ended)?;
        // SAFETY: the lender has not taken it back, and cannot while the lock is held; nobody else
        // changes it.
        Ok(look(unsafe { content.as_ref() }))
    }

    /// Changes it, if nobody uses it just now.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn try_with_mut<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, Refused> {
        let place = match self.place.try_write() {
            Ok(place) => place,
            Err(TryLockError::Poisoned(place)) => place.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Refused::Busy),
        };
        let mut content = place.ok_or(Refused::Ended)?;
        // SAFETY: as for `try_with`; the lock is held by this one alone.
        Ok(change(unsafe { content.as_mut() }))
    }
}

/// What can be taken back.
trait TakeBack {
    fn take_back(&self);
}

impl<T: ?Sized> TakeBack for Loan<T> {
    /// Waits until no other thread uses it. On this thread nobody can: whoever began to would have ended
    /// before the lender does.
    fn take_back(&self) {
        *self.place.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Lends what lives for `'env`, and takes it back at its own end.
pub struct Lender<'env> {
    lent: Vec<Arc<dyn TakeBack + 'env>>,
    /// What is lent is borrowed for just that long, and the lender stays on its thread.
    env: PhantomData<(*mut &'env mut &'env (), *const ())>,
}

impl<'env> Lender<'env> {
    /// Runs something with a lender, which ends with it.
    pub fn scope<R>(body: impl FnOnce(&mut Lender<'env>) -> R) -> R {
        body(&mut Lender { lent: Vec::new(), env: PhantomData })
    }

    /// Lends something that has to be given back as it is.
    pub fn lend<T: 'static>(&mut self, value: &'env mut T) -> Arc<Loan<T>> {
        self.keep(NonNull::from(value))
    }

    /// Lends a function, which the lender keeps until it ends.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "its list holds loans, too, which are shared"
    )]
    pub fn lend_function(&mut self, function: Box<LentFn<'env>>) -> Arc<Loan<LentFn<'static>>> {
        let function = NonNull::from(Box::leak(function));
        self.lent.push(Arc::new(OwnedFunction(function)));
        // SAFETY: only the bound on its lifetime is forgotten. It is called through the loan alone,
        // which is taken back before `'env` ends.
        let function = unsafe {
            std::mem::transmute::<NonNull<LentFn<'env>>, NonNull<LentFn<'static>>>(function)
        };
        self.keep(function)
    }

    fn keep<T: ?Sized + 'static>(&mut self, content: NonNull<T>) -> Arc<Loan<T>> {
        let loan = Arc::new(Loan { place: RwLock::new(Some(content)) });
        self.lent.push(loan.clone());
        loan
    }
}

impl Drop for Lender<'_> {
    /// Everything is taken back before anything is dropped: that may panic.
    fn drop(&mut self) {
        self.lent.iter().for_each(|loan| loan.take_back());
    }
}

/// A function that was lent, which is dropped when it is taken back. Its loan has ended then.
struct OwnedFunction<F: ?Sized>(NonNull<F>);

impl<F: ?Sized> TakeBack for OwnedFunction<F> {
    fn take_back(&self) {}
}

impl<F: ?Sized> Drop for OwnedFunction<F> {
    fn drop(&mut self) {
        // SAFETY: it came out of a box, which nobody else has, and the lender, in whose list this was,
        // has taken its loan back.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl fmt::Debug for Lender<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lender({} loans)", self.lent.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::VmOptions;

    #[test]
    fn what_is_lent_is_taken_back() {
        let mut number = 1;
        let kept = Lender::scope(|lender| {
            let loan = lender.lend(&mut number);
            assert_eq!(loan.try_with_mut(|n| *n += 1), Ok(()));
            let again = loan.try_with(|_| loan.try_with_mut(|n| *n += 1));
            assert_eq!(again, Ok(Err(Refused::Busy)));
            loan
        });
        assert_eq!(kept.try_with(|n| *n), Err(Refused::Ended));
        assert_eq!(number, 2);
    }

    #[test]
    fn functions_are_called_until_they_are_taken_back() {
        let mut calls = 0;
        let kept = Lender::scope(|lender| {
            let calls = &mut calls;
            let add = move |vm: &mut Vm, args: Args| {
                *calls += 1;
                Ok(vm.arg(args, 0))
            };
            let mut vm = Vm::new(VmOptions::default());
            let fiber = vm.new_fiber(Value::null(), &[], None);
            let none = Args::new(fiber, 0, 0);
            let loan = lender.lend_function(Box::new(add));
            for _ in 0..2 {
                let called = loan.try_with_mut(|f| f(&mut vm, none).is_ok_and(Value::is_unset));
                assert_eq!(called, Ok(true));
            }
            (loan, vm, none)
        });
        let (loan, mut vm, none) = kept;
        assert_eq!(loan.try_with_mut(|f| f(&mut vm, none).is_ok()), Err(Refused::Ended));
        assert_eq!(calls, 2);
    }

    #[test]
    fn a_panic_takes_back_too() {
        let mut number = 1;
        let mut kept = None;
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Lender::scope(|lender| {
                kept = Some(lender.lend(&mut number));
                panic!("as asked");
            })
        }));
        assert!(caught.is_err());
        assert_eq!(kept.map(|loan| loan.try_with(|n| *n)), Some(Err(Refused::Ended)));
    }
}
