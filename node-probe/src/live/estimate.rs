//! Estimates on a thread of their own, one at a time, in slices of the pipeline's lock.

use crate::kernel::monotonic;
use crate::shared::Shared;
use longwire_model::estimate::Estimated;
use longwire_wire::live::{estimated_to_proto, to_estimate};
use longwire_wire::proto;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// The operator waits a little longer. What has not been looked at by then is left out, and the answer says so.
const LONGEST: Duration = Duration::from_millis(1_200);
/// Between two slices, for whoever waits for the lock or the processor.
const PAUSE: Duration = Duration::from_micros(100);

pub(super) struct Estimates {
    shared: Arc<Shared>,
    running: Option<JoinHandle<Option<proto::Estimated>>>,
    /// The newest one that is not begun.
    waiting: Option<proto::EstimateOrder>,
}

impl Estimates {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, running: None, waiting: None }
    }

    pub(super) fn order(&mut self, order: proto::EstimateOrder) {
        self.waiting = Some(order);
        self.begin();
    }

    fn begin(&mut self) {
        if self.running.is_none()
            && let Some(order) = self.waiting.take()
        {
            let shared = Arc::clone(&self.shared);
            self.running = Some(tokio::task::spawn_blocking(move || estimate(&shared, order)));
        }
    }

    /// The next answer. Nothing is lost if it is asked for anew.
    pub(super) async fn next(&mut self) -> proto::Estimated {
        loop {
            let Some(running) = &mut self.running else { return pending().await };
            let answer = running.await;
            self.running = None;
            self.begin();
            // One that failed is not answered, and the operator names the node.
            if let Ok(Some(answer)) = answer {
                return answer;
            }
        }
    }
}

/// `None`: the order cannot be read.
fn estimate(shared: &Shared, order: proto::EstimateOrder) -> Option<proto::Estimated> {
    let begun = Instant::now();
    let order = to_estimate(order).inspect_err(|error| tracing::debug!(%error, "an estimate cannot be read")).ok()?;
    let id = order.id;
    let mut estimation = shared.pipeline().estimate(order);
    while shared.pipeline().estimate_more(&mut estimation, monotonic()) {
        if begun.elapsed() > LONGEST || shared.stop.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(PAUSE);
    }
    let estimate = estimation.found();
    Some(estimated_to_proto(Estimated { id, estimate }))
}
