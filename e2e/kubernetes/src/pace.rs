//! Work that begins at a steady pace.

use anyhow::Result;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub interval: Duration,
    /// Most that are at work at a time.
    pub most: usize,
    /// What happens after a delay.
    pub behind: MissedTickBehavior,
}

impl Pace {
    /// Begins the work of each number from 0 on until `stop`, then waits for what is still at work.
    pub async fn keep<T: Send + 'static, Work: Future<Output = Result<T>> + Send + 'static>(
        self,
        stop: &AtomicBool,
        mut begin: impl FnMut(usize) -> Result<Work>,
    ) -> Result<Vec<T>> {
        let (mut at_work, mut done, mut ticks) = (JoinSet::new(), Vec::new(), interval(self.interval));
        ticks.set_missed_tick_behavior(self.behind);
        for number in 0.. {
            ticks.tick().await;
            if stop.load(Ordering::Relaxed) {
                break;
            }
            while at_work.len() >= self.most
                && let Some(ended) = at_work.join_next().await
            {
                done.push(ended??);
            }
            at_work.spawn(begin(number)?);
        }
        while let Some(ended) = at_work.join_next().await {
            done.push(ended??);
        }
        Ok(done)
    }
}
