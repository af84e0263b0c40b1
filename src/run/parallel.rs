//! Work in parallel, results in order.
//!
//! A delivery flows through three kinds of work: *take* the next piece (one at a time: the reader),
//! *work* on it (any thread), *arrange* the results (one at a time, in the order in which they were taken).
//! Arranging yields jobs that any thread may do. Jobs go first, so what waits is bounded by the number of threads.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use crate::{
    diagnostic::{Answer, Refusal},
    engine::start_deep,
};

/// What flows: `T` a piece taken, `U` its result, `J` a job.
pub struct Flow<Take, Work, Arrange, Do> {
    /// The next piece, `None` at the end. Never called by two threads at once.
    pub take: Take,
    /// Any thread, any order.
    pub work: Work,
    /// In order of taking; `None` once, after the last result.
    pub arrange: Arrange,
    /// Any thread, any order.
    pub job: Do,
}

struct Line<U, J> {
    /// Results that wait for an earlier one.
    waiting: BTreeMap<u64, U>,
    next_to_arrange: u64,
    jobs: VecDeque<J>,
    /// Pieces taken whose results have not arrived.
    in_work: u64,
    jobs_running: u64,
    taken_all: bool,
    flushed: bool,
    failed: Option<Refusal>,
    /// A thread has gone down with what it had in hand: nobody waits for it.
    panicked: bool,
}

/// Runs the flow to its end on `threads` threads.
///
/// # Errors
/// The first error, in order of the pieces for `arrange`.
pub fn pump<T, U, J, Take, Work, Arrange, Do>(threads: usize, flow: Flow<Take, Work, Arrange, Do>) -> Answer<()>
where
    T: Send,
    U: Send,
    J: Send,
    Take: FnMut() -> Answer<Option<T>> + Send,
    Work: Fn(T) -> U + Sync,
    Arrange: FnMut(Option<U>) -> Answer<Vec<J>> + Send,
    Do: Fn(J) -> Answer<()> + Sync,
{
    let Flow { take, work, arrange, job } = flow;
    let shared = Shared {
        input: Mutex::new((take, 0u64)),
        order: Mutex::new(arrange),
        line: Mutex::new(Line {
            waiting: BTreeMap::new(),
            next_to_arrange: 0,
            jobs: VecDeque::new(),
            in_work: 0,
            jobs_running: 0,
            taken_all: false,
            flushed: false,
            failed: None,
            panicked: false,
        }),
        changed: Condvar::new(),
        work,
        job,
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            // Where the system gives no more threads, fewer do it all.
            if start_deep(scope, || shared.serve()).is_err() {
                break;
            }
        }
        shared.serve();
    });
    let line = shared.line.into_inner().unwrap_or_else(PoisonError::into_inner);
    line.failed.map_or(Ok(()), Err)
}

/// Does the same for every item, on `threads` threads, in no particular order.
///
/// # Errors
/// The first error that any of them meets.
pub fn each<T: Send>(threads: usize, items: Vec<T>, job: impl Fn(T) -> Answer<()> + Sync) -> Answer<()> {
    let mut items = items.into_iter();
    pump(
        threads,
        Flow { take: || Ok(items.next()), work: |item: T| item, arrange: |item: Option<T>| Ok(item.into_iter().collect::<Vec<T>>()), job },
    )
}

struct Shared<U, J, Take, Work, Arrange, Do> {
    input: Mutex<(Take, u64)>,
    order: Mutex<Arrange>,
    line: Mutex<Line<U, J>>,
    changed: Condvar,
    work: Work,
    job: Do,
}

/// A lock that a panicking thread left behind is taken all the same: the panic itself ends the scope.
pub(super) fn lock<X>(mutex: &Mutex<X>) -> MutexGuard<'_, X> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells the others when a thread panics, for they would wait for its result for ever: the run would hang and hold the lake.
struct Told<'l, U, J> {
    line: &'l Mutex<Line<U, J>>,
    changed: &'l Condvar,
}

impl<U, J> Drop for Told<'_, U, J> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(self.line).panicked = true;
            self.changed.notify_all();
        }
    }
}

enum Next<J> {
    Job(J),
    Take,
    Flush,
    Stop,
}

impl<T, U, J, Take, Work, Arrange, Do> Shared<U, J, Take, Work, Arrange, Do>
where
    Take: FnMut() -> Answer<Option<T>>,
    Work: Fn(T) -> U,
    Arrange: FnMut(Option<U>) -> Answer<Vec<J>>,
    Do: Fn(J) -> Answer<()>,
{
    fn serve(&self) {
        let _told = Told { line: &self.line, changed: &self.changed };
        loop {
            let done = match self.next() {
                Next::Stop => return,
                Next::Job(job) => {
                    let done = (self.job)(job);
                    lock(&self.line).jobs_running -= 1;
                    done
                }
                Next::Take => self.take_one(),
                Next::Flush => self.arrange_ready(true),
            };
            if let Err(refusal) = done {
                let mut line = lock(&self.line);
                line.failed.get_or_insert(refusal);
            }
            self.changed.notify_all();
        }
    }

    /// What this thread does next; waits while only others can go on.
    fn next(&self) -> Next<J> {
        let mut line = lock(&self.line);
        loop {
            if line.failed.is_some() || line.panicked {
                return Next::Stop;
            }
            if let Some(job) = line.jobs.pop_front() {
                line.jobs_running += 1;
                return Next::Job(job);
            }
            if !line.taken_all {
                return Next::Take;
            }
            if line.in_work == 0 && !line.flushed {
                line.flushed = true;
                line.jobs_running += 1; // the flush itself: nobody stops before its jobs are queued
                return Next::Flush;
            }
            if line.flushed && line.jobs_running == 0 {
                return Next::Stop;
            }
            line = self.changed.wait(line).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn take_one(&self) -> Answer<()> {
        let (piece, number) = {
            let mut input = lock(&self.input);
            if lock(&self.line).taken_all {
                return Ok(());
            }
            let piece = (input.0)();
            let mut line = lock(&self.line);
            let Some(piece) = piece.inspect_err(|_| line.taken_all = true)? else {
                line.taken_all = true;
                return Ok(());
            };
            line.in_work += 1;
            input.1 += 1;
            (piece, input.1 - 1)
        };
        let result = (self.work)(piece);
        lock(&self.line).waiting.insert(number, result);
        let arranged = self.arrange_ready(false);
        lock(&self.line).in_work -= 1;
        arranged
    }

    /// Arranges every result whose turn has come, and at the end tells `arrange` so.
    fn arrange_ready(&self, end: bool) -> Answer<()> {
        let mut arrange = lock(&self.order);
        loop {
            let ready = {
                let mut line = lock(&self.line);
                let turn = line.next_to_arrange;
                line.waiting.remove(&turn).inspect(|_| line.next_to_arrange += 1)
            };
            let last = ready.is_none();
            if last && !end {
                return Ok(());
            }
            let jobs = arrange(ready);
            let mut line = lock(&self.line);
            if last {
                line.jobs_running -= 1;
            }
            line.jobs.extend(jobs?);
            self.changed.notify_all();
            if last {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::diagnostic::{Diagnostic, codes};

    fn run(threads: usize, pieces: u64) -> (Vec<u64>, u64) {
        let (mut at, mut seen, mut ended) = (0, Vec::new(), false);
        let done = AtomicU64::new(0);
        pump(
            threads,
            Flow {
                take: || {
                    at += 1;
                    Ok((at <= pieces).then_some(at))
                },
                work: |n: u64| n * 10,
                arrange: |result: Option<u64>| {
                    assert!(!ended);
                    ended = result.is_none();
                    seen.extend(result);
                    Ok(vec![1u64])
                },
                job: |n| {
                    done.fetch_add(n, Ordering::SeqCst);
                    Ok(())
                },
            },
        )
        .expect("no stage fails");
        assert!(ended);
        (seen, done.into_inner())
    }

    #[test]
    fn results_keep_their_order_and_every_job_is_done() {
        for threads in [1, 2, 5] {
            for pieces in [0, 1, 7, 500] {
                let (seen, jobs) = run(threads, pieces);
                assert_eq!(seen, (1..=pieces).map(|n| n * 10).collect::<Vec<_>>());
                assert_eq!(jobs, pieces + 1);
            }
        }
    }

    #[test]
    fn a_fault_stops_the_flow_and_is_returned() {
        let refusal = || Refusal::from(Diagnostic::new(codes::control::CONTROL_DIFFERS, "seen"));
        for threads in [1, 3] {
            let answer =
                pump(threads, Flow { take: || Ok(Some(1)), work: |n: u64| n, arrange: |_| Err::<Vec<()>, _>(refusal()), job: |()| Ok(()) });
            assert_eq!(answer, Err(refusal()));
        }
    }

    #[test]
    fn a_panic_of_one_thread_ends_the_flow_whatever_it_had_in_hand() {
        // Where the others were told nothing, this test would hang.
        for at_job in [true, false] {
            let flow = || {
                let mut at = 0;
                let take = || {
                    at += 1;
                    Ok((at <= 40).then_some(at))
                };
                let work = |n: u64| if n == 20 && !at_job { panic!("as asked") } else { n };
                let job = |n: u64| if n == 20 && at_job { panic!("as asked") } else { Ok(()) };
                pump(3, Flow { take, work, arrange: |n: Option<u64>| Ok(n.into_iter().collect::<Vec<_>>()), job })
            };
            assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(flow)).is_err());
        }
    }
}
