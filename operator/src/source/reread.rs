//! How the index asks a source to tell again what it has not kept.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Between two times that a source tells all again: whoever creates and deletes objects must not keep it busy.
const PAUSE: Duration = Duration::from_secs(10);

/// Asks for the objects of the three kinds. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Reread(Arc<watch::Sender<u64>>);

/// The source's end.
#[derive(Debug)]
pub(crate) struct Requests {
    asked: watch::Receiver<u64>,
    /// Up to which all were answered.
    answered: u64,
    earliest: Option<Instant>,
}

impl Default for Reread {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Reread {
    pub(crate) fn ask(&self) {
        self.0.send_modify(|asked| *asked += 1);
    }

    pub(crate) fn requests(&self) -> Requests {
        let asked = self.0.subscribe();
        let answered = *asked.borrow();
        Requests { asked, answered, earliest: None }
    }
}

impl Requests {
    /// Until it is time to tell all again. May be dropped and called again.
    pub(crate) async fn next(&mut self) {
        let answered = self.answered;
        if self.asked.wait_for(|asked| *asked != answered).await.is_err() {
            // Whoever would ask is gone.
            return std::future::pending().await;
        }
        if let Some(earliest) = self.earliest {
            sleep_until(earliest).await;
        }
        self.answered = *self.asked.borrow();
        self.earliest = Some(Instant::now() + PAUSE);
    }

    /// The same for a source that looks every few seconds anyway.
    pub(crate) fn take(&mut self) -> bool {
        let asked = *self.asked.borrow();
        std::mem::replace(&mut self.answered, asked) != asked
    }
}

#[cfg(test)]
mod tests;
