//! One state machine, and who drives it.
//!
//! A VM goes on in passes of its loop. They are made by a thread that blocks, by a future that is
//! polled in any executor, or by a loop of the host ([`Vm::turn`]). In the last two ways the VM gives
//! way after about a millisecond of work, and never waits by itself.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::error::Error;
use super::vm::Vm;
use crate::runtime::Turn;
use crate::runtime::driver::Doze;

/// Fuel between two looks at the clock: a unit is a call or a turn of a loop.
const SLICE: i64 = 20_000;
/// After so long the host's other work has its turn.
const FAIR: Duration = Duration::from_millis(1);
/// After so many passes, too: in virtual time no time passes.
const PASSES_MAX: u32 = 1000;
/// Where nothing can watch for it, the VM is looked at so often.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// What a VM is left with after [`Vm::turn`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do: turn again soon.
    Ready,
    /// Everything waits: turn again when [`poll_fd`](Vm::poll_fd) can be read, or after
    /// [`next_timeout`](Vm::next_timeout).
    Waiting,
    /// Nothing is left to do.
    Idle,
}

/// What a pass has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// There is more to do.
    Busy,
    /// Everything waits.
    Waiting,
    /// Nothing is left, or the program has ended: that is in `Vm::finished`.
    Over,
}

impl Vm {
    /// One pass of the loop, which waits for at most that long.
    pub(super) fn pass(&mut self, patience: Option<Duration>) -> Pass {
        self.pass_of(SLICE, patience)
    }

    /// The same with no more fuel than that.
    pub(super) fn pass_of(&mut self, fuel: i64, patience: Option<Duration>) -> Pass {
        #[cfg(feature = "tokio")]
        let handle = self.engine.settings().tokio.clone();
        #[cfg(feature = "tokio")]
        let _inside = handle.as_ref().map(|handle| handle.enter());
        self.serve_remote();
        let slice = self.engine.settings().fuel_slice.unwrap_or(SLICE).min(fuel);
        self.is_sliced = true;
        self.runtime.vm.set_fuel(slice);
        let pass = match self.runtime.turn(patience) {
            Turn::Ended(end) => {
                self.finished = Some(self.conclude(end));
                Pass::Over
            }
            Turn::Idle => Pass::Over,
            Turn::Ready | Turn::OutOfFuel => Pass::Busy,
            Turn::Waiting => Pass::Waiting,
        };
        self.answer_remote();
        pass
    }

    /// Makes passes until `done` gives a result. It is told whether nothing is left to do.
    pub(super) fn poll_until<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut done: impl FnMut(&mut Vm, bool) -> Option<T>,
    ) -> Poll<T> {
        let began = self.runtime.rt.driver.now();
        for _ in 0..PASSES_MAX {
            if let Some(result) = done(self, false) {
                return Poll::Ready(result);
            }
            match self.pass(Some(Duration::ZERO)) {
                Pass::Busy => {}
                Pass::Over => {
                    if let Some(result) = done(self, true) {
                        return Poll::Ready(result);
                    }
                }
                Pass::Waiting => {
                    if let Some(result) = done(self, false) {
                        return Poll::Ready(result);
                    }
                    if self.rest(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
            }
            if self.runtime.rt.driver.now().since(began) >= FAIR {
                break;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Everybody waits: lets the waker be used when something happens. `Ready` if something has.
    fn rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.runtime.doze(cx.waker()) {
            Doze::Asleep => Poll::Pending,
            Doze::Awake => {
                if self.runtime.is_simulated() {
                    self.pass(None);
                } else if self.runtime.next_timeout() != Some(Duration::ZERO) {
                    self.pass(Some(LOOK_AGAIN));
                }
                Poll::Ready(())
            }
            Doze::Watch => self.sleep(cx),
        }
    }

    #[cfg(all(unix, feature = "driver"))]
    fn sleep(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.watch.poll(&*self.runtime.rt.driver, cx).unwrap_or_else(|| {
            self.pass(Some(LOOK_AGAIN));
            Poll::Ready(())
        })
    }

    /// No driver without a descriptor asks for one to be watched.
    #[cfg(not(all(unix, feature = "driver")))]
    fn sleep(&mut self, _: &mut Context<'_>) -> Poll<()> {
        self.pass(Some(LOOK_AGAIN));
        Poll::Ready(())
    }

    /// For a loop of the host: a descriptor that can be read when a [`turn`](Vm::turn) is worth it. None where
    /// there is none, as in virtual time.
    pub fn poll_fd(&self) -> Option<i32> {
        self.runtime.rt.driver.descriptor()
    }

    /// For a loop of the host: after how long the next [`turn`](Vm::turn) is worth it, although the descriptor
    /// cannot be read; none if nothing but the descriptor matters.
    pub fn next_timeout(&mut self) -> Option<Duration> {
        self.runtime.next_timeout()
    }

    /// For a loop of the host: does what can be done without waiting, for about that long at most. Time
    /// that is virtual goes on to the next thing that happens, unless the budget is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use kettle::engine::Progress;
    /// use kettle::{Engine, Vm};
    ///
    /// let engine = Engine::new();
    /// let program = engine.compile_text("frame.ket", "pub async fn later(n) { await sleep(1ms); n + 1 }")?;
    /// let mut vm = Vm::new(&engine)?;
    /// vm.load_blocking(&program)?;
    /// let task = vm.start::<i64>("later", (41,))?;
    /// // A frame of a game: a little of the script, then everything else.
    /// while vm.turn(Duration::from_millis(2)) != Progress::Idle {
    ///     std::thread::sleep(vm.next_timeout().unwrap_or_default().min(Duration::from_millis(16)));
    /// }
    /// assert_eq!(task.join_blocking(&mut vm)?, 42);
    /// # Ok::<(), kettle::Error>(())
    /// ```
    pub fn turn(&mut self, budget: Duration) -> Progress {
        let began = self.runtime.rt.driver.now();
        loop {
            match self.pass(Some(Duration::ZERO)) {
                Pass::Busy => {}
                Pass::Over => return Progress::Idle,
                Pass::Waiting => {
                    let awake = self.runtime.doze(std::task::Waker::noop()) == Doze::Awake;
                    if awake && self.runtime.is_simulated() && !budget.is_zero() {
                        self.pass(None);
                    } else if !awake || self.runtime.next_timeout() != Some(Duration::ZERO) {
                        return Progress::Waiting;
                    }
                }
            }
            if self.runtime.rt.driver.now().since(began) >= budget {
                return Progress::Ready;
            }
        }
    }

    /// Whether nothing is left to do: no task is ready, and nothing that a task waits for can come.
    pub fn is_idle(&self) -> bool {
        self.runtime.is_idle()
    }

    /// Drives the VM until nothing is left to do: what other calls have begun goes on.
    pub fn drive(&mut self) -> Drive<'_> {
        Drive { vm: self }
    }

    /// Like [`drive`](Vm::drive), and blocks meanwhile.
    pub fn drive_blocking(&mut self) {
        while self.pass(None) != Pass::Over {}
    }
}

/// Drives a VM; see [`Vm::drive`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Drive<'vm> {
    vm: &'vm mut Vm,
}

impl Future for Drive<'_> {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let over = |vm: &mut Vm, is_over: bool| is_over.then(|| vm.finished.take());
        self.get_mut().vm.poll_until(cx, over).map(|end| match end {
            // Who has stopped the program knows that.
            Some(Err(error)) if !matches!(error, Error::Cancelled(_)) => Err(error),
            _ => Ok(()),
        })
    }
}
