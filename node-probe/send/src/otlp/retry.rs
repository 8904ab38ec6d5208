//! When a request is sent again.

#[cfg(test)]
mod tests;

use super::{Counts, Sent};
use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use parking_lot::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, sleep_until};

const MIN_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Longest time for which a receiver is left alone because it asks for it: it may be wrong.
const MAX_REST: Duration = Duration::from_secs(600);

/// Until when the receiver wants to be left alone, by any request.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Option<Instant>>);

/// What one attempt came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing more is to be done with the request.
    Done(Sent),
    Again {
        why: String,
        /// The receiver wants to be left alone for so long.
        after: Option<Duration>,
    },
}

/// Until an attempt is answered for good, or the time is over. A request that is asked to wait beyond it waits up to it, and the next
/// request waits for the rest.
pub(super) async fn run<F: Future<Output = Outcome>>(
    until: Instant,
    (counts, rest): (&Counts, &Rest),
    mut attempt: impl FnMut() -> F,
) -> Sent {
    let mut waits = waits();
    let mut attempts = 0_u64;
    let mut last = String::from("no time was left for it");
    if let Some(end) = rest.end() {
        last = "the receiver has asked to be left alone for longer".to_owned();
        sleep_until(end.min(until)).await;
    }
    while Instant::now() < until {
        attempts += 1;
        counts.attempts.fetch_add(1, Ordering::Relaxed);
        if attempts > 1 {
            counts.retries.fetch_add(1, Ordering::Relaxed);
        }
        let after = match attempt().await {
            Outcome::Done(sent) => return sent,
            Outcome::Again { why, after } => {
                last = why;
                after
            }
        };
        rest.begin(after);
        let wait = jittered(waits.next().unwrap_or(MAX_WAIT)).max(after.unwrap_or_default());
        sleep_until(Instant::now().checked_add(wait).map_or(until, |next| next.min(until))).await;
    }
    Sent::GaveUp { message: format!("gave up after {attempts} attempts: {last}") }
}

impl Rest {
    fn begin(&self, after: Option<Duration>) {
        if let Some(after) = after {
            *self.0.lock() = Instant::now().checked_add(after.min(MAX_REST));
        }
    }

    fn end(&self) -> Option<Instant> {
        *self.0.lock()
    }
}

/// The header `Retry-After`: seconds, or a date. `None`: neither.
pub(super) fn retry_after(header: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header.trim()).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn waits() -> ExponentialBackoff {
    let bounds = ExponentialBuilder::new().with_min_delay(MIN_WAIT).with_max_delay(MAX_WAIT);
    bounds.without_max_times().build()
}

/// Anywhere up to it: the probes of a cluster lose their receiver at one moment, and must not come back at one.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(fastrand::f64())
}
