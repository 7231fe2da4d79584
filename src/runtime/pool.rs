//! Threads for work that may block, so that the loop never does.
//!
//! Each lane has its own queue and its own bounded set of threads, started when work finds nobody
//! idle: a slow name server does not hold files up. A job that was abandoned before its turn is
//! skipped. When the pool is dropped, what has not started is forgotten and what runs is waited
//! for, except in lanes where it may never end (a read from a terminal, a pipe that nobody reads, a
//! silent name server).

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::driver::{Lane, Runnable};

/// The threads of one driver.
pub struct Pool {
    lanes: Vec<(Lane, LaneThreads)>,
    ended: Arc<dyn Fn(usize) + Send + Sync>,
}

struct LaneThreads {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    /// How many threads there may be. Finding out asks the system a lot.
    most: usize,
}

struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Default)]
struct QueueState {
    work: VecDeque<(usize, Arc<dyn Runnable>)>,
    /// Threads that wait for work.
    idle: usize,
    /// Of those, how many have been called and have not come yet. Calling is a system call.
    called: usize,
    closing: bool,
}

impl Pool {
    /// A pool without threads yet. `ended` is called on the thread of a job with its number.
    pub fn new(ended: impl Fn(usize) + Send + Sync + 'static) -> Pool {
        Pool { lanes: Vec::new(), ended: Arc::new(ended) }
    }

    /// Queues a job.
    pub fn run(&mut self, lane: Lane, number: usize, job: Arc<dyn Runnable>) {
        let ended = self.ended.clone();
        let threads = self.lane(lane);
        let mut state = threads.queue.lock();
        state.work.push_back((number, job));
        // Those who have been called take whatever they find.
        let calls = state.idle > state.called;
        state.called += usize::from(calls);
        drop(state);
        if calls {
            threads.queue.changed.notify_one();
        } else if threads.threads.len() < threads.most {
            let queue = threads.queue.clone();
            let started = thread::Builder::new()
                .name(format!("kettle-{}", lane.name()))
                .spawn(move || queue.serve(ended.as_ref()));
            match started {
                Ok(thread) => threads.threads.push(thread),
                // The system gives no more threads. Those there are will do; if there is none,
                // the work is done here: late is better than never.
                Err(_) if !threads.threads.is_empty() => {}
                Err(_) => {
                    let queue = threads.queue.clone();
                    let ended = self.ended.clone();
                    queue.serve_once(ended.as_ref());
                }
            }
        }
    }

    fn lane(&mut self, lane: Lane) -> &mut LaneThreads {
        let place = self.lanes.iter().position(|(name, _)| *name == lane);
        let place = place.unwrap_or_else(|| {
            let queue = Arc::new(Queue {
                state: Mutex::new(QueueState::default()),
                changed: Condvar::new(),
            });
            self.lanes
                .push((lane, LaneThreads { queue, threads: Vec::new(), most: threads_max(lane) }));
            self.lanes.len() - 1
        });
        &mut self.lanes[place].1
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        for (_, lane) in &self.lanes {
            let mut state = lane.queue.lock();
            state.closing = true;
            let forgotten = std::mem::take(&mut state.work);
            drop(state);
            drop(forgotten);
            lane.queue.changed.notify_all();
        }
        for (lane, threads) in self.lanes.drain(..) {
            if may_hang(lane) {
                continue;
            }
            for thread in threads.threads {
                // Jobs catch their panics, so a thread ends in order.
                let _ = thread.join();
            }
        }
    }
}

impl Queue {
    /// What a thread does until the pool closes.
    fn serve(&self, ended: &(dyn Fn(usize) + Send + Sync)) {
        let mut state = self.lock();
        loop {
            if let Some((number, job)) = state.work.pop_front() {
                drop(state);
                job.run();
                // The loop's copy decides who hears of it; ours must be gone by then.
                drop(job);
                ended(number);
                state = self.lock();
            } else if state.closing {
                return;
            } else {
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                state.called = state.called.saturating_sub(1);
            }
        }
    }

    /// Does one job on the calling thread.
    fn serve_once(&self, ended: &(dyn Fn(usize) + Send + Sync)) {
        let next = self.lock().work.pop_front();
        if let Some((number, job)) = next {
            job.run();
            ended(number);
        }
    }

    /// Nothing panics under this lock.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn threads_max(lane: Lane) -> usize {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    match lane {
        Lane::Fs | Lane::FsChange | Lane::Process | Lane::Dns => cores.clamp(4, 8),
        Lane::Cpu => cores,
        Lane::Input | Lane::Output => 1,
    }
}

fn may_hang(lane: Lane) -> bool {
    matches!(lane, Lane::Fs | Lane::Input | Lane::Output | Lane::Dns)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    struct Call(Box<dyn Fn() + Send + Sync>);

    impl Runnable for Call {
        fn run(&self) {
            (self.0)();
        }

        fn ticket(&self) -> Option<super::super::driver::Ticket> {
            None
        }
    }

    #[test]
    fn the_ends_of_all_jobs_are_announced() {
        let (sender, receiver) = mpsc::channel();
        let mut pool = Pool::new(move |number| sender.send(number).expect("the test listens"));
        for number in 0..1000 {
            pool.run(Lane::Fs, number, Arc::new(Call(Box::new(|| {}))));
        }
        let mut ended: Vec<usize> = receiver.iter().take(1000).collect();
        ended.sort_unstable();
        assert_eq!(ended, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_stuck_lane_holds_up_no_other_and_threads_are_bounded() {
        let (sender, receiver) = mpsc::channel();
        let mut pool = Pool::new(move |number| sender.send(number).expect("the test listens"));
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        for number in 0..100 {
            let gate = gate.clone();
            let wait = move || {
                let mut open = gate.0.lock().expect("nobody panics");
                while !*open {
                    open = gate.1.wait(open).expect("nobody panics");
                }
            };
            pool.run(Lane::Dns, number, Arc::new(Call(Box::new(wait))));
        }
        assert!(pool.lane(Lane::Dns).threads.len() <= 8);
        pool.run(Lane::Fs, 100, Arc::new(Call(Box::new(|| {}))));
        assert_eq!(receiver.recv(), Ok(100));
        *gate.0.lock().expect("nobody panics") = true;
        gate.1.notify_all();
        assert_eq!(receiver.iter().take(100).count(), 100);
    }

    #[test]
    fn dropping_waits_for_what_runs_and_forgets_the_rest() {
        let (sender, receiver) = mpsc::channel();
        let mut pool = Pool::new(|_| {});
        let (started, starts) = mpsc::channel();
        for number in 0..50 {
            let (sender, started) = (sender.clone(), started.clone());
            let work = move || {
                started.send(()).expect("the test listens");
                sender.send(number).expect("the test listens");
            };
            pool.run(Lane::FsChange, number, Arc::new(Call(Box::new(work))));
        }
        starts.recv().expect("the first job starts");
        drop(pool);
        drop((sender, started));
        let mut done: Vec<usize> = receiver.iter().collect();
        done.sort_unstable();
        assert!(!done.is_empty() && done == (0..done.len()).collect::<Vec<_>>());
    }
}
