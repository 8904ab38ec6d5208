//! How long a receiver is left alone after a failure, so that a thousand packets do not wait for it one by one.

use super::Failure;
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use std::time::Duration;
use tokio::time::Instant;

const MIN: Duration = Duration::from_secs(1);
/// With jitter, which at most doubles a pause, it is 30 s.
const MAX_BEFORE_JITTER: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Pause {
    waits: ExponentialBackoff,
    until: Option<Instant>,
    after: String,
}

impl Default for Pause {
    fn default() -> Self {
        Self { waits: waits(), until: None, after: String::new() }
    }
}

impl Pause {
    /// Returns the failure that it begins with. Each pause is about twice as long as the last one.
    pub(super) fn begin(&mut self, failure: Failure) -> Failure {
        self.until = Some(Instant::now() + self.waits.next().unwrap_or(MAX_BEFORE_JITTER));
        self.after = failure.to_string();
        failure
    }

    /// The next pause is a short one.
    pub(super) fn forget(&mut self) {
        self.waits = waits();
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let left = self.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        if left.is_zero() { Ok(()) } else { Err(Failure::Paused { left, after: self.after.clone() }) }
    }
}

fn waits() -> ExponentialBackoff {
    let bounds = ExponentialBuilder::new().with_min_delay(MIN).with_max_delay(MAX_BEFORE_JITTER);
    bounds.with_jitter().without_max_times().build()
}
