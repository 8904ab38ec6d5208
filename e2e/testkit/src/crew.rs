//! Work in threads of its own, until it is over.

use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Works until dropped.
#[derive(Debug, Default)]
pub struct Crew {
    over: Arc<AtomicBool>,
    members: Vec<JoinHandle<Result<()>>>,
}

impl Crew {
    /// Works until it is over.
    pub fn work(&mut self, work: impl FnOnce(&AtomicBool) -> Result<()> + Send + 'static) {
        let over = Arc::clone(&self.over);
        self.members.push(thread::spawn(move || work(&over)));
    }

    /// Takes a turn at this pace.
    pub fn repeat(&mut self, pace: Duration, turn: impl FnMut() -> Result<()> + Send + 'static) {
        self.work(move |over| paced(over, pace, turn));
    }

    /// Fails with the error of a member that has ended.
    pub fn check(&mut self) -> Result<()> {
        while let Some(ended) = self.members.iter().position(JoinHandle::is_finished) {
            self.members.swap_remove(ended).join().expect("a member of the crew")?;
        }
        Ok(())
    }

    /// It is over, but members may take time to end.
    fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Waits for the end of all, and fails with the first error.
    pub fn end(mut self) -> Result<()> {
        self.stop();
        self.members.drain(..).try_for_each(|member| member.join().expect("a member of the crew"))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.stop();
        for member in self.members.drain(..) {
            // `check` has reported errors.
            let _ = member.join();
        }
    }
}

/// Takes a turn at this pace, until it is over.
pub fn paced(over: &AtomicBool, pace: Duration, mut turn: impl FnMut() -> Result<()>) -> Result<()> {
    let mut due = Instant::now();
    while !over.load(Ordering::Relaxed) {
        turn()?;
        due += pace;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Works on each item in a thread of its own.
pub fn all_at_once<T: Sync, W: Send>(items: &[T], work: impl Fn(&T) -> Result<W> + Sync) -> Result<Vec<W>> {
    let work = &work;
    thread::scope(|scope| {
        let workers: Vec<_> = items.iter().map(|item| scope.spawn(move || work(item))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    })
}

/// Does a job, and some work beside it until the job has ended. The job's error comes first.
pub fn beside<W: Send, J>(
    work: impl FnOnce(&AtomicBool) -> Result<W> + Send,
    job: impl FnOnce() -> Result<J>,
) -> Result<(W, J)> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let worker = scope.spawn(|| work(&over));
        let done = job();
        over.store(true, Ordering::Relaxed);
        let worked = worker.join().expect("the work beside a job");
        done.and_then(|done| Ok((worked?, done)))
    })
}
