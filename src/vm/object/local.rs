//! What belongs to the thread that has made it, although the VM may move.
#![expect(unsafe_code, reason = "what is not Send stands in what is")]

use std::fmt;
use std::mem::ManuallyDrop;
use std::thread::{self, ThreadId};

/// A value that is seen on the thread alone that has made it: it may be whatever it likes, and can yet
/// stand in a VM, in an object, in a future. On other threads there is nothing in it; when it is
/// dropped on another one, what it holds is left as it is.
pub struct Local<T> {
    home: ThreadId,
    content: ManuallyDrop<T>,
}

// SAFETY: the content is reached, moved out and dropped only on the thread that it was put in on, so
// it never leaves that thread.
unsafe impl<T> Send for Local<T> {}
// SAFETY: as above; references to it are given out on that thread only.
unsafe impl<T> Sync for Local<T> {}

impl<T> Local<T> {
    /// Keeps a value to this thread.
    pub fn new(content: T) -> Local<T> {
        Local { home: thread::current().id(), content: ManuallyDrop::new(content) }
    }

    fn is_home(&self) -> bool {
        thread::current().id() == self.home
    }

    /// It, on its own thread.
    pub fn get(&self) -> Option<&T> {
        self.is_home().then_some(&*self.content)
    }

    /// It, on its own thread.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.is_home().then_some(&mut *self.content)
    }
}

impl<T> Drop for Local<T> {
    fn drop(&mut self) {
        if self.is_home() {
            // SAFETY: it is dropped once, here, and on its own thread.
            unsafe { ManuallyDrop::drop(&mut self.content) }
        }
    }
}

impl<T> fmt::Debug for Local<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Local(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    #[test]
    fn other_threads_see_nothing_and_drop_nothing() {
        let counted = Rc::new(1);
        let mut local = Local::new(counted.clone());
        assert_eq!(local.get().map(|it| **it), Some(1));
        assert!(local.get_mut().is_some());
        let seen = thread::spawn(move || {
            let seen = local.get().is_some() || local.get_mut().is_some();
            drop(local);
            seen
        });
        assert!(!seen.join().expect("it does not panic"));
        assert_eq!(Rc::strong_count(&counted), 2, "it is left as it was");
        drop(Local::new(counted.clone()));
        assert_eq!(Rc::strong_count(&counted), 2);
    }
}
